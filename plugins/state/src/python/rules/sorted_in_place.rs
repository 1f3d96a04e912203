//! `rows.sort(key=by_date)` on what somebody else owns: the sorted list gets the name instead, `rows = sorted(rows,
//! key=by_date)`. Likewise `rows.reverse()`.

use ruff_python_ast::Expr;
use thymus_python::syntax::bytes;

use crate::python::scene::Scene;
use crate::python::sites::Kind;
use crate::repair::Draft;

pub fn draft(scene: &Scene<'_>) -> Option<Draft> {
    let [site] = scene.sites.as_slice() else { return None };
    let Kind::Method(method @ ("sort" | "reverse"), call) = site.kind else { return None };
    let Expr::Name(name) = site.container else { return None };
    let name = name.id.as_str();
    let goes_on = scene.returns_something() || scene.is_named_after(name, site.range.end);
    if !goes_on || !scene.stands_alone(&site.range) || scene.is_in_loop(&site.range) {
        return None;
    }
    let module = scene.module;
    let inside = module.src(&call.arguments);
    let inside = inside.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'))?;
    let (code, how) = match (method, inside.trim()) {
        ("sort", "") => (format!("{name} = sorted({name})"), "sorted"),
        ("sort", _) if inside.starts_with(char::is_whitespace) => {
            (format!("{name} = sorted({}{name},{inside})", line_start(inside)), "sorted")
        }
        ("sort", arguments) => (format!("{name} = sorted({name}, {arguments})"), "sorted"),
        _ => (format!("{name} = list(reversed({name}))"), "reversed"),
    };
    Some(Draft {
        title: format!("Leave the caller's {name} in its order"),
        explanation: format!(
            "`{name}.{method}()` reorders the caller's list. `{how}` makes a new one, and the function goes on with that."
        ),
        edits: vec![(scene.change.path.clone(), bytes(call), code)],
        confidence: 0.95,
    })
}

/// The line break and indentation with which arguments on lines of their own begin.
fn line_start(arguments: &str) -> &str {
    &arguments[..arguments.len() - arguments.trim_start().len()]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::examples::*;

    #[test]
    fn the_sorted_list_gets_the_name() {
        let after = repaired(
            r"def f(rows):
    rows.sort(key=len)
    return rows[0]
",
            &json!([[3, 1]]),
            &json!([[1, 3]]),
        );
        assert_eq!(
            after.as_deref(),
            Some(
                r"def f(rows):
    rows = sorted(rows, key=len)
    return rows[0]
"
            )
        );
    }

    #[test]
    fn the_reversed_list_gets_the_name() {
        let after = repaired(
            r"def f(rows):
    rows.reverse()
    return rows
",
            &json!([[3, 1]]),
            &json!([[1, 3]]),
        );
        assert_eq!(
            after.as_deref(),
            Some(
                r"def f(rows):
    rows = list(reversed(rows))
    return rows
"
            )
        );
    }

    #[test]
    fn who_is_there_to_sort_is_left_alone() {
        assert_eq!(
            repaired(
                r"def f(rows):
    rows.sort()
",
                &json!([[3, 1]]),
                &json!([[1, 3]])
            ),
            None
        );
    }
}
