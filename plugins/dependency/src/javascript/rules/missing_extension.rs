//! An import without the extension, or of a folder: Node resolves neither in ECMAScript modules.

use super::{file, places, proof};
use crate::fault::Fault;
use crate::javascript::redirect::redirect;
use crate::javascript::resolve::{Target, resolve};
use crate::javascript::survey::Survey;
use crate::repair::Repair;

/// The specifier with the extension.
pub fn repair(fault: &Fault, survey: &Survey) -> Option<Repair> {
    let targets = fault.sites.iter().map(|site| resolve(&site.path, &site.written, &survey.files));
    let found: Option<Vec<String>> = targets
        .map(|target| match target {
            Target::File { path, is_exact: false } => Some(path),
            _ => None,
        })
        .collect();
    let found = found?;
    let to = found.first().filter(|first| found.iter().all(|path| path == *first))?;
    let changes = redirect(fault, to, true, survey)?;
    Some(Repair {
        title: format!("Import {} by its whole name", file(to)),
        explanation: format!(
            "In ECMAScript modules Node adds no extension and looks for no index file: `{}` in {} is not found, though \
             `{to}` is there. The import now names the file.",
            fault.sites[0].written,
            places(fault),
        ),
        changes,
        confidence: 0.97,
        proof: proof(fault, survey),
    })
}

#[cfg(test)]
mod tests {
    use crate::javascript::rules::examples::Example;

    #[test]
    fn a_module_is_imported_by_its_whole_name() {
        Example::of(&[
            ("package.json", r#"{ "type": "module" }"#),
            ("src/cart.js", "import { total } from './money';\nimport tax from \"./tax\";\n\nexport const sum = () => total() + tax();\n"),
            ("src/money.js", "export const total = () => 1;\n"),
            ("src/tax/index.js", "export default () => 2;\n"),
        ])
        .repairs("src/cart.js", "from './money';", "from './money.js';")
        .repairs("src/cart.js", "from \"./tax\";", "from \"./tax/index.js\";")
        .is_sure(2);
    }

    #[test]
    fn what_a_build_resolves_is_nothing() {
        for more in
            [("tsconfig.json", "{}"), ("package.json", r#"{ "type": "module", "devDependencies": { "vite": "5" } }"#)]
        {
            Example::of(&[
                ("package.json", r#"{ "type": "module" }"#),
                more,
                ("src/cart.js", "import { total } from './money';\nexport const sum = total;\n"),
                ("src/money.js", "export const total = () => 1;\n"),
            ])
            .is_sure(0);
        }
        Example::of(&[
            ("package.json", "{}"),
            ("src/cart.js", "const { total } = require('./money');\nexports.sum = total;\n"),
            ("src/money.js", "exports.total = () => 1;\n"),
        ])
        .is_sure(0);
    }
}
