//! Evaluation suites for tests: the samples' own, put together as `cargo xtask eval` does, and small ones on strings.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{copy, samples};

/// A suite in a folder of its own.
pub struct Suite {
    dir: TempDir,
}

impl Suite {
    /// A suite without cases.
    pub fn named(name: &str) -> Self {
        let suite = Self { dir: tempfile::tempdir().unwrap() };
        suite.write("suite.toml", &format!("name = \"{name}\"\n"));
        suite
    }

    /// The cases of `tests/suites/samples` that are named, with the services and recordings they share.
    pub fn of_samples(cases: &[&str]) -> Self {
        let suite = Self::named("samples");
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("suites/samples/cases");
        for case in cases {
            let to = suite.path().join("cases").join(case);
            std::fs::create_dir_all(&to).unwrap();
            copy(&own.join(case), &to);
        }
        for sample in ["order-shop", "inventory-service"] {
            let released = format!("{sample}-released");
            for (name, is_released) in [(sample, false), (&released, true)] {
                let to = suite.path().join("shared").join(name);
                std::fs::create_dir_all(&to).unwrap();
                copy(&samples().join(sample), &to);
                if is_released {
                    copy(&samples().join(sample).join("release"), &to);
                }
            }
            let recordings = suite.path().join("shared").join(format!("{sample}-recordings"));
            std::fs::create_dir_all(&recordings).unwrap();
            copy(&samples().join(sample).join("recordings"), &recordings);
        }
        suite
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// A file of the suite.
    pub fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Takes words out of a file and puts others in.
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let file = self.path().join(path);
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{path} has no {from:?}");
        std::fs::write(&file, text.replace(from, to)).unwrap();
    }
}
