//! The import audit: what a plugin wants, held against what it may have, before a byte of it is compiled.
//!
//! The list says what may pass; everything else is refused, whatever its name. An import that passes is not yet
//! power: the host decides what it answers, and the kernel what is there.

use super::contract::is_known;
use super::{PluginError, PluginFacts};
use crate::model::Grant;

/// The interfaces of WASI 0.2 that a language's standard library imports whether or not the plugin uses them. They
/// answer with nothing (environment, standard input) or with the host's own values (clock, randomness, directories).
const WASI: [&str; 19] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure-seed",
    "wasi:random/random",
];

/// Refuses a plugin that imports what no plugin may have, or what this grant does not give; the error names the import.
pub fn audit(facts: &PluginFacts, grant: &Grant) -> Result<(), PluginError> {
    for import in &facts.imports {
        if let Err(why) = judge(import) {
            return Err(PluginError::Import { plugin: facts.name.clone(), import: import.clone(), why });
        }
    }
    for function in &facts.host_functions {
        let granted = match function.as_str() {
            "log" | "progress" | "settings" => true,
            "history" => grant.history,
            _ => {
                let why = "the contract has no such function";
                let import = format!("thymus:plugin/host#{function}");
                return Err(PluginError::Import { plugin: facts.name.clone(), import, why });
            }
        };
        if !granted {
            let import = format!("thymus:plugin/host#{function}");
            return Err(PluginError::NotGranted { plugin: facts.name.clone(), import });
        }
    }
    Ok(())
}

fn judge(import: &str) -> Result<(), &'static str> {
    let (interface, version) = import.split_once('@').unwrap_or((import, ""));
    if matches!(interface, "thymus:plugin/host" | "thymus:plugin/types") {
        return if is_known(version) { Ok(()) } else { Err("this thymus does not know that version of the contract") };
    }
    if interface.starts_with("wasi:sockets/") || interface.starts_with("wasi:http/") {
        return Err("plugins have no network");
    }
    if !WASI.contains(&interface) {
        return Err("thymus gives plugins no such interface");
    }
    match version.strip_prefix("0.2.") {
        Some(patch) if !patch.is_empty() && patch.len() <= 3 && patch.bytes().all(|b| b.is_ascii_digit()) => Ok(()),
        _ => Err("thymus speaks WASI 0.2 only"),
    }
}
