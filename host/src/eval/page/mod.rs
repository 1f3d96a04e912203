//! The evaluation as one page of HTML that needs nothing else: figures, plots, and every miss, false alarm and wrong fix
//! with its evidence.

mod detail;
mod plot;
mod text;

use std::fmt::Write as _;

use super::compare::Changed;
use super::result::{Evaluation, FixState};
use super::score::{Measured, Score};
use super::statistics::Calibration;

use text::{duration, escape, interval, minutes, percent, share};

const STYLE: &str = include_str!("style.css");
const METHOD: &str = "<p>A case is one run of the loop that <code>thymus heal</code> runs, in a repository and a state of \
its own. <b>Found</b>, <b>diagnosed</b> and <b>right</b> mean what docs/evaluation-suites.md says: a right fix passes the \
hidden checks and the project's whole test suite, and touches nothing else. Time counts from the window's end; recordings \
lie in the past, so that is the moment the loop begins.</p>\
<p>Intervals are of 95 %: Wilson's score interval for shares (1927), order statistics for medians (Conover 1999, §3.2). \
Calibration is the expected calibration error over ten bins (Naeini et al. 2015). Runs are compared with McNemar's exact test \
(1947). Simple methods: <b>fixed threshold</b> (a 95th percentile above 1 s, or more than 5 % errors in ten executions or \
more), <b>three sigma</b> (Shewhart's X̄ and p charts, 1931, limits from the baseline), <b>last stack frame</b> (the innermost \
frame in the repository of the handler's most frequent stack trace), <b>no fix</b> (the hidden checks, on the tree as it was).</p>";

/// Writes the page.
pub fn page(evaluation: &Evaluation) -> String {
    let mut html = String::from("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    html.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    html.push_str(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
    );
    let _ = write!(html, "<title>thymus eval</title><style>{STYLE}</style></head><body><main>");
    head(&mut html, evaluation);
    if let Some(all) = evaluation.scores.first() {
        tiles(&mut html, all);
        capabilities(&mut html, &evaluation.scores);
        plots(&mut html, evaluation, all);
        simple(&mut html, &evaluation.scores, all);
    }
    comparison(&mut html, evaluation);
    detail::sections(&mut html, &evaluation.cases);
    detail::cases(&mut html, &evaluation.cases);
    about(&mut html, evaluation);
    html + "</main></body></html>\n"
}

fn head(html: &mut String, evaluation: &Evaluation) {
    let Evaluation { thymus, started, seconds, machine, plugins, .. } = evaluation;
    let names: Vec<String> = plugins.iter().map(|plugin| format!("{} {}", plugin.name, plugin.version)).collect();
    let _ = write!(
        html,
        "<h1>How well thymus heals</h1><p class=\"meta\">{} cases in {} suite(s), {}, thymus {}, {}, {} processors, {} in all. \
         Plugins: {}.</p>",
        evaluation.cases.len(),
        evaluation.suites.len(),
        escape(started),
        escape(thymus),
        escape(&machine.system),
        machine.processors,
        duration(*seconds),
        escape(&names.join(", "))
    );
    if evaluation.partial {
        let _ = write!(
            html,
            "<p class=\"notice\">Stopped on request: {} of {} cases were run. The figures are of those.</p>",
            evaluation.cases.len(),
            evaluation.planned
        );
    }
    let broken = evaluation.cases.iter().filter(|case| case.error.is_some()).count();
    if broken > 0 {
        let _ = write!(html, "<p class=\"notice\">{broken} case(s) could not be run and count nowhere; see below.</p>");
    }
}

fn tiles(html: &mut String, all: &Score) {
    html.push_str("<div class=\"tiles\">");
    let mut tile = |what: &str, value: &str, more: &str| {
        let _ = write!(html, "<div class=\"tile\"><span>{what}</span><b>{value}</b><span>{more}</span></div>");
    };
    for (what, share) in [
        ("issues found", &all.recall),
        ("findings that are true", &all.precision),
        ("issues with a right fix", &all.healed),
        ("proposed fixes that are right", &all.right),
    ] {
        let value = share.share.map_or("–".to_owned(), percent);
        tile(what, &value, &format!("{} of {}{}", share.hits, share.of, interval(share)));
    }
    let alarms = format!("in {} clean windows, {} critical", all.clean_windows, all.clean_critical);
    tile("false alarms", &all.clean_alarms.to_string(), &alarms);
    let (median, worst) = match &all.time {
        Some(time) => (duration(time.median), format!("worst {}", duration(time.worst))),
        None => ("–".to_owned(), "no patch was proved".to_owned()),
    };
    tile("median time to a proved patch", &median, &worst);
    html.push_str("</div>");
}

fn name(score: &Score) -> String {
    score.capability.map_or("all".to_owned(), |capability| capability.to_string())
}

fn capabilities(html: &mut String, scores: &[Score]) {
    html.push_str("<h2>By capability</h2><div class=\"scroll\"><table><tr><th></th>");
    for head in
        ["found", "true findings", "file", "function", "line", "with a fix", "fixes right", "time, worst", "saved"]
    {
        let _ = write!(html, "<th class=\"n\">{head}</th>");
    }
    html.push_str("</tr>");
    for score in scores {
        let class = if score.capability.is_none() { " class=\"all\"" } else { "" };
        let _ = write!(html, "<tr{class}><td>{}</td>", name(score));
        let shares =
            [&score.recall, &score.precision, &score.file, &score.function, &score.line, &score.fixed, &score.right];
        for one in shares {
            let _ = write!(html, "<td class=\"n\">{}</td>", share(one));
        }
        let time = score.time.map_or("–".to_owned(), |time| {
            let ends = time.low.zip(time.high);
            let ends = ends.map_or(String::new(), |(low, high)| format!(", {}–{}", duration(low), duration(high)));
            let (median, worst) = (duration(time.median), duration(time.worst));
            format!("{median}, {worst} <small>{} patches{ends}</small>", time.of)
        });
        let _ = write!(html, "<td class=\"n\">{time}</td><td class=\"n\">{}</td></tr>", minutes(score.saved.minutes));
    }
    html.push_str("</table></div><p class=\"soft\">Below each share: how many of how many, and its 95 % interval. Diagnoses are of the \
                   issues that were found.</p>");
}

fn plots(html: &mut String, evaluation: &Evaluation, all: &Score) {
    let _ = write!(
        html,
        "<h2>Plots</h2><div class=\"plots\"><div class=\"card wide\"><h3>Found, and true</h3>{}</div>",
        plot::bars(&evaluation.scores, &name)
    );
    if let Some(time) = &all.time {
        let times: Vec<f64> =
            evaluation.cases.iter().flat_map(super::CaseResult::fixes).filter_map(|fix| fix.seconds).collect();
        let _ = write!(
            html,
            "<div class=\"card wide\"><h3>Time from the window's end to a proved patch</h3>{}<p class=\"soft\">The share of patches \
             that were proved by then; the band is the median's interval.</p></div>",
            plot::times(time, &times)
        );
    }
    for (title, calibration) in [("Are findings as sure as they say?", &all.findings), ("Are fixes?", &all.fixes)] {
        let _ = write!(
            html,
            "<div class=\"card\"><h3>{title}</h3>{}<p class=\"soft\">{}</p></div>",
            plot::reliability(title, calibration),
            calibrated(calibration)
        );
    }
    html.push_str("</div>");
}

fn calibrated(calibration: &Calibration) -> String {
    let of: u64 = calibration.bins.iter().map(|bin| bin.right.of).sum();
    match calibration.error {
        None => "There is nothing to judge.".to_owned(),
        Some(error) => format!(
            "How often {of} statements were right, by stated confidence. Expected calibration error {error:.3}; below the line \
             is boasting, above it modesty."
        ),
    }
}

fn simple(html: &mut String, scores: &[Score], all: &Score) {
    html.push_str("<h2>Against simple methods</h2><div class=\"scroll\"><table><tr><th>detection</th><th class=\"n\">issues found</th>\
                   <th class=\"n\">true alarms</th><th class=\"n\">clean windows with a false alarm</th></tr>");
    let mut row =
        |name: &str, recall: &super::Share, precision: Option<&super::Share>, alarmed: Option<&super::Share>| {
            let cell = |one: Option<&super::Share>| one.map_or("–".to_owned(), share);
            let _ = write!(
                html,
                "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
                escape(name),
                share(recall),
                cell(precision),
                cell(alarmed)
            );
        };
    row("thymus", &all.recall, Some(&all.precision), Some(&all.alarmed));
    for Measured { name, recall, precision, alarmed } in &all.simple {
        row(name, recall, precision.as_ref(), alarmed.as_ref());
    }
    html.push_str(
        "</table></div><div class=\"scroll\"><table><tr><th>diagnosis of what was found</th><th class=\"n\">file</th>\
                   <th class=\"n\">function</th><th class=\"n\">line</th></tr>",
    );
    let levels = &all.last_frame;
    for (who, file, function, line) in [
        ("thymus", &all.file, &all.function, &all.line),
        ("last stack frame", &levels.file, &levels.function, &levels.line),
    ] {
        let _ = write!(
            html,
            "<tr><td>{who}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            share(file),
            share(function),
            share(line)
        );
    }
    html.push_str("</table></div>");
    if all.first.of > 0 {
        let _ = write!(
            html,
            "<p>In series, the guilty one is named first in {} of {} and among the first three in {}.</p>",
            all.first.hits, all.first.of, all.first_three.hits
        );
    }
    if all.no_fix.of > 0 {
        let _ = write!(
            html,
            "<p>No fix: of {} issues whose fix was judged, the hidden checks hold in {} without any.</p>",
            all.no_fix.of, all.no_fix.hits
        );
    }
    if scores.len() > 2 {
        html.push_str("<details><summary>Issues found, by capability</summary><div class=\"scroll\"><table><tr><th></th><th class=\"n\">thymus</th>");
        for Measured { name, .. } in &all.simple {
            let _ = write!(html, "<th class=\"n\">{}</th>", escape(name));
        }
        html.push_str("</tr>");
        for score in scores.iter().skip(1) {
            let _ = write!(html, "<tr><td>{}</td><td class=\"n\">{}</td>", name(score), share(&score.recall));
            for Measured { recall, .. } in &score.simple {
                let _ = write!(html, "<td class=\"n\">{}</td>", share(recall));
            }
            html.push_str("</tr>");
        }
        html.push_str("</table></div></details>");
    }
}

fn comparison(html: &mut String, evaluation: &Evaluation) {
    let Some(comparison) = &evaluation.comparison else { return };
    let _ = write!(
        html,
        "<h2>Since {}</h2><p>{} case(s) better, {} worse, {} mixed, {} the same, {} in only one of the two runs. Chance alone makes such a \
         difference with p = {:.3}.</p>",
        escape(&comparison.previous),
        comparison.better,
        comparison.worse,
        comparison.mixed,
        comparison.same,
        comparison.only_one,
        comparison.p
    );
    if comparison.changes.is_empty() {
        return;
    }
    html.push_str("<div class=\"scroll\"><table>");
    for change in &comparison.changes {
        let (class, word) = match change.changed {
            Changed::Better => ("good", "better"),
            Changed::Worse => ("bad", "worse"),
            Changed::Mixed => ("wait", "mixed"),
        };
        let _ = write!(
            html,
            "<tr><td>{}</td><td class=\"{class}\">{word}</td><td>{}</td></tr>",
            escape(&change.case),
            escape(&change.what.join("; "))
        );
    }
    html.push_str("</table></div>");
}

fn about(html: &mut String, evaluation: &Evaluation) {
    let _ = write!(
        html,
        "<h2>How it was measured</h2>{METHOD}<div class=\"scroll\"><table><tr><th>suite</th><th class=\"n\">cases</th><th>what it is</th>\
                   <th class=\"n\">by hand</th><th class=\"n\">to review</th><th class=\"n\">a false alarm</th></tr>"
    );
    for suite in &evaluation.suites {
        let a = &suite.assumptions;
        let _ = write!(
            html,
            "<tr><td>{}</td><td class=\"n\">{}</td><td>{} <small>{}</small></td>",
            escape(&suite.name),
            suite.cases,
            escape(&suite.description),
            escape(&suite.source)
        );
        for assumed in [a.minutes_by_hand, a.minutes_to_review, a.minutes_per_false_alarm] {
            let _ = write!(html, "<td class=\"n\">{}</td>", minutes(assumed));
        }
        html.push_str("</tr>");
    }
    html.push_str("</table></div><p class=\"soft\">The minutes are assumptions. Saved: by hand for each right fix, less the review of every \
                   proposed one and the time lost to false alarms.</p>");
}

/// How a fix's judgement is shown.
fn judged(state: FixState) -> (&'static str, &'static str) {
    match state {
        FixState::Absent => ("wait", "no fix"),
        FixState::NotDue => ("soft", "none asked for"),
        FixState::Right => ("good", "right"),
        FixState::Wrong => ("bad", "wrong"),
        FixState::NotJudged => ("wait", "not judged"),
    }
}
