//! From a finding to the import, the name or the manifest that is at fault, in the contract's terms.

use thymus_sdk::host::{Level, log};
use thymus_sdk::source::Source;
use thymus_sdk::wording::{EXPLANATION, cut};
use thymus_sdk::{Diagnosis, Failure, Finding, Location};

use crate::fault::{Fault, Key, Kind, Language, Site};
use crate::{javascript, notes, python};

/// The most related places that the contract allows.
const MOST_RELATED: usize = 16;

/// The root cause of a finding of this plugin; none when the source doesn't have the fault (any more).
pub fn diagnose(finding: &Finding, source: &Source) -> Result<Option<Diagnosis>, Failure> {
    let met = notes::read(finding)?;
    let Some(fault) = fault_of(&met.key, source) else {
        log(Level::Info, &format!("{}: the source says nothing of the kind", finding.title));
        return Ok(None);
    };
    let mut sites: Vec<&Site> = fault.sites.iter().collect();
    // Where production met it comes first.
    let near = met.handler.as_ref().and_then(|handler| handler.path.as_deref());
    sites.sort_by_key(|site| (Some(site.path.as_str()) != near, is_test(site), site.path.clone(), site.range.start));
    let mut places = sites.iter().filter_map(|site| place(site, source));
    let Some(location) = places.next() else { return Ok(None) };
    Ok(Some(Diagnosis {
        location,
        explanation: cut(&explanation(&fault, sites[0]), EXPLANATION),
        confidence: if fault.sure || met.handler.is_some() { 0.97 } else { 0.9 },
        related: places.take(MOST_RELATED).collect(),
        notes: String::new(),
    }))
}

/// The fault in the source; the key came by way of the host and is only looked for.
pub fn fault_of(key: &Key, source: &Source) -> Option<Fault> {
    let faults = match key.language {
        Language::Javascript => javascript::survey::Survey::of(source).faults(),
        Language::Python => python::survey::Survey::of(source).faults(),
    };
    faults.into_iter().find(|fault| fault.key == *key)
}

fn is_test(site: &Site) -> bool {
    thymus_javascript::project::is_test(&site.path) || thymus_python::project::is_test(&site.path)
}

fn place(site: &Site, source: &Source) -> Option<Location> {
    let text = source.text(&site.path).ok()?;
    text.content.get(site.range.clone()).map(|_| text.location(site.range.clone()))
}

/// What is wrong, in a sentence or two.
pub fn explanation(fault: &Fault, site: &Site) -> String {
    let Key { kind, target, name, .. } = &fault.key;
    let Site { path, written, .. } = site;
    match kind {
        Kind::ModuleNotFound => format!(
            "`{path}` imports `{written}`, and there is no such module: no file of the project answers to it as it is written."
        ),
        Kind::NameNotExported => format!("`{path}` takes `{name}` of `{target}`, which has no such name."),
        Kind::PackageNotDeclared => format!(
            "`{path}` imports the package `{target}`, which no manifest of the project declares: whether an installation has it is left to chance."
        ),
        Kind::NameNotImported => format!("`{path}` uses `{name}`, and neither defines nor imports it."),
        Kind::CircularImport => format!(
            "`{path}` imports `{name}` from `{target}`, which in turn needs `{path}`: whichever is loaded first finds the other not ready."
        ),
    }
}
