//! From one OTLP message in protobuf to the records that `docs/telemetry.md` describes. One record is decoded at a
//! time: two bytes of protobuf can become hundreds in memory, so a message is never decoded as a whole.

use std::io;

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use prost::{DecodeError, Message};

use super::reading::Reading;
use super::records::{Origin, read_log, read_metric, read_span, scope_name};
use super::wire::{Signal, signal_of};

/// Reads one message. `usual` is the signal of the one before it in the file, and becomes this one's. What is wrong
/// with the message, or with single records in it, counts as damage; an error comes from writing.
pub(super) fn read(message: &[u8], usual: &mut Signal, to: &mut Reading<'_>) -> io::Result<()> {
    match signal_of(message, *usual, to.limits.objects) {
        Ok(signal) => *usual = signal,
        Err(why) => {
            to.damaged(format!("not OTLP: {why}"));
            return Ok(());
        }
    }
    for group in parts(message, 1) {
        let resource = match merged::<Resource>(group) {
            Ok(resource) => resource,
            Err(error) => {
                to.damaged(format!("a resource can't be read: {error}"));
                continue;
            }
        };
        let from = Origin::of(Some(resource), to);
        for scoped in parts(group, 2) {
            match merged::<InstrumentationScope>(scoped) {
                Ok(scope) => {
                    let scope = scope_name(Some(scope), to);
                    records(scoped, *usual, &from, &scope, to)?;
                }
                Err(error) => to.damaged(format!("a scope can't be read: {error}")),
            }
        }
    }
    Ok(())
}

fn records(scoped: &[u8], signal: Signal, from: &Origin, scope: &str, to: &mut Reading<'_>) -> io::Result<()> {
    for record in parts(scoped, 2) {
        let read = match signal {
            Signal::Traces => Span::decode(record).map(|span| read_span(span, from, scope, to)),
            Signal::Logs => LogRecord::decode(record).map(|log| read_log(log, from, scope, to)),
            Signal::Metrics => Metric::decode(record).map(|metric| read_metric(metric, from, scope, to)),
        };
        match read {
            Ok(written) => written?,
            Err(error) => to.damaged(format!("a record can't be read: {error}")),
        }
    }
    Ok(())
}

/// The message in field 1: all that stands there, together, as protobuf has it.
fn merged<M: Message + Default>(bytes: &[u8]) -> Result<M, DecodeError> {
    let mut message = M::default();
    for part in parts(bytes, 1) {
        message.merge(part)?;
    }
    Ok(message)
}

/// The bytes of every message in field `number`. The message around them has been walked, so nothing is missing here.
fn parts(bytes: &[u8], number: u32) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        loop {
            let (found, wire) = decode_key(&mut rest).ok()?;
            if wire == WireType::LengthDelimited {
                let length = usize::try_from(decode_varint(&mut rest).ok()?).ok()?;
                let (part, after) = rest.split_at_checked(length)?;
                rest = after;
                if found == number {
                    return Some(part);
                }
            } else {
                skip_field(wire, found, &mut rest, DecodeContext::default()).ok()?;
            }
        }
    })
}
