//! What captured calls say of a function's parameters: which JSON they are.

use ruff_python_ast::Expr;
use serde_json::Value;
use thymus_python::origin::{Origin, origin};
use thymus_python::syntax::{Node, bytes, integer, string, takes_instance};

use super::scene::Scene;

/// The values that an expression had in the captured calls, where it is a parameter of the handler, a part of one, or an
/// element of such a list; none where that can't be told.
pub fn values(scene: &Scene, expr: &Expr) -> Option<Vec<Value>> {
    values_within(scene, expr, 8)
}

fn values_within(scene: &Scene, expr: &Expr, depth: usize) -> Option<Vec<Value>> {
    let depth = depth.checked_sub(1)?;
    match expr {
        Expr::Name(name) => {
            let name = name.id.as_str();
            if let Some(values) = comprehended(scene, expr, name, depth) {
                return Some(values);
            }
            match origin(Some(scene.function), name, bytes(expr).start) {
                Origin::Parameter(_) => parameter(scene, name),
                Origin::Assigned { value, .. } => values_within(scene, value, depth),
                Origin::Looped { iter } => Some(elements(&values_within(scene, iter, depth)?)),
                _ => None,
            }
        }
        Expr::Subscript(it) => {
            let of = values_within(scene, &it.value, depth)?;
            match (string(&it.slice), integer(&it.slice)) {
                (Some(key), _) => Some(of.iter().filter_map(|value| value.get(key)).cloned().collect()),
                (_, Some(_)) => Some(elements(&of)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// What a comprehension around it binds.
fn comprehended(scene: &Scene, expr: &Expr, name: &str, depth: usize) -> Option<Vec<Value>> {
    let generators = scene.around(&bytes(expr)).into_iter().find_map(|node| match node {
        Node::Expr(Expr::ListComp(it)) => Some(&it.generators),
        Node::Expr(Expr::SetComp(it)) => Some(&it.generators),
        Node::Expr(Expr::Generator(it)) => Some(&it.generators),
        Node::Expr(Expr::DictComp(it)) => Some(&it.generators),
        _ => None,
    })?;
    let named = |target: &Expr| matches!(target, Expr::Name(it) if it.id.as_str() == name);
    let generator = generators.iter().find(|it| named(&it.target) && bytes(&it.iter) != bytes(expr))?;
    Some(elements(&values_within(scene, &generator.iter, depth)?))
}

fn elements(values: &[Value]) -> Vec<Value> {
    values.iter().filter_map(Value::as_array).flatten().cloned().collect()
}

fn parameter(scene: &Scene, name: &str) -> Option<Vec<Value>> {
    if !scene.is_handler {
        return None;
    }
    let parameters = &scene.function.def.parameters;
    let skip = usize::from(takes_instance(scene.function));
    let mut positional = parameters.posonlyargs.iter().chain(&parameters.args).skip(skip);
    let place = positional.position(|it| it.parameter.name.as_str() == name);
    let values = scene.slowdown.calls.iter().filter_map(|call| match &call.args {
        Value::Array(items) => items.get(place?),
        Value::Object(by_name) => by_name.get(name),
        _ => None,
    });
    Some(values.cloned().collect())
}
