//! A definition that production contradicts since ever: its beats in the order in which they run, and the same in the
//! documentation that was derived from it. Nothing else of either file changes.

mod derived;

use std::ops::Range;

use thymus_sdk::edit::Edits;
use thymus_sdk::source::{Source, Text};
use thymus_sdk::telemetry::Expectations;
use thymus_sdk::{Change, Diagnosis, Expectation, Finding, Proposal, Role};

use crate::disorder::{Disorder, Kind};
use crate::propose::commit_line;
use crate::sequence::{Entry, Sequence, last_name, read_file};

/// Where the definition says what never happens.
pub fn diagnose(disorder: &Disorder, source: &Source) -> Option<Diagnosis> {
    let (text, sequence) = find(disorder, source)?;
    let entry = entry_of(&sequence, &disorder.beat.handler)?;
    let explanation = format!(
        "{} is documented here as {}, and never ran so: neither now nor in better times. The code is as it always was; what \
         stands here is outdated.",
        sequence.name,
        sequence.beats.iter().map(|beat| last_name(&beat.handler)).collect::<Vec<_>>().join(", "),
    );
    Some(Diagnosis {
        location: text.location(entry.range.clone()),
        explanation,
        confidence: 0.9,
        related: Vec::new(),
        notes: String::new(),
    })
}

/// The definition as it runs, where it is one plain order and another order of the same beats is what runs.
pub fn propose(finding: &Finding, disorder: &Disorder, declared: &Expectations, source: &Source) -> Option<Proposal> {
    if disorder.kind != Kind::Swapped {
        return None;
    }
    let (text, sequence) = find(disorder, source)?;
    let order = order(&sequence, disorder)?;
    let definition = reordered(&text, &sequence, &order)?;
    let was: Vec<&str> = sequence.line()?.iter().map(|beat| last_name(&sequence.beats[*beat].handler)).collect();
    let is: Vec<&str> = order.iter().map(|at| was[*at]).collect();
    let mut changes = vec![definition];
    changes.extend(derived::changes(&was, &is, &sequence.path, &declared.docs, source));
    let evidence: Vec<String> = finding.evidence.iter().map(|one| format!("- {}", one.statement)).collect();
    Some(Proposal {
        title: commit_line(&format!("Document {} in the order in which it runs", sequence.name)),
        explanation: format!(
            "{} runs as {}; its definition had another order, which no run ever kept.\n\n{}",
            sequence.name,
            is.join(", "),
            evidence.join("\n")
        ),
        changes,
        expects: vec![Expectation::DocsAgree],
        confidence: finding.confidence,
    })
}

fn find(disorder: &Disorder, source: &Source) -> Option<(Text, Sequence)> {
    let documented = disorder.documented.as_ref()?;
    let text = source.text(&documented.path).ok()?;
    let mut named = read_file(&text).into_iter().filter(|sequence| sequence.name == documented.name);
    let sequence = named.next()?;
    named.next().is_none().then_some((text, sequence))
}

fn entry_of<'s>(sequence: &'s Sequence, handler: &str) -> Option<&'s Entry> {
    let beat = sequence.beats.iter().position(|beat| beat.handler == handler)?;
    sequence.entries.iter().find(|entry| entry.beat == Some(beat))
}

/// For each place of the list, the entry that belongs there; none where what ran is no other order of the same beats.
fn order(sequence: &Sequence, disorder: &Disorder) -> Option<Vec<usize>> {
    let line = sequence.line()?;
    let handlers: Vec<&str> = line.iter().map(|beat| sequence.beats[*beat].handler.as_str()).collect();
    let order: Option<Vec<usize>> =
        disorder.observed.iter().map(|place| handlers.iter().position(|handler| *handler == place.handler)).collect();
    let order = order?;
    let mut sorted = order.clone();
    sorted.sort_unstable();
    (sorted == (0..handlers.len()).collect::<Vec<_>>()).then_some(order)
}

/// The entries in their new order: each place of the list keeps its marks, and gets another entry's words.
fn reordered(text: &Text, sequence: &Sequence, order: &[usize]) -> Option<Change> {
    let places: Vec<Range<usize>> = sequence.entries.iter().map(|entry| entry.range.clone()).collect();
    let words = |at: usize| text.content.get(places[at].clone()).filter(|words| !words.is_empty());
    let changed: Vec<usize> = (0..order.len()).filter(|at| order[*at] != *at).collect();
    let (first, last) = (*changed.first()?, *changed.last()?);
    // A comment in between belongs to one of them, and nobody says to which.
    let around = text.content.get(places[first].start..places[last].end)?;
    if around.contains('#') || around.contains("//") {
        return None;
    }
    let mut edits = Edits::of(text);
    for at in changed {
        let beat = &sequence.beats[sequence.entries[order[at]].beat?];
        let words = words(order[at]).filter(|words| words.contains(&beat.handler))?;
        edits = edits.replace(places[at].clone(), words);
    }
    // What is written must be read as what was meant.
    let written = Text::new(text.path.clone(), edits.preview().ok()?);
    let again = read_file(&written).into_iter().find(|other| other.name == sequence.name)?;
    let beats = |of: &Sequence| -> Option<Vec<String>> {
        Some(of.line()?.iter().map(|beat| of.beats[*beat].handler.clone()).collect())
    };
    let (was, is) = (beats(sequence)?, beats(&again)?);
    let meant: Vec<&String> = order.iter().map(|at| &was[*at]).collect();
    (is.iter().collect::<Vec<_>>() == meant).then(|| edits.finish(Role::Docs).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disorder::{Documented, Place, Verdict};

    /// What becomes of a definition when `a, c, b` runs, and of a page beside it.
    fn corrected(name: &str, content: &str, page: &str) -> Option<(String, Option<String>)> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(name), content).unwrap();
        std::fs::write(dir.path().join("page.md"), page).unwrap();
        let place = |handler: &str| Place { handler: handler.to_owned(), path: None };
        let disorder = Disorder {
            kind: Kind::Swapped,
            beat: place("c"),
            other: Some(place("b")),
            expected: ["a", "b", "c"].map(place).to_vec(),
            observed: ["a", "c", "b"].map(place).to_vec(),
            caller: None,
            documented: Some(Documented { name: "all".to_owned(), path: name.to_owned(), starts_with: None }),
            verdict: Verdict::Definition,
            traces: Vec::new(),
        };
        let finding = Finding {
            capability: thymus_sdk::Capability::Behavior,
            rule: "definition-outdated".to_owned(),
            title: String::new(),
            subject: thymus_sdk::Subject { handler: String::new(), path: None, line: None },
            severity: thymus_sdk::Severity::Low,
            confidence: 0.9,
            evidence: Vec::new(),
            fingerprint: String::new(),
            notes: String::new(),
        };
        let source = Source::at(dir.path());
        let declared = Expectations { docs: vec!["*.md".to_owned()], ..Expectations::default() };
        let proposal = propose(&finding, &disorder, &declared, &source)?;
        assert!(diagnose(&disorder, &source).is_some());
        let after = |path: &str| {
            let change = proposal.changes.iter().find_map(|change| match change {
                Change::Edit(file) if file.path == path => Some(file),
                _ => None,
            })?;
            let mut text = source.text(path).unwrap().content;
            for edit in change.edits.iter().rev() {
                let range = usize::try_from(edit.start).unwrap()..usize::try_from(edit.end).unwrap();
                text.replace_range(range, &edit.replacement);
            }
            Some(text)
        };
        Some((after(name).unwrap(), after("page.md")))
    }

    #[test]
    fn entries_change_places_and_nothing_else_does() {
        for (name, before, after) in [
            (
                "s.yaml",
                "# keep\nsequences:\n  - name: all\n    beats:\n      - handler: a\n        file: a.js\n      - handler: b\n        file: b.js\n      - c\n    why: x\n",
                "# keep\nsequences:\n  - name: all\n    beats:\n      - handler: a\n        file: a.js\n      - c\n      - handler: b\n        file: b.js\n    why: x\n",
            ),
            (
                "s.json",
                "{\"all\": [\"a\", {\"handler\": \"b\"},\n  \"c\"]}\n",
                "{\"all\": [\"a\", \"c\",\n  {\"handler\": \"b\"}]}\n",
            ),
            (
                "s.toml",
                "name = \"all\"\nbeats = [\"a\", \"b\", \"c\"] # keep\n",
                "name = \"all\"\nbeats = [\"a\", \"c\", \"b\"] # keep\n",
            ),
        ] {
            assert_eq!(corrected(name, before, "nothing here\n").unwrap(), (after.to_owned(), None), "{name}");
        }
    }

    #[test]
    fn pages_that_list_the_beats_follow() {
        let before = "| # | step | why |\n|---|---|---|\n| 1 | `a` | x |\n| 2 | `b` | y |\n| 3 | `c` | z |\n\n1. a it\n2. b it\n3. c it\n\n`a` → `b` → `c` and b.\n";
        let after = "| # | step | why |\n|---|---|---|\n| 1 | `a` | x |\n| 2 | `c` | z |\n| 3 | `b` | y |\n\n1. a it\n2. c it\n3. b it\n\n`a` → `c` → `b` and b.\n";
        let (_, page) = corrected("s.toml", "name = \"all\"\nbeats = [\"a\", \"b\", \"c\"]\n", before).unwrap();
        assert_eq!(page.as_deref(), Some(after));
    }

    #[test]
    fn what_is_no_plain_order_is_left_to_people() {
        let nothing = "";
        assert_eq!(corrected("s.yaml", "name: all\nbeats: [a, b, {loop: [c]}]\n", nothing), None);
        assert_eq!(corrected("s.yaml", "name: all\nbeats:\n- a\n- b # first\n- c\n", nothing), None);
        assert_eq!(corrected("s.yaml", "name: all\nbeats: [a, b, c, d]\n", nothing), None);
    }
}
