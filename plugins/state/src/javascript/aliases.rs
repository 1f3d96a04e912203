//! Which names of a function lead into a value: the parameter, what was taken out of it, the elements that a loop runs
//! over. A copy is told from the value, but its entries are still the value's own.

use std::collections::BTreeMap;

use oxc::ast::AstKind;
use oxc::ast::ast::{
    Argument, ArrayExpressionElement, AssignmentTarget, BindingPattern, CallExpression, ChainElement, Expression,
    ForStatementLeft, ObjectPropertyKind,
};
use oxc::semantic::SymbolId;
use oxc::span::{GetSpan as _, Span};
use thymus_javascript::code::{Code, Func, as_function, bare};

use crate::differences::{Place, Step};

/// How often names are followed to further names.
const ROUNDS: usize = 4;
/// Deeper expressions are not followed.
const DEEPEST: usize = 12;
/// Methods that give back the very list they are called on.
const SAME: [&str; 4] = ["sort", "reverse", "fill", "copyWithin"];
/// Methods that give a new list with the same elements.
const FRESH: [&str; 7] = ["slice", "filter", "concat", "toSorted", "toReversed", "toSpliced", "flat"];
/// Methods that give one of the elements.
const ELEMENT: [&str; 6] = ["find", "findLast", "at", "pop", "shift", "get"];
/// Methods that call a function with each element.
const EACH: [&str; 10] =
    ["forEach", "map", "filter", "some", "every", "find", "findIndex", "flatMap", "sort", "toSorted"];

/// A way into the watched value.
#[derive(Clone, Debug, PartialEq)]
pub struct Alias {
    /// Which of its containers.
    pub place: Place,
    /// It is a copy of that container; only its entries are shared.
    pub fresh: bool,
}

impl Alias {
    /// The value itself.
    pub fn whole() -> Self {
        Self { place: Place::default(), fresh: false }
    }

    fn step(&self, step: Step) -> Self {
        Self { place: self.place.then(step), fresh: false }
    }

    fn copied(self) -> Self {
        Self { fresh: true, ..self }
    }
}

/// The names that lead into a value.
#[derive(Clone, Debug, Default)]
pub struct Aliases {
    names: BTreeMap<SymbolId, Alias>,
    /// From where on a name means something else.
    until: BTreeMap<SymbolId, u32>,
}

impl Aliases {
    /// Those of a parameter, and of what is made of it inside of the function.
    pub fn of_parameter(code: &Code<'_>, function: &Func<'_>, at: usize) -> Option<Self> {
        let mut aliases = Self::default();
        if let Some(parameter) = function.params.items.get(at) {
            aliases.bind(&parameter.pattern, &Alias::whole(), 0);
        } else {
            // `(...items)`: one of the rest.
            let rest = function.params.rest.as_ref()?;
            aliases.bind(&rest.rest.argument, &Alias::whole().copied(), 0);
        }
        aliases.follow(code, function.span);
        Some(aliases)
    }

    /// Those of a name outside of the function.
    pub fn of_symbol(code: &Code<'_>, symbol: SymbolId, within: Span) -> Self {
        let mut aliases = Self { names: BTreeMap::from([(symbol, Alias::whole())]), until: BTreeMap::new() };
        aliases.follow(code, within);
        aliases
    }

    /// What a name leads to.
    pub fn named(&self, symbol: SymbolId) -> Option<&Alias> {
        self.names.get(&symbol)
    }

    /// Where an expression leads to; none where it is something else.
    pub fn of(&self, code: &Code<'_>, expression: &Expression<'_>) -> Option<Alias> {
        self.at_depth(code, expression, 0)
    }

    fn at_depth(&self, code: &Code<'_>, expression: &Expression<'_>, depth: usize) -> Option<Alias> {
        if depth > DEEPEST {
            return None;
        }
        let of = |inner: &Expression<'_>| self.at_depth(code, inner, depth + 1);
        match bare(expression) {
            Expression::Identifier(name) => {
                let symbol = code.resolve(name)?;
                let alias = self.names.get(&symbol)?;
                let over = self.until.get(&symbol).is_some_and(|until| name.span.start >= *until);
                (!over).then(|| alias.clone())
            }
            Expression::StaticMemberExpression(member) => {
                Some(of(&member.object)?.step(Step::Key(member.property.name.to_string())))
            }
            Expression::ComputedMemberExpression(member) => Some(of(&member.object)?.step(key(&member.expression))),
            Expression::ChainExpression(chain) => match &chain.expression {
                ChainElement::StaticMemberExpression(member) => {
                    Some(of(&member.object)?.step(Step::Key(member.property.name.to_string())))
                }
                ChainElement::ComputedMemberExpression(member) => {
                    Some(of(&member.object)?.step(key(&member.expression)))
                }
                ChainElement::CallExpression(call) => self.of_call(code, call, depth),
                _ => None,
            },
            Expression::LogicalExpression(it) => of(&it.left).or_else(|| of(&it.right)),
            Expression::ConditionalExpression(it) => of(&it.consequent).or_else(|| of(&it.alternate)),
            Expression::AssignmentExpression(it) => of(&it.right),
            Expression::AwaitExpression(it) => of(&it.argument),
            Expression::CallExpression(call) => self.of_call(code, call, depth),
            Expression::ArrayExpression(list) => list.elements.iter().find_map(|element| match element {
                ArrayExpressionElement::SpreadElement(spread) => of(&spread.argument).map(Alias::copied),
                _ => None,
            }),
            Expression::ObjectExpression(object) => {
                // With copies of entries too, it is a deeper copy than can be followed.
                let deeper = object.properties.iter().any(|property| match property {
                    ObjectPropertyKind::ObjectProperty(property) => of(&property.value).is_some(),
                    ObjectPropertyKind::SpreadProperty(_) => false,
                });
                object.properties.iter().find_map(|property| match property {
                    ObjectPropertyKind::SpreadProperty(spread) if !deeper => of(&spread.argument).map(Alias::copied),
                    _ => None,
                })
            }
            _ => None,
        }
    }

    fn of_call(&self, code: &Code<'_>, call: &CallExpression<'_>, depth: usize) -> Option<Alias> {
        let Expression::StaticMemberExpression(callee) = bare(&call.callee) else { return None };
        let (of, method) = (&callee.object, callee.property.name.as_str());
        let first = || self.at_depth(code, call.arguments.first()?.as_expression()?, depth + 1);
        if let Expression::Identifier(name) = bare(of) {
            match (name.name.as_str(), method) {
                ("Object", "assign" | "freeze" | "seal") => return first(),
                ("Object", "values") | ("Array", "from") => return first().map(Alias::copied),
                _ => {}
            }
        }
        let alias = self.at_depth(code, of, depth + 1)?;
        match method {
            _ if SAME.contains(&method) => Some(alias),
            _ if FRESH.contains(&method) => Some(alias.copied()),
            _ if ELEMENT.contains(&method) => Some(alias.step(Step::Any)),
            _ => None,
        }
    }

    fn follow(&mut self, code: &Code<'_>, within: Span) {
        for _ in 0..ROUNDS {
            let before = self.names.len();
            // First where names end, so that nothing is followed from them that they no longer mean.
            for kind in code.inside(within) {
                self.ends(code, kind);
            }
            for kind in code.inside(within) {
                self.follow_node(code, kind);
            }
            if self.names.len() == before {
                break;
            }
        }
    }

    fn follow_node(&mut self, code: &Code<'_>, kind: AstKind<'_>) {
        match kind {
            AstKind::VariableDeclarator(declarator) => {
                if let Some(alias) = declarator.init.as_ref().and_then(|init| self.of(code, init)) {
                    self.bind(&declarator.id, &alias, 0);
                }
            }
            AstKind::ForOfStatement(statement) => {
                let Some(alias) = self.of(code, &statement.right) else { return };
                if let ForStatementLeft::VariableDeclaration(declaration) = &statement.left
                    && let Some(declarator) = declaration.declarations.first()
                {
                    self.bind(&declarator.id, &alias.step(Step::Any), 0);
                }
            }
            AstKind::CallExpression(call) => {
                let Expression::StaticMemberExpression(callee) = bare(&call.callee) else { return };
                let method = callee.property.name.as_str();
                let place = usize::from(!EACH.contains(&method));
                if place == 1 && !matches!(method, "reduce" | "reduceRight") {
                    return;
                }
                let Some(alias) = self.of(code, &callee.object) else { return };
                let Some(given) = call.arguments.first().and_then(Argument::as_expression) else { return };
                let function = code.inside(given.span()).find_map(as_function).filter(|it| it.span == given.span());
                if let Some(parameter) = function.and_then(|function| function.params.items.get(place)) {
                    self.bind(&parameter.pattern, &alias.step(Step::Any), 0);
                }
            }
            _ => {}
        }
    }

    /// `items = [...items];` as a statement: from there on the name is another value's.
    fn ends(&mut self, code: &Code<'_>, kind: AstKind<'_>) {
        let AstKind::ExpressionStatement(statement) = kind else { return };
        let Expression::AssignmentExpression(assignment) = bare(&statement.expression) else { return };
        let AssignmentTarget::AssignmentTargetIdentifier(name) = &assignment.left else { return };
        let Some(symbol) = code.resolve(name) else { return };
        if self.names.contains_key(&symbol) && self.of(code, &assignment.right).is_none_or(|alias| alias.fresh) {
            let until = self.until.entry(symbol).or_insert(statement.span.end);
            *until = statement.span.end.min(*until);
        }
    }

    fn bind(&mut self, pattern: &BindingPattern<'_>, alias: &Alias, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        match pattern {
            BindingPattern::BindingIdentifier(name) => {
                if let Some(symbol) = name.symbol_id.get() {
                    self.names.entry(symbol).or_insert_with(|| alias.clone());
                }
            }
            BindingPattern::ObjectPattern(object) => {
                for property in &object.properties {
                    let step = property.key.static_name().map_or(Step::Any, |name| Step::Key(name.into_owned()));
                    self.bind(&property.value, &alias.step(step), depth + 1);
                }
                if let Some(rest) = &object.rest {
                    self.bind(&rest.argument, &alias.clone().copied(), depth + 1);
                }
            }
            BindingPattern::ArrayPattern(list) => {
                for element in list.elements.iter().flatten() {
                    self.bind(element, &alias.step(Step::Any), depth + 1);
                }
                if let Some(rest) = &list.rest {
                    self.bind(&rest.argument, &alias.clone().copied(), depth + 1);
                }
            }
            BindingPattern::AssignmentPattern(default) => self.bind(&default.left, alias, depth + 1),
        }
    }
}

fn key(expression: &Expression<'_>) -> Step {
    match bare(expression) {
        Expression::StringLiteral(text) => Step::Key(text.value.to_string()),
        _ => Step::Any,
    }
}
