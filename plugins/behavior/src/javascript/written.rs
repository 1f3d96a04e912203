//! How a call that is gone was written: what it was given in better times, told from what its caller had at hand.

use oxc::ast::AstKind;
use oxc::ast::ast::{BindingPattern, Expression, FormalParameters};
use oxc::span::GetSpan as _;
use serde_json::Value;
use thymus_javascript::code::{Code, Func, bare, is_name};
use thymus_javascript::exports::import_of;
use thymus_javascript::project::Project;
use thymus_javascript::testing::Subject;

use super::flow::callee_name;
use crate::at_hand::{AtHand, Names, Path, only_path};
use crate::disorder::Disorder;
use crate::flow::Flow;
use crate::history::{History, Lesson};
use crate::repair::missing::Written;
use crate::sequence::last_name;

/// The call, when every part of it is sure.
pub fn written(disorder: &Disorder, flow: &Flow, history: &History, project: &Project) -> Option<Written> {
    let name = last_name(&disorder.beat.handler);
    let path = disorder.beat.path.as_deref()?;
    let subject = Subject::find(&disorder.beat.handler, &[path], None, project)?;
    project.ask(&flow.path, |code| {
        let function = code.functions().find(|function| function.span.start as usize == flow.range.start)?;
        if subject.is_async && !function.is_async {
            return None;
        }
        let callee = callee(disorder, name, path, code, project)?;
        let at_hand = at_hand(code, &function);
        let (arguments, needs) = arguments(&history.lessons, &at_hand)?;
        let waits = if subject.is_async { "await " } else { "" };
        let end = thymus_javascript::style::Style::of_code(code).semicolon;
        Some(Written {
            statement: format!("{waits}{callee}({arguments}){end}"),
            needs,
            because: format!(
                "What it is given was told from {} captured runs of better times, in which it always was just that.",
                history.lessons.len()
            ),
        })
    })?
}

/// The arguments as source: each one of a list, or the parts of one object.
fn arguments(lessons: &[Lesson], at_hand: &AtHand) -> Option<(String, std::collections::BTreeSet<String>)> {
    let first = lessons.first()?.beat.as_array()?;
    let mut needs = std::collections::BTreeSet::new();
    let mut given = Vec::new();
    for (at, example) in first.iter().enumerate() {
        let items: Option<Vec<&Value>> = lessons
            .iter()
            .map(|lesson| lesson.beat.as_array().filter(|items| items.len() == first.len())?.get(at))
            .collect();
        let items = items?;
        if let Some(path) = only_path(lessons, &items, at_hand) {
            needs.insert(path.name.clone());
            given.push(spelled(&path)?);
            continue;
        }
        // An object that was put together for the call.
        let mut parts = Vec::new();
        for key in example.as_object()?.keys() {
            let values: Option<Vec<&Value>> = items.iter().map(|item| item.get(key)).collect();
            let path = only_path(lessons, &values?, at_hand)?;
            needs.insert(path.name.clone());
            let value = spelled(&path)?;
            parts.push(if value == *key { value } else { format!("{key}: {value}") });
        }
        let keys = example.as_object()?.len();
        if parts.is_empty() || items.iter().any(|item| item.as_object().is_none_or(|parts| parts.len() != keys)) {
            return None;
        }
        given.push(format!("{{ {} }}", parts.join(", ")));
    }
    Some((given.join(", "), needs))
}

fn spelled(path: &Path) -> Option<String> {
    path.keys
        .iter()
        .all(|key| is_name(key))
        .then(|| path.keys.iter().fold(path.name.clone(), |text, key| format!("{text}.{key}")))
}

/// What is called: by its own name where the file knows it, else through what its neighbours are called through.
fn callee(disorder: &Disorder, name: &str, path: &str, code: &Code, project: &Project) -> Option<String> {
    if import_of(code, project, name).as_deref() == Some(path) || path == code.text.path {
        return Some(name.to_owned());
    }
    let siblings: Vec<&str> =
        disorder.expected.iter().map(|beat| last_name(&beat.handler)).filter(|other| *other != name).collect();
    let mut owners: Vec<String> = code
        .kinds()
        .filter_map(|kind| match kind {
            AstKind::CallExpression(call) if siblings.contains(&callee_name(call)?) => {
                let member = bare(&call.callee).get_member_expr()?;
                let owner = code.slice(member.object().span());
                // An imported module must be the one that declares it; an object that was handed in holds them all.
                let from = import_of(code, project, owner);
                (is_name(owner) && from.is_none_or(|from| from == path)).then(|| owner.to_owned())
            }
            _ => None,
        })
        .collect();
    owners.sort();
    owners.dedup();
    let [owner] = owners.as_slice() else { return None };
    Some(format!("{owner}.{name}"))
}

/// The names that a function has at hand: its parameters, and what it put what its beats gave into.
fn at_hand<'a>(code: &Code<'a>, function: &Func<'a>) -> AtHand {
    let mut at_hand = AtHand { parameters: parameters(function.params), given: Vec::new() };
    for kind in code.inside(function.span) {
        let AstKind::VariableDeclarator(declarator) = kind else { continue };
        let Some(init) = &declarator.init else { continue };
        let value = match bare(init) {
            Expression::AwaitExpression(waits) => bare(&waits.argument),
            other => other,
        };
        if let Expression::CallExpression(call) = value
            && let Some(called) = callee_name(call)
        {
            at_hand.given.push((called.to_owned(), names(&declarator.id), declarator.span.start as usize));
        }
    }
    at_hand
}

fn parameters(params: &FormalParameters) -> Vec<(String, Names)> {
    let named = params.items.iter().map(|parameter| {
        let names = names(&parameter.pattern);
        let own = names.iter().find(|(_, keys)| keys.is_empty()).map_or(String::new(), |(name, _)| name.clone());
        (own, names)
    });
    named.collect()
}

/// The names that a pattern binds, each with the key that it takes.
fn names(pattern: &BindingPattern) -> Names {
    match pattern {
        BindingPattern::BindingIdentifier(id) => vec![(id.name.to_string(), Vec::new())],
        BindingPattern::ObjectPattern(pattern) => pattern
            .properties
            .iter()
            .filter_map(|property| {
                let key = property.key.static_name()?.into_owned();
                let BindingPattern::BindingIdentifier(id) = &property.value else { return None };
                Some((id.name.to_string(), vec![key]))
            })
            .collect(),
        _ => Vec::new(),
    }
}
