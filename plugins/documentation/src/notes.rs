//! A drift in a finding's or a diagnosis's notes. Between the calls lie a ledger and maybe another version of this plugin, so
//! notes carry a version, and what comes back is checked as if a stranger had written it.

use serde::{Deserialize, Serialize};
use thymus_sdk::Failure;
use thymus_sdk::source::is_inside;

use crate::drift::Drift;

/// Raised when a field changes its meaning.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Written<'d> {
    version: u32,
    drift: &'d Drift,
}

#[derive(Deserialize)]
struct Read {
    drift: Drift,
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// The notes.
pub fn of(drift: &Drift) -> String {
    // Plain data is always JSON; what is none would be read as a stranger's.
    serde_json::to_string(&Written { version: VERSION, drift }).unwrap_or_default()
}

/// What notes say.
pub fn read(notes: &str) -> Result<Drift, Failure> {
    match serde_json::from_str::<Version>(notes) {
        Ok(Version { version: VERSION }) => {
            let Read { drift } =
                serde_json::from_str(notes).map_err(|why| Failure::BadInput(format!("its notes: {why}")))?;
            let paths = std::iter::once(&drift.path).chain(drift.against.iter().map(|(path, _)| path));
            if paths.into_iter().all(|path| is_inside(path)) {
                Ok(drift)
            } else {
                Err(Failure::BadInput("a drift outside of the source".to_owned()))
            }
        }
        Ok(Version { version }) => Err(Failure::Unsupported(format!("notes of version {version}"))),
        Err(_) => Err(Failure::Unsupported("it was not made by thymus-documentation".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_told_from_damage() {
        for notes in ["", "free text", "{}", "{\"version\":2}"] {
            assert!(matches!(read(notes), Err(Failure::Unsupported(_))), "{notes}");
        }
        assert!(matches!(read("{\"version\":1}"), Err(Failure::BadInput(_))));
    }
}
