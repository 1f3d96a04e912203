//! The `thymus` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before anything else, while the process is single-threaded and holds nothing.
    match std::env::args().nth(1).as_deref() {
        Some("__sandbox") => thymus::sandbox::helper_main(),
        Some("__enter") => thymus::sandbox::enter_main(),
        Some("__worker") => thymus::plugin::worker_main(),
        _ => thymus::cli::main(),
    }
}
