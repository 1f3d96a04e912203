//! Takes files of OTLP protobuf apart into messages. Three forms are known, and told by the bytes alone:
//!
//! - **framed**, as the Collector's file exporter writes: four bytes of length, big-endian, then the message. With
//!   `compression: zstd` each message is a zstd frame of its own, and may then hold JSON as well;
//! - **delimited**, as protobuf's own tools and OpenTelemetry's file exporters write: a varint of length, then the
//!   message;
//! - **bare**: one message and nothing else, as it is sent over HTTP. It is read a resource at a time, because a
//!   message is the same as its parts one after the other, and the parts fit into memory.
//!
//! What a message says is decided elsewhere.

use std::io::{self, BufRead, Read};

use prost::encoding::{WireType, decode_key, decode_varint};

use super::TelemetryLimits;
use super::wire::begins_message;

/// A form is told from this much of a file.
pub(super) const LOOK: u64 = 64 << 10;
/// What a zstd frame begins with.
pub(super) const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// 128 MiB of window at most; a frame may ask for far more.
pub(super) const ZSTD_WINDOW: u32 = 27;
/// A varint of 64 bits.
const VARINT_BYTES: usize = 10;

/// How messages follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Framed,
    Delimited,
    Bare,
}

/// Tells the form from the first [`LOOK`] bytes of a file; `None` is text.
pub(super) fn form_of(head: &[u8]) -> Option<Form> {
    if is_text(head) {
        return None;
    }
    if let [a, b, c, d, rest @ ..] = head
        && u32::from_be_bytes([*a, *b, *c, *d]) > 0
        && *a == 0
        && (rest.starts_with(b"\x0a") || rest.starts_with(&ZSTD))
    {
        return Some(Form::Framed);
    }
    let mut rest = head;
    if decode_key(&mut rest).ok() == Some((1, WireType::LengthDelimited))
        && let Some(length) = length(&mut rest)
        && begins_message(head, head.len() - rest.len() + length)
    {
        return Some(Form::Bare);
    }
    let mut rest = head;
    let length = length(&mut rest)?;
    begins_message(rest, length).then_some(Form::Delimited)
}

/// JSON holds no control characters but these, and a record of OTLP can't do without: the length of an id is one.
fn is_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // A character that is cut off at the end.
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or(""),
        Err(_) => return false,
    };
    text.bytes().all(|byte| byte >= b' ' || matches!(byte, b'\n' | b'\r' | b'\t' | 0x0c))
}

fn length(rest: &mut &[u8]) -> Option<usize> {
    decode_varint(rest).ok().and_then(|length| usize::try_from(length).ok()).filter(|length| *length <= 1 << 40)
}

/// The messages of a file.
pub(super) struct Messages {
    reader: Box<dyn BufRead>,
    form: Form,
    limit: usize,
    ratio: u64,
    number: u64,
    /// Bytes of zstd frames, and what became of them.
    folded: u64,
    unfolded: u64,
}

/// What is at the place of a message.
pub(super) enum Message {
    /// Its bytes.
    Bytes,
    /// Something that has been skipped, and why.
    Skipped(String),
}

impl Messages {
    pub(super) fn new(reader: Box<dyn BufRead>, form: Form, limits: &TelemetryLimits) -> Self {
        Self { reader, form, limit: limits.line_bytes, ratio: limits.ratio, number: 0, folded: 0, unfolded: 0 }
    }

    /// The number of the message that was read last, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Reads the next message into `into`; `None` at the end. After an error nothing more can be read.
    pub(super) fn next(&mut self, into: &mut Vec<u8>) -> io::Result<Option<Message>> {
        into.clear();
        self.number += 1;
        let Some(length) = self.head(into)? else { return Ok(None) };
        let room = self.limit.saturating_sub(into.len()) as u64;
        let (taken, skipped) = if length > room {
            into.clear();
            let skipped = Message::Skipped(format!("it is {length} bytes long, more than {}", self.limit));
            (io::copy(&mut self.reader.by_ref().take(length), &mut io::sink())?, Some(skipped))
        } else {
            (self.reader.by_ref().take(length).read_to_end(into)? as u64, None)
        };
        if taken < length {
            return Err(broken(format!("a message of {length} bytes breaks off after {taken}")));
        }
        if skipped.is_none() && self.form == Form::Framed && into.starts_with(&ZSTD) {
            return self.unfold(into).map(Some);
        }
        Ok(Some(skipped.unwrap_or(Message::Bytes)))
    }

    /// Reads what stands before a message: its length, and what belongs to the message already.
    fn head(&mut self, into: &mut Vec<u8>) -> io::Result<Option<u64>> {
        if self.form == Form::Framed {
            let mut length = Vec::with_capacity(4);
            self.reader.by_ref().take(4).read_to_end(&mut length)?;
            return match length[..] {
                [] => Ok(None),
                [a, b, c, d] => Ok(Some(u64::from(u32::from_be_bytes([a, b, c, d])))),
                _ => Err(broken("the length of a message breaks off".to_owned())),
            };
        }
        if self.form == Form::Bare {
            let Some(key) = self.byte()? else { return Ok(None) };
            if key != 0x0a {
                return Err(broken("no part of an OTLP message begins here".to_owned()));
            }
            into.push(key);
        }
        let mut varint = Vec::with_capacity(VARINT_BYTES);
        while let Some(byte) = self.byte()? {
            varint.push(byte);
            if byte < 0x80 || varint.len() == VARINT_BYTES {
                break;
            }
        }
        if varint.is_empty() && self.form == Form::Delimited {
            return Ok(None);
        }
        let length =
            decode_varint(&mut &varint[..]).map_err(|_| broken("the length of a message breaks off".to_owned()))?;
        if self.form == Form::Bare {
            into.extend_from_slice(&varint);
        }
        Ok(Some(length))
    }

    fn byte(&mut self) -> io::Result<Option<u8>> {
        self.reader.by_ref().bytes().next().transpose()
    }

    /// Puts what a zstd frame holds in the place of the frame.
    fn unfold(&mut self, frame: &mut Vec<u8>) -> io::Result<Message> {
        let mut plain = Vec::new();
        let mut decoder = zstd::stream::read::Decoder::new(&frame[..])?;
        decoder.window_log_max(ZSTD_WINDOW)?;
        let read = decoder.take(self.limit as u64 + 1).read_to_end(&mut plain);
        self.folded = self.folded.saturating_add(frame.len() as u64);
        self.unfolded = self.unfolded.saturating_add(plain.len() as u64);
        if self.unfolded > super::open::RATIO_FREE && self.unfolded / self.folded.max(1) > self.ratio {
            return Err(broken(format!("it decompresses to more than {} times its size", self.ratio)));
        }
        if plain.len() > self.limit {
            return Ok(Message::Skipped(format!("it decompresses to more than {} bytes", self.limit)));
        }
        Ok(match read {
            Ok(_) => {
                *frame = plain;
                Message::Bytes
            }
            Err(error) => Message::Skipped(format!("it can't be decompressed: {error}")),
        })
    }
}

fn broken(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
