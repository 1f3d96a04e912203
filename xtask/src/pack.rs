//! Marks a component with what it is: the metadata that the host reads without running it.

use serde_json::Value;
use wasm_encoder::{ComponentSection as _, CustomSection};
use wasm_metadata::{AddMetadata, AddMetadataField};
use wasmparser::{Parser, Payload};

use crate::components::Package;

/// The section with capabilities and languages; the host knows it by this name.
const OFFERS: &str = "thymus:plugin";

/// The component, marked with its package's facts. What the component says of itself already stays.
pub fn pack(component: &[u8], package: &Package) -> Result<Vec<u8>, String> {
    let present = sections(component)?;
    let mut marks = AddMetadata::default();
    if !present.iter().any(|name| name == "component-name") {
        marks.name = AddMetadataField::Set(package.name.clone());
    }
    let mut packed = marks.to_wasm(component).map_err(|why| format!("{why:#}"))?;
    for (name, text) in facts(package) {
        if !present.iter().any(|present| present == name) {
            let section = CustomSection { name: name.into(), data: text.as_bytes().into() };
            section.append_to_component(&mut packed);
        }
    }
    Ok(packed)
}

/// The standard sections, in the words of the component metadata's registry, and our own.
fn facts(package: &Package) -> Vec<(&'static str, String)> {
    let offers = package.metadata.get("thymus").map(Value::to_string);
    let authors = Some(package.authors.join(", ")).filter(|authors| !authors.is_empty());
    let facts = [
        ("version", Some(package.version.clone())),
        ("authors", authors),
        ("licenses", package.license.clone()),
        ("source", package.repository.clone()),
        ("description", package.description.clone()),
        (OFFERS, offers),
    ];
    facts.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
}

/// The custom sections at the component's own level.
fn sections(component: &[u8]) -> Result<Vec<String>, String> {
    let mut depth = 0_u32;
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(|why| why.to_string())? {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(section) if depth == 1 => names.push(section.name().to_owned()),
            _ => {}
        }
    }
    Ok(names)
}
