//! Which file a module's name means: packages, namespaces, stubs, what was compiled; and the name of a file.

use std::collections::BTreeSet;

/// What a module may be, beside a folder.
const FILES: [&str; 14] = [
    ".py",
    ".pyi",
    "/__init__.py",
    "/__init__.pyi",
    ".pyx",
    ".pxd",
    ".so",
    ".pyd",
    ".c",
    ".cpp",
    ".cc",
    ".rs",
    ".go",
    ".pyc",
];

/// What a name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file of the snapshot.
    File(String),
    /// There, as a folder without `__init__.py`, or as something compiled.
    There,
    /// A module of one of the project's packages that is not there, by its whole name.
    Missing(String),
    /// A top-level module that is not the project's.
    Foreign(String),
}

/// The files of the snapshot, as modules.
pub struct Tree {
    files: BTreeSet<String>,
}

impl Tree {
    /// Of these files.
    pub fn of(files: &[String]) -> Self {
        Self { files: files.iter().cloned().collect() }
    }

    /// The folder that a file's outermost package lies in; its own where it is in none.
    pub fn root<'p>(&self, path: &'p str) -> &'p str {
        let mut root = folder(path);
        while !root.is_empty() && self.is_package(root) {
            root = folder(root);
        }
        root
    }

    /// The whole name of a file, from its root on.
    pub fn name(&self, path: &str) -> Option<String> {
        let root = self.root(path);
        let inner = if root.is_empty() { path } else { path.strip_prefix(root)?.strip_prefix('/')? };
        let stem = inner.strip_suffix("/__init__.py").or_else(|| inner.strip_suffix(".py"))?;
        Some(stem.replace('/', "."))
    }

    /// What an import in a file means: the module as it is written, dots included.
    pub fn resolve(&self, from: &str, written: &str) -> Target {
        let plain = written.trim_start_matches('.');
        let level = written.len() - plain.len();
        if level == 0 {
            return self.absolute(from, plain);
        }
        let mut base = folder(from);
        for _ in 1..level {
            if base.is_empty() {
                return Target::Foreign(String::new());
            }
            base = folder(base);
        }
        if plain.is_empty() {
            let own = join(base, "__init__.py");
            return if self.files.contains(&own) { Target::File(own) } else { Target::There };
        }
        let path = join(base, &plain.replace('.', "/"));
        self.at(&path).unwrap_or_else(|| {
            let root = self.root(&join(base, "x.py")).to_owned();
            let inner = if root.is_empty() { path.as_str() } else { path.strip_prefix(&root).unwrap_or(&path) };
            Target::Missing(inner.trim_matches('/').replace('/', "."))
        })
    }

    /// A submodule of a package, as `from package import name` may mean it.
    pub fn submodule(&self, package: &str, name: &str) -> bool {
        self.at(&join(folder(package), name)).is_some()
    }

    fn absolute(&self, from: &str, name: &str) -> Target {
        let first = name.split('.').next().unwrap_or(name);
        let inner = name.replace('.', "/");
        let own = self.root(from);
        let mut roots = vec![own, "", "src", "lib", "python"];
        let mut above = own;
        while !above.is_empty() {
            above = folder(above);
            roots.push(above);
        }
        let mut there = false;
        for root in roots {
            if let Some(target) = self.at(&join(root, &inner)) {
                return target;
            }
            let top = join(root, first);
            there |= self.files.contains(&format!("{top}/__init__.py")) || self.files.contains(&format!("{top}.py"));
        }
        if there { Target::Missing(name.to_owned()) } else { Target::Foreign(first.to_owned()) }
    }

    fn at(&self, path: &str) -> Option<Target> {
        let found = FILES.iter().map(|ending| format!("{path}{ending}")).find(|file| self.files.contains(file));
        match found {
            Some(file) if file.ends_with(".py") => Some(Target::File(file)),
            Some(_) => Some(Target::There),
            // `x.cpython-311-x86_64-linux-gnu.so`, and namespaces.
            None => {
                let next = self.files.range(format!("{path}.")..).next();
                let compiled = next.is_some_and(|file| file.starts_with(&format!("{path}.cpython")));
                let folder = format!("{path}/");
                let inside = self.files.range(folder.clone()..).next().is_some_and(|file| file.starts_with(&folder));
                (compiled || inside).then_some(Target::There)
            }
        }
    }

    fn is_package(&self, folder: &str) -> bool {
        self.files.contains(&format!("{folder}/__init__.py"))
    }
}

/// The folder of a path.
pub fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mean_files() {
        let files = [
            "src/shop/__init__.py",
            "src/shop/cart.py",
            "src/shop/handlers/__init__.py",
            "src/shop/handlers/pay.py",
            "src/shop/fast.pyx",
            "src/shop/data/x.json",
            "tests/test_cart.py",
            "tool.py",
        ]
        .map(str::to_owned);
        let tree = Tree::of(&files);
        let file = |path: &str| Target::File(path.to_owned());
        let missing = |name: &str| Target::Missing(name.to_owned());
        let pay = "src/shop/handlers/pay.py";
        for (from, written, target) in [
            (pay, "shop.cart", file("src/shop/cart.py")),
            (pay, "..cart", file("src/shop/cart.py")),
            (pay, ".", file("src/shop/handlers/__init__.py")),
            (pay, "..", file("src/shop/__init__.py")),
            (pay, "..fast", Target::There),
            (pay, "..data", Target::There),
            (pay, "..Cart", missing("shop.Cart")),
            (pay, ".cart", missing("shop.handlers.cart")),
            (pay, "shop.money", missing("shop.money")),
            (pay, "requests.adapters", Target::Foreign("requests".to_owned())),
            (pay, ".....x", Target::Foreign(String::new())),
            ("src/shop/handlers/x.py", "pay", Target::Foreign("pay".to_owned())),
            ("tests/test_cart.py", "shop.cart", file("src/shop/cart.py")),
            ("tests/test_cart.py", "tool", file("tool.py")),
        ] {
            assert_eq!(tree.resolve(from, written), target, "{from} {written}");
        }
        assert_eq!(tree.name(pay).as_deref(), Some("shop.handlers.pay"));
        assert!(tree.submodule("src/shop/__init__.py", "cart"));
    }
}
