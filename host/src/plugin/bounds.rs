//! What the contract allows a value to hold, checked on thymus's own values: once in the worker, where the reason still
//! helps the plugin's author, and again by the host, which does not believe the worker.

use std::collections::BTreeSet;

use super::convert::Flaw;
use crate::model::{Change, Diagnosis, Edit, Evidence, Expectation, Finding, Location, PluginLimits, Proposal};

/// A value that a call returns.
pub(super) trait Bounded {
    /// Whether it keeps to the contract and to these limits.
    fn check(&self, limits: &PluginLimits) -> Result<(), Flaw>;
}

impl Bounded for Vec<Finding> {
    fn check(&self, limits: &PluginLimits) -> Result<(), Flaw> {
        if self.len() > limits.findings as usize {
            return Err(Flaw::Limit("findings"));
        }
        self.iter().try_for_each(finding)
    }
}

impl Bounded for Option<Diagnosis> {
    fn check(&self, _: &PluginLimits) -> Result<(), Flaw> {
        self.as_ref().map_or(Ok(()), diagnosis)
    }
}

impl Bounded for Vec<Proposal> {
    fn check(&self, limits: &PluginLimits) -> Result<(), Flaw> {
        if self.len() > limits.proposals as usize {
            return Err(Flaw::Limit("proposals"));
        }
        self.iter().try_for_each(proposal)
    }
}

fn require(holds: bool, why: impl FnOnce() -> String) -> Result<(), Flaw> {
    if holds { Ok(()) } else { Err(Flaw::Value(why())) }
}

fn at_most(what: &str, text: &str, bytes: usize) -> Result<(), Flaw> {
    require(text.len() <= bytes, || format!("{what} has {} bytes; the contract allows {bytes}", text.len()))
}

/// A line that a person reads in a list or a log.
fn line(what: &str, text: &str) -> Result<(), Flaw> {
    require(!text.trim().is_empty(), || format!("{what} is empty"))?;
    require(!text.contains(['\n', '\r']), || format!("{what} has more than one line"))
}

fn finding(finding: &Finding) -> Result<(), Flaw> {
    let kebab = |rule: &str| {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        !rule.is_empty() && rule.len() <= 128 && rule.bytes().all(plain) && !rule.starts_with('-')
    };
    require(kebab(&finding.rule), || "a finding's rule is not kebab-case of at most 128 bytes".to_owned())?;
    line("a finding's title", &finding.title)?;
    at_most("a finding's title", &finding.title, 200)?;
    line("a subject's handler", &finding.subject.handler)?;
    at_most("a subject's handler", &finding.subject.handler, 512)?;
    require(finding.subject.line != Some(0), || "a subject's line is 0; lines count from 1".to_owned())?;
    require(!finding.fingerprint.is_empty(), || "a finding's fingerprint is empty".to_owned())?;
    at_most("a finding's fingerprint", &finding.fingerprint, 512)?;
    at_most("a finding's notes", &finding.notes, 256 << 10)?;
    finding.evidence.iter().try_for_each(evidence)
}

fn evidence(evidence: &Evidence) -> Result<(), Flaw> {
    at_most("an evidence's statement", &evidence.statement, 4096)?;
    for measure in &evidence.measures {
        require(measure.value.is_finite(), || "a measure is not a finite number".to_owned())?;
        at_most("a measure's name", &measure.name, 512)?;
        at_most("a measure's unit", &measure.unit, 64)?;
    }
    let ids = &evidence.trace_ids;
    require(ids.len() <= 16, || format!("an evidence has {} trace ids; the contract allows 16", ids.len()))?;
    let hex = |id: &String| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
    require(ids.iter().all(hex), || "a trace id is not 32 hexadecimal digits".to_owned())
}

fn location(location: &Location) -> Result<(), Flaw> {
    let Location { start_line, start_column, end_line, end_column, .. } = *location;
    let counted = start_line >= 1 && start_column >= 1 && end_line >= 1 && end_column >= 1;
    require(counted, || "a location has a 0; lines and columns count from 1".to_owned())?;
    let ordered = (start_line, start_column) <= (end_line, end_column);
    require(ordered, || "a location ends before it starts".to_owned())
}

fn diagnosis(diagnosis: &Diagnosis) -> Result<(), Flaw> {
    location(&diagnosis.location)?;
    let related = &diagnosis.related;
    let few = related.len() <= 16;
    require(few, || format!("a diagnosis has {} related places; the contract allows 16", related.len()))?;
    related.iter().try_for_each(location)?;
    at_most("a diagnosis's explanation", &diagnosis.explanation, 16 << 10)?;
    at_most("a diagnosis's notes", &diagnosis.notes, 256 << 10)
}

fn proposal(proposal: &Proposal) -> Result<(), Flaw> {
    line("a proposal's title", &proposal.title)?;
    let characters = proposal.title.chars().count();
    require(characters <= 72, || {
        format!("a proposal's title has {characters} characters; a commit's first line has at most 72")
    })?;
    at_most("a proposal's explanation", &proposal.explanation, 16 << 10)?;
    require(!proposal.changes.is_empty(), || "a proposal changes nothing".to_owned())?;
    let mut paths = BTreeSet::new();
    for change in &proposal.changes {
        let from = if let Change::Rename { from, .. } = change { Some(from) } else { None };
        for path in from.into_iter().chain([change.path()]) {
            require(paths.insert(path), || "a path appears in more than one change of a proposal".to_owned())?;
        }
        if let Change::Edit { edits: list, .. } = change {
            edits(list)?;
        }
    }
    for expectation in &proposal.expects {
        match expectation {
            Expectation::Faster { handler, percent } => {
                line("an expectation's handler", handler)?;
                at_most("an expectation's handler", handler, 512)?;
                let fair = (0.0..=100.0).contains(percent);
                require(fair, || "an expectation is faster by a percentage outside 0 to 100".to_owned())?;
            }
            Expectation::TestsCover { handler } => {
                line("an expectation's handler", handler)?;
                at_most("an expectation's handler", handler, 512)?;
            }
            Expectation::TestsTurnGreen | Expectation::DocsAgree => {}
        }
    }
    Ok(())
}

fn edits(edits: &[Edit]) -> Result<(), Flaw> {
    require(!edits.is_empty(), || "an edited file has no edits".to_owned())?;
    let mut last = 0;
    for edit in edits {
        require(edit.start <= edit.end, || "an edit ends before it starts".to_owned())?;
        require(edit.start >= last, || "edits overlap or are out of order".to_owned())?;
        last = edit.end;
    }
    Ok(())
}
