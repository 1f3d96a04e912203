//! Which functions production uses: their documentation is read more, and misleads more.

use std::collections::BTreeMap;

use thymus_sdk::Failure;
use thymus_sdk::telemetry::Telemetry;

use crate::drift::Drift;

/// How often each handler ran, by file and name.
#[derive(Debug, Default)]
pub struct Traffic {
    calls: BTreeMap<(String, String), u64>,
}

impl Traffic {
    /// Of the window.
    pub fn of(telemetry: &Telemetry) -> Result<Self, Failure> {
        let mut traffic = Self::default();
        for handler in telemetry.handlers()?.handlers {
            let Some(path) = handler.path else { continue };
            let name = last(&handler.handler).to_owned();
            *traffic.calls.entry((path, name)).or_default() += handler.count;
        }
        Ok(traffic)
    }

    /// How often what a drift's documentation describes ran.
    pub fn calls(&self, drift: &Drift) -> u64 {
        let (path, name) = (drift.path.clone(), last(&drift.subject).to_owned());
        self.calls.get(&(path, name)).copied().unwrap_or(0)
    }
}

/// The last part of a name: telemetry says `Cart.add`, or only `add`.
fn last(name: &str) -> &str {
    name.rsplit(['.', '#', ':']).next().unwrap_or(name)
}
