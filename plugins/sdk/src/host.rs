//! What a plugin may ask of its host. Outside of a component (in tests) nobody answers: lines go to standard error,
//! settings are empty, and there is no history.

use serde::de::DeserializeOwned;

use crate::Failure;
pub use crate::bindings::thymus::plugin::host::{Level, Outcome, PastCase};

/// Writes a line to the plugin's log; line breaks and control characters are escaped, since what is logged is often
/// what the healed system said.
pub fn log(level: Level, message: &str) {
    let line: String = message.chars().flat_map(escaped).collect();
    answer::log(level, &line);
}

/// Says how far the call has come, for the person who waits; `total` is 0 where it is not known.
pub fn progress(done: u64, total: u64, what: &str) {
    answer::progress(done, total, what);
}

/// The plugin's own table of the policy file. Let your type refuse unknown fields: then a typo is an error that names it.
pub fn settings<T: DeserializeOwned>() -> Result<T, Failure> {
    serde_json::from_str(&answer::settings()).map_err(|why| Failure::BadInput(format!("the plugin's settings: {why}")))
}

/// Earlier cases with this fingerprint, the latest first. The policy must grant it, or the plugin is refused at load.
pub fn history(fingerprint: &str) -> Vec<PastCase> {
    answer::history(fingerprint)
}

fn escaped(c: char) -> impl Iterator<Item = char> {
    let (plain, escape) = if c.is_control() { (None, Some(c.escape_default())) } else { (Some(c), None) };
    plain.into_iter().chain(escape.into_iter().flatten())
}

#[cfg(target_arch = "wasm32")]
mod answer {
    pub use crate::bindings::thymus::plugin::host::{history, log, progress, settings};
}

#[cfg(not(target_arch = "wasm32"))]
mod answer {
    use super::{Level, PastCase};

    pub fn log(level: Level, line: &str) {
        eprintln!("{level:?}: {line}");
    }

    pub fn progress(_: u64, _: u64, _: &str) {}

    pub fn settings() -> String {
        "{}".to_owned()
    }

    pub fn history(_: &str) -> Vec<PastCase> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logged_message_stays_on_its_line() {
        let line: String = "a\nb\u{1b}[31mé".chars().flat_map(escaped).collect();
        assert_eq!(line, "a\\nb\\u{1b}[31mé");
    }

    #[test]
    fn without_a_host_settings_are_the_defaults() {
        #[derive(serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        struct Settings {
            floor: u64,
        }
        impl Default for Settings {
            fn default() -> Self {
                Self { floor: 3 }
            }
        }
        assert_eq!(settings::<Settings>().unwrap().floor, 3);
    }
}
