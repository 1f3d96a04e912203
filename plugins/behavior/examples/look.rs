//! The whole way of the plugin without a host, for whoever writes rules:
//! `cargo run --example look -- TELEMETRY-DIRECTORY SOURCE-DIRECTORY` prints findings, diagnoses and proposals.

use thymus_behavior::Behavior;
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
    for finding in Behavior::detect(&telemetry, &source)? {
        println!("{finding:#?}");
        let Some(diagnosis) = Behavior::diagnose(&finding, &telemetry, &source)? else { continue };
        println!("{diagnosis:#?}");
        for proposal in Behavior::propose(&finding, &diagnosis, &telemetry, &source)? {
            println!("{}\n\n{}\n", proposal.title, proposal.explanation);
            for change in proposal.changes {
                match change {
                    Change::Create(file) => println!("+++ {}\n{}", file.path, file.content),
                    other => println!("{other:#?}"),
                }
            }
        }
    }
    Ok(())
}
