//! What the detector tells the diagnoser and the fixer, as JSON in a finding's notes.
//!
//! Between the calls lie a ledger, maybe another version of this plugin, maybe another author's detector. So notes carry
//! a version, name the fault by its key only, and the places are found anew in the source.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thymus_sdk::source::is_inside;
use thymus_sdk::{Failure, Finding};

use crate::fault::Key;

/// Raised when a field changes its meaning.
const VERSION: u32 = 1;

/// A fault as production met it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Met {
    /// Which fault.
    pub key: Key,
    /// The innermost handler that ran into it; none where only the source shows it.
    pub handler: Option<Handler>,
    /// Captured calls of the handler that failed: small ones first.
    pub failed: Vec<Call>,
    /// Captured calls of the handler that returned, in this window or in better times: small ones first.
    pub returned: Vec<Call>,
}

/// A handler as telemetry names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handler {
    /// `code.function.name`, or else the span's name.
    pub name: String,
    /// `code.file.path`, where it is a file of `/source`.
    pub path: Option<String>,
    /// `code.line.number`.
    pub line: Option<u32>,
}

/// A captured call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// A list is positional, an object is by parameter name.
    pub args: Value,
    /// What it returned; absent when it failed.
    pub result: Option<Value>,
}

#[derive(Serialize, Deserialize)]
struct Notes {
    version: u32,
    met: Met,
}

/// A finding's notes.
pub fn write(met: Met) -> String {
    serde_json::to_string(&Notes { version: VERSION, met }).unwrap_or_default()
}

/// What a finding's notes say. A handler's path that leads out of the source is left out.
pub fn read(finding: &Finding) -> Result<Met, Failure> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let notes = &finding.notes;
    match serde_json::from_str::<Version>(notes) {
        Ok(Version { version: VERSION }) => {}
        Ok(Version { version }) => return Err(Failure::Unsupported(format!("notes of version {version}"))),
        Err(_) => return Err(Failure::Unsupported("it was not made by thymus-dependency".to_owned())),
    }
    let read = serde_json::from_str::<Notes>(notes);
    let Notes { mut met, .. } = read.map_err(|why| Failure::BadInput(format!("its notes: {why}")))?;
    if let Some(handler) = &mut met.handler {
        handler.path = handler.path.take().filter(|path| is_inside(path));
    }
    Ok(met)
}
