//! `docs/evaluation.md`: the figures of an evaluation against what thymus set itself, and everything that went wrong in a
//! line. `docs/eval.schema.json` says what is read here.

use std::fmt::Write as _;

use serde_json::Value;

/// A target: which figure of a capability has to reach what.
struct Target {
    what: &'static str,
    figure: &'static str,
    least: f64,
}

/// Lines of one list.
const LINES: usize = 40;

/// The page, of results and the commit they are of.
pub fn page(evaluation: &Value, commit: &str) -> String {
    let mut text = String::from("# Evaluation\n\n");
    let _ = writeln!(
        text,
        "Made by `cargo xtask eval`: do not edit. {}, {}, {} processors, thymus {}, commit {commit}; {} of {} cases, {:.0} minutes.\n\
         What the words mean: [evaluation-suites.md](evaluation-suites.md). Brackets hold 95 % intervals (Wilson; order statistics \
         for medians).\n",
        words(&evaluation["started"]),
        words(&evaluation["machine"]["system"]),
        evaluation["machine"]["processors"],
        words(&evaluation["thymus"]),
        list(&evaluation["cases"]).len(),
        evaluation["planned"],
        number(&evaluation["seconds"]) / 60.0
    );
    suites(&mut text, evaluation);
    capabilities(&mut text, evaluation);
    targets(&mut text, evaluation);
    simple(&mut text, &evaluation["scores"][0]);
    trouble(&mut text, evaluation);
    text
}

fn suites(text: &mut String, evaluation: &Value) {
    text.push_str("| suite | cases | what it is | source |\n|---|---|---|---|\n");
    for suite in list(&evaluation["suites"]) {
        let (name, about, source) = (words(&suite["name"]), words(&suite["description"]), words(&suite["source"]));
        let _ = writeln!(text, "| {name} | {} | {about} | {source} |", suite["cases"]);
    }
    text.push_str("\n## By capability\n\n");
}

fn name(score: &Value) -> &str {
    score["capability"].as_str().unwrap_or("all")
}

fn capabilities(text: &mut String, evaluation: &Value) {
    let figures = [
        ("found", "recall"),
        ("true findings", "precision"),
        ("file", "file"),
        ("function", "function"),
        ("line", "line"),
        ("with a fix", "fixed"),
        ("fixes right", "right"),
    ];
    let heads: Vec<&str> = figures.iter().map(|(head, _)| *head).collect();
    let _ = writeln!(text, "| | {} | time, worst | beyond own tests |", heads.join(" | "));
    let _ = writeln!(text, "|---{}|", "|---".repeat(figures.len() + 2));
    for score in list(&evaluation["scores"]) {
        let cells: Vec<String> = figures.iter().map(|(_, figure)| share(&score[*figure])).collect();
        let (time, beyond) = (middle(&score["time"]), middle(&score["beyond_tests"]));
        let _ = writeln!(text, "| {} | {} | {time} | {beyond} |", name(score), cells.join(" | "));
    }
    let all = &evaluation["scores"][0];
    let saved = &all["saved"];
    let _ = writeln!(
        text,
        "\nClean windows: {}, false alarms in them: {}, critical ones: {}. Expected calibration error: findings {}, fixes {}. A \
         person's time saved, under the suites' assumptions: {:.0} minutes ({:.0} by hand, less {:.0} reviewing and {:.0} on \
         false alarms).\n",
        all["clean_windows"],
        all["clean_alarms"],
        all["clean_critical"],
        error(&all["findings"]),
        error(&all["fixes"]),
        number(&saved["minutes"]),
        number(&saved["by_hand"]),
        number(&saved["reviewing"]),
        number(&saved["alarms"])
    );
}

fn targets(text: &mut String, evaluation: &Value) {
    text.push_str("## Against the targets\n\n| target | of | reached | |\n|---|---|---|---|\n");
    for score in list(&evaluation["scores"]).iter().filter(|score| !score["capability"].is_null()) {
        let recall = if name(score) == "performance" { 0.95 } else { 0.9 };
        for Target { what, figure, least } in [
            Target { what: "issues found", figure: "recall", least: recall },
            Target { what: "issues with a fix", figure: "fixed", least: 0.8 },
            Target { what: "fixes right", figure: "right", least: 0.95 },
        ] {
            let reached = &score[figure];
            let met = reached["share"].as_f64().map(|value| value >= least);
            let _ = writeln!(
                text,
                "| {what} ≥ {:.0} % | {} | {} | {} |",
                least * 100.0,
                name(score),
                share(reached),
                word(met)
            );
        }
    }
    let all = &evaluation["scores"][0];
    let windows = number(&all["clean_windows"]);
    let quiet = number(&all["clean_critical"]) == 0.0;
    let met = if quiet && windows < 500.0 { None } else { Some(quiet) };
    let _ = writeln!(
        text,
        "| no critical false alarm in 500 clean windows | all | {} in {windows:.0} | {} |",
        all["clean_critical"],
        word(met)
    );
    let median = all["beyond_tests"]["median"].as_f64();
    let _ = writeln!(
        text,
        "| median time beyond own tests < 60 s | all | {} | {} |\n",
        middle(&all["beyond_tests"]),
        word(median.map(|median| median < 60.0))
    );
}

fn word(met: Option<bool>) -> &'static str {
    match met {
        Some(true) => "met",
        Some(false) => "**missed**",
        None => "too little to say",
    }
}

fn simple(text: &mut String, all: &Value) {
    text.push_str(
        "## Against simple methods\n\n| detection | found | true alarms | clean windows alarmed |\n|---|---|---|---|\n",
    );
    let _ = writeln!(
        text,
        "| thymus | {} | {} | {} |",
        share(&all["recall"]),
        share(&all["precision"]),
        share(&all["alarmed"])
    );
    for one in list(&all["simple"]) {
        let (recall, precision, alarmed) = (share(&one["recall"]), share(&one["precision"]), share(&one["alarmed"]));
        let _ = writeln!(text, "| {} | {recall} | {precision} | {alarmed} |", words(&one["name"]));
    }
    text.push_str("\n| diagnosis of what was found | file | function | line |\n|---|---|---|---|\n");
    for (who, levels) in [("thymus", all), ("last stack frame", &all["last_frame"])] {
        let (file, function, line) = (share(&levels["file"]), share(&levels["function"]), share(&levels["line"]));
        let _ = writeln!(text, "| {who} | {file} | {function} | {line} |");
    }
    if number(&all["first"]["of"]) > 0.0 {
        let _ = writeln!(
            text,
            "\nSeries: named first {}, among the first three {}.",
            share(&all["first"]),
            share(&all["first_three"])
        );
    }
    let _ = writeln!(
        text,
        "\nNo fix: the hidden checks hold all the same in {} of the issues whose fix was judged.\n",
        share(&all["no_fix"])
    );
}

/// Everything that went wrong, in a line each.
fn trouble(text: &mut String, evaluation: &Value) {
    let (mut missed, mut alarms, mut wrong, mut broken) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for case in list(&evaluation["cases"]) {
        let of = format!("`{}/{}`", words(&case["suite"]), words(&case["case"]));
        let mut fix_of = |fix: &Value| {
            if fix["state"] == "wrong" {
                wrong.push(format!("{of}: {}: {}", words(&fix["title"]), words(&fix["why"])));
            }
        };
        for issue in list(&case["issues"]) {
            if issue["found"].is_null() {
                let (capability, at) = (words(&issue["capability"]), words(&issue["truth"]["handler"]));
                missed.push(format!("{of}: {capability} at {at}"));
            }
            fix_of(&issue["fix"]);
        }
        for alarm in list(&case["false_alarms"]) {
            let (capability, title) = (words(&alarm["finding"]["capability"]), words(&alarm["finding"]["title"]));
            alarms.push(format!("{of}: {capability}: {title}"));
            fix_of(&alarm["fix"]);
        }
        if !case["error"].is_null() {
            broken.push(format!("{of}: {}", words(&case["error"])));
        }
    }
    for (head, lines) in
        [("Missed", missed), ("False alarms", alarms), ("Wrong fixes", wrong), ("Could not be run", broken)]
    {
        if lines.is_empty() {
            continue;
        }
        let _ = writeln!(text, "## {head} ({})\n", lines.len());
        for line in lines.iter().take(LINES) {
            let _ = writeln!(text, "- {line}");
        }
        if lines.len() > LINES {
            let _ = writeln!(
                text,
                "- and {} more; `cargo xtask eval` writes all of them to target/evaluation",
                lines.len() - LINES
            );
        }
        text.push('\n');
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(0.0)
}

fn share(value: &Value) -> String {
    let (Some(share), Some(low), Some(high)) = (value["share"].as_f64(), value["low"].as_f64(), value["high"].as_f64())
    else {
        return "–".to_owned();
    };
    let percent = |share: f64| share * 100.0;
    format!("{:.1} % [{:.0}–{:.0}] {}/{}", percent(share), percent(low), percent(high), value["hits"], value["of"])
}

fn middle(value: &Value) -> String {
    let (Some(median), Some(worst)) = (value["median"].as_f64(), value["worst"].as_f64()) else {
        return "–".to_owned();
    };
    let ends = value["low"].as_f64().zip(value["high"].as_f64());
    let ends = ends.map_or(String::new(), |(low, high)| format!(" [{low:.0}–{high:.0}]"));
    format!("{median:.1} s{ends}, {worst:.1} s")
}

fn error(calibration: &Value) -> String {
    calibration["error"].as_f64().map_or("–".to_owned(), |error| format!("{error:.3}"))
}

/// Text of others in a cell or a line of Markdown: nothing in it may become markup, a link or another line.
fn words(value: &Value) -> String {
    let mut text = String::new();
    for c in value.as_str().unwrap_or_default().chars().take(300) {
        if c.is_control() {
            text.push(' ');
        } else {
            if matches!(c, '|' | '<' | '>' | '[' | ']' | '*' | '_' | '`' | '\\' | '#' | '!' | '&') {
                text.push('\\');
            }
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_missed_is_said() {
        let share = |hits: u32, of: u32| json!({ "hits": hits, "of": of, "share": f64::from(hits) / f64::from(of), "low": 0.1, "high": 0.9 });
        let score =
            json!({ "capability": "error", "recall": share(1, 2), "fixed": share(9, 10), "right": share(19, 20) });
        let all = json!({ "capability": null, "clean_windows": 3, "clean_critical": 0, "beyond_tests": { "median": 70.0, "worst": 80.0 } });
        let alarm = json!({ "finding": { "capability": "error", "title": "x | <b>" }, "fix": { "state": "absent" } });
        let case = json!({ "suite": "s", "case": "c", "error": null, "issues": [], "false_alarms": [alarm] });
        let page = page(&json!({ "scores": [all, score], "cases": [case], "planned": 1 }), "abc");
        assert!(page.contains("| issues found ≥ 90 % | error | 50.0 % [10–90] 1/2 | **missed** |"), "{page}");
        assert!(page.contains("| fixes right ≥ 95 % | error | 95.0 % [10–90] 19/20 | met |"), "{page}");
        assert!(page.contains("| all | 0 in 3 | too little to say |"), "{page}");
        assert!(page.contains("70.0 s, 80.0 s | **missed** |"), "{page}");
        assert!(page.contains("- `s/c`: error: x \\| \\<b\\>"), "{page}");
    }
}
