//! One source file as a syntax tree with its names resolved, and the questions that rules ask of it. Only reads.

use std::ops::Range;

use oxc::allocator::Allocator;
use oxc::ast::AstKind;
use oxc::ast::ast::{
    ArrowFunctionBody, BindingPattern, Expression, FormalParameters, FunctionBody, IdentifierReference, PropertyKey,
    TSTypeAnnotation,
};
use oxc::parser::Parser;
use oxc::semantic::{NodeId, Semantic, SemanticBuilder, SymbolId};
use oxc::span::{GetSpan as _, SourceType, Span};
use thymus_sdk::source::Text;

use super::nesting::is_shallow;

/// Larger files are generated or data.
const LARGEST: usize = 1 << 20;

/// A parsed file. It borrows the arena that its tree lies in.
pub struct Code<'a> {
    /// The file.
    pub text: &'a Text,
    /// Its tree, its scopes and its names.
    pub semantic: Semantic<'a>,
}

/// What is common to functions, methods and arrow functions.
#[derive(Clone, Copy)]
pub struct Func<'a> {
    /// Its node.
    pub id: NodeId,
    /// Where it stands, from `async` or `function` on; of a method, from its parentheses on.
    pub span: Span,
    /// Declared `async`.
    pub is_async: bool,
    /// Declared with `*`.
    pub is_generator: bool,
    /// Its parameters.
    pub params: &'a FormalParameters<'a>,
    /// What it does.
    pub body: Body<'a>,
    /// What TypeScript says it returns.
    pub return_type: Option<&'a TSTypeAnnotation<'a>>,
}

/// What a function consists of.
#[derive(Clone, Copy)]
pub enum Body<'a> {
    /// Statements in braces.
    Block(&'a FunctionBody<'a>),
    /// `() => expression`
    Expression(&'a Expression<'a>),
    /// A declaration of TypeScript.
    None,
}

/// Whether a path names JavaScript or TypeScript.
pub fn is_script(path: &str) -> bool {
    source_type(path).is_some()
}

fn source_type(path: &str) -> Option<SourceType> {
    if path.ends_with(".d.ts") || path.ends_with(".min.js") {
        return None;
    }
    match path.rsplit_once('.')?.1 {
        // Whether it is a module stands in the next package.json; the parser can tell by what it finds.
        "js" | "jsx" => Some(SourceType::unambiguous().with_jsx(true)),
        "mjs" | "cjs" | "ts" | "mts" | "cts" | "tsx" => SourceType::from_path(path).ok(),
        _ => None,
    }
}

/// Whether a text is a program without any error that can be told without running it.
pub fn is_sound(path: &str, content: &str) -> bool {
    let allocator = Allocator::default();
    let text = Text::new(path, content);
    Code::parse(&allocator, &text).is_some()
}

impl<'a> Code<'a> {
    /// None when it is no script, too large, nested too deeply, or wrong.
    pub fn parse(allocator: &'a Allocator, text: &'a Text) -> Option<Self> {
        if text.content.len() > LARGEST || !is_shallow(&text.content) {
            return None;
        }
        let parsed = Parser::new(allocator, &text.content, source_type(&text.path)?).parse();
        if parsed.panicked || parsed.diagnostics.has_errors() {
            return None;
        }
        let program = allocator.alloc(parsed.program);
        let built = SemanticBuilder::new().with_build_nodes(true).with_check_syntax_error(true).build(program);
        (!built.diagnostics.has_errors()).then_some(Self { text, semantic: built.semantic })
    }

    /// What stands there.
    pub fn slice(&self, span: Span) -> &'a str {
        self.text.content.get(range(span)).unwrap_or_default()
    }

    /// A node.
    pub fn kind(&self, id: NodeId) -> AstKind<'a> {
        self.semantic.nodes().kind(id)
    }

    /// Every node, parents before their children.
    pub fn kinds(&self) -> impl Iterator<Item = AstKind<'a>> + '_ {
        self.semantic.nodes().iter().map(oxc::semantic::AstNode::kind)
    }

    /// The node around a node.
    pub fn parent(&self, id: NodeId) -> AstKind<'a> {
        self.semantic.nodes().parent_kind(id)
    }

    /// The parents, from the inside out, the program last.
    pub fn ancestors(&self, id: NodeId) -> impl Iterator<Item = AstKind<'a>> + '_ {
        self.semantic.nodes().ancestor_kinds(id)
    }

    /// Those nodes that lie inside a span.
    pub fn inside(&self, span: Span) -> impl Iterator<Item = AstKind<'a>> + '_ {
        self.kinds().filter(move |kind| span.start <= kind.span().start && kind.span().end <= span.end)
    }

    /// The innermost function around a node.
    pub fn function_of(&self, id: NodeId) -> Option<Func<'a>> {
        self.ancestors(id).find_map(|kind| as_function(kind))
    }

    /// Every function, in source order.
    pub fn functions(&self) -> impl Iterator<Item = Func<'a>> + '_ {
        self.kinds().filter_map(|kind| as_function(kind))
    }

    /// The name a function is called by: its own, or that of the variable, property or method that holds it.
    pub fn function_name(&self, function: &Func<'a>) -> Option<&'a str> {
        if let AstKind::Function(own) = self.kind(function.id)
            && let Some(id) = &own.id
        {
            return Some(id.name.as_str());
        }
        match self.parent(function.id) {
            AstKind::VariableDeclarator(declarator) => match &declarator.id {
                BindingPattern::BindingIdentifier(id) => Some(id.name.as_str()),
                _ => None,
            },
            AstKind::MethodDefinition(method) => key_name(&method.key),
            AstKind::ObjectProperty(property) => key_name(&property.key),
            AstKind::PropertyDefinition(property) => key_name(&property.key),
            assigned @ AstKind::AssignmentExpression(assignment) => {
                let target = self.slice(assignment.left.span());
                // `const parse = module.exports = …`
                if let (true, AstKind::VariableDeclarator(declarator)) =
                    (target == "module.exports", self.parent(assigned.node_id()))
                    && let BindingPattern::BindingIdentifier(id) = &declarator.id
                {
                    return Some(id.name.as_str());
                }
                target.rsplit('.').next().filter(|name| is_name(name) && target != "module.exports")
            }
            _ => None,
        }
    }

    /// The functions of that name.
    pub fn functions_named(&self, name: &str) -> Vec<Func<'a>> {
        self.functions().filter(|function| self.function_name(function) == Some(name)).collect()
    }

    /// The statement that a node belongs to, as it stands in a block, a function or the file.
    pub fn statement_of(&self, id: NodeId) -> Option<AstKind<'a>> {
        let mut inner = self.kind(id);
        for outer in self.ancestors(id) {
            match outer {
                AstKind::FunctionBody(_) | AstKind::BlockStatement(_) | AstKind::Program(_) => return Some(inner),
                AstKind::Function(_) | AstKind::ArrowFunctionExpression(_) => return None,
                _ => inner = outer,
            }
        }
        None
    }

    /// What a name means here; none for globals.
    pub fn resolve(&self, name: &IdentifierReference<'_>) -> Option<SymbolId> {
        let reference = name.reference_id.get()?;
        self.semantic.scoping().get_reference(reference).symbol_id()
    }

    /// The node that declares a name: a declarator, a parameter, a function, an import.
    pub fn declaration(&self, symbol: SymbolId) -> AstKind<'a> {
        self.kind(self.semantic.scoping().symbol_declaration(symbol))
    }

    /// The node that declares what a name means.
    pub fn declaration_of(&self, name: &IdentifierReference<'_>) -> Option<AstKind<'a>> {
        self.resolve(name).map(|symbol| self.declaration(symbol))
    }

    /// Every use of a name.
    pub fn references(&self, symbol: SymbolId) -> impl Iterator<Item = AstKind<'a>> + '_ {
        self.semantic.scoping().get_resolved_references(symbol).map(|reference| self.kind(reference.node_id()))
    }

    /// Whether a name is assigned again after its declaration.
    pub fn is_reassigned(&self, symbol: SymbolId) -> bool {
        self.semantic.scoping().symbol_is_mutated(symbol)
    }

    /// The comment block that ends right before a node, as in `JSDoc`.
    pub fn doc_before(&self, start: u32) -> Option<&'a str> {
        let before = self.text.content.get(..start as usize)?.trim_end();
        let before = ["export default", "export", "async", "static", "public", "private", "module.exports ="]
            .iter()
            .fold(before, |text, word| text.strip_suffix(word).unwrap_or(text).trim_end());
        let body = before.strip_suffix("*/")?;
        Some(&body[body.rfind("/**")?..])
    }

    /// The `JSDoc` of a function.
    pub fn doc_of(&self, function: &Func<'a>) -> Option<&'a str> {
        let own = function.span.start;
        let holder = self.statement_of(function.id).map_or(own, |statement| statement.span().start);
        let method = match self.parent(function.id) {
            AstKind::MethodDefinition(method) => method.span.start,
            AstKind::ObjectProperty(property) => property.span.start,
            AstKind::PropertyDefinition(property) => property.span.start,
            _ => own,
        };
        [own, method, holder].into_iter().find_map(|start| self.doc_before(start))
    }

    /// The line of a byte, counted from 1.
    pub fn line(&self, at: u32) -> u32 {
        self.text.line_column(at as usize).0
    }

    /// The byte at a place that V8 names: columns count UTF-16 code units.
    pub fn offset_of(&self, line: u32, column: u32) -> Option<usize> {
        let range = self.text.line(line)?;
        let mut units = column.checked_sub(1)?;
        for (at, letter) in self.text.content[range.clone()].char_indices() {
            if units == 0 {
                return Some(range.start + at);
            }
            units = units.checked_sub(u32::try_from(letter.len_utf16()).ok()?)?;
        }
        (units == 0).then_some(range.end)
    }
}

/// A function, if the node is one.
pub fn as_function(kind: AstKind<'_>) -> Option<Func<'_>> {
    match kind {
        AstKind::Function(function) => Some(Func {
            id: kind.node_id(),
            span: function.span,
            is_async: function.r#async,
            is_generator: function.generator,
            params: &function.params,
            body: function.body.as_deref().map_or(Body::None, Body::Block),
            return_type: function.return_type.as_deref(),
        }),
        AstKind::ArrowFunctionExpression(arrow) => Some(Func {
            id: kind.node_id(),
            span: arrow.span,
            is_async: arrow.r#async,
            is_generator: false,
            params: &arrow.params,
            body: match &arrow.body {
                ArrowFunctionBody::FunctionBody(body) => Body::Block(body),
                body => body.as_expression().map_or(Body::None, Body::Expression),
            },
            return_type: arrow.return_type.as_deref(),
        }),
        _ => None,
    }
}

/// The name of a property, when it is written down.
pub fn key_name<'a>(key: &PropertyKey<'a>) -> Option<&'a str> {
    match key {
        PropertyKey::StaticIdentifier(name) => Some(name.name.as_str()),
        PropertyKey::StringLiteral(name) => Some(name.value.as_str()),
        _ => None,
    }
}

/// Without parentheses, and without what TypeScript adds to an expression.
pub fn bare<'a, 'e>(expression: &'e Expression<'a>) -> &'e Expression<'a> {
    let mut inner = expression;
    loop {
        inner = match inner {
            Expression::ParenthesizedExpression(it) => &it.expression,
            Expression::TSAsExpression(it) => &it.expression,
            Expression::TSSatisfiesExpression(it) => &it.expression,
            Expression::TSNonNullExpression(it) => &it.expression,
            Expression::TSTypeAssertion(it) => &it.expression,
            other => return other,
        }
    }
}

/// A span as bytes.
pub fn range(span: Span) -> Range<usize> {
    span.start as usize..span.end as usize
}

/// Whether a text is a plain name.
pub fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$'))
}

/// A handler's last name, as telemetry spells it: the part behind the last dot, colon or slash.
pub fn last_segment(name: &str) -> &str {
    name.rsplit(['.', ':', '#', '/']).next().unwrap_or(name)
}
