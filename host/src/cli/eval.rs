//! `thymus eval`: labelled cases through the loop, a line a case while it runs, and the figures at the end.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::heal::stop_on_signals;
use super::paint::{BAD, DIM, GOOD, STRONG, WAITS, paint};
use super::place::{default_plugins, shown};
use super::{Complaint, Format, print, print_json};
use crate::eval::{self, CaseResult, EvalError, Evaluation, Fix, FixState, Middle, Score, Settings, Share, Step};
use crate::model::{Progress, inert_line};

/// Misses, false alarms and wrong fixes that are shown; the page has all.
const TROUBLE_LINES: usize = 60;

#[derive(Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Arguments {
    /// Folders with a suite.toml and labelled cases; docs/evaluation-suites.md says what is in them.
    #[arg(value_name = "SUITE", required = true)]
    suites: Vec<PathBuf>,
    /// Folders with plugins, or plugins themselves [default: `$XDG_DATA_HOME/thymus/plugins`].
    #[arg(long, value_name = "DIR", num_args = 1..)]
    plugins: Vec<PathBuf>,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Write results.json and index.html, a page with plots and all evidence, into this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Compare with an earlier evaluation's results.json.
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,
    /// Where compiled plugins and installed dependencies are kept for the next evaluation [default: nowhere].
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

const EXAMPLE: &str = "Example: thymus eval suites/npm suites/pypi --plugins target/plugins --out report/\n\n\
Exit status: 0 every case was run and judged; 1 some case could not be run, or it was stopped; 2 wrong usage or a wrong suite.";

pub(super) fn run(arguments: Arguments) -> Result<ExitCode, Complaint> {
    let absolute = |path: PathBuf| {
        std::path::absolute(&path).map_err(|error| Complaint::usage(format!("{}: {error}", shown(&path))))
    };
    let settings = Settings {
        suites: arguments.suites,
        plugins: if arguments.plugins.is_empty() { vec![default_plugins()?] } else { arguments.plugins },
        caches: arguments.state.map(absolute).transpose()?,
        previous: arguments.previous,
    };
    if let Some(out) = &arguments.out {
        std::fs::create_dir_all(out).map_err(|error| {
            Complaint::usage(format!("can't make {}: {error}", shown(out))).help("choose another folder with --out")
        })?;
    }
    let cancel = stop_on_signals()?;
    let teller = Teller::new();
    let evaluated = eval::evaluate(&settings, &cancel, &|step| teller.tell(&step));
    teller.bar.finish_and_clear();
    let evaluation = evaluated?;
    if let Some(out) = &arguments.out {
        write(out, &evaluation)?;
    }
    match arguments.format {
        Format::Json => print_json(&evaluation)?,
        Format::Human => print(&summary(&evaluation)),
    }
    if evaluation.partial {
        anstream::eprintln!("thymus: stopped, as asked; what was finished until then is reported");
    }
    let broken = evaluation.cases.iter().any(|case| case.error.is_some());
    Ok(ExitCode::from(u8::from(evaluation.partial || broken)))
}

fn write(out: &Path, evaluation: &Evaluation) -> Result<(), Complaint> {
    let json = serde_json::to_string_pretty(evaluation).map_err(|error| Complaint::failed(error.to_string()))?;
    for (name, text) in [("results.json", json), ("index.html", eval::page(evaluation))] {
        let path = out.join(name);
        std::fs::write(&path, text)
            .map_err(|error| Complaint::failed(format!("can't write {}: {error}", shown(&path))))?;
    }
    Ok(())
}

impl From<EvalError> for Complaint {
    fn from(error: EvalError) -> Self {
        Self::of(error.exit_status(), error)
    }
}

/// Says what goes on: a line a case, and below it what the loop does right now.
struct Teller {
    bar: ProgressBar,
    is_terminal: bool,
}

impl Teller {
    fn new() -> Self {
        let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
        let target = if is_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {wide_msg} {elapsed}") {
            bar.set_style(style);
        }
        if is_terminal {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Self { bar, is_terminal }
    }

    fn tell(&self, step: &Step<'_>) {
        match step {
            Step::Began { at, of, name } => {
                self.bar.set_prefix(format!("[{at}/{of}] {name}"));
                self.bar.set_message("");
            }
            Step::Doing(progress) => {
                if let Some(what) = doing(progress) {
                    self.bar.set_message(what);
                }
            }
            Step::Judging => self.bar.set_message("judging"),
            Step::Ended { at, of, result } => self.line(&format!("[{at}/{of}] {}", case_line(result))),
        }
    }

    fn line(&self, line: &str) {
        if self.is_terminal {
            let plain = anstream::AutoStream::choice(&std::io::stderr()) == anstream::ColorChoice::Never;
            let line = if plain { anstream::adapter::strip_str(line).to_string() } else { line.to_owned() };
            self.bar.println(line);
        } else {
            anstream::eprintln!("{line}");
        }
    }
}

/// What a person wants to know of the loop while it runs.
fn doing(progress: &Progress) -> Option<String> {
    Some(match progress {
        Progress::Reading { spans } => format!("reading telemetry: {spans} spans"),
        Progress::Calling { plugin, export, .. } => format!("{}: {}", inert_line(plugin), export.as_str()),
        Progress::GateStarted { case, name } => format!("{case}: {name}"),
        _ => return None,
    })
}

fn case_line(case: &CaseResult) -> String {
    let name = case.name();
    if let Some(error) = &case.error {
        return format!("{} {name} could not be run: {}", paint(WAITS, "!"), inert_line(error));
    }
    let found = case.issues.iter().filter(|issue| issue.found.is_some()).count();
    let count = |state: FixState| case.fixes().filter(|fix| fix.state == state).count();
    let mut words = Vec::new();
    if !case.clean {
        words.push(format!("found {found} of {}", case.issues.len()));
    }
    let parts = [
        (count(FixState::Right), "right fix(es)"),
        (count(FixState::Wrong), "WRONG fix(es)"),
        (count(FixState::NotJudged), "fix(es) not judged"),
        (case.false_alarms.len(), "false alarm(s)"),
    ];
    words.extend(parts.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")));
    if words.is_empty() {
        words.push("nothing found, as it should be".to_owned());
    }
    let good = found == case.issues.len() && case.false_alarms.is_empty() && count(FixState::Wrong) == 0;
    let sign = if good { paint(GOOD, "✓") } else { paint(BAD, "✗") };
    let time = paint(DIM, duration(case.seconds));
    format!("{sign} {name}  {}  {time}", words.join(", "))
}

/// The figures for a person.
fn summary(evaluation: &Evaluation) -> String {
    let mut text = String::new();
    let ran = evaluation.cases.iter().filter(|case| case.error.is_none()).count();
    let _ = writeln!(
        text,
        "\n{} of {} cases in {} suite(s), in {}",
        ran,
        evaluation.planned,
        evaluation.suites.len(),
        duration(evaluation.seconds)
    );
    let heads = ["", "found", "true findings", "file", "function", "line", "with a fix", "fixes right"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    for score in &evaluation.scores {
        let shares =
            [&score.recall, &score.precision, &score.file, &score.function, &score.line, &score.fixed, &score.right];
        let name = score.capability.map_or("all".to_owned(), |capability| capability.to_string());
        rows.push(std::iter::once(name).chain(shares.into_iter().map(share)).collect());
    }
    text.push('\n');
    table(&mut text, &rows);
    if let Some(all) = evaluation.scores.first() {
        whole(&mut text, all);
    }
    comparison(&mut text, evaluation);
    trouble(&mut text, evaluation);
    text
}

/// What is said once, of everything.
fn whole(text: &mut String, all: &Score) {
    let mut row = |what: &str, said: String| {
        let _ = writeln!(text, "  {} {said}", paint(DIM, format!("{what:<18}")));
    };
    row(
        "clean windows",
        format!("{}: {} false alarm(s), {} critical", all.clean_windows, all.clean_alarms, all.clean_critical),
    );
    if let Some(time) = &all.time {
        row("time to a patch", middle(time));
    }
    if let Some(time) = &all.beyond_tests {
        row("beyond own tests", middle(time));
    }
    if all.not_judged > 0 {
        row("not judged", format!("{} fix(es): the hidden checks hold without them too", all.not_judged));
    }
    if all.first.of > 0 {
        row("named first", format!("{}; among the first three {}", share(&all.first), share(&all.first_three)));
    }
    let errors = [("findings", all.findings.error), ("fixes", all.fixes.error)];
    let errors = errors.into_iter().filter_map(|(of, error)| Some(format!("{of} {:.3}", error?)));
    row("calibration error", errors.collect::<Vec<_>>().join(", "));
    row(
        "a person's time",
        format!(
            "{:.0} min saved: {:.0} by hand − {:.0} reviewing − {:.0} on false alarms (assumptions of the suites)",
            all.saved.minutes, all.saved.by_hand, all.saved.reviewing, all.saved.alarms
        ),
    );
    for simple in &all.simple {
        let alarmed = simple.alarmed.as_ref().map(share).unwrap_or_default();
        let precision = simple.precision.as_ref().map(share).unwrap_or_default();
        let said = format!("finds {}, true {precision}, clean windows alarmed {alarmed}", share(&simple.recall));
        row(&simple.name, said);
    }
    let levels = &all.last_frame;
    let said =
        format!("file {}, function {}, line {}", share(&levels.file), share(&levels.function), share(&levels.line));
    row("last stack frame", said);
    if all.no_fix.of > 0 {
        row("no fix", format!("hidden checks hold without one: {}", share(&all.no_fix)));
    }
}

fn comparison(text: &mut String, evaluation: &Evaluation) {
    let Some(since) = &evaluation.comparison else { return };
    let _ = writeln!(
        text,
        "\nsince {}: {} better, {} worse, {} mixed, {} the same (p = {:.3})",
        inert_line(&since.previous),
        paint(GOOD, since.better),
        paint(BAD, since.worse),
        since.mixed,
        since.same,
        since.p
    );
    for change in &since.changes {
        let _ = writeln!(text, "  {}: {}", inert_line(&change.case), inert_line(&change.what.join("; ")));
    }
}

/// Each miss, false alarm and wrong fix, in a line.
fn trouble(text: &mut String, evaluation: &Evaluation) {
    let mut lines = Vec::new();
    for case in &evaluation.cases {
        let name = case.name();
        for issue in case.issues.iter().filter(|issue| issue.found.is_none()) {
            let what = issue.capability.map(|capability| capability.to_string()).unwrap_or_default();
            let at = issue.truth.handler.as_deref().or(issue.truth.path.as_deref()).unwrap_or_default();
            lines.push(format!("{} {name}: {what} at {} was missed", paint(BAD, "✗"), inert_line(at)));
        }
        for alarm in &case.false_alarms {
            let (rule, title) = (inert_line(&alarm.finding.rule), inert_line(&alarm.finding.title));
            let what = format!("false alarm: {} / {rule}: {title}", alarm.finding.capability);
            lines.push(format!("{} {name}: {what}", paint(BAD, "✗")));
        }
        for Fix { title, why, .. } in case.fixes().filter(|fix| fix.state == FixState::Wrong) {
            let (title, why) = (inert_line(title), inert_line(why));
            lines.push(format!("{} {name}: wrong fix {title:?}: {why}", paint(BAD, "✗")));
        }
        if let Some(error) = &case.error {
            lines.push(format!("{} {name}: {}", paint(WAITS, "!"), inert_line(error)));
        }
    }
    let more = lines.len().saturating_sub(TROUBLE_LINES);
    lines.truncate(TROUBLE_LINES);
    if more > 0 {
        lines.push(format!("and {more} more; --out writes a page with all of them and their evidence"));
    }
    if !lines.is_empty() {
        let _ = writeln!(text, "\n{}", lines.join("\n"));
    }
}

/// Columns as wide as their widest cell.
fn table(text: &mut String, rows: &[Vec<String>]) {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows.first().map_or(0, Vec::len)).map(width).collect();
    for (n, row) in rows.iter().enumerate() {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        let line = line.trim_end();
        let _ = writeln!(text, "  {}", if n == 0 { paint(STRONG, line) } else { line.to_owned() });
    }
    text.push('\n');
}

/// As in `95 % [75–99]  19/20`.
fn share(share: &Share) -> String {
    let (Some(value), Some(low), Some(high)) = (share.share, share.low, share.high) else { return "–".to_owned() };
    format!("{:.0} % [{:.0}–{:.0}] {}/{}", value * 100.0, low * 100.0, high * 100.0, share.hits, share.of)
}

fn middle(middle: &Middle) -> String {
    let ends = middle.low.zip(middle.high);
    let ends = ends.map_or(String::new(), |(low, high)| format!(" [{}–{}]", duration(low), duration(high)));
    let (median, worst) = (duration(middle.median), duration(middle.worst));
    format!("median {median}{ends}, worst {worst}, of {} patch(es)", middle.of)
}

fn duration(seconds: f64) -> String {
    if seconds < 120.0 { format!("{seconds:.1} s") } else { format!("{:.1} min", seconds / 60.0) }
}
