//! Steps that change places, are left out or done twice. Whether a step is a handler of its own, so that traces show it,
//! is seen when it runs.

use ruff_python_ast::{Expr, Stmt};

use super::{Scene, bytes};
use crate::fault::{Edit, Fault};
use crate::plan::Capability;

pub(super) fn plant(scene: &Scene, found: &mut Vec<Fault>) {
    for block in scene.blocks() {
        for (index, statement) in block.iter().enumerate() {
            if !is_step(statement) {
                continue;
            }
            let Some(lines) = scene.whole_lines(statement) else { continue };
            let shown = scene.src(statement);
            if let Some(next) = block.get(index + 1).filter(|it| is_step(it)) {
                let edits = vec![Edit::new(bytes(statement), scene.src(next)), Edit::new(bytes(next), shown)];
                let what = format!("`{}` comes before `{shown}`", scene.src(next));
                found.push(scene.fault(Capability::Behavior, "swapped-steps", edits, what));
            }
            if block.len() > 1 && matches!(statement, Stmt::Expr(_)) {
                let what = format!("`{shown}` is left out");
                let edit = Edit::new(lines.clone(), "");
                found.push(scene.fault(Capability::Behavior, "dropped-step", vec![edit], what));
            }
            let again = scene.file.text[lines.clone()].to_owned();
            if again.ends_with('\n') {
                let edit = Edit::new(lines.end..lines.end, again);
                found.push(scene.fault(
                    Capability::Behavior,
                    "doubled-step",
                    vec![edit],
                    format!("`{shown}` is done twice"),
                ));
            }
        }
    }
}

/// A call that stands alone, or whose result is only kept.
fn is_step(statement: &Stmt) -> bool {
    let call = |expr: &Expr| match expr {
        Expr::Call(_) => true,
        Expr::Await(it) => it.value.is_call_expr(),
        _ => false,
    };
    match statement {
        Stmt::Expr(only) => call(&only.value),
        Stmt::Assign(assign) => call(&assign.value),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::planted;
    use crate::plan::Capability;

    #[test]
    fn steps_are_swapped_dropped_and_doubled() {
        let made = planted(Capability::Behavior, "def f(a):\n    b(a)\n    c(a)\n    return 1\n");
        let of = |rule| made.iter().filter(move |it| it.0 == rule).map(|it| &it.1[10..]).collect::<Vec<_>>();
        assert_eq!(of("swapped-steps"), ["    c(a)\n    b(a)\n    return 1\n"]);
        assert_eq!(of("dropped-step"), ["    c(a)\n    return 1\n", "    b(a)\n    return 1\n"]);
        assert_eq!(of("doubled-step").len(), 2);
    }
}
