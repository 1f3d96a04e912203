//! A name that is used and not imported: what the other modules import under it, a module of the standard library, or what
//! only one module of the project defines.

use std::ops::Range;

use thymus_python::project::is_test;
use thymus_python::spelling::join_import;
use thymus_python::syntax::{Module, bytes};

use super::{proof, written};
use crate::fault::Fault;
use crate::python::platform::{is_namesake, is_standard, module_of_alias, module_of_symbol};
use crate::python::survey::Survey;
use crate::python::tree::Target;
use crate::repair::Repair;

/// What an import brings.
struct Meant {
    /// The module as this file asks for it.
    module: String,
    /// The name, where it is none of the module itself.
    name: Option<String>,
    why: String,
}

/// The import that is missing.
pub fn repair(fault: &Fault, survey: &Survey) -> Option<Repair> {
    let (path, name) = (&fault.key.target, &fault.key.name);
    let meant = as_elsewhere(path, name, survey)
        .or_else(|| of_the_standard_library(fault, survey))
        .or_else(|| from_the_only_one(path, name, survey))
        .or_else(|| known_by_its_name(name, survey))?;
    let module = survey.module(path)?;
    let edit = edit(&module, name, &meant)?;
    let changes = survey.sound(&[(path.clone(), edit.0, edit.1)])?;
    let file = path.rsplit('/').next().unwrap_or(path);
    Some(Repair {
        title: format!("Import {name} in {file}"),
        explanation: format!("`{path}` uses `{name}` and nothing defines it there. {}, so it is imported.", meant.why),
        changes,
        confidence: 0.92,
        proof: proof(fault, survey),
    })
}

fn as_elsewhere(path: &str, name: &str, survey: &Survey) -> Option<Meant> {
    let (other, import) = survey.imported_elsewhere(path, name)?;
    let module = match survey.tree.resolve(other, &import.written) {
        Target::File(target) if import.level > 0 => {
            // A package's own file is asked for by its dots alone.
            written(path, &target, true, survey)?
        }
        _ if import.level > 0 => return None,
        _ => import.written.clone(),
    };
    if survey.tree.resolve(path, &module) == Target::File(path.to_owned()) {
        return None;
    }
    let why = format!("The other modules that use the name import it, as `{other}` does");
    Some(Meant { module, name: import.name.clone(), why })
}

fn of_the_standard_library(fault: &Fault, survey: &Survey) -> Option<Meant> {
    let name = &fault.key.name;
    let free = survey.facts.get(&fault.key.target)?.free.iter().filter(|free| free.name == *name);
    let attributes: Vec<Option<&str>> = free.map(|free| free.attribute.as_deref()).collect();
    if is_namesake(name, attributes.iter().copied()) {
        let why = format!("`{name}` of the standard library's module `{name}` is what is used so");
        return Some(Meant { module: name.clone(), name: Some(name.clone()), why });
    }
    // A module is used by its attributes; now and then it is handed to `hasattr` or `getattr`.
    let read = attributes.iter().flatten().count();
    if read <= attributes.len() - read {
        return None;
    }
    if is_standard(name) && !name.starts_with('_') {
        let why = format!("`{name}` is a module of the standard library, and attributes of it are read");
        return Some(Meant { module: name.clone(), name: None, why });
    }
    let module = module_of_alias(name)?;
    let why =
        format!("`{name}` is what `{module}` of the standard library is usually called, and attributes of it are read");
    Some(Meant { module: module.to_owned(), name: None, why })
}

fn from_the_only_one(path: &str, name: &str, survey: &Survey) -> Option<Meant> {
    let mut defining = survey.facts.iter().filter(|(other, facts)| !is_test(other) && facts.defined.contains(name));
    let (Some((to, _)), None) = (defining.next(), defining.next()) else { return None };
    let facts = survey.facts.get(path).filter(|_| to != path)?;
    let is_relative = facts.imports.iter().any(|import| import.level > 0);
    let module = written(path, to, is_relative, survey)?;
    Some(Meant {
        module,
        name: Some(name.to_owned()),
        why: format!("`{to}` defines it, and no other module of the project"),
    })
}

/// What every reader takes it for, where no module of the project has anything of that name.
fn known_by_its_name(name: &str, survey: &Survey) -> Option<Meant> {
    let module = module_of_symbol(name)?;
    if survey.facts.values().any(|facts| facts.names.contains(name)) {
        return None;
    }
    let why = format!("Of the standard library only `{module}` has it, and no module of the project");
    Some(Meant { module: module.to_owned(), name: Some(name.to_owned()), why })
}

fn edit(module: &Module, local: &str, meant: &Meant) -> Option<(Range<usize>, String)> {
    let tops: Vec<_> = module.tree.body.iter().filter(|it| it.is_import_stmt() || it.is_import_from_stmt()).collect();
    let newline = module.text.newline();
    let alias = |name: &str| if name == local { String::new() } else { format!(" as {local}") };
    let line = match &meant.name {
        None => format!("import {}{}", meant.module, alias(&meant.module)),
        Some(name) => {
            let same = tops.iter().filter_map(|it| it.as_import_from_stmt()).find(|import| {
                let words = import.module.as_ref().map(ToString::to_string).unwrap_or_default();
                format!("{}{words}", ".".repeat(import.level as usize)) == meant.module
            });
            if let (Some(import), true) = (same, name == local) {
                return join_import(module, import, name).ok();
            }
            format!("from {} import {name}{}", meant.module, alias(name))
        }
    };
    place(module, &line, meant).map(|(at, before)| {
        let text = if before { format!("{line}{newline}") } else { format!("{newline}{line}") };
        (at..at, text)
    })
}

/// Where an import line goes: in the order of its kind, and whether it goes before what stands there.
fn place(module: &Module, line: &str, meant: &Meant) -> Option<(usize, bool)> {
    let body = &module.tree.body;
    let src = |it: &ruff_python_ast::Stmt| module.src(it).to_owned();
    let is_future = |it: &ruff_python_ast::Stmt| src(it).starts_with("from __future__");
    let group = |words: &str| {
        let name = words.split_whitespace().nth(1).unwrap_or("");
        let top = name.split('.').next().unwrap_or("");
        match () {
            () if name.starts_with('.') => 2,
            () if is_standard(top) => 0,
            () => 1,
        }
    };
    let own = group(&format!("import {}", meant.module));
    let is_plain = line.starts_with("import ");
    let tops: Vec<_> = body
        .iter()
        .filter(|it| (it.is_import_stmt() || it.is_import_from_stmt()) && !is_future(it))
        .filter(|it| thymus_sdk::source::Text::indent_at(&module.text, bytes(*it).start).is_empty())
        .collect();
    let alike: Vec<_> =
        tops.iter().filter(|it| group(&src(it)) == own && it.is_import_stmt() == is_plain).copied().collect();
    if let Some(next) = alike.iter().find(|it| src(it).as_str() > line) {
        return Some((bytes(*next).start, true));
    }
    if let Some(last) = alike.last() {
        return Some((bytes(*last).end, false));
    }
    // Before the first of its group, or of a later one.
    if let Some(next) = tops.iter().find(|it| group(&src(it)) == own && is_plain) {
        return Some((bytes(*next).start, true));
    }
    if let Some(last) = tops.iter().rfind(|it| group(&src(it)) <= own) {
        return Some((bytes(*last).end, false));
    }
    if let Some(first) = tops.first() {
        return Some((bytes(*first).start, true));
    }
    let first = body
        .iter()
        .find(|it| !is_future(it) && it.as_expr_stmt().is_none_or(|it| !it.value.is_string_literal_expr()))?;
    Some((bytes(first).start, true))
}

#[cfg(test)]
mod tests {
    use crate::python::rules::examples::Example;

    #[test]
    fn a_module_of_the_standard_library_is_imported_in_order() {
        Example::of(&[(
            "shop/a.py",
            "\"\"\"Doc.\"\"\"\n\nfrom __future__ import annotations\n\nimport asyncio\nimport re\nfrom typing import Any\n\n\ndef f(x: Any):\n    return json.loads(re.sub(x)), asyncio\n",
        )])
        .repairs("shop/a.py", "import asyncio\nimport re\n", "import asyncio\nimport json\nimport re\n")
        .is_sure(1);
    }

    #[test]
    fn a_name_is_imported_as_others_do() {
        Example::of(&[
            ("shop/__init__.py", ""),
            ("shop/handlers/__init__.py", ""),
            ("shop/handlers/a.py", "from ..errors import NotFound\n\n\ndef f(x):\n    if x:\n        raise BadRequest(x)\n    raise NotFound(x)\n"),
            ("shop/b.py", "from .errors import BadRequest\n\n\ndef g():\n    raise BadRequest()\n"),
            ("shop/errors.py", "class BadRequest(Exception):\n    pass\n\n\nclass NotFound(Exception):\n    pass\n"),
        ])
        .repairs("shop/handlers/a.py", "import NotFound\n", "import BadRequest, NotFound\n")
        .is_sure(1);
        Example::of(&[
            ("shop/__init__.py", ""),
            ("shop/a.py", "import os\n\n\ndef f(x):\n    return date.fromisoformat(os.fspath(x))\n"),
            ("shop/b.py", "from datetime import date\n\nX = date.today()\n"),
        ])
        .repairs("shop/a.py", "import os\n", "import os\nfrom datetime import date\n");
    }

    #[test]
    fn a_name_of_the_standard_library_is_known() {
        Example::of(&[("shop/a.py", "from typing import Any\n\n\ndef f(x: Any):\n    return date.fromisoformat(x)\n")])
            .repairs("shop/a.py", "from typing", "from datetime import date\nfrom typing")
            .is_sure(1);
        for (used, before, after) in [
            ("op.add(1, 2)", "import os\n", "import operator as op\nimport os\n"),
            ("[op.add, op.sub, hasattr(op, 'call')]", "import os\n", "import operator as op\nimport os\n"),
            ("Optional[int]", "import os\n", "import os\nfrom typing import Optional\n"),
            ("random()", "import os\n", "import os\nfrom random import random\n"),
            ("random.choice(X)", "import os\n", "import os\nimport random\n"),
            ("datetime.now()", "import os\n", "import os\nfrom datetime import datetime\n"),
        ] {
            let code = format!("import os\n\nX = os.path\nY = {used}\n");
            Example::of(&[("a.py", &code)]).repairs("a.py", before, after).is_sure(1);
        }
    }

    #[test]
    fn what_only_one_defines_is_meant() {
        Example::of(&[
            ("shop/__init__.py", ""),
            ("shop/a.py", "from .errors import NotFound\n\n\ndef f(x):\n    return subtotal(x) or NotFound\n"),
            ("shop/money.py", "def subtotal(x):\n    return x\n"),
            ("shop/errors.py", "class NotFound(Exception):\n    pass\n"),
        ])
        .repairs("shop/a.py", "import NotFound\n", "import NotFound\nfrom .money import subtotal\n")
        .is_sure(0);
    }

    #[test]
    fn names_that_are_bound_somehow_or_are_known_to_be_missing_are_left_alone() {
        Example::of(&[
            (
                "shop/a.py",
                "import re\n\ntry:\n    json\nexcept NameError:\n    json = None\n\n\ndef f(csv):\n    global os\n    import os\n    match csv:\n        case [string, *rest]:\n            return string.x, rest\n    with open(csv) as io:\n        return [math.x for math in io], (lambda time: time.x), __file__, re\n",
            ),
            ("shop/b.py", "from os.path import *\n\nX = join('a', sys.argv)\n"),
        ])
        .has_no_fault();
    }
}
