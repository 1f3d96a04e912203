//! From judged cases to figures: of everything, and of each capability that occurs.

use serde::{Deserialize, Serialize};

use crate::model::{Capability, Severity};

use super::result::{CaseResult, FixState, Issue, Levels, SuiteFacts};
use super::statistics::{Calibration, Middle, Share};
use super::suite::Assumptions;

/// The figures of one capability, or of all together.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Score {
    /// The capability; null for all together.
    pub capability: Option<Capability>,
    /// Issues that were found, of all.
    pub recall: Share,
    /// Findings that answer an issue, of all that count.
    pub precision: Share,
    /// Windows in which nothing is wrong.
    pub clean_windows: u64,
    /// False alarms in them.
    pub clean_alarms: u64,
    /// Critical ones.
    pub clean_critical: u64,
    /// Clean windows with a false alarm, of all.
    pub alarmed: Share,
    /// Right diagnoses, of the issues that were found (and whose truth says where): the file.
    pub file: Share,
    /// The function.
    pub function: Share,
    /// The line.
    pub line: Share,
    /// For series: the guilty one named first, of all issues.
    pub first: Share,
    /// Among the first three.
    pub first_three: Share,
    /// Issues with a fix that a person could merge, of those that ask for one.
    pub fixed: Share,
    /// Right fixes, of those that were delivered and could be judged.
    pub right: Share,
    /// Issues with a right fix, of those that ask for one.
    pub healed: Share,
    /// Delivered fixes that the hidden checks can't tell from none.
    pub not_judged: u64,
    /// Seconds until a patch was proved.
    pub time: Option<Middle>,
    /// The same beyond one run of the project's own tests.
    pub beyond_tests: Option<Middle>,
    /// A person's time that was saved.
    pub saved: Saved,
    /// Whether findings are as sure as they say.
    pub findings: Calibration,
    /// Whether fixes are.
    pub fixes: Calibration,
    /// What simple methods make of the same cases.
    pub simple: Vec<Measured>,
    /// What the last stack frame makes of the issues that were found.
    pub last_frame: Levelled,
    /// Doing nothing: issues whose hidden checks hold all the same, of those for which it was tried.
    pub no_fix: Share,
}

/// Shares at three levels.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Levelled {
    /// The file.
    pub file: Share,
    /// The function.
    pub function: Share,
    /// The line.
    pub line: Share,
}

/// A person's time, in minutes, under the suites' assumptions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    /// Finding, repairing and testing by hand what was healed.
    pub by_hand: f64,
    /// Reading every proposed fix.
    pub reviewing: f64,
    /// Looking into false alarms.
    pub alarms: f64,
    /// What is left.
    pub minutes: f64,
}

/// What a simple method reaches.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measured {
    /// Which.
    pub name: String,
    /// Issues it finds, of all.
    pub recall: Share,
    /// Its alarms that answer an issue, of all. Only of everything: it knows no capabilities.
    pub precision: Option<Share>,
    /// Clean windows with an alarm, of all. Only of everything.
    pub alarmed: Option<Share>,
}

/// All figures, those of everything first.
pub(super) fn scores(cases: &[CaseResult], suites: &[SuiteFacts]) -> Vec<Score> {
    let ran: Vec<&CaseResult> = cases.iter().filter(|case| case.error.is_none()).collect();
    let occurs = |capability: Capability| {
        ran.iter().any(|case| {
            case.issues.iter().any(|issue| issue.capability == Some(capability))
                || case.false_alarms.iter().any(|alarm| alarm.finding.capability == capability)
        })
    };
    let each = Capability::ALL.into_iter().filter(|capability| occurs(*capability)).map(Some);
    std::iter::once(None).chain(each).map(|capability| Slice { capability, ran: &ran, suites }.score()).collect()
}

/// The part of all cases that one capability is about.
struct Slice<'a> {
    capability: Option<Capability>,
    ran: &'a [&'a CaseResult],
    suites: &'a [SuiteFacts],
}

impl<'a> Slice<'a> {
    fn is_about(&self, capability: Capability) -> bool {
        self.capability.is_none_or(|own| own == capability)
    }

    fn issues(&self) -> impl Iterator<Item = &'a Issue> + use<'_, 'a> {
        let all = self.ran.iter().flat_map(|case| &case.issues);
        all.filter(|issue| issue.capability.is_some_and(|capability| self.is_about(capability)))
    }

    fn score(&self) -> Score {
        let found = || self.issues().filter(|issue| issue.found.is_some());
        let series = self.ran.iter().filter(|case| case.series).flat_map(|case| &case.issues);
        let series: Vec<&Issue> = series.filter(|issue| issue.capability.is_some_and(|c| self.is_about(c))).collect();
        let within = |most: u64| of(series.iter().map(|issue| issue.rank.is_some_and(|rank| rank <= most)));
        let due = || self.issues().filter(|issue| issue.fix.state != FixState::NotDue || issue.fix.is_delivered());
        let fixes = self.fixes();
        let judged = |state: FixState| match state {
            FixState::Right => Some(true),
            FixState::Wrong => Some(false),
            _ => None,
        };
        let right_or_wrong = || fixes.iter().filter_map(|(_, fix)| Some((*fix, judged(fix.state)?)));
        let proved: Vec<_> = fixes.iter().map(|(_, fix)| *fix).collect();
        let times: Vec<f64> = proved.iter().filter_map(|fix| fix.seconds).collect();
        let beyond = proved.iter().filter_map(|fix| Some((fix.seconds? - fix.test_seconds?).max(0.0)));
        let beyond: Vec<f64> = beyond.collect();
        let (clean_windows, clean_alarms, clean_critical, alarmed) = self.clean();
        let diagnosed = levelled(found().map(|issue| issue.diagnosis));
        let statements: Vec<(f64, bool)> =
            right_or_wrong().filter_map(|(fix, is)| Some((fix.confidence?, is))).collect();
        Score {
            capability: self.capability,
            recall: of(self.issues().map(|issue| issue.found.is_some())),
            precision: of(self.findings().into_iter().map(|(_, answers)| answers)),
            clean_windows,
            clean_alarms,
            clean_critical,
            alarmed,
            file: diagnosed.file,
            function: diagnosed.function,
            line: diagnosed.line,
            first: within(1),
            first_three: within(3),
            fixed: of(due().map(|issue| issue.fix.is_delivered())),
            right: of(right_or_wrong().map(|(_, is)| is)),
            healed: of(due().map(|issue| issue.fix.state == FixState::Right)),
            not_judged: fixes.iter().filter(|(_, fix)| fix.state == FixState::NotJudged).count() as u64,
            time: Middle::of(&times),
            beyond_tests: Middle::of(&beyond),
            saved: self.saved(),
            findings: Calibration::of(&self.findings()),
            fixes: Calibration::of(&statements),
            simple: self.simple(),
            last_frame: levelled(found().map(|issue| issue.last_frame)),
            no_fix: of(self.issues().filter_map(|issue| issue.fix.holds_without)),
        }
    }

    /// Every finding that counts: how sure it is, and whether it answers an issue.
    fn findings(&self) -> Vec<(f64, bool)> {
        let mut findings = Vec::new();
        for case in self.ran {
            let right = case.issues.iter().filter_map(|issue| issue.found.as_ref()).map(|found| (found, true));
            let wrong = case.false_alarms.iter().map(|alarm| (&alarm.finding, false));
            let own = right.chain(wrong).filter(|(found, _)| self.is_about(found.capability));
            findings.extend(own.map(|(found, right)| (found.confidence, right)));
        }
        findings
    }

    /// Every delivered fix, with its suite's assumptions.
    fn fixes(&self) -> Vec<(Assumptions, &'a super::Fix)> {
        let mut fixes = Vec::new();
        for case in self.ran {
            let assumptions = self.assumptions(case);
            let own = case.issues.iter().filter(|issue| issue.capability.is_some_and(|c| self.is_about(c)));
            let of_alarms = case.false_alarms.iter().filter(|alarm| self.is_about(alarm.finding.capability));
            let all = own.map(|issue| &issue.fix).chain(of_alarms.map(|alarm| &alarm.fix));
            fixes.extend(all.filter(|fix| fix.is_delivered()).map(|fix| (assumptions, fix)));
        }
        fixes
    }

    fn assumptions(&self, case: &CaseResult) -> Assumptions {
        self.suites.iter().find(|suite| suite.name == case.suite).map(|suite| suite.assumptions).unwrap_or_default()
    }

    fn clean(&self) -> (u64, u64, u64, Share) {
        let judges =
            |case: &&&CaseResult| case.clean && case.judged.iter().any(|capability| self.is_about(*capability));
        let (mut alarms, mut critical, mut alarmed) = (0, 0, Vec::new());
        for case in self.ran.iter().filter(judges) {
            let own = case.false_alarms.iter().filter(|alarm| self.is_about(alarm.finding.capability));
            let own: Vec<_> = own.collect();
            alarms += own.len() as u64;
            critical += own.iter().filter(|alarm| alarm.finding.severity == Severity::Critical).count() as u64;
            alarmed.push(!own.is_empty());
        }
        (alarmed.len() as u64, alarms, critical, of(alarmed.into_iter()))
    }

    fn saved(&self) -> Saved {
        let mut saved = Saved::default();
        for (assumptions, fix) in self.fixes() {
            saved.reviewing += assumptions.minutes_to_review;
            if fix.state == FixState::Right {
                saved.by_hand += assumptions.minutes_by_hand;
            }
        }
        for case in self.ran {
            let own = case.false_alarms.iter().filter(|alarm| self.is_about(alarm.finding.capability));
            saved.alarms += own.map(|_| self.assumptions(case).minutes_per_false_alarm).sum::<f64>();
        }
        saved.minutes = saved.by_hand - saved.reviewing - saved.alarms;
        saved
    }

    fn simple(&self) -> Vec<Measured> {
        let mut names: Vec<&str> = Vec::new();
        for yardstick in self.ran.iter().flat_map(|case| &case.yardsticks) {
            if !names.contains(&yardstick.name.as_str()) {
                names.push(&yardstick.name);
            }
        }
        names.into_iter().map(|name| self.measured(name)).collect()
    }

    fn measured(&self, name: &str) -> Measured {
        let (mut found, mut hits, mut alarms, mut alarmed) = (Vec::new(), 0, 0, Vec::new());
        for case in self.ran {
            let Some(yardstick) = case.yardsticks.iter().find(|yardstick| yardstick.name == name) else { continue };
            for (issue, is) in case.issues.iter().zip(&yardstick.found) {
                if issue.capability.is_some_and(|capability| self.is_about(capability)) {
                    found.push(*is);
                    hits += u64::from(*is);
                }
            }
            alarms += yardstick.false_alarms;
            if case.clean {
                alarmed.push(yardstick.false_alarms > 0);
            }
        }
        let whole = self.capability.is_none();
        Measured {
            name: name.to_owned(),
            recall: of(found.into_iter()),
            precision: whole.then(|| Share::new(hits, hits + alarms)),
            alarmed: whole.then(|| of(alarmed.into_iter())),
        }
    }
}

fn of(all: impl Iterator<Item = bool>) -> Share {
    let (hits, count) = all.fold((0, 0), |(hits, count), is| (hits + u64::from(is), count + 1));
    Share::new(hits, count)
}

fn levelled(all: impl Iterator<Item = Levels>) -> Levelled {
    let all: Vec<Levels> = all.collect();
    Levelled {
        file: of(all.iter().filter_map(|levels| levels.file)),
        function: of(all.iter().filter_map(|levels| levels.function)),
        line: of(all.iter().filter_map(|levels| levels.line)),
    }
}
