//! What one module says: which modules and names it asks for, which names it has, which it uses and does not have.

use std::collections::BTreeSet;
use std::ops::Range;

use ruff_python_ast::{ExceptHandler, Expr, ExprContext, Stmt, StmtImportFrom};
use thymus_python::syntax::{self, Module, Node, bytes, dotted, walk};

use super::platform::is_builtin;

/// One name of an import statement.
#[derive(Clone, Debug)]
pub struct Import {
    /// The module as it is written, leading dots included.
    pub written: String,
    /// Its bytes.
    pub module: Range<usize>,
    /// How many dots stand in front.
    pub level: u32,
    /// What is wanted of it: none for `import module`, `*` is one.
    pub name: Option<String>,
    /// The bytes of the name, or of the module.
    pub range: Range<usize>,
    /// What the file calls it.
    pub local: String,
    /// The whole statement, and how many names it brings.
    pub statement: Range<usize>,
    /// How many names the statement brings.
    pub count: usize,
    /// Around it.
    pub context: Context,
}

/// What stands around a statement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// In a function: loading the module does not run it.
    pub lazy: bool,
    /// Somebody has thought of its absence, or it is for some versions and platforms only.
    pub guarded: bool,
    /// `if TYPE_CHECKING`: never run.
    pub typing: bool,
}

/// A use of a name that the module does not have.
#[derive(Clone, Debug)]
pub struct Free {
    /// The name.
    pub name: String,
    /// Where.
    pub range: Range<usize>,
    /// In a function.
    pub lazy: bool,
    /// The attribute that is read of it, as in `json.loads`.
    pub attribute: Option<String>,
    /// In an annotation that is not evaluated.
    pub in_annotation: bool,
}

/// An attribute that is read of a name.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// What the file calls the object.
    pub local: String,
    /// The attribute.
    pub name: String,
    /// Its bytes.
    pub range: Range<usize>,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Every name of every import statement, in the order of the source.
    pub imports: Vec<Import>,
    /// The names that the module has when it is loaded.
    pub names: BTreeSet<String>,
    /// Of these, classes and functions that it defines itself, and plain variables.
    pub defined: BTreeSet<String>,
    /// It may have others: star imports, `__getattr__`, `globals()`.
    pub is_open: bool,
    /// The names that it uses and binds nowhere.
    pub free: Vec<Free>,
    /// The attributes that are read of what it imports.
    pub attributes: Vec<Attribute>,
    /// It changes where modules are looked for.
    pub moves_path: bool,
}

/// What a module says.
pub fn facts(module: &Module) -> Facts {
    let mut facts = Facts::default();
    let content = &module.text.content;
    facts.visit(module, &module.tree.body, Context::default());
    facts.is_open |= facts.names.contains("__getattr__")
        || ["globals()", "locals()", "sys.modules[", "vars()", "exec("].iter().any(|words| content.contains(words));
    facts.moves_path = content.contains("sys.path") || content.contains("__path__") || content.contains("addsitedir");
    facts.attributes = attributes(module, &facts.imports);
    if !facts.imports.iter().any(|import| import.name.as_deref() == Some("*")) && !content.contains("exec(") {
        facts.free = free(module, &facts);
    }
    facts
}

impl Facts {
    fn visit(&mut self, module: &Module, body: &[Stmt], context: Context) {
        for statement in body {
            match statement {
                Stmt::Import(import) => {
                    for alias in &import.names {
                        let local = match &alias.asname {
                            Some(name) => name.to_string(),
                            None => alias.name.split('.').next().unwrap_or_default().to_owned(),
                        };
                        let range = bytes(&alias.name);
                        self.bring(&local, context);
                        self.imports.push(Import {
                            written: alias.name.to_string(),
                            module: range.clone(),
                            level: 0,
                            name: None,
                            range,
                            local,
                            statement: bytes(import),
                            count: import.names.len(),
                            context,
                        });
                    }
                }
                Stmt::ImportFrom(import) => self.import_from(module, import, context),
                Stmt::FunctionDef(def) => {
                    self.define(def.name.as_str(), context);
                    self.visit(module, &def.body, Context { lazy: true, ..context });
                }
                Stmt::ClassDef(def) => {
                    self.define(def.name.as_str(), context);
                    // Its own names are none of the module's, but its imports run with it.
                    let (names, defined) = (self.names.clone(), self.defined.clone());
                    self.visit(module, &def.body, context);
                    (self.names, self.defined) = (names, defined);
                }
                Stmt::If(node) => self.conditional(module, node, context),
                Stmt::Try(node) => {
                    let tried = Context { guarded: context.guarded || !node.handlers.is_empty(), ..context };
                    self.visit(module, &node.body, tried);
                    for ExceptHandler::ExceptHandler(handler) in &node.handlers {
                        self.visit(module, &handler.body, Context { guarded: true, ..context });
                    }
                    self.visit(module, &node.orelse, context);
                    self.visit(module, &node.finalbody, context);
                }
                Stmt::With(node) => {
                    let suppressed = node.items.iter().any(|item| module.src(&item.context_expr).contains("suppress"));
                    self.bind(statement, context);
                    self.visit(module, &node.body, Context { guarded: context.guarded || suppressed, ..context });
                }
                Stmt::Global(node) => self.names.extend(node.names.iter().map(ToString::to_string)),
                _ => {
                    self.bind(statement, context);
                    for inner in syntax::blocks(statement) {
                        self.visit(module, inner, context);
                    }
                }
            }
        }
    }

    fn conditional(&mut self, module: &Module, node: &ruff_python_ast::StmtIf, context: Context) {
        let test = module.src(&*node.test);
        let typing = test == "TYPE_CHECKING" || test.ends_with(".TYPE_CHECKING");
        let inner = Context { typing: context.typing || typing, guarded: context.guarded || !typing, ..context };
        self.visit(module, &node.body, inner);
        for clause in &node.elif_else_clauses {
            self.visit(module, &clause.body, Context { guarded: true, ..context });
        }
    }

    fn import_from(&mut self, module: &Module, import: &StmtImportFrom, context: Context) {
        let statement = bytes(import);
        let words = import.module.as_ref().map(ToString::to_string).unwrap_or_default();
        let source = &module.text.content[statement.clone()];
        let start = source.strip_prefix("from").map_or(0, |rest| 4 + rest.len() - rest.trim_start().len());
        let start = statement.start + start;
        let end = import.module.as_ref().map_or(start + import.level as usize, |name| bytes(name).end);
        for alias in &import.names {
            let local = alias.asname.as_ref().unwrap_or(&alias.name).to_string();
            if alias.name.as_str() == "*" {
                self.is_open = true;
            } else {
                self.bring(&local, context);
            }
            self.imports.push(Import {
                written: format!("{}{words}", ".".repeat(import.level as usize)),
                module: start..end,
                level: import.level,
                name: Some(alias.name.to_string()),
                range: bytes(&alias.name),
                local,
                statement: statement.clone(),
                count: import.names.len(),
                context,
            });
        }
    }

    fn bring(&mut self, name: &str, context: Context) {
        if !context.lazy {
            self.names.insert(name.to_owned());
        }
    }

    fn define(&mut self, name: &str, context: Context) {
        if !context.lazy {
            self.names.insert(name.to_owned());
            self.defined.insert(name.to_owned());
        }
    }

    /// The names that a statement assigns, blocks within left out.
    fn bind(&mut self, statement: &Stmt, context: Context) {
        if context.lazy {
            return;
        }
        walk(std::slice::from_ref(statement), &mut |node| {
            if let Node::Expr(Expr::Name(name)) = node
                && name.ctx == ExprContext::Store
            {
                self.names.insert(name.id.to_string());
                self.defined.insert(name.id.to_string());
            }
            !matches!(node, Node::Stmt(Stmt::FunctionDef(_) | Stmt::ClassDef(_)))
        });
        if let Stmt::TypeAlias(alias) = statement
            && let Expr::Name(name) = &*alias.name
        {
            self.define(name.id.as_str(), context);
        }
        if let Stmt::Match(node) = statement {
            for case in &node.cases {
                self.names.extend(words(format!("{:?}", case.pattern).as_str()).map(str::to_owned));
            }
        }
    }
}

fn attributes(module: &Module, imports: &[Import]) -> Vec<Attribute> {
    let mut found = Vec::new();
    let imported: BTreeSet<&str> = imports.iter().map(|import| import.local.as_str()).collect();
    walk(&module.tree.body, &mut |node| {
        if let Node::Expr(Expr::Attribute(attribute)) = node
            && attribute.ctx == ExprContext::Load
            && let Expr::Name(name) = &*attribute.value
            && imported.contains(name.id.as_str())
        {
            let (local, name) = (name.id.to_string(), attribute.attr.to_string());
            found.push(Attribute { local, name, range: bytes(&attribute.attr) });
        }
        true
    });
    found
}

/// The names that are used and bound nowhere in the file, in whatever scope: what is bound anywhere is left to others.
fn free(module: &Module, facts: &Facts) -> Vec<Free> {
    let mut bound: BTreeSet<String> = facts.names.clone();
    bound.extend(facts.imports.iter().map(|import| import.local.clone()));
    let (mut bodies, mut annotations, mut tried) = (Vec::new(), Vec::new(), Vec::new());
    walk(&module.tree.body, &mut |node| {
        match node {
            Node::Stmt(Stmt::FunctionDef(def)) => {
                bound.insert(def.name.to_string());
                bound.extend(def.parameters.iter().map(|parameter| parameter.name().to_string()));
                annotations
                    .extend(def.parameters.iter().filter_map(ruff_python_ast::AnyParameterRef::annotation).map(bytes));
                annotations.extend(def.returns.iter().map(|it| bytes(&**it)));
                bound.extend(def.type_params.iter().flat_map(|it| words(module.src(&**it)).map(str::to_owned)));
                if let (Some(first), Some(last)) = (def.body.first(), def.body.last()) {
                    bodies.push(bytes(first).start..bytes(last).end);
                }
            }
            Node::Stmt(Stmt::ClassDef(def)) => {
                bound.insert(def.name.to_string());
                bound.extend(def.type_params.iter().flat_map(|it| words(module.src(&**it)).map(str::to_owned)));
            }
            Node::Stmt(Stmt::TypeAlias(alias)) => {
                bound.extend(words(module.src(alias)).map(str::to_owned));
            }
            Node::Stmt(Stmt::AnnAssign(assign)) => annotations.push(bytes(&*assign.annotation)),
            Node::Stmt(Stmt::Global(it)) => bound.extend(it.names.iter().map(ToString::to_string)),
            Node::Stmt(Stmt::Nonlocal(it)) => bound.extend(it.names.iter().map(ToString::to_string)),
            Node::Stmt(Stmt::Match(it)) => {
                for case in &it.cases {
                    bound.extend(words(module.src(&case.pattern)).map(str::to_owned));
                }
            }
            Node::Stmt(Stmt::Try(it)) => {
                let catches = it.handlers.iter().any(|ExceptHandler::ExceptHandler(handler)| {
                    handler.type_.as_ref().is_none_or(|kind| module.src(&**kind).contains("NameError"))
                });
                if let (true, Some(first), Some(last)) = (catches, it.body.first(), it.body.last()) {
                    tried.push(bytes(first).start..bytes(last).end);
                }
            }
            Node::Handler(ExceptHandler::ExceptHandler(it)) => bound.extend(it.name.iter().map(ToString::to_string)),
            Node::Expr(Expr::Name(name)) if name.ctx != ExprContext::Load => drop(bound.insert(name.id.to_string())),
            Node::Expr(Expr::Lambda(lambda)) => {
                let parameters = lambda.parameters.iter().flat_map(|it| it.iter());
                bound.extend(parameters.map(|parameter| parameter.name().to_string()));
                bodies.push(bytes(&*lambda.body));
            }
            _ => {}
        }
        true
    });
    // Only in Python 3.14 the others wait too.
    let is_future = |import: &Import| import.written == "__future__" && import.name.as_deref() == Some("annotations");
    let waits = facts.imports.iter().any(is_future);
    let within = |ranges: &[Range<usize>], at: usize| ranges.iter().any(|range| range.contains(&at));
    let mut found: Vec<Free> = Vec::new();
    let mut attributes: Vec<(usize, String)> = Vec::new();
    walk(&module.tree.body, &mut |node| {
        if let Node::Expr(Expr::Attribute(attribute)) = node
            && dotted(&attribute.value).is_some_and(|name| !name.contains('.'))
        {
            attributes.push((bytes(&*attribute.value).start, attribute.attr.to_string()));
        }
        if let Node::Expr(Expr::Name(name)) = node {
            let range = bytes(name);
            let known = bound.contains(name.id.as_str()) || is_builtin(name.id.as_str());
            if !known && !within(&tried, range.start) {
                let attribute = attributes.iter().rev().find(|(at, _)| *at == range.start).map(|(_, it)| it.clone());
                found.push(Free {
                    name: name.id.to_string(),
                    lazy: within(&bodies, range.start),
                    in_annotation: within(&annotations, range.start) && (waits || within(&bodies, range.start)),
                    attribute,
                    range,
                });
            }
        }
        true
    });
    found
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
}
