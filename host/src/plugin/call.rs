//! Calls: one export, one order, one jailed worker process. Whatever the guest does, the answer is a [`Call`].

use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::bounds::Bounded;
use super::load::{Plugin, Plugins, jail};
use super::order::{Answer, COMPILED, CallOrder, Order, PastCase, Progress};
use crate::model::{CallEnd, Cancel, Diagnosis, Digest, Export, Finding, PluginLimits, Proposal};
use crate::sandbox::{Ended, Exit, JailLimits, Mount};

/// What a worker may take beyond its guest's time: to start, load the code, and answer.
const START_MILLIS: u64 = 5000;
/// What a worker needs beside its guest's memory, the code and the result.
const WORKER_BYTES: u64 = 256 << 20;
/// What an answer holds beside its value.
const ENVELOPE: u64 = 64 << 10;
/// The most that is kept of a plugin's own words about its failure.
const LONGEST_WHY: usize = 4096;

/// What a call is given. The same inputs give the same bytes.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// The window's directory, when there is one and the plugin may see it.
    pub telemetry: Option<PathBuf>,
    /// The directory with those files of the snapshot that the grant names.
    pub source: Option<PathBuf>,
    /// Where the clock stands: the window's end.
    pub clock_ns: u64,
    /// What randomness is made of.
    pub seed: u64,
    /// Earlier cases; a plugin gets those whose fingerprint it names.
    pub history: Vec<PastCase>,
    /// The digest of all that, for the ledger.
    pub digest: Digest,
}

/// How a call went. `value` is there exactly when `end` is [`CallEnd::Returned`].
#[derive(Clone, Debug)]
pub struct Call<T> {
    /// What it returned, checked against the contract and the limits.
    pub value: Option<T>,
    /// How it ended.
    pub end: CallEnd,
    /// The plugin's log: hostile until escaped.
    pub log: String,
    /// Bytes of the log that did not fit.
    pub log_dropped: u64,
    /// How far it came, where it said so.
    pub progress: Option<Progress>,
    /// Wall clock, the process around it included.
    pub millis: u64,
    /// Of that, instantiating and the call alone, as the worker says.
    pub guest_micros: u64,
    /// Fuel used; 0 where none is metered.
    pub fuel: u64,
    /// What randomness was made of.
    pub seed: u64,
    /// The digest of the value's JSON. A call that is made again gives the same.
    pub result: Option<Digest>,
}

impl Plugins {
    /// Asks what is wrong.
    pub fn detect(&self, plugin: &Plugin, inputs: &Inputs, cancel: &Cancel) -> Call<Vec<Finding>> {
        self.call(plugin, Export::Detect, inputs, None, None, cancel)
    }

    /// Asks for a finding's root cause.
    pub fn diagnose(
        &self,
        plugin: &Plugin,
        inputs: &Inputs,
        finding: &Finding,
        cancel: &Cancel,
    ) -> Call<Option<Diagnosis>> {
        self.call(plugin, Export::Diagnose, inputs, Some(finding), None, cancel)
    }

    /// Asks for repairs.
    pub fn propose(
        &self,
        plugin: &Plugin,
        inputs: &Inputs,
        finding: &Finding,
        diagnosis: &Diagnosis,
        cancel: &Cancel,
    ) -> Call<Vec<Proposal>> {
        self.call(plugin, Export::Propose, inputs, Some(finding), Some(diagnosis), cancel)
    }

    fn call<T: Bounded + Serialize + DeserializeOwned>(
        &self,
        plugin: &Plugin,
        export: Export,
        inputs: &Inputs,
        finding: Option<&Finding>,
        diagnosis: Option<&Diagnosis>,
        cancel: &Cancel,
    ) -> Call<T> {
        let started = Instant::now();
        let limits = plugin.grant().limits;
        let (answer, log, dropped) = if cancel.is_cancelled() {
            (Answer::of(CallEnd::Cancelled), String::new(), 0)
        } else if plugin.facts().exports.contains(&export) {
            self.ask(plugin, export, inputs, finding, diagnosis, cancel)
        } else {
            let why = format!("the plugin does not export {}", export.as_str());
            (Answer::of(CallEnd::Failed { why }), String::new(), 0)
        };
        let (value, end, result) = believe(answer.end, answer.value.map(|(value,)| value), &limits);
        Call {
            value,
            end,
            log,
            log_dropped: answer.log_dropped.saturating_add(dropped),
            progress: answer.progress.map(|mut progress| {
                cut(&mut progress.what, 200);
                progress
            }),
            millis: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            guest_micros: answer.guest_micros,
            fuel: answer.fuel,
            seed: inputs.seed,
            result,
        }
    }

    /// Runs the worker. Gives its answer, the log, and how much of the log was dropped on the way.
    fn ask<T: DeserializeOwned>(
        &self,
        plugin: &Plugin,
        export: Export,
        inputs: &Inputs,
        finding: Option<&Finding>,
        diagnosis: Option<&Diagnosis>,
        cancel: &Cancel,
    ) -> (Answer<T>, String, u64) {
        let grant = plugin.grant();
        let limits = grant.limits;
        let telemetry = inputs.telemetry.as_ref().filter(|_| grant.telemetry);
        let source = inputs.source.as_ref().filter(|_| !grant.source.is_empty());
        let order = Order::Call(Box::new(CallOrder {
            export,
            compiled: plugin.code.digest,
            grant: grant.clone(),
            clock_ns: inputs.clock_ns,
            seed: inputs.seed,
            history: if grant.history { inputs.history.clone() } else { Vec::new() },
            telemetry: telemetry.is_some(),
            source: source.is_some(),
            finding: finding.cloned(),
            diagnosis: diagnosis.cloned(),
        }));
        let crashed = |why: String| (Answer::of(CallEnd::Crashed { why }), String::new(), 0);
        let stdin = match serde_json::to_vec(&order) {
            Ok(json) => json,
            Err(error) => return crashed(error.to_string()),
        };
        let mut mounts = vec![
            Mount::ReadOnly { host: plugin.code.file(), inside: COMPILED.into() },
            Mount::Tmpfs {
                inside: "/scratch".into(),
                bytes: limits.scratch_bytes,
                inodes: u64::from(limits.scratch_files),
            },
        ];
        let read_only = |host: &PathBuf, inside: &str| Mount::ReadOnly { host: host.clone(), inside: inside.into() };
        mounts.extend(telemetry.map(|host| read_only(host, "/telemetry")));
        mounts.extend(source.map(|host| read_only(host, "/source")));
        let result = limits.result_bytes.saturating_mul(8);
        let jail = jail(
            mounts,
            stdin,
            JailLimits {
                wall_millis: limits.call_millis.saturating_add(START_MILLIS),
                cpu_seconds: (limits.call_millis.saturating_add(START_MILLIS) / 1000).saturating_mul(2).max(10),
                memory_bytes: limits
                    .memory_bytes
                    .saturating_add(result)
                    .saturating_add(plugin.code.bytes.saturating_mul(3))
                    .saturating_add(WORKER_BYTES),
                processes: 16,
                // A little more than there is room for: so a full disk is what a guest meets, not a signal.
                file_bytes: limits.scratch_bytes.saturating_add(1 << 20),
                written_bytes: 0,
                open_files: u64::from(limits.handles).saturating_add(64),
                stdout_bytes: limits.result_bytes.saturating_add(ENVELOPE),
                stderr_bytes: limits.log_bytes.saturating_add(16 << 10),
                tmp_bytes: 1 << 20,
            },
        );
        let ended = match self.sandbox.run(&jail, cancel) {
            Ok(ended) => ended,
            Err(error) => return crashed(error.to_string()),
        };
        let mut log = String::from_utf8_lossy(&ended.stderr).into_owned();
        let most = usize::try_from(limits.log_bytes.saturating_add(1 << 10)).unwrap_or(usize::MAX);
        let over = cut(&mut log, most);
        let answer = read(&ended, &log);
        (answer, log, ended.stderr_dropped.saturating_add(over))
    }
}

/// What a worker's end means.
fn read<T: DeserializeOwned>(ended: &Ended, log: &str) -> Answer<T> {
    const FILE_TOO_LARGE: i32 = 25;
    const CPU_TIME: i32 = 24;
    let limit = |limit: &str| CallEnd::LimitReached { limit: limit.to_owned() };
    // The worker's last words stand behind all that its guest wrote.
    let last = log.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("");
    Answer::of(match ended.exit {
        Exit::Code(0) if ended.stdout_dropped > 0 => limit("result"),
        Exit::Code(0) => match serde_json::from_slice(&ended.stdout) {
            Ok(answer) => return answer,
            Err(why) => CallEnd::Crashed { why: format!("the worker's answer does not read: {why}") },
        },
        Exit::TimedOut | Exit::Signal(CPU_TIME) => CallEnd::TimedOut,
        Exit::Cancelled => CallEnd::Cancelled,
        Exit::OutOfMemory => limit("memory"),
        Exit::OutOfDisk | Exit::Signal(FILE_TOO_LARGE) => limit("scratch"),
        Exit::Signal(_) if last.contains("memory allocation of") => limit("memory"),
        Exit::Code(code) => CallEnd::Crashed { why: format!("the worker ended with status {code}: {last}") },
        Exit::Signal(signal) => CallEnd::Crashed { why: format!("signal {signal} ended the worker: {last}") },
    })
}

/// A worker's answer as far as it can be true: the worker may be its guest's by now.
fn believe<T: Bounded + Serialize>(
    end: CallEnd,
    value: Option<T>,
    limits: &PluginLimits,
) -> (Option<T>, CallEnd, Option<Digest>) {
    let (end, value) = match (end, value) {
        (CallEnd::Returned, Some(value)) => match value.check(limits) {
            Ok(()) => (CallEnd::Returned, Some(value)),
            Err(flaw) => (flaw.into(), None),
        },
        (CallEnd::Returned, None) => {
            (CallEnd::Crashed { why: "the worker says it returned something and gives nothing".to_owned() }, None)
        }
        (end, _) => (end, None),
    };
    let end = match end {
        CallEnd::Declined { why } => CallEnd::Declined { why: short(why) },
        CallEnd::Failed { why } => CallEnd::Failed { why: short(why) },
        CallEnd::Trapped { why } => CallEnd::Trapped { why: short(why) },
        CallEnd::BadValue { why } => CallEnd::BadValue { why: short(why) },
        CallEnd::Crashed { why } => CallEnd::Crashed { why: short(why) },
        CallEnd::LimitReached { limit } => CallEnd::LimitReached { limit: short(limit) },
        end @ (CallEnd::Returned | CallEnd::TimedOut | CallEnd::Cancelled) => end,
    };
    let result = value.as_ref().and_then(|value| serde_json::to_vec(value).ok()).map(Digest::of);
    (value, end, result)
}

fn short(mut text: String) -> String {
    cut(&mut text, LONGEST_WHY);
    text
}

/// Cuts a text and says how much went.
fn cut(text: &mut String, most: usize) -> u64 {
    let before = text.len();
    text.truncate(text.floor_char_boundary(most));
    (before - text.len()) as u64
}
