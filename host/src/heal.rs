//! The loop: telemetry and a commit in, reviewed branches out.
//!
//! Read it top to bottom: [`heal`] is one run, [`live`] is one case's life. Every step is a call into one room, and every
//! act is written to the ledger before it happens, so that a run that is killed anywhere is finished by the next one.

mod admit;
mod error;
mod person;
mod private;
mod recheck;
mod recover;
mod replay;
mod report;
mod run;
mod scene;
mod settings;
mod side_by_side;
mod team;
mod trial;

pub use error::HealError;
pub use person::{Approval, approve, reject};
pub use replay::{Replay, replay};
pub use report::reported;
pub use settings::{Settings, Until, default_state};

use crate::model::{Cancel, CaseId, CaseState, Diagnosis, Event, Finding, Progress, Report};
use crate::policy::Level;
use crate::validate::Validator;

use run::Run;
use scene::Scene;
use team::{Member, Team};
use trial::Trial;

/// Looks at the telemetry, heals what it can, and says what it did. `on` hears of every step as it happens, from
/// several threads. A run that was stopped or killed goes on where it was when it is started again.
pub fn heal(settings: &Settings, cancel: &Cancel, on: &(dyn Fn(Progress) + Sync)) -> Result<Report, HealError> {
    let run = Run::begin(settings, cancel, on)?;
    let healed = heal_all(&run);
    let cases = healed.as_ref().map_or(0, |report| report.cases.len());
    run.end(cases, healed)
}

fn heal_all(run: &Run) -> Result<Report, HealError> {
    if !run.settings.dry_run {
        recover::finish_deliveries(run)?;
    }
    let scene = scene::look(run)?;
    let team = Team::gather(run, &scene)?;
    let cases = admit::admit(run, &scene, team.detect()?)?;
    let validator = Validator::new(run.sandbox.clone(), run.settings.caches());
    let ends = side_by_side::side_by_side(&cases, |case| {
        let end = if case.is_news { live(run, &scene, &team, &validator, case)? } else { End::ended("") };
        report_end(run, case, &end)?;
        Ok::<_, HealError>((case.id.clone(), end))
    })?;
    report::report(run, &scene, &team, ends)
}

/// A finding that became a case.
struct Opened<'a> {
    id: CaseId,
    finder: &'a Member,
    finding: Finding,
    /// Whether there is anything to do: a case that a person is looking at, or that ended, is only seen again.
    is_news: bool,
}

/// How a case's part in this run ended.
struct End {
    /// What a person should know beyond the case's state; empty when that says it all.
    why: String,
    /// Whether the case went as far as it was asked to.
    complete: bool,
}

impl End {
    fn ended(why: impl Into<String>) -> Self {
        Self { why: why.into(), complete: true }
    }

    fn stuck(why: impl Into<String>) -> Self {
        Self { why: why.into(), complete: false }
    }
}

/// One case, from its finding to its branch, or as far as policy, plugins and tests let it come.
fn live(run: &Run, scene: &Scene, team: &Team, validator: &Validator, case: &Opened) -> Result<End, HealError> {
    let id = &case.id;
    let Ok(_claim) = run.ledger.claim(id) else {
        return Ok(End::stuck("another process is at work on this case; run thymus again when it is done"));
    };
    let until = furthest(run, &case.finding);

    if until < Until::Diagnose {
        return Ok(End::ended("only observed, as the policy or --until says"));
    }
    let Some(diagnosis) = team.diagnose(&case.finder.name(), id, &case.finding)? else {
        return abandon(run, id, "no plugin could tell the cause");
    };
    diagnosed(run, id, &diagnosis)?;

    if until < Until::Propose {
        return Ok(End::ended("only diagnosed, as the policy or --until says"));
    }
    let proposals = team.propose(&case.finder.name(), id, &case.finding, &diagnosis)?;
    if proposals.is_empty() {
        return abandon(run, id, "no plugin is sure of a repair; a person has to look at it");
    }

    let mut last = String::new();
    for (fixer, proposal) in proposals {
        run.stop_if_cancelled()?;
        let trial = Trial { run, scene, team, validator, case, until, fixer, proposal };
        match trial.hold()? {
            trial::Ruling::End(end) => return Ok(end),
            trial::Ruling::Next(why) => last = why,
        }
    }
    let why = format!("no proposed repair passed; the last one: {last}");
    run.record(&Event::Rejected { case: id.clone(), who: "thymus".to_owned(), why: why.clone() })?;
    Ok(End::ended(why))
}

/// The policy's level for this kind of healing, or what the person asked for if that is less.
fn furthest(run: &Run, finding: &Finding) -> Until {
    let granted = match run.policy.level(finding.capability) {
        Level::Observe => Until::Observe,
        Level::Diagnose => Until::Diagnose,
        Level::Propose => Until::Validate,
        Level::Hold | Level::Apply => Until::Deliver,
    };
    let asked = if run.settings.dry_run { run.settings.until.min(Until::Validate) } else { run.settings.until };
    granted.min(asked)
}

fn diagnosed(run: &Run, id: &CaseId, diagnosis: &Diagnosis) -> Result<(), HealError> {
    run.record(&Event::Diagnosed { case: id.clone(), diagnosis: diagnosis.clone() })?;
    run.tell(Progress::Diagnosed { case: id.clone(), diagnosis: Box::new(diagnosis.clone()) });
    Ok(())
}

fn abandon(run: &Run, id: &CaseId, why: &str) -> Result<End, HealError> {
    run.record(&Event::Abandoned { case: id.clone(), why: why.to_owned() })?;
    Ok(End::ended(why))
}

fn report_end(run: &Run, case: &Opened, end: &End) -> Result<(), HealError> {
    let state = run.ledger.case(&case.id)?.map_or(CaseState::Detected, |case| case.state);
    run.tell(Progress::CaseEnded { case: case.id.clone(), state, why: end.why.clone() });
    Ok(())
}
