//! How a call that is gone was written: what it was given in better times, told from what its caller had at hand.

use ruff_python_ast::{Expr, Stmt};
use thymus_python::project::Project;
use thymus_python::syntax::{Function, Module, Node, bytes, callee_name, statements, walk};

use super::flow;
use crate::at_hand::{AtHand, Path, tell};
use crate::disorder::Disorder;
use crate::history::History;
use crate::repair::missing::Written;
use crate::sequence::last_name;

/// The call, when every part of it is sure.
pub fn written(disorder: &Disorder, history: &History, project: &Project) -> Option<Written> {
    let name = last_name(&disorder.beat.handler);
    let (module, function, _) = flow::find(disorder, project)?;
    let (callee, is_async) = callee(disorder, name, module, &function, project)?;
    if is_async && !function.def.is_async {
        return None;
    }
    let at_hand = at_hand(&function);
    let arguments = tell(&history.lessons, &at_hand, &spelled)?;
    let spelled: Vec<String> = arguments
        .given
        .iter()
        .map(|(name, value)| name.as_ref().map_or(value.clone(), |name| format!("{name}={value}")))
        .collect();
    let waits = if is_async { "await " } else { "" };
    Some(Written {
        statement: format!("{waits}{callee}({})", spelled.join(", ")),
        needs: arguments.needs,
        because: format!(
            "What it is given was told from {} captured runs of better times, in which it always was just that.",
            history.lessons.len()
        ),
    })
}

/// A value as an expression: a name, and the keys behind it.
fn spelled(path: &Path) -> String {
    path.keys.iter().fold(path.name.clone(), |text, key| format!("{text}[{key:?}]"))
}

/// What is called: as its neighbours from the same file are, or by its plain name.
fn callee(
    disorder: &Disorder,
    name: &str,
    module: &Module,
    function: &Function,
    project: &Project,
) -> Option<(String, bool)> {
    let path = disorder.beat.path.as_deref()?;
    let file = project.module(path)?;
    let named: Vec<_> =
        file.functions().into_iter().filter(|one| one.def.name.as_str() == name && !one.nested).collect();
    let [def] = named.as_slice() else { return None };
    let is_async = def.def.is_async;
    if let Some(class) = def.class {
        let own = function.class.is_some_and(|own| own.name == class.name) && path == module.text.path;
        return own.then(|| (format!("self.{name}"), is_async));
    }
    if path == module.text.path {
        return Some((name.to_owned(), is_async));
    }
    let siblings = disorder.expected.iter().filter(|beat| beat.path.as_deref() == Some(path));
    let siblings: Vec<&str> = siblings.map(|beat| last_name(&beat.handler)).filter(|other| *other != name).collect();
    let mut callee = None;
    walk(&module.tree.body, &mut |node| {
        if let Node::Expr(Expr::Call(call)) = node
            && let Some(called) = callee_name(&call.func)
            && (siblings.contains(&called) || called == name)
            && let Expr::Attribute(part) = &*call.func
            && let Expr::Name(owner) = &*part.value
        {
            callee.get_or_insert(format!("{}.{name}", owner.id));
        }
        true
    });
    Some((callee?, is_async))
}

/// The names that a function has at hand: its parameters, and what it put what its beats gave into.
fn at_hand(function: &Function) -> AtHand {
    let mut at_hand = AtHand::default();
    let parameters = function.def.parameters.iter().map(|parameter| parameter.name().to_string());
    at_hand.parameters = parameters
        .filter(|name| name != "self" && name != "cls")
        .map(|name| (name.clone(), vec![(name, Vec::new())]))
        .collect();
    for statement in statements(&function.def.body) {
        let Stmt::Assign(assign) = statement else { continue };
        let [Expr::Name(target)] = assign.targets.as_slice() else { continue };
        let call = match &*assign.value {
            Expr::Await(waits) => &waits.value,
            value => value,
        };
        if let Expr::Call(call) = call
            && let Some(called) = callee_name(&call.func)
        {
            at_hand.given.push((called.to_owned(), vec![(target.id.to_string(), Vec::new())], bytes(statement).start));
        }
    }
    at_hand
}
