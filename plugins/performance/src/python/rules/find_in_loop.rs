//! `find-in-loop`: a list is searched again and again for the first element whose key equals a value, by `next(… for …)`. A
//! dictionary from key to element, built once, gives the same first match: `setdefault` keeps the first of each key.

use ruff_python_ast::{CmpOp, Expr, ExprCall, ExprGenerator};
use thymus_python::syntax::{Node, bytes, callee_name, string, walk_expr};

use super::Rule;
use crate::python::kinds::{Kind, is_hashable, kind};
use crate::python::scene::{Draft, Known, Scene, crop, last_name};

pub const RULE: Rule = Rule { name: "find-in-loop", find };

fn find(scene: &Scene) -> Vec<Known> {
    let calls = scene.expressions().into_iter().filter_map(Expr::as_call_expr);
    calls.filter_map(|call| known(scene, call)).collect()
}

fn known(scene: &Scene, call: &ExprCall) -> Option<Known> {
    if !call.func.is_name_expr() || callee_name(&call.func)? != "next" {
        return None;
    }
    let Expr::Generator(search) = call.arguments.args.first()? else { return None };
    let range = bytes(call);
    if scene.loops(&range).is_empty() {
        return None;
    }
    let list = &search.generators.first()?.iter;
    let explanation = format!(
        "`{}` in line {} looks through `{}` in a loop, so the time grows with both lengths multiplied.",
        crop(scene.module.src(call)),
        scene.line(&range),
        crop(scene.src(list))
    );
    Some(Known { range, heaviness: 0.95, explanation, repair: repair(scene, call, search) })
}

fn repair(scene: &Scene, call: &ExprCall, search: &ExprGenerator) -> Option<Draft> {
    let [generator] = &search.generators[..] else { return None };
    let (Expr::Name(element), Expr::Name(given), [Expr::Compare(test)]) =
        (&generator.target, &*search.elt, &generator.ifs[..])
    else {
        return None;
    };
    // Without a default it fails where a dictionary fails otherwise.
    let [_, default] = &call.arguments.args[..] else { return None };
    let element = element.id.as_str();
    let ([CmpOp::Eq], [right]) = (&test.ops[..], &test.comparators[..]) else { return None };
    if given.id.as_str() != element || generator.is_async {
        return None;
    }
    let (key, value) = match (mentions(&test.left, element), mentions(right, element)) {
        (true, false) => (&*test.left, right),
        (false, true) => (right, &*test.left),
        _ => return None,
    };
    let (loops, list) = (scene.loops(&bytes(call)), &generator.iter);
    let (_, statement) = scene.outermost_invariant(list, &loops)?;
    let hashable = is_hashable(scene, value) == Some(true) || is_key_like(key);
    if !is_element_key(key, element)
        || !is_plain(value)
        || !is_plain(default)
        || !hashable
        || kind(scene, list) != Some(Kind::Sequence)
    {
        return None;
    }
    let source = scene.src(list);
    let key_name = last_name(scene.src(key)).to_owned();
    let name = scene.free_name(&format!("{}_by_{key_name}", last_name(source)))?;
    let unit = scene.module.indent_unit();
    let lines = [
        format!("{name} = {{}}"),
        format!("for {element} in {source}:"),
        format!("{unit}{name}.setdefault({}, {element})", scene.src(key)),
    ];
    // A loop statement binds its name in the function; a generator did not.
    if scene.uses(element).iter().any(|(range, _)| !crate::python::scene::within(range, &bytes(call))) {
        return None;
    }
    let answer = match default {
        Expr::NoneLiteral(_) => format!("{name}.get({})", scene.src(value)),
        other => format!("{name}.get({}, {})", scene.src(value), scene.src(other)),
    };
    Some(Draft {
        title: format!("Find {} by {key_name} in a dictionary", last_name(source)),
        explanation: format!(
            "A dictionary is built once, before the loop; each search is then one look. Of elements with the same key the \
             first one is kept, as `next` gives it, and what is not found is the same default. `{source}` does not change in \
             the loop."
        ),
        edits: vec![scene.before(statement, &lines), (bytes(call), answer)],
        confidence: 0.88,
    })
}

/// Whether a name stands in an expression.
pub fn mentions(expr: &Expr, name: &str) -> bool {
    let mut found = false;
    walk_expr(expr, &mut |node| {
        found |= matches!(node, Node::Expr(Expr::Name(it)) if it.id.as_str() == name);
        !found
    });
    found
}

/// `element.id`, `element["id"]`: of the element and nothing else.
pub fn is_element_key(expr: &Expr, element: &str) -> bool {
    match expr {
        Expr::Attribute(it) => matches!(&*it.value, Expr::Name(name) if name.id.as_str() == element),
        Expr::Subscript(it) => {
            matches!(&*it.value, Expr::Name(name) if name.id.as_str() == element) && it.slice.is_literal_expr()
        }
        _ => false,
    }
}

/// What such a key is called is what tells things apart.
pub fn is_key_like(expr: &Expr) -> bool {
    let name = match expr {
        Expr::Attribute(it) => it.attr.as_str(),
        Expr::Subscript(it) => string(&it.slice).unwrap_or_default(),
        _ => return false,
    };
    let known = ["id", "key", "name", "code", "sku", "slug", "uuid", "email", "number"];
    known.contains(&name) || known.iter().any(|end| name.ends_with(&format!("_{end}")))
}

/// Evaluating it does nothing but give a value.
pub fn is_plain(expr: &Expr) -> bool {
    match expr {
        Expr::Name(_) => true,
        Expr::Attribute(it) => is_plain(&it.value),
        Expr::Subscript(it) => is_plain(&it.value) && is_plain(&it.slice),
        other => other.is_literal_expr(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::Example;
    use serde_json::json;

    #[test]
    fn the_first_match_stays_the_first() {
        Example::of("def priced(lines, products):\n    out = []\n    for line in lines:\n        product = next((p for p in products if \
                     p[\"id\"] == line[\"product\"]), None)\n        out.append((line, product))\n    return out\n")
            .called(json!([[{ "product": "a" }], [{ "id": "a" }]]))
            .repaired(
                "find-in-loop",
                "def priced(lines, products):\n    out = []\n    products_by_id = {}\n    for p in products:\n        \
                 products_by_id.setdefault(p[\"id\"], p)\n    for line in lines:\n        product = \
                 products_by_id.get(line[\"product\"])\n        out.append((line, product))\n    return out\n",
            );
    }

    #[test]
    fn what_might_mean_something_else_is_left_alone() {
        for source in [
            "def f(a, b):\n    return [next(y for y in b if y.id == x.id) for x in a]\n",
            "def f(a, b):\n    for x in a:\n        b.append(next((y for y in b if y.id == x.id), None))\n    return b\n",
            "def f(a, b):\n    return [next((y for y in b if y.size == x.size), None) for x in a]\n",
        ] {
            Example::of(source).refused("find-in-loop");
        }
    }
}
