//! `invariant-in-loop`: something is made anew in each round of a loop that is the same each time: a pattern, a parsed text,
//! a copy, the keys of an object. It is made once, before the loop; where making it could fail, it is made when it is first
//! wanted, so that a loop that never wants it behaves as before. What the loop changes, or hands to somebody who may, stays.

use oxc::ast::AstKind;
use oxc::ast::ast::{Argument, CallExpression, Expression, NewExpression};
use oxc::semantic::NodeId;
use oxc::span::{GetSpan as _, Span};
use thymus_javascript::code::{Func, as_function, bare, range};

use super::Rule;
use crate::javascript::kinds::is_list;
use crate::javascript::scene::{Draft, Known, Scene, camel, inside};
use crate::javascript::uses::{is_harmless, is_reading_method};

pub const RULE: Rule = Rule { name: "invariant-in-loop", find };

/// Something that is made.
struct Made<'a> {
    id: NodeId,
    span: Span,
    /// A word for it.
    name: String,
    heaviness: f64,
    /// Making it never fails, so it can be made before it is wanted.
    is_safe: bool,
    /// Functions that it calls for each element.
    callbacks: Vec<&'a Expression<'a>>,
    /// A pattern that remembers where it stopped.
    remembers: bool,
}

fn find(scene: &Scene) -> Vec<Known> {
    let made = scene.nodes().filter_map(|kind| match kind {
        AstKind::CallExpression(call) => of_call(scene, call),
        AstKind::NewExpression(new) => of_new(scene, new),
        _ => None,
    });
    let mut known: Vec<Known> = Vec::new();
    for made in made {
        let loops = scene.loops(made.id);
        let steady = loops.iter().take_while(|one| scene.is_invariant(made.span, one.repeated)).count();
        // A part of something that is itself made once comes along with it.
        if steady == 0 || known.iter().any(|outer| inside(made.span, outer.span)) {
            continue;
        }
        let explanation = format!(
            "`{}` in line {} is the same in each round of {steady} loop(s) around it, and is made anew in each.",
            crop(scene.slice(made.span)),
            scene.line(made.span)
        );
        let repair = repair(scene, &made);
        known.push(Known { span: made.span, heaviness: made.heaviness, explanation, repair });
    }
    known
}

fn of_new<'a>(scene: &Scene<'_, 'a>, new: &'a NewExpression<'a>) -> Option<Made<'a>> {
    let callee = scene.slice(new.callee.span());
    let constant = new.arguments.iter().all(|it| matches!(it.as_expression(), Some(Expression::StringLiteral(_))));
    let (name, heaviness, is_safe) = match callee {
        "RegExp" => ("pattern", 0.85, constant),
        "Set" | "Map" => {
            let of = new.arguments.first().and_then(Argument::as_expression)?;
            ("known", 0.85, is_list(scene, of) && callee == "Set")
        }
        _ if callee.starts_with("Intl.") => ("formatter", 0.9, constant),
        "TextEncoder" | "TextDecoder" => ("coder", 0.5, constant),
        _ => return None,
    };
    if new.arguments.is_empty() && !callee.starts_with("Intl.") && !callee.starts_with("Text") {
        return None;
    }
    let flags = new.arguments.get(1).map_or("", |it| scene.slice(it.span()));
    Some(Made {
        id: new.node_id.get(),
        span: new.span,
        name: name.to_owned(),
        heaviness,
        is_safe,
        callbacks: Vec::new(),
        remembers: callee == "RegExp"
            && (flags.contains(['g', 'y']) || !flags.starts_with(['\'', '"']) && !flags.is_empty()),
    })
}

fn of_call<'a>(scene: &Scene<'_, 'a>, call: &'a CallExpression<'a>) -> Option<Made<'a>> {
    let callee = scene.slice(call.callee.span());
    let made = |name: &str, heaviness: f64, is_safe: bool, callbacks| {
        let (id, span, name) = (call.node_id.get(), call.span, name.to_owned());
        Some(Made { id, span, name, heaviness, is_safe, callbacks, remembers: false })
    };
    match (callee, &call.arguments[..]) {
        ("JSON.parse", [_]) => return made("parsed", 0.9, false, Vec::new()),
        ("JSON.stringify", [_]) => return made("text", 0.8, false, Vec::new()),
        ("structuredClone", [_]) => return made("copy", 0.9, false, Vec::new()),
        ("Object.keys" | "Object.values" | "Object.entries", [_]) => {
            return made(callee.rsplit('.').next()?, 0.8, false, Vec::new());
        }
        ("Array.from", [_]) => return made("items", 0.75, false, Vec::new()),
        ("Math.max" | "Math.min", [Argument::SpreadElement(_)]) => {
            return made(callee.rsplit('.').next()?, 0.9, false, Vec::new());
        }
        _ => {}
    }
    let member = bare(&call.callee).get_member_expr()?;
    let method = member.static_property_name()?;
    let object = member.object();
    let is_safe = is_list(scene, object);
    let callbacks: Vec<&Expression> = call.arguments.iter().filter_map(Argument::as_expression).collect();
    match method {
        // Of a copy only: sorting in place changes what is sorted.
        "sort" | "reverse" => {
            let copies = match bare(object) {
                Expression::ArrayExpression(_) => true,
                Expression::CallExpression(inner) => bare(&inner.callee)
                    .get_member_expr()
                    .and_then(oxc::ast::ast::MemberExpression::static_property_name)
                    .is_some_and(|name| {
                        matches!(name, "slice" | "map" | "filter" | "keys" | "values" | "entries" | "concat")
                    }),
                _ => false,
            };
            if copies { made("sorted", 0.95, false, callbacks) } else { None }
        }
        "toSorted" | "toReversed" => made("sorted", 0.95, is_safe, callbacks),
        "map" | "filter" | "flatMap" | "reduce" => made(noun(method), 0.9, is_safe, callbacks),
        "split" => made("parts", 0.75, false, Vec::new()),
        "join" => made("joined", 0.75, is_safe, Vec::new()),
        "flat" => made("items", 0.75, is_safe, Vec::new()),
        _ => None,
    }
}

fn noun(method: &str) -> &'static str {
    match method {
        "map" | "flatMap" => "mapped",
        "filter" => "filtered",
        _ => "total",
    }
}

fn repair(scene: &Scene, made: &Made) -> Option<Draft> {
    let loops = scene.loops(made.id);
    let (one, statement) = scene.outermost_invariant(made.span, &loops)?;
    if !made.callbacks.iter().all(|callback| is_pure(scene, callback)) || !calls_only_the_language(scene, made.span) {
        return None;
    }
    // Inside of a `try` it might be caught there.
    let tries = scene.code.ancestors(made.id).take_while(|kind| kind.node_id() != one.id);
    if !made.is_safe && tries.into_iter().any(|kind| matches!(kind, AstKind::TryStatement(_))) {
        return None;
    }
    let style = scene.style();
    let end = style.semicolon;
    let source = scene.slice(made.span);
    let names = whose_is_left_alone(scene, made)?;
    // A constant of the loop moves out as it is.
    if let Some((declaration, name)) = names
        && made.is_safe
    {
        let line = format!("const {name} = {source}{end}");
        let edits = vec![scene.before(statement, &[line])?, without_line(scene, declaration)];
        return Some(draft(source, edits, "before the loop", 0.92));
    }
    let name = scene.free_name(&camel(&[&made.name]))?;
    let (line, replacement, how) = if made.is_safe {
        (format!("const {name} = {source}{end}"), name.clone(), "before the loop")
    } else {
        let asked = format!("({name} ??= {source})");
        // As a whole initialiser it needs no parentheses.
        let whole = matches!(scene.code.parent(made.id), AstKind::VariableDeclarator(_));
        let replacement = if whole { asked[1..asked.len() - 1].to_owned() } else { asked };
        (format!("let {name}{end}"), replacement, "when it is first wanted")
    };
    if !made.is_safe && scene.is_typed() {
        return None;
    }
    let edits = vec![scene.before(statement, &[line])?, (range(made.span), replacement)];
    Some(draft(source, edits, how, if made.is_safe { 0.92 } else { 0.88 }))
}

fn draft(source: &str, edits: Vec<(std::ops::Range<usize>, String)>, how: &str, confidence: f64) -> Draft {
    Draft {
        title: format!("Make {} once instead of in each round", title_name(source)),
        explanation: format!(
            "`{}` depends on nothing that the loop changes, and the loop only reads what it gives; so it is made once, {how}, \
             and each round sees the same as before.",
            crop(source)
        ),
        edits,
        confidence,
    }
}

fn title_name(source: &str) -> String {
    let head: String = source.chars().take_while(|c| *c != '(' && *c != '\n').collect();
    let head = head.trim();
    if head.len() > 30 { "it".to_owned() } else { head.to_owned() }
}

/// Who uses what is made, and that it is left alone: `Some(Some(…))` is a constant of the loop with its declaration,
/// `Some(None)` an expression that is read where it stands.
#[allow(clippy::option_option)]
fn whose_is_left_alone<'a>(scene: &Scene<'_, 'a>, made: &Made) -> Option<Option<(Span, &'a str)>> {
    let parent = scene.code.parent(made.id);
    if let AstKind::VariableDeclarator(declarator) = parent {
        let AstKind::VariableDeclaration(declaration) = scene.code.parent(declarator.node_id.get()) else {
            return None;
        };
        let name = declarator.id.get_binding_identifier()?;
        let symbol = name.symbol_id.get()?;
        let alone = scene.uses(symbol).iter().all(|(kind, one)| {
            if made.remembers {
                return is_argument_of(
                    scene,
                    *kind,
                    &["replace", "split", "replaceAll", "match", "matchAll", "search"],
                );
            }
            is_harmless(one) && !matches!(one, crate::javascript::uses::Use::Returned) || is_pattern_use(scene, *kind)
        });
        if !alone {
            return None;
        }
        let only = declaration.declarations.len() == 1 && scene.slice(declaration.span).starts_with("const ");
        let unique = scene.free_name(name.name.as_str()).is_some();
        let elsewhere = scene
            .code
            .kinds()
            .filter(|kind| matches!(kind, AstKind::BindingIdentifier(id) if id.name == name.name))
            .count()
            > 1;
        return Some((only && unique && !elsewhere).then_some((declaration.span, name.name.as_str())));
    }
    let read = match parent {
        AstKind::StaticMemberExpression(member) => {
            let name = member.property.name.as_str();
            let called = matches!(scene.code.parent(member.node_id.get()), AstKind::CallExpression(call) if call.callee.span() == member.span);
            let pattern =
                matches!(name, "test" | "exec") && !made.remembers && scene.slice(made.span).contains("RegExp");
            name == "length"
                || name == "size"
                || pattern
                || (called && is_reading_method(name))
                || !called && !matches!(scene.code.parent(member.node_id.get()), AstKind::AssignmentExpression(_))
        }
        AstKind::ComputedMemberExpression(member) => {
            member.object.span() == made.span
                && !matches!(scene.code.parent(member.node_id.get()), AstKind::AssignmentExpression(it) if it.left.span() == member.span)
        }
        AstKind::ForOfStatement(it) => it.right.span() == made.span,
        AstKind::SpreadElement(_) | AstKind::BinaryExpression(_) | AstKind::TemplateLiteral(_) => true,
        AstKind::CallExpression(call) => {
            let method = bare(&call.callee)
                .get_member_expr()
                .and_then(oxc::ast::ast::MemberExpression::static_property_name)
                .unwrap_or_default();
            let of_pattern = matches!(method, "replace" | "split" | "replaceAll" | "match" | "matchAll" | "search");
            of_pattern && scene.slice(made.span).contains("RegExp")
        }
        _ => false,
    };
    read.then_some(None)
}

fn is_pattern_use(scene: &Scene, reference: AstKind) -> bool {
    let tested = match scene.code.parent(reference.node_id()) {
        AstKind::StaticMemberExpression(member) => matches!(member.property.name.as_str(), "test" | "exec"),
        _ => false,
    };
    tested || is_argument_of(scene, reference, &["replace", "split", "match", "search", "matchAll", "replaceAll"])
}

fn is_argument_of(scene: &Scene, reference: AstKind, methods: &[&str]) -> bool {
    match scene.code.parent(reference.node_id()) {
        AstKind::CallExpression(call) => bare(&call.callee)
            .get_member_expr()
            .and_then(oxc::ast::ast::MemberExpression::static_property_name)
            .is_some_and(|name| methods.contains(&name)),
        _ => false,
    }
}

/// A callback that only computes: no assignment, no `await`, no call but of the language's reading methods.
fn is_pure(scene: &Scene, callback: &Expression) -> bool {
    match bare(callback) {
        Expression::ArrowFunctionExpression(arrow) => {
            let function: Option<Func> = as_function(scene.code.kind(arrow.node_id.get()));
            function.is_some() && calls_only_the_language(scene, arrow.span)
        }
        Expression::Identifier(name) => {
            scene.code.resolve(name).is_none() && matches!(name.name.as_str(), "Number" | "String" | "Boolean")
        }
        Expression::StringLiteral(_) | Expression::NumericLiteral(_) => true,
        Expression::ArrayExpression(list) => list.elements.is_empty(),
        _ => false,
    }
}

/// Nothing inside calls what the project or a package wrote, or assigns to anything.
fn calls_only_the_language(scene: &Scene, span: Span) -> bool {
    scene.code.inside(span).all(|kind| match kind {
        AstKind::CallExpression(call) => match bare(&call.callee) {
            Expression::Identifier(name) => {
                scene.code.resolve(name).is_none()
                    && matches!(
                        name.name.as_str(),
                        "Number" | "String" | "Boolean" | "parseInt" | "parseFloat" | "structuredClone" | "RegExp"
                    )
            }
            other => other.get_member_expr().is_some_and(|member| {
                let name = member.static_property_name().unwrap_or_default();
                let global = match bare(member.object()) {
                    Expression::Identifier(object) => {
                        scene.code.resolve(object).is_none()
                            && matches!(
                                object.name.as_str(),
                                "JSON" | "Object" | "Array" | "Math" | "Number" | "String"
                            )
                            && !matches!(name, "assign" | "defineProperty" | "freeze" | "setPrototypeOf" | "random")
                    }
                    _ => false,
                };
                global
                    || is_reading_method(name)
                    || (matches!(name, "sort" | "reverse") && call.span == span)
                    || matches!(name, "sort" | "reverse") && copies(scene, member.object())
            }),
        },
        AstKind::NewExpression(new) => {
            matches!(scene.slice(new.callee.span()), "RegExp" | "Set" | "Map")
                || scene.slice(new.callee.span()).starts_with("Intl.")
                || scene.slice(new.callee.span()).starts_with("Text")
        }
        AstKind::AssignmentExpression(_)
        | AstKind::UpdateExpression(_)
        | AstKind::AwaitExpression(_)
        | AstKind::YieldExpression(_)
        | AstKind::TaggedTemplateExpression(_)
        | AstKind::ImportExpression(_) => false,
        _ => true,
    })
}

fn copies(scene: &Scene, object: &Expression) -> bool {
    match bare(object) {
        Expression::ArrayExpression(_) => true,
        Expression::CallExpression(call) => {
            let callee = scene.slice(call.callee.span());
            ["slice", "map", "filter", "concat", "keys", "values", "entries", "from"]
                .iter()
                .any(|name| callee.ends_with(name))
        }
        _ => false,
    }
}

/// The whole line of a declaration goes.
fn without_line(scene: &Scene, declaration: Span) -> (std::ops::Range<usize>, String) {
    let content = &scene.code.text.content;
    let start = content[..declaration.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let rest = &content[declaration.end as usize..];
    let end = declaration.end as usize + rest.find('\n').map_or(rest.len(), |at| at + 1);
    (start..end, String::new())
}

fn crop(source: &str) -> String {
    let line = source.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.len() > 100 { format!("{}…", &line[..line.floor_char_boundary(97)]) } else { line }
}

#[cfg(test)]
mod tests {
    use super::super::examples::Example;
    use serde_json::json;

    #[test]
    fn a_pattern_is_made_once() {
        Example::of(
            "export function count(lines, word) {\n  let count = 0;\n  for (const line of lines) {\n    if (new RegExp('a+b').test(line)) \
             count += 1;\n  }\n  return count;\n}\n",
        )
        .repaired(
            "invariant-in-loop",
            "export function count(lines, word) {\n  let count = 0;\n  const pattern = new RegExp('a+b');\n  for (const line of lines) {\n    \
             if (pattern.test(line)) count += 1;\n  }\n  return count;\n}\n",
        );
    }

    #[test]
    fn what_may_fail_is_made_when_it_is_wanted() {
        Example::of(
            "export function rated(list, text) {\n  const out = [];\n  for (const one of list) {\n    const rates = JSON.parse(text);\n    \
             out.push(one.amount * rates[one.currency]);\n  }\n  return out;\n}\n",
        )
        .repaired(
            "invariant-in-loop",
            "export function rated(list, text) {\n  const out = [];\n  let parsed;\n  for (const one of list) {\n    const rates = parsed \
             ??= JSON.parse(text);\n    out.push(one.amount * rates[one.currency]);\n  }\n  return out;\n}\n",
        );
    }

    #[test]
    fn a_constant_of_the_loop_moves_out_as_it_is() {
        Example::of(
            "export function ranks(list) {\n  return list.map((one) => {\n    const sorted = list.toSorted();\n    return \
             sorted.indexOf(one);\n  });\n}\n",
        )
        .called(json!([[3, 1]]))
        .repaired(
            "invariant-in-loop",
            "export function ranks(list) {\n  const sorted = list.toSorted();\n  return list.map((one) => {\n    return \
             sorted.indexOf(one);\n  });\n}\n",
        );
    }

    #[test]
    fn what_the_loop_changes_or_gives_away_is_left_alone() {
        for source in [
            "export function f(list, o) {\n  for (const x of list) {\n    const copy = structuredClone(o);\n    copy.x = x;\n    \
             save(copy);\n  }\n}\n",
            "export function f(list, o) {\n  return list.map((x) => structuredClone(o));\n}\n",
            "export function f(list, o) {\n  for (const x of list) {\n    if (Object.keys(o).length < 9) o[x] = 1;\n  }\n}\n",
            "export function f(list, w) {\n  let n = 0;\n  for (const x of list) {\n    const p = new RegExp(w, 'g');\n    if (p.test(x)) n += \
             1;\n  }\n  return n;\n}\n",
            "export function f(list, g) {\n  for (const x of list) {\n    use(g.map((y) => y.next()), x);\n  }\n}\n",
        ] {
            Example::of(source).called(json!([[], {}])).refused("invariant-in-loop");
        }
    }
}
