//! From a handler without tests to a new test file, written from calls that production made. Whether it notices when the
//! handler breaks is for thymus to find out: it breaks the handler on purpose.

use std::fmt::Write as _;

use thymus_sdk::host::{Level, log};
use thymus_sdk::source::Source;
use thymus_sdk::wording::{COMMIT_LINE, EXPLANATION, cut, one_line};
use thymus_sdk::{Change, Diagnosis, Expectation, Failure, Finding, Proposal};

use crate::example::{Example, Outcome};
use crate::gap::Gap;
use crate::{code, notes};

/// The most proposals of one finding: all examples, and then fewer, should one of them depend on what production had done.
const MOST: usize = 3;

/// The proposals, the most telling first.
pub fn propose(finding: &Finding, diagnosis: &Diagnosis, source: &Source) -> Result<Vec<Proposal>, Failure> {
    let gap = notes::gap(finding)?;
    if gap.examples.is_empty() {
        log(Level::Info, &format!("{}: no captured call is sure to give the same tomorrow", finding.title));
        return Ok(Vec::new());
    }
    let mut proposals: Vec<Proposal> = Vec::new();
    for examples in selections(&gap.examples) {
        let gap = Gap { examples, ..gap.clone() };
        let Some(test) = code::test(&gap, source) else { continue };
        proposals.push(proposal(finding, diagnosis, &gap, test, source));
    }
    if proposals.is_empty() {
        log(Level::Info, &format!("{}: it can't be called from a test with what was captured", finding.title));
    }
    Ok(proposals)
}

/// All of them; then each alone that shows most.
fn selections(examples: &[Example]) -> Vec<Vec<Example>> {
    let mut selections = vec![examples.to_vec()];
    if examples.len() > 1 {
        selections.extend(examples.iter().map(|one| vec![one.clone()]));
    }
    selections.truncate(MOST);
    selections
}

fn proposal(finding: &Finding, diagnosis: &Diagnosis, gap: &Gap, test: Change, source: &Source) -> Proposal {
    let exact = gap.examples.iter().all(|example| !matches!(example.outcome, Outcome::Like(_)));
    Proposal {
        title: title(&gap.handler),
        explanation: explanation(finding, gap, &test),
        changes: vec![test],
        expects: vec![Expectation::TestsCover(unmistakable(gap, source))],
        confidence: (if exact { 0.9 } else { 0.75 } * diagnosis.confidence).clamp(0.0, 1.0),
    }
}

fn title(handler: &str) -> String {
    let title = one_line(&format!("Test {handler} with calls that production made"), 400);
    if title.chars().count() <= COMMIT_LINE {
        title
    } else {
        "Test a handler with calls that production made".to_owned()
    }
}

/// The handler's name, with its file's in front where other files have one of that name too.
fn unmistakable(gap: &Gap, source: &Source) -> String {
    let name = gap.handler.rsplit(['.', ':', '#', '/']).next().unwrap_or(&gap.handler);
    let others = source.files();
    let mut others = others.iter().filter(|path| **path != gap.path && code::Language::of(path) == Some(gap.language));
    let stem = gap.path.rsplit('/').next().and_then(|file| file.split('.').next()).unwrap_or_default();
    let again = others.any(|path| code::written(gap.language, name, path, None, source).is_some());
    if again { format!("{stem}/{name}") } else { gap.handler.clone() }
}

fn explanation(finding: &Finding, gap: &Gap, test: &Change) -> String {
    let mut text = format!("{} is used in production, and no test would notice if it broke.\n\n", gap.handler);
    for evidence in &finding.evidence {
        let _ = writeln!(text, "- {}", evidence.statement);
    }
    let path = match test {
        Change::Create(file) => file.path.as_str(),
        _ => "the new test file",
    };
    let _ = write!(
        text,
        "\n`{path}` makes {} of its calls and asserts what came of them. Values that looked like a person's or a secret are \
         replaced; please read them all the same before they are committed.",
        gap.examples.len()
    );
    cut(&text, EXPLANATION)
}
