//! `destructuring`: `undefined` or `null` was taken apart.

use oxc::ast::AstKind;
use oxc::ast::ast::{BindingPattern, Expression, FormalParameter, ObjectPattern};
use oxc::span::{GetSpan as _, Span};

use super::Rule;
use crate::javascript::draft::Draft;
use crate::javascript::fallback::{fallback, node_id, sibling_default};
use crate::javascript::guards::{Missing, exits_for_missing, hoisted, name_for};
use crate::javascript::message::{Absent, Fault};
use crate::javascript::scene::{Known, Scene};
use crate::repair::Promise;
use thymus_javascript::origin::{describe, lookup, origin};

pub const RULE: Rule = Rule { name: "destructuring", recognise, repairs };

/// What was taken apart.
#[derive(Clone, Copy)]
enum Taken<'a> {
    Value(&'a Expression<'a>),
    Parameter(&'a FormalParameter<'a>),
    /// `{ a: { b } }`
    Nested {
        pattern: Span,
        key: Span,
    },
}

fn failed<'a>(scene: &Scene<'_, 'a>) -> Option<(Span, Taken<'a>)> {
    if !scene.is_innermost() {
        return None;
    }
    let wanted = match &scene.fault {
        Fault::Destructure { property, .. } | Fault::Read { property, .. } => property.as_deref(),
        _ => return None,
    };
    let code = scene.code;
    let names = |pattern: &ObjectPattern| {
        let first = pattern.properties.first()?;
        let fits = wanted.is_none_or(|wanted| first.key.static_name().is_none_or(|name| name == wanted));
        fits.then_some(first.span.start as usize)
    };
    let nested_only = matches!(scene.fault, Fault::Read { .. });
    scene.pick(code.kinds().filter_map(|kind| match kind {
        AstKind::VariableDeclarator(declarator) if !nested_only => match (&declarator.id, &declarator.init) {
            (BindingPattern::ObjectPattern(pattern), Some(init)) => {
                Some((names(pattern)?, (init.span(), Taken::Value(init))))
            }
            _ => None,
        },
        AstKind::FormalParameter(parameter) if !nested_only && parameter.initializer.is_none() => {
            match &parameter.pattern {
                BindingPattern::ObjectPattern(pattern) => {
                    Some((names(pattern)?, (parameter.span, Taken::Parameter(parameter))))
                }
                _ => None,
            }
        }
        AstKind::BindingProperty(property) => match &property.value {
            BindingPattern::ObjectPattern(pattern) => {
                let nested = Taken::Nested { pattern: pattern.span, key: property.key.span() };
                Some((names(pattern)?, (property.span, nested)))
            }
            _ => None,
        },
        _ => None,
    }))
}

fn recognise(scene: &Scene) -> Option<Known> {
    let (span, taken) = failed(scene)?;
    let code = scene.code;
    let line = code.line(span.start);
    let why = match taken {
        Taken::Value(value) => format!(
            "{} is taken apart in line {line} but there is nothing: it {}.",
            scene.says(span),
            describe(code, &origin(code, value))
        ),
        Taken::Parameter(_) => {
            format!("The parameter {} in line {line} is taken apart, but this call gave none.", scene.says(span))
        }
        Taken::Nested { key, .. } => {
            format!("{} is taken apart in line {line}, but what comes in has none.", scene.says(key))
        }
    };
    Some(Known { span, why, confidence: 0.92, related: Vec::new() })
}

fn repairs(scene: &Scene, known: &Known) -> Vec<Draft> {
    let Some((_, taken)) = failed(scene) else { return Vec::new() };
    let undefined = matches!(
        scene.fault,
        Fault::Destructure { of: Absent::Undefined, .. } | Fault::Read { of: Absent::Undefined, .. }
    );
    match taken {
        Taken::Value(value) => value_drafts(scene, known, value),
        Taken::Parameter(parameter) if undefined && !parameter.optional => {
            let end = parameter.span.end as usize;
            let title = format!("Let {} be left out", scene.says(parameter.span));
            vec![scene.draft(
                title,
                format!("{} It defaults to an empty object.", known.why),
                0.8,
                Promise::ReturnsSomething,
                vec![(end..end, " = {}".to_owned())],
            )]
        }
        Taken::Nested { pattern, key } if undefined => {
            let end = pattern.end as usize;
            let title = format!("Let {} be missing", scene.says(key));
            vec![scene.draft(
                title,
                format!("{} It defaults to an empty object.", known.why),
                0.72,
                Promise::ReturnsSomething,
                vec![(end..end, " = {}".to_owned())],
            )]
        }
        _ => Vec::new(),
    }
}

fn value_drafts<'a>(scene: &Scene<'_, 'a>, known: &Known, value: &'a Expression<'a>) -> Vec<Draft> {
    let code = scene.code;
    let mut drafts = Vec::new();
    let found = lookup(value);
    if let Some(found) = found
        && let Some(name) = name_for(code.slice(found.receiver))
    {
        let key = found.key.map(|key| code.slice(key)).filter(|key| !key.contains("=>"));
        let missing = Missing { variable: &name, receiver: code.slice(found.receiver), key };
        for mut exit in exits_for_missing(scene, code.function_of(node_id(value)), missing) {
            let Some(mut edits) = hoisted(scene, value.span(), node_id(value), &name, &exit) else { continue };
            edits.extend(exit.import.take());
            let why = format!("{} `{}` answers that; {}.", known.why, exit.statement.trim_end_matches(';'), exit.why);
            drafts.push(scene.draft(
                format!("Refuse when there is no such `{name}`"),
                why,
                exit.confidence,
                exit.promise,
                edits,
            ));
        }
    }
    let sibling = sibling_default(code, value).filter(|(default, _)| default == "{}");
    let confidence = match (sibling.is_some(), found.is_some()) {
        (true, _) => 0.88,
        (false, true) => 0.46,
        (false, false) => 0.62,
    };
    drafts.push(scene.draft(
        format!("Take {} as empty when it is missing", scene.says(value.span())),
        format!("{} Its parts are then missing.", known.why),
        confidence,
        Promise::ReturnsSomething,
        fallback(code, value, "{}"),
    ));
    drafts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::javascript::rules::examples::{Example, MODULE, NODE};

    fn taking(message: &str, args: serde_json::Value, source: &str) -> Example {
        let example = Example::new("TypeError", message, "f", args, &[("src/f.js", source), NODE, MODULE]);
        assert_eq!(example.rule().as_deref(), Some("destructuring"), "{source}");
        example
    }

    #[test]
    fn options_and_their_parts_may_be_missing() {
        taking(
            "Cannot destructure property 'limit' of 'undefined' as it is undefined.",
            json!([]),
            "export function f({ ⟦limit = 10, offset = 0 }) {\n  return { limit, offset };\n}\n",
        )
        .heals("src/f.js", "export function f({ limit = 10, offset = 0 } = {}) {");
        taking(
            "Cannot destructure property 'tries' of 'options.retry' as it is undefined.",
            json!([{}]),
            "export function f(options) {\n  const { ⟦tries = 3 } = options.retry;\n  return tries;\n}\n",
        )
        .heals("src/f.js", "const { tries = 3 } = options.retry ?? {};");
        taking(
            "Cannot read properties of undefined (reading 'city')",
            json!([{ "name": "a" }]),
            "export function f({ name, address: { ⟦city } }) {\n  return { name, city: city ?? null };\n}\n",
        )
        .heals("src/f.js", "address: { city } = {} }");
    }

    #[test]
    fn what_a_lookup_did_not_find_is_refused() {
        taking(
            "Cannot destructure property 'cents' of 'rates.get(...)' as it is undefined.",
            json!(["NO"]),
            "const rates = new Map();\n\nexport function g(country) {\n  if (!rates.has(country)) {\n    throw new RangeError(`unknown rate \
             ${country}`);\n  }\n  return 1;\n}\n\nexport function f(country) {\n  const { ⟦cents } = rates.get(country);\n  return \
             cents;\n}\n",
        )
        .heals("src/f.js", "  const rate = rates.get(country);\n");
    }
}
