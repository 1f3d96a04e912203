//! The plugins folder: one `.wasm` file per plugin, named after it. A file dropped in by hand is as good as an added one.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::facts::{check_name, facts_of, read};
use super::{PluginError, PluginFacts};

/// The `.wasm` files of a folder, sorted; none when there is no such folder. What a file is, `inspect` says.
pub fn folder(dir: &Path) -> Result<Vec<PathBuf>, PluginError> {
    let io = |source| PluginError::Io { path: dir.to_owned(), source };
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(io)?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(io)?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && path.extension().is_some_and(|extension| extension == "wasm") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Copies a plugin into the folder under its own name. The bytes that were inspected are the bytes that are written,
/// and they appear under that name complete or not at all; an installed plugin is never overwritten.
pub fn add(dir: &Path, file: &Path) -> Result<PluginFacts, PluginError> {
    let bytes = read(file)?;
    let facts = facts_of(file, &bytes)?;
    let target = dir.join(format!("{}.wasm", facts.name));
    let io = |source| PluginError::Io { path: target.clone(), source };
    fs::create_dir_all(dir).map_err(io)?;
    let mut temporary = tempfile::Builder::new().prefix(".adding-").tempfile_in(dir).map_err(io)?;
    temporary.write_all(&bytes).map_err(io)?;
    temporary.as_file().sync_all().map_err(io)?;
    match temporary.persist_noclobber(&target) {
        Ok(_) => {}
        Err(failed) if failed.error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(PluginError::Exists { name: facts.name });
        }
        Err(failed) => return Err(io(failed.error)),
    }
    // The new name itself survives a power cut only when the folder is synced too.
    fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(io)?;
    Ok(facts)
}

/// Removes a plugin by its name; the name is checked first, so nothing outside the folder is ever touched.
pub fn remove(dir: &Path, name: &str) -> Result<PathBuf, PluginError> {
    check_name(name)?;
    let target = dir.join(format!("{name}.wasm"));
    match fs::remove_file(&target) {
        Ok(()) => Ok(target),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(PluginError::Missing { name: name.to_owned() }),
        Err(source) => Err(PluginError::Io { path: target, source }),
    }
}
