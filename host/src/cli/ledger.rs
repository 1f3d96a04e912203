//! `thymus ledger`: whether the record is as it was written, and what it says.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Subcommand;
use serde::Serialize;

use super::paint::{DIM, GOOD, STRONG, paint};
use super::place::{Place, case_id};
use super::{Complaint, Format, print, print_json};
use crate::ledger::{Head, Recorded};
use crate::model::{CaseId, Digest, Event, inert_line};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Check every event against the chain of hashes. Example: thymus ledger verify --repo ~/src/shop
    Verify {
        #[command(flatten)]
        place: Place,
        /// A head that was kept elsewhere, as an earlier `verify` printed it: shows whether the end was rewritten.
        #[arg(long, value_name = "SEQ:SHA256", value_parser = head)]
        head: Vec<Head>,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Print the events, oldest first. Example: thymus ledger show --case error-3f9a1c2b7d40
    Show {
        #[command(flatten)]
        place: Place,
        /// Only those of this case.
        #[arg(long, value_parser = case_id)]
        case: Option<CaseId>,
        /// From this number on.
        #[arg(long, value_name = "SEQ", default_value_t = 1)]
        from: u64,
        /// One line an event, or JSON lines with everything.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

fn head(text: &str) -> Result<Head, String> {
    let parsed =
        text.split_once(':').and_then(|(seq, hash)| Some(Head { seq: seq.parse().ok()?, hash: hash.parse().ok()? }));
    parsed.ok_or_else(|| "a head is a number, a colon and 64 hexadecimal digits".to_owned())
}

#[derive(Serialize)]
struct Whole {
    events: u64,
    head: Digest,
}

#[derive(Serialize)]
struct Line<'a> {
    seq: u64,
    at_ns: u64,
    hash: Digest,
    #[serde(flatten)]
    event: &'a Event,
}

pub(super) fn run(command: Command) -> Result<ExitCode, Complaint> {
    match command {
        Command::Verify { place, head, format } => {
            let verified = place.ledger()?.verify_against(&head)?;
            let (events, head) = (verified.events, verified.head);
            match format {
                Format::Json => print_json(&Whole { events, head })?,
                Format::Human => print(&format!(
                    "{} {events} events, all as they were written; head {events}:{head}\n",
                    paint(GOOD, "✓")
                )),
            }
        }
        Command::Show { place, case, from, format } => {
            let events = place.ledger()?.events(from)?;
            let wanted = |recorded: &&Recorded| case.is_none() || recorded.event.case() == case.as_ref();
            let mut text = String::new();
            for recorded in events.iter().filter(wanted) {
                let line = match format {
                    Format::Json => json(recorded)?,
                    Format::Human => human(recorded)?,
                };
                let _ = writeln!(text, "{line}");
            }
            print(&text);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn json(recorded: &Recorded) -> Result<String, Complaint> {
    let Recorded { seq, at_ns, hash, event } = recorded;
    let line = Line { seq: *seq, at_ns: *at_ns, hash: *hash, event };
    serde_json::to_string(&line).map_err(|error| Complaint::failed(error.to_string()))
}

/// Number, time, name, and the fields that fit on a line.
fn human(recorded: &Recorded) -> Result<String, Complaint> {
    let value = serde_json::to_value(&recorded.event).map_err(|error| Complaint::failed(error.to_string()))?;
    let mut fields = value.as_object().cloned().unwrap_or_default();
    let name = fields.shift_remove("event").and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default();
    let mut rest = String::new();
    for (key, value) in &fields {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let short: String = value.chars().take(60).collect();
        let cut = if short.len() < value.len() { "…" } else { "" };
        let _ = write!(rest, " {key}={}{cut}", inert_line(&short));
    }
    let time = jiff::Timestamp::from_nanosecond(i128::from(recorded.at_ns))
        .map(|time| time.strftime("%Y-%m-%d %H:%M:%S").to_string());
    let time = paint(DIM, time.unwrap_or_default());
    Ok(format!("{:>6} {time} {}{rest}", recorded.seq, paint(STRONG, name)))
}
