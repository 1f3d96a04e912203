//! Makes the repository of a case: a bare one of eval's own, out of a folder's files or a git bundle. The same files give
//! the same commit, on every machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gix::bstr::ByteSlice as _;
use gix::objs::tree::{Editor, EntryKind};

use crate::model::{Cancel, RepoPath};
use crate::project;
use crate::snapshot::Repository;

use super::folder::{self, PROJECT, Packed};
use super::suite::Source;

/// 2026-01-01, so that ids don't depend on when eval ran.
const SECONDS: i64 = 1_767_225_600;
/// Unpacking a bundle.
const UNPACKING: Duration = Duration::from_mins(5);
const BRANCH: &str = "refs/heads/main";

/// Why there is no repository; the text says what to do.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unmade {
    #[error("its repository can't be used: {0}")]
    Folder(#[from] folder::Unfit),
    #[error("its repository can't be written: {0}; check the space and the rights there")]
    Write(String),
    #[error("its bundle can't be unpacked: {0}; `git bundle verify` says what is wrong with it")]
    Bundle(String),
    #[error("it has no thymus.toml and none could be written: {0}")]
    Project(String),
    #[error("stopped, as asked")]
    Cancelled,
}

/// Makes the repository of a source (or an empty one) at `dir`, and says what of the source is not in it.
pub(super) fn make(source: Option<&Source>, dir: &Path, cancel: &Cancel) -> Result<Vec<String>, Unmade> {
    let left_out = match source {
        None => {
            let at = dir.with_extension("readme");
            std::fs::write(&at, "A series has no source.\n").map_err(|error| Unmade::Write(error.to_string()))?;
            let readme = RepoPath::new("README").ok().map(|path| (path, Packed { at, executable: false }));
            commit(dir, &readme.into_iter().collect())?;
            return Ok(Vec::new());
        }
        Some(Source::Folder(folder)) => {
            let listed = folder::list(folder, PROJECT)?;
            commit(dir, &listed.files)?;
            listed.left_out
        }
        Some(Source::Bundle(file)) => {
            unpack(file, dir, cancel)?;
            Vec::new()
        }
    };
    describe(dir, cancel)?;
    Ok(left_out)
}

/// Commits these files.
fn commit(dir: &Path, files: &BTreeMap<RepoPath, Packed>) -> Result<(), Unmade> {
    let wrong = |error: &dyn std::fmt::Display| Unmade::Write(error.to_string());
    let options = gix::create::Options { destination_must_be_empty: Some(true), ..Default::default() };
    let isolated = gix::open::Options::isolated();
    let made = gix::ThreadSafeRepository::init_opts(dir, gix::create::Kind::Bare, options, isolated);
    let repository = made.map_err(|error| wrong(&error))?.to_thread_local();
    write_commit(&repository, gix::objs::Tree::empty(), None, files).and_then(|id| point_head_at(dir, &id))
}

/// A project that doesn't say how it is tested gets what `thymus init` would write, in a commit on top of its own.
fn describe(dir: &Path, cancel: &Cancel) -> Result<(), Unmade> {
    let wrong = |error: &dyn std::fmt::Display| Unmade::Project(error.to_string());
    let opened = Repository::open(dir).map_err(|error| wrong(&error))?;
    let head = opened.head().map_err(|error| wrong(&error))?;
    let snapshot = opened.take(&head).map_err(|error| wrong(&error))?;
    if snapshot.files.keys().any(|path| path.as_str() == "thymus.toml") {
        return Ok(());
    }
    let tree = dir.with_extension("tree");
    opened.lay_out(&snapshot, &[], &tree, cancel).map_err(|error| wrong(&error))?;
    let (_, text) = project::look(&tree).map_err(|error| wrong(&error))?;
    let at = dir.with_extension("toml");
    std::fs::write(&at, text).map_err(|error| wrong(&error))?;
    let repository = gix::open_opts(dir, gix::open::Options::isolated()).map_err(|error| wrong(&error))?;
    let parent = gix::ObjectId::from_hex(head.as_bytes()).map_err(|error| wrong(&error))?;
    let of_head = repository.find_commit(parent).map_err(|error| wrong(&error))?;
    let root = of_head.tree().map_err(|error| wrong(&error))?;
    let root = gix::objs::Tree::from(root.decode().map_err(|error| wrong(&error))?);
    let toml = RepoPath::new("thymus.toml").ok().map(|path| (path, Packed { at, executable: false }));
    write_commit(&repository, root, Some(parent), &toml.into_iter().collect()).and_then(|id| point_head_at(dir, &id))
}

/// Writes these files into a tree, and a commit of it.
fn write_commit(
    repository: &gix::Repository,
    root: gix::objs::Tree,
    parent: Option<gix::ObjectId>,
    files: &BTreeMap<RepoPath, Packed>,
) -> Result<String, Unmade> {
    let wrong = |error: &dyn std::fmt::Display| Unmade::Write(error.to_string());
    let mut editor = Editor::new(root, &repository.objects, repository.object_hash());
    for (path, Packed { at, executable }) in files {
        let bytes = std::fs::read(at).map_err(|error| wrong(&error))?;
        let blob = repository.write_blob(&bytes).map_err(|error| wrong(&error))?.detach();
        let kind = if *executable { EntryKind::BlobExecutable } else { EntryKind::Blob };
        let names = path.as_str().split('/').map(|name| name.as_bytes().as_bstr());
        editor.upsert(names, kind, blob).map_err(|error| wrong(&error))?;
    }
    let tree =
        editor.write(|tree| repository.write_object(tree).map(gix::Id::detach)).map_err(|error| wrong(&error))?;
    let who = gix::actor::Signature {
        name: "suite".into(),
        email: "suite@localhost".into(),
        time: gix::date::Time::new(SECONDS, 0),
    };
    let commit = gix::objs::Commit {
        message: "The case's project\n".into(),
        tree,
        author: who.clone(),
        committer: who,
        encoding: None,
        parents: parent.into_iter().collect(),
        extra_headers: Vec::new(),
    };
    repository.write_object(&commit).map(|id| id.to_string()).map_err(|error| wrong(&error))
}

/// By hand, as nobody else uses the repository yet.
fn point_head_at(dir: &Path, commit: &str) -> Result<(), Unmade> {
    let write = |path: PathBuf, text: String| {
        std::fs::write(&path, text).map_err(|error| Unmade::Write(format!("{}: {error}", path.display())))
    };
    let heads = dir.join("refs/heads");
    std::fs::create_dir_all(&heads).map_err(|error| Unmade::Write(format!("{}: {error}", heads.display())))?;
    write(dir.join(BRANCH), format!("{commit}\n"))?;
    write(dir.join("HEAD"), format!("ref: {BRANCH}\n"))
}

/// Takes the commits out of a bundle. git runs in a fresh folder, without anybody's configuration, and checks every object.
fn unpack(bundle: &Path, dir: &Path, cancel: &Cancel) -> Result<(), Unmade> {
    std::fs::create_dir(dir).map_err(|error| Unmade::Write(error.to_string()))?;
    let bundle = bundle.canonicalize().map_err(|error| Unmade::Bundle(error.to_string()))?;
    let bundle = bundle.to_str().ok_or_else(|| Unmade::Bundle("its path is not UTF-8".to_owned()))?;
    git(dir, &["init", "--quiet", "--bare", "--initial-branch", "main", "--template=", "."], cancel)?;
    let heads = git(dir, &["bundle", "list-heads", bundle], cancel)?;
    let named: Vec<&str> = heads.lines().filter_map(|line| line.split_once(' ')).map(|(_, name)| name).collect();
    let branches: Vec<&&str> = named.iter().filter(|name| name.starts_with("refs/heads/")).collect();
    let head = match (named.contains(&"HEAD"), branches.as_slice()) {
        (true, _) => "HEAD",
        (false, [only]) => only,
        (false, _) => return Err(Unmade::Bundle("it names neither HEAD nor exactly one branch".to_owned())),
    };
    let refspec = format!("+{head}:{BRANCH}");
    let checked = ["-c", "fetch.fsckObjects=true", "-c", "core.hooksPath=/dev/null", "fetch", "--quiet", "--no-tags"];
    let rest = ["--no-write-fetch-head", "--update-head-ok", bundle, &refspec];
    git(dir, &[&checked[..], &rest[..]].concat(), cancel).map(drop)
}

/// Runs git and gives the first of what it prints.
fn git(dir: &Path, arguments: &[&str], cancel: &Cancel) -> Result<String, Unmade> {
    let wrong = |error: std::io::Error| Unmade::Bundle(format!("git: {error}"));
    let out = dir.with_extension("git-says");
    let says = std::fs::File::create(&out).map_err(wrong)?;
    let mut command = Command::new("git");
    command.args(arguments).current_dir(dir).env_clear().stdin(Stdio::null());
    command.stdout(says.try_clone().map_err(wrong)?).stderr(says);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", dir).env("LC_ALL", "C");
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_TERMINAL_PROMPT", "0");
    let mut child = command.spawn().map_err(wrong)?;
    let started = Instant::now();
    let ended = loop {
        if let Some(ended) = child.try_wait().map_err(wrong)? {
            break ended;
        }
        if cancel.is_cancelled() || started.elapsed() > UNPACKING {
            let _ = child.kill();
            let _ = child.wait();
            let slow = format!("it takes longer than {} minutes", UNPACKING.as_secs() / 60);
            return Err(if cancel.is_cancelled() { Unmade::Cancelled } else { Unmade::Bundle(slow) });
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let text = head_of(&out);
    if ended.success() { Ok(text) } else { Err(Unmade::Bundle(text.lines().next().unwrap_or_default().to_owned())) }
}

fn head_of(path: &Path) -> String {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    if let Ok(file) = std::fs::File::open(path) {
        // A list of names that is cut off names no branch twice, which is all that is asked of it.
        let _ = file.take(1 << 20).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn project(dir: &Path) -> Source {
        let folder = dir.join("project");
        std::fs::create_dir_all(folder.join("src")).unwrap();
        std::fs::write(folder.join("thymus.toml"), "name = \"x\"\n").unwrap();
        std::fs::write(folder.join("src/a.js"), "1;\n").unwrap();
        Source::Folder(folder)
    }

    #[test]
    fn a_project_that_does_not_say_how_it_is_tested_is_described() {
        let dir = tempfile::tempdir().unwrap();
        let Source::Folder(folder) = project(dir.path()) else { unreachable!() };
        std::fs::remove_file(folder.join("thymus.toml")).unwrap();
        std::fs::write(folder.join("package.json"), r#"{ "scripts": { "test": "node --test" } }"#).unwrap();
        std::fs::write(folder.join("src/a.test.js"), "import 'node:test';\n").unwrap();
        make(Some(&Source::Folder(folder.clone())), &dir.path().join("one"), &Cancel::default()).unwrap();
        let described = Repository::open(&dir.path().join("one")).unwrap();
        assert!(paths(&described).contains(&"thymus.toml".to_owned()));

        std::fs::remove_dir_all(folder.join("src")).unwrap();
        std::fs::remove_file(folder.join("package.json")).unwrap();
        std::fs::write(folder.join("notes"), "nothing to test").unwrap();
        let none = make(Some(&Source::Folder(folder)), &dir.path().join("two"), &Cancel::default());
        assert!(matches!(none, Err(Unmade::Project(_))), "{none:?}");
    }

    fn paths(repository: &Repository) -> Vec<String> {
        let snapshot = repository.take(&repository.head().unwrap()).unwrap();
        snapshot.files.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn the_same_folder_gives_the_same_commit() {
        let dir = tempfile::tempdir().unwrap();
        let source = project(dir.path());
        let heads = ["one", "two"].map(|name| {
            make(Some(&source), &dir.path().join(name), &Cancel::default()).unwrap();
            let repository = Repository::open(&dir.path().join(name)).unwrap();
            assert_eq!(paths(&repository), ["src/a.js", "thymus.toml"]);
            repository.head().unwrap()
        });
        assert_eq!(heads[0], heads[1]);
    }

    #[test]
    fn a_bundle_gives_the_commits_it_was_made_of() {
        let dir = tempfile::tempdir().unwrap();
        make(Some(&project(dir.path())), &dir.path().join("one"), &Cancel::default()).unwrap();
        let bundle = dir.path().join("x.bundle");
        let words = ["bundle", "create", bundle.to_str().unwrap(), "HEAD", "main"];
        git(&dir.path().join("one"), &words, &Cancel::default()).unwrap();
        make(Some(&Source::Bundle(bundle)), &dir.path().join("two"), &Cancel::default()).unwrap();
        let heads = ["one", "two"].map(|name| Repository::open(&dir.path().join(name)).unwrap().head().unwrap());
        assert_eq!(heads[0], heads[1]);
    }

    #[test]
    fn what_is_no_bundle_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let bundle = dir.path().join("x.bundle");
        std::fs::write(&bundle, "# v2 git bundle\nnonsense\n").unwrap();
        let made = make(Some(&Source::Bundle(bundle)), &dir.path().join("two"), &Cancel::default());
        assert!(matches!(made, Err(Unmade::Bundle(_))), "{made:?}");
    }

    #[test]
    fn a_series_has_a_repository_too() {
        let dir = tempfile::tempdir().unwrap();
        make(None, &dir.path().join("one"), &Cancel::default()).unwrap();
        assert_eq!(paths(&Repository::open(&dir.path().join("one")).unwrap()), ["README"]);
    }
}
