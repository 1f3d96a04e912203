//! Whether two proposals for one commit get in each other's way. Both were proved alone; nothing is merged here.

use crate::model::{Change, Edit, Proposal, RepoPath};

/// The first path that both change in a way that leaves no order in which both apply: the same file created, renamed or
/// deleted, or edits that overlap or touch.
pub fn collision<'a>(one: &'a Proposal, other: &Proposal) -> Option<&'a RepoPath> {
    let others = |path: &RepoPath| other.changes.iter().filter(move |change| touched(change).contains(&path)).collect();
    one.changes.iter().find_map(|change| {
        touched(change).into_iter().find(|path| {
            let theirs: Vec<&Change> = others(path);
            theirs.iter().any(|their| match (change, their) {
                (Change::Edit { edits, .. }, Change::Edit { edits: their, .. }) => meet(edits, their),
                _ => true,
            })
        })
    })
}

fn touched(change: &Change) -> Vec<&RepoPath> {
    match change {
        Change::Rename { from, to, .. } => vec![from, to],
        Change::Create { path, .. } | Change::Edit { path, .. } | Change::Delete { path, .. } => vec![path],
    }
}

/// Whether some range of one list overlaps or touches some range of the other.
fn meet(ours: &[Edit], theirs: &[Edit]) -> bool {
    ours.iter().any(|our| theirs.iter().any(|their| our.start <= their.end && their.start <= our.end))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::model::{Confidence, Digest, Role};

    fn proposal(changes: Vec<Change>) -> Proposal {
        let confidence = Confidence::new(0.5).unwrap();
        Proposal { title: String::new(), explanation: String::new(), changes, expects: Vec::new(), confidence }
    }

    fn edit(path: &str, ranges: &[(u64, u64)]) -> Change {
        let edits = ranges.iter().map(|&(start, end)| Edit { start, end, replacement: "x".to_owned() }).collect();
        Change::Edit { path: RepoPath::new(path).unwrap(), base: Digest::of(""), edits, role: Role::Source }
    }

    #[test]
    fn edits_far_apart_go_together_and_touching_ones_do_not() {
        let one = proposal(vec![edit("a", &[(0, 5), (90, 95)]), edit("b", &[(0, 1)])]);
        assert_eq!(collision(&one, &proposal(vec![edit("a", &[(10, 20)])])), None);
        assert_eq!(collision(&one, &proposal(vec![edit("a", &[(95, 95)])])).unwrap().as_str(), "a");
        assert_eq!(collision(&one, &proposal(vec![edit("c", &[(0, 5)])])), None);
    }

    #[test]
    fn a_file_that_one_deletes_or_moves_is_no_file_for_the_other() {
        let path = || RepoPath::new("a").unwrap();
        let gone = Change::Delete { path: path(), base: Digest::of(""), role: Role::Source };
        let moved =
            Change::Rename { from: path(), to: RepoPath::new("b").unwrap(), base: Digest::of(""), role: Role::Source };
        let edited = proposal(vec![edit("a", &[(0, 1)])]);
        assert!(collision(&edited, &proposal(vec![gone])).is_some());
        assert!(collision(&edited, &proposal(vec![moved])).is_some());
    }
}
