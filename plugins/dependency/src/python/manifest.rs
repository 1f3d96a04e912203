//! Which distributions a project says it needs (`pyproject.toml`, `setup.cfg`, `setup.py`, requirements), and which
//! versions lock files and installed trees prove. What a manifest says is read broadly: every text in it that begins like
//! a requirement declares something, so that nothing is called undeclared that is only written in another way.

use std::collections::BTreeSet;

use thymus_sdk::source::Source;

/// The most manifests that are read, and the most bytes of each.
const MOST: usize = 100;
const LONGEST: usize = 256 << 10;

/// Modules whose distribution is called otherwise.
const OTHERWISE: [(&str, &str); 58] = [
    ("yaml", "pyyaml"),
    ("PIL", "pillow"),
    ("cv2", "opencv"),
    ("sklearn", "scikit-learn"),
    ("bs4", "beautifulsoup4"),
    ("dateutil", "python-dateutil"),
    ("dotenv", "python-dotenv"),
    ("jwt", "pyjwt"),
    ("attr", "attrs"),
    ("pkg_resources", "setuptools"),
    ("OpenSSL", "pyopenssl"),
    ("Crypto", "pycryptodome"),
    ("Cryptodome", "pycryptodome"),
    ("serial", "pyserial"),
    ("usb", "pyusb"),
    ("git", "gitpython"),
    ("docx", "python-docx"),
    ("magic", "python-magic"),
    ("MySQLdb", "mysqlclient"),
    ("psycopg2", "psycopg2"),
    ("zmq", "pyzmq"),
    ("win32api", "pywin32"),
    ("win32con", "pywin32"),
    ("pythoncom", "pywin32"),
    ("gi", "pygobject"),
    ("slugify", "python-slugify"),
    ("multipart", "python-multipart"),
    ("jose", "python-jose"),
    ("nacl", "pynacl"),
    ("skimage", "scikit-image"),
    ("fitz", "pymupdf"),
    ("pptx", "python-pptx"),
    ("ldap", "python-ldap"),
    ("wx", "wxpython"),
    ("Xlib", "python-xlib"),
    ("memcache", "python-memcached"),
    ("flask_sqlalchemy", "flask-sqlalchemy"),
    ("rest_framework", "djangorestframework"),
    ("corsheaders", "django-cors-headers"),
    ("environ", "django-environ"),
    ("debug_toolbar", "django-debug-toolbar"),
    ("socks", "pysocks"),
    ("markdown", "markdown"),
    ("backports", "backports"),
    ("google", "google"),
    ("azure", "azure"),
    ("mpl_toolkits", "matplotlib"),
    ("pylab", "matplotlib"),
    ("grpc", "grpcio"),
    ("grpc_tools", "grpcio-tools"),
    ("ruamel", "ruamel.yaml"),
    ("docutils", "docutils"),
    ("jinja2", "jinja2"),
    ("IPython", "ipython"),
    ("discord", "discord.py"),
    ("telegram", "python-telegram-bot"),
    ("lxml", "lxml"),
    ("redis", "redis"),
];

/// What the project declares.
#[derive(Clone, Debug, Default)]
pub struct Manifests {
    /// Distributions, normalised.
    declared: BTreeSet<String>,
    /// All that is declared is written down: nothing is computed by a script.
    pub is_complete: bool,
    /// There is one at all.
    pub is_there: bool,
    /// All of them as one text, with what configures builds.
    pub words: String,
}

impl Manifests {
    /// Reads them all.
    pub fn read(files: &[String], source: &Source) -> Self {
        let mut manifests = Self { is_complete: true, ..Self::default() };
        let is_manifest = |path: &&String| {
            let name = path.rsplit('/').next().unwrap_or(path);
            let requirements = name.starts_with("requirements") || path.contains("requirements/");
            let text = [".txt", ".in"].iter().any(|ending| name.ends_with(ending));
            (requirements && text)
                || matches!(
                    name,
                    "pyproject.toml"
                        | "setup.py"
                        | "setup.cfg"
                        | "Pipfile"
                        | "environment.yml"
                        | "tox.ini"
                        | "noxfile.py"
                        | "meson.build"
                        | "CMakeLists.txt"
                        | "hatch_build.py"
                )
        };
        for path in files.iter().filter(is_manifest).take(MOST) {
            let Ok(text) = source.text(path) else { continue };
            let content = &text.content[..text.content.floor_char_boundary(LONGEST)];
            manifests.is_there |= !matches!(path.as_str(), "tox.ini" | "noxfile.py" | "meson.build" | "CMakeLists.txt");
            // Lists that a script or a file elsewhere gives.
            let computed = path.ends_with("setup.py") && content.contains("requires")
                || content.contains("dynamic") && content.contains("\"dependencies\"");
            manifests.is_complete &= !computed;
            manifests.add(content);
            manifests.words.push_str(content);
        }
        manifests
    }

    fn add(&mut self, content: &str) {
        for line in content.lines() {
            let line = line.trim();
            // A requirement of its own, a key, or texts of a list.
            self.declared.extend(distribution(line));
            for text in line.split(['"', '\'']).skip(1).step_by(2) {
                self.declared.extend(distribution(text));
            }
        }
    }

    /// Whether something that is declared may bring a top-level module.
    pub fn may_bring(&self, module: &str) -> bool {
        let plain = normalise(module);
        let otherwise =
            OTHERWISE.iter().filter(|(name, _)| *name == module).map(|(_, distribution)| normalise(distribution));
        let names: Vec<String> = otherwise.chain([plain]).collect();
        self.declared.iter().any(|declared| names.iter().any(|name| declared == name || alike(declared, name)))
    }

    /// Those that are declared, normalised.
    pub fn declared(&self) -> impl Iterator<Item = &str> {
        self.declared.iter().map(String::as_str)
    }
}

/// `pytest-mock` and `mock`, `python-slugify` and `slugify`: one may bring the other.
fn alike(declared: &str, name: &str) -> bool {
    let squeezed = |text: &str| text.replace('-', "");
    let (declared, name) = (squeezed(declared), squeezed(name));
    name.len() >= 3 && declared.len() >= 3 && (declared.contains(&name) || name.contains(&declared))
}

/// The name that a requirement begins with.
fn distribution(text: &str) -> Option<String> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(text.len());
    let name = &text[..end];
    let rest = text[end..].trim_start();
    let plausible =
        rest.is_empty() || rest.starts_with(['=', '<', '>', '~', '!', '[', ';', ',', '@', '(', ':', '#', '^']);
    (plausible && !name.is_empty() && name.len() <= 80 && name.starts_with(|c: char| c.is_ascii_alphabetic()))
        .then(|| normalise(name))
}

/// A distribution's name as indexes compare it (PEP 503).
pub fn normalise(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for c in name.chars().flat_map(char::to_lowercase) {
        let c = if matches!(c, '_' | '.') { '-' } else { c };
        if !(c == '-' && normal.ends_with('-')) {
            normal.push(c);
        }
    }
    normal
}

/// What a lock file or an installed tree proves of a module's distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// The distribution, as it calls itself.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Who proves it.
    pub by: String,
    /// The lock file keeps the manifest's own wish, which the manifest has lost.
    pub was_wanted: bool,
}

/// The proof for a module whose distribution has its name, or whose installed files name it.
pub fn proven(module: &str, files: &[String], source: &Source) -> Option<Proven> {
    locked(module, files, source).or_else(|| installed(module, files, source))
}

/// `name = "…"` and `version = "…"` of a `[[package]]`, as poetry, pdm and uv write it.
fn locked(module: &str, files: &[String], source: &Source) -> Option<Proven> {
    let lock = |path: &&String| matches!(path.rsplit('/').next(), Some("poetry.lock" | "uv.lock" | "pdm.lock"));
    files.iter().filter(lock).take(10).find_map(|path| {
        let content = source.text(path).ok()?.content;
        let mut found: Vec<(String, String)> = Vec::new();
        let mut was_wanted = false;
        for package in content.split("[[package]]").skip(1) {
            let value = |key: &str| {
                let line = package.lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('='))?;
                Some(line.trim().trim_matches('"').to_owned())
            };
            let (Some(name), Some(version)) = (value("name"), value("version")) else { continue };
            if normalise(&name) == normalise(module) && is_version(&version) {
                found.push((name, version));
            } else if package.contains("source = { editable") || package.contains("source = { virtual") {
                let own = package.split("[package.").next().unwrap_or(package);
                was_wanted |= own.contains(&format!("{{ name = \"{}\"", normalise(module)));
            }
        }
        let [(name, version)] = &found[..] else { return None };
        Some(Proven { name: name.clone(), version: version.clone(), by: path.clone(), was_wanted })
    })
}

/// `…/site-packages/name-1.2.3.dist-info`, whose list of files has the module.
fn installed(module: &str, files: &[String], source: &Source) -> Option<Proven> {
    let records = files.iter().filter(|path| path.ends_with(".dist-info/RECORD"));
    let mut found = records.take(2000).filter_map(|path| {
        let content = source.text(path).ok()?.content;
        let brings = content.lines().any(|line| {
            line.strip_prefix(module).is_some_and(|rest| rest.starts_with('/') || rest.starts_with(".py,"))
        });
        let folder = path.strip_suffix(".dist-info/RECORD")?.rsplit('/').next()?;
        let (name, version) = folder.rsplit_once('-')?;
        (brings && is_version(version)).then(|| Proven {
            name: name.to_owned(),
            version: version.to_owned(),
            by: path.clone(),
            was_wanted: false,
        })
    });
    match (found.next(), found.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

fn is_version(text: &str) -> bool {
    text.len() <= 60
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '!'))
}
