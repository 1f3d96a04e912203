//! The `thymus` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    // What is laid out for a jail must be readable for the jail's user, whatever the person's umask is; what is private
    // (the state folder, the key, the ledger) is made with modes of its own.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    // Before anything else, while the process is single-threaded and holds nothing.
    match std::env::args().nth(1).as_deref() {
        Some("__sandbox") => thymus::sandbox::helper_main(),
        Some("__enter") => thymus::sandbox::enter_main(),
        Some("__worker") => thymus::plugin::worker_main(),
        _ => thymus::cli::main(),
    }
}
