//! JavaScript and TypeScript: functions with their doc comments, and the classes of a file.

mod functions;
mod jsdoc;
mod surface;
mod throws;

use std::ops::Range;

use oxc::allocator::Allocator;
use oxc::ast::AstKind;
use oxc::span::GetSpan as _;
use thymus_javascript::code::{Code, range};
use thymus_sdk::source::Text;

pub use surface::surface;

use crate::classes::Classes;
use crate::documented::Documented;

/// Whether a comment could say anything that code contradicts; cheaper than parsing.
pub fn is_worth_reading(content: &str) -> bool {
    content.contains("/**")
        && ["@param", "@arg", "@return", "@throws", "@exception"].iter().any(|tag| content.contains(tag))
}

/// Every documented function of a file.
pub fn functions(code: &Code) -> Vec<Documented> {
    functions::documented(code)
}

/// What a file adds to the project's classes.
pub fn classes(code: &Code, classes: &mut Classes) {
    for kind in code.kinds() {
        match kind {
            AstKind::Class(class) => {
                let base = class.heritage.as_ref().map(|base| code.slice(base.expression.span()));
                let base = base.and_then(|base| base.rsplit('.').next()).map(str::to_owned);
                class.id.iter().for_each(|id| classes.define(id.name.as_str(), base.clone()));
            }
            AstKind::NewExpression(new) => {
                let name = code.slice(new.callee.span());
                classes.mention(name.rsplit('.').next().unwrap_or(name));
            }
            AstKind::BindingIdentifier(id) if id.name.starts_with(|c: char| c.is_uppercase()) => {
                classes.mention(id.name.as_str());
            }
            _ => {}
        }
    }
}

/// The comments of a file, which a repair may touch; none when it does not parse.
pub fn comments(text: &Text) -> Option<Vec<Range<usize>>> {
    let allocator = Allocator::default();
    let code = Code::parse(&allocator, text)?;
    Some(code.semantic.comments().iter().map(|comment| range(comment.span)).collect())
}
