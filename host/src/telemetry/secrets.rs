//! Takes credentials out of telemetry before a plugin or the ledger sees them. It is a net with holes: it knows the
//! shapes and the names that are common, and nothing else.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};

/// What stands in the place of a secret.
pub(super) const REDACTED: &str = "[redacted]";

const NAMES: &str = r"passw(?:or)?d|passphrase|secret|authorization|cookie|api[_.-]?key|private[_.-]?key|access[_.-]?key|credential|(?:^|[_.-])token$|auth[_.-]?token|access[_.-]?token|refresh[_.-]?token|session[_.-]?token";

// The word boundaries are ASCII's: Unicode's make the regular expressions several times slower on other text.
const SHAPES: [&str; 5] = [
    r"(?i)(?-u:\b)(?:bearer|basic)\s+[a-z0-9._~+/-]{16,}=*",
    r"(?-u:\b)eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*",
    r"(?-u:\b)(?:AKIA|ASIA)[0-9A-Z]{16}(?-u:\b)",
    r"(?-u:\b)(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=\s\\]*(?:-----END [A-Z ]*PRIVATE KEY-----)?",
];

/// A member of an object inside a string, as captured calls are.
const MEMBER: &str = r#"(?i)("(?:[^"]*(?:passw(?:or)?d|passphrase|secret|authorization|cookie|api_?key|private_?key|access_?key|credential)[^"]*|(?:[^"]*[_.-])?token)"\s*:\s*)"(?:[^"\\]|\\.)*""#;

static NAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(&format!("(?i){NAMES}")).expect("constant, and compiled by a test"));
static ANY: LazyLock<RegexSet> =
    LazyLock::new(|| RegexSet::new(SHAPES.iter().copied().chain([MEMBER])).expect("constant, and compiled by a test"));
static EACH: LazyLock<Vec<Regex>> =
    LazyLock::new(|| SHAPES.iter().map(|shape| Regex::new(shape).expect("constant, and compiled by a test")).collect());
static INSIDE: LazyLock<Regex> = LazyLock::new(|| Regex::new(MEMBER).expect("constant, and compiled by a test"));

/// Whether a key says that its value is a secret.
pub(super) fn is_secret_name(key: &str) -> bool {
    NAME.is_match(key)
}

/// The text without its secrets, if it has any.
pub(super) fn without_secrets(text: &str) -> Option<String> {
    if !ANY.is_match(text) {
        return None;
    }
    let mut clean = INSIDE.replace_all(text, format!("${{1}}\"{REDACTED}\"")).into_owned();
    for shape in EACH.iter() {
        clean = shape.replace_all(&clean, REDACTED).into_owned();
    }
    Some(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_say_secret() {
        for key in ["http.request.header.authorization", "db.password", "API_KEY", "token", "user.token", "set-cookie"]
        {
            assert!(is_secret_name(key), "{key}");
        }
        for key in ["gen_ai.usage.input_tokens", "code.function.name", "tokenizer", "exception.message"] {
            assert!(!is_secret_name(key), "{key}");
        }
    }

    #[test]
    fn shapes_of_secrets_go_and_the_rest_stays() {
        let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
        assert_eq!(without_secrets(&format!("got {jwt} there")).as_deref(), Some("got [redacted] there"));
        let args = r#"{"user":"ann","password":"a\"b","n":1}"#;
        assert_eq!(without_secrets(args).as_deref(), Some(r#"{"user":"ann","password":"[redacted]","n":1}"#));
        assert_eq!(without_secrets(r#"{"token": "abc"}"#).as_deref(), Some(r#"{"token": "[redacted]"}"#));
        assert_eq!(without_secrets("AKIAABCDEFGHIJKLMNOP").as_deref(), Some("[redacted]"));
        assert_eq!(without_secrets("KeyError: 'basic price' in the basic module"), None);
    }
}
