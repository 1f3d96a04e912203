//! Which paths a proposal's changes may stand at, beside what a [`RepoPath`] already rules out.
//!
//! The tree that comes out must be the same on a file system that ignores case or normalises names.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use unicode_normalization::UnicodeNormalization;

use super::{Base, Refusal};
use crate::model::{Change, RepoPath};

pub(super) fn check(base: &Base<'_>, changes: &[Change]) -> Result<(), Refusal> {
    let mut touched = BTreeSet::new();
    let mut folded: BTreeMap<String, (usize, &RepoPath)> = BTreeMap::new();
    let mut arrived = Vec::new();
    let mut left = BTreeSet::new();
    for (index, change) in changes.iter().enumerate() {
        let (from, to) = match change {
            Change::Create { path, .. } => (None, Some(path)),
            Change::Edit { .. } => (None, None),
            Change::Rename { from, to, .. } => (Some(from), Some(to)),
            Change::Delete { path, .. } => (Some(path), None),
        };
        for path in [from, Some(change.path())].into_iter().flatten().collect::<BTreeSet<_>>() {
            if !touched.insert(path) {
                return Err(Refusal::at("TH-PATCH-TWICE", path, "two changes to one path; join them"));
            }
            // A rename may change nothing but the case.
            match folded.insert(fold(path.as_str()), (index, path)) {
                Some((other, twin)) if other != index => return Err(collision(path, twin.as_str())),
                _ => {}
            }
            check_way(base, path)?;
        }
        if from.is_some() && from == to {
            return Err(Refusal::at("TH-PATCH-NOTHING", change.path(), "a rename to the same name; drop it"));
        }
        left.extend(from);
        arrived.extend(to);
    }
    arrived.iter().try_for_each(|path| check_room(base, path))?;
    check_collisions(base, &arrived, &left)
}

/// No part of the way is a link, none is git's own configuration.
fn check_way(base: &Base<'_>, path: &RepoPath) -> Result<(), Refusal> {
    if fold(path.as_str()) == ".gitmodules" {
        return Err(Refusal::at("TH-PATCH-SUBMODULE", path, "submodules are changed by people only"));
    }
    for link in base.symlinks {
        if within(path.as_str(), link.as_str()) {
            let why = format!("{link} is a symbolic link or a submodule; nothing is written through one");
            return Err(Refusal::at("TH-PATCH-SYMLINK", path, why));
        }
    }
    Ok(())
}

/// Something new stands neither on a file, nor under one, nor on a folder; not even one that this patch removes,
/// because then the order of writing would decide.
fn check_room(base: &Base<'_>, path: &RepoPath) -> Result<(), Refusal> {
    for name in prefixes(path.as_str()) {
        if RepoPath::new(name).is_ok_and(|name| base.files.contains_key(&name)) {
            let why = format!("{name} is already a file; edit it, or choose another path");
            return Err(Refusal::at("TH-PATCH-EXISTS", path, why));
        }
    }
    // Every path below sorts behind `path/`, and nothing else stands between them.
    let folder = format!("{path}/");
    let below = (Bound::Excluded(path), Bound::Unbounded);
    let mut later = base.files.range(below).map(|(p, _)| p.as_str()).skip_while(|p| *p < folder.as_str());
    if later.next().is_some_and(|p| p.starts_with(&folder)) {
        return Err(Refusal::at("TH-PATCH-EXISTS", path, "a folder stands there; choose another path"));
    }
    Ok(())
}

/// No new path or folder differs from another of the resulting tree by case or normalisation alone.
fn check_collisions(base: &Base<'_>, arrived: &[&RepoPath], left: &BTreeSet<&RepoPath>) -> Result<(), Refusal> {
    let mut wanted: BTreeMap<String, (&str, &RepoPath)> = BTreeMap::new();
    for path in arrived {
        for name in prefixes(path.as_str()) {
            match wanted.insert(fold(name), (name, path)) {
                Some((twin, _)) if twin != name => return Err(collision(path, twin)),
                _ => {}
            }
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let stays = base.files.keys().filter(|p| !left.contains(p)).chain(base.symlinks);
    for other in stays {
        for name in prefixes(other.as_str()) {
            if let Some((_, path)) = wanted.get(&fold(name)).filter(|(twin, _)| *twin != name) {
                return Err(collision(path, name));
            }
        }
    }
    Ok(())
}

fn collision(path: &RepoPath, twin: &str) -> Refusal {
    let why = format!("{twin} is the same name where case or Unicode normalisation don't count; choose another");
    Refusal::at("TH-PATCH-COLLISION", path, why)
}

/// `a`, `a/b`, `a/b/c`.
fn prefixes(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at]).chain([path])
}

fn within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Equal for names that some file system takes for one: compatibility forms and case set aside.
fn fold(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    // Upper case first: it maps ß and ſ to what their lower-case twins become.
    name.nfkd().collect::<String>().to_uppercase().to_lowercase().nfkd().collect()
}
