//! What the detector tells the diagnoser and the fixer, as JSON in a finding's notes.
//!
//! Between the calls lie a ledger, maybe another version of this plugin, and in `finding` maybe another author's
//! detector. So notes carry a version, and what comes back is checked as if a stranger had written it.

use serde::{Deserialize, Serialize};
use thymus_sdk::source::is_inside;
use thymus_sdk::{Failure, Finding};

use crate::gap::Gap;

/// Raised when a field changes its meaning.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Notes {
    version: u32,
    gap: Gap,
}

/// A finding's notes.
pub fn of_gap(gap: Gap) -> String {
    // Plain data is always JSON; were it not, the notes would be those of a stranger.
    serde_json::to_string(&Notes { version: VERSION, gap }).unwrap_or_default()
}

/// What a finding's notes say.
pub fn gap(finding: &Finding) -> Result<Gap, Failure> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    match serde_json::from_str::<Version>(&finding.notes) {
        Ok(Version { version: VERSION }) => {
            let Notes { gap, .. } = serde_json::from_str::<Notes>(&finding.notes)
                .map_err(|why| Failure::BadInput(format!("its notes: {why}")))?;
            if is_inside(&gap.path) {
                Ok(gap)
            } else {
                Err(Failure::BadInput("a handler outside of the source".to_owned()))
            }
        }
        Ok(Version { version }) => Err(Failure::Unsupported(format!("notes of version {version}"))),
        Err(_) => Err(Failure::Unsupported("it was not made by thymus-coverage".to_owned())),
    }
}
