//! Which faults of the source production ran into: exceptions in span events, statuses and log records whose words name a
//! fault, each counted once a trace, at the innermost handler.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;
use thymus_sdk::places::Places;
use thymus_sdk::source::Source;
use thymus_sdk::telemetry::{Attributes, Log, Span, Telemetry};

use super::message::{MARKS, Symptom, read as read_message};
use super::trace::{Frame, frames};
use crate::fault::{Fault, Key, Kind, Language, Site};
use crate::javascript::resolve::package_of;
use crate::javascript::survey::stem;
use crate::notes::{Call, Handler};
use crate::python::survey::is_module_at;

/// The most traces with a fault that are told apart.
const MOST_TRACES: usize = 200_000;
/// The most records that are looked at.
const MOST_READ: usize = 500_000;
/// The most different exceptions that are remembered.
const MOST_KNOWN: usize = 10_000;
/// The most calls that are kept of a handler, and the longest.
const MOST_CALLS: usize = 8;
const LONGEST_CALL: usize = 8 << 10;
/// The most bytes of a trace or message that are looked at.
const LONGEST_TRACE: usize = 16 << 10;
/// OpenTelemetry's number for the least error.
const ERROR: i32 = 17;

/// How production met a fault.
#[derive(Clone, Debug, Default)]
pub struct Meeting {
    /// In how many traces, or log records without one.
    pub count: u64,
    /// Traces, the first ones.
    pub traces: Vec<String>,
    /// What was said, once.
    pub message: String,
    /// The innermost handlers, how often each, and what is known of it.
    pub handlers: BTreeMap<HandlerKey, Seen>,
}

/// A handler as telemetry names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct HandlerKey {
    /// Its service.
    pub service: String,
    /// Its name.
    pub name: String,
    /// Its file, as telemetry has it.
    pub path: Option<String>,
}

/// What is known of a handler.
#[derive(Clone, Debug)]
pub struct Seen {
    /// How often it met the fault.
    pub count: u64,
    /// For diagnoser and fixer.
    pub handler: Handler,
    /// Calls that failed.
    pub failed: Vec<Call>,
    /// Calls that returned.
    pub returned: Vec<Call>,
}

impl Meeting {
    /// The handler in which it happened most.
    pub fn most(&self) -> Option<&HandlerKey> {
        self.handlers.iter().max_by_key(|(key, seen)| (seen.count, std::cmp::Reverse(*key))).map(|(key, _)| key)
    }

    fn add(&mut self, trace: &str, message: &str) {
        self.count += 1;
        if self.message.is_empty() {
            cut(message).clone_into(&mut self.message);
        }
        if self.traces.len() < 16 && !trace.is_empty() {
            self.traces.push(trace.to_owned());
        }
    }
}

/// By the fault's place in the list.
pub fn read(telemetry: &Telemetry, source: &Source, faults: &[Fault]) -> BTreeMap<usize, Meeting> {
    if faults.is_empty() {
        return BTreeMap::new();
    }
    let mut reader = Reader {
        faults,
        places: Places::of(source),
        source,
        known: HashMap::new(),
        met: BTreeMap::new(),
        innermost: BTreeMap::new(),
    };
    for span in telemetry.spans_mentioning(&MARKS).flatten().take(MOST_READ) {
        reader.span(&span);
    }
    for record in telemetry.logs_mentioning(&MARKS).flatten().take(MOST_READ) {
        reader.record(&record);
    }
    reader.finish()
}

struct Reader<'a> {
    faults: &'a [Fault],
    places: Places,
    source: &'a Source,
    /// What a message with its trace means, so that each is understood once.
    known: HashMap<(String, String), Option<usize>>,
    met: BTreeMap<usize, Meeting>,
    /// The innermost span of a trace with a fault: it began last.
    innermost: BTreeMap<(String, usize), Innermost>,
}

struct Innermost {
    start_ns: u64,
    key: HandlerKey,
    handler: Handler,
    call: Option<Value>,
    message: String,
}

impl Reader<'_> {
    fn span(&mut self, span: &Span) {
        let mut found: BTreeSet<(usize, &str)> = BTreeSet::new();
        for event in span.events.iter().filter(|event| event.name == "exception") {
            let message = text(&event.attributes, "exception.message");
            let trace = text(&event.attributes, "exception.stacktrace");
            found.extend(self.fault(message, trace, span.path.as_deref()).map(|at| (at, message)));
        }
        if found.is_empty() && span.status == "error" {
            let message = span.status_message.as_str();
            found.extend(self.fault(message, "", span.path.as_deref()).map(|at| (at, message)));
        }
        for (at, message) in found {
            let trace = (span.trace_id.clone(), at);
            let deeper = self.innermost.get(&trace).is_some_and(|known| known.start_ns > span.start_ns);
            if deeper || (self.innermost.len() >= MOST_TRACES && !self.innermost.contains_key(&trace)) {
                continue;
            }
            let one = self.innermost(span, message);
            self.innermost.insert(trace, one);
        }
    }

    fn innermost(&mut self, span: &Span, message: &str) -> Innermost {
        let name = span.text("code.function.name").unwrap_or(&span.handler).to_owned();
        let path = span.path.as_deref().and_then(|path| self.places.file(path));
        Innermost {
            start_ns: span.start_ns,
            key: HandlerKey { service: span.service.clone(), name: span.handler.clone(), path: span.path.clone() },
            handler: Handler { name, path, line: span.line() },
            call: span.args().filter(|args| args.to_string().len() <= LONGEST_CALL),
            message: message.to_owned(),
        }
    }

    fn record(&mut self, record: &Log) {
        if record.severity != 0 && record.severity < ERROR {
            return;
        }
        let body = record.body.as_str().unwrap_or("");
        let message = text(&record.attributes, "exception.message");
        let trace = text(&record.attributes, "exception.stacktrace");
        // Loggers without a convention print the exception into the line.
        let (message, trace) = if message.is_empty() { (told(body), body) } else { (message, trace) };
        let Some(at) = self.fault(message, trace, None) else { return };
        let trace = record.trace_id.clone().unwrap_or_default();
        if trace.is_empty() || !self.innermost.contains_key(&(trace.clone(), at)) {
            self.met.entry(at).or_default().add(&trace, message);
        }
    }

    fn finish(mut self) -> BTreeMap<usize, Meeting> {
        for ((trace, at), one) in self.innermost {
            let meeting = self.met.entry(at).or_default();
            meeting.add(&trace, &one.message);
            let seen = meeting.handlers.entry(one.key).or_insert(Seen {
                count: 0,
                handler: one.handler,
                failed: Vec::new(),
                returned: Vec::new(),
            });
            seen.count += 1;
            if let Some(args) = one.call {
                keep(&mut seen.failed, Call { args, result: None });
            }
        }
        self.met
    }

    /// The fault that an exception tells of.
    fn fault(&mut self, message: &str, trace: &str, path: Option<&str>) -> Option<usize> {
        let known = (cut(message).to_owned(), cut(trace).to_owned());
        if let Some(found) = self.known.get(&known) {
            return *found;
        }
        let told = read_message(message);
        let found = told.and_then(|(language, symptom)| self.explained(language, &symptom, trace, path));
        if self.known.len() < MOST_KNOWN {
            self.known.insert(known, found);
        }
        found
    }

    fn explained(&mut self, language: Language, symptom: &Symptom, trace: &str, path: Option<&str>) -> Option<usize> {
        let mut frames = frames(cut(trace), &mut self.places);
        if let Symptom::Module { by: Some(by), .. } | Symptom::Package { by: Some(by), .. } = symptom {
            frames.splice(0..0, self.places.file(by).map(|by| (by, None)));
        }
        let span = path.and_then(|path| self.places.file(path));
        // Names are common; what a module or a package is called is not.
        let is_telling = !matches!(symptom, Symptom::Name(_) | Symptom::NotCallable(_) | Symptom::NotReady { .. });
        let mut best: Option<(usize, usize)> = None;
        for (at, fault) in self.faults.iter().enumerate() {
            if fault.key.language != language || !tells_of(symptom, &fault.key, &fault.sites) {
                continue;
            }
            // Where it was thrown decides between faults that sound alike; a line more than a file.
            let near = fault.sites.iter().map(|site| self.nearness(site, &frames, span.as_deref())).max().unwrap_or(0);
            if (near > 0 || is_telling) && best.is_none_or(|(nearest, _)| near > nearest) {
                best = Some((near, at));
            }
        }
        best.map(|(_, at)| at)
    }

    /// How near a place lies to where it was thrown.
    fn nearness(&self, site: &Site, frames: &[Frame], span: Option<&str>) -> usize {
        let line = || self.source.text(&site.path).ok().map(|text| text.line_column(site.range.start).0);
        let Some(first) = frames.iter().position(|(path, _)| *path == site.path) else {
            return usize::from(span == Some(site.path.as_str()));
        };
        let here = line();
        let on_line = frames.iter().any(|(path, line)| *path == site.path && line.is_some() && *line == here);
        match (on_line, first) {
            (true, _) => 4,
            (false, 0) => 3,
            (false, _) => 2,
        }
    }
}

/// Whether a symptom can come from a fault, as far as the words say.
fn tells_of(symptom: &Symptom, key: &Key, sites: &[Site]) -> bool {
    let ends = |path: &str, tail: &str| path == tail || path.ends_with(&format!("/{tail}"));
    let is_python = key.language == Language::Python;
    match (symptom, key.kind) {
        (Symptom::Module { asked, .. }, Kind::ModuleNotFound) if is_python => {
            let within = |outer: &str, inner: &str| outer == inner || outer.ends_with(&format!(".{inner}"));
            // Which folder is the outermost package, the source alone can't always tell.
            within(asked, &key.target) || within(&key.target, asked)
        }
        (Symptom::Module { asked, .. }, Kind::ModuleNotFound) => {
            let path = asked.trim_start_matches("file://").replace('\\', "/");
            let path = path.trim_end_matches('/');
            sites.iter().any(|site| site.written == *asked) || ends(&stem(path), &key.target) || ends(path, &key.target)
        }
        (Symptom::Module { asked, .. }, Kind::PackageNotDeclared) if is_python => {
            asked.split('.').next() == Some(key.target.as_str())
        }
        (Symptom::Module { asked, .. }, Kind::PackageNotDeclared) => package_of(asked) == Some(&key.target),
        (Symptom::Package { name, .. }, Kind::PackageNotDeclared) => *name == key.target,
        // `from . import mony` says that the package has no such name, and means a module.
        (Symptom::Export { module, name }, Kind::ModuleNotFound) if is_python => {
            key.target == format!("{module}.{name}")
        }
        (Symptom::Export { module, name }, Kind::NameNotExported) if is_python => {
            *name == key.name && is_module_at(module, &key.target)
        }
        (Symptom::Export { module, name }, Kind::NameNotExported) => {
            let file = module.rsplit('/').next().unwrap_or(module);
            *name == key.name && (ends(&key.target, file) || ends(&stem(&key.target), &stem(file)))
        }
        (Symptom::Name(name), Kind::NameNotImported) => *name == key.name,
        (Symptom::NotReady { name, module }, Kind::CircularImport) => {
            *name == key.name && module.as_ref().is_none_or(|module| is_module_at(module, &key.target))
        }
        (Symptom::NotCallable(callee), Kind::NameNotExported) => {
            callee.rsplit('.').next() == Some(key.name.as_str()) || (key.name == "default" && !callee.contains('.'))
        }
        _ => false,
    }
}

/// The line of a log record that says it, and those behind it, which may name who asked.
fn told(body: &str) -> &str {
    let line = body.lines().find(|line| MARKS.iter().any(|mark| line.contains(mark))).unwrap_or("");
    body.find(line).map_or(line, |at| &body[at..])
}

/// Keeps distinct calls, the small ones.
pub fn keep(calls: &mut Vec<Call>, call: Call) {
    if calls.iter().any(|known| known.args == call.args) {
        return;
    }
    calls.push(call);
    calls.sort_by_key(|call| call.args.to_string().len());
    calls.truncate(MOST_CALLS);
}

fn text<'a>(attributes: &'a Attributes, key: &str) -> &'a str {
    attributes.get(key).and_then(Value::as_str).unwrap_or("")
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST_TRACE)]
}
