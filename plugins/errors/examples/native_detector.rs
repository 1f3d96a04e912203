//! The plugin's detector without its sandbox, for `cargo xtask bench`: prints the microseconds it took and the number
//! of its findings. Example: `native_detector TELEMETRY-DIR SOURCE-DIR`

use std::time::Instant;

use thymus_errors::Errors;
use thymus_sdk::Detector as _;
use thymus_sdk::source::Source;
use thymus_sdk::telemetry::Telemetry;

fn main() {
    let mut paths = std::env::args_os().skip(1);
    let (Some(telemetry), Some(source)) = (paths.next(), paths.next()) else {
        panic!("native_detector TELEMETRY-DIR SOURCE-DIR");
    };
    let started = Instant::now();
    let findings = Errors::detect(&Telemetry::open(telemetry), &Source::open(source)).expect("the window reads");
    println!("{} {}", started.elapsed().as_micros(), findings.len());
}
