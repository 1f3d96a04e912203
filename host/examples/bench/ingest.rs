//! How fast telemetry is read, and in how much memory: a real recording, repeated with other trace and span ids.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use flate2::read::GzDecoder;
use thymus::model::Cancel;
use thymus::telemetry::{Sources, TelemetryLimits, read};

use crate::Arguments;
use crate::clock::time;
use crate::table::{Table, shown};

/// The first argument of the process that reads.
pub const CHILD: &str = "__ingest";
const FEW: usize = 200_000;
const MANY: usize = 1_000_000;
/// More than this is not worth waiting for.
const PATIENCE: Duration = Duration::from_mins(1);

/// One reading.
struct Reading {
    spans: usize,
    took: Duration,
    peak_kib: u64,
}

/// Returns the directory of a window with [`FEW`] spans.
pub fn measure(table: &mut Table, arguments: &Arguments, work: &Path) -> PathBuf {
    let recordings = arguments.sample.join("recordings");
    let lines = lines_of(&recordings.join("faulty.jsonl.gz"));
    let healthy = recordings.join("healthy.jsonl.gz");
    let window = work.join("window");
    let few = ingest(&lines, FEW, &healthy, &window, work);
    say(table, &few, "");
    let times = u32::try_from(MANY / FEW).unwrap();
    if few.took * times < PATIENCE {
        let many = ingest(&lines, MANY, &healthy, &work.join("many"), work);
        let percent = many.peak_kib * 100 / few.peak_kib;
        say(table, &many, &format!("{}.{:02} (memory)", percent / 100, percent % 100));
    } else {
        table.row("ingest 1,000,000 spans", "not measured", "it would take more than a minute here", "");
    }
    window
}

fn say(table: &mut Table, reading: &Reading, ratio: &str) {
    let Reading { spans, took, peak_kib } = reading;
    let rate = format!("{} spans/s", *spans as u128 * 1000 / took.as_millis().max(1));
    let against = format!("{}, {} MiB at its peak", shown(*took), peak_kib / 1024);
    table.row(&format!("ingest {spans} spans (OTLP/JSON)"), &rate, &against, ratio);
}

fn ingest(lines: &[String], spans: usize, healthy: &Path, dir: &Path, work: &Path) -> Reading {
    let file = work.join("spans.jsonl");
    repeat(lines, spans, &file);
    let own = std::env::current_exe().unwrap();
    let (took, output) = time(|| Command::new(own).arg(CHILD).args([&file, healthy, dir]).output().unwrap());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let mut numbers = text.split_whitespace().map(|number| number.parse::<u64>().unwrap());
    let spans = usize::try_from(numbers.next().unwrap()).unwrap();
    std::fs::remove_file(file).unwrap();
    Reading { spans, took, peak_kib: numbers.next().unwrap() }
}

/// Reads `FILE`, with `HEALTHY` for a baseline, into `DIR`; prints the spans and its peak memory.
pub fn child() {
    let paths: Vec<PathBuf> = std::env::args_os().skip(2).map(PathBuf::from).collect();
    let [file, healthy, dir] = paths.try_into().unwrap();
    let sources = Sources { files: vec![file], baseline: vec![healthy], ..Sources::default() };
    let window = read(&sources, &dir, &TelemetryLimits::default(), &Cancel::default(), &|_| {}).unwrap();
    assert_eq!((window.damaged, window.dropped.len()), (0, 0), "all of it counts");
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    println!("{} {}", window.signals.spans, peak.trim().trim_end_matches(" kB"));
}

fn lines_of(recording: &Path) -> Vec<String> {
    let file = BufReader::new(GzDecoder::new(File::open(recording).unwrap()));
    file.lines().map(Result::unwrap).collect()
}

/// Writes copies of a recording until there are so many spans. Each copy's ids begin with its own number.
fn repeat(lines: &[String], spans: usize, file: &Path) {
    const IDS: [&str; 3] = [r#""traceId":""#, r#""spanId":""#, r#""parentSpanId":""#];
    let in_one: usize = lines.iter().map(|line| line.matches(IDS[1]).count()).sum();
    assert!(in_one > 0, "the recording has no spans");
    let mut out = BufWriter::new(File::create(file).unwrap());
    for copy in 0..spans.div_ceil(in_one) {
        for line in lines {
            let line = IDS.iter().fold(line.clone(), |line, key| renumber(&line, key, copy));
            writeln!(out, "{line}").unwrap();
        }
    }
    out.flush().unwrap();
}

fn renumber(line: &str, key: &str, copy: usize) -> String {
    let mut parts = line.split(key);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(key);
        // A root's parent may be the empty text.
        match part.get(6..).filter(|_| !part.starts_with('"')) {
            Some(rest) => text.extend([&format!("{copy:06x}"), rest]),
            None => text.push_str(part),
        }
    }
    text
}
