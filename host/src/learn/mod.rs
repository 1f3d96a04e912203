//! What earlier cases teach: how often repairs of a rule held, and what a plugin's confidence is worth.
//!
//! It reads cases and counts; it neither stores anything (the ledger does) nor decides anything (the policy does).

use crate::model::{Case, CaseState, Confidence};

/// How many cases a plugin's own word weighs as much as: after so many cases with a known end, experience and claim
/// count alike.
const PRIOR: f64 = 6.0;

/// What became of earlier cases of one rule and plugin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Experience {
    /// Approved or applied, and not taken back since.
    pub healed: u64,
    /// Refused by a person, a gate or the policy.
    pub rejected: u64,
    /// Taken back after they were healed.
    pub rolled_back: u64,
}

impl Experience {
    /// Counts the ended cases of a rule that the plugin of this name found; its version does not matter, so that an
    /// update neither wipes a bad record nor a good one.
    pub fn of(cases: &[Case], plugin: &str, rule: &str) -> Self {
        let mut experience = Self::default();
        let same = |case: &&Case| case.finding.rule == rule && name_of(&case.plugin) == plugin;
        for case in cases.iter().filter(same) {
            match case.state {
                CaseState::Healed => experience.healed += 1,
                CaseState::Rejected => experience.rejected += 1,
                CaseState::RolledBack => experience.rolled_back += 1,
                _ => {}
            }
        }
        experience
    }

    /// The claim, corrected by what happened: the mean of a beta distribution whose prior is the claim with the weight
    /// of six cases (beta-binomial shrinkage; Gelman et al., *Bayesian Data Analysis*, 3rd ed., section 2.4).
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 cases")]
    pub fn calibrate(self, claimed: Confidence) -> f64 {
        let good = self.healed as f64;
        let bad = (self.rejected + self.rolled_back) as f64;
        (claimed.get() * PRIOR + good) / (PRIOR + good + bad)
    }
}

/// The name in `name@version`.
pub fn name_of(plugin: &str) -> &str {
    plugin.rsplit_once('@').map_or(plugin, |(name, _)| name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn confidence(value: f64) -> Confidence {
        Confidence::new(value).unwrap()
    }

    #[test]
    fn without_experience_the_claim_stands() {
        assert!((Experience::default().calibrate(confidence(0.8)) - 0.8).abs() < 1e-12);
    }

    #[test]
    fn a_boaster_whose_repairs_are_refused_is_believed_less_each_time() {
        let mut last = 1.0;
        for rejected in 1..50 {
            let now = Experience { rejected, ..Experience::default() }.calibrate(confidence(1.0));
            assert!(now < last);
            last = now;
        }
        assert!(last < 0.2);
    }

    #[test]
    fn healed_cases_raise_a_modest_claim_but_never_past_one() {
        let many = Experience { healed: 10_000, ..Experience::default() }.calibrate(confidence(0.3));
        assert!((0.99..=1.0).contains(&many));
    }

    #[test]
    fn a_plugin_name_may_hold_an_at_sign() {
        assert_eq!(name_of("a@b@1.0.0"), "a@b");
        assert_eq!(name_of("plain"), "plain");
    }
}
