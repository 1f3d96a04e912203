//! What the rules' tests are written with: a function, how it was called, what becomes of it.

use serde_json::Value;
use thymus_sdk::Change;
use thymus_sdk::source::Source;

use crate::cost::Cost;
use crate::python::{costs, repair};
use crate::slowdown::{Call, Slowdown};

/// The first function of `it.py`.
pub struct Example {
    source: String,
    calls: Vec<Value>,
}

impl Example {
    pub fn of(source: &str) -> Self {
        Self { source: source.to_owned(), calls: Vec::new() }
    }

    pub fn called(mut self, args: Value) -> Self {
        self.calls.push(args);
        self
    }

    fn costs(&self, rule: &str) -> (tempfile::TempDir, Slowdown, Vec<Cost>) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("it.py"), &self.source).unwrap();
        let name = self.source.split("def ").nth(1).unwrap().split('(').next().unwrap();
        let slowdown = Slowdown {
            handler: name.to_owned(),
            path: Some("it.py".to_owned()),
            line: None,
            now_ns: 5e6,
            before_ns: Some(1e6),
            more_calls: false,
            calls: self.calls.iter().map(|args| Call { args: args.clone(), result: None, nanos: 5e6 }).collect(),
        };
        let costs = costs(&slowdown, &Source::at(dir.path())).into_iter().filter(|cost| cost.rule == rule).collect();
        (dir, slowdown, costs)
    }

    /// What the rule's first repair makes of the file.
    #[track_caller]
    pub fn repaired(&self, rule: &str, expected: &str) {
        let (dir, slowdown, costs) = self.costs(rule);
        assert!(!costs.is_empty(), "nothing recognised");
        let source = Source::at(dir.path());
        let found = costs.iter().find_map(|cost| repair(&slowdown, cost, &source)).expect("a repair");
        assert_eq!(found.title.lines().count(), 1);
        let [Change::Edit(file)] = &found.changes[..] else { panic!("one edited file") };
        let mut content = self.source.clone();
        for edit in file.edits.iter().rev() {
            #[allow(clippy::cast_possible_truncation)]
            content.replace_range(edit.start as usize..edit.end as usize, &edit.replacement);
        }
        assert_eq!(content, expected, "\n{content}");
    }

    /// There is no repair, whether it is recognised or not.
    #[track_caller]
    pub fn refused(&self, rule: &str) {
        let (dir, slowdown, costs) = self.costs(rule);
        let source = Source::at(dir.path());
        let repaired: Vec<_> = costs.iter().filter_map(|cost| repair(&slowdown, cost, &source)).collect();
        assert!(repaired.is_empty(), "{repaired:?}");
    }
}
