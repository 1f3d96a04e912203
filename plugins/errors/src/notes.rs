//! What the detector tells the diagnoser, and the diagnoser the fixer, as JSON in a finding's and a diagnosis's notes.
//!
//! Between the calls lie a ledger, maybe another version of this plugin, and in `finding` maybe another author's
//! detector. So notes carry a version, and what comes back is checked as if a stranger had written it.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thymus_sdk::source::is_inside;
use thymus_sdk::{Diagnosis, Failure, Finding};

use crate::cause::Cause;
use crate::exception::Exception;

/// Raised when a field changes its meaning.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Notes<T> {
    version: u32,
    #[serde(flatten)]
    content: T,
}

#[derive(Serialize, Deserialize)]
struct Found {
    exception: Exception,
}

#[derive(Serialize, Deserialize)]
struct Diagnosed {
    cause: Cause,
}

/// A finding's notes.
pub fn of_exception(exception: Exception) -> String {
    write(Found { exception })
}

/// A diagnosis's notes.
pub fn of_cause(cause: Cause) -> String {
    write(Diagnosed { cause })
}

/// What a finding's notes say. Frames that lead out of the source are left out.
pub fn exception(finding: &Finding) -> Result<Exception, Failure> {
    let Found { mut exception } = read(&finding.notes)?;
    exception.frames.retain(|frame| frame.line > 0 && is_inside(&frame.path));
    exception.handler_path = exception.handler_path.filter(|path| is_inside(path));
    Ok(exception)
}

/// What a diagnosis's notes say.
pub fn cause(diagnosis: &Diagnosis) -> Result<Cause, Failure> {
    let Diagnosed { cause } = read(&diagnosis.notes)?;
    if is_inside(&cause.path) { Ok(cause) } else { Err(Failure::BadInput("a cause outside of the source".to_owned())) }
}

fn write<T: Serialize>(content: T) -> String {
    serde_json::to_string(&Notes { version: VERSION, content }).expect("plain data is always JSON")
}

fn read<T: DeserializeOwned>(notes: &str) -> Result<T, Failure> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    match serde_json::from_str::<Version>(notes) {
        Ok(Version { version: VERSION }) => serde_json::from_str::<Notes<T>>(notes)
            .map(|notes| notes.content)
            .map_err(|why| Failure::BadInput(format!("its notes: {why}"))),
        Ok(Version { version }) => Err(Failure::Unsupported(format!("notes of version {version}"))),
        Err(_) => Err(Failure::Unsupported("it was not made by thymus-errors".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exception::{Frame, Language};
    use thymus_sdk::{Capability, Severity, Subject};

    fn finding(notes: String) -> Finding {
        Finding {
            capability: Capability::Error,
            rule: "exception".to_owned(),
            title: "x".to_owned(),
            subject: Subject { handler: "h".to_owned(), path: None, line: None },
            severity: Severity::Low,
            confidence: 0.5,
            evidence: Vec::new(),
            fingerprint: "x".to_owned(),
            notes,
        }
    }

    fn example() -> Exception {
        Exception {
            language: Language::Python,
            kind: "KeyError".to_owned(),
            message: "'a'".to_owned(),
            frames: vec![Frame { path: "a.py".to_owned(), line: 3, column: None, function: Some("f".to_owned()) }],
            handler: "f".to_owned(),
            handler_path: Some("a.py".to_owned()),
            handler_line: Some(1),
            failed: vec![crate::exception::Call { args: serde_json::json!({"b": 1, "a": [1.5, null]}), result: None }],
            returned: Vec::new(),
            before: Vec::new(),
        }
    }

    #[test]
    fn what_was_written_is_read() {
        assert_eq!(exception(&finding(of_exception(example()))).unwrap(), example());
    }

    #[test]
    fn strangers_and_other_versions_are_told_apart_from_damage() {
        for notes in ["", "free text", "{}", "[]"] {
            assert!(matches!(exception(&finding(notes.to_owned())), Err(Failure::Unsupported(_))), "{notes}");
        }
        let newer = of_exception(example()).replace("\"version\":1", "\"version\":2");
        assert!(matches!(exception(&finding(newer)), Err(Failure::Unsupported(_))));
        assert!(matches!(exception(&finding("{\"version\":1}".to_owned())), Err(Failure::BadInput(_))));
    }

    #[test]
    fn paths_out_of_the_source_do_not_come_back() {
        let mut hostile = example();
        hostile.handler_path = Some("/etc/passwd".to_owned());
        hostile.frames.push(Frame { path: "../../x.py".to_owned(), line: 1, column: None, function: None });
        let read = exception(&finding(of_exception(hostile))).unwrap();
        assert_eq!((read.frames.len(), read.handler_path), (1, None));
    }
}
