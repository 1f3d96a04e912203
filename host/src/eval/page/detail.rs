//! The cases themselves: what was missed, what was claimed for no reason, which fixes are wrong, and all others in a table.

use std::fmt::Write as _;

use crate::eval::result::{CaseResult, FalseAlarm, Fix, FixState, Found, Issue, Place};

use super::judged;
use super::text::{diff, duration, escape, percent};

/// Everything that somebody should look at.
pub(super) fn sections(html: &mut String, cases: &[CaseResult]) {
    let broken = cases
        .iter()
        .filter(|case| case.error.is_some())
        .map(|case| card(&case.name(), &format!("<p>{}</p>", escape(case.error.as_deref().unwrap_or_default()))));
    section(html, "Could not be run", broken);
    let issues = || cases.iter().flat_map(|case| case.issues.iter().map(move |issue| (case, issue)));
    let alarms = || cases.iter().flat_map(|case| case.false_alarms.iter().map(move |alarm| (case, alarm)));
    let missed = issues()
        .filter(|(_, issue)| issue.found.is_none())
        .map(|(case, issue)| card(&title(case, issue), &miss(case, issue)));
    section(html, "Missed", missed);
    section(html, "False alarms", alarms().map(|(case, alarm)| card(&case.name(), &false_alarm(case, alarm))));
    let wrong_fixes = issues().filter(|(_, issue)| issue.fix.state == FixState::Wrong);
    let wrong_fixes = wrong_fixes.map(|(case, issue)| card(&title(case, issue), &with_fix(issue, true)));
    let of_alarms = alarms().filter(|(_, alarm)| alarm.fix.state == FixState::Wrong);
    let of_alarms = of_alarms.map(|(case, alarm)| card(&case.name(), &fix(&alarm.fix, true)));
    section(html, "Wrong fixes", wrong_fixes.chain(of_alarms));
    let off = issues().filter(|(_, issue)| issue.found.is_some() && issue.diagnosis.file == Some(false));
    section(
        html,
        "Diagnosed in another file, or not at all",
        off.map(|(case, issue)| card(&title(case, issue), &with_fix(issue, false))),
    );
    let blind = issues().filter(|(_, issue)| issue.fix.state == FixState::NotJudged);
    section(html, "Not judged", blind.map(|(case, issue)| card(&title(case, issue), &with_fix(issue, false))));
    let unhealed = issues().filter(|(_, issue)| issue.found.is_some() && issue.fix.state == FixState::Absent);
    section(
        html,
        "Found and not fixed",
        unhealed.map(|(case, issue)| card(&title(case, issue), &with_fix(issue, false))),
    );
}

fn section(html: &mut String, name: &str, cards: impl Iterator<Item = String>) {
    let cards: Vec<String> = cards.collect();
    if !cards.is_empty() {
        let _ = write!(html, "<h2>{name} ({})</h2>{}", cards.len(), cards.concat());
    }
}

fn card(title: &str, body: &str) -> String {
    format!("<div class=\"card\"><h3>{}</h3>{body}</div>", escape(title))
}

fn title(case: &CaseResult, issue: &Issue) -> String {
    let capability = issue.capability.map(|capability| capability.to_string()).unwrap_or_default();
    format!("{}: {capability}", case.name())
}

fn place(place: &Place) -> String {
    let mut parts = Vec::new();
    let lines =
        place.lines.map(|[first, last]| if first == last { format!(":{first}") } else { format!(":{first}–{last}") });
    if let Some(path) = &place.path {
        parts.push(format!("<code>{}{}</code>", escape(path), lines.unwrap_or_default()));
    }
    for (what, name) in [("in", &place.function), ("handler", &place.handler)] {
        if let Some(name) = name {
            parts.push(format!("{what} <code>{}</code>", escape(name)));
        }
    }
    parts.join(" ")
}

fn miss(case: &CaseResult, issue: &Issue) -> String {
    let mut body = format!("<dl><dt>the truth</dt><dd>{}</dd>", place(&issue.truth));
    if !case.note.is_empty() {
        let _ = write!(body, "<dt>note</dt><dd>{}</dd>", escape(&case.note));
    }
    if let Some(at) = case.issues.iter().position(|other| std::ptr::eq(other, issue)) {
        let others = case.yardsticks.iter().filter(|yardstick| yardstick.found.get(at) == Some(&true));
        let others: Vec<&str> = others.map(|yardstick| yardstick.name.as_str()).collect();
        if !others.is_empty() {
            let _ = write!(body, "<dt>found by</dt><dd>{}</dd>", escape(&others.join(", ")));
        }
    }
    body.push_str("</dl>");
    body + &warnings(case)
}

fn false_alarm(case: &CaseResult, alarm: &FalseAlarm) -> String {
    let mut body = String::new();
    if case.clean {
        body.push_str("<p class=\"soft\">Nothing is wrong in this window.</p>");
    } else if alarm.repeats {
        body.push_str("<p class=\"soft\">Another finding is of the same problem.</p>");
    }
    body.push_str(&found(&alarm.finding));
    body
}

fn found(found: &Found) -> String {
    let mut body = format!(
        "<dl><dt>claims</dt><dd>{}</dd><dt>by</dt><dd>{}, {} / {}, {}, confidence {}</dd><dt>subject</dt><dd><code>{}</code></dd>",
        escape(&found.title),
        escape(&found.plugin),
        found.capability,
        escape(&found.rule),
        found.severity,
        percent(found.confidence),
        escape(&found.subject)
    );
    if let Some(at) = &found.place {
        let _ = write!(body, "<dt>diagnosis</dt><dd>{} {}</dd>", place(at), escape(&found.explanation));
    }
    body.push_str("</dl>");
    if !found.evidence.is_empty() {
        body.push_str(&list("", &found.evidence));
    }
    body
}

fn with_fix(issue: &Issue, open: bool) -> String {
    let mut body = format!("<dl><dt>the truth</dt><dd>{}</dd></dl>", place(&issue.truth));
    if let Some(finding) = &issue.found {
        body.push_str(&found(finding));
    }
    body + &fix(&issue.fix, open)
}

fn fix(fix: &Fix, open: bool) -> String {
    let (class, word) = judged(fix.state);
    let mut body = format!("<p><b class=\"{class}\">{word}</b> {}</p>", escape(&fix.why));
    if !fix.evidence.is_empty() {
        let _ = write!(body, "<pre>{}</pre>", escape(&fix.evidence.join("\n")));
    }
    if let Some(gate) = fix.refused_by() {
        let _ = write!(body, "<p>Gate <b>{}</b> refused: {}</p>", escape(&gate.name), escape(&gate.detail));
        if !gate.evidence.is_empty() {
            let _ = write!(body, "<pre>{}</pre>", escape(&gate.evidence.join("\n")));
        }
    }
    if !fix.diff.is_empty() {
        let open = if open { " open" } else { "" };
        let _ = write!(body, "<details{open}><summary>{}</summary>{}</details>", escape(&fix.title), diff(&fix.diff));
    }
    body
}

fn warnings(case: &CaseResult) -> String {
    if case.warnings.is_empty() { String::new() } else { list(" class=\"wait\"", &case.warnings) }
}

fn list(attributes: &str, lines: &[String]) -> String {
    let mut html = format!("<ul{attributes}>");
    for line in lines {
        let _ = write!(html, "<li>{}</li>", escape(line));
    }
    html + "</ul>"
}

/// All of them, one a row; what was healed shows its diff when asked.
pub(super) fn cases(html: &mut String, cases: &[CaseResult]) {
    html.push_str(
        "<h2>All cases</h2><div class=\"scroll\"><table><tr><th>case</th><th>language</th><th>found</th><th>fix</th>\
                   <th class=\"n\">false alarms</th><th class=\"n\">time</th></tr>",
    );
    for case in cases {
        let found = case.issues.iter().filter(|issue| issue.found.is_some()).count();
        let all = case.issues.len();
        let what = match (&case.error, case.clean) {
            (Some(_), _) => "<span class=\"wait\">not run</span>".to_owned(),
            (None, true) => "clean".to_owned(),
            (None, false) => {
                let class = if found == all { "good" } else { "bad" };
                format!("<span class=\"{class}\">{found} of {all}</span>")
            }
        };
        let fixes: String = case.issues.iter().map(|issue| in_row(&issue.fix)).collect();
        let alarms = case.false_alarms.len();
        let class = if alarms > 0 { "n bad" } else { "n" };
        let _ = write!(
            html,
            "<tr><td>{}</td><td>{}</td><td>{what}</td><td>{fixes}</td><td class=\"{class}\">{alarms}</td><td class=\"n\">{}</td></tr>",
            escape(&case.name()),
            escape(&case.language),
            duration(case.seconds)
        );
    }
    html.push_str("</table></div>");
}

fn in_row(fix: &Fix) -> String {
    let (class, word) = judged(fix.state);
    if fix.state != FixState::Right {
        return format!("<div class=\"{class}\">{word}</div>");
    }
    format!(
        "<details><summary><span class=\"{class}\">{word}</span> {}</summary>{}</details>",
        escape(&fix.title),
        diff(&fix.diff)
    )
}
