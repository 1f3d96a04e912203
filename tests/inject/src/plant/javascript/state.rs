//! What was copied is shared, what was made anew is changed in place.

use oxc::ast::AstKind;
use oxc::ast::ast::{ArrayExpressionElement, CallExpression, Expression, ObjectExpression, ObjectPropertyKind};
use oxc::span::GetSpan as _;

use super::{Scene, argument, is_place, range};
use crate::fault::{Edit, Fault};
use crate::plan::Capability;

pub(super) fn plant(scene: &Scene, found: &mut Vec<Fault>) {
    let mut push = |rule, edits, what: String| scene.push(Capability::State, rule, edits, what, found);
    for kind in scene.code.kinds() {
        let whole = kind.span();
        let what = || format!("`{}` is no copy any more", scene.src(whole));
        match kind {
            AstKind::ArrayExpression(it) => {
                if let [ArrayExpressionElement::SpreadElement(only)] = &it.elements[..] {
                    let text = scene.src(only.argument.span());
                    push("removed-copy", vec![Edit::new(range(whole), text)], what());
                }
            }
            AstKind::ObjectExpression(it) => {
                if let Some((rule, text)) = shared_object(scene, it) {
                    push(rule, vec![Edit::new(range(whole), text)], what());
                }
            }
            AstKind::CallExpression(call) => {
                if let Some((rule, text)) = shared_call(scene, call) {
                    push(rule, vec![Edit::new(range(whole), text)], what());
                }
            }
            AstKind::NewExpression(it) => {
                let copies =
                    matches!(&it.callee, Expression::Identifier(id) if matches!(id.name.as_str(), "Map" | "Set"));
                if let (true, [only]) = (copies, &it.arguments[..])
                    && let Some(of) = only.as_expression().filter(|of| is_place(of))
                {
                    push("removed-copy", vec![Edit::new(range(whole), scene.src(of.span()))], what());
                }
            }
            _ => {}
        }
    }
}

/// `{...a}` becomes `a`, `{...a, …}` becomes `Object.assign(a, {…})`.
fn shared_object(scene: &Scene, object: &ObjectExpression) -> Option<(&'static str, String)> {
    let (first, rest) = object.properties.split_first()?;
    let ObjectPropertyKind::SpreadProperty(first) = first else { return None };
    if !is_place(&first.argument) {
        return None;
    }
    let of = scene.src(first.argument.span());
    let Some(next) = rest.first() else { return Some(("removed-copy", of.to_owned())) };
    let others = scene.text().get(next.span().start as usize..object.span.end as usize)?;
    Some(("assigned-in-place", format!("Object.assign({of}, {{ {others})")))
}

/// `x.slice()` and its like become `x`; `Object.assign({}, a)` writes into `a`.
fn shared_call(scene: &Scene, call: &CallExpression) -> Option<(&'static str, String)> {
    let first = argument(call, 0);
    match &call.callee {
        Expression::Identifier(id) if id.name == "structuredClone" => {
            Some(("removed-copy", scene.src(first?.span()).to_owned()))
        }
        Expression::StaticMemberExpression(member) => {
            let of = scene.src(member.object.span());
            let name = member.property.name.as_str();
            match (of, name) {
                ("Object", "assign") => {
                    let Expression::ObjectExpression(empty) = first? else { return None };
                    let second = argument(call, 1).filter(|it| empty.properties.is_empty() && is_place(it))?;
                    if call.arguments.len() == 2 {
                        return Some(("removed-copy", scene.src(second.span()).to_owned()));
                    }
                    let rest = scene.text().get(second.span().start as usize..call.span.end as usize)?;
                    Some(("assigned-in-place", format!("Object.assign({rest}")))
                }
                ("Array" | "Buffer", "from") if call.arguments.len() == 1 => {
                    first.filter(|it| is_place(it)).map(|it| ("removed-copy", scene.src(it.span()).to_owned()))
                }
                ("JSON", "parse") => {
                    let Expression::CallExpression(inner) = first? else { return None };
                    let text = scene.src(inner.callee.span());
                    let of = argument(inner, 0).filter(|_| text == "JSON.stringify")?;
                    Some(("removed-copy", scene.src(of.span()).to_owned()))
                }
                (_, "slice")
                    if call.arguments.is_empty() || scene.src(first?.span()) == "0" && call.arguments.len() == 1 =>
                {
                    is_place(&member.object).then(|| ("removed-copy", of.to_owned()))
                }
                (_, "concat") if call.arguments.is_empty() => Some(("removed-copy", of.to_owned())),
                (_, "toSorted" | "toReversed") => {
                    let way = if name == "toSorted" { "sort" } else { "reverse" };
                    let rest = scene.text().get(member.property.span.end as usize..call.span.end as usize)?;
                    Some(("sorted-in-place", format!("{of}.{way}{rest}")))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::planted;
    use crate::plan::Capability;

    #[test]
    fn copies_become_what_they_were_of() {
        for (healthy, faulty) in [
            ("[...a].sort()", "a.sort()"),
            ("({ ...a })", "(a)"),
            ("({ ...a, b: 1 })", "(Object.assign(a, { b: 1 }))"),
            ("a.slice()", "a"),
            ("Object.assign({}, a, b)", "Object.assign(a, b)"),
            ("JSON.parse(JSON.stringify(a))", "a"),
            ("structuredClone(a)", "a"),
            ("new Map(a)", "a"),
        ] {
            let made = planted(Capability::State, &format!("const f = (a, b) => {healthy};\n"));
            assert_eq!(made[0].1, format!("const f = (a, b) => {faulty};\n"), "{made:?}");
        }
    }
}
