//! What the project declares of its state: `state` in `expectations.json`, a list of `handler`, maybe `file`, and
//! `changes`, the only state that it may change.

use serde_json::Value;
use thymus_sdk::Failure;
use thymus_sdk::telemetry::{Handler, Telemetry};

use crate::change::What;

/// More contracts than thymus hands on.
const MOST: usize = 1_000;

/// The contracts.
#[derive(Debug, Default)]
pub struct Declared(Vec<Contract>);

#[derive(Debug)]
struct Contract {
    handler: String,
    file: Option<String>,
    changes: Vec<String>,
}

/// What a contract says of one change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// There is no contract for the handler.
    None,
    /// It may.
    Allowed,
    /// It must not, in the contract's words.
    Forbidden(String),
}

impl Declared {
    /// Reads them. What doesn't read as a contract is none.
    pub fn read(telemetry: &Telemetry) -> Result<Self, Failure> {
        let expectations = telemetry.expectations()?;
        let list = expectations.get("state").and_then(Value::as_array);
        Ok(Self(list.into_iter().flatten().take(MOST).filter_map(Contract::of).collect()))
    }

    /// What is said of a handler's change.
    pub fn of(&self, handler: &Handler, what: &What) -> Ruling {
        let Some(contract) = self.0.iter().find(|contract| contract.means(handler)) else { return Ruling::None };
        let name = match what {
            What::Argument(name) | What::State(name) => name.as_str(),
            // Which state stands behind it is not known.
            What::Results => return Ruling::None,
        };
        if contract.changes.iter().any(|allowed| allows(allowed, name)) {
            return Ruling::Allowed;
        }
        let list = if contract.changes.is_empty() { "nothing".to_owned() } else { contract.changes.join(", ") };
        Ruling::Forbidden(format!("thymus.toml declares that {} changes {list}", contract.handler))
    }
}

impl Contract {
    fn of(value: &Value) -> Option<Self> {
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let changes = value.get("changes")?.as_array()?;
        Some(Self {
            handler: text("handler")?,
            file: text("file"),
            changes: changes.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        })
    }

    fn means(&self, handler: &Handler) -> bool {
        let at = |file: &String| {
            handler.path.as_ref().is_some_and(|path| path == file || path.ends_with(&format!("/{file}")))
        };
        self.handler == handler.handler && self.file.as_ref().is_none_or(at)
    }
}

/// `order` allows `order.status` too, and `args.order`.
fn allows(allowed: &str, name: &str) -> bool {
    let allowed = allowed.strip_prefix("args.").unwrap_or(allowed);
    allowed == "*" || name == allowed || name.strip_prefix(allowed).is_some_and(|rest| rest.starts_with(['.', '[']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_is_listed_may_change() {
        let contract = |value: Value| Contract::of(&value).unwrap();
        let declared = Declared(vec![
            contract(json!({ "handler": "pay", "file": "src/pay.js", "changes": ["order.status"] })),
            contract(json!({ "handler": "quote", "changes": [] })),
            contract(json!({ "handler": "any", "changes": ["*"] })),
        ]);
        let of = |handler: &str, path: &str, name: &str| {
            let handler = Handler { handler: handler.to_owned(), path: Some(path.to_owned()), ..Handler::default() };
            declared.of(&handler, &What::State(name.to_owned()))
        };
        assert_eq!(of("pay", "/srv/shop/src/pay.js", "order.status"), Ruling::Allowed);
        assert!(matches!(of("pay", "src/pay.js", "order.total"), Ruling::Forbidden(_)));
        assert_eq!(of("pay", "src/other.js", "order.total"), Ruling::None);
        assert!(matches!(of("quote", "src/a.js", "0"), Ruling::Forbidden(_)));
        assert_eq!(of("any", "src/a.js", "x"), Ruling::Allowed);
    }
}
