//! A function and its doc comment side by side: what rules compare.

use crate::doc::Doc;
use crate::drift::{Drift, Repair, Replace, Weight};
use crate::signature::{Kind, Parameter, Signature};

/// A documented function.
#[derive(Clone, Debug)]
pub struct Documented {
    /// `function`, `Class.method`, or `Class` where its comment documents the constructor.
    pub name: String,
    /// Whether it is meant for others.
    pub is_public: bool,
    /// What it is.
    pub signature: Signature,
    /// What is said of it.
    pub doc: Doc,
}

/// A file's documented functions, and the file.
#[derive(Debug)]
pub struct File {
    /// Relative to the snapshot.
    pub path: String,
    /// As it stands there.
    pub content: String,
    /// Its functions with a doc comment.
    pub functions: Vec<Documented>,
}

impl Documented {
    /// The parameters that a doc comment can name, each by the name it has there.
    pub fn named(&self) -> impl Iterator<Item = &Parameter> {
        self.signature.parameters.iter().filter(|parameter| !parameter.name.is_empty())
    }

    /// Whether a parameter is missing when nothing is said of it: not one that is meant to be ignored, nor a catch-all.
    pub fn wants(parameter: &Parameter) -> bool {
        parameter.kind == Kind::Plain && !parameter.name.starts_with('_')
    }

    /// Whether every parameter has its entry; none where nothing at all is said of parameters.
    pub fn is_complete(&self) -> Option<bool> {
        let entries = &self.doc.parameters;
        let wanted = || self.named().filter(|parameter| Self::wants(parameter));
        let judged = !entries.entries.is_empty() && !entries.is_unsure && wanted().count() > 1;
        judged.then(|| wanted().all(|parameter| entries.has(&parameter.name)))
    }
}

/// A drift of a function's doc comment, with what all of them have in common.
pub fn drift(file: &File, function: &Documented, rule: &str, weight: Weight, confidence: f64, key: String) -> Drift {
    Drift {
        rule: rule.to_owned(),
        title: String::new(),
        path: file.path.clone(),
        subject: function.name.clone(),
        statement: String::new(),
        key,
        place: function.doc.inner.clone(),
        against: Some((file.path.clone(), function.signature.header.clone())),
        weight,
        confidence,
        repair: None,
    }
}

/// A repair of these edits; none when one of them is none.
pub fn repair(title: String, why: String, edits: impl IntoIterator<Item = Option<Replace>>) -> Option<Repair> {
    let edits = edits.into_iter().collect::<Option<Vec<_>>>()?;
    (!edits.is_empty()).then_some(Repair { title, why, edits })
}
