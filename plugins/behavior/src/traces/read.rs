//! Reads spans into as little memory as tells who ran what when, a few dozen bytes each: a window may hold two million.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use thymus_sdk::host::{Level, log};
use thymus_sdk::telemetry::{Records, Telemetry};

/// Handlers that are told apart; executions of more are left out.
const MOST_NAMES: usize = 20_000;

/// A handler as telemetry names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    /// The resource's `service.name`.
    pub service: String,
    /// `code.function.name`, or else the span's name.
    pub handler: String,
    /// `code.file.path`.
    pub path: Option<String>,
    /// Method and route of a request, as in `POST /checkout`.
    pub request: Option<String>,
}

/// One execution of a handler.
#[derive(Clone, Copy, Debug)]
pub struct Execution {
    trace: u128,
    /// Its id.
    pub span: u64,
    parent: u64,
    /// Which handler, as an index of [`Executions::names`].
    pub name: u32,
    /// When it began and ended, in nanoseconds since 1970.
    pub start_ns: u64,
    /// See above.
    pub end_ns: u64,
    /// It says that it failed: its status, an exception, or an answer of 400 and above.
    pub failed: bool,
    /// Its arguments were captured, and no result.
    gave_nothing: bool,
}

/// Every execution of a window or a baseline, by trace.
#[derive(Debug, Default)]
pub struct Executions {
    /// The handlers.
    pub names: Vec<Name>,
    all: Vec<Execution>,
    /// Handlers of which some execution gave a captured result.
    gives: Vec<bool>,
}

/// The executions of one trace, in the order of their start.
#[derive(Clone, Copy, Debug)]
pub struct Trace<'a> {
    /// The trace's id.
    pub id: u128,
    /// Its executions.
    pub executions: &'a [Execution],
}

#[derive(Deserialize)]
struct Line {
    trace_id: String,
    span_id: String,
    #[serde(default)]
    parent_span_id: Option<String>,
    start_ns: u64,
    end_ns: u64,
    #[serde(default)]
    status: String,
    #[serde(default)]
    service: String,
    handler: String,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    attributes: Attributes,
    #[serde(default)]
    events: Vec<Event>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Attributes {
    #[serde(rename = "http.response.status_code")]
    status: Option<Value>,
    #[serde(rename = "http.request.method")]
    method: Option<Value>,
    #[serde(rename = "http.route")]
    route: Option<Value>,
    #[serde(rename = "thymus.args")]
    args: Option<IgnoredAny>,
    #[serde(rename = "thymus.result")]
    result: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    name: String,
}

impl Line {
    fn failed(&self) -> bool {
        let status = self.attributes.status.as_ref();
        let status = status.and_then(|code| code.as_u64().or_else(|| code.as_str()?.parse().ok()));
        self.status == "error"
            || status.is_some_and(|code| code >= 400)
            || self.events.iter().any(|event| event.name == "exception")
    }

    fn request(&self) -> Option<String> {
        let method = self.attributes.method.as_ref()?.as_str()?;
        Some(format!("{method} {}", self.attributes.route.as_ref()?.as_str()?))
    }
}

impl Executions {
    /// Those of the window.
    pub fn window(telemetry: &Telemetry) -> Self {
        Self::read(telemetry.spans_as(&[]))
    }

    /// Those of the baseline's sample.
    pub fn baseline(telemetry: &Telemetry) -> Self {
        Self::read(telemetry.baseline_spans_as(&[]))
    }

    fn read(spans: Records<Line>) -> Self {
        let mut read = Self::default();
        let mut numbers: HashMap<Name, u32> = HashMap::new();
        let (mut unread, mut unnamed) = (0_u64, 0_u64);
        for line in spans {
            let Some((line, trace, span)) = line.ok().and_then(|line| {
                let trace = u128::from_str_radix(&line.trace_id, 16).ok()?;
                let span = u64::from_str_radix(&line.span_id, 16).ok()?;
                Some((line, trace, span))
            }) else {
                unread += 1;
                continue;
            };
            let (failed, request) = (line.failed(), line.request());
            let name = Name { service: line.service, handler: line.handler, path: line.path, request };
            let number = match numbers.get(&name) {
                Some(number) => *number,
                None if read.names.len() >= MOST_NAMES => {
                    unnamed += 1;
                    continue;
                }
                None => {
                    let number = u32::try_from(read.names.len()).unwrap_or(u32::MAX);
                    numbers.insert(name.clone(), number);
                    read.names.push(name);
                    read.gives.push(false);
                    number
                }
            };
            let gave = line.attributes.result.is_some();
            read.gives[number as usize] |= gave;
            let parent = line.parent_span_id.and_then(|id| u64::from_str_radix(&id, 16).ok()).unwrap_or(0);
            read.all.push(Execution {
                trace,
                span,
                parent,
                name: number,
                start_ns: line.start_ns,
                end_ns: line.end_ns,
                failed,
                gave_nothing: line.attributes.args.is_some() && !gave,
            });
        }
        if unread + unnamed > 0 {
            log(Level::Warn, &format!("{unread} spans could not be read, {unnamed} are of too many handlers"));
        }
        // Stable: within a trace the order of the file stays.
        read.all.sort_by_key(|execution| execution.trace);
        read
    }

    /// The traces, by their ids.
    pub fn traces(&self) -> impl Iterator<Item = Trace<'_>> {
        let groups = self.all.chunk_by(|a, b| a.trace == b.trace);
        groups.map(|executions| Trace { id: executions[0].trace, executions })
    }

    /// Whether an execution failed or refused: captured calls have no result when they threw.
    pub fn refused(&self, execution: &Execution) -> bool {
        execution.failed || (execution.gave_nothing && self.gives[execution.name as usize])
    }
}

impl Trace<'_> {
    /// The executions that each one ran itself. An execution whose parent is missing belongs to none.
    pub fn children(&self) -> Vec<Vec<u32>> {
        let by_id: HashMap<u64, usize> =
            self.executions.iter().enumerate().map(|(at, execution)| (execution.span, at)).collect();
        let mut children = vec![Vec::new(); self.executions.len()];
        for (at, execution) in self.executions.iter().enumerate() {
            if let Some(parent) = by_id.get(&execution.parent).filter(|parent| **parent != at) {
                children[*parent].push(u32::try_from(at).unwrap_or(u32::MAX));
            }
        }
        children
    }
}
