//! Lines of a test file that note the order in which functions are called.
//!
//! An ECMAScript module's exports can't be replaced from outside, so Node.js is asked to load the file with an end of its
//! own, which puts a noting function in the place of each; then calls within the file are noted too. What a `CommonJS`
//! module exports is replaced before anybody takes it.

use oxc::ast::AstKind;
use thymus_javascript::code::Code;
use thymus_javascript::exports::{Export, export_of, import_of, is_module};
use thymus_javascript::project::{Project, relative};
use thymus_javascript::testing::Framework;
use thymus_javascript::testing::assertions::equal;
use thymus_javascript::testing::framework::{Asserts, Kind};

use super::flow::callee_name;
use crate::flow::Flow;
use crate::wanted::Wanted;

/// What is recorded, and what the record should be.
#[derive(Debug)]
pub struct Recorder {
    /// Files and the functions that are recorded in each.
    files: Vec<(String, Vec<String>)>,
    /// Written as ECMAScript modules.
    pub is_module: bool,
    wanted: Wanted,
}

impl Recorder {
    /// Of the calls that are wanted; none when one of them can't be recorded, or the framework loads files in its own way.
    pub fn of(wanted: Wanted, flow: &Flow, framework: &Framework, project: &Project) -> Option<Self> {
        let is_plain = matches!(framework.kind, Kind::Node | Kind::Mocha)
            && matches!(framework.asserts, Asserts::Node { .. } | Asserts::Chai | Asserts::ChaiAssert);
        if !is_plain || !framework.suffix.ends_with("js") {
            return None;
        }
        let module = project.ask(&flow.path, is_module)?;
        let mut files: Vec<(String, Vec<String>)> = Vec::new();
        for name in wanted.names() {
            let path = declared_in(name, flow, project)?;
            let recordable = project.ask(&path, |code| {
                if module { is_declaration(code, name) } else { path != flow.path && is_property(code, name) }
            })?;
            if !recordable {
                return None;
            }
            match files.iter_mut().find(|(known, _)| *known == path) {
                Some((_, names)) => names.push(name.to_owned()),
                None => files.push((path, vec![name.to_owned()])),
            }
        }
        Some(Self { files, is_module: module, wanted })
    }

    /// The title of the test.
    pub fn title(&self) -> &str {
        &self.wanted.words
    }

    /// The imports of the recording itself.
    pub fn imports(&self, framework: &Framework) -> Vec<String> {
        let style = &framework.style;
        if self.is_module {
            vec![format!("import {{ register }} from {}{}", style.string("node:module"), style.semicolon)]
        } else {
            Vec::new()
        }
    }

    /// What must stand before the files under test are loaded.
    pub fn lines(&self, framework: &Framework, order: &str) -> Vec<String> {
        let style = &framework.style;
        let (indent, end) = (&style.indent, &style.semicolon);
        let place = |path: &str| style.string(&relative(&format!("{}x", framework.folder), path));
        let names = |names: &[String]| names.iter().map(|name| style.string(name)).collect::<Vec<_>>().join(", ");
        let mut lines = vec![format!("const {order} = []{end}")];
        if !self.is_module {
            for (path, functions) in &self.files {
                lines.push(format!("for (const name of [{}]) {{", names(functions)));
                lines.push(format!("{indent}const module = require({}){end}", place(path)));
                lines.push(format!("{indent}const called = module[name]{end}"));
                lines.push(format!("{indent}module[name] = function (...args) {{"));
                lines.push(format!("{indent}{indent}{order}.push(name){end}"));
                lines.push(format!("{indent}{indent}return called.apply(this, args){end}"));
                lines.push(format!("{indent}}}{end}"));
                lines.push("}".to_owned());
            }
            return lines;
        }
        let url = |path: &str| format!("[new URL({}, import.meta.url).href]", place(path));
        lines.push(format!("globalThis.noteCall = (name) => {order}.push(name){end}"));
        lines.push(
            "// At the end of its file, each of these functions makes way for one that notes the call.".to_owned(),
        );
        lines.push("const noted = {".to_owned());
        for (path, functions) in &self.files {
            lines.push(format!("{indent}{}: [{}],", url(path), names(functions)));
        }
        lines.push(format!("}}{end}"));
        lines.push("const hooks = `export async function load(url, context, next) {".to_owned());
        lines.push(format!("{indent}const loaded = await next(url, context){end}"));
        lines.push(format!("{indent}const notes = (${{JSON.stringify(noted)}}[url] ?? []).map((name) =>"));
        lines.push(format!(
            "{indent}{indent}'{{ const called = ' + name + '; ' + name + ' = function (...args) {{ noteCall(\"' + name + '\"); return called.apply(this, args); }}; }}'){end}"
        ));
        lines.push(format!("{indent}if (notes.length === 0) return loaded{end}"));
        lines.push(format!(
            "{indent}return {{ ...loaded, source: [Buffer.from(loaded.source).toString(), ...notes].join(String.fromCharCode(10)) }}{end}"
        ));
        lines.push(format!("}}`{end}"));
        lines.push(format!("register(`data:text/javascript,${{encodeURIComponent(hooks)}}`){end}"));
        lines
    }

    /// What the test says at its end.
    pub fn assertion(&self, framework: &Framework, order: &str) -> String {
        let style = &framework.style;
        let joined = format!("{order}.join({})", style.string(", "));
        equal(framework, &joined, &style.string(&self.wanted.calls.join(", ")))
    }
}

/// The file in which a beat that a flow calls is declared.
fn declared_in(name: &str, flow: &Flow, project: &Project) -> Option<String> {
    let here = project.ask(&flow.path, |code| {
        let declared = code.functions_named(name).len() == 1;
        let imported = import_of(code, project, name);
        let through = code.kinds().find_map(|kind| match kind {
            AstKind::CallExpression(call) if callee_name(call) == Some(name) => {
                let member = call.callee.get_member_expr()?;
                let owner = member.object().get_identifier_reference()?;
                import_of(code, project, owner.name.as_str())
            }
            _ => None,
        });
        imported.or(through).or_else(|| declared.then(|| flow.path.clone()))
    })?;
    // Through an object that was handed in: the only file that declares it.
    here.or_else(|| {
        let mut found = project.scripts().iter().filter(|path| {
            !thymus_javascript::project::is_test(path)
                && project.text(path).is_some_and(|text| text.content.contains(name))
                && project.ask(path, |code| is_declaration(code, name)) == Some(true)
        });
        let first = found.next()?.clone();
        found.next().is_none().then_some(first)
    })
}

/// A function declaration at the top of a file: its name can be given another function.
fn is_declaration(code: &Code, name: &str) -> bool {
    let named = code.functions_named(name);
    let [function] = named.as_slice() else { return false };
    let own =
        matches!(code.kind(function.id), AstKind::Function(one) if one.id.as_ref().is_some_and(|id| id.name == name));
    let is_within = |kind: AstKind| {
        matches!(
            kind,
            AstKind::FunctionBody(_) | AstKind::BlockStatement(_) | AstKind::Class(_) | AstKind::VariableDeclarator(_)
        )
    };
    own && !code.ancestors(function.id).any(is_within)
}

/// What a file hands out as a property of its exports.
fn is_property(code: &Code, name: &str) -> bool {
    matches!(export_of(code, name), Some(Export::Named(exported) | Export::OfDefault(exported)) if exported == name)
}
