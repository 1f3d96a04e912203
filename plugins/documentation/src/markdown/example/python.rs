//! What a Python example takes from modules, by its syntax tree; interactive sessions (`>>>`) too.

use std::collections::BTreeMap;
use std::ops::Range;

use ruff_python_ast::{Expr, Stmt};
use thymus_python::syntax::{Module, Node, bytes, dotted, walk};
use thymus_sdk::source::Text;

use super::{Call, Example, Use};
use crate::doc::Line;
use crate::markdown::page::{Block, Page};

/// What a local name stands for: a module, and a name of it or all of it.
type Taken = (String, Option<String>);

pub(super) fn read(page: &Page, block: &Block) -> Option<Example> {
    let (content, map) = plain(&page.text.content, block.at.clone());
    let module = Module::parse(Text::new("example.py", content))?;
    let mut example = Example { is_python: true, ..Example::default() };
    let mut known: BTreeMap<String, Taken> = BTreeMap::new();
    walk(&module.tree.body, &mut |node| {
        if let Node::Stmt(statement) = node {
            import(statement, &map, &mut example, &mut known);
        }
        true
    });
    walk(&module.tree.body, &mut |node| {
        if let Node::Expr(expr) = node {
            use_of(expr, &map, &mut example, &known);
        }
        true
    });
    Some(example)
}

/// The code of a block without prompts, output and common indentation, and where each of its bytes stands in the document.
fn plain(content: &str, at: Range<usize>) -> (String, Map) {
    // The block's first line may begin behind its indentation.
    let lines = Line::all(content, at);
    let is_session = lines.iter().any(|line| line.text.trim_start().starts_with(">>>"));
    let indent = lines.iter().skip(1).filter(|line| !line.is_blank()).map(Line::indent).min().unwrap_or(0);
    let first_indent = lines.first().map_or(0, Line::indent);
    let shared = if lines.len() > 1 && first_indent == 0 && indent > 0 && is_inner(&lines) {
        0
    } else {
        indent.min(first_indent)
    };
    let (mut code, mut map) = (String::new(), Map::default());
    for (number, line) in lines.iter().enumerate() {
        let skipped = if is_session {
            let indent = line.indent();
            let body = &line.text[indent..];
            match body.get(..3) {
                Some(">>>" | "...") => indent + (3 + usize::from(body.as_bytes().get(3) == Some(&b' '))),
                _ => continue,
            }
        } else if number == 0 {
            first_indent.min(shared.max(first_indent))
        } else {
            shared.min(line.indent())
        };
        map.lines.push((code.len(), line.start + skipped));
        code.push_str(line.text.get(skipped..).unwrap_or_default());
        code.push('\n');
    }
    (code, map)
}

/// Whether the first line opens a block that the others stand in.
fn is_inner(lines: &[Line]) -> bool {
    lines.first().is_some_and(|line| line.text.trim_end().ends_with([':', '(', '[', '{']))
}

/// From bytes of the code to bytes of the document.
#[derive(Default)]
struct Map {
    lines: Vec<(usize, usize)>,
}

impl Map {
    fn range(&self, range: Range<usize>) -> Range<usize> {
        let at = |byte: usize| {
            let line = self.lines.partition_point(|(start, _)| *start <= byte).saturating_sub(1);
            self.lines.get(line).map_or(byte, |(start, there)| there + byte - start)
        };
        let start = at(range.start);
        start..start + range.len()
    }
}

fn import(statement: &Stmt, map: &Map, example: &mut Example, known: &mut BTreeMap<String, Taken>) {
    match statement {
        Stmt::ImportFrom(import) if import.level == 0 => {
            let Some(module) = &import.module else { return };
            let module_at = map.range(bytes(module));
            let whole = Use {
                module: module.to_string(),
                module_at: module_at.clone(),
                name: None,
                is_required: false,
                places: Vec::new(),
            };
            example.uses.push(whole);
            for alias in import.names.iter().filter(|alias| alias.name.as_str() != "*") {
                let (module, name) = (module.to_string(), Some(alias.name.to_string()));
                let places = vec![map.range(bytes(&alias.name))];
                let local = alias.asname.as_ref().unwrap_or(&alias.name).to_string();
                known.insert(local, (module.clone(), name.clone()));
                example.uses.push(Use { module, module_at: module_at.clone(), name, is_required: false, places });
            }
        }
        Stmt::Import(import) => {
            for alias in &import.names {
                let module = alias.name.to_string();
                let local = alias.asname.as_ref().map_or_else(|| module.clone(), ToString::to_string);
                known.insert(local, (module.clone(), None));
                let module_at = map.range(bytes(&alias.name));
                example.uses.push(Use { module, module_at, name: None, is_required: false, places: Vec::new() });
            }
        }
        _ => {}
    }
}

fn use_of(expr: &Expr, map: &Map, example: &mut Example, known: &BTreeMap<String, Taken>) {
    match expr {
        Expr::Name(name) => {
            let Some((module, Some(taken))) = known.get(name.id.as_str()) else { return };
            if name.id.as_str() == taken {
                let place = map.range(bytes(name));
                let same = |other: &&mut Use| other.module == *module && other.name.as_ref() == Some(taken);
                if let Some(found) = example.uses.iter_mut().find(same) {
                    found.places.push(place);
                }
            }
        }
        Expr::Attribute(attribute) => {
            let Some(object) = dotted(&attribute.value) else { return };
            let Some((module, None)) = known.get(&object) else { return };
            let at = map.range(bytes(&attribute.attr));
            let name = Some(attribute.attr.to_string());
            example.uses.push(Use {
                module: module.clone(),
                module_at: at.start..at.start,
                name,
                is_required: false,
                places: vec![at],
            });
        }
        Expr::Call(call) => {
            let taken = match &*call.func {
                Expr::Name(name) => known.get(name.id.as_str()).cloned(),
                Expr::Attribute(attribute) => dotted(&attribute.value)
                    .and_then(|object| known.get(&object).cloned())
                    .filter(|taken| taken.1.is_none())
                    .map(|taken| (taken.0, Some(attribute.attr.to_string()))),
                _ => None,
            };
            let Some((module, Some(name))) = taken else { return };
            let options = call.arguments.keywords.iter().filter_map(|keyword| {
                let name = keyword.arg.as_ref()?;
                Some((name.to_string(), map.range(bytes(name))))
            });
            let options: Vec<_> = options.collect();
            if !options.is_empty() {
                example.calls.push(Call { module, name, options, position: None });
            }
        }
        _ => {}
    }
}
