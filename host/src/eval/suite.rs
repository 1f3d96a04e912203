//! Suites as they stand on disk: `docs/evaluation-suites.md` says what each key means. Everything is checked before the first
//! case runs, and every mistake is told with its file and line.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::model::{Capability, RepoPath};
use crate::policy::{Policy, PolicyErrors};
use crate::validate::Check;

use super::folder::{self, HIDDEN};
use super::mistake::SuiteMistake;

const MAX_CASES: usize = 1_000;
const MAX_EXPECTS: usize = 64;
const MAX_CHECKS: usize = 16;
const MAX_TEXT: u64 = 256 << 10;
const MAX_BUNDLE: u64 = 512 << 20;
/// Files, rules, globs, words, alternatives, failures of one list.
const MANY: usize = 256;

/// Why suites can't be taken as they are.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum SuiteError {
    #[error(transparent)]
    #[diagnostic(transparent)]
    Mistake(#[from] Box<SuiteMistake>),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Policy(#[from] PolicyErrors),
}

/// A suite, checked.
#[derive(Debug)]
pub(super) struct Suite {
    pub name: String,
    pub description: String,
    pub source: String,
    pub assumptions: Assumptions,
    pub cases: Vec<Case>,
}

/// What a person's time is taken to be, in minutes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Assumptions {
    /// To find, repair and test one fault.
    pub minutes_by_hand: f64,
    /// To read one proposed fix, right or wrong.
    pub minutes_to_review: f64,
    /// To find out that a finding is none.
    pub minutes_per_false_alarm: f64,
}

impl Default for Assumptions {
    fn default() -> Self {
        Self { minutes_by_hand: 90.0, minutes_to_review: 15.0, minutes_per_false_alarm: 10.0 }
    }
}

/// A case, checked.
#[derive(Debug)]
pub(super) struct Case {
    pub name: String,
    pub language: String,
    pub note: String,
    pub repository: Option<Source>,
    pub telemetry: Vec<PathBuf>,
    pub baseline: Vec<PathBuf>,
    pub policy: Vec<PathBuf>,
    pub judged: BTreeSet<Capability>,
    pub expects: Vec<Expect>,
    pub tolerate: Vec<Tolerated>,
    pub known_failures: BTreeSet<String>,
}

/// Where a repository comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Folder(PathBuf),
    Bundle(PathBuf),
}

/// A problem that has to be found.
#[derive(Debug)]
pub(super) struct Expect {
    /// The first is the one that was planted; the others are as right.
    pub answers: Vec<Answer>,
    pub touches: GlobSet,
    /// Whether a fix is asked for.
    pub fix: bool,
    pub hidden: Vec<Check>,
}

/// What a finding and its diagnosis are held against.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    pub capability: Option<Capability>,
    pub rules: Vec<String>,
    pub handler: Option<String>,
    pub path: Option<RepoPath>,
    pub function: Option<String>,
    pub function_lines: Option<[u32; 2]>,
    pub lines: Option<[u32; 2]>,
}

/// A finding that counts neither way.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tolerated {
    pub capability: Option<Capability>,
    #[serde(default)]
    pub rules: Vec<String>,
    pub handler: Option<String>,
    pub path: Option<RepoPath>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SuiteFile {
    name: Spanned<String>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    assumptions: Option<Spanned<Assumptions>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    #[serde(default)]
    language: String,
    #[serde(default)]
    note: String,
    repository: Option<Spanned<String>>,
    telemetry: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    baseline: Vec<Spanned<String>>,
    #[serde(default)]
    policy: Vec<Spanned<String>>,
    judged: Option<Vec<Capability>>,
    #[serde(default)]
    known_failures: Vec<String>,
    #[serde(default)]
    clean: bool,
    #[serde(default)]
    expect: Vec<Spanned<ExpectTable>>,
    #[serde(default)]
    tolerate: Vec<Tolerated>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectTable {
    capability: Capability,
    #[serde(default)]
    rules: Vec<String>,
    handler: Option<String>,
    path: Option<Spanned<String>>,
    function: Option<String>,
    function_lines: Option<Spanned<[u32; 2]>>,
    lines: Option<Spanned<[u32; 2]>>,
    touches: Option<Vec<Spanned<String>>>,
    #[serde(default = "yes")]
    fix: bool,
    #[serde(default)]
    or: Vec<OrTable>,
    #[serde(default)]
    hidden: Vec<Spanned<HiddenTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrTable {
    capability: Option<Capability>,
    rules: Option<Vec<String>>,
    handler: Option<String>,
    path: Option<Spanned<String>>,
    function: Option<String>,
    function_lines: Option<Spanned<[u32; 2]>>,
    lines: Option<Spanned<[u32; 2]>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HiddenTable {
    files: Option<Spanned<String>>,
    command: Option<Vec<String>>,
    #[serde(default)]
    must: Must,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Must {
    #[default]
    Pass,
    Fail,
}

fn yes() -> bool {
    true
}

/// Reads a suite and all its cases.
pub(super) fn load(dir: &Path) -> Result<Suite, SuiteError> {
    // Jails start elsewhere, so a relative folder would lead them astray.
    let dir = &std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let file = dir.join("suite.toml");
    if !dir.is_dir() {
        let what = "there is no such folder";
        return Err(SuiteMistake::of(dir, what, "name a folder with a suite.toml in it").into());
    }
    let text = read(&file)?;
    let SuiteFile { name, description, source, assumptions } = parse(&file, &text)?;
    if !is_name(name.get_ref()) {
        let fix = "use letters, digits, `-`, `_` and `.`, at most 100";
        return Err(SuiteMistake::at(&file, &text, &name.span(), "this is no name of a suite", fix).into());
    }
    if let Some(assumptions) = &assumptions {
        let Assumptions { minutes_by_hand, minutes_to_review, minutes_per_false_alarm } = assumptions.get_ref();
        let fine = |minutes: &f64| (0.0..=100_000.0).contains(minutes);
        if ![minutes_by_hand, minutes_to_review, minutes_per_false_alarm].into_iter().all(fine) {
            let fix = "minutes lie between 0 and 100000";
            return Err(SuiteMistake::at(&file, &text, &assumptions.span(), "nobody can assume this", fix).into());
        }
    }
    let cases = case_folders(dir)?.into_iter().map(|name| load_case(dir, &name)).collect::<Result<_, _>>()?;
    let assumptions = assumptions.map(Spanned::into_inner).unwrap_or_default();
    Ok(Suite { name: name.into_inner(), description, source, assumptions, cases })
}

fn is_name(name: &str) -> bool {
    (1..=100).contains(&name.len())
        && !name.starts_with('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn case_folders(dir: &Path) -> Result<Vec<String>, SuiteError> {
    let top = dir.join("cases");
    let entries = std::fs::read_dir(&top)
        .map_err(|error| SuiteMistake::of(&top, error.to_string(), "put each case into a folder in `cases/`"))?;
    let mut names = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) || !entry.path().join("case.toml").is_file() {
            continue;
        }
        if !is_name(&name) {
            let fix = "rename it with letters, digits, `-`, `_` and `.`, at most 100";
            return Err(SuiteMistake::of(&entry.path(), "this is no name of a case", fix).into());
        }
        names.push(name);
        if names.len() > MAX_CASES {
            let fix = "make two suites of it";
            return Err(SuiteMistake::of(&top, format!("there are more than {MAX_CASES} cases"), fix).into());
        }
    }
    if names.is_empty() {
        return Err(SuiteMistake::of(&top, "no folder in it holds a case.toml", "add a case").into());
    }
    names.sort();
    Ok(names)
}

fn read(file: &Path) -> Result<String, Box<SuiteMistake>> {
    let wrong =
        |error: std::io::Error| SuiteMistake::of(file, error.to_string(), "docs/evaluation-suites.md shows one");
    let mut bytes = Vec::new();
    let plain = file.symlink_metadata().map_err(wrong)?.is_file();
    if plain {
        std::fs::File::open(file).map_err(wrong)?.take(MAX_TEXT + 1).read_to_end(&mut bytes).map_err(wrong)?;
    }
    if !plain || bytes.len() as u64 > MAX_TEXT {
        let what = format!("it is no plain file of at most {MAX_TEXT} bytes");
        return Err(SuiteMistake::of(file, what, "keep only what describes the case"));
    }
    String::from_utf8(bytes).map_err(|_| SuiteMistake::of(file, "it is not UTF-8", "save it as UTF-8"))
}

fn parse<T: serde::de::DeserializeOwned>(file: &Path, text: &str) -> Result<T, Box<SuiteMistake>> {
    toml::from_str(text).map_err(|error| {
        let fix = "docs/evaluation-suites.md lists the keys and what may stand there";
        SuiteMistake::at(file, text, &error.span().unwrap_or(0..0), error.message().trim(), fix)
    })
}

/// One `case.toml` while it is checked.
struct Reader<'a> {
    suite: &'a Path,
    dir: PathBuf,
    file: PathBuf,
    text: String,
}

type Checked<T> = Result<T, Box<SuiteMistake>>;

fn load_case(suite: &Path, name: &str) -> Result<Case, SuiteError> {
    let dir = suite.join("cases").join(name);
    let file = dir.join("case.toml");
    let text = read(&file)?;
    let reader = Reader { suite, dir, file, text };
    let case: CaseFile = parse(&reader.file, &reader.text)?;
    let top = 0..0;
    if case.clean != case.expect.is_empty() {
        let fix = "write either `clean = true` or one [[expect]] for each problem";
        return Err(reader.wrong(&top, "is it clean, or is something wrong in it?", fix).into());
    }
    if case.telemetry.get_ref().is_empty() {
        return Err(reader.wrong(&case.telemetry.span(), "there is no telemetry", "name OTLP files").into());
    }
    let lists = [case.telemetry.get_ref().len(), case.baseline.len(), case.policy.len(), case.known_failures.len()];
    if lists.into_iter().any(|len| len > MANY) || case.expect.len() > MAX_EXPECTS || case.tolerate.len() > MANY {
        let what = format!("a list is too long: {MAX_EXPECTS} [[expect]] and {MANY} of anything else are read");
        return Err(reader.wrong(&top, what, "make two cases of it").into());
    }
    let repository = case.repository.as_ref().map(|path| reader.repository(path)).transpose()?;
    let policy = reader.paths(&case.policy)?;
    Policy::load(&policy)?;
    let expects = case.expect.iter().map(|table| reader.expect(table, repository.is_some()));
    Ok(Case {
        expects: expects.collect::<Checked<_>>()?,
        name: name.to_owned(),
        language: case.language.clone(),
        note: case.note.clone(),
        repository,
        telemetry: reader.paths(case.telemetry.get_ref())?,
        baseline: reader.paths(&case.baseline)?,
        policy,
        judged: case.judged.unwrap_or_else(|| Capability::ALL.to_vec()).into_iter().collect(),
        tolerate: case.tolerate,
        known_failures: case.known_failures.into_iter().collect(),
    })
}

impl Reader<'_> {
    fn wrong(
        &self,
        span: &std::ops::Range<usize>,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) -> Box<SuiteMistake> {
        SuiteMistake::at(&self.file, &self.text, span, what, fix)
    }

    fn paths(&self, paths: &[Spanned<String>]) -> Checked<Vec<PathBuf>> {
        paths.iter().map(|path| self.path(path)).collect()
    }

    /// A path below the suite's folder, no part of which is a link.
    fn path(&self, path: &Spanned<String>) -> Checked<PathBuf> {
        let fix = "paths are relative to the case's folder and stay in the suite's";
        let outside = || self.wrong(&path.span(), format!("{:?} leads out of the suite", path.get_ref()), fix);
        let below = self.dir.strip_prefix(self.suite).unwrap_or(&self.dir);
        let mut names: Vec<&std::ffi::OsStr> = below.iter().collect();
        for part in Path::new(path.get_ref()).components() {
            match part {
                Component::Normal(name) => names.push(name),
                Component::CurDir => {}
                Component::ParentDir => drop(names.pop().ok_or_else(outside)?),
                Component::RootDir | Component::Prefix(_) => return Err(outside()),
            }
        }
        let mut at = self.suite.to_owned();
        for name in names {
            at.push(name);
            let about = at.symlink_metadata().map_err(|error| {
                self.wrong(
                    &path.span(),
                    format!("{}: {error}", at.display()),
                    "put the file there, or correct the path",
                )
            })?;
            if about.is_symlink() {
                let what = format!("{} is a symbolic link", at.display());
                return Err(self.wrong(&path.span(), what, "put what it leads to in its place"));
            }
        }
        Ok(at)
    }

    fn repository(&self, path: &Spanned<String>) -> Checked<Source> {
        let at = self.path(path)?;
        if at.is_dir() {
            return Ok(Source::Folder(at));
        }
        if at.metadata().is_ok_and(|about| about.is_file() && about.len() <= MAX_BUNDLE) {
            return Ok(Source::Bundle(at));
        }
        let what = format!("it is neither a folder nor a git bundle of at most {} MiB", MAX_BUNDLE >> 20);
        Err(self.wrong(&path.span(), what, "git bundle create repo.bundle HEAD"))
    }

    fn expect(&self, spanned: &Spanned<ExpectTable>, repository: bool) -> Checked<Expect> {
        let table = spanned.get_ref();
        let main = Answer {
            capability: Some(table.capability),
            rules: table.rules.clone(),
            handler: table.handler.clone(),
            path: self.repo_path(table.path.as_ref())?,
            function: table.function.clone(),
            function_lines: self.range(table.function_lines.as_ref())?,
            lines: self.range(table.lines.as_ref())?,
        };
        let head = spanned.span().start..spanned.span().start;
        if table.hidden.is_empty() && table.fix && repository {
            let fix = "add [[expect.hidden]] with a test that only a right fix passes, or fix = false";
            return Err(self.wrong(&head, "nothing says whether a fix of this is right", fix));
        }
        if table.hidden.len() > MAX_CHECKS || table.or.len() > MANY {
            let what = format!("{MAX_CHECKS} [[expect.hidden]] and {MANY} [[expect.or]] are read");
            return Err(self.wrong(&head, what, "keep those that tell something apart"));
        }
        let touches = match &table.touches {
            Some(globs) => self.globs(globs)?,
            None => Self::literal(main.path.as_ref()),
        };
        let mut answers = vec![main.clone()];
        for or in &table.or {
            answers.push(self.or(or, &main)?);
        }
        let hidden = table.hidden.iter().map(|hidden| self.hidden(hidden)).collect::<Checked<_>>()?;
        Ok(Expect { answers, touches, fix: table.fix && repository, hidden })
    }

    fn or(&self, or: &OrTable, main: &Answer) -> Checked<Answer> {
        let path = self.repo_path(or.path.as_ref())?;
        // Lines belong to a file: another file has none of the first one's.
        let same_file = path.is_none() || path == main.path;
        let kept = |lines: Option<[u32; 2]>, of_main: Option<[u32; 2]>| lines.or(of_main.filter(|_| same_file));
        Ok(Answer {
            capability: or.capability.or(main.capability),
            rules: or.rules.clone().unwrap_or_else(|| main.rules.clone()),
            handler: or.handler.clone().or_else(|| main.handler.clone()),
            function: or.function.clone().or_else(|| main.function.clone().filter(|_| same_file)),
            function_lines: kept(self.range(or.function_lines.as_ref())?, main.function_lines),
            lines: kept(self.range(or.lines.as_ref())?, main.lines),
            path: path.or_else(|| main.path.clone()),
        })
    }

    fn hidden(&self, spanned: &Spanned<HiddenTable>) -> Checked<Check> {
        let table = spanned.get_ref();
        let head = spanned.span().start..spanned.span().start;
        if table.files.is_none() && table.command.is_none() {
            let what = "a check has neither files nor a command";
            return Err(self.wrong(&head, what, "add files = \"hidden\", a folder"));
        }
        if table.command.as_ref().is_some_and(|words| words.is_empty() || words.len() > MANY) {
            let fix = "write command = [\"program\", \"argument\"]";
            return Err(self.wrong(&head, "this is no command", fix));
        }
        let mut files = BTreeMap::new();
        if let Some(path) = &table.files {
            let listed = folder::list(&self.path(path)?, HIDDEN);
            let listed = listed.map_err(|unfit| {
                self.wrong(&path.span(), format!("as hidden files this can't be used: {unfit}"), "correct the folder")
            })?;
            if let Some(out) = listed.left_out.first() {
                let what = format!("a hidden file can't be used: {out}");
                return Err(self.wrong(&path.span(), what, "put a plain file with another name in its place"));
            }
            files.extend(listed.files.into_iter().map(|(path, packed)| (path, packed.at)));
        }
        Ok(Check { files, command: table.command.clone(), must_pass: table.must == Must::Pass })
    }

    fn repo_path(&self, path: Option<&Spanned<String>>) -> Checked<Option<RepoPath>> {
        let Some(path) = path else { return Ok(None) };
        let checked = RepoPath::new(path.get_ref().as_str());
        checked.map(Some).map_err(|refusal| {
            self.wrong(&path.span(), refusal.to_string(), "name a file of the repository, as in src/cart.js")
        })
    }

    fn range(&self, range: Option<&Spanned<[u32; 2]>>) -> Checked<Option<[u32; 2]>> {
        let Some(range) = range else { return Ok(None) };
        let [first, last] = *range.get_ref();
        if first == 0 || last < first {
            return Err(self.wrong(&range.span(), "these are no lines", "write [first, last], from 1"));
        }
        Ok(Some([first, last]))
    }

    fn globs(&self, globs: &[Spanned<String>]) -> Checked<GlobSet> {
        let mut set = GlobSetBuilder::new();
        for glob in globs.iter().take(MANY) {
            let built = GlobBuilder::new(glob.get_ref()).literal_separator(true).build();
            set.add(built.map_err(|error| self.wrong(&glob.span(), error.to_string(), "write src/*.js, or a file"))?);
        }
        set.build().map_err(|error| self.wrong(&(0..0), error.to_string(), "write fewer or shorter globs"))
    }

    /// The one file that the truth names.
    fn literal(path: Option<&RepoPath>) -> GlobSet {
        let mut set = GlobSetBuilder::new();
        if let Some(glob) = path.and_then(|path| GlobBuilder::new(&globset::escape(path.as_str())).build().ok()) {
            set.add(glob);
        }
        set.build().unwrap_or_else(|_| GlobSet::empty())
    }
}
