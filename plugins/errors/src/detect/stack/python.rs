//! Tracebacks of Python: the outermost frame first, so they are turned round; chained ones print what happened first
//! first, so the recorded exception is the last; exception groups print their members indented below them.

use super::{Block, MOST_FRAMES, RawFrame, Stack};
use crate::exception::Language;

const HEADERS: [&str; 2] = ["Traceback (most recent call last)", "Exception Group Traceback (most recent call last)"];

/// One traceback of the text, as far as it goes.
#[derive(Default)]
struct Part {
    /// The column of its header: members of a group stand further right.
    column: usize,
    /// The outermost first.
    frames: Vec<RawFrame>,
    exception: Option<(String, String)>,
}

pub fn parse(trace: &str) -> Option<Stack> {
    let parts = parts(trace);
    let outermost = parts.iter().map(|part| part.column).min()?;
    let last = parts.iter().rposition(|part| part.column == outermost)?;
    let own = own(&parts, last);
    // Earlier ones at the same depth are what it was raised from.
    let column = parts[own].column;
    let same = |part: &&Part| part.column == column;
    let chain = parts[..own].iter().rev().take_while(same).map(block).collect();
    Some(Stack { language: Language::Python, own: block(&parts[own]), chain })
}

/// The exception itself, or where it is a group the first member that is none: the group only says that there are some.
fn own(parts: &[Part], last: usize) -> usize {
    let is_group =
        |part: &Part| part.exception.as_ref().is_some_and(|(kind, _)| super::last_segment(kind).ends_with("Group"));
    let deeper = |at: &usize| parts[*at].column > parts[last].column && !is_group(&parts[*at]);
    if is_group(&parts[last]) { (last + 1..parts.len()).find(deeper).unwrap_or(last) } else { last }
}

fn block(part: &Part) -> Block {
    let frames = part.frames.iter().rev().take(MOST_FRAMES).cloned().collect();
    Block { exception: part.exception.clone(), frames }
}

fn parts(trace: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for line in trace.lines() {
        let text = line.trim_start_matches([' ', '|', '+']);
        let column = line.len() - text.len();
        if HEADERS.iter().any(|header| text.starts_with(header)) {
            parts.push(Part { column, ..Part::default() });
            continue;
        }
        let Some(part) = parts.last_mut().filter(|part| part.exception.is_none()) else { continue };
        if let Some(frame) = frame(text).filter(|_| column > part.column) {
            part.frames.push(frame);
        } else if column == part.column && !text.is_empty() {
            let (kind, message) = text.split_once(": ").unwrap_or((text.trim_end_matches(':'), ""));
            part.exception = Some((kind.trim().to_owned(), message.trim().to_owned()));
        }
    }
    parts
}

/// `File "/srv/app/x.py", line 10, in fn`; a syntax error's has no `in`.
fn frame(text: &str) -> Option<RawFrame> {
    let (file, rest) = text.strip_prefix("File \"")?.split_once("\", line ")?;
    let (line, function) = rest.split_once(", in ").unwrap_or((rest, ""));
    let line = line.trim().parse().ok().filter(|line| *line > 0)?;
    let function = function.trim();
    // `<module>`, `<lambda>`, `<listcomp>` are no names.
    let function = (!function.is_empty() && !function.starts_with('<')).then(|| function.to_owned());
    Some(RawFrame { file: file.to_owned(), line, column: None, function })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(block: &Block) -> Vec<String> {
        let show =
            |frame: &RawFrame| format!("{} {}:{}", frame.function.as_deref().unwrap_or("-"), frame.file, frame.line);
        block.frames.iter().map(show).collect()
    }

    #[test]
    fn the_innermost_frame_comes_first() {
        let trace = "Traceback (most recent call last):
  File \"/venv/lib/python3.11/site-packages/opentelemetry/trace/__init__.py\", line 589, in use_span
    yield span
  File \"/srv/app/main.py\", line 10, in <module>
    main(\"x: y\")
    ~~~~^^^^^^^^
  File \"/srv/app/cart.py\", line 3, in Cart.total
    return prices[\"a\"]
  [Previous line repeated 996 more times]
KeyError: 'a'
";
        let stack = parse(trace).unwrap();
        assert_eq!(shown(&stack.own)[..2], ["Cart.total /srv/app/cart.py:3", "- /srv/app/main.py:10"]);
        assert_eq!(stack.own.exception, Some(("KeyError".to_owned(), "'a'".to_owned())));
        assert!(stack.chain.is_empty());
    }

    #[test]
    fn of_chained_tracebacks_the_last_is_the_recorded_one() {
        for bridge in [
            "During handling of the above exception, another exception occurred:",
            "The above exception was the direct cause of the following exception:",
        ] {
            let trace = format!(
                "Traceback (most recent call last):\n  File \"/a.py\", line 1, in a\n    x\nKeyError: 'k'\n\n{bridge}\n\n\
                 Traceback (most recent call last):\n  File \"/b.py\", line 2, in b\n    y\napp.errors.Refused: no\nsecond line\n"
            );
            let stack = parse(&trace).unwrap();
            assert_eq!(shown(&stack.own), ["b /b.py:2"]);
            assert_eq!(stack.own.exception, Some(("app.errors.Refused".to_owned(), "no".to_owned())));
            assert_eq!(shown(&stack.chain[0]), ["a /a.py:1"]);
            assert_eq!(stack.chain[0].exception.as_ref().unwrap().0, "KeyError");
        }
    }

    #[test]
    fn of_a_group_the_first_member_counts() {
        let trace = "  + Exception Group Traceback (most recent call last):
  |   File \"/srv/main.py\", line 8, in main
  |     async with asyncio.TaskGroup() as group:
  | ExceptionGroup: unhandled errors in a TaskGroup (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File \"/srv/work.py\", line 3, in work
    |     int(\"x\")
    | ValueError: invalid literal for int() with base 10: 'x'
    +---------------- 2 ----------------
    | Traceback (most recent call last):
    |   File \"/srv/other.py\", line 4, in other
    | KeyError: 'k'
    +------------------------------------
";
        let stack = parse(trace).unwrap();
        assert_eq!(shown(&stack.own), ["work /srv/work.py:3"]);
        assert_eq!(stack.own.exception.unwrap().0, "ValueError");
    }

    #[test]
    fn what_is_cut_off_is_read_as_far_as_it_goes() {
        let stack =
            parse("Traceback (most recent call last):\n  File \"/a.py\", line 1, in a\n    x\n  File \"/b.p").unwrap();
        assert_eq!((shown(&stack.own), stack.own.exception), (vec!["a /a.py:1".to_owned()], None));
        assert_eq!(parse("  File \"/a.py\", line 1, in a"), None, "no traceback");
        assert!(
            parse("Traceback (most recent call last):\n  File \"/a.py\", line 0, in a").unwrap().own.frames.is_empty()
        );
    }
}
