//! Code in documents, as what it takes from the project: imported names, and calls of them with named options.

mod javascript;
mod python;

use std::ops::Range;

use super::page::{Block, Page};

/// The most blocks of a document that are parsed, and the largest of them: what is larger is data.
const MOST: usize = 200;
const LARGEST: usize = 32 << 10;

/// What an example takes from modules.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Example {
    /// Whether it is Python; else JavaScript or TypeScript.
    pub is_python: bool,
    /// What it imports.
    pub uses: Vec<Use>,
    /// What of it is called with named options.
    pub calls: Vec<Call>,
}

/// One name, or one module, that an example takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    /// The module as it is written.
    pub module: String,
    /// Where that is written, without quotes.
    pub module_at: Range<usize>,
    /// The name; none where the whole module is taken.
    pub name: Option<String>,
    /// Whether all of the module was taken by `require`, which gives a default's parts too.
    pub is_required: bool,
    /// Everywhere in the example that the name stands for this import.
    pub places: Vec<Range<usize>>,
}

/// A call of something imported.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The module as it is written.
    pub module: String,
    /// The name that the module offers.
    pub name: String,
    /// Named arguments, or the keys of the one object that is given.
    pub options: Vec<(String, Range<usize>)>,
    /// At which position the object stands; named arguments have none.
    pub position: Option<usize>,
}

impl Example {
    /// The examples of a document that parse.
    pub fn all(page: &Page) -> Vec<Self> {
        page.blocks
            .iter()
            .filter(|block| block.at.len() <= LARGEST)
            .take(MOST)
            .filter_map(|block| Self::read(page, block))
            .collect()
    }

    fn read(page: &Page, block: &Block) -> Option<Self> {
        match block.language.as_str() {
            "js" | "javascript" | "mjs" | "cjs" | "node" | "jsx" => javascript::read(page, block, "example.jsx"),
            "ts" | "typescript" | "mts" => javascript::read(page, block, "example.ts"),
            "tsx" => javascript::read(page, block, "example.tsx"),
            "py" | "python" | "python3" | "pycon" | "py3" => python::read(page, block),
            _ => None,
        }
    }
}
