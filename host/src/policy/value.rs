//! One value of a policy, where it was written, and which of two is stricter.

use super::schema::{LEVELS, Stricter};

/// What stands behind a key.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Bool(bool),
    Count(u64),
    Share(f64),
    Text(String),
    Texts(Vec<String>),
    Json(serde_json::Value),
}

/// A value with the place that set it.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub value: Value,
    /// `policies/default.toml:12`.
    pub origin: String,
    /// Where it stands in its file.
    pub span: std::ops::Range<usize>,
}

impl Value {
    /// Numbers and words on one scale.
    pub(super) fn rank(&self) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "the schema's bounds; beyond 2^53 only fuel, where it does not matter"
        )]
        match self {
            Self::Count(n) => *n as f64,
            Self::Share(x) => *x,
            Self::Bool(b) => f64::from(u8::from(*b)),
            Self::Text(word) if word == "allow" => 1.0,
            Self::Text(word) => LEVELS.iter().position(|level| level == word).unwrap_or(0) as f64,
            Self::Texts(_) | Self::Json(_) => 0.0,
        }
    }

    pub(super) fn texts(&self) -> &[String] {
        if let Self::Texts(texts) = self { texts } else { &[] }
    }

    /// Whether `self`, from a lower layer, asks for no more than `upper` allows.
    pub(super) fn is_as_strict_as(&self, upper: &Self, stricter: Stricter) -> bool {
        match stricter {
            Stricter::Lower | Stricter::False => self.rank() <= upper.rank(),
            Stricter::Higher | Stricter::True => self.rank() >= upper.rank(),
            Stricter::LowerZeroIsNone => {
                *upper == Self::Count(0) || (*self != Self::Count(0) && self.rank() <= upper.rank())
            }
            Stricter::Narrower => self.texts().iter().all(|text| upper.texts().iter().any(|wide| lies_in(text, wide))),
            Stricter::More | Stricter::Own => true,
            Stricter::Fixed => self == upper,
        }
    }
}

/// Whether every path that `glob` matches is one that `wide` matches; "no" where that is hard to tell.
fn lies_in(glob: &str, wide: &str) -> bool {
    let inside = |folder: &str| {
        !folder.contains(['*', '?', '[', '{']) && glob.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    };
    matches!(wide, "**" | "*") || glob == wide || wide.strip_suffix("/**").is_some_and(inside)
}
