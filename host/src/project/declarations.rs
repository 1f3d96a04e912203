//! `[[threshold]]` and `[[state]]`: what the project promises of its handlers. They are handed to plugins as they stand;
//! whether production keeps to them is a plugin's to say.

use super::parse::{MANY, Reader, Table, Value};
use crate::model::{StateContract, Threshold};

/// Bytes of a handler's name, as much as a finding's subject may have.
const MAX_NAME: usize = 512;
/// A day: beyond it a promise says nothing.
const MAX_MILLIS: f64 = 86_400_000.0;

const THRESHOLD: [&str; 4] = ["handler", "file", "quantile", "millis"];
const STATE: [&str; 3] = ["handler", "file", "changes"];

impl Reader<'_> {
    pub(super) fn thresholds(&mut self, value: &Value<'_>) -> Vec<Threshold> {
        let entries = self.list("threshold", value, MANY);
        let tables = entries.into_iter().filter_map(|one| {
            let table = self.sub("[[threshold]]", one, &THRESHOLD)?;
            let handler = self.handler(&table);
            let file = table.get("file").and_then(|value| self.path("file", value));
            let quantile = self.required(&table, "quantile").and_then(|value| {
                self.number("quantile", value, |number| number > 0.0 && number < 1.0, "between 0 and 1, like 0.95")
            });
            let millis = self.required(&table, "millis").and_then(|value| {
                self.number(
                    "millis",
                    value,
                    |number| number > 0.0 && number <= MAX_MILLIS,
                    "of a day at most, like 300",
                )
            });
            Some(Threshold { handler: handler?, file, quantile: quantile?, millis: millis? })
        });
        tables.collect()
    }

    pub(super) fn states(&mut self, value: &Value<'_>) -> Vec<StateContract> {
        let entries = self.list("state", value, MANY);
        let tables = entries.into_iter().filter_map(|one| {
            let table = self.sub("[[state]]", one, &STATE)?;
            let handler = self.handler(&table);
            let file = table.get("file").and_then(|value| self.path("file", value));
            let changes = self.required(&table, "changes").map(|value| {
                let names = self.list("changes", value, MANY);
                names.into_iter().filter_map(|one| self.word("changes", one, MAX_NAME)).collect()
            });
            Some(StateContract { handler: handler?, file, changes: changes? })
        });
        tables.collect()
    }

    fn handler(&mut self, table: &Table<'_, '_>) -> Option<String> {
        let value = self.required(table, "handler")?;
        let name = self.word("handler", value, MAX_NAME)?;
        if name.trim().is_empty() {
            self.wrong(&value.span(), "`handler` is empty".into(), "write the name that telemetry gives it");
            return None;
        }
        Some(name)
    }

    fn number(&mut self, key: &str, value: &Value<'_>, fits: impl Fn(f64) -> bool, wanted: &str) -> Option<f64> {
        let as_float = value.get_ref().as_float().and_then(|number| number.as_str().parse::<f64>().ok());
        let as_integer = value.get_ref().as_integer();
        let as_integer = as_integer.and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok());
        let number = as_float.or(as_integer.map(f64::from)).filter(|number| number.is_finite() && fits(*number));
        if number.is_none() {
            self.wrong(&value.span(), format!("`{key}` is no number {wanted}"), "write it without quotes");
        }
        number
    }
}
