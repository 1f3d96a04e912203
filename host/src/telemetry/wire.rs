//! Looks at an OTLP message in protobuf before anything of it is decoded: which signal it carries, whether every
//! length stays inside its parent, and how many messages it would become. It makes no records and knows no files.
//!
//! Protobuf doesn't say what it is. But a field that is text in one signal is a number in another, so a message that
//! follows the schema of one signal to its last byte, and whose records have what every record of that signal has (a
//! span its start, a log record a time, a metric its data), can't be one of another.

use prost::encoding::{WireType, decode_key, decode_varint};

/// Deeper than a sane value nests; prost itself stops at 100.
const DEPTH: usize = 64;

/// What a message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Traces,
    Logs,
    Metrics,
}

impl Signal {
    const ALL: [Self; 3] = [Self::Traces, Self::Logs, Self::Metrics];

    fn name(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Logs => "logs",
            Self::Metrics => "metrics",
        }
    }
}

/// Why a message is not one of the signal as which it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// It breaks off here, and was right so far.
    Cut,
    /// At a byte, something that this signal doesn't have.
    Wrong { at: usize, why: &'static str },
    /// It would become more messages than the bound.
    TooMany,
}

/// What a look found.
#[derive(Clone, Copy, Debug, Default)]
struct Look {
    messages: usize,
    records: usize,
    /// Records with what every record of the signal has.
    whole: usize,
}

/// The signal of a message that is complete. `usual` is the one that is tried first.
pub(super) fn signal_of(bytes: &[u8], usual: Signal, limit: usize) -> Result<Signal, String> {
    let mut best: Option<(usize, Signal)> = None;
    let mut furthest = (0, "it is empty".to_owned());
    let others = Signal::ALL.into_iter().filter(|signal| *signal != usual);
    for signal in std::iter::once(usual).chain(others) {
        match look(bytes, bytes.len(), signal, limit) {
            Ok(found) if found.whole == found.records && found.records > 0 => return Ok(signal),
            Ok(found) if best.is_none_or(|(whole, _)| found.whole > whole) => best = Some((found.whole, signal)),
            Err(Flaw::TooMany) => return Err(format!("it holds more than {limit} messages")),
            Err(Flaw::Wrong { at, why }) if at >= furthest.0 => {
                furthest = (at, format!("byte {at}, read as {}: {why}", signal.name()));
            }
            Ok(_) | Err(Flaw::Wrong { .. } | Flaw::Cut) => {}
        }
    }
    best.map(|(_, signal)| signal).ok_or(furthest.1)
}

/// Whether bytes begin an OTLP message that is `declared` bytes long, for any signal; they may break off early.
pub(super) fn begins_message(bytes: &[u8], declared: usize) -> bool {
    let bytes = &bytes[..bytes.len().min(declared)];
    declared > 0
        && Signal::ALL
            .into_iter()
            .any(|signal| matches!(look(bytes, declared, signal, usize::MAX), Ok(_) | Err(Flaw::Cut)))
}

fn look(bytes: &[u8], declared: usize, signal: Signal, limit: usize) -> Result<Look, Flaw> {
    let mut walk = Walk { bytes, at: 0, signal, limit, found: Look::default() };
    walk.message(Kind::Request, declared, 0)?;
    Ok(walk.found)
}

/// The messages of OTLP that hold others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Request,
    Group,
    Scoped,
    Resource,
    EntityRef,
    Scope,
    Span,
    Event,
    Link,
    Status,
    Log,
    Metric,
    /// A gauge or a sum.
    Numbers,
    Histogram,
    Exponential,
    Summary,
    NumberPoint,
    HistogramPoint,
    ExponentialPoint,
    Buckets,
    SummaryPoint,
    Quantile,
    Exemplar,
    KeyValue,
    AnyValue,
    Array,
    KeyValues,
}

/// What a field is.
#[derive(Clone, Copy)]
enum Field {
    Message(Kind),
    Scalar(WireType),
    /// Not in the schema. It is skipped where OTLP may grow, and wrong where it tells forms and signals apart.
    Unknown,
}

/// The schema, as far as it nests and as far as it tells signals apart.
#[allow(clippy::match_same_arms)] // it reads message by message, as the schema does
fn field(signal: Signal, of: Kind, number: u32) -> Field {
    use Field::{Message, Scalar, Unknown};
    use WireType::{LengthDelimited as Bytes, SixtyFourBit as Fixed64, ThirtyTwoBit as Fixed32, Varint};
    match (of, number) {
        (Kind::Request, 1) => Message(Kind::Group),
        (Kind::Group, 1) => Message(Kind::Resource),
        (Kind::Group, 2) => Message(Kind::Scoped),
        (Kind::Scoped, 1) => Message(Kind::Scope),
        (Kind::Scoped, 2) => Message(match signal {
            Signal::Traces => Kind::Span,
            Signal::Logs => Kind::Log,
            Signal::Metrics => Kind::Metric,
        }),
        (Kind::Group | Kind::Scoped, 3) => Scalar(Bytes),
        (Kind::Resource, 1) | (Kind::Scope, 3) => Message(Kind::KeyValue),
        (Kind::Resource, 2) | (Kind::Scope, 4) => Scalar(Varint),
        (Kind::Resource, 3) => Message(Kind::EntityRef),
        (Kind::Scope, 1 | 2) => Scalar(Bytes),

        (Kind::Span, 1..=5) => Scalar(Bytes),
        (Kind::Span, 6 | 10 | 12 | 14) => Scalar(Varint),
        (Kind::Span, 7 | 8) => Scalar(Fixed64),
        (Kind::Span, 9) | (Kind::Event, 3) | (Kind::Link, 4) => Message(Kind::KeyValue),
        (Kind::Span, 11) => Message(Kind::Event),
        (Kind::Span, 13) => Message(Kind::Link),
        (Kind::Span, 15) => Message(Kind::Status),
        (Kind::Span, 16) => Scalar(Fixed32),

        (Kind::Log, 1 | 11) => Scalar(Fixed64),
        (Kind::Log, 2 | 7) => Scalar(Varint),
        (Kind::Log, 3 | 9 | 10 | 12) => Scalar(Bytes),
        (Kind::Log, 5) => Message(Kind::AnyValue),
        (Kind::Log, 6) => Message(Kind::KeyValue),
        (Kind::Log, 8) => Scalar(Fixed32),

        (Kind::Metric, 1..=3) => Scalar(Bytes),
        (Kind::Metric, 5 | 7) => Message(Kind::Numbers),
        (Kind::Metric, 9) => Message(Kind::Histogram),
        (Kind::Metric, 10) => Message(Kind::Exponential),
        (Kind::Metric, 11) => Message(Kind::Summary),
        (Kind::Metric, 12) => Message(Kind::KeyValue),
        (Kind::Numbers, 1) => Message(Kind::NumberPoint),
        (Kind::Histogram, 1) => Message(Kind::HistogramPoint),
        (Kind::Exponential, 1) => Message(Kind::ExponentialPoint),
        (Kind::Summary, 1) => Message(Kind::SummaryPoint),
        (Kind::NumberPoint | Kind::SummaryPoint | Kind::Exemplar, 7)
        | (Kind::HistogramPoint, 9)
        | (Kind::ExponentialPoint, 1) => Message(Kind::KeyValue),
        (Kind::NumberPoint, 5) | (Kind::HistogramPoint, 8) | (Kind::ExponentialPoint, 11) => Message(Kind::Exemplar),
        (Kind::ExponentialPoint, 8 | 9) => Message(Kind::Buckets),
        (Kind::SummaryPoint, 6) => Message(Kind::Quantile),

        (Kind::KeyValue, 1) => Scalar(Bytes),
        (Kind::KeyValue, 2) | (Kind::Array, 1) => Message(Kind::AnyValue),
        (Kind::KeyValues, 1) => Message(Kind::KeyValue),
        (Kind::AnyValue, 5) => Message(Kind::Array),
        (Kind::AnyValue, 6) => Message(Kind::KeyValues),
        _ => Unknown,
    }
}

/// Whether a field is one that every record of its signal has.
fn is_essential(of: Kind, number: u32) -> bool {
    matches!((of, number), (Kind::Span, 7) | (Kind::Log, 1 | 11) | (Kind::Metric, 5 | 7 | 9 | 10 | 11))
}

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    signal: Signal,
    limit: usize,
    found: Look,
}

impl Walk<'_> {
    /// Walks a message that ends before byte `end`.
    fn message(&mut self, kind: Kind, end: usize, depth: usize) -> Result<(), Flaw> {
        if depth > DEPTH {
            return Err(self.wrong("it nests too deeply"));
        }
        self.found.messages += 1;
        if self.found.messages > self.limit {
            return Err(Flaw::TooMany);
        }
        let is_record = matches!(kind, Kind::Span | Kind::Log | Kind::Metric);
        let mut whole = false;
        while self.at < end {
            let (number, wire) = self.read(end, |rest| decode_key(rest).ok(), "no field begins here")?;
            whole |= is_essential(kind, number);
            match field(self.signal, kind, number) {
                Field::Message(inner) => {
                    self.expect(WireType::LengthDelimited, wire)?;
                    let inner_end = self.length(end)?;
                    self.message(inner, inner_end, depth + 1)?;
                }
                Field::Scalar(known) => {
                    self.expect(known, wire)?;
                    self.skip(wire, end)?;
                }
                Field::Unknown if matches!(kind, Kind::Request | Kind::Group) => {
                    return Err(self.wrong("a field that OTLP doesn't have"));
                }
                Field::Unknown => self.skip(wire, end)?,
            }
        }
        if self.at > self.bytes.len() {
            return Err(Flaw::Cut);
        }
        self.found.records += usize::from(is_record);
        self.found.whole += usize::from(is_record && whole);
        Ok(())
    }

    fn skip(&mut self, wire: WireType, end: usize) -> Result<(), Flaw> {
        let next = match wire {
            WireType::Varint => {
                self.read(end, |rest| decode_varint(rest).ok(), "a number that doesn't end")?;
                self.at
            }
            WireType::SixtyFourBit => self.at + 8,
            WireType::ThirtyTwoBit => self.at + 4,
            WireType::LengthDelimited => self.length(end)?,
            WireType::StartGroup | WireType::EndGroup => return Err(self.wrong("a group, which OTLP doesn't have")),
        };
        if next > end {
            return Err(self.wrong("a field that is longer than what it is in"));
        }
        self.at = next;
        Ok(())
    }

    /// Where something ends that begins with its length.
    fn length(&mut self, end: usize) -> Result<usize, Flaw> {
        let length = self.read(end, |rest| decode_varint(rest).ok(), "a length that doesn't end")?;
        let inner_end = usize::try_from(length).ok().and_then(|length| self.at.checked_add(length));
        inner_end
            .filter(|inner_end| *inner_end <= end)
            .ok_or_else(|| self.wrong("a field that is longer than what it is in"))
    }

    /// Reads a small thing before `end`.
    fn read<T>(
        &mut self,
        end: usize,
        decode: impl FnOnce(&mut &[u8]) -> Option<T>,
        why: &'static str,
    ) -> Result<T, Flaw> {
        let Some(mut rest) = self.bytes.get(self.at..end.min(self.bytes.len())) else { return Err(Flaw::Cut) };
        let before = rest.len();
        match decode(&mut rest) {
            Some(value) => {
                self.at += before - rest.len();
                Ok(value)
            }
            // A varint has ten bytes at most.
            None if before < 10 && end > self.bytes.len() => Err(Flaw::Cut),
            None => Err(self.wrong(why)),
        }
    }

    fn expect(&self, known: WireType, found: WireType) -> Result<(), Flaw> {
        if known == found { Ok(()) } else { Err(self.wrong("a field of another type")) }
    }

    fn wrong(&self, why: &'static str) -> Flaw {
        Flaw::Wrong { at: self.at, why }
    }
}
