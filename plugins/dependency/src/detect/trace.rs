//! Files and lines that a stack trace names, where they lie in the source: the innermost first.

use thymus_sdk::places::Places;

/// The most frames of a trace that are looked at, the innermost ones.
const MOST_FRAMES: usize = 24;

/// A place of the source, with its line where the trace names one.
pub type Frame = (String, Option<u32>);

/// The frames of a trace that lie in the source.
pub fn frames(trace: &str, places: &mut Places) -> Vec<Frame> {
    let mut raw: Vec<Frame> = trace.lines().filter_map(|line| python(line.trim_start_matches(['|', ' ']))).collect();
    if raw.is_empty() {
        raw = trace.lines().filter_map(|line| v8(line.trim())).collect();
    } else {
        raw.reverse();
    }
    raw.into_iter().take(MOST_FRAMES).filter_map(|(file, line)| Some((places.file(&file)?, line))).collect()
}

/// `File "/srv/app/x.py", line 10, in fn`
fn python(line: &str) -> Option<Frame> {
    let (file, rest) = line.strip_prefix("File \"")?.split_once("\", line ")?;
    Some((file.to_owned(), rest.split(',').next()?.trim().parse().ok()))
}

/// `at f (file:line:column)`; and `file:line` alone, above the source of a module that could not be linked.
fn v8(line: &str) -> Option<Frame> {
    let call = line.strip_prefix("at ");
    let place = call.map(|call| call.rsplit_once('(').map_or(call, |(_, place)| place.trim_end_matches(')')));
    let place = place.or_else(|| line.starts_with("file://").then_some(line))?.trim_start_matches("async ");
    let (head, last) = place.rsplit_once(':')?;
    let last: u32 = last.parse().ok()?;
    match head.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse().ok()?))) {
        Some((file, line)) => Some((file.to_owned(), Some(line))),
        None => Some((head.to_owned(), Some(last))),
    }
}
