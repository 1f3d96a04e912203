//! Attacks on the patch room, and what it keeps.
#![allow(clippy::unwrap_used)]

use std::process::Command;

use proptest::prelude::*;

use super::*;
use crate::model::{Confidence, Expectation};

struct Tree {
    files: BTreeMap<RepoPath, bool>,
    bytes: BTreeMap<RepoPath, Vec<u8>>,
    links: BTreeSet<RepoPath>,
}

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

fn tree(files: &[(&str, &str)]) -> Tree {
    let bytes: BTreeMap<_, _> = files.iter().map(|(p, b)| (path(p), b.as_bytes().to_vec())).collect();
    Tree { files: bytes.keys().map(|p| (p.clone(), p.as_str() == "run.sh")).collect(), bytes, links: BTreeSet::new() }
}

impl Tree {
    fn build(&self, changes: Vec<Change>) -> Result<Patch, Refusal> {
        let read = |p: &RepoPath| self.bytes.get(p).cloned().ok_or_else(|| "gone".to_owned());
        let base = Base { commit: "c0ffee", files: &self.files, read: &read, symlinks: &self.links };
        build(&base, &proposal(changes))
    }

    fn code(&self, changes: Vec<Change>) -> &'static str {
        self.build(changes).unwrap_err().code
    }

    fn edit(&self, at: &str, edits: &[(u64, u64, &str)]) -> Change {
        let edits = edits.iter().map(|(s, e, r)| Edit { start: *s, end: *e, replacement: (*r).to_owned() }).collect();
        Change::Edit { path: path(at), base: self.digest(at), edits, role: Role::Source }
    }

    fn delete(&self, at: &str) -> Change {
        Change::Delete { path: path(at), base: self.digest(at), role: Role::Source }
    }

    fn rename(&self, from: &str, to: &str) -> Change {
        Change::Rename { from: path(from), to: path(to), base: self.digest(from), role: Role::Source }
    }

    fn digest(&self, at: &str) -> Digest {
        Digest::of(self.bytes.get(&path(at)).cloned().unwrap_or_default())
    }
}

fn proposal(changes: Vec<Change>) -> Proposal {
    let (title, explanation) = (String::new(), String::new());
    let confidence: Confidence = serde_json::from_str("0.5").unwrap();
    Proposal { title, explanation, changes, expects: vec![Expectation::TestsTurnGreen], confidence }
}

fn create(at: &str, content: &str) -> Change {
    Change::Create { path: path(at), content: content.to_owned(), role: Role::Test }
}

fn edited(before: &str, edits: &[(u64, u64, &str)]) -> Result<String, &'static str> {
    let tree = tree(&[("a", before)]);
    let patch = tree.build(vec![tree.edit("a", edits)]).map_err(|refusal| refusal.code)?;
    Ok(String::from_utf8(patch.files[0].after.as_ref().unwrap().bytes.to_vec()).unwrap())
}

#[test]
fn edits_keep_line_ends_bom_last_newline_and_mode() {
    assert_eq!(edited("a\r\nb\r\n", &[(3, 4, "x\ny")]).unwrap(), "a\r\nx\r\ny\r\n");
    assert_eq!(edited("a\nb\n", &[(2, 3, "x\r\ny")]).unwrap(), "a\nx\ny\n");
    assert_eq!(edited("a\nb", &[(3, 3, "\nc\n")]).unwrap(), "a\nb\nc");
    assert_eq!(edited("a\nb\n", &[(2, 4, "c")]).unwrap(), "a\nc\n");
    assert_eq!(edited("\u{feff}a\n", &[(3, 4, "b")]).unwrap(), "\u{feff}b\n");
    assert_eq!(edited("\u{feff}a\n", &[(0, 4, "b")]), Err("TH-PATCH-BOM"));
    let tree = tree(&[("run.sh", "a\n")]);
    let patch = tree.build(vec![tree.edit("run.sh", &[(0, 1, "b")])]).unwrap();
    assert!(patch.files[0].after.as_ref().unwrap().executable);
}

#[test]
fn edits_that_lie_about_ranges_are_refused() {
    assert_eq!(edited("abc", &[(0, 9, "")]), Err("TH-PATCH-EDIT-RANGE"));
    assert_eq!(edited("abc", &[(2, 1, "")]), Err("TH-PATCH-EDIT-RANGE"));
    assert_eq!(edited("abc", &[(u64::MAX, u64::MAX, "")]), Err("TH-PATCH-EDIT-RANGE"));
    assert_eq!(edited("abc", &[(1, 3, "x"), (0, 1, "y")]), Err("TH-PATCH-EDIT-ORDER"));
    assert_eq!(edited("abc", &[(0, 2, "x"), (1, 3, "y")]), Err("TH-PATCH-EDIT-ORDER"));
    assert_eq!(edited("abc", &[(1, 1, "x"), (1, 1, "y")]), Err("TH-PATCH-EDIT-ORDER"));
    assert_eq!(edited("ü", &[(1, 2, "x")]), Err("TH-PATCH-EDIT-BOUNDARY"));
    assert_eq!(edited("a\r\nb", &[(2, 2, "x")]), Err("TH-PATCH-EDIT-BOUNDARY"));
    assert_eq!(edited("abc", &[(0, 1, "a")]), Err("TH-PATCH-NOTHING"));
    assert_eq!(edited("abc", &[]), Err("TH-PATCH-NOTHING"));
}

#[test]
fn text_that_is_not_what_it_looks_like_is_refused() {
    let tree = tree(&[]);
    let code = |text: &str| tree.code(vec![create("new", text)]);
    assert_eq!(code("if admin { \u{202e} }"), "TH-PATCH-BIDI");
    assert_eq!(code("\u{1b}[2J"), "TH-PATCH-CONTROL");
    assert_eq!(code("hidden\rshown\n"), "TH-PATCH-CONTROL");
    assert_eq!(code("a\0b"), "TH-PATCH-CONTROL");
    assert_eq!(code("adm\u{200d}in"), "TH-PATCH-INVISIBLE");
    assert_eq!(code("const \u{3164} = 1"), "TH-PATCH-INVISIBLE");
    assert_eq!(code(&"x".repeat(MAX_LINE + 1)), "TH-PATCH-SIZE");
    assert!(tree.build(vec![create("new", "crlf\r\n\tünï ❤\u{fe0f} 👩\u{200d}👧\n")]).is_ok());
}

#[test]
fn a_base_that_is_another_is_refused() {
    let mut tree = tree(&[("a", "one\n")]);
    let stale = tree.edit("a", &[(0, 3, "two")]);
    tree.bytes.insert(path("a"), b"other\n".to_vec());
    assert_eq!(tree.code(vec![stale]), "TH-PATCH-STALE");
    assert_eq!(tree.code(vec![tree.delete("missing")]), "TH-PATCH-MISSING");
    tree.bytes.insert(path("a"), vec![0xff, 0xfe]);
    assert_eq!(tree.code(vec![tree.delete("a")]), "TH-PATCH-ENCODING");
    assert_eq!(tree.code(vec![]), "TH-PATCH-EMPTY");
}

#[test]
fn nothing_goes_through_a_link_or_onto_something_else() {
    let mut tree = tree(&[("src/a.js", "x\n"), ("src-old/b", "x\n"), ("Dir/Ü", "x\n")]);
    tree.links.insert(path("link"));
    assert_eq!(tree.code(vec![create("link/passwd", "")]), "TH-PATCH-SYMLINK");
    assert_eq!(tree.code(vec![create("link", "")]), "TH-PATCH-SYMLINK");
    assert_eq!(tree.code(vec![create("LINK/x", "")]), "TH-PATCH-COLLISION");
    assert_eq!(tree.code(vec![create("src/a.js", "")]), "TH-PATCH-EXISTS");
    assert_eq!(tree.code(vec![create("src/a.js/b", "")]), "TH-PATCH-EXISTS");
    assert_eq!(tree.code(vec![create("src", "")]), "TH-PATCH-EXISTS");
    assert_eq!(tree.code(vec![create("SRC/new.js", "")]), "TH-PATCH-COLLISION");
    assert_eq!(tree.code(vec![create("src/A.js", "")]), "TH-PATCH-COLLISION");
    assert_eq!(tree.code(vec![create("Dir/U\u{308}", "")]), "TH-PATCH-COLLISION");
    assert_eq!(tree.code(vec![create("n/x", ""), create("N/y", "")]), "TH-PATCH-COLLISION");
    assert_eq!(tree.code(vec![tree.delete("src/a.js"), create("src/A.js", "")]), "TH-PATCH-COLLISION");
    assert_eq!(tree.code(vec![create("n", "a"), create("n", "b")]), "TH-PATCH-TWICE");
    assert_eq!(tree.code(vec![tree.rename("src/a.js", "n"), tree.edit("src/a.js", &[(0, 1, "y")])]), "TH-PATCH-TWICE");
    assert_eq!(tree.code(vec![create(".gitmodules", "")]), "TH-PATCH-SUBMODULE");
    assert!(tree.build(vec![tree.rename("src/a.js", "src/A.js")]).is_ok());
    assert!(tree.build(vec![create("src2", "")]).is_ok());
}

/// Applies the diff with the real git and compares what comes out with the patch, and with the layer.
fn git_agrees(tree: &Tree, patch: &Patch) {
    let dir = tempfile::tempdir().unwrap();
    let work = dir.path().join("work");
    for (at, bytes) in &tree.bytes {
        std::fs::create_dir_all(work.join(at).parent().unwrap()).unwrap();
        std::fs::write(work.join(at), bytes).unwrap();
    }
    std::fs::create_dir_all(&work).unwrap();
    std::fs::write(dir.path().join("p.diff"), &patch.diff).unwrap();
    let done = Command::new("git")
        .args(["apply", "--whitespace=nowarn", "--no-index", "../p.diff"])
        .env("GIT_CEILING_DIRECTORIES", dir.path())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("HOME", dir.path())
        .current_dir(&work)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}\n{}", String::from_utf8_lossy(&done.stderr), patch.diff);
    let layer = write_layer(patch, &dir.path().join("layer")).unwrap();
    for file in &patch.files {
        let is = std::fs::read(work.join(&file.path)).ok();
        assert_eq!(is.as_deref(), file.after.as_ref().map(|s| &s.bytes[..]), "{}\n{}", file.path, patch.diff);
        assert_eq!(std::fs::read(layer.dir.join(&file.path)).ok(), is);
        assert_eq!(layer.removed.contains(&file.path), is.is_none());
    }
    assert!(matches!(write_layer(patch, &layer.dir), Err(PatchError::NotEmpty(_))));
}

#[test]
fn git_apply_takes_every_kind_of_change() {
    let long: String = (0..60).map(|n| format!("line {n}")).collect::<Vec<_>>().join("\n") + "\n";
    let tree = tree(&[
        ("a b/ü.js", &long),
        ("crlf", "a\r\nb\r\nc"),
        ("old name", "same\n"),
        ("gone", "no end"),
        ("void", ""),
        ("empty", ""),
    ]);
    let patch = tree
        .build(vec![
            tree.edit("a b/ü.js", &[(0, 4, "Line"), (40, 41, "X\nY"), (300, 300, "\n--- a/x\n+++ b/x\n")]),
            tree.edit("crlf", &[(6, 7, "C")]),
            tree.edit("void", &[(0, 0, "now\n")]),
            tree.rename("old name", "new/place é"),
            tree.delete("gone"),
            tree.delete("empty"),
            create("made/deep/x y.js", "one\ntwo"),
            create("made/nothing", ""),
        ])
        .unwrap();
    git_agrees(&tree, &patch);
    assert_eq!(patch.size.files, 9);
}

#[test]
fn the_digest_is_over_bytes_and_not_over_the_order_of_changes() {
    let tree = tree(&[("a", "x\n")]);
    let one = tree.build(vec![create("b", "1"), tree.edit("a", &[(0, 1, "y")])]).unwrap();
    let two = tree.build(vec![tree.edit("a", &[(0, 1, "y")]), create("b", "1")]).unwrap();
    let other = tree.build(vec![tree.edit("a", &[(0, 1, "z")]), create("b", "1")]).unwrap();
    assert_eq!((one.sha256, &one.diff), (two.sha256, &two.diff));
    assert_ne!(one.sha256, other.sha256);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn git_agrees_on_any_two_texts(before in "([ab]{0,2}\n){0,24}[ab]{0,2}", after in "([ab]{0,2}\n){0,24}[ab]{0,2}") {
        let tree = tree(&[("f", &before)]);
        let edit = tree.edit("f", &[(0, before.len() as u64, &after)]);
        match tree.build(vec![edit]) {
            Ok(patch) => git_agrees(&tree, &patch),
            Err(refusal) => prop_assert_eq!(refusal.code, "TH-PATCH-NOTHING"),
        }
    }

    #[test]
    fn hostile_edits_never_panic(before in "\\PC{0,12}(\r\n)?\\PC{0,3}", edits in proptest::collection::vec((0..24u64, 0..24u64, ".{0,4}"), 0..4)) {
        let edits: Vec<_> = edits.iter().map(|(s, e, r)| (*s, *e, r.as_str())).collect();
        let _ = edited(&before, &edits);
    }
}
