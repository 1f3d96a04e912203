//! What the detector tells the diagnoser, and the diagnoser the fixer, as JSON in a finding's and a diagnosis's notes.
//!
//! Between the calls lie a ledger, maybe another version of this plugin, and in `finding` maybe another author's
//! detector. So notes carry a version, and what comes back is checked as if a stranger had written it.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thymus_sdk::source::is_inside;
use thymus_sdk::{Diagnosis, Failure, Finding};

use crate::cost::Cost;
use crate::slowdown::Slowdown;

/// Raised when a field changes its meaning.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Notes<T> {
    version: u32,
    #[serde(flatten)]
    content: T,
}

#[derive(Serialize, Deserialize)]
struct Found {
    slowdown: Slowdown,
}

#[derive(Serialize, Deserialize)]
struct Diagnosed {
    costs: Vec<Cost>,
}

/// A finding's notes.
pub fn of_slowdown(slowdown: Slowdown) -> String {
    write(Found { slowdown })
}

/// A diagnosis's notes: what costs, the likeliest first.
pub fn of_costs(costs: Vec<Cost>) -> String {
    write(Diagnosed { costs })
}

/// What a finding's notes say. A path that leads out of the source is left out.
pub fn slowdown(finding: &Finding) -> Result<Slowdown, Failure> {
    let Found { mut slowdown } = read(&finding.notes)?;
    slowdown.path = slowdown.path.filter(|path| is_inside(path));
    Ok(slowdown)
}

/// What a diagnosis's notes say.
pub fn costs(diagnosis: &Diagnosis) -> Result<Vec<Cost>, Failure> {
    let Diagnosed { mut costs } = read(&diagnosis.notes)?;
    costs.retain(|cost| is_inside(&cost.path));
    Ok(costs)
}

fn write<T: Serialize>(content: T) -> String {
    serde_json::to_string(&Notes { version: VERSION, content }).expect("plain data is always JSON")
}

fn read<T: DeserializeOwned>(notes: &str) -> Result<T, Failure> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    match serde_json::from_str::<Version>(notes) {
        Ok(Version { version: VERSION }) => serde_json::from_str::<Notes<T>>(notes)
            .map(|notes| notes.content)
            .map_err(|why| Failure::BadInput(format!("its notes: {why}"))),
        Ok(Version { version }) => Err(Failure::Unsupported(format!("notes of version {version}"))),
        Err(_) => Err(Failure::Unsupported("it was not made by thymus-performance".to_owned())),
    }
}
