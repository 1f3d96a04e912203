//! Tells a person what the loop does while it does it: finished steps as lines, running ones as spinners below them.
//! Where standard error is no terminal there are lines only. Nothing here can stop or slow a repair.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::paint::{self, BAD, DIM, GOOD, STRONG, WAITS, paint};
use crate::model::{CallEnd, CaseId, GateStatus, Progress, Signals, Window, inert_line};

/// Draws progress; shared by all threads of a run.
pub(super) struct Reporter {
    bars: MultiProgress,
    running: Mutex<BTreeMap<String, ProgressBar>>,
    is_terminal: bool,
}

impl Reporter {
    pub fn new() -> Self {
        let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
        let target = if is_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bars = MultiProgress::with_draw_target(target);
        Self { bars, running: Mutex::default(), is_terminal }
    }

    /// Takes everything that still turns off the screen.
    pub fn finish(&self) {
        for (_, bar) in std::mem::take(&mut *self.running()) {
            bar.finish_and_clear();
        }
    }

    pub fn tell(&self, progress: Progress) {
        match progress {
            Progress::Reading { spans } => self.turn("window", format!("reading telemetry: {spans} spans")),
            Progress::WindowRead { window } => self.done("window", &window_line(&window)),
            Progress::SandboxProved { achieved } => {
                let walls = format!(
                    "{} namespaces, Landlock ABI {}, seccomp",
                    achieved.namespaces.len(),
                    achieved.landlock_abi
                );
                self.line(&format!("{} sandbox proved itself: {walls}", good()));
            }
            Progress::SnapshotTaken { commit, files, left_out } => {
                let out = if left_out > 0 { format!(", {left_out} left out") } else { String::new() };
                self.line(&format!("{} commit {}: {files} files{out}", good(), short(&commit)));
            }
            Progress::PluginLoaded { plugin, millis, cached } => {
                let how = if cached { "from the cache" } else { "compiled" };
                let how = paint(DIM, format!("{how} in {}", seconds(millis)));
                self.line(&format!("{} plugin {} {how}", good(), inert_line(&plugin)));
            }
            Progress::PluginRefused { plugin, code, why } => {
                let (plugin, why) = (inert_line(&plugin), inert_line(&why));
                self.line(&format!("{} plugin {plugin} refused ({code}): {why}", paint(BAD, "✗")));
            }
            Progress::PluginBenched { plugin, why } => {
                let (plugin, why) = (inert_line(&plugin), inert_line(&why));
                self.line(&format!("{} plugin {plugin} is benched: {why}", paint(BAD, "✗")));
            }
            Progress::Calling { plugin, export, case } => {
                let what = format!("{}: {}", inert_line(&plugin), export.as_str());
                self.turn(&call_key(&plugin, case.as_ref()), what);
            }
            Progress::Called { plugin, end, case, export, .. } => {
                self.stop(&call_key(&plugin, case.as_ref()));
                if end.is_strike() {
                    let (plugin, end) = (inert_line(&plugin), inert_line(&end_words(&end)));
                    self.line(&format!("{} {plugin}: {} {end}", paint(BAD, "✗"), export.as_str()));
                }
            }
            Progress::CaseOpened { case, finding, again } => {
                let again = if again { paint(DIM, " (seen before)") } else { String::new() };
                let title = inert_line(&finding.title);
                self.line(&format!(
                    "{} {case}{again}  {} {title}",
                    paint(STRONG, "●"),
                    paint::severity(finding.severity)
                ));
            }
            Progress::Diagnosed { case, diagnosis } => {
                let place = format!("{}:{}", diagnosis.location.path, diagnosis.location.start_line);
                self.line(&format!("  {case}  cause at {}", paint(STRONG, place)));
            }
            Progress::Proposed { case, proposal, .. } => {
                self.line(&format!("  {case}  proposal: {}", inert_line(&proposal.title)));
            }
            Progress::GateStarted { case, name } => self.turn(case.as_str(), format!("{case}  {name}")),
            Progress::GateEnded { case, gate } => {
                let detail = if gate.status == GateStatus::Passed { DIM } else { WAITS };
                let detail = paint(detail, format!("{} {}", seconds(gate.millis), inert_line(&gate.detail)));
                self.done(case.as_str(), &format!("  {case}  {} {detail}", paint::gate(gate.name, gate.status)));
            }
            Progress::Decided { case, decision } => {
                let rule = inert_line(&decision.rule);
                self.line(&format!("  {case}  policy says {} {}", paint::outcome(decision.outcome), paint(DIM, rule)));
            }
            Progress::Delivered { case, branch, .. } => {
                self.line(&format!("  {case}  {} branch {branch}", good()));
            }
            Progress::CaseEnded { case, .. } => self.stop(case.as_str()),
            Progress::Warning { what } => self.line(&format!("{} {}", paint(WAITS, "!"), inert_line(&what))),
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, ProgressBar>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prints a line above whatever turns.
    fn line(&self, line: &str) {
        if self.is_terminal {
            // anstream decides about colours for what it prints itself, not for what it is asked to pass on.
            let plain = anstream::AutoStream::choice(&std::io::stderr()) == anstream::ColorChoice::Never;
            let line = if plain { anstream::adapter::strip_str(line).to_string() } else { line.to_owned() };
            let _ = self.bars.println(line);
        } else {
            anstream::eprintln!("{line}");
        }
    }

    /// Says what is going on under this name.
    fn turn(&self, key: &str, what: String) {
        let mut running = self.running();
        let bar = running.entry(key.to_owned()).or_insert_with(|| {
            let bar = self.bars.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
                bar.set_style(style);
            }
            if self.is_terminal {
                bar.enable_steady_tick(Duration::from_millis(120));
            }
            bar
        });
        bar.set_message(what);
    }

    fn stop(&self, key: &str) {
        if let Some(bar) = self.running().remove(key) {
            bar.finish_and_clear();
        }
    }

    fn done(&self, key: &str, line: &str) {
        self.stop(key);
        self.line(line);
    }
}

fn good() -> String {
    paint(GOOD, "✓")
}

fn call_key(plugin: &str, case: Option<&CaseId>) -> String {
    format!("{plugin} {}", case.map_or("", CaseId::as_str))
}

fn window_line(window: &Window) -> String {
    let Signals { spans, traces, logs, metrics } = window.signals;
    let mut parts = vec![format!("{spans} spans in {traces} traces")];
    for (count, what) in [(logs, "log records"), (metrics, "data points"), (window.damaged, "damaged records")] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    let baseline = match window.baseline_spans {
        0 => paint(WAITS, "no baseline"),
        spans => format!("baseline of {spans} spans"),
    };
    format!("{} window: {}, {baseline}", good(), parts.join(", "))
}

fn end_words(end: &CallEnd) -> String {
    match end {
        CallEnd::Returned => "returned".to_owned(),
        CallEnd::Declined { why } => format!("declined: {why}"),
        CallEnd::Failed { why } => format!("failed: {why}"),
        CallEnd::Trapped { why } => format!("trapped: {why}"),
        CallEnd::TimedOut => "took too long and was ended".to_owned(),
        CallEnd::LimitReached { limit } => format!("reached its limit `{limit}` and was ended"),
        CallEnd::BadValue { why } => format!("returned what the contract does not allow: {why}"),
        CallEnd::Crashed { why } => format!("crashed its worker: {why}"),
        CallEnd::Cancelled => "was stopped".to_owned(),
    }
}

fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

/// As in `340 ms` and `12.3 s`.
pub(super) fn seconds(millis: u64) -> String {
    if millis < 1000 { format!("{millis} ms") } else { format!("{}.{} s", millis / 1000, millis % 1000 / 100) }
}
