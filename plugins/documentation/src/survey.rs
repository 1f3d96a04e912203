//! Everything that documentation gets wrong, in one pass over a snapshot, within bounds.

use oxc::allocator::Allocator;
use thymus_javascript::code::{Code, is_script};
use thymus_python::syntax::Module;
use thymus_sdk::source::Source;

use crate::classes::Classes;
use crate::documented::{Documented, File};
use crate::drift::Drift;
use crate::index::{Index, is_python};
use crate::rules::{self, Habits, Thoroughness, exception};
use crate::{javascript, markdown, python};

/// The most source files that are parsed, and their bytes together.
const MOST_FILES: usize = 3_000;
const MOST_BYTES: usize = 24 << 20;
/// One incomplete doc comment in so many is news; down to one in so few it is an oversight, which counts where production
/// uses the function; more are a habit.
const NEWS: usize = 50;
const OVERSIGHT: usize = 5;

/// The drifts of a snapshot, in the order of files and places.
pub fn survey(source: &Source) -> Vec<Drift> {
    let paths = source.files();
    let mut index = Index::of(source, &paths);
    let mut habits = Habits::default();
    let mut files = Vec::new();
    let mut bytes = 0;
    for path in paths.iter().filter(|path| is_own_code(path)).take(MOST_FILES) {
        let Ok(text) = source.text(path) else { continue };
        bytes += text.content.len();
        if bytes > MOST_BYTES {
            break;
        }
        files.extend(read(text, &mut index, &mut habits));
    }
    habits.thoroughness = thoroughness(&files);
    habits.lists_exceptions = lists_exceptions(&files, &habits.classes);
    let mut drifts = Vec::new();
    for file in &files {
        for function in &file.functions {
            drifts.extend(rules::check(file, function, &habits));
        }
    }
    drifts.extend(markdown::survey(source, &paths, &index));
    drifts.sort_by(|a, b| (&a.path, a.place.start, &a.rule, &a.key).cmp(&(&b.path, b.place.start, &b.rule, &b.key)));
    drifts.dedup_by(|a, b| a.fingerprint() == b.fingerprint());
    drifts
}

fn read(text: thymus_sdk::source::Text, index: &mut Index, habits: &mut Habits) -> Option<File> {
    let path = text.path.clone();
    let content = text.content.clone();
    let functions = if is_python(&path) {
        let module = Module::parse(text)?;
        python::classes(&module, &mut habits.classes);
        index.surfaces.insert(path.clone(), python::surface(&module));
        if python::is_worth_reading(&content) { python::functions(&module) } else { Vec::new() }
    } else {
        let allocator = Allocator::default();
        let code = Code::parse(&allocator, &text)?;
        javascript::classes(&code, &mut habits.classes);
        index.surfaces.insert(path.clone(), javascript::surface(&code));
        if javascript::is_worth_reading(&content) { javascript::functions(&code) } else { Vec::new() }
    };
    (!functions.is_empty()).then_some(File { path, content, functions })
}

/// Whether who documents some parameters of a function documents them all, by and large.
fn thoroughness(files: &[File]) -> Thoroughness {
    let judged: Vec<bool> = files.iter().flat_map(|file| &file.functions).filter_map(Documented::is_complete).collect();
    let incomplete = judged.iter().filter(|complete| !**complete).count();
    match incomplete {
        few if few <= (judged.len() / NEWS).max(1) => Thoroughness::Full,
        some if some <= judged.len() / OVERSIGHT => Thoroughness::Most,
        _ => Thoroughness::None,
    }
}

/// The same of exceptions.
fn lists_exceptions(files: &[File], classes: &Classes) -> bool {
    let functions = files.iter().flat_map(|file| &file.functions);
    let judged: Vec<bool> = functions.filter_map(|function| exception::leaves_out(function, classes)).collect();
    judged.iter().filter(|leaves_out| **leaves_out).count() <= (judged.len() / NEWS).max(1)
}

/// Code that people of this project wrote for others to use: no tests, nothing generated, nobody else's.
fn is_own_code(path: &str) -> bool {
    (is_python(path) || is_script(path))
        && !is_foreign(path)
        && !thymus_python::project::is_test(path)
        && !thymus_javascript::project::is_test(path)
        && ![".min.js", ".d.ts", ".d.mts", ".d.cts"].iter().any(|end| path.ends_with(end))
}

/// What others wrote, or machines.
pub fn is_foreign(path: &str) -> bool {
    path.split('/').any(|folder| {
        matches!(
            folder,
            "node_modules"
                | "vendor"
                | "vendored"
                | "_vendor"
                | "third_party"
                | "dist"
                | "build"
                | "out"
                | "coverage"
                | "site-packages"
                | "venv"
                | ".venv"
                | ".tox"
                | ".nox"
                | "__pycache__"
                | "bower_components"
                | ".next"
                | "fixtures"
                | "__fixtures__"
                | "testdata"
                | "test_data"
                | "test-data"
        )
    })
}
