//! Runs the plugin without a host: `cargo run --example look -- TELEMETRY-DIR SOURCE-DIR`.

use thymus_performance::Performance;
use thymus_sdk::source::Source;
use thymus_sdk::telemetry::Telemetry;
use thymus_sdk::{Detector as _, Diagnoser as _, Fixer as _};

fn main() -> Result<(), thymus_sdk::Failure> {
    let mut args = std::env::args().skip(1);
    let (Some(telemetry), Some(source)) = (args.next(), args.next()) else {
        return Err(thymus_sdk::Failure::BadInput("usage: look TELEMETRY-DIR SOURCE-DIR".to_owned()));
    };
    let (telemetry, source) = (Telemetry::open(telemetry), Source::at(source));
    for finding in Performance::detect(&telemetry, &source)? {
        println!("{:?} {:.2} {}: {}", finding.severity, finding.confidence, finding.rule, finding.title);
        for evidence in &finding.evidence {
            println!("    {}", evidence.statement);
        }
        let Some(diagnosis) = Performance::diagnose(&finding, &telemetry, &source)? else { continue };
        println!("  {}:{} {}", diagnosis.location.path, diagnosis.location.start_line, diagnosis.explanation);
        for proposal in Performance::propose(&finding, &diagnosis, &telemetry, &source)? {
            println!("  - {} {:?}", proposal.title, proposal.expects);
        }
    }
    Ok(())
}
