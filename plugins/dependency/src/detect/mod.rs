//! From a window and the source to findings: what production ran into, joined with what the source says.
//!
//! The source alone knows every import, name and package that leads nowhere; production says which of them hurts. What
//! production met is reported as such; what only the source shows is reported where nothing can excuse it, as less grave.
//! An exception that no fault of the source explains is none of this plugin's.

mod calls;
mod message;
mod report;
mod sightings;
mod trace;

use serde::Deserialize;
use thymus_sdk::host::{Level, log, progress};
use thymus_sdk::source::Source;
use thymus_sdk::telemetry::Telemetry;
use thymus_sdk::{Failure, Finding};

use self::sightings::Meeting;
use crate::fault::{Fault, Kind};
use crate::names::is_slip;
use crate::{javascript, python};

/// The plugin's table of the policy, `[plugin.thymus-dependency.settings]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The most findings of a window, those that production met first.
    pub findings: usize,
    /// Which faults that nobody has met yet are reported.
    pub unmet: Unmet,
}

/// Which faults that nobody has met yet are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unmet {
    /// None.
    Nothing,
    /// Those that fail whoever loads the file.
    Loading,
    /// Those too that only a call runs into.
    Calls,
}

impl Default for Settings {
    fn default() -> Self {
        Self { findings: 32, unmet: Unmet::Loading }
    }
}

/// The faults, those that production met first.
pub fn detect(telemetry: &Telemetry, source: &Source, settings: &Settings) -> Result<Vec<Finding>, Failure> {
    progress(0, 3, "reading imports");
    let mut faults = javascript::survey::Survey::of(source).faults();
    faults.extend(python::survey::Survey::of(source).faults());
    progress(1, 3, "reading exceptions");
    let window = telemetry.window()?;
    let mut met = sightings::read(telemetry, source, &faults);
    progress(2, 3, "collecting calls that returned");
    calls::add_returned(met.values_mut(), telemetry);
    let mut found: Vec<(Fault, Option<Meeting>)> = Vec::new();
    for (at, fault) in faults.into_iter().enumerate() {
        let meeting = met.remove(&at);
        let reported = match settings.unmet {
            Unmet::Nothing => false,
            Unmet::Loading => fault.on_load,
            Unmet::Calls => fault.sure,
        };
        if meeting.is_some() || reported {
            found.push((fault, meeting));
        }
    }
    let mut findings: Vec<(u64, Finding)> = without_consequences(found)
        .into_iter()
        .map(|(fault, meeting)| {
            let count = meeting.as_ref().map_or(0, |it| it.count);
            (count, report::finding(&fault, meeting.as_ref(), &window))
        })
        .collect();
    findings.sort_by(|(a, x), (b, y)| {
        (y.severity, b).cmp(&(x.severity, a)).then_with(|| x.fingerprint.cmp(&y.fingerprint))
    });
    if findings.len() > settings.findings {
        log(Level::Warn, &format!("{} faults; the gravest {} are reported", findings.len(), settings.findings));
        findings.truncate(settings.findings);
    }
    Ok(findings.into_iter().map(|(_, finding)| finding).collect())
}

/// A mistyped name in an import leaves the right one undefined in the same file: one problem, not two.
fn without_consequences(found: Vec<(Fault, Option<Meeting>)>) -> Vec<(Fault, Option<Meeting>)> {
    let causes: Vec<(String, String)> = found
        .iter()
        .filter(|(fault, _)| fault.key.kind == Kind::NameNotExported)
        .flat_map(|(fault, _)| fault.sites.iter().map(|site| (site.path.clone(), fault.key.name.clone())))
        .collect();
    let follows = |fault: &Fault| {
        fault.key.kind == Kind::NameNotImported
            && causes.iter().any(|(path, name)| *path == fault.key.target && is_slip(name, &fault.key.name))
    };
    found.into_iter().filter(|(fault, _)| !follows(fault)).collect()
}
