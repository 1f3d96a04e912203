//! `rows.pop(0)` on what somebody else owns, for nothing but that the first is gone: the rest gets the name instead,
//! `rows = rows[1:]`. Likewise `rows.pop()` and `del rows[0]`.

use ruff_python_ast::Expr;
use serde_json::Value;
use thymus_python::syntax::integer;

use crate::python::scene::Scene;
use crate::python::sites::Kind;
use crate::repair::Draft;

pub fn draft(scene: &Scene<'_>) -> Option<Draft> {
    let [site] = scene.sites.as_slice() else { return None };
    let Expr::Name(name) = site.container else { return None };
    let name = name.id.as_str();
    if !scene.returns_something() || !scene.stands_alone(&site.range) || scene.is_in_loop(&site.range) {
        return None;
    }
    // Of a dictionary, 0 may be a key.
    if !matches!(scene.value_at(&site.alias.place)?, Value::Array(_)) {
        return None;
    }
    let text = scene.module.text.content.get(site.range.clone())?;
    let (rest, which) = match &site.kind {
        Kind::Method("pop", call) => match &call.arguments.args[..] {
            [] => ("[:-1]", "last"),
            [at] if integer(at) == Some(0) => ("[1:]", "first"),
            [at] if integer(at) == Some(-1) => ("[:-1]", "last"),
            _ => return None,
        },
        Kind::Delete if text == format!("del {name}[0]") => ("[1:]", "first"),
        Kind::Delete if text == format!("del {name}[-1]") => ("[:-1]", "last"),
        _ => return None,
    };
    Some(Draft {
        title: format!("Leave the caller's {name} whole"),
        explanation: format!(
            "`{text}` takes the {which} entry out of the caller's list. A slice without it is a new list, and the function \
             goes on with that."
        ),
        edits: vec![(scene.change.path.clone(), site.range.clone(), format!("{name} = {name}{rest}"))],
        confidence: 0.9,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::examples::*;

    #[test]
    fn the_rest_gets_the_name() {
        let after = repaired(
            r"def f(rows):
    if rows:
        rows.pop(0)
    return len(rows)
",
            &json!([[3, 1]]),
            &json!([[1]]),
        );
        assert_eq!(
            after.as_deref(),
            Some(
                r"def f(rows):
    if rows:
        rows = rows[1:]
    return len(rows)
"
            )
        );
    }
}
