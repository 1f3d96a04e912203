//! What the detector tells the diagnoser, and the diagnoser the fixer, as JSON in a finding's and a diagnosis's notes.
//!
//! Between the calls lie a ledger, maybe another version of this plugin, and in `finding` maybe another author's
//! detector. So notes carry a version, and what comes back is checked as if a stranger had written it.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thymus_sdk::source::is_inside;
use thymus_sdk::{Failure, Finding};

use crate::disorder::{Disorder, Place};

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
    disorder: Disorder,
}

/// A finding's notes.
pub fn of_disorder(disorder: Disorder) -> String {
    write(Found { disorder })
}

/// What a finding's notes say. Paths that lead out of the source are left out.
pub fn disorder(finding: &Finding) -> Result<Disorder, Failure> {
    let Found { mut disorder } = read(&finding.notes)?;
    let places = [Some(&mut disorder.beat), disorder.other.as_mut(), disorder.caller.as_mut()];
    let lists = disorder.expected.iter_mut().chain(&mut disorder.observed);
    places.into_iter().flatten().chain(lists).for_each(keep_inside);
    disorder.documented = disorder.documented.filter(|documented| is_inside(&documented.path));
    Ok(disorder)
}

fn keep_inside(place: &mut Place) {
    place.path = place.path.take().filter(|path| is_inside(path));
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
        Err(_) => Err(Failure::Unsupported("it was not made by thymus-behavior".to_owned())),
    }
}
