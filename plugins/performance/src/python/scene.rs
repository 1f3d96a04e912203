//! One function that may cost, and the questions that rules ask of it: which loops stand around a node, what stays the
//! same in them, where lines can be put.

use std::ops::Range;

use ruff_python_ast::{Expr, Stmt};
use thymus_python::project::{Project, binds, imports};
use thymus_python::syntax::{Function, Module, Node, bytes, dotted, walk, walk_expr};

use super::uses::{Use, is_harmless, use_of};
use crate::cost::Cost;
use crate::slowdown::Slowdown;

/// One function that the handler runs.
pub struct Scene<'p> {
    pub project: &'p Project,
    pub module: &'p Module,
    pub function: Function<'p>,
    pub slowdown: &'p Slowdown,
    /// Whether it is the handler itself.
    pub is_handler: bool,
    /// From 1 for the handler down, call by call.
    pub closeness: f64,
}

/// What a rule recognised.
#[derive(Debug)]
pub struct Known {
    pub range: Range<usize>,
    /// How heavy such a construct is, from 0 to 1.
    pub heaviness: f64,
    pub explanation: String,
    pub repair: Option<Draft>,
}

/// A repair while it is being written.
#[derive(Debug)]
pub struct Draft {
    pub title: String,
    pub explanation: String,
    pub edits: Vec<(Range<usize>, String)>,
    pub confidence: f64,
}

/// Something that runs a part of the function again and again.
#[derive(Clone, Debug)]
pub struct Loop<'p> {
    /// All of it.
    pub whole: Range<usize>,
    /// What is run again and again.
    pub repeated: Vec<Range<usize>>,
    /// What each round binds anew.
    pub targets: Vec<&'p Expr>,
    /// The statement, if it is one.
    pub statement: Option<&'p Stmt>,
}

impl Known {
    /// In terms that outlive the tree.
    pub fn cost(self, scene: &Scene, rule: &str) -> Cost {
        // What can be repaired can be tried, and whether it was that is then measured.
        let mendable = if self.repair.is_some() { 1.2 } else { 1.0 };
        Cost {
            path: scene.module.text.path.clone(),
            start: self.range.start,
            end: self.range.end,
            rule: rule.to_owned(),
            explanation: self.explanation,
            weight: self.heaviness * scene.closeness * mendable,
        }
    }
}

impl<'p> Scene<'p> {
    /// Every expression of the function's body.
    pub fn expressions(&self) -> Vec<&'p Expr> {
        thymus_python::syntax::expressions(&self.function.def.body)
    }

    /// Every statement of the function's body, at any depth.
    pub fn statements(&self) -> Vec<&'p Stmt> {
        thymus_python::syntax::statements(&self.function.def.body)
    }

    /// The nodes around a range inside of the function, the innermost first, itself among them.
    pub fn around(&self, range: &Range<usize>) -> Vec<Node<'p>> {
        let own = bytes(self.function.def);
        let chain = self.module.chain(range.clone()).into_iter().rev();
        chain.take_while(|node| bytes(*node) != own).collect()
    }

    /// The loops around a range, inside of the function, the innermost first.
    pub fn loops(&self, range: &Range<usize>) -> Vec<Loop<'p>> {
        let loops = self.around(range).into_iter().filter_map(as_loop);
        loops.filter(|one| one.repeated.iter().any(|part| within(range, part)) && one.whole != *range).collect()
    }

    /// The statement that holds a range, as it stands in a block.
    pub fn statement_of(&self, range: &Range<usize>) -> Option<&'p Stmt> {
        self.around(range).into_iter().find_map(|node| match node {
            Node::Stmt(statement) => Some(statement),
            _ => None,
        })
    }

    /// The outermost of these loops in all of which an expression stays the same: how many there are, and the statement
    /// that holds it.
    pub fn outermost_invariant(&self, expr: &Expr, loops: &[Loop<'p>]) -> Option<(usize, &'p Stmt)> {
        let steady = loops.iter().take_while(|one| self.is_invariant(expr, one)).enumerate();
        let with_place = steady.filter_map(|(at, one)| {
            let statement = match one.statement {
                Some(statement) => statement,
                None => self.statement_of(&one.whole)?,
            };
            self.stands_alone(statement).then_some((at + 1, statement))
        });
        with_place.last()
    }

    /// Whether an expression gives the same in each round, as far as names and what they hold decide; that evaluating it
    /// changes nothing itself is for the caller to know.
    pub fn is_invariant(&self, expr: &Expr, one: &Loop) -> bool {
        let own = bytes(expr);
        let mut steady = true;
        walk_expr(expr, &mut |node| {
            let Node::Expr(part) = node else { return true };
            match part {
                Expr::Name(name) => {
                    let name = name.id.as_str();
                    steady &=
                        self.is_bound_in(name, &own) || (!is_bound_by(one, name) && self.is_steady(name, one, &own));
                }
                Expr::Attribute(attribute) if attribute.ctx.is_load() => {
                    if let Some(path) = dotted(part).filter(|_| !self.is_called(part)) {
                        steady &= self.is_path_steady(&path, one);
                    }
                }
                Expr::Await(_) | Expr::Yield(_) | Expr::YieldFrom(_) | Expr::Named(_) => steady = false,
                _ => {}
            }
            steady
        });
        steady
    }

    /// Whether a comprehension or a lambda inside of a range binds a name.
    fn is_bound_in(&self, name: &str, range: &Range<usize>) -> bool {
        let mut bound = false;
        walk(&self.function.def.body, &mut |node| {
            let around = bytes(node);
            if around.end <= range.start || range.end <= around.start {
                return false;
            }
            if within(&around, range) {
                match node {
                    Node::Comprehension(it) => bound |= binds(&it.target, name),
                    Node::Expr(Expr::Lambda(it)) => {
                        bound |= it.parameters.as_ref().is_some_and(|all| all.includes(name));
                    }
                    _ => {}
                }
            }
            true
        });
        bound
    }

    /// Whether a name, and what it holds, is left alone by a loop's rounds, whatever `own` does to it.
    fn is_steady(&self, name: &str, one: &Loop, own: &Range<usize>) -> bool {
        let repeated = |range: &Range<usize>| one.repeated.iter().any(|part| within(range, part));
        // A module is not changed by calling what it holds.
        let is_module = imports(self.module).iter().any(|import| import.local == name);
        let leaves_alone = |use_: &Use| is_harmless(use_) || is_module && matches!(use_, Use::Method(..));
        self.uses(name).iter().all(|(range, use_)| !repeated(range) || within(range, own) || leaves_alone(use_))
    }

    /// Whether `self.x` is: nothing in the loop writes it, changes it, or calls what might.
    fn is_path_steady(&self, path: &str, one: &Loop) -> bool {
        let root = path.split('.').next().unwrap_or_default();
        self.expressions().into_iter().all(|expr| {
            let range = bytes(expr);
            if !one.repeated.iter().any(|part| within(&range, part)) {
                return true;
            }
            match expr {
                Expr::Attribute(attribute) if dotted(expr).as_deref() == Some(path) => {
                    attribute.ctx.is_load() && is_harmless(&use_of(self, expr))
                }
                // A method of the same object might change it.
                Expr::Call(call) => {
                    let callee = dotted(&call.func).unwrap_or_default();
                    let own =
                        callee.strip_prefix(root).is_some_and(|rest| rest.starts_with('.') && !rest[1..].contains('.'));
                    !own
                }
                _ => true,
            }
        })
    }

    fn is_called(&self, expr: &Expr) -> bool {
        let own = bytes(expr);
        let calls = |node: &Node| matches!(node, Node::Expr(Expr::Call(call)) if bytes(&*call.func) == own);
        self.around(&own).iter().any(calls)
    }

    /// All uses of a name in the function, with where they stand.
    pub fn uses(&self, name: &str) -> Vec<(Range<usize>, Use<'p>)> {
        let named = |expr: &&Expr| matches!(expr, Expr::Name(it) if it.id.as_str() == name);
        self.expressions().into_iter().filter(named).map(|expr| (bytes(expr), use_of(self, expr))).collect()
    }

    /// Whether a statement begins its line, so that lines can be put before it.
    pub fn stands_alone(&self, statement: &Stmt) -> bool {
        let range = bytes(statement);
        let content = &self.module.text.content;
        let start = content[..range.start].rfind('\n').map_or(0, |at| at + 1);
        content[start..range.start].chars().all(|c| matches!(c, ' ' | '\t'))
    }

    /// Lines before a statement, at its indentation.
    pub fn before(&self, statement: &Stmt, lines: &[String]) -> (Range<usize>, String) {
        let at = bytes(statement).start;
        let end = format!("{}{}", self.module.text.newline(), self.module.text.indent_at(at));
        (at..at, lines.join(&end) + &end)
    }

    /// Lines behind a statement.
    pub fn behind(&self, statement: &Stmt, lines: &[String]) -> (Range<usize>, String) {
        let range = bytes(statement);
        let start = format!("{}{}", self.module.text.newline(), self.module.text.indent_at(range.start));
        (range.end..range.end, start.clone() + &lines.join(&start))
    }

    /// A name that nothing in the file has yet.
    pub fn free_name(&self, wanted: &str) -> Option<String> {
        let mut taken: Vec<String> = self.function.def.parameters.iter().map(|it| it.name().to_string()).collect();
        walk(&self.module.tree.body, &mut |node| {
            if let Node::Expr(Expr::Name(name)) = node
                && name.id.as_str().starts_with(wanted)
            {
                taken.push(name.id.to_string());
            }
            true
        });
        let more = (2..6).map(|number| format!("{wanted}_{number}"));
        std::iter::once(wanted.to_owned()).chain(more).find(|name| !taken.contains(name))
    }

    pub fn src(&self, expr: &Expr) -> &'p str {
        self.module.src(expr)
    }

    pub fn line(&self, range: &Range<usize>) -> u32 {
        self.module.text.line_column(range.start).0
    }
}

fn is_bound_by(one: &Loop, name: &str) -> bool {
    one.targets.iter().any(|target| binds(target, name))
}

fn as_loop(node: Node) -> Option<Loop> {
    let range_of = |body: &[Stmt]| Some(bytes(body.first()?).start..bytes(body.last()?).end);
    match node {
        Node::Stmt(statement @ Stmt::For(it)) => Some(Loop {
            whole: bytes(statement),
            repeated: vec![range_of(&it.body)?],
            targets: vec![&it.target],
            statement: Some(statement),
        }),
        Node::Stmt(statement @ Stmt::While(it)) => Some(Loop {
            whole: bytes(statement),
            repeated: vec![bytes(&*it.test), range_of(&it.body)?],
            targets: Vec::new(),
            statement: Some(statement),
        }),
        Node::Expr(expr) => {
            let (mut repeated, generators) = match expr {
                Expr::ListComp(it) => (vec![bytes(&*it.elt)], &it.generators),
                Expr::SetComp(it) => (vec![bytes(&*it.elt)], &it.generators),
                Expr::Generator(it) => (vec![bytes(&*it.elt)], &it.generators),
                Expr::DictComp(it) => {
                    let pair = bytes(expr).start..bytes(&*it.value).end;
                    (Vec::from([pair]), &it.generators)
                }
                _ => return None,
            };
            for (at, generator) in generators.iter().enumerate() {
                repeated.extend(generator.ifs.iter().map(bytes));
                if at > 0 {
                    repeated.push(bytes(&generator.iter));
                }
            }
            let targets = generators.iter().map(|it| &it.target).collect();
            Some(Loop { whole: bytes(expr), repeated, targets, statement: None })
        }
        _ => None,
    }
}

/// Whether one range lies in another.
pub fn within(range: &Range<usize>, outer: &Range<usize>) -> bool {
    outer.start <= range.start && range.end <= outer.end
}

/// Source on one line, and not too long.
pub fn crop(source: &str) -> String {
    let line = source.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.len() > 100 { format!("{}…", &line[..line.floor_char_boundary(97)]) } else { line }
}

/// The last name in a source text: `lines` of `order.lines`.
pub fn last_name(source: &str) -> &str {
    let words = source.rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).map(|word| word.trim_matches('_'));
    words
        .into_iter()
        .find(|word| !word.is_empty() && !word.starts_with(|c: char| c.is_ascii_digit()))
        .unwrap_or("items")
}
