//! Finds the expression that raised: from the innermost frame's line and what the message says, in the syntax tree.
//!
//! A line often has several expressions that could have raised it. Each gets a score: standing on the line itself, the
//! key or attribute that the message names, and how likely its value was the bad one. Equal scores count as not sure.

use ruff_python_ast::{Expr, ExprCall, Operator, Stmt};

use super::fault::Fault;
use crate::exception::{Exception, Frame};
use thymus_python::origin::{self, Origin, nullness};
use thymus_python::project::Project;
use thymus_python::syntax::{self, Function, Module, Node, bytes, callee_name, takes_instance};

/// The expression that raised, and all that the rules ask about it.
#[derive(Clone, Debug)]
pub struct Failing<'a> {
    pub exception: &'a Exception,
    pub project: &'a Project,
    pub module: &'a Module,
    pub fault: Fault,
    pub function: Option<Function<'a>>,
    /// What raised.
    pub expr: &'a Expr,
    /// The part of it whose value was bad: the receiver, the divisor, the text that was parsed.
    pub subject: &'a Expr,
    /// What stands around `expr`, the outermost first; its last is `expr`.
    pub chain: Vec<Node<'a>>,
    /// Whether no other expression was as likely.
    pub sure: bool,
}

/// What may have raised, its bad part, and a score.
struct Candidate<'a> {
    expr: &'a Expr,
    subject: &'a Expr,
    score: i32,
}

impl<'a> Failing<'a> {
    pub fn find(exception: &'a Exception, project: &'a Project) -> Option<Self> {
        let fault = Fault::of(exception)?;
        let frame = exception.frames.first()?;
        let found = Self::at(exception, project, &fault, frame)?;
        Some(found.at_caller().unwrap_or(found))
    }

    fn at(exception: &'a Exception, project: &'a Project, fault: &Fault, frame: &'a Frame) -> Option<Self> {
        let module = project.module(&frame.path)?;
        let statement = statement_on(module, frame.line)?;
        let function = module.function_at(bytes(statement).start);
        let search = Search { exception, project, module, function, frame, as_none: as_none(exception, fault) };
        let mut candidates = search.candidates(fault, statement);
        candidates.sort_by_key(|candidate| -candidate.score);
        let best = candidates.first()?;
        let sure = candidates.get(1).is_none_or(|next| next.score < best.score);
        Self::on(exception, project, module, fault.clone(), best.expr, best.subject, sure)
    }

    fn on(
        exception: &'a Exception,
        project: &'a Project,
        module: &'a Module,
        fault: Fault,
        expr: &'a Expr,
        subject: &'a Expr,
        sure: bool,
    ) -> Option<Self> {
        let range = bytes(expr);
        let mut chain = module.chain(range.clone());
        let at = chain.iter().position(|node| matches!(node, Node::Expr(inner) if bytes(*inner) == range))?;
        chain.truncate(at + 1);
        let function = module.function_at(range.start);
        Some(Self { exception, project, module, fault, function, expr, subject, chain, sure })
    }

    /// Where a bad argument was handed in: the cause stands in the caller when the parameter is not meant to be `None`.
    fn at_caller(&self) -> Option<Self> {
        if !self.is_about_none() && self.fault != Fault::Coroutine {
            return None;
        }
        let Expr::Name(name) = self.subject else { return None };
        let Origin::Parameter(parameter) = origin::origin(self.function, name.id.as_str(), bytes(self.subject).start)
        else {
            return None;
        };
        let annotation = parameter.annotation().map_or("", |annotation| self.module.src(annotation));
        if parameter.default().is_some() || annotation.contains("None") || annotation.contains("Optional") {
            return None;
        }
        let frame = self.exception.frames.get(1)?;
        let module = self.project.module(&frame.path)?;
        let statement = statement_on(module, frame.line)?;
        let def = self.function?.def;
        let call = header(statement)
            .into_iter()
            .filter_map(Expr::as_call_expr)
            .find(|call| callee_name(&call.func) == Some(def.name.as_str()))?;
        let shift = usize::from(self.function?.class.is_some() && call.func.is_attribute_expr());
        let position = def.parameters.index(name.id.as_str())?.checked_sub(shift)?;
        let argument = call.arguments.find_argument_value(name.id.as_str(), position)?;
        let caller = module.function_at(bytes(argument).start);
        let likely = if self.fault == Fault::Coroutine {
            asyncness(self.project, module, caller, argument) > 0
        } else {
            nullness(self.project, module, caller, argument).0 >= 6
        };
        likely.then(|| Self::on(self.exception, self.project, module, self.fault.clone(), argument, argument, true))?
    }

    pub fn is_about_none(&self) -> bool {
        matches!(
            self.fault,
            Fault::NoneAttribute(_)
                | Fault::NoneSubscript
                | Fault::NoneIterable
                | Fault::NoneCallable
                | Fault::NoneArgument
                | Fault::NoneOperand { .. }
        )
    }

    /// The innermost statement around the expression.
    pub fn statement(&self) -> Option<&'a Stmt> {
        self.chain.iter().rev().find_map(|node| match node {
            Node::Stmt(statement) => Some(*statement),
            _ => None,
        })
    }

    /// The statements around it, the innermost first.
    pub fn enclosing(&self) -> impl Iterator<Item = &'a Stmt> + '_ {
        self.chain.iter().rev().filter_map(|node| match node {
            Node::Stmt(statement) => Some(*statement),
            _ => None,
        })
    }

    /// The expression directly around it.
    pub fn parent(&self) -> Option<&'a Expr> {
        match self.chain.iter().rev().nth(1)? {
            Node::Expr(parent) => Some(parent),
            _ => None,
        }
    }

    /// Whether it stands in a lambda, a comprehension's element, a condition's branch or after `and`/`or`, where it may
    /// not be evaluated, or several times: a guard before the statement would say something else.
    pub fn is_conditional(&self) -> bool {
        let mut inner = bytes(self.expr);
        for node in self.chain.iter().rev().skip(1) {
            match node {
                Node::Stmt(_) => return false,
                Node::Expr(Expr::BoolOp(node)) if node.values.first().is_none_or(|first| !covers(first, &inner)) => {
                    return true;
                }
                Node::Expr(Expr::If(node)) if !covers(&node.test, &inner) => return true,
                Node::Comprehension(_)
                | Node::Expr(
                    Expr::Lambda(_) | Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_),
                ) => return true,
                _ => {}
            }
            inner = bytes(*node);
        }
        false
    }

    pub fn src(&self, node: impl ruff_text_size::Ranged) -> &'a str {
        self.module.src(node)
    }

    /// The value that a failed call gave to a parameter, when the failing function is the handler itself.
    pub fn argument(&self, parameter: &str) -> Option<&'a serde_json::Value> {
        let function = self.function?;
        let handler = self.exception.handler.rsplit('.').next()?;
        if handler != function.def.name.as_str() {
            return None;
        }
        let call = self.exception.failed.first()?;
        argument_of(function, &call.args, parameter)
    }
}

/// The value of a parameter in captured arguments.
pub fn argument_of<'v>(
    function: Function,
    args: &'v serde_json::Value,
    parameter: &str,
) -> Option<&'v serde_json::Value> {
    match args {
        serde_json::Value::Object(by_name) => by_name.get(parameter),
        serde_json::Value::Array(values) => {
            let shift = usize::from(takes_instance(function));
            values.get(function.def.parameters.index(parameter)?.checked_sub(shift)?)
        }
        _ => None,
    }
}

fn covers(node: &Expr, range: &std::ops::Range<usize>) -> bool {
    let around = bytes(node);
    around.start <= range.start && range.end <= around.end
}

/// The innermost statement with something on a line.
fn statement_on(module: &Module, line: u32) -> Option<&Stmt> {
    let range = module.text.line(line)?;
    let text = module.text.content.get(range.clone())?;
    let start = range.start + (text.len() - text.trim_start().len());
    let chain = module.chain(start..(start + 1).min(range.end).max(start));
    chain.into_iter().rev().find_map(|node| match node {
        Node::Stmt(statement) => Some(statement),
        _ => None,
    })
}

/// The expressions of a statement, without those of statements within it.
pub fn header(statement: &Stmt) -> Vec<&Expr> {
    let mut found = Vec::new();
    let own = bytes(statement);
    syntax::walk(std::slice::from_ref(statement), &mut |node| match node {
        Node::Stmt(inner) => bytes(inner) == own,
        Node::Expr(expr) => {
            found.push(expr);
            true
        }
        _ => true,
    });
    found
}

/// A coroutine fails like `None` does: what the message would say of `None` tells the shape.
fn as_none(exception: &Exception, fault: &Fault) -> Option<Fault> {
    if *fault != Fault::Coroutine {
        return None;
    }
    let mut message = exception.message.clone();
    for word in ["coroutine", "_GatheringFuture", "async_generator"] {
        message = message.replace(word, "NoneType");
    }
    Fault::of(&Exception { message, ..exception.clone() })
}

/// How likely an expression is a coroutine that nobody awaited. 0 is never.
pub fn asyncness(project: &Project, module: &Module, function: Option<Function>, expr: &Expr) -> i32 {
    match expr {
        Expr::Call(call) => call_asyncness(project, module, function, call),
        Expr::Name(name) => origin::reaching(function, name.id.as_str(), bytes(expr).start)
            .into_iter()
            .filter_map(Expr::as_call_expr)
            .map(|call| call_asyncness(project, module, function, call))
            .max()
            .unwrap_or_else(|| {
                // Whoever called may have handed one in.
                let origin = origin::origin(function, name.id.as_str(), bytes(expr).start);
                i32::from(matches!(origin, Origin::Parameter(_)))
            }),
        _ => 0,
    }
}

fn call_asyncness(project: &Project, module: &Module, function: Option<Function>, call: &ExprCall) -> i32 {
    const OF_ASYNCIO: [&str; 6] = ["gather", "wait_for", "sleep", "to_thread", "wait", "open_connection"];
    if matches!(&*call.func, Expr::Attribute(a) if module.src(&*a.value) == "asyncio" && OF_ASYNCIO.contains(&a.attr.as_str()))
    {
        return 9;
    }
    let callees = project.callees(module, function.and_then(|f| f.class), &call.func);
    match callees.iter().filter(|(_, callee)| callee.def.is_async).count() {
        0 if callees.is_empty() => 3,
        0 => 0,
        n if n == callees.len() => 9,
        _ => 5,
    }
}

struct Search<'a> {
    exception: &'a Exception,
    project: &'a Project,
    module: &'a Module,
    function: Option<Function<'a>>,
    frame: &'a Frame,
    as_none: Option<Fault>,
}

impl<'a> Search<'a> {
    fn candidates(&self, fault: &Fault, statement: &'a Stmt) -> Vec<Candidate<'a>> {
        let mut found = Vec::new();
        let shape = self.as_none.as_ref().unwrap_or(fault);
        self.of_statement(shape, statement, &mut found);
        for expr in header(statement) {
            self.of_expr(shape, expr, &mut found);
        }
        found.retain(|candidate| candidate.score > 0);
        if self.as_none.is_some() {
            found.retain(|candidate| self.badness(candidate.subject) > 0);
            if found.is_empty() {
                self.not_awaited(statement, &mut found);
            }
            // What fails is the value; what is missing stands where the value was made.
            for candidate in &mut found {
                candidate.expr = candidate.subject;
            }
        }
        for candidate in &mut found {
            candidate.score += self.nearness(candidate.expr);
        }
        found
    }

    /// Coroutines that the statement uses in some other way, else the only one of the function that nobody awaits.
    fn not_awaited(&self, statement: &'a Stmt, found: &mut Vec<Candidate<'a>>) {
        let used = header(statement).into_iter().filter(|expr| expr.is_name_expr() || expr.is_call_expr());
        let awaited: Vec<_> = self.function.map_or(Vec::new(), |function| {
            let all = syntax::expressions(&function.def.body);
            all.into_iter().filter_map(|expr| expr.as_await_expr()).map(|node| bytes(&*node.value)).collect()
        });
        for expr in used.filter(|expr| !awaited.contains(&bytes(*expr))) {
            let score = self.badness(expr);
            if score >= 5 {
                found.push(Candidate { expr, subject: expr, score: 10 + score });
            }
        }
        if !found.is_empty() {
            return;
        }
        let Some(function) = self.function else { return };
        for statement in syntax::statements(&function.def.body) {
            // A call whose result goes nowhere or into a variable; one that is an argument may be awaited by whom it is given.
            let value = match statement {
                Stmt::Assign(node) => &*node.value,
                Stmt::Return(node) => match node.value.as_deref() {
                    Some(value) => value,
                    None => continue,
                },
                _ => continue,
            };
            if value.is_call_expr() && self.badness(value) >= 9 {
                found.push(Candidate { expr: value, subject: value, score: 5 });
            }
        }
    }

    fn nearness(&self, expr: &Expr) -> i32 {
        let at = expr.as_attribute_expr().map_or(bytes(expr).start, |attribute| bytes(&attribute.attr).start);
        let (first, last) = (self.module.text.line_column(at).0, self.module.text.line_column(bytes(expr).end).0);
        match self.frame.line {
            line if line == first => 100,
            line if (self.module.line(expr)..=last).contains(&line) => 60,
            _ => 0,
        }
    }

    /// How likely an expression has the bad value: `None`, or a coroutine.
    fn badness(&self, expr: &Expr) -> i32 {
        if self.as_none.is_some() {
            asyncness(self.project, self.module, self.function, expr)
        } else {
            i32::from(nullness(self.project, self.module, self.function, expr).0)
        }
    }

    /// What only a statement tells: loops, unpacking, `x /= y`.
    fn of_statement(&self, fault: &Fault, statement: &'a Stmt, found: &mut Vec<Candidate<'a>>) {
        let mut add = |expr: &'a Expr, subject: &'a Expr, score| found.push(Candidate { expr, subject, score });
        match (fault, statement) {
            (Fault::NoneIterable, Stmt::For(node)) => add(&node.iter, &node.iter, 10 + self.badness(&node.iter)),
            (Fault::NoneIterable, Stmt::Assign(node))
                if node.targets.iter().any(|t| t.is_tuple_expr() || t.is_list_expr()) =>
            {
                add(&node.value, &node.value, 10 + self.badness(&node.value));
            }
            (Fault::NotEnoughValues | Fault::TooManyValues { .. }, Stmt::Assign(node))
                if node.targets.iter().any(|target| target.is_tuple_expr() || target.is_list_expr()) =>
            {
                add(&node.value, &node.value, 20);
            }
            (Fault::NotEnoughValues | Fault::TooManyValues { .. }, Stmt::For(node)) if node.target.is_tuple_expr() => {
                add(&node.iter, &node.iter, 20);
            }
            (Fault::DivisionByZero, Stmt::AugAssign(node)) if divides(node.op) => add(&node.value, &node.value, 20),
            (Fault::NoneOperand { .. }, Stmt::AugAssign(node)) => {
                add(&node.value, &node.value, 5 + self.badness(&node.value));
            }
            (Fault::Operands { operator, .. }, Stmt::AugAssign(node)) if operator.starts_with(node.op.as_str()) => {
                add(&node.value, &node.value, 20);
            }
            _ => {}
        }
    }

    fn of_expr(&self, fault: &Fault, expr: &'a Expr, found: &mut Vec<Candidate<'a>>) {
        let mut add = |subject: &'a Expr, score| found.push(Candidate { expr, subject, score });
        match (fault, expr) {
            (Fault::MissingKey(_), Expr::Subscript(node)) => add(&node.value, self.keyed(fault, &node.slice)),
            (Fault::MissingKey(_), Expr::Call(call)) => {
                if let (Some("pop" | "remove" | "index"), [key]) = (callee_name(&call.func), &*call.arguments.args)
                    && let Expr::Attribute(method) = &*call.func
                {
                    add(&method.value, self.keyed(fault, key) - 1);
                }
            }
            (Fault::NoneAttribute(name), Expr::Attribute(node)) if node.attr.as_str() == name => {
                add(&node.value, 10 + self.badness(&node.value));
            }
            (Fault::MissingAttribute { attribute, .. }, Expr::Attribute(node)) if node.attr.as_str() == attribute => {
                add(&node.value, 10);
            }
            (Fault::NoneSubscript, Expr::Subscript(node)) => add(&node.value, 10 + self.badness(&node.value)),
            (Fault::NoneCallable, Expr::Call(call)) => add(&call.func, 5 + self.badness(&call.func)),
            (Fault::NoneOperand { operator }, Expr::BinOp(node)) if operator.starts_with(node.op.as_str()) => {
                let (left, right) = (self.badness(&node.left), self.badness(&node.right));
                add(if left >= right { &node.left } else { &node.right }, 10 + left.max(right));
            }
            (Fault::NoneOperand { operator }, Expr::Compare(node))
                if node.ops.iter().any(|op| op.as_str() == operator) =>
            {
                let sides = std::iter::once(&*node.left).chain(&*node.comparators);
                if let Some(worst) = sides.max_by_key(|side| self.badness(side)) {
                    add(worst, 10 + self.badness(worst));
                }
            }
            (Fault::NoneIterable, Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_)) => {
                for generator in generators(expr) {
                    let iter = &generator.iter;
                    found.push(Candidate { expr: iter, subject: iter, score: 10 + self.badness(iter) });
                }
            }
            (Fault::NoneIterable, Expr::Compare(node))
                if node.ops.iter().any(|op| matches!(op.as_str(), "in" | "not in")) =>
            {
                if let Some(last) = node.comparators.last() {
                    add(last, 10 + self.badness(last));
                }
            }
            (Fault::NoneIterable | Fault::NoneArgument | Fault::NotSerializable(_), Expr::Call(call)) => {
                let is_dump = matches!(callee_name(&call.func), Some("dumps" | "dump"));
                for argument in call.arguments.args.iter().chain(call.arguments.keywords.iter().map(|k| &k.value)) {
                    let argument = argument.as_starred_expr().map_or(argument, |starred| &*starred.value);
                    let score = if is_dump { 10 } else { 5 };
                    if is_dump || !matches!(fault, Fault::NotSerializable(_)) {
                        found.push(Candidate { expr, subject: argument, score: score + self.badness(argument) });
                        break;
                    }
                }
            }
            (Fault::Index { .. }, Expr::Subscript(node))
                if !node.slice.is_slice_expr() && !node.slice.is_string_literal_expr() =>
            {
                let is_mapping = super::rules::is_mapping(self.module, self.function, &node.value);
                add(&node.value, if is_mapping { 1 } else { 10 });
            }
            (Fault::PopEmpty, Expr::Call(call)) if matches!(callee_name(&call.func), Some("pop" | "popleft")) => {
                if let Expr::Attribute(method) = &*call.func {
                    add(&method.value, 10);
                }
            }
            (Fault::DivisionByZero, Expr::BinOp(node)) if divides(node.op) => {
                let literal = node.right.is_number_literal_expr();
                let text = node.left.is_string_literal_expr() || node.left.is_f_string_expr();
                add(&node.right, if literal || text { 0 } else { 10 });
            }
            (
                Fault::NotEnoughValues | Fault::TooManyValues { .. },
                Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_),
            ) => {
                for generator in generators(expr).iter().filter(|generator| generator.target.is_tuple_expr()) {
                    found.push(Candidate { expr: &generator.iter, subject: &generator.iter, score: 15 });
                }
            }
            (Fault::Operands { operator, .. }, Expr::BinOp(node)) if operator.starts_with(node.op.as_str()) => {
                add(&node.right, 10);
            }
            (Fault::Operands { operator, .. }, Expr::Compare(node))
                if node.ops.iter().any(|op| op.as_str() == operator) =>
            {
                add(&node.left, 10);
            }
            (Fault::Unbound(name), Expr::Name(node)) if node.id.as_str() == name => add(expr, 10),
            (_, Expr::Call(call)) => self.of_call(fault, expr, call, found),
            _ => {}
        }
    }

    /// Calls of the standard library that raise, known by their names.
    fn of_call(&self, fault: &Fault, expr: &'a Expr, call: &'a ExprCall, found: &mut Vec<Candidate<'a>>) {
        let Some(name) = callee_name(&call.func) else { return };
        let first = call.arguments.args.first();
        let receiver = call.func.as_attribute_expr().map(|attribute| &*attribute.value);
        let known = match fault {
            Fault::EmptySequence => matches!(
                name,
                "max"
                    | "min"
                    | "mean"
                    | "fmean"
                    | "median"
                    | "median_low"
                    | "median_high"
                    | "mode"
                    | "stdev"
                    | "pstdev"
                    | "variance"
                    | "pvariance"
                    | "geometric_mean"
                    | "harmonic_mean"
                    | "quantiles"
                    | "next"
                    | "choice"
                    | "reduce"
            ),
            Fault::DivisionByZero => name == "divmod",
            Fault::BadJson => matches!(name, "loads" | "load" | "json" | "raw_decode"),
            Fault::BadNumber => matches!(name, "int" | "float" | "Decimal" | "Fraction" | "complex" | "map"),
            Fault::BadDate => {
                let parses = matches!(name, "strptime" | "fromisoformat" | "parse" | "isoparse" | "fromtimestamp");
                parses || matches!(name, "date" | "datetime" | "time" | "replace")
            }
            Fault::BadText => matches!(name, "decode" | "read" | "read_text" | "str" | "readlines" | "readline"),
            Fault::BadMember => self.exception.message.trim_end().ends_with(&format!(" {name}")),
            Fault::JoinedNonText => name == "join",
            Fault::MissingArgument { function } => function.rsplit('.').next() == Some(name),
            _ => false,
        };
        if !known {
            return;
        }
        let subject = match (fault, name) {
            (Fault::DivisionByZero, _) | (Fault::EmptySequence, "reduce") | (Fault::BadNumber, "map") => {
                call.arguments.args.get(1)
            }
            (_, "decode" | "json" | "read" | "read_text" | "readlines" | "readline") => receiver.or(first),
            _ => first.or(receiver),
        };
        let literal = first.is_some_and(Expr::is_literal_expr);
        found.push(Candidate { expr, subject: subject.unwrap_or(expr), score: if literal { 2 } else { 10 } });
    }

    /// Whether a key can be the one of the message.
    fn keyed(&self, fault: &Fault, key: &Expr) -> i32 {
        match (syntax::string(key), fault.text_key()) {
            (Some(literal), Some(text)) if literal == text => 40,
            (Some(_), _) => 0,
            _ if syntax::integer(key).is_some_and(|number| self.exception.message.trim() == number.to_string()) => 40,
            _ if key.is_slice_expr() || key.is_number_literal_expr() => 0,
            _ => 15,
        }
    }
}

/// The `for` clauses of a comprehension.
pub fn generators(expr: &Expr) -> &[ruff_python_ast::Comprehension] {
    match expr {
        Expr::ListComp(node) => &node.generators,
        Expr::SetComp(node) => &node.generators,
        Expr::DictComp(node) => &node.generators,
        Expr::Generator(node) => &node.generators,
        _ => &[],
    }
}

pub fn divides(operator: Operator) -> bool {
    matches!(operator, Operator::Div | Operator::FloorDiv | Operator::Mod)
}
