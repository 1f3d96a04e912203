//! From paths of a deployment to files of the source. `/srv/shop/src/cart.js` is `src/cart.js`, if that is there: the
//! file that shares the longest tail with the path. What shares too little, or as much with two files, is no file.

use std::collections::HashMap;

use crate::source::{Source, is_inside};

/// Folders of code that others wrote, in deployments and in sources.
const FOREIGN: [&str; 7] =
    ["/node_modules/", "/site-packages/", "/dist-packages/", "/.venv/", "/lib/python", "/bower_components/", "/.yarn/"];
/// The most different paths that are remembered: telemetry can name any number.
const MOST_REMEMBERED: usize = 20_000;

/// Finds files of the source.
#[derive(Debug)]
pub struct Places {
    /// The files by their last name.
    files: HashMap<String, Vec<String>>,
    found: HashMap<String, Option<String>>,
}

impl Places {
    /// Lists the source.
    pub fn of(source: &Source) -> Self {
        let mut files: HashMap<String, Vec<String>> = HashMap::new();
        for path in source.files() {
            if !is_foreign(&format!("/{path}")) {
                let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
                files.entry(name).or_default().push(path);
            }
        }
        Self { files, found: HashMap::new() }
    }

    /// The file of the source that a path means.
    pub fn file(&mut self, deployed: &str) -> Option<String> {
        if let Some(known) = self.found.get(deployed) {
            return known.clone();
        }
        let file = clean(deployed).and_then(|path| self.longest_tail(&path));
        if self.found.len() < MOST_REMEMBERED {
            self.found.insert(deployed.to_owned(), file.clone());
        }
        file
    }

    fn longest_tail(&self, path: &str) -> Option<String> {
        let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
        let candidates = self.files.get(*names.last()?)?;
        let shared = |file: &str| file.rsplit('/').zip(names.iter().rev()).take_while(|(a, b)| a == *b).count();
        let longest = candidates.iter().map(|file| shared(file)).max()?;
        let mut best = candidates.iter().filter(|file| shared(file) == longest);
        let (first, second) = (best.next()?, best.next());
        let whole = |file: &str| file.split('/').count() == longest;
        match second {
            // `app.py` at the top is meant by `/srv/app.py`, whatever else is called so further down.
            Some(_) => candidates.iter().find(|file| whole(file) && shared(file) == longest).cloned(),
            None => Some(first.clone()),
        }
    }
}

/// Whether a path, with a slash before it, lies in a folder of code that others wrote.
pub fn is_foreign(path: &str) -> bool {
    FOREIGN.iter().any(|folder| path.contains(folder))
}

/// A URL's or a path's names, with `/` between; none for what leads out, is foreign or could be no path.
fn clean(deployed: &str) -> Option<String> {
    if deployed.len() > 4096 || deployed.contains(|c: char| c.is_control()) {
        return None;
    }
    let path = match deployed.split_once("://") {
        // `webpack://shop/./src/cart.ts?4f2a`, `file:///srv/cart.js?v=2`, `webpack-internal:///(rsc)/./src/cart.ts`.
        Some((_, rest)) => percent_decoded(rest.split(['?', '#']).next()?)?,
        None => deployed.to_owned(),
    };
    let path = path.replace('\\', "/");
    if is_foreign(&path) || path.contains("/<") {
        return None;
    }
    let names: Vec<&str> = path.split('/').filter(|name| !matches!(*name, "" | ".")).collect();
    let joined = names.join("/");
    // `..` could lead anywhere, and `is_inside` says so.
    is_inside(&joined).then_some(joined)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = (*first == b'%').then(|| behind.get(..2)).flatten();
        let code = code.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8(bytes).ok().filter(|path| !path.contains(|c: char| c.is_control()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(files: &[(&str, &str)]) -> (tempfile::TempDir, Source) {
        let dir = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let source = Source::at(dir.path());
        (dir, source)
    }

    #[test]
    fn the_longest_tail_wins() {
        let (_dir, source) = source(&[
            ("app.py", ""),
            ("src/handlers/cart.js", ""),
            ("src/cart.js", ""),
            ("services/a/app/views.py", ""),
            ("services/b/app/views.py", ""),
            ("node_modules/x/index.js", ""),
            ("inventory/app.py", ""),
        ]);
        let mut places = Places::of(&source);
        for (deployed, file) in [
            ("/srv/order-shop/src/handlers/cart.js", Some("src/handlers/cart.js")),
            ("src/cart.js", Some("src/cart.js")),
            ("./src/cart.js", Some("src/cart.js")),
            ("file:///srv/order%2Dshop/src/cart.js?v=2", Some("src/cart.js")),
            ("webpack://shop/./src/cart.js?4f2a", Some("src/cart.js")),
            ("webpack-internal:///(rsc)/./src/cart.js", Some("src/cart.js")),
            ("C:\\app\\src\\cart.js", Some("src/cart.js")),
            ("/opt/handlers/cart.js", Some("src/handlers/cart.js")),
            ("/srv/app.py", Some("app.py")),
            ("/srv/inventory/app.py", Some("inventory/app.py")),
            ("/app/app/views.py", None),
            ("/app/b/app/views.py", Some("services/b/app/views.py")),
            ("/srv/node_modules/x/src/cart.js", None),
            ("/usr/lib/python3.11/app.py", None),
            ("/etc/passwd", None),
            ("/srv/../src/cart.js", None),
            ("../../src/cart.js", None),
            ("file:///srv/%2e%2e/src/cart.js", None),
            ("src/cart.js\0", None),
            ("", None),
            ("///", None),
            ("<frozen importlib._bootstrap>", None),
        ] {
            assert_eq!(places.file(deployed).as_deref(), file, "{deployed:?}");
        }
    }
}
