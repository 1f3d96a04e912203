//! `membership-in-loop`: a list is asked again and again whether it holds a value, and looks through itself each time.
//! `includes` and a set compare alike (`SameValueZero`); `indexOf` doesn't find `NaN`, so there one side must not be one.
//!
//! A list that only grows by `push` and is otherwise only asked becomes a set; one that is also used as a list, or that
//! came from outside, gets a set beside it, built where the list is known not to change any more.

use oxc::ast::AstKind;
use oxc::ast::ast::{BinaryOperator, BindingPattern, CallExpression, Expression};
use oxc::span::{GetSpan as _, Span};
use thymus_javascript::code::{bare, range};

use super::Rule;
use crate::javascript::kinds::{holds_no_nan, is_list, is_no_nan};
use crate::javascript::scene::{Draft, Known, Scene, camel, inside};
use crate::javascript::uses::{Use, is_harmless};

pub const RULE: Rule = Rule { name: "membership-in-loop", find };

/// A question whether a list holds a value.
struct Question<'a> {
    /// All of it: the call, or its comparison with -1.
    whole: Span,
    call: &'a CallExpression<'a>,
    list: &'a Expression<'a>,
    value: &'a Expression<'a>,
    is_no: bool,
    /// `NaN` would be found by a set only.
    by_index: bool,
}

fn find(scene: &Scene) -> Vec<Known> {
    let questions = scene.nodes().filter_map(|kind| match kind {
        AstKind::CallExpression(call) => question(scene, call),
        _ => None,
    });
    let mut known = Vec::new();
    for question in questions {
        let loops = scene.loops(question.call.node_id.get());
        if loops.is_empty() || !may_be_list(scene, question.list) {
            continue;
        }
        let list = scene.slice(question.list.span());
        let line = scene.line(question.whole);
        let explanation = format!(
            "`{}` in line {line} looks through `{list}` from its beginning, and it is asked in {} loop(s), so the time grows \
             with both lengths multiplied.",
            scene.slice(question.whole),
            loops.len()
        );
        let heaviness = if loops.len() > 1 { 0.95 } else { 0.85 };
        let repair = repair(scene, &question);
        known.push(Known { span: question.whole, heaviness, explanation, repair });
    }
    known
}

fn question<'a>(scene: &Scene<'_, 'a>, call: &'a CallExpression<'a>) -> Option<Question<'a>> {
    let member = bare(&call.callee).get_member_expr()?;
    let name = member.static_property_name()?;
    let [argument] = &call.arguments[..] else { return None };
    let value = argument.as_expression()?;
    if call.optional || member.optional() {
        return None;
    }
    let list = member.object();
    match name {
        "includes" => Some(Question { whole: call.span, call, list, value, is_no: false, by_index: false }),
        "indexOf" => {
            let AstKind::BinaryExpression(comparison) = scene.code.parent(call.node_id.get()) else { return None };
            if comparison.left.span() != call.span {
                return None;
            }
            let right = scene.slice(comparison.right.span());
            let is_no = match (comparison.operator, right) {
                (BinaryOperator::StrictEquality | BinaryOperator::Equality, "-1") | (BinaryOperator::LessThan, "0") => {
                    true
                }
                (BinaryOperator::StrictInequality | BinaryOperator::Inequality | BinaryOperator::GreaterThan, "-1")
                | (BinaryOperator::GreaterEqualThan, "0") => false,
                _ => return None,
            };
            Some(Question { whole: comparison.span, call, list, value, is_no, by_index: true })
        }
        _ => None,
    }
}

/// A literal of a few is as fast as a set.
fn may_be_list<'a>(scene: &Scene<'_, 'a>, list: &'a Expression<'a>) -> bool {
    match bare(list) {
        Expression::ArrayExpression(_) | Expression::StringLiteral(_) | Expression::TemplateLiteral(_) => false,
        Expression::Identifier(name) => match scene.code.declaration_of(name) {
            Some(AstKind::VariableDeclarator(declarator)) => match declarator.init.as_ref().map(bare) {
                Some(Expression::ArrayExpression(literal)) if !literal.elements.is_empty() => {
                    // A constant list is short; one that grows is not.
                    scene.symbol(list).is_some_and(|symbol| {
                        scene.uses(symbol).iter().any(|(_, one)| matches!(one, Use::Method(_, "push")))
                    })
                }
                Some(Expression::StringLiteral(_) | Expression::TemplateLiteral(_)) => false,
                _ => true,
            },
            _ => true,
        },
        Expression::StaticMemberExpression(_) | Expression::ComputedMemberExpression(_) => true,
        _ => is_list(scene, list),
    }
}

fn repair(scene: &Scene, question: &Question) -> Option<Draft> {
    if !is_list(scene, question.list) {
        return None;
    }
    if question.by_index && !is_no_nan(scene, question.value) && !holds_no_nan(scene, question.list) {
        return None;
    }
    steady(scene, question).or_else(|| growing(scene, question))
}

/// A list that stays the same in the loop: a set of it before the loop.
fn steady(scene: &Scene, question: &Question) -> Option<Draft> {
    let loops = scene.loops(question.call.node_id.get());
    let list = question.list.span();
    let (_, statement) = scene.outermost_invariant(list, &loops)?;
    if !scene.is_plain(list) || !parts_are_steady(scene, question.list, statement) {
        return None;
    }
    let name = scene.free_name(&camel(&[last_name(scene.slice(list)), "set"]))?;
    let end = scene.style().semicolon;
    let all = same_questions(scene, question, statement);
    let line = format!("const {name} = new Set({}){end}", scene.slice(list));
    let mut edits = vec![scene.before(statement, &[line])?];
    edits.extend(all.iter().map(|one| answered(scene, one, &name)));
    Some(draft(scene, question, edits, "is built once, before the loop", 0.92))
}

/// Every question about the same list inside of a statement.
fn same_questions<'a>(scene: &Scene<'_, 'a>, question: &Question<'a>, statement: Span) -> Vec<Question<'a>> {
    let list = scene.slice(question.list.span());
    let symbol = scene.symbol(question.list);
    scene
        .nodes()
        .filter_map(|kind| match kind {
            AstKind::CallExpression(call) => self::question(scene, call),
            _ => None,
        })
        .filter(|one| inside(one.whole, statement) && scene.slice(one.list.span()) == list)
        .filter(|one| scene.symbol(one.list) == symbol)
        .filter(|one| !one.by_index || is_no_nan(scene, one.value) || holds_no_nan(scene, one.list))
        .collect()
}

fn answered(scene: &Scene, question: &Question, set: &str) -> (std::ops::Range<usize>, String) {
    let no = if question.is_no { "!" } else { "" };
    (range(question.whole), format!("{no}{set}.has({})", scene.slice(question.value.span())))
}

/// For `order.lines`: nothing in the statement changes a property of that name, or calls what might.
fn parts_are_steady(scene: &Scene, list: &Expression, statement: Span) -> bool {
    let Some(member) = bare(list).get_member_expr() else { return true };
    let Some(name) = member.static_property_name() else { return false };
    scene.code.inside(statement).all(|kind| match kind {
        AstKind::StaticMemberExpression(other) if other.property.name == name && other.span != list.span() => {
            match scene.code.parent(other.node_id.get()) {
                AstKind::AssignmentExpression(assignment) => assignment.left.span() != other.span,
                AstKind::UpdateExpression(_) | AstKind::UnaryExpression(_) => false,
                AstKind::StaticMemberExpression(method) => {
                    ["includes", "indexOf", "length", "map", "filter", "some", "find"]
                        .contains(&method.property.name.as_str())
                }
                _ => true,
            }
        }
        _ => true,
    })
}

/// A list that the function makes and that grows by `push`.
fn growing(scene: &Scene, question: &Question) -> Option<Draft> {
    let symbol = scene.symbol(question.list)?;
    let AstKind::VariableDeclarator(declarator) = scene.code.declaration(symbol) else { return None };
    let BindingPattern::BindingIdentifier(id) = &declarator.id else { return None };
    let init = declarator.init.as_ref()?;
    let content = content_of(scene, init)?;
    if !inside(declarator.span, scene.function.span) {
        return None;
    }
    let uses = scene.uses(symbol);
    let pushes: Vec<&CallExpression> = uses
        .iter()
        .filter_map(|(_, one)| match one {
            Use::Method(call, "push") => Some(*call),
            _ => None,
        })
        .collect();
    let alone = |call: &CallExpression| {
        let [argument] = &call.arguments[..] else { return false };
        let plain = argument.as_expression().is_some_and(|it| scene.is_plain(it.span()));
        plain && matches!(scene.code.parent(call.node_id.get()), AstKind::ExpressionStatement(_))
    };
    let grows = |one: &Use| matches!(one, Use::Method(_, "push"));
    // Handed to others after the loops it does no harm any more; inside of one it might come back changed.
    let loops = scene.loops(question.call.node_id.get());
    let region = loops.last().map(|one| scene.code.kind(one.id).span())?;
    let late = |kind: &AstKind, one: &Use| matches!(one, Use::Given) && kind.span().start >= region.end;
    let leaves_alone = uses.iter().all(|(kind, one)| is_harmless(one) || grows(one) || late(kind, one));
    if pushes.is_empty() || !pushes.iter().all(|call| alone(call)) || !leaves_alone {
        return None;
    }
    let asked: Vec<Question> = same_questions(scene, question, scene.function.span);
    // Its length counts what was pushed twice, a set's size does not.
    let only_asked = uses.iter().all(|(_, one)| match one {
        Use::Method(call, "includes" | "indexOf") => asked.iter().any(|it| it.call.span == call.span),
        Use::Method(_, "push") => true,
        _ => false,
    });
    if only_asked && !scene.is_typed() && declarator.type_annotation.is_none() {
        return replaced(scene, question, &asked, &pushes, (init.span(), &content));
    }
    let name = scene.free_name(&camel(&[id.name.as_str(), "set"]))?;
    let end = scene.style().semicolon;
    let declaration = scene.code.statement_of(declarator.node_id.get())?.span();
    let content = if content.is_empty() { "" } else { id.name.as_str() };
    let mut edits = vec![scene.behind(declaration, &[format!("const {name} = new Set({content}){end}")])?];
    for call in pushes {
        let AstKind::ExpressionStatement(statement) = scene.code.parent(call.node_id.get()) else { return None };
        let value = scene.slice(call.arguments.first()?.span());
        let in_block =
            matches!(scene.code.parent(statement.node_id.get()), AstKind::BlockStatement(_) | AstKind::FunctionBody(_));
        let also = format!("{name}.add({value}){end}");
        if in_block {
            edits.push(scene.behind(statement.span, &[also])?);
        } else {
            let (newline, indent) = (scene.code.text.newline(), scene.code.text.indent_at(range(statement.span).start));
            let unit = scene.style().indent;
            let own = scene.slice(statement.span);
            let block = format!("{{{newline}{indent}{unit}{own}{newline}{indent}{unit}{also}{newline}{indent}}}");
            edits.push((range(statement.span), block));
        }
    }
    edits.extend(asked.iter().map(|one| answered(scene, one, &name)));
    Some(draft(scene, question, edits, "grows beside it", 0.9))
}

/// What a new list holds, as what a set is made of: nothing, a list, or what `Array.from` is given.
fn content_of<'a>(scene: &Scene<'_, 'a>, init: &'a Expression<'a>) -> Option<String> {
    match bare(init) {
        Expression::ArrayExpression(literal) if literal.elements.is_empty() => Some(String::new()),
        Expression::ArrayExpression(_) => Some(scene.slice(init.span()).to_owned()),
        Expression::CallExpression(call) if scene.slice(call.callee.span()) == "Array.from" => {
            match &call.arguments[..] {
                [only] => Some(scene.slice(only.span()).to_owned()),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The list is only asked and pushed to: it becomes the set.
fn replaced(
    scene: &Scene,
    question: &Question,
    asked: &[Question],
    pushes: &[&CallExpression],
    (init, content): (Span, &str),
) -> Option<Draft> {
    let list = scene.slice(question.list.span());
    let mut edits = vec![(range(init), format!("new Set({content})"))];
    for call in pushes {
        let property = bare(&call.callee).get_member_expr()?;
        let object_end = property.object().span().end;
        edits.push((object_end as usize..call.callee.span().end as usize, ".add".to_owned()));
    }
    edits.extend(asked.iter().map(|one| answered(scene, one, list)));
    Some(draft(scene, question, edits, "takes the list's place, which is only added to and asked", 0.94))
}

fn draft(
    scene: &Scene,
    question: &Question,
    edits: Vec<(std::ops::Range<usize>, String)>,
    how: &str,
    confidence: f64,
) -> Draft {
    let list = scene.slice(question.list.span());
    let compares = if question.by_index {
        "no `NaN` is compared here, so a set finds what `indexOf` finds"
    } else {
        "`includes` and `Set.prototype.has` compare alike"
    };
    Draft {
        title: format!("Look {} up in a set instead of searching the list", last_name(list)),
        explanation: format!(
            "A set {how}, and each question is answered at once instead of by looking through `{list}`. The answers are the \
             same: {compares}."
        ),
        edits,
        confidence,
    }
}

fn last_name(source: &str) -> &str {
    source
        .rsplit(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$')))
        .find(|word| !word.is_empty())
        .unwrap_or("list")
}

#[cfg(test)]
mod tests {
    use super::super::examples::Example;
    use serde_json::json;

    #[test]
    fn a_list_from_outside_gets_a_set_before_the_loop() {
        let example = Example::of(
            "export function known(ids, all) {\n  const found = [];\n  for (const id of ids) {\n    if (all.includes(id)) {\n      \
             found.push(id);\n    }\n  }\n  return found;\n}\n",
        )
        .called(json!([["a"], ["a", "b"]]));
        example.repaired(
            "membership-in-loop",
            "export function known(ids, all) {\n  const found = [];\n  const allSet = new Set(all);\n  for (const id of ids) {\n    \
             if (allSet.has(id)) {\n      found.push(id);\n    }\n  }\n  return found;\n}\n",
        );
    }

    #[test]
    fn in_a_callback_the_set_stands_before_the_statement() {
        Example::of("export function known(ids, all) {\n  return ids.filter((id) => all.indexOf(id) !== -1);\n}\n")
            .called(json!([["a"], ["a", "b"]]))
            .repaired(
                "membership-in-loop",
                "export function known(ids, all) {\n  const allSet = new Set(all);\n  return ids.filter((id) => \
                 allSet.has(id));\n}\n",
            );
    }

    #[test]
    fn a_list_that_is_only_asked_becomes_a_set() {
        Example::of(
            "export function twice(words) {\n  const seen = [];\n  let count = 0;\n  for (const word of words) {\n    if \
             (seen.includes(word)) count += 1;\n    else seen.push(word);\n  }\n  return count;\n}\n",
        )
        .called(json!([["a", "a"]]))
        .repaired(
            "membership-in-loop",
            "export function twice(words) {\n  const seen = new Set();\n  let count = 0;\n  for (const word of words) {\n    if \
             (seen.has(word)) count += 1;\n    else seen.add(word);\n  }\n  return count;\n}\n",
        );
    }

    #[test]
    fn a_list_that_is_returned_gets_a_set_beside_it() {
        Example::of(
            "export function unique(words) {\n  const seen = [];\n  for (const word of words) {\n    if (!seen.includes(word)) \
             seen.push(word);\n  }\n  return seen;\n}\n",
        )
        .called(json!([["a", "a"]]))
        .repaired(
            "membership-in-loop",
            "export function unique(words) {\n  const seen = [];\n  const seenSet = new Set();\n  for (const word of words) {\n    \
             if (!seenSet.has(word)) {\n      seen.push(word);\n      seenSet.add(word);\n    }\n  }\n  return seen;\n}\n",
        );
    }

    #[test]
    fn what_might_mean_something_else_is_left_alone() {
        // A text, maybe.
        Example::of("export function f(ids, all) {\n  return ids.filter((id) => all.includes(id));\n}\n")
            .called(json!([["a"], "text"]))
            .refused("membership-in-loop");
        // Changed in the loop.
        Example::of(
            "export function f(ids, all) {\n  for (const id of ids) {\n    if (all.includes(id)) all.pop();\n  }\n  return all;\n}\n",
        )
        .called(json!([["a"], ["a", "b"]]))
        .refused("membership-in-loop");
        // Handed to somebody who may change it.
        Example::of(
            "export function f(ids, all) {\n  for (const id of ids) {\n    if (all.includes(id)) change(all);\n  }\n  return all;\n}\n",
        )
        .called(json!([["a"], ["a", "b"]]))
        .refused("membership-in-loop");
        // `NaN`, maybe.
        Example::of("export function f(list, all) {\n  return list.filter((x) => all.indexOf(x * 2) < 0);\n}\n")
            .called(json!([[1, 2], [null, 2]]))
            .refused("membership-in-loop");
    }

    #[test]
    fn a_short_constant_list_costs_nothing() {
        Example::of("export function f(list) {\n  const KINDS = ['a', 'b'];\n  return list.filter((x) => KINDS.includes(x));\n}\n")
            .called(json!([["a"]]))
            .silent("membership-in-loop");
    }
}
