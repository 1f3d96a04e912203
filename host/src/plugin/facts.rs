//! What a plugin is, read from its bytes; nothing of it runs.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use wasmparser::component_types::ComponentEntityType;
use wasmparser::types::TypesRef;
use wasmparser::{Encoding, Parser, Payload, Validator, WasmFeatures};

use super::{PluginError, contract};
use crate::model::{Capability, Digest, Export};

/// The most bytes a plugin may have. Languages with a runtime of their own make components of 10 to 20 MiB.
pub(super) const LARGEST: u64 = 64 << 20;
/// The most imports; a component of today has about thirty.
const MOST_IMPORTS: usize = 256;
/// The most bytes of one metadata section.
const LONGEST_TEXT: usize = 4096;
/// The custom section with capabilities and languages, a JSON object.
pub(super) const SECTION: &str = "thymus:plugin";

/// What a plugin says it is, and what its type says it does. Texts are the author's: hostile until escaped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginFacts {
    /// Its name: the component's, or the file's where the component has none.
    pub name: String,
    /// Its version, `0.0.0` where it names none.
    pub version: String,
    /// The digest of the file: what the plugin is to the ledger.
    pub digest: Digest,
    /// The file's size.
    pub bytes: u64,
    /// Who made it.
    pub authors: Option<String>,
    /// An SPDX expression.
    pub licence: Option<String>,
    /// Where its source lies.
    pub source: Option<String>,
    /// What it does, in its author's words.
    pub description: Option<String>,
    /// The kinds of healing it says it offers.
    pub capabilities: Vec<Capability>,
    /// The programming languages it says it knows.
    pub languages: Vec<String>,
    /// What it does, by type.
    pub exports: Vec<Export>,
    /// The interfaces it wants, in the component's order.
    pub imports: Vec<String>,
    /// Those functions of `thymus:plugin/host` that it wants.
    pub host_functions: Vec<String>,
    /// The version of the contract it was built against.
    pub contract: String,
}

/// Reads a plugin's file without running it.
pub fn inspect(file: &Path) -> Result<PluginFacts, PluginError> {
    facts_of(file, &read(file)?)
}

/// Opens without waiting (a FIFO would hang) and reads at most one byte more than allowed, so that a file that grows
/// meanwhile does no harm.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, PluginError> {
    let io = |source| PluginError::Io { path: path.to_owned(), source };
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).unwrap_or_default();
    let mut file: File = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(io)?;
    let about = file.metadata().map_err(io)?;
    if !about.is_file() {
        return Err(PluginError::NotAFile { path: path.to_owned() });
    }
    if about.len() > LARGEST {
        return Err(PluginError::TooLarge { path: path.to_owned(), limit: LARGEST });
    }
    file.rewind().map_err(io)?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > LARGEST {
        return Err(PluginError::TooLarge { path: path.to_owned(), limit: LARGEST });
    }
    Ok(bytes)
}

/// WebAssembly 2 and components, without what no plugin needs: no GC, exceptions, threads, component async, 64-bit
/// memory, and no relaxed SIMD, whose results differ between machines. The engine must not allow more than this.
pub(super) fn features() -> WasmFeatures {
    WasmFeatures::WASM2 | WasmFeatures::EXTENDED_CONST | WasmFeatures::MULTI_MEMORY | WasmFeatures::COMPONENT_MODEL
}

pub(super) fn facts_of(path: &Path, bytes: &[u8]) -> Result<PluginFacts, PluginError> {
    check_kind(path, bytes)?;
    let malformed = |why: wasmparser::BinaryReaderError| PluginError::Malformed {
        path: path.to_owned(),
        why: why.to_string().escape_debug().to_string(),
    };
    let types = Validator::new_with_features(features()).validate_all(bytes).map_err(malformed)?;
    let outline = Outline::read(path, bytes)?;

    let mut facts = outline.metadata(path)?;
    facts.digest = Digest::of(bytes);
    facts.bytes = bytes.len() as u64;
    facts.host_functions = host_functions(&outline.imports, types.as_ref());
    facts.imports = outline.imports.iter().map(|name| (*name).to_owned()).collect();
    for name in outline.exports {
        let Some((export, version)) = contract::interface(name) else { continue };
        let agrees =
            types.component_item_for_export(name).is_some_and(|item| contract::agrees(item.ty, export, types.as_ref()));
        if !agrees {
            return Err(PluginError::WrongType { path: path.to_owned(), export: name.to_owned() });
        }
        if facts.exports.contains(&export) || !(facts.contract.is_empty() || facts.contract == version) {
            // Two versions of one contract in one component: which of them is meant is anybody's guess.
            return Err(PluginError::WrongType { path: path.to_owned(), export: name.to_owned() });
        }
        facts.exports.push(export);
        version.clone_into(&mut facts.contract);
    }
    if facts.exports.is_empty() {
        return Err(PluginError::NoExports { path: path.to_owned() });
    }
    Ok(facts)
}

/// Tells those files apart that people give by mistake, or on purpose.
fn check_kind(path: &Path, bytes: &[u8]) -> Result<(), PluginError> {
    let extension = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("cwasm"));
    // What wasmtime compiles is an ELF file whatever its name.
    if extension || bytes.starts_with(b"\x7fELF") {
        return Err(PluginError::Compiled { path: path.to_owned() });
    }
    if !bytes.starts_with(b"\0asm") {
        return Err(PluginError::NotWasm { path: path.to_owned() });
    }
    if Parser::is_core_wasm(bytes) {
        return Err(PluginError::CoreModule { path: path.to_owned() });
    }
    Ok(())
}

fn host_functions(imports: &[&str], types: TypesRef<'_>) -> Vec<String> {
    let mut functions = Vec::new();
    for name in imports.iter().filter(|name| name.starts_with("thymus:plugin/host@")) {
        let Some(item) = types.component_item_for_import(name) else { continue };
        let ComponentEntityType::Instance(instance) = item.ty else { continue };
        let exports = &types[instance].exports;
        functions.extend(
            exports
                .iter()
                .filter(|(_, item)| matches!(item.ty, ComponentEntityType::Func(_)))
                .map(|(name, _)| name.clone()),
        );
    }
    functions
}

/// What stands at the component's own level. What lies nested inside speaks for libraries, not for the plugin.
#[derive(Default)]
struct Outline<'a> {
    imports: Vec<&'a str>,
    exports: Vec<&'a str>,
    sections: Vec<(&'a str, &'a [u8], usize)>,
}

impl<'a> Outline<'a> {
    fn read(path: &Path, bytes: &'a [u8]) -> Result<Self, PluginError> {
        let malformed = |why: String| PluginError::Malformed { path: path.to_owned(), why };
        let parse = |why: wasmparser::BinaryReaderError| malformed(why.to_string().escape_debug().to_string());
        let mut outline = Self::default();
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.map_err(parse)? {
                Payload::Version { encoding, .. } => {
                    if depth == 0 && encoding == Encoding::Module {
                        return Err(PluginError::CoreModule { path: path.to_owned() });
                    }
                    depth += 1;
                }
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 1 => {
                    for import in section {
                        outline.imports.push(import.map_err(parse)?.name.name);
                        if outline.imports.len() > MOST_IMPORTS {
                            return Err(malformed(format!("more than {MOST_IMPORTS} imports")));
                        }
                    }
                }
                Payload::ComponentExportSection(section) if depth == 1 => {
                    for export in section {
                        outline.exports.push(export.map_err(parse)?.name.name);
                    }
                }
                // Only the known ones: a file of empty sections would make a list far larger than itself.
                Payload::CustomSection(section) if depth == 1 && KNOWN.contains(&section.name()) => {
                    if outline.sections.iter().any(|(name, ..)| *name == section.name()) {
                        return Err(metadata_error(path, section.name(), "it appears twice"));
                    }
                    outline.sections.push((section.name(), section.data(), section.data_offset()));
                }
                _ => {}
            }
        }
        Ok(outline)
    }

    fn text(&self, path: &Path, section: &str) -> Result<Option<String>, PluginError> {
        let Some((_, bytes, _)) = self.sections.iter().find(|(name, ..)| *name == section) else { return Ok(None) };
        if bytes.len() > LONGEST_TEXT {
            return Err(metadata_error(path, section, "it is longer than 4096 bytes"));
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Some(text.to_owned())),
            Err(_) => Err(metadata_error(path, section, "it is not UTF-8")),
        }
    }

    /// The facts as far as the sections tell them.
    fn metadata(&self, path: &Path) -> Result<PluginFacts, PluginError> {
        let offers = match self.text(path, SECTION)? {
            None => Offers::default(),
            Some(json) => serde_json::from_str(&json).map_err(|why| metadata_error(path, SECTION, &why.to_string()))?,
        };
        let version = self.text(path, "version")?.unwrap_or_else(|| "0.0.0".to_owned());
        let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b'+');
        if version.is_empty() || version.len() > 64 || !version.bytes().all(plain) {
            return Err(metadata_error(path, "version", "it is not a version as in 1.2.3"));
        }
        Ok(PluginFacts {
            name: self.name(path)?,
            version,
            digest: Digest::from([0; 32]),
            bytes: 0,
            authors: self.text(path, "authors")?,
            licence: self.text(path, "licenses")?,
            source: self.text(path, "source")?,
            description: self.text(path, "description")?,
            capabilities: offers.capabilities,
            languages: offers.languages,
            exports: Vec::new(),
            imports: Vec::new(),
            host_functions: Vec::new(),
            contract: String::new(),
        })
    }

    fn name(&self, path: &Path) -> Result<String, PluginError> {
        let named = match self.sections.iter().find(|(name, ..)| *name == "component-name") {
            None => None,
            Some((section, bytes, offset)) => wasm_metadata::ComponentNames::from_bytes(bytes, *offset)
                .map_err(|why| metadata_error(path, section, &why.to_string()))?
                .get_name()
                .cloned(),
        };
        let name = match named {
            Some(name) => name,
            None => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        };
        check_name(&name)?;
        Ok(name)
    }
}

const KNOWN: [&str; 7] = ["component-name", "version", "authors", "licenses", "source", "description", SECTION];

/// The section `thymus:plugin`. Later versions may say more, so unknown keys pass.
#[derive(Default, Deserialize)]
struct Offers {
    #[serde(default)]
    capabilities: Vec<Capability>,
    #[serde(default)]
    languages: Vec<String>,
}

fn metadata_error(path: &Path, section: &str, why: &str) -> PluginError {
    PluginError::Metadata { path: path.to_owned(), section: section.to_owned(), why: why.escape_debug().to_string() }
}

/// A name becomes a file's name and stands in policies, so it holds nothing that leads anywhere.
pub(super) fn check_name(name: &str) -> Result<(), PluginError> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let first = name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    if first && name.len() <= 64 && name.bytes().all(plain) {
        Ok(())
    } else {
        Err(PluginError::Name { name: name.to_owned() })
    }
}
