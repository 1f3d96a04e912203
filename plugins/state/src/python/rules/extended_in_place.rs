//! `rows += more` on a list that somebody else owns: a new list gets the name instead, `rows = [*rows, *more]`.

use ruff_python_ast::Expr;
use serde_json::Value;
use thymus_python::syntax::{bytes, statements};

use crate::python::scene::Scene;
use crate::python::sites::Kind;
use crate::repair::Draft;

pub fn draft(scene: &Scene<'_>) -> Option<Draft> {
    let [site] = scene.sites.as_slice() else { return None };
    let (Kind::Extend, Expr::Name(name)) = (&site.kind, site.container) else { return None };
    if scene.is_in_loop(&site.range) || !scene.returns_something() {
        return None;
    }
    if !matches!(scene.value_at(&site.alias.place)?, Value::Array(_)) {
        return None;
    }
    let name = name.id.as_str();
    let all = statements(&scene.function.def.body);
    let statement = all.into_iter().find(|statement| bytes(*statement) == site.range)?;
    let value = &*statement.as_aug_assign_stmt()?.value;
    let text = scene.module.src(value);
    let code = match value {
        Expr::List(_) | Expr::ListComp(_) => format!("{name} = {name} + {text}"),
        Expr::Name(_) | Expr::Attribute(_) | Expr::Subscript(_) | Expr::Call(_) => {
            format!("{name} = [*{name}, *{text}]")
        }
        _ => format!("{name} = [*{name}, *({text})]"),
    };
    Some(Draft {
        title: format!("Leave the caller's {name} as long as it is"),
        explanation: "`+=` extends the caller's list. A new list gets the name, and the caller's stays as it was."
            .to_owned(),
        edits: vec![(scene.change.path.clone(), site.range.clone(), code)],
        confidence: 0.9,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::examples::*;

    #[test]
    fn a_new_list_gets_the_name() {
        let after = repaired(
            "def f(rows, more):\n    rows += more\n    return rows\n",
            &json!([[1], [2]]),
            &json!([[1, 2], [2]]),
        );
        assert_eq!(after.as_deref(), Some("def f(rows, more):\n    rows = [*rows, *more]\n    return rows\n"));
    }
}
