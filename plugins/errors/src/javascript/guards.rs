//! Statements that end a function early when something is missing, in the way in which the surrounding code does it.

use std::ops::Range;

use oxc::ast::AstKind;
use oxc::semantic::NodeId;
use oxc::span::{GetSpan as _, Span};
use serde_json::Value;

use super::refusals::{
    Guard, Refusal, Situation, is_plain, last_name, noun_of, quiet_returns, refusals, refusals_near,
};
use super::scene::Scene;
use crate::exception::Outcome;
use crate::repair::Promise;
use thymus_javascript::code::{Body, Code, Func, as_function, range};
use thymus_javascript::exports::{import_edit, import_of, knows};
use thymus_javascript::style::Style;

/// One way to leave.
#[derive(Debug)]
pub struct Exit {
    /// `throw notFound('no order');`
    pub statement: String,
    pub confidence: f64,
    pub promise: Promise,
    /// Why this way: who else does it.
    pub why: String,
    pub braces: bool,
    /// What must be imported for it.
    pub import: Option<(Range<usize>, String)>,
}

/// What is missing.
#[derive(Clone, Copy, Debug)]
pub struct Missing<'m> {
    pub variable: &'m str,
    pub receiver: &'m str,
    pub key: Option<&'m str>,
}

/// The ways to leave a function when a lookup found nothing, the best first.
pub fn exits_for_missing<'a>(scene: &Scene<'_, 'a>, function: Option<Func<'a>>, missing: Missing) -> Vec<Exit> {
    let mut exits: Vec<Exit> = exit_as_before(scene, function).into_iter().collect();
    let same = |guard: &Option<Guard>| {
        let receiver = guard.as_ref().and_then(|guard| guard.receiver.as_deref()).map(last_name);
        !missing.receiver.is_empty() && receiver.is_some_and(|name| name == last_name(missing.receiver))
    };
    let style = scene.style();
    let own: Vec<_> =
        refusals(scene.code, scene.project).into_iter().filter(|it| it.situation == Situation::Missing).collect();
    for refusal in &own {
        let confidence = match () {
            () if same(&refusal.guard) => 0.93,
            () if refusal.function == function.map(|it| it.span) => 0.84,
            () => 0.78,
        };
        exits.extend(throwing(
            scene,
            function,
            refusal,
            confidence,
            refusal.for_missing(&style, missing.variable, missing.receiver, missing.key),
        ));
    }
    if own.is_empty() {
        let near = refusals_near(scene.code, scene.project, |it| it.situation == Situation::Missing);
        for refusal in near {
            let confidence = if same(&refusal.guard) { 0.86 } else { 0.68 };
            exits.extend(throwing(
                scene,
                function,
                &refusal,
                confidence,
                refusal.for_missing(&style, missing.variable, missing.receiver, missing.key),
            ));
        }
    }
    exits.extend(quiet_exits(scene, function, |guard| same(&Some(guard.clone())), own.is_empty()));
    best(exits)
}

/// The ways to leave a function on bad input, the best first. `message` is what a thrown error says.
pub fn exits_for_bad_input<'a>(scene: &Scene<'_, 'a>, function: Option<Func<'a>>, message: &str) -> Vec<Exit> {
    let style = scene.style();
    let mut exits: Vec<Exit> = exit_as_before(scene, function).into_iter().collect();
    let own: Vec<_> =
        refusals(scene.code, scene.project).into_iter().filter(|it| it.situation == Situation::BadInput).collect();
    for refusal in &own {
        let confidence = if refusal.function == function.map(|it| it.span) { 0.82 } else { 0.76 };
        exits.extend(throwing(scene, function, refusal, confidence, refusal.for_bad_input(&style, message)));
    }
    if own.is_empty() {
        for refusal in refusals_near(scene.code, scene.project, |it| it.situation == Situation::BadInput) {
            exits.extend(throwing(scene, function, &refusal, 0.64, refusal.for_bad_input(&style, message)));
        }
    }
    exits.extend(quiet_exits(scene, function, |_| false, own.is_empty()));
    best(exits)
}

/// The way in which the handler itself left in better times, where the calls that fail now did so all alike.
pub fn exit_as_before<'a>(scene: &Scene<'_, 'a>, function: Option<Func<'a>>) -> Option<Exit> {
    function.filter(|function| scene.is_handler(function))?;
    let style = scene.style();
    let (statement, promise) = match scene.exception.outcome()? {
        Outcome::Returned(value) if scene.exception.is_quiet(value) => {
            (format!("return {}", style.literal(value)), Promise::Returns(value.clone()))
        }
        Outcome::Threw { kind, message } => {
            let built_in = matches!(kind.as_str(), "Error" | "TypeError" | "RangeError" | "SyntaxError");
            let like = refusals(scene.code, scene.project).into_iter().find(|it| it.callee == *kind && it.is_new);
            let plain = like.is_some_and(|it| it.arguments.len() == 1 && it.message_at == Some(0));
            if !built_in && !plain {
                return None;
            }
            let promise = Promise::Throws { kind: kind.clone(), message: Some(message.clone()) };
            (format!("throw new {kind}({})", style.string(message)), promise)
        }
        Outcome::Returned(_) => return None,
    };
    Some(Exit {
        statement: format!("{statement}{}", style.semicolon),
        confidence: 0.9,
        promise,
        why: "the very same calls did that in better times".to_owned(),
        braces: has_braces(scene.code),
        import: None,
    })
}

/// Whether a file writes braces around a single statement.
fn has_braces(code: &Code) -> bool {
    let (mut with, mut without) = (0_usize, 0_usize);
    for kind in code.kinds() {
        if let AstKind::IfStatement(statement) = kind {
            match statement.consequent {
                oxc::ast::ast::Statement::BlockStatement(_) => with += 1,
                _ => without += 1,
            }
        }
    }
    with >= without
}

/// A `throw` like another one, when what it needs is known or can be imported.
pub fn throwing<'a>(
    scene: &Scene<'_, 'a>,
    function: Option<Func<'a>>,
    like: &Refusal,
    confidence: f64,
    error: Option<String>,
) -> Option<Exit> {
    let error = error?;
    let root = like.callee.split('.').next().unwrap_or(&like.callee);
    let import = needed_import(scene, root, like)?;
    let home = if like.path == scene.code.text.path { "here".to_owned() } else { format!("in {}", like.path) };
    let promise = match &import {
        None => scene.throws(function, &error),
        Some(_) => elsewhere(scene, function, like, &error),
    };
    Some(Exit {
        statement: format!("throw {error}{}", scene.style().semicolon),
        confidence,
        promise,
        why: format!("line {} {home} refuses in the same way", like.line),
        braces: like.guard.as_ref().is_none_or(|guard| guard.braces),
        import,
    })
}

/// None when the name can't be had; no edit when it is there already.
#[allow(clippy::option_option)]
fn needed_import(scene: &Scene, root: &str, like: &Refusal) -> Option<Option<(Range<usize>, String)>> {
    let built_in = matches!(root, "Error" | "TypeError" | "RangeError");
    if like.path == scene.code.text.path || built_in {
        return Some(None);
    }
    let home = like.home.as_deref()?;
    if knows(scene.code, root) {
        return (import_of(scene.code, scene.project, root).as_deref() == Some(home)).then_some(None);
    }
    import_edit(scene.code, scene.project, root, home).map(Some)
}

/// What an error that isn't imported yet will be: read where it is declared.
fn elsewhere<'a>(scene: &Scene<'_, 'a>, function: Option<Func<'a>>, like: &Refusal, error: &str) -> Promise {
    let values = scene.values(function);
    let home = like.home.as_deref().unwrap_or(&like.path);
    let thrown = scene.project.ask(home, |other| {
        let inner = Scene {
            exception: scene.exception,
            project: scene.project,
            code: other,
            fault: scene.fault.clone(),
            frame: scene.frame,
            depth: scene.depth,
            at: None,
            line: 0..0,
        };
        inner.throws_with(error, &values)
    });
    thrown.unwrap_or(Promise::Throws { kind: "Error".to_owned(), message: None })
}

fn quiet_exits<'a>(
    scene: &Scene<'_, 'a>,
    function: Option<Func<'a>>,
    same: impl Fn(&Guard) -> bool,
    alone: bool,
) -> Vec<Exit> {
    let Some(function) = function else { return Vec::new() };
    let mut exits = Vec::new();
    let mut exit = |value: &str, confidence: f64, why: String, braces: bool| {
        let space = if value.is_empty() { "" } else { " " };
        exits.push(Exit {
            statement: format!("return{space}{value}{}", scene.style().semicolon),
            confidence,
            promise: returns(scene, &function, value),
            why,
            braces,
            import: None,
        });
    };
    for quiet in quiet_returns(scene.code) {
        let confidence = match () {
            () if quiet.function == Some(function.span) => 0.85,
            () if same(&quiet.guard) => 0.74,
            () => continue,
        };
        exit(
            &quiet.value,
            confidence,
            format!("line {} returns the same where something is missing", quiet.line),
            quiet.guard.braces,
        );
    }
    if let Some(value) = nothing_by_type(scene.code, &function) {
        exit(value, if alone { 0.76 } else { 0.6 }, "its type says that it may return nothing".to_owned(), true);
    }
    exits
}

/// What a function may return instead of a value, by its type or its documentation.
pub fn nothing_by_type<'a>(code: &Code<'a>, function: &Func<'a>) -> Option<&'static str> {
    let declared = function.return_type.map(|annotation| code.slice(annotation.span));
    let documented = code.doc_of(function).and_then(|doc| doc.lines().find(|line| line.contains("@return")));
    let says = |word: &str| {
        declared.is_some_and(|text| text.contains('|') && text.contains(word))
            || documented.is_some_and(|line| {
                line.contains(word)
                    && (line.contains('|') || line.contains("or ") || line.contains("if ") || line.contains("when "))
            })
    };
    match () {
        () if says("null") => Some("null"),
        () if says("undefined") => Some("undefined"),
        () => None,
    }
}

/// What the regression test expects when a function returns something plain.
pub fn returns<'a>(scene: &Scene<'_, 'a>, function: &Func<'a>, value: &str) -> Promise {
    if !scene.is_handler(function) {
        return Promise::ReturnsSomething;
    }
    match value {
        "" | "undefined" => Promise::ReturnsSomething,
        "''" | "\"\"" => Promise::Returns(Value::from("")),
        value => serde_json::from_str(value).map_or(Promise::ReturnsSomething, Promise::Returns),
    }
}

fn best(mut exits: Vec<Exit>) -> Vec<Exit> {
    exits.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let mut kept: Vec<Exit> = Vec::new();
    for exit in exits {
        if !kept.iter().any(|other| other.statement == exit.statement) {
            kept.push(exit);
        }
    }
    kept.truncate(2);
    kept
}

/// `if (!order) { … }`
pub fn guard_text(style: &Style, indent: &str, test: &str, exit: &Exit) -> String {
    let Style { indent: unit, newline, .. } = style;
    if exit.braces {
        format!("if ({test}) {{{newline}{indent}{unit}{}{newline}{indent}}}", exit.statement)
    } else {
        format!("if ({test}) {}", exit.statement)
    }
}

/// The edit that puts a statement behind another.
pub fn after(code: &Code, style: &Style, statement: Span, text: impl Fn(&str) -> String) -> (Range<usize>, String) {
    let indent = code.text.indent_at(statement.start as usize);
    let end = range(statement).end;
    (end..end, format!("{}{indent}{}", style.newline, text(indent)))
}

/// The edit that puts a statement before another.
pub fn before(code: &Code, style: &Style, statement: Span, text: impl Fn(&str) -> String) -> (Range<usize>, String) {
    let indent = code.text.indent_at(statement.start as usize);
    let start = range(statement).start;
    (start..start, format!("{}{}{indent}", text(indent), style.newline))
}

/// The edit that puts a statement at the start of a function.
pub fn at_start(
    code: &Code,
    style: &Style,
    function: &Func,
    text: impl Fn(&str) -> String,
) -> Option<(Range<usize>, String)> {
    let Body::Block(body) = function.body else { return None };
    Some(before(code, style, body.statements.first()?.span(), text))
}

/// Takes a lookup out of its expression into a variable, behind which it is guarded.
pub fn hoisted(
    scene: &Scene,
    expression: Span,
    id: NodeId,
    name: &str,
    exit: &Exit,
) -> Option<Vec<(Range<usize>, String)>> {
    let code = scene.code;
    let style = scene.style();
    let function = code.function_of(id)?;
    if is_taken(code, &function, name) {
        return None;
    }
    let value = code.slice(expression);
    let declare = |indent: &str| {
        let Style { semicolon, newline, .. } = &style;
        let guard = guard_text(&style, indent, &format!("!{name}"), exit);
        format!("const {name} = {value}{semicolon}{newline}{indent}{guard}")
    };
    // What runs only sometimes, or again and again, may not be moved.
    let moved = code.ancestors(id).take_while(|kind| !kind.is_function_like()).all(|kind| {
        !kind.is_iteration_statement()
            && !matches!(
                kind,
                AstKind::LogicalExpression(_) | AstKind::ConditionalExpression(_) | AstKind::SwitchStatement(_)
            )
    });
    match function.body {
        Body::Block(_) => {
            let statement = code.statement_of(id)?.span();
            let in_loop_head = code
                .ancestors(id)
                .take_while(|kind| !kind.is_function_like())
                .any(|kind| kind.is_iteration_statement() && kind.span() == statement);
            let conditional = code
                .ancestors(id)
                .take_while(|kind| kind.span() != statement)
                .any(|kind| matches!(kind, AstKind::LogicalExpression(_) | AstKind::ConditionalExpression(_)));
            if in_loop_head || conditional {
                return None;
            }
            Some(vec![before(code, &style, statement, declare), (range(expression), name.to_owned())])
        }
        Body::Expression(body) if moved && exit.statement.starts_with("throw") => {
            let span = body.span();
            if code.slice(span).contains('\n') {
                return None;
            }
            let indent = code.text.indent_at(span.start as usize);
            let inner = format!("{indent}{}", style.indent);
            let Style { semicolon, newline, .. } = &style;
            let start = format!("{{{newline}{inner}{}{newline}{inner}return ", declare(&inner));
            Some(vec![
                (range(span).start..range(span).start, start),
                (range(expression), name.to_owned()),
                (range(span).end..range(span).end, format!("{semicolon}{newline}{indent}}}")),
            ])
        }
        _ => None,
    }
}

/// Whether a name means something already in a function or in those around it.
fn is_taken(code: &Code, function: &Func, name: &str) -> bool {
    let outermost = code.ancestors(function.id).filter_map(|kind| as_function(kind)).last();
    let span = outermost.map_or(function.span, |outer| outer.span);
    code.inside(span).any(|kind| match kind {
        AstKind::BindingIdentifier(id) => id.name == name,
        AstKind::IdentifierReference(id) => id.name == name,
        _ => false,
    })
}

/// What a found thing is called, for a variable that holds it.
pub fn name_for(receiver: &str) -> Option<String> {
    let noun = noun_of("", receiver);
    let reserved = ["new", "default", "class", "case", "delete", "function", "import", "in", "this", "with", "arg"];
    (thymus_javascript::code::is_name(&noun)
        && noun.len() > 1
        && !reserved.contains(&noun.as_str())
        && noun != last_name(receiver))
    .then_some(noun)
}

/// Whether an expression is a literal that means the same anywhere.
pub fn is_portable(expression: &oxc::ast::ast::Expression) -> bool {
    is_plain(expression)
}
