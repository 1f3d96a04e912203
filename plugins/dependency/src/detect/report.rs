//! A fault, and how production met it, in the contract's terms.

use thymus_sdk::telemetry::Window;
use thymus_sdk::wording::{TITLE, one_line};
use thymus_sdk::{Capability, Evidence, Finding, Severity, Subject};

use super::sightings::Meeting;
use crate::diagnose::explanation;
use crate::fault::{Fault, Key, Kind, Language};
use crate::notes::{self, Met};

/// Bytes of notes; the contract allows 256 KiB.
const LONGEST_NOTES: usize = 128 << 10;
/// The most bytes of a handler's name and of a fingerprint.
const LONGEST_NAME: usize = 512;

/// The finding.
pub fn finding(fault: &Fault, meeting: Option<&Meeting>, window: &Window) -> Finding {
    let key = fault.key.clone();
    let seen = meeting.and_then(|meeting| meeting.handlers.get(meeting.most()?));
    let handler = seen.map(|seen| seen.handler.clone());
    let file = fault.sites.first().map(|site| site.path.clone());
    let name = handler.as_ref().map(|handler| handler.name.clone()).or_else(|| file.clone()).unwrap_or_default();
    let subject = Subject {
        handler: one_line(&name, LONGEST_NAME),
        path: handler.as_ref().and_then(|handler| handler.path.clone()).or(file),
        line: handler.as_ref().and_then(|handler| handler.line).filter(|line| *line > 0),
    };
    let (failed, returned) = seen.map_or_else(Default::default, |seen| (seen.failed.clone(), seen.returned.clone()));
    Finding {
        capability: Capability::Dependency,
        rule: key.kind.rule().to_owned(),
        title: one_line(&title(fault), TITLE),
        subject,
        severity: severity(&key, meeting),
        confidence: if meeting.is_some() { 0.97 } else { 0.9 },
        evidence: evidence(fault, meeting, window),
        fingerprint: one_line(&fingerprint(&key), LONGEST_NAME),
        notes: fitting(Met { key, handler, failed, returned }),
    }
}

fn evidence(fault: &Fault, meeting: Option<&Meeting>, window: &Window) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    if let Some(meeting) = meeting {
        let hours = float(window.end_ns.saturating_sub(window.start_ns)) / 3.6e12;
        let said = one_line(&meeting.message, 500);
        let seen = Evidence::of(&format!("Production ran into it: {said}"))
            .measure("occurrences", float(meeting.count), "{occurrence}")
            .measure("window", hours, "h");
        evidence.push(seen.traces(meeting.traces.iter().map(String::as_str)));
    }
    if let Some(site) = fault.sites.first() {
        let said = Evidence::of(&explanation(fault, site));
        evidence.push(said.measure("places", float(fault.sites.len() as u64), "{place}"));
    }
    evidence
}

fn severity(key: &Key, meeting: Option<&Meeting>) -> Severity {
    match (meeting, key.kind) {
        (Some(_), _) => Severity::High,
        (None, Kind::PackageNotDeclared) => Severity::Low,
        (None, _) => Severity::Medium,
    }
}

fn fingerprint(key: &Key) -> String {
    let language = match key.language {
        Language::Javascript => "javascript",
        Language::Python => "python",
    };
    format!("{} {language} {} {}", key.kind.rule(), key.target, key.name).trim_end().to_owned()
}

fn title(fault: &Fault) -> String {
    let Key { kind, target, name, .. } = &fault.key;
    let path = fault.sites.first().map_or("", |site| site.path.as_str());
    match kind {
        Kind::ModuleNotFound => {
            let written = fault.sites.first().map_or(target.as_str(), |site| site.written.as_str());
            format!("{path} imports {written}, which is not there")
        }
        Kind::NameNotExported => format!("{path} imports {name} of {target}, which has no such name"),
        Kind::PackageNotDeclared => format!("{path} imports the package {target}, which nothing declares"),
        Kind::NameNotImported => format!("{path} uses {name} without importing it"),
        Kind::CircularImport => format!("{path} and {target} import each other, and {name} is not ready"),
    }
}

/// Fewer calls where they are long.
fn fitting(mut met: Met) -> String {
    loop {
        let notes = notes::write(met.clone());
        if notes.len() <= LONGEST_NOTES || (met.failed.is_empty() && met.returned.is_empty()) {
            return notes;
        }
        if met.returned.pop().is_none() {
            met.failed.pop();
        }
    }
}

#[allow(clippy::cast_precision_loss)]
fn float(count: u64) -> f64 {
    count as f64
}
