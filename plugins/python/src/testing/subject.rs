//! The handler that a test calls: found by its name, called with captured arguments, as a function, a class's or static
//! method, or on an object that the tests beside it know how to make.

use ruff_python_ast::{ExceptHandler, Expr, Stmt};
use serde_json::Value;

use super::place::{Framework, Place};
use super::value::typed;
use super::{Called, Imports};
use crate::project::{Project, imports, is_test};
use crate::spelling::is_builtin;
use crate::syntax::{Function, Module, bytes, callee_name, expressions, kinds, parts, statements, takes_instance};

/// A longer call is no example any more.
const LONGEST_CALL: usize = 20_000;

/// The handler.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Where it is declared.
    pub module: &'a Module,
    /// Its definition.
    pub function: Function<'a>,
    /// Whether, of the objects that tests make of its class, the one with the least is to be taken: what failed for want
    /// of something fails on that.
    pub wants_little: bool,
}

impl<'a> Subject<'a> {
    /// The handler that telemetry names, in the first of these files that has it; none when it can't be told which
    /// function that is, or when nobody outside can call it.
    pub fn find(handler: &str, paths: &[&str], line: Option<u32>, project: &'a Project) -> Option<Self> {
        let mut segments: Vec<&str> = handler.split('.').filter(|segment| !segment.is_empty()).collect();
        if segments.contains(&"<locals>") {
            return None;
        }
        let name = segments.pop()?;
        let class = segments.pop();
        let in_module = |module: &'a Module| {
            let named: Vec<Function> =
                module.functions().into_iter().filter(|f| !f.nested && f.def.name.as_str() == name).collect();
            let exact: Vec<Function> =
                named.iter().copied().filter(|f| f.class.is_some_and(|c| Some(c.name.as_str()) == class)).collect();
            let free: Vec<Function> = named.iter().copied().filter(|f| f.class.is_none()).collect();
            // The line tells methods of one name apart.
            let at = line.and_then(|line| module.text.line(line)).map(|line| line.start);
            let here = at.and_then(|at| {
                named.iter().copied().find(|f| bytes(f.def).contains(&at) || module.line(f.def) == line.unwrap_or(0))
            });
            let found = match (&exact[..], &free[..]) {
                ([only], _) => Some(*only),
                (_, [only]) if exact.is_empty() && named.len() == 1 => Some(*only),
                (_, [only]) if class.is_none() && here.is_none_or(|here| here.class.is_none()) => Some(*only),
                _ => here.or(if named.len() == 1 { named.first().copied() } else { None }),
            };
            found.map(|function| Self { module, function, wants_little: false })
        };
        paths.iter().find_map(|path| in_module(project.module(path)?))
    }

    /// The call as a test writes it.
    pub fn call(&self, args: &Value, project: &Project, place: &Place) -> Option<Called> {
        let mut called = Called {
            imports: Imports::default(),
            fixtures: Vec::new(),
            callee: String::new(),
            arguments: Vec::new(),
            is_async: self.function.def.is_async,
        };
        if self.needs_surroundings() {
            return None;
        }
        called.callee = self.callee(project, place, &mut called)?;
        called.arguments = self.arguments(args, project, place, &mut called.imports)?;
        (called.arguments.iter().map(String::len).sum::<usize>() <= LONGEST_CALL).then_some(called)
    }

    /// Whether it reads what only a framework's running request has, or a decorator changes how it is called.
    fn needs_surroundings(&self) -> bool {
        let globals = imports(self.module);
        let of_request = |name: &str| {
            globals.iter().any(|import| {
                import.local == name
                    && matches!(import.module.as_str(), "flask" | "quart" | "bottle")
                    && import.name != "jsonify"
            })
        };
        let reads = expressions(&self.function.def.body).into_iter().any(|expr| {
            expr.as_name_expr().is_some_and(|name| {
                matches!(name.id.as_str(), "request" | "session" | "g" | "current_app") && of_request(name.id.as_str())
            })
        });
        let changed = self.function.def.decorator_list.iter().any(|decorator| {
            let words = self.module.src(&decorator.expression);
            let name = callee_name(&decorator.expression).unwrap_or_default();
            matches!(
                name,
                "property"
                    | "cached_property"
                    | "fixture"
                    | "contextmanager"
                    | "asynccontextmanager"
                    | "command"
                    | "task"
                    | "shared_task"
            ) || words.starts_with("click.")
        });
        reads || changed
    }

    /// What stands before the arguments.
    fn callee(&self, project: &Project, place: &Place, called: &mut Called) -> Option<String> {
        let from = place.module_name(&self.module.text.path)?;
        let name = self.function.def.name.as_str();
        let Some(class) = self.function.class else {
            called.imports.name(&from, name);
            return Some(name.to_owned());
        };
        let class_name = class.name.as_str();
        if !self.module.classes().any(|top| top.name == class.name) {
            return None;
        }
        let decorated =
            |wanted: &str| self.function.def.decorator_list.iter().any(|d| callee_name(&d.expression) == Some(wanted));
        if decorated("staticmethod") || decorated("classmethod") {
            called.imports.name(&from, class_name);
            return Some(format!("{class_name}.{name}"));
        }
        let object = self.instance(class_name, project, place, called)?;
        Some(format!("{object}.{name}"))
    }

    /// An object of the handler's class: a fixture of a conftest, what a test beside it makes, or the class without arguments.
    fn instance(&self, class: &str, project: &Project, place: &Place, called: &mut Called) -> Option<String> {
        let from = place.module_name(&self.module.text.path)?;
        let makes = |expr: &Expr| expr.as_call_expr().is_some_and(|call| callee_name(&call.func) == Some(class));
        let tests = project.modules.iter().filter(|module| is_test(&module.text.path));
        if place.framework == Framework::Pytest {
            let folder = place.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            for module in tests.clone().filter(|m| m.text.path.ends_with("conftest.py")) {
                let reach = module.text.path.trim_end_matches("conftest.py").trim_end_matches('/');
                if !(reach.is_empty() || folder == reach || folder.starts_with(&format!("{reach}/"))) {
                    continue;
                }
                for function in module.functions() {
                    let fixture =
                        function.def.decorator_list.iter().any(|d| callee_name(&d.expression) == Some("fixture"));
                    let gives = statements(&function.def.body).into_iter().any(|statement| match statement {
                        Stmt::Return(node) => node.value.as_deref().is_some_and(makes),
                        Stmt::Expr(node) => {
                            node.value.as_yield_expr().and_then(|y| y.value.as_deref()).is_some_and(makes)
                        }
                        _ => false,
                    });
                    let annotated = function.def.returns.as_deref().and_then(callee_name) == Some(class);
                    if fixture && (gives || annotated) && !function.def.is_async {
                        let name = function.def.name.as_str();
                        called.fixtures.push(name.to_owned());
                        return Some(name.to_owned());
                    }
                }
            }
        }
        // As tests make it, when what they hand in is plain or in reach of an import.
        let mut ways: Vec<(String, Vec<(String, String)>)> = Vec::new();
        for module in tests {
            ways.extend(
                expressions(&module.tree.body).into_iter().filter(|e| makes(e)).filter_map(|e| made_alike(module, e)),
            );
        }
        let (_, def) = project.class(self.module, class)?;
        let init =
            def.body.iter().filter_map(Stmt::as_function_def_stmt).find(|method| method.name.as_str() == "__init__");
        let bare = match init {
            Some(init) => init.parameters.iter_non_variadic_params().skip(1).all(|p| p.default().is_some()),
            None => def.bases().is_empty() && def.decorator_list.is_empty(),
        };
        if bare {
            ways.push((format!("{class}()"), Vec::new()));
        }
        // What fails for want of something fails on the object that has the least.
        if self.wants_little {
            ways.sort_by_key(|(code, _)| code.len());
        }
        let (code, wanted) = ways.into_iter().next()?;
        called.imports.name(&from, class);
        for (module, name) in wanted {
            called.imports.name(&module, &name);
        }
        Some(code)
    }

    fn arguments(&self, args: &Value, project: &Project, place: &Place, imports: &mut Imports) -> Option<Vec<String>> {
        let parameters = &self.function.def.parameters;
        let skip = usize::from(takes_instance(self.function));
        let positional: Vec<_> = parameters.posonlyargs.iter().chain(&parameters.args).skip(skip).collect();
        let mut parts = Vec::new();
        let write = |value: &Value, annotation: Option<&Expr>, imports: &mut Imports| {
            typed(value, annotation, self.module, project, place, imports, 0)
        };
        match args {
            Value::Array(values) => {
                if values.len() > positional.len() && parameters.vararg.is_none() {
                    return None;
                }
                for (at, value) in values.iter().enumerate() {
                    let annotation = positional.get(at).and_then(|p| p.annotation());
                    let annotation = annotation
                        .or_else(|| parameters.vararg.as_deref().filter(|_| at >= positional.len())?.annotation());
                    parts.push(write(value, annotation, imports)?);
                }
            }
            Value::Object(by_name) => {
                for parameter in &parameters.posonlyargs {
                    let name = parameter.parameter.name.as_str();
                    match by_name.get(name) {
                        Some(value) if name != "self" => parts.push(write(value, parameter.annotation(), imports)?),
                        _ => {}
                    }
                }
                for (name, value) in by_name.iter().filter(|(name, _)| !matches!(name.as_str(), "self" | "cls")) {
                    if parameters.posonlyargs.iter().any(|p| p.parameter.name.as_str() == name) {
                        continue;
                    }
                    // What `inspect.signature(…).bind` calls the rest.
                    if parameters.kwarg.as_deref().is_some_and(|kwarg| kwarg.name.as_str() == name) && value.is_object()
                    {
                        for (name, value) in value.as_object()? {
                            parts.push(format!("{}={}", keyword(name)?, write(value, None, imports)?));
                        }
                        continue;
                    }
                    if parameters.vararg.as_deref().is_some_and(|vararg| vararg.name.as_str() == name) {
                        return None;
                    }
                    let parameter = parameters.find(name);
                    if parameter.is_none() && parameters.kwarg.is_none() {
                        return None;
                    }
                    parts.push(format!(
                        "{}={}",
                        keyword(name)?,
                        write(value, parameter.and_then(|p| p.annotation()), imports)?
                    ));
                }
            }
            _ => return None,
        }
        Some(parts)
    }

    /// Whether the handler itself answers such an error, so that its caller never sees it.
    pub fn catches(&self, kind: &str, project: &Project) -> bool {
        let mut families = vec![kind.to_owned()];
        if let Some((home, class)) = project.class(self.module, kind) {
            families.extend(project.ancestors(home, class));
        }
        statements(&self.function.def.body)
            .into_iter()
            .filter_map(Stmt::as_try_stmt)
            .flat_map(|node| &node.handlers)
            .any(|ExceptHandler::ExceptHandler(handler)| match handler.type_.as_deref() {
                Some(types) => {
                    let swallows = !statements(&handler.body).into_iter().any(ruff_python_ast::Stmt::is_raise_stmt);
                    swallows
                        && kinds(types)
                            .iter()
                            .any(|name| families.iter().any(|family| family == name) || *name == "Exception")
                }
                None => true,
            })
    }

    /// The name of an exception class in the test, imported from where it is defined.
    pub fn exception_class(
        &self,
        kind: &str,
        project: &Project,
        place: &Place,
        imports_of_test: &mut Imports,
    ) -> Option<String> {
        let near = std::iter::once(self.module).chain(project.sources());
        for module in near {
            if let Some((home, _)) = project.class(module, kind) {
                imports_of_test.name(&place.module_name(&home.text.path)?, kind);
                return Some(kind.to_owned());
            }
            if let Some(import) = imports(module)
                .into_iter()
                .find(|import| import.local == kind && import.level == 0 && !import.name.is_empty())
            {
                imports_of_test.name(&import.module, &import.name);
                return Some(import.name);
            }
        }
        is_builtin(kind).then(|| kind.to_owned())
    }

    /// Whether an error of class `was` is also one of class `kind`.
    pub fn is_of_class(was: &str, kind: &str) -> bool {
        let parents: &[&str] = match was {
            "JSONDecodeError" | "UnicodeDecodeError" | "StatisticsError" => &["ValueError", "Exception"],
            "KeyError" | "IndexError" => &["LookupError", "Exception"],
            "ZeroDivisionError" | "InvalidOperation" | "DivisionByZero" => &["ArithmeticError", "Exception"],
            _ => &["Exception"],
        };
        was == kind || parents.contains(&kind)
    }

    /// The builtin type of what it returns, when the code says so.
    pub fn returned_type(&self) -> Option<&'static str> {
        const TYPES: [&str; 6] = ["dict", "list", "str", "int", "float", "bool"];
        if let Some(annotation) = self.function.def.returns.as_deref() {
            let name = match annotation {
                Expr::Subscript(node) => callee_name(&node.value),
                Expr::StringLiteral(_) => None,
                other => callee_name(other),
            };
            let name = match name? {
                "Dict" => "dict",
                "List" => "list",
                other => other,
            };
            return TYPES.into_iter().find(|kind| *kind == name);
        }
        let values: Vec<&Expr> = statements(&self.function.def.body)
            .into_iter()
            .filter_map(Stmt::as_return_stmt)
            .filter_map(|node| node.value.as_deref())
            .collect();
        let all = |test: fn(&Expr) -> bool| !values.is_empty() && values.iter().all(|value| test(value));
        if all(|e| e.is_dict_expr() || e.is_dict_comp_expr()) {
            Some("dict")
        } else if all(|e| e.is_list_expr() || e.is_list_comp_expr()) {
            Some("list")
        } else if all(|e| e.is_f_string_expr() || e.is_string_literal_expr()) {
            Some("str")
        } else {
            None
        }
    }

    /// Whether every way out returns a dictionary that is written out, so that its keys are known.
    pub fn returns_literal_keys(&self) -> bool {
        let values: Vec<&Expr> = statements(&self.function.def.body)
            .into_iter()
            .filter_map(Stmt::as_return_stmt)
            .filter_map(|node| node.value.as_deref())
            .collect();
        values.len() == 1
            && values[0].as_dict_expr().is_some_and(|dict| {
                dict.items.iter().all(|item| item.key.as_ref().is_some_and(Expr::is_string_literal_expr))
            })
    }
}

/// A constructor call of a test and the imports that it needs, when everything in it can be said in another file.
fn made_alike(module: &Module, expr: &Expr) -> Option<(String, Vec<(String, String)>)> {
    let mut wanted = Vec::new();
    for part in parts(expr) {
        match part {
            Expr::Name(name) if is_builtin(name.id.as_str()) => {}
            Expr::Name(name) => {
                let name = name.id.as_str();
                let import = imports(module).into_iter().find(|import| import.local == name && import.name == name)?;
                if import.level > 0 {
                    return None;
                }
                wanted.push((import.module, name.to_owned()));
            }
            Expr::Call(_) | Expr::Dict(_) | Expr::List(_) | Expr::Tuple(_) | Expr::Attribute(_) | Expr::UnaryOp(_) => {}
            other if other.is_literal_expr() => {}
            _ => return None,
        }
    }
    let code = module.src(expr);
    (!code.contains('\n') && code.len() < 300).then(|| (code.to_owned(), wanted))
}

/// A name that may stand before `=` in a call.
fn keyword(name: &str) -> Option<&str> {
    let plain = !name.is_empty()
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    plain.then_some(name)
}
