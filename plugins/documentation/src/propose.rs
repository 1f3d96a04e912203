//! From a diagnosis to the proposal: the words that drifted, rewritten. Before it is made, the plugin checks on the patched text
//! that nothing but documentation changed: without comments and docstrings, code is the same to the byte.

use std::ops::Range;

use thymus_python::syntax::Module;
use thymus_sdk::edit::Edits;
use thymus_sdk::host::{Level, log};
use thymus_sdk::source::{Source, Text};
use thymus_sdk::wording::{COMMIT_LINE, EXPLANATION, cut, one_line};
use thymus_sdk::{Diagnosis, Expectation, Failure, Finding, Proposal, Role};

use crate::drift::Drift;
use crate::index::is_python;
use crate::{javascript, notes, python};

/// The repair of a finding, if there is one.
pub fn propose(finding: &Finding, diagnosis: &Diagnosis, source: &Source) -> Result<Vec<Proposal>, Failure> {
    let drift = notes::read(&diagnosis.notes)?;
    let text = source.text(&drift.path)?;
    match proposal(&drift, &text, diagnosis.confidence) {
        Ok(proposal) => Ok(vec![proposal]),
        Err(why) => {
            log(Level::Info, &format!("{}: no proposal: {why}", finding.title));
            Ok(Vec::new())
        }
    }
}

fn proposal(drift: &Drift, text: &Text, confidence: f64) -> Result<Proposal, String> {
    let repair = drift.repair.as_ref().ok_or("nothing says what it should be")?;
    let mut edits = Edits::of(text);
    for edit in &repair.edits {
        let range = edit.range(&text.content).ok_or("the file is another one by now")?;
        edits = edits.replace(range, edit.becomes.clone());
    }
    let after = edits.preview().map_err(|why| why.to_string())?;
    let role = if is_prose(&drift.path) { Role::Docs } else { Role::Source };
    if role == Role::Source && !leaves_code_alone(text, &after) {
        return Err("more than documentation would change".to_owned());
    }
    let explanation = format!("{}.\n\n{}", drift.statement, repair.why);
    Ok(Proposal {
        title: commit_line(&repair.title),
        explanation: cut(&explanation, EXPLANATION),
        changes: vec![edits.finish(role).map_err(|why| why.to_string())?],
        expects: vec![Expectation::DocsAgree],
        confidence: confidence.clamp(0.0, 1.0),
    })
}

/// Whether a file holds documentation only.
fn is_prose(path: &str) -> bool {
    !(is_python(path) || thymus_javascript::code::is_script(path))
}

/// Whether two states of a source file differ in comments or docstrings only, and both parse.
pub fn leaves_code_alone(before: &Text, after: &str) -> bool {
    let after = Text::new(before.path.clone(), after);
    let code = |text: &Text| documentation(text).map(|ranges| without(&text.content, &ranges));
    match (code(before), code(&after)) {
        (Some(before), Some(after)) => before == after,
        _ => false,
    }
}

fn documentation(text: &Text) -> Option<Vec<Range<usize>>> {
    if is_python(&text.path) {
        Module::parse(text.clone()).map(|module| python::docstrings(&module))
    } else {
        javascript::comments(text)
    }
}

fn without(content: &str, ranges: &[Range<usize>]) -> String {
    let mut kept = String::new();
    let mut from = 0;
    for range in ranges {
        kept.push_str(content.get(from..range.start).unwrap_or_default());
        from = range.end.max(from);
    }
    kept + content.get(from..).unwrap_or_default()
}

/// At most 72 characters, cut between words.
fn commit_line(title: &str) -> String {
    let title = one_line(title, 400);
    if title.chars().count() <= COMMIT_LINE {
        return title;
    }
    let head: String = title.chars().take(COMMIT_LINE - 1).collect();
    let words = head.rsplit_once(' ').map_or(head.as_str(), |(words, _)| words);
    format!("{}…", words.trim_end_matches([',', ';', ':', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_documentation_may_differ() {
        let python = Text::new("a.py", "def f(a):\n    \"\"\"X.\"\"\"\n    return 'a'\n");
        assert!(leaves_code_alone(&python, "def f(a):\n    \"\"\"Y y.\n    \"\"\"\n    return 'a'\n"));
        for other in [
            "def f(b):\n    \"\"\"X.\"\"\"\n    return 'a'\n",
            "def f(a):\n    \"\"\"X.\"\"\"\n    return 'b'\n",
            "def f(a:\n",
        ] {
            assert!(!leaves_code_alone(&python, other), "{other}");
        }
        let script = Text::new("a.js", "/** X */\nfunction f(a) { return '/* a */'; }\n");
        assert!(leaves_code_alone(&script, "/** Y */\nfunction f(a) { return '/* a */'; }\n"));
        assert!(!leaves_code_alone(&script, "/** X */\nfunction f(a) { return '/* b */'; }\n"));
        assert!(!leaves_code_alone(&script, "/** X */ */\nfunction f(a) { return '/* a */'; }\n"));
    }
}
