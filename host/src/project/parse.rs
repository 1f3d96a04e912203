//! Checks a `thymus.toml` key by key, so that every mistake is told with its own place and fix, all at once.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use globset::{GlobBuilder, GlobSetBuilder};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistake::{ProjectErrors, ProjectMistake};
use crate::model::{Framework, Project, RepoPath, SetUp, TestReport, TestRun};

/// Bytes of a `thymus.toml`.
pub const MAX_TEXT: usize = 256 << 10;
/// Seconds of one test run.
pub const MAX_TIMEOUT: u64 = 86_400;
/// Mistakes that are told at once.
const MAX_MISTAKES: usize = 20;
/// Languages, commands, lock files, made folders, variables.
const FEW: usize = 64;
/// Words of a command, and globs.
pub(super) const MANY: usize = 256;
const MAX_WORD: usize = 4096;
const MAX_GLOB: usize = 512;

const LANGUAGES: [&str; 14] = [
    "javascript",
    "typescript",
    "python",
    "rust",
    "go",
    "java",
    "kotlin",
    "csharp",
    "ruby",
    "php",
    "swift",
    "elixir",
    "c",
    "cpp",
];
const FRAMEWORKS: [(&str, Framework); 7] = [
    ("node-test", Framework::NodeTest),
    ("jest", Framework::Jest),
    ("vitest", Framework::Vitest),
    ("pytest", Framework::Pytest),
    ("unittest", Framework::Unittest),
    ("cargo-nextest", Framework::CargoNextest),
    ("command", Framework::Command),
];

pub(super) type Value<'t> = Spanned<DeValue<'t>>;

/// Checks a `thymus.toml`; mistakes are told with line, column and the fix.
pub fn parse(text: &str) -> Result<Project, ProjectErrors> {
    let mut reader = Reader { text, mistakes: Vec::new() };
    let project = if text.len() > MAX_TEXT {
        let what = format!("the file has {} bytes; {MAX_TEXT} are read", text.len());
        reader.mistakes.push(ProjectMistake::new("", &(0..0), what, "keep only what describes the project".into()));
        None
    } else {
        match DeTable::parse(text) {
            Ok(table) => reader.project(&table),
            Err(error) => {
                let fix = "correct the TOML there; strings need quotes, lists [brackets]";
                reader.wrong(&error.span().unwrap_or(0..0), error.message().to_owned(), fix);
                None
            }
        }
    };
    match project {
        Some(project) if reader.mistakes.is_empty() => Ok(project),
        _ => {
            reader.mistakes.sort_by_key(|mistake| (mistake.line, mistake.column));
            reader.mistakes.truncate(MAX_MISTAKES);
            Err(ProjectErrors { mistakes: reader.mistakes })
        }
    }
}

pub(super) struct Reader<'a> {
    text: &'a str,
    mistakes: Vec<ProjectMistake>,
}

/// A table whose keys were checked.
pub(super) struct Table<'a, 't> {
    entries: &'a DeTable<'t>,
    name: &'static str,
    span: Range<usize>,
}

impl<'a, 't> Table<'a, 't> {
    pub(super) fn get(&self, key: &str) -> Option<&'a Value<'t>> {
        self.entries.iter().find(|(name, _)| name.get_ref().as_ref() == key).map(|(_, value)| value)
    }
}

impl Reader<'_> {
    pub(super) fn wrong(&mut self, span: &Range<usize>, what: String, fix: impl Into<String>) {
        // One more than is told, so that a hostile file can't cost more than an honest one.
        if self.mistakes.len() <= MAX_MISTAKES {
            self.mistakes.push(ProjectMistake::new(self.text, span, what, fix.into()));
        }
    }

    fn project(&mut self, file: &Spanned<DeTable<'_>>) -> Option<Project> {
        const KEYS: [&str; 8] = ["name", "languages", "test", "set_up", "sequences", "docs", "threshold", "state"];
        let file = self.table("the file", file.span(), file.get_ref(), &KEYS);
        let name = self.required(&file, "name").and_then(|value| self.name(value));
        let languages = self.required(&file, "languages").map(|value| self.languages(value));
        let test = self.required(&file, "test").and_then(|value| self.sub("[test]", value, &TEST));
        let test = test.and_then(|table| self.test(&table));
        let set_up = file.get("set_up").and_then(|value| self.sub("[set_up]", value, &SET_UP));
        let set_up = set_up.and_then(|table| self.set_up(&table));
        let sequences = file.get("sequences").map(|value| self.globs("sequences", value)).unwrap_or_default();
        let docs = file.get("docs").map(|value| self.globs("docs", value)).unwrap_or_default();
        let thresholds = file.get("threshold").map(|value| self.thresholds(value)).unwrap_or_default();
        let states = file.get("state").map(|value| self.states(value)).unwrap_or_default();
        Some(Project { name: name?, languages: languages?, test: test?, set_up, sequences, docs, thresholds, states })
    }

    fn table<'a, 't>(
        &mut self,
        name: &'static str,
        span: Range<usize>,
        table: &'a DeTable<'t>,
        keys: &[&str],
    ) -> Table<'a, 't> {
        for (key, _) in table {
            let text = key.get_ref();
            if !keys.contains(&text.as_ref()) {
                self.wrong(&key.span(), format!("{name} has no key `{text}`"), guess(text, keys));
            }
        }
        Table { entries: table, name, span }
    }

    pub(super) fn sub<'a, 't>(
        &mut self,
        name: &'static str,
        value: &'a Value<'t>,
        keys: &[&str],
    ) -> Option<Table<'a, 't>> {
        if let Some(table) = value.get_ref().as_table() {
            return Some(self.table(name, value.span(), table, keys));
        }
        self.kind(value, name, "a table", &format!("write `{name}` on a line of its own and its keys below it"));
        None
    }

    pub(super) fn required<'a, 't>(&mut self, table: &Table<'a, 't>, key: &str) -> Option<&'a Value<'t>> {
        let value = table.get(key);
        if value.is_none() {
            let example = match key {
                "name" => "name = \"shop\"",
                "languages" => "languages = [\"javascript\"]",
                "test" => "a [test] table with framework, command and files",
                "framework" => "framework = \"node-test\", \"pytest\", ... or \"command\"",
                "command" => "command = [\"npm\", \"test\"]",
                "files" => "files = [\"test/**\"]",
                "commands" => "commands = [[\"npm\", \"ci\"]]",
                "lock_files" => "lock_files = [\"package-lock.json\"]",
                "handler" => "handler = \"checkout\", the name that telemetry gives it",
                "quantile" => "quantile = 0.95",
                "millis" => "millis = 300",
                "changes" => "changes = [\"order.status\"], or changes = [] for a handler that changes nothing",
                _ => "produces = [\"node_modules\"]",
            };
            let head = table.span.start..table.span.start;
            self.wrong(&head, format!("{} lacks `{key}`", table.name), format!("add {example}"));
        }
        value
    }

    pub(super) fn kind(&mut self, value: &Value<'_>, key: &str, wanted: &str, fix: &str) {
        let what = format!("`{key}` is {wanted}, not {}", value.get_ref().type_str());
        self.wrong(&value.span(), what, fix);
    }

    /// Text of 1 to `most` bytes without control characters.
    pub(super) fn word(&mut self, key: &str, value: &Value<'_>, most: usize) -> Option<String> {
        let Some(text) = value.get_ref().as_str() else {
            self.kind(value, key, "text", "put it in quotes");
            return None;
        };
        if text.len() > most {
            self.wrong(&value.span(), format!("this has {} bytes; `{key}` allows {most}", text.len()), "shorten it");
            return None;
        }
        if let Some(bad) = text.chars().find(|c| c.is_control()) {
            let what = format!("`{key}` holds the control character {bad:?}");
            self.wrong(&value.span(), what, "remove it");
            return None;
        }
        Some(text.to_owned())
    }

    fn name(&mut self, value: &Value<'_>) -> Option<String> {
        let name = self.word("name", value, 100)?;
        if name.trim().is_empty() {
            self.wrong(&value.span(), "`name` is empty".into(), "write what people call the project");
            return None;
        }
        Some(name)
    }

    pub(super) fn list<'a, 't>(&mut self, key: &str, value: &'a Value<'t>, most: usize) -> Vec<&'a Value<'t>> {
        let Some(array) = value.get_ref().as_array() else {
            let fix = match value.get_ref().as_str() {
                Some(text) if text.len() <= 200 => format!("write `{key} = {}`", as_list(text, key)),
                _ => format!("write `{key} = [...]`"),
            };
            self.kind(value, key, "a list", &fix);
            return Vec::new();
        };
        let values: Vec<_> = array.iter().collect();
        if values.len() > most {
            let what = format!("`{key}` has {} entries; {most} are allowed", values.len());
            self.wrong(&value.span(), what, "keep those that matter; one glob can stand for many files");
            return Vec::new();
        }
        values
    }

    fn languages(&mut self, value: &Value<'_>) -> Vec<String> {
        let mut languages = Vec::new();
        for one in self.list("languages", value, FEW) {
            let Some(name) = self.word("languages", one, 32) else { continue };
            let shaped =
                !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            let near = nearest(&name, &LANGUAGES);
            // A language that thymus never heard of is fine, some plugin may know it; a misspelt one is not.
            if !shaped || (near.is_some() && !LANGUAGES.contains(&name.as_str())) {
                let fix = near.map_or_else(|| "write it in lower case".to_owned(), |near| format!("write \"{near}\""));
                self.wrong(&one.span(), format!("{name:?} is no language"), fix);
                continue;
            }
            languages.push(name);
        }
        languages
    }

    fn globs(&mut self, key: &str, value: &Value<'_>) -> Vec<String> {
        let mut globs = Vec::new();
        for one in self.list(key, value, MANY) {
            let Some(glob) = self.word(key, one, MAX_GLOB) else { continue };
            let outside = glob.is_empty()
                || glob.starts_with(['/', '~', '!'])
                || glob.contains('\\')
                || glob.split('/').any(|name| matches!(name, ".." | "."));
            if outside {
                let what = format!("{glob:?} is no glob below the top of the repository");
                self.wrong(&one.span(), what, "write it like \"docs/**/*.md\": relative, with `/`, without `..`");
                continue;
            }
            // Built as it will be used: some patterns only fail when they are compiled.
            let built = GlobBuilder::new(&glob)
                .literal_separator(true)
                .build()
                .and_then(|built| GlobSetBuilder::new().add(built).build());
            match built {
                Ok(_) => globs.push(glob),
                Err(error) => {
                    let what = format!("{glob:?} is no glob: {}", error.kind());
                    self.wrong(&one.span(), what, "close its brackets and braces, or write it simpler");
                }
            }
        }
        globs
    }

    pub(super) fn path(&mut self, key: &str, value: &Value<'_>) -> Option<String> {
        let path = self.word(key, value, MAX_WORD)?;
        if let Err(why) = RepoPath::new(path.trim_end_matches('/')) {
            let what = format!("`{key}`: {path:?}: {why}");
            self.wrong(&value.span(), what, "name a path below the top of the repository");
            return None;
        }
        Some(path.trim_end_matches('/').to_owned())
    }

    fn paths(&mut self, key: &str, value: &Value<'_>) -> Vec<String> {
        let values = self.list(key, value, FEW);
        let paths: Vec<String> = values.iter().filter_map(|one| self.path(key, one)).collect();
        if values.is_empty() && value.get_ref().is_array() {
            self.wrong(&value.span(), format!("`{key}` is empty"), "name at least one, or leave [set_up] out");
        }
        paths
    }

    fn command(&mut self, key: &str, value: &Value<'_>) -> Option<Vec<String>> {
        let values = self.list(key, value, MANY);
        let Some(first) = values.first() else {
            if value.get_ref().is_array() {
                self.wrong(&value.span(), "the command names no program".into(), "write it as [\"npm\", \"test\"]");
            }
            return None;
        };
        let known = self.mistakes.len();
        let words: Vec<String> = values.iter().filter_map(|one| self.word(key, one, MAX_WORD)).collect();
        if self.mistakes.len() > known {
            return None;
        }
        let program = words.first().map_or("", String::as_str);
        if program.trim().is_empty() {
            self.wrong(&first.span(), "the command names no program".into(), "write it as [\"npm\", \"test\"]");
            return None;
        }
        if words.len() == 1 && program.contains(' ') {
            let fix = format!("no shell reads it: write {}", as_list(program, "command"));
            self.wrong(&first.span(), format!("{program:?} is one word, so it names no program"), fix);
            return None;
        }
        if let Some(at) = words.iter().position(|word| matches!(word.as_str(), "&&" | "||" | ";" | "|" | ">")) {
            let what = format!("{:?} means nothing without a shell", words[at]);
            self.wrong(&values[at].span(), what, "name one program; a script in the repository can do the rest");
            return None;
        }
        Some(words)
    }
}

const TEST: [&str; 6] = ["framework", "command", "junit", "files", "env", "timeout_seconds"];
const SET_UP: [&str; 3] = ["commands", "lock_files", "produces"];

impl Reader<'_> {
    fn test(&mut self, table: &Table<'_, '_>) -> Option<TestRun> {
        let framework = self.required(table, "framework").and_then(|value| self.framework(value));
        let command = self.required(table, "command").and_then(|value| self.command("command", value));
        let files = self.required(table, "files").map(|value| {
            let files = self.globs("files", value);
            if value.get_ref().as_array().is_some_and(|array| array.is_empty()) {
                let what = "`files` is empty, so thymus could not tell a test from the code it tests";
                self.wrong(&value.span(), what.into(), "write globs like \"test/**\"");
            }
            files
        });
        let report = table.get("junit").map_or(Some(TestReport::ExitStatus), |value| {
            self.path("junit", value).map(|path| TestReport::Junit { path })
        });
        let env = table.get("env").map(|value| self.env(value)).unwrap_or_default();
        let timeout_seconds = table.get("timeout_seconds").map_or(Some(600), |value| self.timeout(value));
        Some(TestRun {
            framework: framework?,
            command: command?,
            report: report?,
            files: files?,
            env,
            timeout_seconds: timeout_seconds?,
        })
    }

    fn framework(&mut self, value: &Value<'_>) -> Option<Framework> {
        let name = self.word("framework", value, 64)?;
        let found = FRAMEWORKS.iter().find(|(known, _)| *known == name).map(|(_, framework)| *framework);
        if found.is_none() {
            let names = FRAMEWORKS.map(|(name, _)| name);
            let fix = format!("{}; \"command\" fits every other runner", guess(&name, &names));
            self.wrong(&value.span(), format!("thymus knows no framework {name:?}"), fix);
        }
        found
    }

    fn timeout(&mut self, value: &Value<'_>) -> Option<u64> {
        let number = value.get_ref().as_integer();
        let seconds = number.and_then(|number| u64::from_str_radix(number.as_str(), number.radix()).ok());
        let seconds = seconds.filter(|seconds| (1..=MAX_TIMEOUT).contains(seconds));
        if seconds.is_none() {
            let what = format!("`timeout_seconds` is not a whole number between 1 and {MAX_TIMEOUT}");
            self.wrong(&value.span(), what, "write how long one run of the tests may take, like 600");
        }
        seconds
    }

    fn env(&mut self, value: &Value<'_>) -> BTreeMap<String, String> {
        let mut env = BTreeMap::new();
        let Some(table) = value.get_ref().as_table() else {
            self.kind(value, "env", "a table", "write env = { NAME = \"value\" }");
            return env;
        };
        if table.len() > FEW {
            let what = format!("`env` has {} variables; {FEW} are allowed", table.len());
            self.wrong(&value.span(), what, "keep those that the tests read");
            return env;
        }
        for (key, value) in table {
            let name: &Cow<'_, str> = key.get_ref();
            if !is_variable(name) {
                let what = format!("{name:?} is no name of a variable");
                self.wrong(&key.span(), what, "use letters, digits and `_`, at most 128, no digit first");
            } else if is_the_sandboxs(name) {
                let what = format!("`{name}` belongs to the sandbox in which tests run");
                self.wrong(&key.span(), what, "leave it out; name a program by its path, like node_modules/.bin/jest");
            } else if let Some(text) = self.word("env", value, MAX_WORD) {
                env.insert(name.clone().into_owned(), text);
            }
        }
        env
    }

    fn set_up(&mut self, table: &Table<'_, '_>) -> Option<SetUp> {
        let commands = self.required(table, "commands").map(|value| {
            let list = self.list("commands", value, FEW);
            if list.is_empty() && value.get_ref().is_array() {
                self.wrong(&value.span(), "`commands` is empty".into(), "leave [set_up] out if nothing is installed");
            }
            // `["npm", "ci"]` where a list of commands is wanted is the usual slip.
            if let Some(word) = list.iter().find(|one| one.get_ref().is_str()) {
                let what = "`commands` is a list of commands, and each command is a list of words";
                self.wrong(&word.span(), what.into(), "write commands = [[\"npm\", \"ci\"]]");
                return Vec::new();
            }
            list.into_iter().filter_map(|one| self.command("commands", one)).collect()
        });
        let lock_files = self.required(table, "lock_files").map(|value| self.paths("lock_files", value));
        let produces = self.required(table, "produces").map(|value| {
            let folders = self.paths("produces", value);
            for (at, folder) in folders.iter().enumerate() {
                let inside = |outer: &String| folder.strip_prefix(outer.as_str()).is_some_and(|r| r.starts_with('/'));
                if folders[..at].contains(folder) || folders.iter().any(inside) {
                    let what = format!("`produces` names {folder:?} twice, or a folder and what is in it");
                    self.wrong(&value.span(), what, "name each folder once, the outermost");
                }
            }
            folders
        });
        Some(SetUp { commands: commands?, lock_files: lock_files?, produces: produces? })
    }
}

fn is_variable(name: &str) -> bool {
    name.len() <= 128
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// What the loader, the C library or thymus itself reads before the tests are shut in, and what the sandbox sets.
pub(super) fn is_the_sandboxs(name: &str) -> bool {
    const SET: [&str; 9] = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "PWD", "TMPDIR", "IFS", "GLIBC_TUNABLES"];
    name.starts_with("LD_") || name.starts_with("DYLD_") || name.starts_with("THYMUS_") || SET.contains(&name)
}

/// `npm test` as `["npm", "test"]`; a glob or path as a list of one.
fn as_list(text: &str, key: &str) -> String {
    let words = if key.starts_with("command") { shlex::split(text) } else { None };
    let words = words.unwrap_or_else(|| vec![text.to_owned()]);
    toml::Value::from(words).to_string()
}

fn guess(text: &str, known: &[&str]) -> String {
    nearest(text, known)
        .map_or_else(|| format!("it may be {}", known.join(", ")), |near| format!("did you mean `{near}`?"))
}

fn nearest<'a>(text: &str, known: &[&'a str]) -> Option<&'a str> {
    if text.len() > 80 {
        return None;
    }
    let text = text.to_lowercase().replace(['-', ' '], "_");
    let far = |name: &str| strsim::damerau_levenshtein(&text, &name.replace('-', "_"));
    let (far, near) = known.iter().map(|name| (far(name), *name)).min()?;
    (far <= 2 && far * 2 < near.len()).then_some(near)
}
