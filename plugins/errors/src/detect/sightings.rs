//! Every recorded exception of the window, from events of spans and from log records, reduced to what grouping needs.
//!
//! A window may hold a million of them, so of each only ids and numbers are kept; texts, frames and calls once a group.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher as _};

use serde_json::Value;
use thymus_sdk::host::{Level, log};
use thymus_sdk::source::Source;
use thymus_sdk::telemetry::{Attributes, Log, Span, Telemetry};
use thymus_sdk::wording::cut;

use super::calls::Calls;
use super::places::Places;
use super::stack::{self, Block, RawFrame, Stack};
use super::{Unread, message};
use crate::exception::{Frame, Language};

/// The most sightings that are kept; more are counted in the log.
const MOST_SIGHTINGS: usize = 500_000;
/// The most groups and handlers that are told apart.
const MOST_GROUPS: usize = 1_000;
/// The most frames of an exception.
const MOST_FRAMES: usize = 32;
/// The most different traces that are remembered as parsed; a fault prints the same one again and again.
const MOST_PARSED: usize = 10_000;
/// How much of a message is kept.
const LONGEST_MESSAGE: usize = 2_000;
/// OpenTelemetry's number from which on a log record is an error.
const ERROR: i32 = 17;
/// Log-only exceptions whose span is looked up, so that their handler and its call are known.
const MOST_LOOKED_UP: usize = 256;

/// A handler as telemetry names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct HandlerKey {
    pub service: String,
    pub handler: String,
    pub path: Option<String>,
}

/// What makes exceptions the same problem.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupKey {
    pub language: &'static str,
    pub kind: String,
    pub message: String,
    /// The innermost frame in the project, without its line: path and function; else the handler.
    pub place: String,
}

/// A group's example and its calls.
#[derive(Clone, Debug)]
pub struct Sample {
    pub language: Language,
    /// The class as it was recorded, last segment; a group's where a member counts.
    pub recorded: String,
    pub message: String,
    pub frames: Vec<Frame>,
    pub calls: BTreeMap<usize, Calls>,
}

/// A handler's facts beside its name.
#[derive(Clone, Debug)]
pub struct HandlerFacts {
    pub key: HandlerKey,
    /// `code.function.name`, where the span has it.
    pub function: Option<String>,
    /// The file of the source that the path means.
    pub file: Option<String>,
    pub line: Option<u32>,
}

/// One recorded exception. Ids are 0 where there are none.
#[derive(Clone, Copy, Debug)]
pub struct Sighting {
    pub trace: u128,
    pub span: u64,
    pub parent: u64,
    /// The same exception recorded elsewhere in the trace has the same class and message.
    pub alike: u64,
    /// What it was raised from, where the trace says so.
    pub wraps: u64,
    pub group: usize,
    /// None where a log record has no span in the window.
    pub handler: Option<usize>,
    pub logged: bool,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Sightings {
    pub all: Vec<Sighting>,
    pub groups: Vec<(GroupKey, Sample)>,
    pub handlers: Vec<HandlerFacts>,
}

/// Reads the window.
pub fn read(telemetry: &Telemetry, source: &Source) -> Sightings {
    let mut reader = Reader::new(source);
    let mut unread = Unread::default();
    for span in telemetry.spans_mentioning(&["exception"]).filter_map(|span| unread.keep(span)) {
        reader.span(&span);
    }
    let logs = telemetry.logs_mentioning(&["exception.", "Traceback (most recent call last)", "\n    at "]);
    for record in logs.filter_map(|record| unread.keep(record)) {
        reader.log(&record);
    }
    reader.look_up(telemetry, &mut unread);
    if reader.left_out > 0 {
        log(Level::Warn, &format!("{} exceptions beyond a bound were left out", reader.left_out));
    }
    reader.sightings
}

/// An exception as it was recorded.
struct Recorded<'a> {
    kind: &'a str,
    message: &'a str,
    trace: &'a str,
    /// `telemetry.sdk.language`.
    sdk: &'a str,
}

/// A parsed trace, its frames found in the source.
#[derive(Clone)]
struct Located {
    stack: Option<Stack>,
    frames: Vec<Frame>,
}

struct Reader<'a> {
    places: Places<'a>,
    sightings: Sightings,
    groups: BTreeMap<GroupKey, usize>,
    handlers: BTreeMap<HandlerKey, usize>,
    parsed: HashMap<u64, Located>,
    left_out: u64,
}

impl<'a> Reader<'a> {
    fn new(source: &'a Source) -> Self {
        Self {
            places: Places::of(source),
            sightings: Sightings::default(),
            groups: BTreeMap::new(),
            handlers: BTreeMap::new(),
            parsed: HashMap::new(),
            left_out: 0,
        }
    }

    fn span(&mut self, span: &Span) {
        // A status of `ok` is set by hand: whoever set it says that the exception was dealt with.
        if span.status == "ok" {
            return;
        }
        let mut seen = BTreeSet::new();
        for event in span.events.iter().filter(|event| event.name == "exception") {
            let recorded = recorded(&event.attributes, &span.resource);
            // Instrumentation and the handler's own code may both record it.
            if !seen.insert((recorded.kind.to_owned(), recorded.message.to_owned())) {
                continue;
            }
            let Some(handler) = self.handler(span) else { continue };
            let ids =
                (id(Some(&span.trace_id)), narrow(&span.span_id), narrow(span.parent_span_id.as_deref().unwrap_or("")));
            if let Some(group) = self.sighting(&recorded, ids, Some(handler), false) {
                self.sightings.groups[group].1.calls.entry(handler).or_default().failed(span.args());
            }
        }
    }

    fn log(&mut self, record: &Log) {
        // Without a number, it is the exception that makes it an error.
        if record.severity != 0 && record.severity < ERROR {
            return;
        }
        let printed = record.body.as_str().unwrap_or("");
        let mut recorded = recorded(&record.attributes, &record.resource);
        let head;
        if recorded.kind.is_empty() {
            // Loggers without a convention print the trace into the line.
            let Some((kind, message, trace)) = printed_exception(printed) else { return };
            head = (kind, message);
            recorded = Recorded { kind: &head.0, message: &head.1, trace, sdk: recorded.sdk };
        }
        let span = narrow(record.span_id.as_deref().unwrap_or(""));
        self.sighting(&recorded, (id(record.trace_id.as_deref()), span, 0), None, true);
    }

    /// Keeps a sighting and says which group it belongs to.
    fn sighting(
        &mut self,
        recorded: &Recorded<'_>,
        (trace, span, parent): (u128, u64, u64),
        handler: Option<usize>,
        logged: bool,
    ) -> Option<usize> {
        if recorded.kind.is_empty() && recorded.message.is_empty() {
            return None;
        }
        let Located { stack, frames } = self.located(recorded);
        let (kind, message) = named(recorded, stack.as_ref());
        let language = language(stack.as_ref(), recorded.sdk)?;
        let place = match (frames.first(), handler) {
            (Some(frame), _) => format!("{} {}", frame.path, frame.function.as_deref().unwrap_or("")),
            (None, Some(handler)) => format!("handler {}", self.sightings.handlers[handler].key.handler),
            (None, None) => String::new(),
        };
        let key = GroupKey { language: word(language), message: message::normalise(&kind, &message), kind, place };
        let group = match self.groups.get(&key) {
            Some(group) => *group,
            None if self.groups.len() >= MOST_GROUPS => {
                self.left_out += 1;
                return None;
            }
            None => {
                let message = cut(&message, LONGEST_MESSAGE);
                let recorded = cut(stack::last_segment(recorded.kind), 200);
                let sample = Sample { language, recorded, message, frames, calls: BTreeMap::new() };
                self.sightings.groups.push((key.clone(), sample));
                *self.groups.entry(key).or_insert(self.sightings.groups.len() - 1)
            }
        };
        if self.sightings.all.len() >= MOST_SIGHTINGS {
            self.left_out += 1;
            return None;
        }
        let inner =
            stack.as_ref().and_then(|stack| stack.chain.iter().rev().find_map(|block| block.exception.as_ref()));
        let wraps = inner.map_or(0, |(kind, message)| alike(kind, message));
        let alike = alike(recorded.kind, recorded.message);
        self.sightings.all.push(Sighting { trace, span, parent, alike, wraps, group, handler, logged });
        Some(group)
    }

    fn located(&mut self, recorded: &Recorded<'_>) -> Located {
        let hash = hash(&(recorded.trace, recorded.message));
        if let Some(known) = self.parsed.get(&hash) {
            return known.clone();
        }
        let stack = stack::parse(recorded.trace, recorded.message);
        let mut frames = stack.as_ref().map_or_else(Vec::new, |stack| self.in_project(&stack.own));
        if frames.is_empty()
            && let Some(stack) = &stack
        {
            // A framework's wrapper around what the project raised.
            frames =
                stack.chain.iter().map(|block| self.in_project(block)).find(|it| !it.is_empty()).unwrap_or_default();
        }
        let located = Located { stack, frames };
        if self.parsed.len() < MOST_PARSED {
            self.parsed.insert(hash, located.clone());
        }
        located
    }

    fn in_project(&mut self, block: &Block) -> Vec<Frame> {
        let frames = block.frames.iter().filter(|raw: &&RawFrame| !raw.file.starts_with('<'));
        frames.filter_map(|raw| self.places.frame(raw)).take(MOST_FRAMES).collect()
    }

    fn handler(&mut self, span: &Span) -> Option<usize> {
        let key = HandlerKey { service: span.service.clone(), handler: span.handler.clone(), path: span.path.clone() };
        if let Some(known) = self.handlers.get(&key) {
            return Some(*known);
        }
        if self.handlers.len() >= MOST_GROUPS {
            self.left_out += 1;
            return None;
        }
        let file = key.path.as_deref().and_then(|path| self.places.file(path));
        let function = span.text("code.function.name").map(str::to_owned);
        self.sightings.handlers.push(HandlerFacts { key: key.clone(), function, file, line: span.line() });
        self.handlers.insert(key, self.sightings.handlers.len() - 1);
        Some(self.sightings.handlers.len() - 1)
    }

    /// Gives log-only exceptions the handler of the span in which they were logged.
    fn look_up(&mut self, telemetry: &Telemetry, unread: &mut Unread) {
        let orphans =
            self.sightings.all.iter().enumerate().filter(|(_, it)| it.logged && it.trace != 0 && it.span != 0);
        let mut wanted: BTreeMap<(u128, u64), Vec<usize>> = BTreeMap::new();
        for (at, orphan) in orphans {
            if wanted.len() < MOST_LOOKED_UP || wanted.contains_key(&(orphan.trace, orphan.span)) {
                wanted.entry((orphan.trace, orphan.span)).or_default().push(at);
            }
        }
        if wanted.is_empty() {
            return;
        }
        let ids: Vec<String> = wanted.keys().map(|(_, span)| format!("{span:016x}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        for span in telemetry.spans_mentioning(&ids).filter_map(|span| unread.keep(span)) {
            let Some(found) = wanted.remove(&(id(Some(&span.trace_id)), narrow(&span.span_id))) else { continue };
            let Some(handler) = self.handler(&span) else { continue };
            for at in found {
                let sighting = &mut self.sightings.all[at];
                sighting.handler = Some(handler);
                sighting.parent = narrow(span.parent_span_id.as_deref().unwrap_or(""));
                let group = sighting.group;
                // Where the span did not fail, the exception was logged and the call answered.
                let args = if span.status == "error" { span.args() } else { None };
                self.sightings.groups[group].1.calls.entry(handler).or_default().failed(args);
            }
        }
    }
}

fn recorded<'a>(attributes: &'a Attributes, resource: &'a Attributes) -> Recorded<'a> {
    let text = |from: &'a Attributes, key: &str| from.get(key).and_then(Value::as_str).unwrap_or("");
    Recorded {
        kind: text(attributes, "exception.type"),
        message: text(attributes, "exception.message"),
        trace: text(attributes, "exception.stacktrace"),
        sdk: text(resource, "telemetry.sdk.language"),
    }
}

/// Class and message for grouping. Of an exception group the member counts, of which the trace knows more.
fn named(recorded: &Recorded<'_>, stack: Option<&Stack>) -> (String, String) {
    let own = stack.and_then(|stack| stack.own.exception.as_ref());
    let (kind, message) = match own {
        Some((kind, message)) if recorded.kind.ends_with("ExceptionGroup") || recorded.kind.is_empty() => {
            (kind.as_str(), message.as_str())
        }
        _ => (recorded.kind, recorded.message),
    };
    (cut(stack::last_segment(kind), 200), message.to_owned())
}

fn language(stack: Option<&Stack>, sdk: &str) -> Option<Language> {
    match (stack, sdk) {
        (Some(stack), _) => Some(stack.language),
        (None, "nodejs" | "webjs") => Some(Language::Javascript),
        (None, "python") => Some(Language::Python),
        _ => None,
    }
}

fn word(language: Language) -> &'static str {
    match language {
        Language::Javascript => "javascript",
        Language::Python => "python",
    }
}

/// Class, message and trace of an exception that was printed into a log line.
fn printed_exception(body: &str) -> Option<(String, String, &str)> {
    if let Some(at) = body.find("Traceback (most recent call last)") {
        let trace = &body[at..];
        let (kind, message) = stack::parse(trace, "")?.own.exception?;
        return Some((kind, message, trace));
    }
    let frames = body.find("\n    at ")?;
    let start = body[..frames].rfind('\n').map_or(0, |at| at + 1);
    let head = &body[start..frames];
    // `Refund failed: TypeError: x is undefined` names its class last.
    let words: Vec<&str> = head.split(": ").collect();
    let at = words.iter().position(|word| is_class(word.rsplit(' ').next().unwrap_or("")))?;
    let kind = words[at].rsplit(' ').next()?.to_owned();
    Some((kind, words[at + 1..].join(": "), &body[start..]))
}

fn is_class(word: &str) -> bool {
    let plain = word.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
    plain && (word.ends_with("Error") || word.ends_with("Exception"))
}

fn alike(kind: &str, message: &str) -> u64 {
    hash(&(stack::last_segment(kind), message.lines().next().unwrap_or("").trim())).max(1)
}

/// Not to be written down: it holds for this call only.
fn hash(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

fn id(hex: Option<&str>) -> u128 {
    hex.and_then(|hex| u128::from_str_radix(hex, 16).ok()).unwrap_or(0)
}

fn narrow(hex: &str) -> u64 {
    u64::from_str_radix(hex, 16).unwrap_or(0)
}
