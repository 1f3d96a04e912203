//! `copied-accumulator`: what is collected is copied for each element that is added, so the time grows with the square of
//! the number of elements. The collection is the function's own, made by it and seen by nobody else before it is done, so
//! adding to it in place is the same.

use oxc::ast::AstKind;
use oxc::ast::ast::{
    ArrayExpression, ArrayExpressionElement, ArrowFunctionExpression, AssignmentExpression, AssignmentOperator,
    BindingPattern, Expression, ObjectExpression, ObjectPropertyKind,
};
use oxc::semantic::SymbolId;
use oxc::span::{GetSpan as _, Span};
use thymus_javascript::code::{bare, range};

use super::Rule;
use crate::javascript::kinds::is_list;
use crate::javascript::scene::{Draft, Known, Scene, inside};
use crate::javascript::uses::{Use, is_harmless};

pub const RULE: Rule = Rule { name: "copied-accumulator", find };

fn find(scene: &Scene) -> Vec<Known> {
    let mut known = Vec::new();
    for kind in scene.nodes() {
        let found = match kind {
            AstKind::AssignmentExpression(assignment) => of_assignment(scene, assignment),
            AstKind::ArrowFunctionExpression(arrow) => of_reducer(scene, arrow),
            _ => None,
        };
        known.extend(found);
    }
    known
}

/// What is added to a copy.
enum Added<'a> {
    /// Elements of a list, one after the other.
    Elements(Vec<Span>),
    /// All of another list.
    All(&'a Expression<'a>),
    /// Properties: key and value as they are assigned.
    Properties(Vec<(String, Span)>),
}

fn of_assignment<'a>(scene: &Scene<'_, 'a>, assignment: &'a AssignmentExpression<'a>) -> Option<Known> {
    if assignment.operator != AssignmentOperator::Assign || scene.loops(assignment.node_id.get()).is_empty() {
        return None;
    }
    let name = scene.slice(assignment.left.span());
    if !thymus_javascript::code::is_name(name) {
        return None;
    }
    let added = added(scene, bare(&assignment.right), name)?;
    let explanation = format!(
        "`{}` in line {} copies `{name}` for each element that is added, in a loop: the time grows with the square of their \
         number.",
        crop(scene.slice(assignment.span)),
        scene.line(assignment.span)
    );
    let repair = added.and_then(|added| assignment_repair(scene, assignment, name, &added));
    Some(Known { span: assignment.span, heaviness: 0.95, explanation, repair })
}

/// What is added to a copy of `name`; none where it is no copy, and none inside where it can't be told.
#[allow(clippy::option_option)]
fn added<'a>(scene: &Scene<'_, 'a>, right: &'a Expression<'a>, name: &str) -> Option<Option<Added<'a>>> {
    match right {
        Expression::ArrayExpression(list) => of_list(scene, list, name),
        Expression::ObjectExpression(object) => of_object(scene, object, name),
        Expression::CallExpression(call) => {
            let member = bare(&call.callee).get_member_expr()?;
            if member.static_property_name()? != "concat" || scene.slice(member.object().span()) != name {
                return None;
            }
            let [argument] = &call.arguments[..] else { return Some(None) };
            let argument = argument.as_expression()?;
            Some(match bare(argument) {
                Expression::ArrayExpression(list) => elements(list, 0),
                Expression::ObjectExpression(_) | Expression::StringLiteral(_) | Expression::TemplateLiteral(_) => {
                    Some(Added::Elements(vec![argument.span()]))
                }
                _ if is_list(scene, argument) => Some(Added::All(argument)),
                _ => None,
            })
        }
        _ => None,
    }
}

#[allow(clippy::option_option)]
fn of_list<'a>(scene: &Scene<'_, 'a>, list: &'a ArrayExpression<'a>, name: &str) -> Option<Option<Added<'a>>> {
    let ArrayExpressionElement::SpreadElement(first) = list.elements.first()? else { return None };
    if scene.slice(first.argument.span()) != name {
        return None;
    }
    if let [_, ArrayExpressionElement::SpreadElement(all)] = &list.elements[..] {
        return Some(Some(Added::All(&all.argument)));
    }
    Some(elements(list, 1))
}

fn elements<'a>(list: &'a ArrayExpression<'a>, from: usize) -> Option<Added<'a>> {
    let spans: Option<Vec<Span>> =
        list.elements[from..].iter().map(|element| element.as_expression().map(oxc::span::GetSpan::span)).collect();
    spans.filter(|spans| !spans.is_empty()).map(Added::Elements)
}

#[allow(clippy::option_option)]
fn of_object<'a>(scene: &Scene<'_, 'a>, object: &'a ObjectExpression<'a>, name: &str) -> Option<Option<Added<'a>>> {
    let ObjectPropertyKind::SpreadProperty(first) = object.properties.first()? else { return None };
    if scene.slice(first.argument.span()) != name {
        return None;
    }
    let properties: Option<Vec<(String, Span)>> = object.properties[1..]
        .iter()
        .map(|property| {
            let property =
                property.as_property().filter(|it| !it.method && it.kind == oxc::ast::ast::PropertyKind::Init)?;
            let key = scene.slice(property.key.span());
            // `['__proto__']` would make a property, the assignment sets the prototype.
            if key.contains("__proto__") {
                return None;
            }
            let place = if property.computed || key.starts_with(['\'', '"']) || !thymus_javascript::code::is_name(key) {
                format!("[{key}]")
            } else {
                format!(".{key}")
            };
            Some((place, property.value.span()))
        })
        .collect();
    Some(properties.filter(|all| !all.is_empty()).map(Added::Properties))
}

/// The statements that add in place.
fn in_place(scene: &Scene, name: &str, added: &Added) -> Vec<String> {
    let style = scene.style();
    let end = style.semicolon;
    match added {
        Added::Elements(spans) => {
            let values: Vec<&str> = spans.iter().map(|span| scene.slice(*span)).collect();
            vec![format!("{name}.push({}){end}", values.join(", "))]
        }
        // Spread into a call, a long list would overflow the stack.
        Added::All(list) => {
            let item = scene.free_name("item").unwrap_or_else(|| "item".to_owned());
            vec![format!("for (const {item} of {}) {name}.push({item}){end}", scene.slice(list.span()))]
        }
        Added::Properties(all) => {
            all.iter().map(|(place, value)| format!("{name}{place} = {}{end}", scene.slice(*value))).collect()
        }
    }
}

fn assignment_repair(scene: &Scene, assignment: &AssignmentExpression, name: &str, added: &Added) -> Option<Draft> {
    let AstKind::ExpressionStatement(statement) = scene.code.parent(assignment.node_id.get()) else { return None };
    let symbol = scene.nodes().find_map(|kind| match kind {
        AstKind::IdentifierReference(id) if inside(id.span, assignment.span) && id.name == name => {
            scene.code.resolve(id)
        }
        _ => None,
    })?;
    let AstKind::VariableDeclarator(declarator) = scene.code.declaration(symbol) else { return None };
    if !inside(declarator.span, scene.function.span) || !is_fresh(scene, declarator.init.as_ref()?) {
        return None;
    }
    is_unseen(scene, symbol, assignment, added)?;
    let lines = in_place(scene, name, added);
    let in_block =
        matches!(scene.code.parent(statement.node_id.get()), AstKind::BlockStatement(_) | AstKind::FunctionBody(_));
    if lines.len() > 1 && !in_block {
        return None;
    }
    let indent = scene.code.text.indent_at(range(statement.span).start);
    let text = lines.join(&format!("{}{indent}", scene.code.text.newline()));
    let mut edits = vec![(range(statement.span), text)];
    edits.extend(as_constant(scene, symbol, declarator, assignment));
    Some(draft(name, edits, 0.93))
}

/// Nobody sees the collection before it is done: in the loop it is only read, and not while it is iterated.
fn is_unseen(scene: &Scene, symbol: SymbolId, assignment: &AssignmentExpression, added: &Added) -> Option<()> {
    let loops = scene.loops(assignment.node_id.get());
    let region = scene.code.kind(loops.last()?.id).span();
    let declared = scene.code.semantic.scoping().symbol_span(symbol);
    // Declared in a loop it is done when that loop's round is; what comes after the inner loops is still inside.
    let region =
        loops.iter().map(|one| scene.code.kind(one.id).span()).rfind(|it| !inside(declared, *it)).unwrap_or(region);
    for (kind, one) in scene.uses(symbol) {
        let at = kind.span();
        if inside(at, assignment.span) {
            let copied = !matches!(one, Use::Assigned);
            let of_value = match added {
                Added::Elements(spans) => spans.iter().any(|span| inside(at, *span)),
                Added::All(list) => inside(at, list.span()),
                Added::Properties(all) => all.iter().any(|(_, span)| inside(at, *span)),
            };
            if copied && of_value && !matches!(one, Use::Part | Use::Method(..)) {
                return None;
            }
            continue;
        }
        let iterated = matches!(scene.code.parent(kind.node_id()), AstKind::ForOfStatement(it) if inside(assignment.span, it.span))
            || matches!(one, Use::Method(call, _) if inside(assignment.span, call.span));
        let again = matches!(one, Use::Assigned) && starts_anew(scene, kind);
        let later = !inside(at, region);
        let fine = later && !matches!(one, Use::Assigned)
            || inside(at, region) && is_harmless(&one) && !matches!(one, Use::Returned)
            || again;
        if iterated || !(fine || is_such_a_copy(scene, kind)) {
            return None;
        }
    }
    Some(())
}

/// `out = []` anew.
fn starts_anew(scene: &Scene, reference: AstKind) -> bool {
    match scene.code.parent(reference.node_id()) {
        AstKind::AssignmentExpression(it) => it.left.span() == reference.span() && is_fresh(scene, &it.right),
        _ => false,
    }
}

/// Another statement of the same kind, which is repaired on its own; until then it copies, which harms nothing.
fn is_such_a_copy(scene: &Scene, reference: AstKind) -> bool {
    scene.code.ancestors(reference.node_id()).take(4).any(|kind| match kind {
        AstKind::AssignmentExpression(it) => {
            let name = scene.slice(it.left.span());
            thymus_javascript::code::is_name(name) && added(scene, bare(&it.right), name).is_some()
        }
        _ => false,
    })
}

/// A list or an object that has just been made.
fn is_fresh(scene: &Scene, expression: &Expression) -> bool {
    match bare(expression) {
        Expression::ArrayExpression(_) | Expression::ObjectExpression(_) => true,
        Expression::CallExpression(call) => {
            let callee = scene.slice(call.callee.span());
            let method =
                bare(&call.callee).get_member_expr().and_then(oxc::ast::ast::MemberExpression::static_property_name);
            callee == "Array.from" || method.is_some_and(|name| matches!(name, "map" | "filter"))
        }
        _ => false,
    }
}

/// `let` that is never assigned any more becomes `const`.
fn as_constant(
    scene: &Scene,
    symbol: SymbolId,
    declarator: &oxc::ast::ast::VariableDeclarator,
    assignment: &AssignmentExpression,
) -> Option<(std::ops::Range<usize>, String)> {
    let AstKind::VariableDeclaration(declaration) = scene.code.parent(declarator.node_id.get()) else { return None };
    let only = declaration.declarations.len() == 1 && matches!(declarator.id, BindingPattern::BindingIdentifier(_));
    let elsewhere = scene
        .uses(symbol)
        .iter()
        .any(|(kind, one)| matches!(one, Use::Assigned) && !inside(kind.span(), assignment.span));
    let start = declaration.span.start as usize;
    let is_let = scene.slice(declaration.span).starts_with("let ");
    (only && is_let && !elsewhere).then(|| (start..start + 3, "const".to_owned()))
}

/// `list.reduce((all, one) => [...all, one], [])`
fn of_reducer<'a>(scene: &Scene<'_, 'a>, arrow: &'a ArrowFunctionExpression<'a>) -> Option<Known> {
    let AstKind::CallExpression(call) = scene.code.parent(arrow.node_id.get()) else { return None };
    let method = bare(&call.callee).get_member_expr()?.static_property_name()?;
    let [callback, start] = &call.arguments[..] else { return None };
    if !matches!(method, "reduce" | "reduceRight") || callback.span() != arrow.span {
        return None;
    }
    let BindingPattern::BindingIdentifier(all) = &arrow.params.items.first()?.pattern else { return None };
    let name = all.name.as_str();
    let body = arrow.body.as_expression()?;
    let (condition, copy) = match bare(body) {
        Expression::ConditionalExpression(choice) => {
            let is_all = |side: &Expression| scene.slice(bare(side).span()) == name;
            match (is_all(&choice.consequent), is_all(&choice.alternate)) {
                (true, false) => (Some((choice.test.span(), true)), bare(&choice.alternate)),
                (false, true) => (Some((choice.test.span(), false)), bare(&choice.consequent)),
                _ => return None,
            }
        }
        other => (None, other),
    };
    let added = added(scene, copy, name)?;
    let explanation = format!(
        "The reducer in line {} copies `{name}` for each element, so the time grows with the square of their number.",
        scene.line(arrow.span)
    );
    let repair = added.and_then(|added| {
        let symbol = all.symbol_id.get()?;
        let fresh = start
            .as_expression()
            .is_some_and(|it| matches!(bare(it), Expression::ArrayExpression(_) | Expression::ObjectExpression(_)));
        // The condition and the values may read it; nothing may keep it.
        let kept = scene.uses(symbol).iter().any(|(kind, one)| {
            let copied = inside(kind.span(), copy.span())
                && matches!(scene.code.parent(kind.node_id()), AstKind::SpreadElement(_));
            let receiver = matches!(one, Use::Method(_, "concat"));
            let plain = matches!(one, Use::Given) && condition.is_some_and(|(test, _)| !inside(kind.span(), test));
            !(copied || receiver || plain || is_harmless(one))
        });
        if !fresh || kept {
            return None;
        }
        let lines = in_place(scene, name, &added);
        let style = scene.style();
        let (newline, unit) = (scene.code.text.newline(), style.indent.as_str());
        let indent = scene.code.text.indent_at(range(arrow.span).start);
        let mut text = format!("{{{newline}");
        let inner = if condition.is_some() { format!("{unit}{unit}") } else { unit.to_owned() };
        if let Some((test, negated)) = condition {
            let test = scene.slice(test);
            let test = if negated { format!("!({test})") } else { test.to_owned() };
            text.extend([format!("{indent}{unit}if ({test}) {{{newline}")]);
        }
        for line in lines {
            text.extend([format!("{indent}{inner}{line}{newline}")]);
        }
        if condition.is_some() {
            text.extend([format!("{indent}{unit}}}{newline}")]);
        }
        text.extend([format!("{indent}{unit}return {name}{}{newline}{indent}}}", style.semicolon)]);
        Some(draft(name, vec![(range(body.span()), text)], 0.93))
    });
    Some(Known { span: arrow.span, heaviness: 0.95, explanation, repair })
}

fn draft(name: &str, edits: Vec<(std::ops::Range<usize>, String)>, confidence: f64) -> Draft {
    Draft {
        title: format!("Add to {name} in place instead of copying it each time"),
        explanation: format!(
            "`{name}` is made in this function, and nobody else sees it before it is done; so adding to it gives the same \
             content in the same order as copying it with one element more, without the copies."
        ),
        edits,
        confidence,
    }
}

fn crop(source: &str) -> String {
    let line = source.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.len() > 100 { format!("{}…", &line[..line.floor_char_boundary(97)]) } else { line }
}

#[cfg(test)]
mod tests {
    use super::super::examples::Example;

    #[test]
    fn lists_grow_in_place() {
        Example::of(
            "export function names(list) {\n  let out = [];\n  for (const one of list) {\n    out = [...out, one.name];\n  }\n  return \
             out;\n}\n",
        )
        .repaired(
            "copied-accumulator",
            "export function names(list) {\n  const out = [];\n  for (const one of list) {\n    out.push(one.name);\n  }\n  return \
             out;\n}\n",
        );
        Example::of(
            "export function all(lists) {\n  let out = [];\n  lists.forEach((list) => {\n    out = \
             out.concat(list.filter(Boolean));\n  });\n  return out;\n}\n",
        )
        .repaired(
            "copied-accumulator",
            "export function all(lists) {\n  const out = [];\n  lists.forEach((list) => {\n    for (const item of \
             list.filter(Boolean)) out.push(item);\n  });\n  return out;\n}\n",
        );
    }

    #[test]
    fn reducers_add_to_what_they_were_given() {
        Example::of(
            "export function byId(list) {\n  return list.reduce((all, one) => ({ ...all, [one.id]: one }), {});\n}\n",
        )
        .repaired(
            "copied-accumulator",
            "export function byId(list) {\n  return list.reduce((all, one) => {\n    all[one.id] = one;\n    return all;\n  }, {});\n}\n",
        );
        Example::of(
            "export function odd(list) {\n  return list.reduce((all, one) => (one % 2 ? [...all, one] : all), []);\n}\n",
        )
        .repaired(
            "copied-accumulator",
            "export function odd(list) {\n  return list.reduce((all, one) => {\n    if (one % 2) {\n      all.push(one);\n    }\n    \
             return all;\n  }, []);\n}\n",
        );
    }

    #[test]
    fn what_others_saw_is_left_alone() {
        for source in [
            // It came from outside.
            "export function f(out, list) {\n  for (const one of list) {\n    out = [...out, one];\n  }\n  return out;\n}\n",
            "export function f(list, start) {\n  return list.reduce((all, one) => [...all, one], start);\n}\n",
            // Each state is kept.
            "export function f(list) {\n  let out = [];\n  const states = [];\n  for (const one of list) {\n    out = [...out, one];\n    \
             states.push(out);\n  }\n  return states;\n}\n",
            // It is iterated meanwhile.
            "export function f(list) {\n  let out = [1];\n  for (const one of out) {\n    if (one < 3) out = [...out, one + 1];\n  }\n  return \
             out;\n}\n",
        ] {
            Example::of(source).refused("copied-accumulator");
        }
    }
}
