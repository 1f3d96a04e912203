//! The whole way of the plugin without a host, for whoever writes rules:
//! `cargo run --example look -- TELEMETRY-DIRECTORY SOURCE-DIRECTORY...` prints findings, diagnoses and proposals.

use thymus_dependency::Dependency;
use thymus_sdk::source::Source;
use thymus_sdk::telemetry::Telemetry;
use thymus_sdk::{Detector as _, Diagnoser as _, Failure, Fixer as _};

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [telemetry, sources @ ..] = arguments.as_slice() else {
        eprintln!("usage: look TELEMETRY-DIRECTORY SOURCE-DIRECTORY...");
        std::process::exit(2);
    };
    let telemetry = Telemetry::open(telemetry);
    for path in sources {
        let source = Source::open(path);
        for finding in Dependency::detect(&telemetry, &source)? {
            println!("{path}: {:?} {}: {}", finding.severity, finding.rule, finding.title);
            let Some(diagnosis) = Dependency::diagnose(&finding, &telemetry, &source)? else { continue };
            println!("  {}:{}", diagnosis.location.path, diagnosis.location.start_line);
            for proposal in Dependency::propose(&finding, &diagnosis, &telemetry, &source)? {
                println!("  {}\n{:#?}", proposal.title, proposal.changes);
            }
        }
    }
    Ok(())
}
