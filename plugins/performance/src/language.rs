//! Which language a file is written in.

/// A language that this plugin repairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// JavaScript and TypeScript.
    Javascript,
    /// Python.
    Python,
}

impl Language {
    /// Told by the file's name.
    pub fn of(path: &str) -> Option<Self> {
        match path.rsplit_once('.')?.1 {
            "py" => Some(Self::Python),
            _ => thymus_javascript::code::is_script(path).then_some(Self::Javascript),
        }
    }
}
