//! Between the contract's values and thymus's own. What can't be a value of the model (a path that leads out, a
//! confidence of 7, a digest of three letters) ends here; what can be but must not is for [`super::bounds`].

use super::bindings::types as wit;
use crate::model::{
    CallEnd, Capability, Change, Confidence, Diagnosis, Digest, Edit, Evidence, Expectation, Finding, Location,
    Measure, Proposal, RepoPath, Role, Severity, Subject,
};

/// What is wrong with a result.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// The contract does not allow it.
    Value(String),
    /// The policy's limit of this name does not.
    Limit(&'static str),
}

impl From<Flaw> for CallEnd {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::Value(why) => Self::BadValue { why },
            Flaw::Limit(limit) => Self::LimitReached { limit: limit.to_owned() },
        }
    }
}

fn path(what: &str, text: String) -> Result<RepoPath, Flaw> {
    // The path itself is not repeated: it is what is wrong with it that may end a terminal's line.
    RepoPath::new(text).map_err(|why| Flaw::Value(format!("{what}: {why} ({})", why.code())))
}

fn digest(what: &str, text: &str) -> Result<Digest, Flaw> {
    text.parse().map_err(|why| Flaw::Value(format!("{what}: {why}")))
}

fn confidence(what: &str, value: f64) -> Result<Confidence, Flaw> {
    Confidence::new(value).map_err(|why| Flaw::Value(format!("{what}: {why}")))
}

pub(super) fn finding(value: wit::Finding) -> Result<Finding, Flaw> {
    Ok(Finding {
        capability: capability(value.capability),
        rule: value.rule,
        title: value.title,
        subject: Subject {
            handler: value.subject.handler,
            path: value.subject.path.map(|text| path("a subject's path", text)).transpose()?,
            line: value.subject.line,
        },
        severity: severity(value.severity),
        confidence: confidence("a finding's confidence", value.confidence)?,
        evidence: value.evidence.into_iter().map(evidence).collect(),
        fingerprint: value.fingerprint,
        notes: value.notes,
    })
}

fn evidence(value: wit::Evidence) -> Evidence {
    let measure = |m: wit::Measure| Measure { name: m.name, value: m.value, unit: m.unit };
    Evidence {
        statement: value.statement,
        measures: value.measures.into_iter().map(measure).collect(),
        trace_ids: value.trace_ids,
    }
}

fn location(value: wit::Location) -> Result<Location, Flaw> {
    Ok(Location {
        path: path("a location's path", value.path)?,
        start_line: value.start_line,
        start_column: value.start_column,
        end_line: value.end_line,
        end_column: value.end_column,
    })
}

pub(super) fn diagnosis(value: wit::Diagnosis) -> Result<Diagnosis, Flaw> {
    Ok(Diagnosis {
        location: location(value.location)?,
        explanation: value.explanation,
        confidence: confidence("a diagnosis's confidence", value.confidence)?,
        related: value.related.into_iter().map(location).collect::<Result<_, _>>()?,
        notes: value.notes,
    })
}

pub(super) fn proposal(value: wit::Proposal) -> Result<Proposal, Flaw> {
    Ok(Proposal {
        title: value.title,
        explanation: value.explanation,
        changes: value.changes.into_iter().map(change).collect::<Result<_, _>>()?,
        expects: value.expects.into_iter().map(expectation).collect(),
        confidence: confidence("a proposal's confidence", value.confidence)?,
    })
}

fn change(value: wit::Change) -> Result<Change, Flaw> {
    let edit = |e: wit::Edit| Edit { start: e.start, end: e.end, replacement: e.replacement };
    Ok(match value {
        wit::Change::Create(new) => {
            Change::Create { path: path("a created file", new.path)?, content: new.content, role: role(new.role) }
        }
        wit::Change::Edit(file) => Change::Edit {
            path: path("an edited file", file.path)?,
            base: digest("an edited file's base-sha256", &file.base_sha256)?,
            edits: file.edits.into_iter().map(edit).collect(),
            role: role(file.role),
        },
        wit::Change::Rename(file) => Change::Rename {
            from: path("a renamed file", file.from)?,
            to: path("a renamed file's new path", file.to)?,
            base: digest("a renamed file's base-sha256", &file.base_sha256)?,
            role: role(file.role),
        },
        wit::Change::Delete(file) => Change::Delete {
            path: path("a deleted file", file.path)?,
            base: digest("a deleted file's base-sha256", &file.base_sha256)?,
            role: role(file.role),
        },
    })
}

fn expectation(value: wit::Expectation) -> Expectation {
    match value {
        wit::Expectation::TestsTurnGreen => Expectation::TestsTurnGreen,
        wit::Expectation::TestsCover(handler) => Expectation::TestsCover { handler },
        wit::Expectation::Faster(f) => Expectation::Faster { handler: f.handler, percent: f.percent },
        wit::Expectation::DocsAgree => Expectation::DocsAgree,
    }
}

/// Enums of the contract and the model with the same cases.
macro_rules! same {
    ($name:ident, $back:ident, $ty:ident: $($case:ident)*) => {
        fn $name(value: wit::$ty) -> $ty {
            match value { $(wit::$ty::$case => $ty::$case,)* }
        }
        #[allow(dead_code, reason = "a role only ever comes from a guest")]
        fn $back(value: $ty) -> wit::$ty {
            match value { $($ty::$case => wit::$ty::$case,)* }
        }
    };
}
same!(capability, to_capability, Capability: Performance Behavior Coverage Error State Dependency Documentation);
same!(severity, to_severity, Severity: Info Low Medium High Critical);
same!(role, to_role, Role: Source Test Docs);

/// A finding on its way back to a plugin.
pub(super) fn to_finding(value: Finding) -> wit::Finding {
    let measure = |m: Measure| wit::Measure { name: m.name, value: m.value, unit: m.unit };
    let evidence = |e: Evidence| wit::Evidence {
        statement: e.statement,
        measures: e.measures.into_iter().map(measure).collect(),
        trace_ids: e.trace_ids,
    };
    wit::Finding {
        capability: to_capability(value.capability),
        rule: value.rule,
        title: value.title,
        subject: wit::Subject {
            handler: value.subject.handler,
            path: value.subject.path.map(String::from),
            line: value.subject.line,
        },
        severity: to_severity(value.severity),
        confidence: value.confidence.get(),
        evidence: value.evidence.into_iter().map(evidence).collect(),
        fingerprint: value.fingerprint,
        notes: value.notes,
    }
}

/// A diagnosis on its way to a fixer.
pub(super) fn to_diagnosis(value: Diagnosis) -> wit::Diagnosis {
    let location = |l: Location| wit::Location {
        path: l.path.into(),
        start_line: l.start_line,
        start_column: l.start_column,
        end_line: l.end_line,
        end_column: l.end_column,
    };
    wit::Diagnosis {
        location: location(value.location),
        explanation: value.explanation,
        confidence: value.confidence.get(),
        related: value.related.into_iter().map(location).collect(),
        notes: value.notes,
    }
}
