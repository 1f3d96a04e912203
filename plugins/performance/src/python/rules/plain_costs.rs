//! `costly-construct`: constructs that cost and that no rule can repair without knowing more: what is found here ends as a
//! diagnosis.

use ruff_python_ast::{CmpOp, Expr};
use thymus_python::syntax::{bytes, callee_name, dotted, integer};

use super::Rule;
use crate::python::scene::{Known, Scene, crop};

pub const RULE: Rule = Rule { name: "costly-construct", find };

fn find(scene: &Scene) -> Vec<Known> {
    scene.expressions().into_iter().filter_map(|expr| known(scene, expr)).collect()
}

fn known(scene: &Scene, expr: &Expr) -> Option<Known> {
    let range = bytes(expr);
    let depth = scene.loops(&range).len();
    let in_loop = depth > 0;
    let (heaviness, why) = match expr {
        Expr::Compare(it) if in_loop && matches!(it.ops[..], [CmpOp::In | CmpOp::NotIn]) => match &it.comparators[0] {
            Expr::Call(_) | Expr::ListComp(_) => (0.7, "makes what it looks through, each time the loop runs"),
            _ => (0.35, "is asked each time the loop runs"),
        },
        Expr::Call(call) => {
            let name = dotted(&call.func).unwrap_or_default();
            let method = callee_name(&call.func)?;
            let waits = scene.function.def.is_async;
            match method {
                _ if waits
                    && matches!(name.as_str(), "time.sleep" | "subprocess.run" | "open" | "urllib.request.urlopen") =>
                {
                    (0.9, "blocks every other task of the event loop")
                }
                _ if waits && name.starts_with("requests.") => (0.9, "blocks every other task of the event loop"),
                "sleep" => (0.85, "waits"),
                "insert" if in_loop && call.arguments.args.first().and_then(integer) == Some(0) => {
                    (0.8, "moves all elements of the list to put one in front of them")
                }
                "pop" if in_loop && call.arguments.args.first().and_then(integer) == Some(0) => {
                    (0.8, "moves all other elements of the list to take the first one out")
                }
                "remove" | "index" | "count" if in_loop => (0.6, "looks through the list each time the loop runs"),
                "sort" | "sorted" if in_loop => (0.75, "sorts again each time the loop runs"),
                "deepcopy" => (if in_loop { 0.85 } else { 0.7 }, "copies a whole structure"),
                "loads" | "dumps" if in_loop => (0.7, "reads or writes a whole text each time the loop runs"),
                "list" | "dict" | "tuple" | "copy" if in_loop && !call.arguments.args.is_empty() => {
                    (0.6, "copies a collection each time the loop runs")
                }
                "sum" | "min" | "max" | "any" | "all" if in_loop => {
                    (0.5, "looks through all elements each time the loop runs")
                }
                "compile" => (0.5, "prepares a pattern each time"),
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(Known {
        heaviness: heaviness + 0.03 * f64::from(u8::try_from(depth.min(3)).unwrap_or(3)),
        explanation: format!("`{}` in line {} {why}.", crop(scene.src(expr)), scene.line(&range)),
        repair: None,
        range,
    })
}
