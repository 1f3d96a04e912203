//! From paths of a deployment to files of the source: `/srv/shop/src/cart.js` is `src/cart.js`, if that is there.

use std::collections::HashMap;

use thymus_sdk::source::{Source, is_inside};

/// Folders of code that others wrote.
const FOREIGN: [&str; 6] =
    ["/node_modules/", "/site-packages/", "/dist-packages/", "/.venv/", "/bower_components/", "/.yarn/"];

/// The source's files by their last name.
pub struct Places(HashMap<String, Vec<String>>);

impl Places {
    /// Lists the source.
    pub fn of(source: &Source) -> Self {
        let mut files: HashMap<String, Vec<String>> = HashMap::new();
        for path in source.files().into_iter().filter(|path| !is_foreign(path)) {
            let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
            files.entry(name).or_default().push(path);
        }
        Self(files)
    }

    /// The file that shares the longest tail with the path; none for what is foreign, leads out, or could be two.
    pub fn file(&self, deployed: &str) -> Option<String> {
        let path = deployed.strip_prefix("file://").unwrap_or(deployed).replace('\\', "/");
        if path.len() > 4096 || path.contains(|c: char| c.is_control()) || is_foreign(&path) {
            return None;
        }
        let names: Vec<&str> = path.split('/').filter(|name| !matches!(*name, "" | ".")).collect();
        if !is_inside(&names.join("/")) {
            return None;
        }
        let candidates = self.0.get(*names.last()?)?;
        let shared = |file: &str| file.rsplit('/').zip(names.iter().rev()).take_while(|(a, b)| a == *b).count();
        let longest = candidates.iter().map(|file| shared(file)).max()?;
        let best: Vec<&String> = candidates.iter().filter(|file| shared(file) == longest).collect();
        match best[..] {
            [only] => Some(only.clone()),
            // `app.py` at the top is meant by `/srv/app.py`, whatever else is called so further down.
            _ => best.into_iter().find(|file| file.split('/').count() == longest).cloned(),
        }
    }
}

fn is_foreign(path: &str) -> bool {
    let path = format!("/{path}");
    FOREIGN.iter().any(|folder| path.contains(folder))
}
