//! What the project declares of its state: the contracts of `expectations.json`.

use thymus_sdk::Failure;
use thymus_sdk::telemetry::{Handler, StateContract, Telemetry};

use crate::change::What;

/// The contracts.
#[derive(Debug, Default)]
pub struct Declared(Vec<StateContract>);

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
    /// Reads them.
    pub fn read(telemetry: &Telemetry) -> Result<Self, Failure> {
        Ok(Self(telemetry.expectations()?.state))
    }

    /// What is said of a handler's change.
    pub fn of(&self, handler: &Handler, what: &What) -> Ruling {
        let Some(contract) = self.0.iter().find(|contract| means(contract, handler)) else { return Ruling::None };
        let name = match what {
            What::Argument(name) | What::State(name) => name.as_str(),
            // Which state stands behind it is not known.
            What::Results => return Ruling::None,
        };
        // By its number nobody knows which of the names an argument has.
        if matches!(what, What::Argument(_)) && name.parse::<usize>().is_ok() && !contract.changes.is_empty() {
            return Ruling::None;
        }
        if contract.changes.iter().any(|allowed| allows(allowed, name)) {
            return Ruling::Allowed;
        }
        let list = if contract.changes.is_empty() { "nothing".to_owned() } else { contract.changes.join(", ") };
        Ruling::Forbidden(format!("thymus.toml declares that {} changes {list}", contract.handler))
    }
}

fn means(contract: &StateContract, handler: &Handler) -> bool {
    let at =
        |file: &String| handler.path.as_ref().is_some_and(|path| path == file || path.ends_with(&format!("/{file}")));
    contract.handler == handler.handler && contract.file.as_ref().is_none_or(at)
}

/// `order` allows `order.status` too, and `args.order`; `order.status` allows something of the argument `order`.
fn allows(allowed: &str, name: &str) -> bool {
    let allowed = allowed.strip_prefix("args.").unwrap_or(allowed);
    let leads = |from: &str, to: &str| to.strip_prefix(from).is_some_and(|rest| rest.starts_with(['.', '[']));
    allowed == "*" || name == allowed || leads(allowed, name) || leads(name, allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_listed_may_change() {
        let contract = |handler: &str, file: Option<&str>, changes: &[&str]| StateContract {
            handler: handler.to_owned(),
            file: file.map(str::to_owned),
            changes: changes.iter().map(|name| (*name).to_owned()).collect(),
        };
        let declared = Declared(vec![
            contract("pay", Some("src/pay.js"), &["order.status"]),
            contract("quote", None, &[]),
            contract("any", None, &["*"]),
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
        let handler = Handler { handler: "pay".to_owned(), path: Some("src/pay.js".to_owned()), ..Handler::default() };
        assert_eq!(declared.of(&handler, &What::Argument("order".to_owned())), Ruling::Allowed);
        assert_eq!(declared.of(&handler, &What::Argument("0".to_owned())), Ruling::None);
    }
}
