//! Runs one case through the loop, and holds what came of it against the truth.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::heal::{self, Until};
use crate::model::{Backend, Cancel, Project, Report};
use crate::policy::Policy;
use crate::project::{self, ProjectError};
use crate::sandbox::Sandbox;
use crate::snapshot::{Repository, Snapshot};
use crate::telemetry::{self, Sources, TelemetryLimits};
use crate::validate::Validator;

use super::fix::Judge;
use super::judge::{self, Claim, Role, Spot};
use super::result::{CaseResult, FalseAlarm, Fix, FixState, Found, Issue, Place, Plugin};
use super::suite::{Answer, Case, Suite};
use super::watch::{Seen, Watch};
use super::window::{self, Window};
use super::{EvalError, Settings, Step, repository, yardstick};

/// Files that are named as left out.
const NAMED: usize = 20;

/// What all cases share.
pub(super) struct Bench<'a> {
    settings: &'a Settings,
    cancel: &'a Cancel,
    on: &'a (dyn Fn(Step<'_>) + Sync),
    sandbox: Sandbox,
    /// Everything that is gone afterwards.
    work: tempfile::TempDir,
    caches: PathBuf,
    /// Those that took part so far.
    pub plugins: BTreeSet<Plugin>,
    /// The baseline that was read last; cases of one project often share it.
    baseline: Option<(Vec<PathBuf>, Window)>,
}

/// A run of the loop on one case.
struct Ran {
    repository: Repository,
    report: Report,
    seen: Vec<Seen>,
    seconds: f64,
    /// What of the case's folder is not in the repository.
    left_out: Vec<String>,
}

impl<'a> Bench<'a> {
    pub fn set_up(
        settings: &'a Settings,
        cancel: &'a Cancel,
        on: &'a (dyn Fn(Step<'_>) + Sync),
    ) -> Result<Self, EvalError> {
        let sandbox = Sandbox::prove(Backend::Hakoniwa)?;
        let work = tempfile::Builder::new().prefix("thymus-eval-").tempdir();
        let work = work.map_err(|source| EvalError::Work { path: std::env::temp_dir(), source })?;
        let caches = settings.caches.clone().unwrap_or_else(|| work.path().join("caches"));
        Ok(Self { settings, cancel, on, sandbox, work, caches, plugins: BTreeSet::new(), baseline: None })
    }

    /// Runs one case and judges it. Only what would stop every case is an error.
    pub fn run(&mut self, suite: &Suite, case: &Case) -> Result<CaseResult, EvalError> {
        let mut result = CaseResult {
            suite: suite.name.clone(),
            case: case.name.clone(),
            language: case.language.clone(),
            note: case.note.clone(),
            clean: case.expects.is_empty(),
            series: case.repository.is_none(),
            judged: case.judged.iter().copied().collect(),
            ..CaseResult::default()
        };
        let work = tempfile::tempdir_in(self.work.path());
        let work = work.map_err(|source| EvalError::Work { path: self.work.path().to_owned(), source })?;
        let judged = self.heal(case, work.path()).and_then(|ran| self.judge(case, ran, work.path(), &mut result));
        match judged {
            Ok(()) => {}
            Err(error) if error.is_stop() || error.is_everywhere() || self.cancel.is_cancelled() => return Err(error),
            // A case that was judged by half is not judged.
            Err(error) => {
                result.error = Some(error.to_string());
                (result.issues, result.false_alarms, result.yardsticks) = (Vec::new(), Vec::new(), Vec::new());
            }
        }
        Ok(result)
    }

    /// The very call that `thymus heal` makes.
    fn heal(&mut self, case: &Case, work: &Path) -> Result<Ran, EvalError> {
        let repo = work.join("project.git");
        let left_out =
            repository::make(case.repository.as_ref(), &repo, self.cancel).map_err(|unmade| match unmade {
                repository::Unmade::Cancelled => EvalError::Cancelled,
                unmade => EvalError::Repository(unmade.to_string()),
            })?;
        let settings = heal::Settings {
            repo: repo.clone(),
            telemetry: case.telemetry.clone(),
            baseline: case.baseline.clone(),
            policy: case.policy.clone(),
            plugins: self.settings.plugins.clone(),
            state: work.join("state"),
            caches: Some(self.caches.clone()),
            until: if case.repository.is_some() { Until::Deliver } else { Until::Diagnose },
            dry_run: false,
        };
        let watch = Watch::start();
        let report = heal::heal(&settings, self.cancel, &|progress| {
            watch.note(&progress);
            (self.on)(Step::Doing(&progress));
        })?;
        let seconds = watch.elapsed().as_secs_f64();
        for plugin in &report.plugins {
            let digest = plugin.digest.map(|digest| digest.to_string()).unwrap_or_default();
            self.plugins.insert(Plugin { name: plugin.name.clone(), version: plugin.version.clone(), digest });
        }
        Ok(Ran { repository: Repository::open(&repo)?, seen: watch.finish(&report), report, seconds, left_out })
    }

    fn judge(&mut self, case: &Case, ran: Ran, work: &Path, result: &mut CaseResult) -> Result<(), EvalError> {
        (self.on)(Step::Judging);
        let Ran { repository, report, seen, seconds, left_out } = ran;
        (result.seconds, result.warnings) = (seconds, warnings(&report, &left_out));
        let snapshot = repository.take(&report.commit)?;
        let read = window::read(&report.window.dir);
        let mut window = read.map_err(|source| EvalError::Work { path: report.window.dir.clone(), source })?;
        result.yardsticks = yardstick::alarms(case, &mut window, self.baseline(case, work)?);

        let claims: Vec<Claim> = seen.iter().map(|seen| Claim::of(&seen.finding, seen.diagnosis.as_ref())).collect();
        let roles = judge::roles(&case.expects, &case.tolerate, &|c| case.judged.contains(&c), &claims);
        let trees = folder(work, "trees")?;
        let project = if result.series { None } else { project(&repository, &snapshot)? };
        let judge = Judge {
            case,
            repository: &repository,
            before: &snapshot,
            project: project.as_ref(),
            rules: Policy::load(&case.policy)?.validation(),
            validator: Validator::new(self.sandbox.clone(), &self.caches),
            work: &trees,
            cancel: self.cancel,
        };
        let frames = yardstick::Frames::new(snapshot.files.keys());
        for (n, expect) in case.expects.iter().enumerate() {
            let frame = yardstick::last_frame(expect, &window, &frames);
            let frame = frame.as_ref().map(|(path, line)| Spot { path, lines: Some([*line, *line]) });
            let answer = roles.iter().position(|role| *role == Role::Answers(n)).map(|at| (at, &seen[at]));
            let place = answer.and_then(|(_, seen)| seen.diagnosis.as_ref()).map(Spot::of);
            let absent = if expect.fix { FixState::Absent } else { FixState::NotDue };
            result.issues.push(Issue {
                capability: expect.answers[0].capability,
                truth: truth(&expect.answers[0]),
                found: answer.map(|(_, seen)| found(seen)),
                rank: answer.map(|(at, _)| rank(&seen, at)),
                diagnosis: judge::best_levels(&expect.answers, place),
                last_frame: judge::best_levels(&expect.answers, frame),
                fix: match answer {
                    Some((_, seen)) => judge.judge(seen, Some(expect))?,
                    None => Fix { state: absent, ..Fix::default() },
                },
            });
        }
        for (role, seen) in roles.iter().zip(&seen) {
            let (repeats, expect) = match role {
                Role::Answers(_) => continue,
                Role::Uncounted => {
                    result.uncounted += 1;
                    continue;
                }
                Role::Repeats(expect) => (true, Some(&case.expects[*expect])),
                Role::False => (false, None),
            };
            let fix = judge.judge(seen, expect)?;
            result.false_alarms.push(FalseAlarm { finding: found(seen), repeats, fix });
        }
        Ok(())
    }

    /// The case's baseline as a window of its own, so that simple methods see each of its spans.
    fn baseline(&mut self, case: &Case, work: &Path) -> Result<&Window, EvalError> {
        let known = self.baseline.take().filter(|(paths, _)| *paths == case.baseline);
        let kept = match known {
            Some(kept) => kept,
            None if case.baseline.is_empty() => (Vec::new(), Window::default()),
            None => {
                let dir = folder(work, "baseline")?;
                let sources = Sources { files: case.baseline.clone(), ..Sources::default() };
                telemetry::read(&sources, &dir, &TelemetryLimits::default(), self.cancel, &|_| {})?;
                let read = window::read(&dir);
                (case.baseline.clone(), read.map_err(|source| EvalError::Work { path: dir, source })?)
            }
        };
        Ok(&self.baseline.insert(kept).1)
    }
}

fn folder(work: &Path, name: &str) -> Result<PathBuf, EvalError> {
    let path = work.join(name);
    std::fs::create_dir_all(&path).map_err(|source| EvalError::Work { path: path.clone(), source })?;
    Ok(path)
}

/// What the repository says of its tests.
fn project(repository: &Repository, snapshot: &Snapshot) -> Result<Option<Project>, EvalError> {
    let Some(path) = snapshot.files.keys().find(|path| path.as_str() == "thymus.toml") else { return Ok(None) };
    let text = repository.read_file(snapshot, path)?;
    Ok(Some(project::parse(&String::from_utf8_lossy(&text)).map_err(ProjectError::from)?))
}

/// What somebody who reads the figures should know of the run behind them.
fn warnings(report: &Report, left_out: &[String]) -> Vec<String> {
    let mut warnings = report.warnings.clone();
    warnings.extend(left_out.iter().take(NAMED).map(|what| format!("not in the repository: {what}")));
    for plugin in &report.plugins {
        if let Some(why) = &plugin.refused {
            warnings.push(format!("plugin {} took no part: {why}", plugin.name));
        } else if plugin.failures > 0 {
            warnings.push(format!("plugin {} failed in {} of {} calls", plugin.name, plugin.failures, plugin.calls));
        }
    }
    warnings
}

fn truth(answer: &Answer) -> Place {
    Place {
        handler: answer.handler.clone(),
        path: answer.path.as_ref().map(ToString::to_string),
        function: answer.function.clone(),
        lines: answer.lines.or(answer.function_lines),
    }
}

/// Four digits are enough to check a number by.
fn short(value: f64) -> String {
    let whole = value.fract() == 0.0 || value.abs() >= 1000.0;
    if whole { format!("{value:.0}") } else { format!("{value:.4}").trim_end_matches('0').to_owned() }
}

fn found(seen: &Seen) -> Found {
    let Seen { finding, diagnosis, reported, .. } = seen;
    let statements = finding.evidence.iter().map(|evidence| {
        let measures = evidence.measures.iter().map(|m| format!("{} = {} {}", m.name, short(m.value), m.unit));
        let measures: Vec<String> = measures.collect();
        if measures.is_empty() {
            evidence.statement.clone()
        } else {
            format!("{} ({})", evidence.statement, measures.join(", "))
        }
    });
    Found {
        plugin: reported.as_ref().map(|case| case.plugin.clone()).unwrap_or_default(),
        capability: finding.capability,
        rule: finding.rule.clone(),
        title: finding.title.clone(),
        severity: finding.severity,
        confidence: finding.confidence.get(),
        subject: finding.subject.handler.clone(),
        evidence: statements.collect(),
        place: diagnosis.as_ref().map(|diagnosis| Place {
            handler: None,
            path: Some(diagnosis.location.path.to_string()),
            function: None,
            lines: Some([diagnosis.location.start_line, diagnosis.location.end_line]),
        }),
        explanation: diagnosis.as_ref().map(|diagnosis| diagnosis.explanation.clone()).unwrap_or_default(),
        reason: reported.as_ref().map(|case| case.reason.clone()).unwrap_or_default(),
    }
}

/// Its place among all findings of the case, the surest first; the loop's own order decides between equals.
fn rank(seen: &[Seen], at: usize) -> u64 {
    let sure = |seen: &Seen| seen.finding.confidence.get();
    let before =
        |other: usize| sure(&seen[other]) > sure(&seen[at]) || (sure(&seen[other]) >= sure(&seen[at]) && other < at);
    1 + (0..seen.len()).filter(|other| *other != at && before(*other)).count() as u64
}
