//! A second look: what the plugin that found something says of the tree with the patch in it.

/// What the finder said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recheck {
    /// It no longer sees the finding, and nothing else instead.
    Gone,
    /// It still sees it.
    Still,
    /// In files of the patch it sees what it did not see before; the titles of that.
    Others(Vec<String>),
    /// It gave no answer, and why.
    Unanswered(String),
}
