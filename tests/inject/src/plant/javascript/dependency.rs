//! Imports that are gone or lead nowhere.

use oxc::ast::AstKind;
use oxc::ast::ast::{Expression, StringLiteral};
use oxc::span::{GetSpan as _, Span};

use super::{Scene, range};
use crate::fault::{Edit, Fault};
use crate::plan::Capability;

pub(super) fn plant(scene: &Scene, found: &mut Vec<Fault>) {
    let mut push = |rule, edit: Edit, what: String| {
        found.push(Fault {
            capability: Capability::Dependency,
            rule,
            path: scene.code.text.path.clone(),
            place: None,
            edits: vec![edit],
            may_touch: Vec::new(),
            words: None,
            what,
        });
    };
    for kind in scene.code.kinds() {
        let (module, statement) = match kind {
            AstKind::ImportDeclaration(it) => (&it.source, Some(it.span)),
            AstKind::ExportFromDeclaration(it) => (&it.source, None),
            AstKind::CallExpression(call) => {
                let required = matches!(&call.callee, Expression::Identifier(id) if id.name == "require");
                let Some(Expression::StringLiteral(module)) = call.arguments.first().and_then(|it| it.as_expression())
                else {
                    continue;
                };
                if !required {
                    continue;
                }
                (&**module, declared_alone(scene, kind))
            }
            _ => continue,
        };
        let name = module.value.as_str();
        if let Some(lines) = statement.and_then(|span| scene.whole_lines(span)) {
            push("removed-import", Edit::new(lines, ""), format!("`{name}` is not imported"));
        }
        for (rule, other) in elsewhere(name) {
            push(rule, respelled(scene, module, &other), format!("`{name}` is imported as `{other}`"));
        }
    }
}

/// `const x = require('y');` and nothing else.
fn declared_alone(scene: &Scene, call: AstKind) -> Option<Span> {
    let AstKind::VariableDeclarator(declarator) = scene.code.parent(call.node_id()) else { return None };
    let AstKind::VariableDeclaration(all) = scene.code.parent(declarator.node_id.get()) else { return None };
    let top = matches!(scene.code.parent(all.node_id.get()), AstKind::Program(_));
    (top && all.declarations.len() == 1).then_some(all.span)
}

fn respelled(scene: &Scene, module: &StringLiteral, other: &str) -> Edit {
    let quote = scene.src(module.span()).get(..1).unwrap_or("'");
    Edit::new(range(module.span()), format!("{quote}{other}{quote}"))
}

/// Names that a file of the project could have had.
fn elsewhere(name: &str) -> Vec<(&'static str, String)> {
    if !name.starts_with('.') {
        return Vec::new();
    }
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    if file.trim_matches('.').is_empty() {
        return Vec::new();
    }
    let (stem, ending) = match file.rsplit_once('.') {
        Some((stem, ending @ ("js" | "mjs" | "cjs"))) => (stem, format!(".{ending}")),
        _ => (file, String::new()),
    };
    let moved = stem.strip_suffix('s').map_or_else(|| format!("{stem}s"), str::to_owned);
    let mut first = stem.chars();
    let flipped = first.next().map(|c| if c.is_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() });
    let cased = format!("{}{}", flipped.map(String::from).unwrap_or_default(), first.as_str());
    let mut all = vec![
        ("moved-module", format!("{folder}/{moved}{ending}")),
        ("wrong-case", format!("{folder}/{cased}{ending}")),
    ];
    if !ending.is_empty() {
        all.push(("missing-extension", format!("{folder}/{stem}")));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::planted;
    use crate::plan::Capability;

    #[test]
    fn imports_vanish_or_lead_nowhere() {
        let made = planted(Capability::Dependency, "var utils = require('./utils');\nmodule.exports = utils.x;\n");
        let heads: Vec<&str> = made.iter().map(|it| it.1.lines().next().unwrap_or_default()).collect();
        assert_eq!(
            heads,
            ["module.exports = utils.x;", "var utils = require('./util');", "var utils = require('./Utils');",]
        );
        let made = planted(Capability::Dependency, "import { a } from './b.js';\nexport default a;\n");
        assert!(made.iter().any(|it| it.1.starts_with("import { a } from './b';")));
    }
}
