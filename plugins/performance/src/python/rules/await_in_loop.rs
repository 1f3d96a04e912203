//! `await-in-loop`: each round of a loop waits for an answer that has nothing to do with the round before. The answers are
//! asked for side by side only where what is asked for is a function of the project that reads and waits and does nothing
//! else: then nobody can see in which order they were asked.

use ruff_python_ast::{Expr, ExprAwait, ExprCall, Stmt};
use thymus_python::syntax::{Function, Module, Node, bytes, callee_name, dotted, walk};

use super::Rule;
use super::find_in_loop::is_plain;
use crate::python::scene::{Draft, Known, Scene, crop};
use crate::python::uses::is_reading_method;

pub const RULE: Rule = Rule { name: "await-in-loop", find };

/// How many calls deep a function is looked at.
const DEEPEST: usize = 4;

fn find(scene: &Scene) -> Vec<Known> {
    let waits = scene.expressions().into_iter().filter_map(Expr::as_await_expr);
    waits.filter_map(|wait| known(scene, wait)).collect()
}

fn known(scene: &Scene, wait: &ExprAwait) -> Option<Known> {
    let range = bytes(wait);
    let around = scene.loops(&range).into_iter().next()?;
    if around.statement.is_some_and(|it| matches!(it, Stmt::For(it) if it.is_async)) {
        return None;
    }
    let explanation = format!(
        "The loop in line {} waits for `{}` in each round before it begins the next.",
        scene.line(&around.whole),
        crop(scene.src(&wait.value))
    );
    Some(Known { heaviness: 0.95, explanation, repair: repair(scene, wait), range })
}

/// `for x in xs: out.append(await f(x))` and `[await f(x) for x in xs]`.
fn repair(scene: &Scene, wait: &ExprAwait) -> Option<Draft> {
    let Expr::Call(call) = &*wait.value else { return None };
    let loops = scene.loops(&bytes(wait));
    let around = loops.first()?;
    let plain =
        call.arguments.args.iter().all(is_plain) && call.arguments.keywords.iter().all(|it| is_plain(&it.value));
    let reads = called_only_reads(scene, scene.module, Some(scene.function), call, DEEPEST);
    if !plain || !reads || !knows_asyncio(scene.module) {
        return None;
    }
    let call_source = scene.module.src(call);
    let edits = match around.statement {
        Some(statement @ Stmt::For(it)) => {
            let [Stmt::Expr(only)] = &it.body[..] else { return None };
            let Expr::Call(append) = &*only.value else { return None };
            let Expr::Attribute(method) = &*append.func else { return None };
            let [value] = &append.arguments.args[..] else { return None };
            let alone = bytes(value) == bytes(wait) && method.attr.as_str() == "append" && method.value.is_name_expr();
            // What is asked for must not depend on what has been collected.
            let uses_it = call.arguments.args.iter().any(|it| scene.src(it).contains(scene.src(&method.value)));
            if !alone || uses_it || !it.orelse.is_empty() || !is_plain(&it.iter) {
                return None;
            }
            let (target, list, out) = (scene.src(&it.target), scene.src(&it.iter), scene.src(&method.value));
            let text = format!("{out}.extend(await asyncio.gather(*({call_source} for {target} in {list})))");
            vec![(bytes(statement), text)]
        }
        None => {
            let comprehension = scene.expressions().into_iter().find(|expr| bytes(*expr) == around.whole)?;
            let Expr::ListComp(it) = comprehension else { return None };
            let [generator] = &it.generators[..] else { return None };
            if bytes(&*it.elt) != bytes(wait)
                || generator.is_async
                || !generator.ifs.iter().all(|test| !has_await(test))
            {
                return None;
            }
            let source = scene.src(comprehension);
            let start = bytes(&*it.elt).end - bytes(comprehension).start;
            let rest = source.get(start..source.len() - 1)?;
            vec![(bytes(comprehension), format!("list(await asyncio.gather(*({call_source}{rest})))"))]
        }
        _ => return None,
    };
    Some(Draft {
        title: "Wait for all answers together instead of one after the other".to_owned(),
        explanation: format!(
            "`{}` only reads and waits, so nobody can tell in which order the calls were begun; `asyncio.gather` gives their \
             answers in the order of the list, as before. A call that fails still fails the whole.",
            crop(scene.src(&call.func))
        ),
        edits,
        confidence: 0.85,
    })
}

fn has_await(expr: &Expr) -> bool {
    thymus_python::syntax::parts(expr).iter().any(|part| part.is_await_expr())
}

fn knows_asyncio(module: &Module) -> bool {
    thymus_python::project::imports(module).iter().any(|import| import.local == "asyncio")
}

/// Whether a called function of the project only reads and waits.
fn only_reads(scene: &Scene, module: &Module, function: Option<Function>, call: &ExprCall, depth: usize) -> bool {
    let name = dotted(&call.func).unwrap_or_default();
    let computing = [
        "asyncio.sleep",
        "len",
        "str",
        "int",
        "float",
        "sum",
        "min",
        "max",
        "sorted",
        "list",
        "dict",
        "round",
        "range",
    ];
    if computing.contains(&name.as_str()) {
        return true;
    }
    if let Expr::Attribute(method) = &*call.func
        && is_reading_method(method.attr.as_str())
    {
        return true;
    }
    called_only_reads(scene, module, function, call, depth)
}

/// The same, where what is called must be known.
fn called_only_reads(
    scene: &Scene,
    module: &Module,
    function: Option<Function>,
    call: &ExprCall,
    depth: usize,
) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let class = function.and_then(|it| it.class);
    let [(home, called)] = scene.project.callees(module, class, &call.func)[..] else { return false };
    let wrapped = called
        .def
        .decorator_list
        .iter()
        .any(|it| !matches!(callee_name(&it.expression), Some("handler" | "staticmethod")));
    let mut reads = !wrapped;
    walk(&called.def.body, &mut |node| {
        reads &= match node {
            Node::Stmt(Stmt::Global(_) | Stmt::Nonlocal(_) | Stmt::Delete(_) | Stmt::AugAssign(_))
            | Node::Expr(Expr::Yield(_) | Expr::YieldFrom(_)) => false,
            Node::Expr(Expr::Attribute(it)) => it.ctx.is_load(),
            Node::Expr(Expr::Subscript(it)) => it.ctx.is_load(),
            // What is waited for does what it does when it is waited for.
            Node::Expr(Expr::Await(it)) => match &*it.value {
                Expr::Call(inner) if dotted(&inner.func).as_deref() == Some("asyncio.sleep") => true,
                Expr::Call(inner) => called_only_reads(scene, home, Some(called), inner, depth),
                _ => false,
            },
            Node::Expr(Expr::Call(inner)) => {
                let is_error = |name: &str| name.ends_with("Error") || name.ends_with("Exception");
                callee_name(&inner.func).is_some_and(is_error) || only_reads(scene, home, Some(called), inner, depth)
            }
            _ => true,
        };
        reads
    });
    reads
}

#[cfg(test)]
mod tests {
    use super::super::examples::Example;

    const READS: &str =
        "PRICES = {\"a\": 1}\n\n\nasync def price(id):\n    await asyncio.sleep(0.001)\n    return PRICES.get(id)\n";

    #[test]
    fn reads_are_made_together() {
        let with = |body: &str| {
            format!("import asyncio\n\n\nasync def everything(ids):\n    out = []\n{body}    return out\n\n\n{READS}")
        };
        Example::of(&with("    for id in ids:\n        out.append(await price(id))\n"))
            .repaired("await-in-loop", &with("    out.extend(await asyncio.gather(*(price(id) for id in ids)))\n"));
        Example::of(&with("    out = [await price(id) for id in ids if id]\n")).repaired(
            "await-in-loop",
            &with("    out = list(await asyncio.gather(*(price(id) for id in ids if id)))\n"),
        );
    }

    #[test]
    fn what_writes_or_is_unknown_keeps_its_order() {
        for (call, rest) in [
            ("count(id)", "LAST = [0]\n\n\nasync def count(id):\n    LAST[0] += 1\n    return LAST[0]\n"),
            ("client.get(id)", "async def get(id):\n    return await http(id)\n"),
            ("price(len(out))", READS),
        ] {
            let source = format!(
                "import asyncio\n\n\nasync def everything(ids):\n    out = []\n    for id in ids:\n        out.append(await {call})\n    \
                 return out\n\n\n{rest}"
            );
            Example::of(&source).refused("await-in-loop");
        }
    }
}
