//! From a finding to the statement that makes the order wrong, in the contract's terms.

use std::ops::Range;

use thymus_sdk::host::{Level, log};
use thymus_sdk::source::Source;
use thymus_sdk::{Diagnosis, Failure, Finding, Location};

use crate::disorder::{Disorder, Kind, Verdict};
use crate::flow::Flow;
use crate::sequence::last_name;
use crate::{definition, javascript, notes, python};

/// The most related places.
const MOST_RELATED: usize = 8;

/// The root cause of a finding of this plugin; none when the code doesn't tell.
pub fn diagnose(finding: &Finding, source: &Source) -> Result<Option<Diagnosis>, Failure> {
    let disorder = notes::disorder(finding)?;
    if disorder.verdict == Verdict::Definition {
        return Ok(definition::diagnose(&disorder, source));
    }
    let Some(flow) = flow(&disorder, source) else {
        log(Level::Info, &format!("{}: no function can be told that runs these beats", finding.title));
        return Ok(None);
    };
    let Some(text) = source.text(&flow.path).ok() else { return Ok(None) };
    let name = flow.name.as_deref().unwrap_or("a function");
    let (place, explanation) = culprit(&disorder, &flow, name);
    let related = related(&disorder, &flow).into_iter().take(MOST_RELATED).map(|range| text.location(range));
    let related: Vec<Location> = related.collect();
    let is_sure = place != flow.range;
    Ok(Some(Diagnosis {
        location: text.location(place),
        explanation,
        confidence: if is_sure { 0.9 } else { 0.6 },
        related,
        notes: String::new(),
    }))
}

/// The function that runs the beats, in whichever language it is.
pub fn flow(disorder: &Disorder, source: &Source) -> Option<Flow> {
    let path = disorder.caller.as_ref().and_then(|caller| caller.path.as_deref()).or(disorder.beat.path.as_deref());
    match path {
        Some(path) if path.ends_with(".py") => python::find(disorder, source),
        Some(_) => javascript::find(disorder, source),
        None => javascript::find(disorder, source).or_else(|| python::find(disorder, source)),
    }
}

/// The statement at fault, and what is wrong with it.
fn culprit(disorder: &Disorder, flow: &Flow, name: &str) -> (Range<usize>, String) {
    let beat = last_name(&disorder.beat.handler);
    let statement = |called: &str| {
        let blocks = flow.blocks.iter().rev();
        blocks.flatten().find(|statement| statement.calls(called)).map(|statement| statement.range.clone())
    };
    match (disorder.kind, &disorder.other) {
        (Kind::Swapped, Some(other)) => {
            let other = last_name(&other.handler);
            let apart = flow.apart(beat, other).map(|(block, first, _)| block[first].range.clone());
            let place = apart.or_else(|| statement(beat)).unwrap_or_else(|| flow.range.clone());
            (
                place,
                format!(
                    "`{name}` calls `{beat}` here, before it calls `{other}`, and by rights comes `{other}` first."
                ),
            )
        }
        (Kind::Repeated, _) => {
            let calls = flow.blocks.iter().rev().flatten().filter(|statement| statement.calls(beat));
            let last = calls.map(|statement| statement.range.clone()).max_by_key(|range| range.start);
            (
                last.unwrap_or_else(|| flow.range.clone()),
                format!("`{name}` calls `{beat}` here once more than it should."),
            )
        }
        (Kind::Missing, _) => {
            let expected: Vec<&str> = disorder.expected.iter().map(|beat| last_name(&beat.handler)).collect();
            let at = expected.iter().position(|other| *other == beat);
            let before = at.and_then(|at| at.checked_sub(1)).map(|before| expected[before]);
            let behind = at.and_then(|at| expected.get(at + 1)).copied();
            let place = before.and_then(statement).or_else(|| behind.and_then(statement));
            let words = match (before, behind) {
                (Some(before), _) => format!("behind `{before}`"),
                (None, Some(behind)) => format!("before `{behind}`"),
                (None, None) => "in it".to_owned(),
            };
            (
                place.unwrap_or_else(|| flow.range.clone()),
                format!("`{name}` no longer calls `{beat}`, which belongs {words}."),
            )
        }
        (Kind::Extra | Kind::Swapped, _) => {
            let place = statement(beat).unwrap_or_else(|| flow.range.clone());
            (place, format!("`{name}` calls `{beat}` here, where it has no place."))
        }
    }
}

fn related(disorder: &Disorder, flow: &Flow) -> Vec<Range<usize>> {
    let names = disorder.other.iter().map(|other| last_name(&other.handler));
    names
        .flat_map(|name| flow.blocks.iter().rev().flatten().filter(move |statement| statement.calls(name)))
        .map(|statement| statement.range.clone())
        .take(1)
        .collect()
}
