//! Traces of V8: `Error: message`, then `    at function (file:line:column)`, the innermost frame first.

use std::num::IntErrorKind;

use super::{Block, MOST_FRAMES, RawFrame, Stack};
use crate::exception::Language;

/// Receivers that only say how a function was exported or called.
const RECEIVERS: [&str; 6] = ["module.exports.", "exports.", "Module.", "Object.", "global.", "globalThis."];

pub fn parse(trace: &str, message: &str) -> Option<Stack> {
    let mut frames: Vec<RawFrame> = Vec::new();
    let mut seen = false;
    for line in behind(trace, message).lines() {
        let line = line.trim();
        if let Some(call) = line.strip_prefix("at ") {
            seen = true;
            frames.extend(frame(call));
        } else if let (Some(original), Some(last)) = (line.strip_prefix("-> "), frames.last_mut()) {
            // Node's older way to say what a source map makes of the line above.
            if let Some((file, line, column)) = position(original) {
                *last = RawFrame { file, line, column, function: last.function.take() };
            }
        } else if seen && !line.is_empty() {
            // What follows belongs to a cause, or to whoever printed it.
            break;
        }
        if frames.len() >= MOST_FRAMES {
            break;
        }
    }
    let own = Block { exception: None, frames };
    seen.then(|| Stack { language: Language::Javascript, own, chain: Vec::new() })
}

/// What comes after the message: a message of many lines can look like a trace of its own.
fn behind<'a>(trace: &'a str, message: &str) -> &'a str {
    let head = trace.lines().next().map_or(0, str::len);
    match trace.find(message) {
        Some(at) if !message.is_empty() && at <= head => &trace[at + message.len()..],
        _ => trace,
    }
}

fn frame(call: &str) -> Option<RawFrame> {
    let call = call.strip_prefix("async ").unwrap_or(call);
    let (function, place) = match call.strip_suffix(')').and_then(|call| call.split_once(" (")) {
        Some((function, place)) => (name(function), place),
        None => (None, call),
    };
    let place = match place.strip_prefix("eval at ") {
        // Code out of a string has no file; the call of eval has one.
        Some(origin) => {
            let inner = &origin[origin.rfind('(')? + 1..];
            inner.split_once(')').map_or(inner, |(place, _)| place)
        }
        None => place,
    };
    let (file, line, column) = position(place)?;
    let foreign = file.starts_with("node:") || file.starts_with("internal/") || file.starts_with('<');
    (!foreign).then_some(RawFrame { file, line, column, function })
}

/// `new Cart` → `Cart`, `Object.total [as sum]` → `total`, `Object.<anonymous>` → none.
fn name(function: &str) -> Option<String> {
    let function = function.strip_prefix("new ").unwrap_or(function);
    let function = function.split_once(" [as ").map_or(function, |(function, _)| function);
    let function = RECEIVERS.iter().find_map(|receiver| function.strip_prefix(receiver)).unwrap_or(function);
    let function = function.trim();
    (!function.is_empty() && !function.contains("<anonymous>") && function != "eval").then(|| function.to_owned())
}

/// `file:line:column`, or `file:line`.
fn position(place: &str) -> Option<(String, u32, Option<u32>)> {
    let (head, last) = place.trim().rsplit_once(':')?;
    let last: u32 = last.parse().ok()?;
    let (file, line, column) = match head.rsplit_once(':').map(|(file, line)| (file, line.parse::<u32>())) {
        Some((file, Ok(line))) => (file, line, Some(last)),
        // Digits that are no line number: too many of them.
        Some((_, Err(why))) if *why.kind() == IntErrorKind::PosOverflow => return None,
        _ => (head, last, None),
    };
    (!file.is_empty() && line > 0).then(|| (file.to_owned(), line, column.filter(|column| *column > 0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(trace: &str, message: &str) -> Vec<String> {
        let show = |frame: RawFrame| {
            let column = frame.column.map(|column| format!(":{column}")).unwrap_or_default();
            format!("{} {}:{}{column}", frame.function.as_deref().unwrap_or("-"), frame.file, frame.line)
        };
        parse(trace, message).map(|stack| stack.own.frames.into_iter().map(show).collect()).unwrap_or_default()
    }

    #[test]
    fn every_form_of_a_frame_is_understood() {
        let trace = "TypeError: x is not a function
    at couponDiscount (file:///srv/order%20shop/src/cart.js:52:31)
    at async Object.load [as fetch] (/srv/a (b)/x.js:3:4)
    at new Cart (C:\\app\\cart.js:7:9)
    at /srv/top.js:1:2
    at async file:///srv/late.mjs:10:3
    at Object.<anonymous> (/srv/anonymous.js:5:6)
    at Shop.total [as sum] (/srv/shop.ts:8)
    at eval (eval at run (/srv/eval.js:3:4), <anonymous>:1:1)
    at eval (eval at <anonymous> (eval at run (/srv/twice.js:9:4)), <anonymous>:1:1)
    at async Promise.all (index 0)
    at Array.map (<anonymous>)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)
    at node:internal/main/run_main_module:28:49";
        assert_eq!(
            frames(trace, "x is not a function"),
            [
                "couponDiscount file:///srv/order%20shop/src/cart.js:52:31",
                "load /srv/a (b)/x.js:3:4",
                "Cart C:\\app\\cart.js:7:9",
                "- /srv/top.js:1:2",
                "- file:///srv/late.mjs:10:3",
                "- /srv/anonymous.js:5:6",
                "Shop.total /srv/shop.ts:8",
                "- /srv/eval.js:3:4",
                "- /srv/twice.js:9:4",
            ]
        );
    }

    #[test]
    fn a_message_that_looks_like_a_trace_is_none() {
        let message = "boom\n    at liar (/srv/liar.js:1:1)";
        let trace = format!("Error: {message}\n    at honest (/srv/honest.js:2:2)");
        assert_eq!(frames(&trace, message), ["honest /srv/honest.js:2:2"]);
    }

    #[test]
    fn causes_and_mapped_lines_are_told_apart() {
        let trace = "Error: a\n    at f (/srv/dist/f.js:1:99)\n        -> /srv/src/f.ts:10:3\n    at g (/srv/g.js:2:2)\n\
                     Caused by: Error: b\n    at h (/srv/h.js:3:3)";
        assert_eq!(frames(trace, "a"), ["f /srv/src/f.ts:10:3", "g /srv/g.js:2:2"]);
    }

    #[test]
    fn odd_lines_do_no_harm() {
        for odd in
            ["at ", "at (", "at )", "at f (", "at f ()", "at :", "at x:0:0", "at x:99999999999:1", "at eval (eval at "]
        {
            assert_eq!(frames(&format!("E\n    {odd}\n    at f (/a.js:1:1)"), ""), ["f /a.js:1:1"], "{odd}");
        }
        assert_eq!(parse("no trace", "no trace"), None);
        assert_eq!(parse("", ""), None);
    }
}
