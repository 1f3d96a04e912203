//! A plugin on strings: it finds, diagnoses and proposes what `settings` says, word for word. A hostile patch can so be
//! written down in a test's policy file, and comes to thymus the way a stranger's would.

use serde::Deserialize;
use sha2::{Digest, Sha256};

wit_bindgen::generate!({ path: "../../../wit/0.1.0", world: "healer", generate_all });

use exports::thymus::plugin::{detector, diagnoser, fixer};
use thymus::plugin::types::{
    Capability, Change, CreateFile, DeleteFile, Diagnosis, Edit, EditFile, Evidence, Expectation, Failure, Finding,
    Location, Proposal, RenameFile, Role, Severity, Subject,
};

/// What the policy's table `[plugin.puppet.settings]` says.
#[derive(Deserialize)]
struct Strings {
    path: String,
    #[serde(default)]
    proposals: Vec<Words>,
}

#[derive(Deserialize)]
struct Words {
    title: String,
    changes: Vec<Act>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Act {
    Create {
        path: String,
        content: String,
        role: String,
    },
    /// Replaces the first place where `find` stands.
    Edit {
        path: String,
        find: String,
        replace: String,
        role: String,
    },
    Rename {
        from: String,
        to: String,
        role: String,
    },
    Delete {
        path: String,
        role: String,
    },
}

struct Puppet;

export!(Puppet);

impl detector::Guest for Puppet {
    fn detect() -> Result<Vec<Finding>, Failure> {
        let strings = strings()?;
        Ok(vec![Finding {
            capability: Capability::Error,
            rule: "puppet".to_owned(),
            title: "what the settings say".to_owned(),
            subject: Subject { handler: "puppet".to_owned(), path: Some(strings.path), line: Some(1) },
            severity: Severity::Medium,
            confidence: 0.9,
            evidence: vec![Evidence { statement: "it was told so".to_owned(), measures: vec![], trace_ids: vec![] }],
            fingerprint: "puppet".to_owned(),
            notes: String::new(),
        }])
    }
}

impl diagnoser::Guest for Puppet {
    fn diagnose(_: Finding) -> Result<Option<Diagnosis>, Failure> {
        let path = strings()?.path;
        let location = Location { path, start_line: 1, start_column: 1, end_line: 1, end_column: 2 };
        let explanation = "it was told so".to_owned();
        Ok(Some(Diagnosis { location, explanation, confidence: 0.9, related: vec![], notes: String::new() }))
    }
}

impl fixer::Guest for Puppet {
    fn propose(_: Finding, _: Diagnosis) -> Result<Vec<Proposal>, Failure> {
        strings()?.proposals.into_iter().map(proposal).collect()
    }
}

fn strings() -> Result<Strings, Failure> {
    let text = thymus::plugin::host::settings();
    serde_json::from_str(&text).map_err(|error| Failure::BadInput(format!("settings: {error}")))
}

fn proposal(words: Words) -> Result<Proposal, Failure> {
    Ok(Proposal {
        title: words.title,
        explanation: "it was told so".to_owned(),
        changes: words.changes.into_iter().map(change).collect::<Result<_, _>>()?,
        expects: vec![Expectation::TestsTurnGreen],
        confidence: 0.9,
    })
}

fn change(act: Act) -> Result<Change, Failure> {
    Ok(match act {
        Act::Create { path, content, role } => Change::Create(CreateFile { path, content, role: role_of(&role) }),
        Act::Edit { path, find, replace, role } => {
            let text = read(&path)?;
            let start = text.find(&find).ok_or_else(|| Failure::BadInput(format!("{path} has no {find:?}")))?;
            let (start, end) = (start as u64, (start + find.len()) as u64);
            let edits = vec![Edit { start, end, replacement: replace }];
            Change::Edit(EditFile { base_sha256: sha256(&text), path, edits, role: role_of(&role) })
        }
        Act::Rename { from, to, role } => {
            Change::Rename(RenameFile { base_sha256: sha256(&read(&from)?), from, to, role: role_of(&role) })
        }
        Act::Delete { path, role } => {
            Change::Delete(DeleteFile { base_sha256: sha256(&read(&path)?), path, role: role_of(&role) })
        }
    })
}

/// What cannot be read is proposed all the same, with a digest that is well-formed and wrong.
fn read(path: &str) -> Result<String, Failure> {
    Ok(std::fs::read_to_string(format!("/source/{path}")).unwrap_or_default())
}

fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn role_of(word: &str) -> Role {
    match word {
        "test" => Role::Test,
        "docs" => Role::Docs,
        _ => Role::Source,
    }
}
