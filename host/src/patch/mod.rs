//! Makes bytes of a proposal, or refuses it with a stable code.
//!
//! A proposal is hostile until it stands here: its base must be the snapshot's, its paths must lead nowhere else, its
//! text must be what it looks like. Whether a path *may* be changed is policy's question, not this room's.

mod collision;
mod content;
mod diff;
mod layer;
mod paths;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{Change, Digest, Edit, FileState, Patch, PatchedFile, Proposal, RepoPath, Role};

pub use collision::collision;
pub use layer::{Layer, PatchError, write_layer};

/// Changes in one proposal.
pub const MAX_CHANGES: usize = 256;
/// Edits of one file.
pub const MAX_EDITS: usize = 10_000;
/// Bytes of one file, before or after.
pub const MAX_FILE: usize = 4 << 20;
/// Bytes of all files together, before and after.
pub const MAX_TOTAL: usize = 32 << 20;
/// Bytes of one line that a proposal writes.
pub const MAX_LINE: usize = 64 << 10;

/// What the patch is made against: one commit, as the snapshot room sees it.
#[derive(Clone, Copy)]
pub struct Base<'a> {
    /// In hexadecimal.
    pub commit: &'a str,
    /// All regular files, and whether they are executable.
    pub files: &'a BTreeMap<RepoPath, bool>,
    /// The bytes of one of them.
    pub read: &'a dyn Fn(&RepoPath) -> Result<Vec<u8>, String>,
    /// Symbolic links, and submodules too: whatever a write could lead out of the tree through.
    pub symlinks: &'a BTreeSet<RepoPath>,
}

/// Why a proposal became no patch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {}{why}", .path.as_ref().map(|p| format!("{p}: ")).unwrap_or_default())]
pub struct Refusal {
    /// Stable, for scripts and the ledger.
    pub code: &'static str,
    /// The file it is about, if one.
    pub path: Option<RepoPath>,
    /// What is wrong, and what would be right.
    pub why: String,
}

impl Refusal {
    fn at(code: &'static str, path: &RepoPath, why: impl Into<String>) -> Self {
        Self { code, path: Some(path.clone()), why: why.into() }
    }

    fn whole(code: &'static str, why: impl Into<String>) -> Self {
        Self { code, path: None, why: why.into() }
    }
}

/// Applies a proposal to its base, or says why not. Nothing is written.
///
/// In a file whose lines all end alike, line ends in a replacement become the file's; a last newline that was there
/// or was missing stays so. Everything else of a replacement is taken as it is or refused.
pub fn build(base: &Base<'_>, proposal: &Proposal) -> Result<Patch, Refusal> {
    if proposal.changes.is_empty() {
        return Err(Refusal::whole("TH-PATCH-EMPTY", "the proposal changes nothing; a finding without a fix has none"));
    }
    if proposal.changes.len() > MAX_CHANGES {
        let why = format!("{} changes, at most {MAX_CHANGES} are taken; propose less", proposal.changes.len());
        return Err(Refusal::whole("TH-PATCH-SIZE", why));
    }
    paths::check(base, &proposal.changes)?;

    let mut budget = Budget { left: MAX_TOTAL };
    let mut files = Vec::new();
    let mut renames = Vec::new();
    for change in &proposal.changes {
        match change {
            Change::Create { path, content: text, role } => {
                content::check_new(path, text)?;
                let after = FileState { bytes: Arc::from(text.as_bytes()), executable: false };
                budget.take(path, &after.bytes)?;
                files.push(PatchedFile { path: path.clone(), role: *role, before: None, after: Some(after) });
            }
            Change::Edit { path, base: digest, edits, role } => {
                let (before, text) = budget.read(base, path, digest)?;
                let bytes = apply(path, &text, edits)?;
                let after = FileState { bytes: Arc::from(bytes.into_bytes()), executable: before.executable };
                if after == before {
                    return Err(Refusal::at("TH-PATCH-NOTHING", path, "the edits leave the file as it was; drop them"));
                }
                budget.take(path, &after.bytes)?;
                let (before, after) = (Some(before), Some(after));
                files.push(PatchedFile { path: path.clone(), role: *role, before, after });
            }
            Change::Rename { from, to, base: digest, role } => {
                let (state, _) = budget.read(base, from, digest)?;
                files.push(gone(from, *role, state.clone()));
                files.push(PatchedFile { path: to.clone(), role: *role, before: None, after: Some(state) });
                renames.push((from.clone(), to.clone()));
            }
            Change::Delete { path, base: digest, role } => {
                let (state, _) = budget.read(base, path, digest)?;
                files.push(gone(path, *role, state));
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let (diff, size) = diff::render(&files, &renames);
    Ok(Patch { base: base.commit.to_owned(), sha256: digest(base.commit, &files), diff, size, files })
}

fn gone(path: &RepoPath, role: Role, state: FileState) -> PatchedFile {
    PatchedFile { path: path.clone(), role, before: Some(state), after: None }
}

struct Budget {
    left: usize,
}

impl Budget {
    fn take(&mut self, path: &RepoPath, bytes: &[u8]) -> Result<(), Refusal> {
        if bytes.len() > MAX_FILE {
            let why = format!("{} bytes, at most {MAX_FILE} are taken", bytes.len());
            return Err(Refusal::at("TH-PATCH-SIZE", path, why));
        }
        self.left = self.left.checked_sub(bytes.len()).ok_or_else(|| {
            Refusal::at("TH-PATCH-SIZE", path, format!("the whole proposal touches more than {MAX_TOTAL} bytes"))
        })?;
        Ok(())
    }

    /// A file of the base, checked against what the plugin saw.
    fn read(&mut self, base: &Base<'_>, path: &RepoPath, digest: &Digest) -> Result<(FileState, String), Refusal> {
        let executable = *base
            .files
            .get(path)
            .ok_or_else(|| Refusal::at("TH-PATCH-MISSING", path, format!("no such file in commit {}", base.commit)))?;
        let bytes = (base.read)(path).map_err(|why| Refusal::at("TH-PATCH-READ", path, why))?;
        self.take(path, &bytes)?;
        if Digest::of(&bytes) != *digest {
            let why = "the file is not the one the proposal was made against; propose again from this commit";
            return Err(Refusal::at("TH-PATCH-STALE", path, why));
        }
        let text = String::from_utf8(bytes).map_err(|_| {
            Refusal::at("TH-PATCH-ENCODING", path, "the file is not UTF-8, and only text can be shown to a reviewer")
        })?;
        Ok((FileState { bytes: Arc::from(text.as_bytes()), executable }, text))
    }
}

/// Replaces ranges of a text. Ranges are in order, on character boundaries, and don't touch each other's bytes.
fn apply(path: &RepoPath, text: &str, edits: &[Edit]) -> Result<String, Refusal> {
    let refuse = |code, why: String| Err(Refusal::at(code, path, why));
    if edits.is_empty() {
        return refuse("TH-PATCH-NOTHING", "an edit without edits; drop it".to_owned());
    }
    if edits.len() > MAX_EDITS {
        return refuse("TH-PATCH-SIZE", format!("{} edits, at most {MAX_EDITS} are taken", edits.len()));
    }
    let style = content::LineEnd::of(text);
    let mut result = String::new();
    let mut done = 0;
    let mut previous: Option<(usize, usize)> = None;
    for edit in edits {
        let (Ok(start), Ok(end)) = (usize::try_from(edit.start), usize::try_from(edit.end)) else {
            return refuse("TH-PATCH-EDIT-RANGE", format!("{}..{} lies outside the file", edit.start, edit.end));
        };
        if start > end || end > text.len() {
            let why = format!("{start}..{end} is no range of a file of {} bytes", text.len());
            return refuse("TH-PATCH-EDIT-RANGE", why);
        }
        // Two insertions at one place have no order a reviewer could check.
        if start < done || previous == Some((start, end)) {
            let why = format!("{start}..{end} comes before the end of the edit in front of it; sort and join edits");
            return refuse("TH-PATCH-EDIT-ORDER", why);
        }
        if !content::is_boundary(text, start) || !content::is_boundary(text, end) {
            let why = format!("{start}..{end} cuts a character or a CR LF in two");
            return refuse("TH-PATCH-EDIT-BOUNDARY", why);
        }
        if start < content::bom(text).len() {
            let why = "the edit would move or remove the byte order mark; start at byte 3";
            return refuse("TH-PATCH-BOM", why.to_owned());
        }
        content::check_text(path, &edit.replacement, text[..start].chars().next_back())?;
        result.push_str(&text[done..start]);
        result.push_str(&style.adopt(&edit.replacement));
        if result.len() > MAX_FILE {
            return refuse("TH-PATCH-SIZE", format!("the result has more than {MAX_FILE} bytes"));
        }
        done = end;
        previous = Some((start, end));
    }
    result.push_str(&text[done..]);
    Ok(style.keep_last(text, result))
}

/// Over everything an approval is about. The role is the plugin's word and changes no byte, so it is not in it.
fn digest(commit: &str, files: &[PatchedFile]) -> Digest {
    let mut parts: Vec<&[u8]> = vec![b"thymus patch 1", commit.as_bytes()];
    for file in files {
        parts.push(file.path.as_str().as_bytes());
        for state in [&file.before, &file.after] {
            match state {
                None => parts.extend([&b"absent"[..], b""]),
                Some(state) => parts.extend([diff::mode(state.executable).as_bytes(), &state.bytes[..]]),
            }
        }
    }
    Digest::of_parts(parts)
}

#[cfg(test)]
mod tests;
