//! Stack traces as runtimes print them, into frames. Anything may stand in a trace: what isn't understood is passed
//! over, and nothing here asks whether a file exists.

mod python;
mod v8;

use crate::exception::Language;

/// The most frames of one trace that are kept, the innermost ones.
const MOST_FRAMES: usize = 256;

/// A parsed trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// Whose runtime printed it.
    pub language: Language,
    /// The recorded exception's own frames.
    pub own: Block,
    /// What it was raised from or while handling, the nearest first.
    pub chain: Vec<Block>,
}

/// One exception of a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// As the trace names it, where it does: a class, qualified or not, and its message.
    pub exception: Option<(String, String)>,
    /// The innermost first.
    pub frames: Vec<RawFrame>,
}

/// A place as the runtime names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawFrame {
    /// A path or URL in the deployment.
    pub file: String,
    /// Counted from 1.
    pub line: u32,
    /// Counted from 1.
    pub column: Option<u32>,
    /// Without what the runtime puts around the name.
    pub function: Option<String>,
}

/// Parses a trace; `message` is what the record says beside it, and may hold lines that look like frames.
pub fn parse(trace: &str, message: &str) -> Option<Stack> {
    if let Some(stack) = python::parse(trace) {
        return Some(stack);
    }
    v8::parse(trace, message)
}

/// The last segment of a class's name: `KeyError` of `builtins.KeyError`.
pub fn last_segment(kind: &str) -> &str {
    let kind = kind.trim();
    kind.rsplit(['.', ':']).next().filter(|last| !last.is_empty()).unwrap_or(kind)
}
