//! The whole way of the plugin without a host, for whoever writes rules:
//! `cargo run --example look -- TELEMETRY-DIRECTORY SOURCE-DIRECTORY` prints findings and what would be written.

use thymus_documentation::Documentation;
use thymus_sdk::source::Source;
use thymus_sdk::telemetry::Telemetry;
use thymus_sdk::{Change, Detector as _, Diagnoser as _, Failure, Fixer as _};

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [telemetry, source] = arguments.as_slice() else {
        eprintln!("usage: look TELEMETRY-DIRECTORY SOURCE-DIRECTORY");
        std::process::exit(2);
    };
    let (telemetry, source) = (Telemetry::open(telemetry), Source::open(source));
    for finding in Documentation::detect(&telemetry, &source)? {
        let path = finding.subject.path.clone().unwrap_or_default();
        let line = finding.subject.line.unwrap_or_default();
        println!("{path}:{line} {:?} {} {}", finding.severity, finding.rule, finding.evidence[0].statement);
        let Some(diagnosis) = Documentation::diagnose(&finding, &telemetry, &source)? else { continue };
        for proposal in Documentation::propose(&finding, &diagnosis, &telemetry, &source)? {
            println!("    {}", proposal.title);
            let content = source.text(&path)?.content;
            for change in proposal.changes {
                let Change::Edit(edit) = change else { continue };
                for edit in edit.edits {
                    let was = usize::try_from(edit.start).ok().zip(usize::try_from(edit.end).ok());
                    let was = was.and_then(|(start, end)| content.get(start..end)).unwrap_or_default();
                    println!("    - {was:?}\n    + {:?}", edit.replacement);
                }
            }
        }
    }
    Ok(())
}
