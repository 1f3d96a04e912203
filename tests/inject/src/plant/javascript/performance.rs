//! The same answers, more slowly: scans instead of look-ups, work done again in every turn of a loop, growing copies.

use oxc::ast::AstKind;
use oxc::ast::ast::{BindingPattern, Expression, Statement, VariableDeclarationKind, VariableDeclarator};
use oxc::span::GetSpan as _;

use super::{Scene, argument, is_place, method, range};
use crate::fault::{Edit, Fault};
use crate::plan::Capability;

pub(super) fn plant(scene: &Scene, found: &mut Vec<Fault>) {
    for kind in scene.code.kinds() {
        match kind {
            AstKind::ExpressionStatement(it) => growing_copy(scene, kind, &it.expression, found),
            AstKind::ComputedMemberExpression(_) | AstKind::StaticMemberExpression(_) => copied(scene, kind, found),
            AstKind::VariableDeclarator(it) => list_for_set(scene, it, found),
            AstKind::CallExpression(_) | AstKind::BinaryExpression(_) => scanned(scene, kind, found),
            _ => {}
        }
    }
    into_the_loop(scene, found);
    memo(scene, found);
}

fn push(scene: &Scene, rule: &'static str, edits: Vec<Edit>, what: String, found: &mut Vec<Fault>) {
    scene.push(Capability::Performance, rule, edits, what, found);
}

/// `out.push(x)` in a loop becomes `out = out.concat([x])`.
fn growing_copy(scene: &Scene, kind: AstKind, expression: &Expression, found: &mut Vec<Fault>) {
    let Some((Expression::Identifier(of), call)) = method(expression, "push") else { return };
    let Some(item) = argument(call, 0).filter(|_| call.arguments.len() == 1 && repeats(scene, kind)) else { return };
    let Some(AstKind::VariableDeclarator(declared)) = scene.code.declaration_of(of) else { return };
    if !matches!(&declared.init, Some(Expression::ArrayExpression(it)) if it.elements.is_empty()) {
        return;
    }
    let name = of.name.as_str();
    let mut edits =
        vec![Edit::new(range(expression.span()), format!("{name} = {name}.concat([{}])", scene.src(item.span())))];
    if let AstKind::VariableDeclaration(all) = scene.code.parent(declared.node_id.get())
        && all.kind == VariableDeclarationKind::Const
    {
        if all.declarations.len() != 1 {
            return;
        }
        let start = all.span.start as usize;
        edits.push(Edit::new(start..start + "const".len(), "let"));
    }
    push(scene, "growing-copy", edits, format!("`{name}` is copied in every turn to grow by one"), found);
}

/// In a loop, or in a callback that a list calls for each of its items.
fn repeats(scene: &Scene, kind: AstKind) -> bool {
    scene.in_loop(kind)
        || scene.code.ancestors(kind.node_id()).any(|outer| match outer {
            AstKind::CallExpression(call) => matches!(
                &call.callee,
                Expression::StaticMemberExpression(it)
                    if matches!(it.property.name.as_str(), "forEach" | "map" | "filter" | "reduce" | "some" | "every")
            ),
            _ => false,
        })
}

/// In a loop, `list[i]` becomes `list.slice()[i]`, `list.length` becomes `list.slice().length`.
fn copied(scene: &Scene, kind: AstKind, found: &mut Vec<Fault>) {
    let (object, is_read) = match kind {
        AstKind::ComputedMemberExpression(it) => (&it.object, !matches!(it.expression, Expression::StringLiteral(_))),
        AstKind::StaticMemberExpression(it) => (&it.object, it.property.name == "length"),
        _ => return,
    };
    let written = matches!(
        scene.code.parent(kind.node_id()),
        AstKind::AssignmentExpression(_) | AstKind::UpdateExpression(_) | AstKind::CallExpression(_)
    ) || matches!(scene.code.parent(kind.node_id()), AstKind::UnaryExpression(_));
    if is_read
        && !written
        && is_place(object)
        && !matches!(object, Expression::ThisExpression(_))
        && scene.in_loop(kind)
    {
        let of = scene.src(object.span());
        let at = object.span().end as usize;
        let what = format!("`{of}` is copied in every turn to look at a part of it");
        push(scene, "copied-in-loop", vec![Edit::new(at..at, ".slice()")], what, found);
    }
}

/// `seen = new Set()` becomes a list, `has` becomes `includes`, `add` becomes `push`.
fn list_for_set(scene: &Scene, declared: &VariableDeclarator, found: &mut Vec<Fault>) {
    let BindingPattern::BindingIdentifier(id) = &declared.id else { return };
    let Some(Expression::NewExpression(made)) = &declared.init else { return };
    if !matches!(&made.callee, Expression::Identifier(it) if it.name == "Set") {
        return;
    }
    let list = match &made.arguments[..] {
        [] => "[]".to_owned(),
        [only] => match only.as_expression() {
            Some(of @ Expression::ArrayExpression(_)) => scene.src(of.span()).to_owned(),
            Some(of) => format!("Array.from({})", scene.src(of.span())),
            None => return,
        },
        _ => return,
    };
    let mut edits = vec![Edit::new(range(made.span), list)];
    for reference in scene.code.references(id.symbol_id()) {
        let AstKind::StaticMemberExpression(member) = scene.code.parent(reference.node_id()) else { return };
        let other = match member.property.name.as_str() {
            "has" => "includes",
            "add" => "push",
            "size" => "length",
            "forEach" => "forEach",
            _ => return,
        };
        edits.push(Edit::new(range(member.property.span), other));
    }
    push(scene, "list-for-set", edits, format!("`{}` is a list now, and scanned", id.name), found);
}

/// `key in table` and `hasOwnProperty` become a scan of the table's keys.
fn scanned(scene: &Scene, kind: AstKind, found: &mut Vec<Fault>) {
    let (table, key) = match kind {
        AstKind::BinaryExpression(it) if it.operator.is_in() => (it.right.span(), it.left.span()),
        AstKind::CallExpression(call) => {
            let Expression::StaticMemberExpression(member) = &call.callee else { return };
            let owned = member.property.name == "hasOwnProperty" && call.arguments.len() == 1;
            let called = member.property.name == "call"
                && call.arguments.len() == 2
                && matches!(
                    scene.src(member.object.span()),
                    "has" | "hasOwn" | "hasOwnProperty" | "Object.prototype.hasOwnProperty"
                );
            match (argument(call, 0), argument(call, 1)) {
                (Some(key), None) if owned => (member.object.span(), key.span()),
                (Some(table), Some(key)) if called => (table.span(), key.span()),
                _ => return,
            }
        }
        _ => return,
    };
    let text = format!("Object.keys({}).includes({})", scene.src(table), scene.src(key));
    let what = format!("`{}` scans all keys", scene.src(kind.span()));
    push(scene, "scanned-keys", vec![Edit::new(range(kind.span()), text)], what, found);
}

/// What was computed before a loop is computed in every turn.
fn into_the_loop(scene: &Scene, found: &mut Vec<Fault>) {
    for block in scene.blocks() {
        for (index, statement) in block.iter().enumerate() {
            let Statement::VariableDeclaration(all) = statement else { continue };
            let [only] = &all.declarations[..] else { continue };
            let (BindingPattern::BindingIdentifier(id), Some(value)) = (&only.id, &only.init) else { continue };
            let computed = matches!(value, Expression::CallExpression(_) | Expression::NewExpression(_));
            let Some(lines) = scene.whole_lines(all.span).filter(|_| computed) else { continue };
            if scene.code.is_reassigned(id.symbol_id()) {
                continue;
            }
            let uses: Vec<AstKind> = scene.code.references(id.symbol_id()).collect();
            let later = block.get(index + 1).map_or(u32::MAX, |next| next.span().start);
            let fits = |it: &AstKind| it.span().start >= later && repeats(scene, *it);
            if uses.is_empty() || uses.len() > 3 || !uses.iter().all(fits) {
                continue;
            }
            let mut edits = vec![Edit::new(lines, "")];
            edits.extend(uses.iter().map(|it| Edit::new(range(it.span()), scene.src(value.span()))));
            push(scene, "moved-into-loop", edits, format!("`{}` is computed anew in every turn", id.name), found);
        }
    }
}

/// `if (cache.has(key)) return cache.get(key)` is gone.
fn memo(scene: &Scene, found: &mut Vec<Fault>) {
    for kind in scene.code.kinds() {
        let AstKind::IfStatement(guard) = kind else { continue };
        let only = match &guard.consequent {
            Statement::BlockStatement(block) if block.body.len() == 1 => &block.body[0],
            other => other,
        };
        let Statement::ReturnStatement(back) = only else { continue };
        let remembered = back
            .argument
            .as_ref()
            .is_some_and(|it| matches!(it, Expression::ComputedMemberExpression(_)) || method(it, "get").is_some());
        if remembered
            && guard.alternate.is_none()
            && let Some(lines) = scene.whole_lines(guard.span)
        {
            let what = format!("what was found before (`{}`) is computed again", scene.src(guard.test.span()));
            push(scene, "removed-memo", vec![Edit::new(lines, "")], what, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::planted;
    use crate::plan::Capability;

    #[test]
    fn loops_get_slower_and_keep_their_meaning() {
        for (healthy, faulty) in [
            (
                "const out = [];\nfor (const x of a) {\n  out.push(x);\n}\n",
                "let out = [];\nfor (const x of a) {\n  out = out.concat([x]);\n}\n",
            ),
            (
                "const s = new Set(b);\nfor (const x of a) {\n  if (s.has(x)) return x;\n}\n",
                "const s = Array.from(b);\nfor (const x of a) {\n  if (s.includes(x)) return x;\n}\n",
            ),
            (
                "const k = make(b);\nfor (const x of a) {\n  use(k, x);\n}\n",
                "for (const x of a) {\n  use(make(b), x);\n}\n",
            ),
            ("return a in b;\n", "return Object.keys(b).includes(a);\n"),
            ("while (a < b.length) a += c(b[a]);\n", "while (a < b.slice().length) a += c(b[a]);\n"),
        ] {
            let within = |text: &str| format!("function f(a, b) {{\n{text}}}\n");
            let made = planted(Capability::Performance, &within(healthy));
            assert!(made.iter().any(|(_, text)| *text == within(faulty)), "{healthy}: {made:?}");
        }
    }
}
