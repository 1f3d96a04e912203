//! Holds findings and diagnoses against the truth: which finding answers which expectation, and at which level its place
//! is right. `docs/evaluation-suites.md` states the rules.

use crate::model::{Capability, Diagnosis, Finding};

use super::result::Levels;
use super::suite::{Answer, Expect, Tolerated};

/// What is held against the truth: a finding of the loop, or a simple method's alarm.
#[derive(Clone, Debug)]
pub(super) struct Claim<'a> {
    /// `None` for methods that know no capabilities; then none is asked for.
    pub capability: Option<Capability>,
    pub rule: &'a str,
    pub handler: &'a str,
    pub at: Option<Spot<'a>>,
}

/// Where the cause is said to lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot<'a> {
    pub path: &'a str,
    pub lines: Option<[u32; 2]>,
}

impl<'a> Claim<'a> {
    /// The diagnosis says where; without one, the finding's subject does.
    pub fn of(finding: &'a Finding, diagnosis: Option<&'a Diagnosis>) -> Self {
        let subject = finding
            .subject
            .path
            .as_ref()
            .map(|path| Spot { path: path.as_str(), lines: finding.subject.line.map(|line| [line, line]) });
        let at = diagnosis.map(Spot::of).or(subject);
        Self { capability: Some(finding.capability), rule: &finding.rule, handler: &finding.subject.handler, at }
    }
}

impl<'a> Spot<'a> {
    pub fn of(diagnosis: &'a Diagnosis) -> Self {
        let location = &diagnosis.location;
        Self { path: location.path.as_str(), lines: Some([location.start_line, location.end_line]) }
    }
}

/// What each claim is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It answers this expectation.
    Answers(usize),
    /// Another claim answers the same expectation better.
    Repeats(usize),
    /// It counts neither way.
    Uncounted,
    /// Nothing stands behind it.
    False,
}

/// Gives each claim its role. One expectation is answered by one claim, the best match first.
pub(super) fn roles(
    expects: &[Expect],
    tolerate: &[Tolerated],
    judged: &dyn Fn(Capability) -> bool,
    claims: &[Claim<'_>],
) -> Vec<Role> {
    let mut matches = Vec::new();
    for (expect, Expect { answers, .. }) in expects.iter().enumerate() {
        for (claim, made) in claims.iter().enumerate() {
            if let Some(quality) = answers.iter().filter_map(|answer| quality(answer, made)).max() {
                matches.push((std::cmp::Reverse(quality), expect, claim));
            }
        }
    }
    matches.sort_unstable();
    let mut roles: Vec<Option<Role>> = vec![None; claims.len()];
    let mut answered = vec![false; expects.len()];
    for (_, expect, claim) in &matches {
        if !answered[*expect] && roles[*claim].is_none() {
            answered[*expect] = true;
            roles[*claim] = Some(Role::Answers(*expect));
        }
    }
    let rest = |(claim, role): (usize, Option<Role>)| {
        let made = &claims[claim];
        let counts = made.capability.is_none_or(judged) && !tolerate.iter().any(|one| is_tolerated(one, made));
        role.unwrap_or_else(|| match matches.iter().find(|(_, _, other)| *other == claim) {
            _ if !counts => Role::Uncounted,
            Some((_, expect, _)) => Role::Repeats(*expect),
            None => Role::False,
        })
    };
    roles.into_iter().enumerate().map(rest).collect()
}

/// How well a claim answers; `None` when it doesn't.
fn quality(answer: &Answer, claim: &Claim<'_>) -> Option<u32> {
    let capability = claim.capability.is_none() || claim.capability == answer.capability;
    let rule = claim.capability.is_none() || answer.rules.is_empty() || answer.rules.iter().any(|r| r == claim.rule);
    if !capability || !rule {
        return None;
    }
    let handler = answer.handler.as_ref().is_some_and(|handler| same_name(handler, claim.handler));
    let Levels { file, function, line } = levels(answer, claim.at);
    let (file, function, line) = (file == Some(true), function == Some(true), line == Some(true));
    let in_place = file && (function || line || (answer.function_lines.is_none() && answer.lines.is_none()));
    let asks_nothing = answer.handler.is_none() && answer.path.is_none();
    let quality = 8 * u32::from(handler) + 4 * u32::from(line) + 2 * u32::from(function) + u32::from(file);
    (handler || in_place || asks_nothing).then_some(quality)
}

/// Whether two names mean one handler: the same, or the same last name where one is qualified.
pub(super) fn same_name(one: &str, other: &str) -> bool {
    one == other || last(one) == last(other)
}

/// A route or a title is one name.
fn last(name: &str) -> &str {
    if name.contains(char::is_whitespace) {
        return name;
    }
    name.rsplit(['.', ':', '#']).find(|part| !part.is_empty()).unwrap_or(name)
}

fn is_tolerated(one: &Tolerated, claim: &Claim<'_>) -> bool {
    let Tolerated { capability, rules, handler, path } = one;
    capability.is_none_or(|capability| claim.capability.is_none_or(|claimed| claimed == capability))
        && (rules.is_empty() || claim.capability.is_none() || rules.iter().any(|rule| rule == claim.rule))
        && handler.as_ref().is_none_or(|handler| same_name(handler, claim.handler))
        && path.as_ref().is_none_or(|path| claim.at.is_some_and(|at| at.path == path.as_str()))
}

/// At which levels a place is right.
pub(super) fn levels(answer: &Answer, at: Option<Spot<'_>>) -> Levels {
    let Some(path) = &answer.path else { return Levels::default() };
    let in_file = at.filter(|at| at.path == path.as_str());
    let lines = in_file.and_then(|at| at.lines);
    let begins_in = |[first, last]: [u32; 2]| lines.is_some_and(|[start, _]| (first..=last).contains(&start));
    let overlaps = |[first, last]: [u32; 2]| lines.is_some_and(|[start, end]| start <= last && end >= first);
    Levels {
        file: Some(in_file.is_some()),
        function: answer.function_lines.map(begins_in),
        line: answer.lines.map(overlaps),
    }
}

/// The best that any of the answers makes of a place. All are as right, so a level counts where one of them has it.
pub(super) fn best_levels(answers: &[Answer], at: Option<Spot<'_>>) -> Levels {
    let rank = |levels: &Levels| {
        [levels.file, levels.function, levels.line].into_iter().filter(|level| *level == Some(true)).count()
    };
    // The first of the best: where nothing is right, what the planted truth asks for stays asked for.
    let all = answers.iter().map(|answer| levels(answer, at));
    all.reduce(|best, next| if rank(&next) > rank(&best) { next } else { best }).unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use globset::GlobSet;

    use super::*;
    use crate::model::RepoPath;

    fn answer(handler: Option<&str>, path: Option<&str>, lines: Option<[u32; 2]>) -> Answer {
        Answer {
            capability: Some(Capability::Error),
            handler: handler.map(str::to_owned),
            path: path.map(|path| RepoPath::new(path).unwrap()),
            lines,
            ..Answer::default()
        }
    }

    fn expect(answers: Vec<Answer>) -> Expect {
        Expect { answers, touches: GlobSet::empty(), fix: true, hidden: Vec::new() }
    }

    fn claim<'a>(handler: &'a str, path: &'a str, line: u32) -> Claim<'a> {
        let at = Some(Spot { path, lines: Some([line, line]) });
        Claim { capability: Some(Capability::Error), rule: "r", handler, at }
    }

    #[test]
    fn the_best_match_answers_and_a_second_one_repeats() {
        let expects = [expect(vec![answer(Some("pay"), Some("a.js"), Some([5, 6]))])];
        let claims = [claim("pay", "b.js", 1), claim("Shop.pay", "a.js", 6), claim("other", "a.js", 9)];
        let found = roles(&expects, &[], &|_| true, &claims);
        assert_eq!(found, [Role::Repeats(0), Role::Answers(0), Role::False]);
    }

    #[test]
    fn the_cause_may_lie_elsewhere_than_the_handler() {
        let expects = [expect(vec![answer(Some("pay"), Some("money.js"), Some([5, 6]))])];
        assert_eq!(roles(&expects, &[], &|_| true, &[claim("checkout", "money.js", 5)]), [Role::Answers(0)]);
        assert_eq!(roles(&expects, &[], &|_| true, &[claim("checkout", "money.js", 9)]), [Role::False]);
    }

    #[test]
    fn another_answer_is_as_right() {
        let mut or = answer(Some("refund"), None, None);
        or.capability = Some(Capability::State);
        let expects = [expect(vec![answer(Some("pay"), None, None), or])];
        let mut other = claim("refund", "x.js", 1);
        assert_eq!(roles(&expects, &[], &|_| true, &[other.clone()]), [Role::False]);
        other.capability = Some(Capability::State);
        assert_eq!(roles(&expects, &[], &|_| true, &[other]), [Role::Answers(0)]);
    }

    #[test]
    fn what_is_not_judged_or_tolerated_counts_neither_way() {
        let tolerated = Tolerated { capability: None, rules: vec![], handler: Some("slow".into()), path: None };
        let claims = [claim("slow", "a.js", 1), claim("odd", "a.js", 1)];
        assert_eq!(roles(&[], &[tolerated], &|_| true, &claims), [Role::Uncounted, Role::False]);
        assert_eq!(roles(&[], &[], &|_| false, &claims), [Role::Uncounted, Role::Uncounted]);
    }

    #[test]
    fn names_are_compared_by_their_last_part_and_routes_as_a_whole() {
        assert!(same_name("shop.cart.total", "total") && same_name("Cart::total", "Cart.total"));
        assert!(!same_name("GET /a.b", "GET /c.b") && !same_name("total", "subtotal"));
    }

    #[test]
    fn levels_are_judged_where_the_truth_has_them() {
        let mut truth = answer(None, Some("a.js"), Some([5, 6]));
        truth.function_lines = Some([1, 9]);
        let at = |path, lines| levels(&truth, Some(Spot { path, lines }));
        let level = |file, function, line| Levels { file, function, line };
        assert_eq!(at("a.js", Some([6, 8])), level(Some(true), Some(true), Some(true)));
        assert_eq!(at("a.js", Some([8, 8])), level(Some(true), Some(true), Some(false)));
        assert_eq!(at("a.js", None), level(Some(true), Some(false), Some(false)));
        assert_eq!(at("b.js", Some([6, 6])), level(Some(false), Some(false), Some(false)));
        assert_eq!(levels(&answer(Some("x"), None, None), None), Levels::default());
    }
}
