//! What makes a sequence's beats run, as a test would do it: a request of its route, or a call of the function.

use crate::disorder::Disorder;
use crate::flow::Flow;
use crate::history::History;

/// A request, a function, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// Method and route.
    request: Option<(String, String)>,
    /// The function itself and those that call it.
    functions: Vec<String>,
}

impl Trigger {
    /// Of the sequence that a flow runs.
    pub fn of(disorder: &Disorder, flow: &Flow, history: &History) -> Self {
        let start = disorder.documented.as_ref().and_then(|documented| documented.starts_with.as_deref());
        let request = start.and_then(|start| start.split_once(' '));
        let request = request.map(|(method, path)| (method.to_owned(), path.to_owned()));
        let functions = flow.name.iter().chain(&history.above).filter(|name| !name.contains(' ')).cloned().collect();
        Self { request, functions }
    }

    /// Whether a call of this name with these texts among its arguments is it.
    pub fn is(&self, name: &str, texts: &[&str]) -> bool {
        let requests = |(method, route): &(String, String)| {
            texts.iter().any(|text| is_route(route, text))
                && (name.eq_ignore_ascii_case(method) || texts.contains(&method.as_str()))
        };
        self.functions.iter().any(|function| function == name) || self.request.as_ref().is_some_and(requests)
    }
}

/// Whether a test's words are of a refusal: an exception, or an answer of 400 and above.
pub fn refuses(words: &str) -> bool {
    const SIGNS: [&str; 6] = ["raises", "assertRaises", "throws", "rejects", "toThrow", "xfail"];
    let is_refusal =
        |word: &str| word.len() == 3 && word.starts_with(['4', '5']) && word.bytes().all(|b| b.is_ascii_digit());
    SIGNS.iter().any(|sign| words.contains(sign)) || words.split(|c: char| !c.is_alphanumeric()).any(is_refusal)
}

/// Whether a path is one of a route: `/items/OATS-1/stock` of `/items/:sku/stock`.
fn is_route(route: &str, path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let (route, path): (Vec<&str>, Vec<&str>) = (route.split('/').collect(), path.split('/').collect());
    route.len() == path.len()
        && route
            .iter()
            .zip(&path)
            .all(|(wanted, part)| wanted == part || (wanted.starts_with([':', '{', '<']) && !part.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_by_its_route() {
        assert!(is_route("/items/:sku/stock", "/items/OATS-1/stock?page=2"));
        assert!(is_route("/items/{sku}", "/items/1") && is_route("/items/<int:sku>", "/items/1"));
        assert!(!is_route("/items/:sku", "/items/") && !is_route("/items/:sku", "/items/1/stock"));
        assert!(!is_route("/items", "/orders"));
    }

    #[test]
    fn a_refusal_is_told_by_what_a_test_expects() {
        assert!(refuses("assert status == 409") && refuses("with pytest.raises(KeyError):"));
        assert!(!refuses("assert status == 200") && !refuses("quantity: 600, postcode: '5003'"));
    }

    #[test]
    fn a_request_is_told_by_its_method_too() {
        let trigger = Trigger {
            request: Some(("POST".to_owned(), "/checkout".to_owned())),
            functions: vec!["checkout".to_owned()],
        };
        assert!(trigger.is("ask", &["POST", "/checkout"]) && trigger.is("post", &["/checkout"]));
        assert!(trigger.is("checkout", &[]));
        assert!(!trigger.is("ask", &["GET", "/checkout"]) && !trigger.is("ask", &["POST", "/cart"]));
    }
}
