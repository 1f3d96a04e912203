//! Tells whether components must be built again, without asking cargo, which takes seconds over all crates.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;

/// What was built, and of what.
#[derive(Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The digest of everything that went in.
    pub inputs: String,
    /// The components' paths and digests.
    pub outputs: BTreeMap<PathBuf, String>,
}

impl Record {
    /// The record of the last build, or none that fits anything.
    pub fn load(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    pub fn save(&self, path: &Path) -> Result<(), Failure> {
        let text = serde_json::to_vec_pretty(self).unwrap_or_default();
        fs::write(path, text).map_err(Failure::at(path))
    }

    /// Whether it was made of these inputs, and everything it made is still there as it was.
    pub fn holds(&self, inputs: &str) -> bool {
        let unchanged =
            |(path, digest): (&PathBuf, &String)| fs::read(path).is_ok_and(|bytes| hex_of(&bytes) == *digest);
        self.inputs == inputs && self.outputs.iter().all(unchanged)
    }
}

/// The digest of bytes, in hexadecimal.
pub fn hex_of(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The digest of some words and of all files below some folders, without build products.
pub fn of(words: &[&str], folders: &[PathBuf]) -> Result<String, Failure> {
    let mut sum = Sha256::new();
    for word in words {
        add(&mut sum, word.as_bytes());
    }
    let mut files = Vec::new();
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        collect(folder, &mut files)?;
    }
    files.sort();
    for file in files {
        add(&mut sum, file.as_os_str().as_encoded_bytes());
        add(&mut sum, &fs::read(&file).map_err(Failure::at(&file))?);
    }
    Ok(hex::encode(sum.finalize()))
}

/// With its length before it, so that no two lists of parts look the same.
fn add(sum: &mut Sha256, part: &[u8]) {
    sum.update((part.len() as u64).to_le_bytes());
    sum.update(part);
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    for entry in fs::read_dir(folder).map_err(Failure::at(folder))? {
        let entry = entry.map_err(Failure::at(folder))?;
        let kind = entry.file_type().map_err(Failure::at(entry.path()))?;
        if kind.is_file() {
            files.push(entry.path());
        } else if kind.is_dir() && entry.file_name() != "target" {
            collect(&entry.path(), files)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_a_changed_a_new_and_a_renamed_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.rs");
        let folders = [folder.path().to_owned()];
        fs::write(&file, "1").unwrap();
        let first = of(&["rustc 1"], &folders).unwrap();
        assert_eq!(first, of(&["rustc 1"], &folders).unwrap());
        assert_ne!(first, of(&["rustc 2"], &folders).unwrap());

        fs::write(&file, "2").unwrap();
        let changed = of(&["rustc 1"], &folders).unwrap();
        fs::write(&file, "1").unwrap();
        fs::create_dir(folder.path().join("target")).unwrap();
        fs::write(folder.path().join("target/built"), "").unwrap();
        assert_ne!(first, changed);
        assert_eq!(first, of(&["rustc 1"], &folders).unwrap(), "build products don't count");

        fs::rename(&file, folder.path().join("b.rs")).unwrap();
        assert_ne!(first, of(&["rustc 1"], &folders).unwrap());
    }

    #[test]
    fn a_component_that_somebody_touched_is_built_again() {
        let folder = tempfile::tempdir().unwrap();
        let component = folder.path().join("x.wasm");
        fs::write(&component, "wasm").unwrap();
        let outputs = BTreeMap::from([(component.clone(), hex_of(b"wasm"))]);
        let record = Record { inputs: "in".to_owned(), outputs };
        let file = folder.path().join("record.json");
        record.save(&file).unwrap();

        assert!(Record::load(&file).holds("in"));
        assert!(!Record::load(&file).holds("other"));
        fs::write(&component, "other").unwrap();
        assert!(!Record::load(&file).holds("in"));
        assert!(!Record::load(&folder.path().join("none")).holds("in"));
    }
}
