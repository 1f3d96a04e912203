//! The project's Python files, parsed once, and who is meant by a name in one of them.
//!
//! There is no type checker here: a name is resolved by where it is defined or imported, a method by its class or,
//! failing that, by being the only one of its name. What stays ambiguous counts as unknown.

use ruff_python_ast::{Expr, Stmt, StmtClassDef, StmtFunctionDef};
use thymus_sdk::source::Source;

use super::syntax::{self, Function, Module, dotted, statements};

/// Bytes of all files together: a tree takes some ten times as many.
const MOST_BYTES: usize = 3 << 20;
const MOST_FILES: usize = 1000;

/// The parsed part of a project.
#[derive(Debug)]
pub struct Project {
    /// Those near the exception first.
    pub modules: Vec<Module>,
    /// Every path of the snapshot.
    pub files: Vec<String>,
}

impl Project {
    /// Reads the files around `near` first and stops at a bound.
    pub fn load(source: &Source, near: &[String]) -> Self {
        let files = source.files();
        let mut paths: Vec<&String> = files.iter().filter(|path| is_python(path) && !is_foreign(path)).collect();
        paths.sort_by_key(|path| (distance(path, near), path.len()));
        let mut modules = Vec::new();
        let mut total = 0;
        for path in paths.into_iter().take(MOST_FILES) {
            let Ok(text) = source.text(path) else { continue };
            total += text.content.len();
            if total > MOST_BYTES && !near.contains(path) {
                break;
            }
            modules.extend(Module::parse(text));
        }
        Self { modules, files }
    }

    /// The file at a path, when it was read.
    pub fn module(&self, path: &str) -> Option<&Module> {
        self.modules.iter().find(|module| module.text.path == path)
    }

    /// Modules that are no tests.
    pub fn sources(&self) -> impl Iterator<Item = &Module> {
        self.modules.iter().filter(|module| !is_test(&module.text.path))
    }

    /// The functions that a call in `module` may mean: `self.f` in its class, `f` in the module or where it was
    /// imported from, `x.f` every method or function of that name.
    pub fn callees<'a>(
        &'a self,
        module: &'a Module,
        class: Option<&StmtClassDef>,
        func: &Expr,
    ) -> Vec<(&'a Module, Function<'a>)> {
        let Some(name) = syntax::callee_name(func) else { return Vec::new() };
        let named = |module: &'a Module| {
            module.functions().into_iter().filter(|f| f.def.name.as_str() == name).map(move |f| (module, f))
        };
        match func {
            Expr::Name(_) => {
                let here: Vec<_> = named(module).filter(|(_, f)| f.class.is_none()).collect();
                if !here.is_empty() {
                    return here;
                }
                let Some(import) = imports(module).into_iter().find(|import| import.local == name) else {
                    return Vec::new();
                };
                let original = import.name.as_str();
                self.modules
                    .iter()
                    .filter(|other| import.may_mean(&other.text.path))
                    .flat_map(|other| other.functions().into_iter().map(move |f| (other, f)))
                    .filter(|(_, f)| f.class.is_none() && !f.nested && f.def.name.as_str() == original)
                    .collect()
            }
            Expr::Attribute(attribute) => {
                let receiver = dotted(&attribute.value);
                if let (Some("self" | "cls"), Some(class)) = (receiver.as_deref(), class) {
                    let own: Vec<_> =
                        named(module).filter(|(_, f)| f.class.is_some_and(|c| c.name == class.name)).collect();
                    if !own.is_empty() {
                        return own;
                    }
                }
                self.sources().flat_map(named).filter(|(_, f)| !f.nested).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A class of this name: in the module itself, else the only one of the project.
    pub fn class<'a>(&'a self, module: &'a Module, name: &str) -> Option<(&'a Module, &'a StmtClassDef)> {
        if let Some(class) = module.classes().find(|class| class.name.as_str() == name) {
            return Some((module, class));
        }
        let original = imports(module).into_iter().find(|import| import.local == name).map(|import| import.name);
        let name = original.as_deref().unwrap_or(name);
        let mut found = self
            .sources()
            .flat_map(|other| other.classes().map(move |class| (other, class)))
            .filter(|(_, class)| class.name.as_str() == name);
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// Whether a class is an exception, by its bases as far as they are in the project.
    pub fn is_exception(&self, module: &Module, class: &StmtClassDef) -> bool {
        self.ancestors(module, class).iter().any(|name| name.ends_with("Error") || name.ends_with("Exception"))
    }

    /// The names of a class's bases and of theirs.
    pub fn ancestors(&self, module: &Module, class: &StmtClassDef) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let mut open: Vec<(&Module, &StmtClassDef)> = vec![];
        if let Some(found) = self.class(module, class.name.as_str()) {
            open.push(found);
        }
        while let Some((module, class)) = open.pop() {
            for base in class.bases().iter().filter_map(syntax::callee_name) {
                if names.len() < 32 && !names.iter().any(|name| name == base) {
                    names.push(base.to_owned());
                    open.extend(self.class(module, base));
                }
            }
        }
        names
    }
}

/// One name that an import statement brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// How the file calls it.
    pub local: String,
    /// Its own name; empty when the whole module was imported.
    pub name: String,
    /// The module, without leading dots.
    pub module: String,
    /// How many dots stood in front.
    pub level: u32,
}

impl Import {
    /// Whether the file at this path can be the module that is named, as far as the names say.
    pub fn may_mean(&self, path: &str) -> bool {
        let path = path.strip_suffix("/__init__.py").or_else(|| path.strip_suffix(".py")).unwrap_or(path);
        let module = self.module.replace('.', "/");
        if module.is_empty() {
            return self.level > 0;
        }
        path == module || path.ends_with(&format!("/{module}")) || path.contains(&format!("{module}/"))
    }
}

/// What the file's import statements bring, those within functions and `if TYPE_CHECKING` too.
pub fn imports(module: &Module) -> Vec<Import> {
    let mut found = Vec::new();
    syntax::walk(&module.tree.body, &mut |node| {
        let syntax::Node::Stmt(statement) = node else { return false };
        match statement {
            Stmt::Import(import) => found.extend(import.names.iter().map(|alias| Import {
                local: alias.asname.as_ref().unwrap_or(&alias.name).to_string(),
                name: String::new(),
                module: alias.name.to_string(),
                level: 0,
            })),
            Stmt::ImportFrom(import) => found.extend(import.names.iter().map(|alias| Import {
                local: alias.asname.as_ref().unwrap_or(&alias.name).to_string(),
                name: alias.name.to_string(),
                module: import.module.as_ref().map(ToString::to_string).unwrap_or_default(),
                level: import.level,
            })),
            _ => {}
        }
        true
    });
    found
}

/// Whether a name of a module exists at its top level: defined, assigned or imported there.
pub fn is_global(module: &Module, name: &str) -> bool {
    statements(&module.tree.body).into_iter().any(|statement| match statement {
        Stmt::FunctionDef(def) => def.name.as_str() == name,
        Stmt::ClassDef(def) => def.name.as_str() == name,
        Stmt::Assign(assign) => assign.targets.iter().any(|target| binds(target, name)),
        Stmt::AnnAssign(assign) => binds(&assign.target, name),
        Stmt::Import(import) => import.names.iter().any(|alias| match &alias.asname {
            Some(asname) => asname.as_str() == name,
            None => alias.name.as_str().split('.').next() == Some(name),
        }),
        Stmt::ImportFrom(import) => {
            import.names.iter().any(|alias| alias.asname.as_ref().unwrap_or(&alias.name).as_str() == name)
        }
        _ => false,
    })
}

/// Whether assigning to a target binds the name.
pub fn binds(target: &Expr, name: &str) -> bool {
    match target {
        Expr::Name(node) => node.id.as_str() == name,
        Expr::Tuple(node) => node.elts.iter().any(|element| binds(element, name)),
        Expr::List(node) => node.elts.iter().any(|element| binds(element, name)),
        Expr::Starred(node) => binds(&node.value, name),
        _ => false,
    }
}

/// Whether a function may return `None`: it says so, or it has a way that does.
pub fn may_return_none(module: &Module, def: &StmtFunctionDef) -> bool {
    if let Some(returns) = def.returns.as_deref() {
        let words = module.src(returns);
        return words.contains("None") && words.trim() != "None" || words.contains("Optional");
    }
    let returns: Vec<_> = statements(&def.body).into_iter().filter_map(Stmt::as_return_stmt).collect();
    let gives = returns.iter().any(|r| r.value.as_deref().is_some_and(|v| !v.is_none_literal_expr()));
    let none = returns.iter().any(|r| {
        r.value.as_deref().is_none_or(|v| {
            v.is_none_literal_expr() || syntax::callee_name(v) == Some("get") && is_get_without_default(v)
        })
    });
    gives && (none || !always_ends(&def.body))
}

/// `x.get(key)`.
pub fn is_get_without_default(expr: &Expr) -> bool {
    expr.as_call_expr().is_some_and(|call| {
        call.func.is_attribute_expr()
            && syntax::callee_name(&call.func) == Some("get")
            && call.arguments.args.len() == 1
            && call.arguments.keywords.is_empty()
    })
}

/// Whether no way leads past the end of these statements.
pub fn always_ends(body: &[Stmt]) -> bool {
    match body.last() {
        Some(Stmt::Return(_) | Stmt::Raise(_) | Stmt::Continue(_) | Stmt::Break(_)) => true,
        Some(Stmt::If(node)) => {
            always_ends(&node.body)
                && node.elif_else_clauses.last().is_some_and(|clause| clause.test.is_none())
                && node.elif_else_clauses.iter().all(|clause| always_ends(&clause.body))
        }
        Some(Stmt::With(node)) => always_ends(&node.body),
        Some(Stmt::Try(node)) => {
            (always_ends(&node.body) || always_ends(&node.orelse))
                && node.handlers.iter().all(|ruff_python_ast::ExceptHandler::ExceptHandler(h)| always_ends(&h.body))
                || always_ends(&node.finalbody)
        }
        Some(Stmt::While(node)) => node.test.as_boolean_literal_expr().is_some_and(|literal| literal.value),
        Some(Stmt::Match(node)) => {
            node.cases.last().is_some_and(|case| case.pattern.is_irrefutable())
                && node.cases.iter().all(|case| always_ends(&case.body))
        }
        _ => false,
    }
}

/// Whether a path names a test, as pytest and unittest find them.
pub fn is_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let in_folder = path.split('/').rev().skip(1).any(|folder| matches!(folder, "tests" | "test" | "testing"));
    in_folder || name.starts_with("test_") || name.ends_with("_test.py") || name == "conftest.py"
}

/// Names are compared as they are written: Python looks for `.py` only.
fn is_python(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| extension == "py")
}

/// Code that is not the project's own.
fn is_foreign(path: &str) -> bool {
    path.split('/').any(|folder| {
        matches!(
            folder,
            "node_modules" | "site-packages" | "venv" | ".venv" | ".tox" | ".nox" | "__pycache__" | "build" | "dist"
        )
    })
}

/// How far apart two paths stand: the folders they don't share.
fn distance(path: &str, near: &[String]) -> usize {
    let folders = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
    let own = folders(path);
    near.iter()
        .map(|other| {
            let other = folders(other);
            let shared = own.iter().zip(&other).take_while(|(a, b)| a == b).count();
            own.len() + other.len() - 2 * shared
        })
        .min()
        .unwrap_or(0)
}
