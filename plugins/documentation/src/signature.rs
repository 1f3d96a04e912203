//! What the code says: a function as its callers see it, whatever the language.

use std::ops::Range;

/// A function as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signature {
    /// In the order of the declaration, without `self`.
    pub parameters: Vec<Parameter>,
    /// Takes names that no declaration lists: `**kwargs`, `arguments`.
    pub is_open: bool,
    /// What the body throws itself, and nothing in the body catches.
    pub raises: Vec<Raise>,
    /// Whether the body can tell: no stub, no abstract method, no generator.
    pub has_body: bool,
    /// Whether it gives a value; none where that can't be told.
    pub gives_value: Option<bool>,
    /// Where the declaration stands, without its body.
    pub header: Range<usize>,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Without stars and dots; empty where it is only taken apart.
    pub name: String,
    /// How it takes values.
    pub kind: Kind,
    /// The default's source.
    pub default: Option<String>,
    /// The annotated type's source.
    pub annotation: Option<String>,
}

/// How a parameter takes values.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// One value.
    Plain,
    /// `*args`, `...rest`.
    Rest,
    /// `**kwargs`.
    Keywords,
    /// `{ a, b }`: what is taken out, and whether there is a `...rest` among it.
    Pattern(Vec<Parameter>, bool),
}

/// A class that is thrown.
#[derive(Clone, Debug, PartialEq)]
pub struct Raise {
    /// The class's last name.
    pub name: String,
    /// The message, where it is one literal text.
    pub message: Option<String>,
    /// Where.
    pub at: Range<usize>,
}
