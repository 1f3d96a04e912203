//! The finder's second look: its detector is called on the patched tree, as far as it may see that, and what it finds there is
//! compared with what it found before.

use std::fs;
use std::path::Path;

use crate::model::{Finding, Patch, Recheck};
use crate::patch::Layer;
use crate::snapshot;

use super::HealError;
use super::private::Private;
use super::trial::Trial;

/// What the case's finder says of the patched tree.
pub(super) fn recheck(trial: &Trial, patch: &Patch, layer: &Layer) -> Recheck {
    look(trial, patch, layer).unwrap_or_else(|error| Recheck::Unanswered(error.to_string()))
}

fn look(trial: &Trial, patch: &Patch, layer: &Layer) -> Result<Recheck, HealError> {
    let Trial { run, scene, team, case, .. } = trial;
    let globs = case.finder.sees();
    if globs.is_empty() {
        return Ok(Recheck::Unanswered("its finder may not see the source".to_owned()));
    }
    let room = Private::new(&run.settings.state)?;
    let tree = room.path().join("source");
    run.repository.lay_out(&scene.snapshot, globs, &tree, run.cancel)?;
    lay_over(layer, globs, &tree)?;
    let Some(findings) = team.look_again(case.finder, &case.id, &tree, patch.sha256)? else {
        return Ok(Recheck::Unanswered("its finder could not look again".to_owned()));
    };
    if findings.iter().any(|finding| finding.fingerprint == case.finding.fingerprint) {
        return Ok(Recheck::Still);
    }
    // Elsewhere something may come up only because a list of findings has room again.
    let is_here = |finding: &&Finding| {
        finding.subject.path.as_ref().is_none_or(|path| patch.files.iter().any(|file| file.path == *path))
    };
    let others = findings.iter().filter(is_here).filter(|finding| !case.finder.knew(finding));
    let titles: Vec<String> = others.map(|finding| finding.title.clone()).collect();
    Ok(if titles.is_empty() { Recheck::Gone } else { Recheck::Others(titles) })
}

/// Puts the patch's files into a tree of thymus's own that holds plain files only; of them those that the plugin may see.
fn lay_over(layer: &Layer, globs: &[String], tree: &Path) -> Result<(), HealError> {
    let wrong = |source| HealError::State { path: tree.to_owned(), source };
    for path in layer.removed.iter().chain(&layer.written) {
        let there = tree.join(path);
        if there.symlink_metadata().is_ok() {
            fs::remove_file(&there).map_err(wrong)?;
        }
    }
    for path in &layer.written {
        if snapshot::is_named(globs, path)? {
            let there = tree.join(path);
            fs::create_dir_all(there.parent().unwrap_or(tree)).map_err(wrong)?;
            fs::copy(layer.dir.join(path), &there).map_err(wrong)?;
        }
    }
    Ok(())
}
