//! The decision: a pure function of facts that the host measured, with every rule it asked.

use crate::model::{
    Capability, Decision, GateName, GateStatus, Outcome, PatchSize, RepoPath, RuleStep, Severity, Verdict,
};

use super::{Level, Policy, level_of};

/// What became of earlier cases of the same rule and plugin, from the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrackRecord {
    /// Healed.
    pub healed: u64,
    /// Rejected by a person or a gate.
    pub rejected: u64,
    /// Taken back.
    pub rolled_back: u64,
}

/// Everything a decision looks at. No field is a plugin's claim but `rule` and `severity`, which only messages use.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// What it heals.
    pub capability: Capability,
    /// The detector's rule.
    pub rule: &'a str,
    /// The plugin's name.
    pub plugin: &'a str,
    /// The finding's severity.
    pub severity: Severity,
    /// What the gates said.
    pub verdict: &'a Verdict,
    /// How large the patch is.
    pub size: PatchSize,
    /// How it went before.
    pub track_record: TrackRecord,
    /// The confidence, corrected by the track record.
    pub calibrated: f64,
    /// Cases that wait for a person.
    pub open_cases: u64,
    /// Patches delivered since midnight UTC.
    pub today: u64,
    /// Seconds since 1970.
    pub now: u64,
    /// The files it touches.
    pub paths: &'a [RepoPath],
}

struct Chain {
    steps: Vec<RuleStep>,
    outcome: Outcome,
    rule: String,
}

impl Chain {
    /// Asks a rule that allows at most `most`. The outcome only ever sinks.
    fn ask(&mut self, rule: &str, origin: &str, says: String, most: Outcome) {
        if most < self.outcome {
            self.outcome = most;
            rule.clone_into(&mut self.rule);
        }
        self.steps.push(RuleStep { rule: rule.to_owned(), origin: origin.to_owned(), says, outcome: self.outcome });
    }
}

impl Policy {
    /// What happens to a validated proposal. Every rule is asked, each can only lower the outcome; so deny beats allow
    /// in whatever order they stand.
    pub fn decide(&self, facts: &Facts<'_>) -> Decision {
        let level = ("capability", facts.capability.as_str());
        let mut chain =
            Chain { steps: Vec::new(), outcome: Outcome::Apply, rule: format!("capability.{}.level", level.1) };
        self.ask_levels(facts, &mut chain);
        ask_gates(facts.verdict, &mut chain);

        let confidence = if facts.calibrated.is_finite() { facts.calibrated.clamp(0.0, 1.0) } else { 0.0 };
        for (key, below) in [("min_confidence", Outcome::Reject), ("apply_confidence", Outcome::Hold)] {
            let setting = self.setting(level.0, level.1, key);
            // A missing threshold (the built-in policy has them all) counts as one nobody reaches.
            let wanted = setting.map_or(f64::INFINITY, |s| s.value.rank());
            let most = if confidence >= wanted { Outcome::Apply } else { below };
            let origin = setting.map_or("built-in", |s| s.origin.as_str());
            chain.ask(
                &format!("capability.{}.{key}", level.1),
                origin,
                format!("wants {wanted}, is {confidence:.2}"),
                most,
            );
        }
        let record = facts.track_record;
        let lines = u64::from(facts.size.added) + u64::from(facts.size.removed);
        for (key, has, enough) in [
            ("apply_healed", record.healed, true),
            ("apply_rolled_back", record.rolled_back, false),
            ("apply_lines", lines, false),
        ] {
            let key = format!("capability.{}.{key}", level.1);
            let bound = self.count(&key);
            let good = if enough { has >= bound } else { has <= bound };
            let word = if enough { "at least" } else { "at most" };
            chain.ask(
                &key,
                self.origin(&key),
                format!("wants {word} {bound}, is {has}"),
                if good { Outcome::Apply } else { Outcome::Hold },
            );
        }
        for (key, has) in [("limits.open_cases", facts.open_cases), ("limits.per_day", facts.today)] {
            let most = self.count(key);
            let outcome = if has < most { Outcome::Apply } else { Outcome::Reject };
            chain.ask(key, self.origin(key), format!("allows {most}, there are {has}"), outcome);
        }
        let minute = facts.now / 60 % 1440;
        let quiet = self.texts("limits.quiet_hours").iter().find(|text| {
            hours(text).is_none_or(|(from, to)| {
                if from <= to { (from..to).contains(&minute) } else { minute >= from || minute < to }
            })
        });
        let says = quiet.map_or("not a quiet hour".to_owned(), |text| format!("it is within {text} UTC"));
        let outcome = if quiet.is_some() { Outcome::Hold } else { Outcome::Apply };
        chain.ask("limits.quiet_hours", self.origin("limits.quiet_hours"), says, outcome);
        Decision { outcome: chain.outcome, rule: chain.rule, chain: chain.steps, policy: self.digest }
    }

    fn ask_levels(&self, facts: &Facts<'_>, chain: &mut Chain) {
        let name = facts.capability.as_str();
        let mut keys = vec![format!("capability.{name}.level")];
        keys.extend(self.teams_of(facts.paths).iter().map(|team| format!("team.{team}.level")));
        for key in keys {
            let setting = super::effective(&self.settings, &key);
            if setting.is_none() && key.starts_with("team.") {
                continue;
            }
            let (most, word) = match level_of(setting) {
                Level::Apply => (Outcome::Apply, "apply: no person is needed"),
                Level::Hold => (Outcome::Hold, "hold: a person must approve"),
                _ => (Outcome::Reject, "this goes no further than a proposal; no branch is made"),
            };
            let origin = setting.map_or("built-in", |setting| setting.origin.as_str());
            chain.ask(&key, origin, word.to_owned(), most);
        }
    }

    fn origin(&self, key: &str) -> &str {
        super::effective(&self.settings, key).map_or("built-in", |setting| setting.origin.as_str())
    }
}

/// A failed gate rejects. A gate that is missing, unknown or switched off leaves it to a person.
fn ask_gates(verdict: &Verdict, chain: &mut Chain) {
    const ALL: [GateName; 7] = [
        GateName::Applies,
        GateName::Scope,
        GateName::Baseline,
        GateName::Reproduces,
        GateName::RegressesNothing,
        GateName::Improves,
        GateName::Stable,
    ];
    if !verdict.passed() {
        let failed = verdict.gates.iter().find(|gate| gate.status == GateStatus::Failed);
        let says = failed.map_or("no gate ran".to_owned(), |gate| format!("{} failed", gate.name));
        chain.ask("gates", "built-in", says, Outcome::Reject);
        return;
    }
    let proved = |name: GateName| {
        verdict.gates.iter().any(|gate| {
            let skippable = name == GateName::Improves && gate.status == GateStatus::Skipped;
            gate.name == name && (gate.status == GateStatus::Passed || skippable)
        })
    };
    let open = ALL.into_iter().find(|name| !proved(*name));
    let (says, most) = match open {
        Some(name) => (format!("{name} did not prove itself; a person must look"), Outcome::Hold),
        None if verdict.has_unknown() => ("a gate could not know".to_owned(), Outcome::Hold),
        None => ("all passed".to_owned(), Outcome::Apply),
    };
    chain.ask("gates", "built-in", says, most);
}

/// `22:00-06:00` as minutes of the day.
pub(super) fn hours(text: &str) -> Option<(u64, u64)> {
    let minute = |text: &str| {
        let (hour, minute) = text.split_once(':')?;
        let two =
            |t: &str| (t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit())).then(|| t.parse::<u64>().ok()).flatten();
        let (hour, minute) = (two(hour)?, two(minute)?);
        (hour < 24 && minute < 60).then_some(hour * 60 + minute)
    };
    let (from, to) = text.split_once('-')?;
    Some((minute(from)?, minute(to)?)).filter(|(from, to)| from != to)
}
