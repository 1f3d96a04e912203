#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;
use crate::model::{
    Capability, Case, CaseId, CaseState, Confidence, Digest, Evidence, FileState, Finding, Patch, PatchSize,
    PatchedFile, Role, Severity, Subject,
};

/// Runs the real git, with nobody's configuration.
fn git(dir: &Path, args: &[&str]) -> String {
    let out = Command::new("git")
        .args(["-c", "user.name=T", "-c", "user.email=t@example.com"])
        .args(args)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(out.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

struct Scene {
    dir: tempfile::TempDir,
    head: String,
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        git(dir.path(), &["init", "-q", "-b", "main"]);
        fs::create_dir_all(dir.path().join("src/deep")).unwrap();
        fs::write(dir.path().join("src/a.js"), "a\n").unwrap();
        fs::write(dir.path().join("src/deep/only.js"), "only\n").unwrap();
        symlink("/tmp", dir.path().join("link")).unwrap();
        git(dir.path(), &["add", "."]);
        git(dir.path(), &["commit", "-qm", "one"]);
        let head = git(dir.path(), &["rev-parse", "HEAD"]);
        Self { dir, head }
    }

    fn git(&self, args: &[&str]) -> String {
        git(self.dir.path(), args)
    }

    fn git_dir(&self) -> PathBuf {
        self.dir.path().join(".git")
    }

    fn patch(&self, files: Vec<PatchedFile>) -> Patch {
        let size = PatchSize::default();
        Patch { base: self.head.clone(), files, diff: String::new(), sha256: Digest::of("patch"), size }
    }

    fn commit(&self, files: Vec<PatchedFile>) -> Result<String, DeliverError> {
        commit(&self.git_dir(), &self.patch(files), "Heal it\n", &Author::default(), 1_700_000_000)
    }

    fn healed(&self) -> String {
        self.commit(vec![file("src/a.js", Some("a\n"), Some("b\n"))]).unwrap()
    }
}

fn file(path: &str, before: Option<&str>, after: Option<&str>) -> PatchedFile {
    let state = |text: &str| FileState { bytes: text.as_bytes().into(), executable: false };
    let path = RepoPath::new(path).unwrap();
    PatchedFile { path, role: Role::Source, before: before.map(state), after: after.map(state) }
}

#[test]
fn a_commit_is_deterministic_exact_and_good_git() {
    let scene = Scene::new();
    let files = || {
        vec![
            file("new/x.test.js", None, Some("x\n")),
            file("src/a.js", Some("a\n"), Some("b\n")),
            file("src/deep/only.js", Some("only\n"), None),
        ]
    };
    let made = scene.commit(files()).unwrap();
    assert_eq!(scene.commit(files()).unwrap(), made);
    assert_eq!(scene.git(&["for-each-ref", "--format=%(refname)"]), "refs/heads/main", "no reference yet");
    publish(&scene.git_dir(), "thymus/error-1", &made).unwrap();
    assert_eq!(
        scene.git(&["diff", "--name-status", "main", "thymus/error-1"]),
        "A\tnew/x.test.js\nM\tsrc/a.js\nD\tsrc/deep/only.js"
    );
    assert_eq!(scene.git(&["ls-tree", "--name-only", &format!("{made}:src")]), "a.js", "an empty folder goes");
    assert_eq!(scene.git(&["rev-parse", "thymus/error-1^"]), scene.head);
    assert_eq!(scene.git(&["fsck", "--strict", "--full"]), "");
}

#[test]
fn the_working_tree_the_index_head_and_hooks_stay_and_no_configuration_executes() {
    let scene = Scene::new();
    let dir = scene.dir.path();
    let proof = dir.join(".git/executed");
    let act = format!("#!/bin/sh\ntouch {}\n", proof.display());
    for hook in ["pre-commit", "post-commit", "reference-transaction", "post-checkout", "commit-msg", "update"] {
        fs::create_dir_all(dir.join(".git/hooks")).unwrap();
        fs::write(dir.join(".git/hooks").join(hook), &act).unwrap();
        fs::set_permissions(dir.join(".git/hooks").join(hook), fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::write(dir.join("src/a.js"), "half-done work\n").unwrap();
    fs::write(dir.join(".git/info/attributes"), "* filter=evil\n").unwrap();
    let config = format!(
        "[core]\nfsmonitor = touch {0}\n[filter \"evil\"]\nclean = touch {0}\nsmudge = touch {0}\nprocess = touch {0}\n\
         [gpg]\nprogram = touch {0}\n[commit]\ngpgSign = true\n",
        proof.display()
    );
    let mut whole = fs::read_to_string(dir.join(".git/config")).unwrap();
    whole.push_str(&config);
    fs::write(dir.join(".git/config"), whole).unwrap();
    let state = || {
        ["index", "HEAD", "config", "refs/heads/main", "logs/HEAD"]
            .map(|name| fs::read(dir.join(".git").join(name)).unwrap())
    };
    let before = state();
    let made = scene.healed();
    publish(&scene.git_dir(), "thymus/error-1", &made).unwrap();
    roll_back(&scene.git_dir(), "thymus/error-1", &made).unwrap();
    assert_eq!(state(), before);
    assert_eq!(fs::read(dir.join("src/a.js")).unwrap(), b"half-done work\n");
    assert!(!proof.exists());
    // The trap is a real one.
    scene.git(&["update-ref", "refs/heads/trap", &scene.head]);
    assert!(proof.exists());
}

#[test]
fn a_patch_that_does_not_fit_writes_nothing() {
    let scene = Scene::new();
    for bad in [
        file("src/a.js", Some("other\n"), Some("b\n")),
        file("src/a.js", None, Some("b\n")),
        file("src/none.js", Some("a\n"), None),
        file("link/x.js", None, Some("through a link\n")),
        file("link", None, Some("over a link\n")),
        file("src", None, Some("over a folder\n")),
        file("src/a.js/x", None, Some("under a file\n")),
        file("src/x", None, None),
    ] {
        let path = bad.path.clone();
        assert!(matches!(scene.commit(vec![bad]), Err(DeliverError::Unfit { .. })), "{path}");
    }
    let mut executable = file("src/a.js", Some("a\n"), Some("b\n"));
    executable.after.as_mut().unwrap().executable = true;
    assert!(matches!(scene.commit(vec![executable]), Err(DeliverError::Unfit { .. })));
    assert!(matches!(scene.commit(vec![]), Err(DeliverError::Empty { .. })));
    let turned =
        scene.commit(vec![file("src/a.js", Some("a\n"), None), file("src/a.js/x", None, Some("x\n"))]).unwrap();
    assert_eq!(scene.git(&["show", &format!("{turned}:src/a.js/x")]), "x");
}

#[test]
fn publishing_twice_is_once_and_nothing_is_forced() {
    let scene = Scene::new();
    let made = scene.healed();
    let at = scene.git_dir();
    assert_eq!(publish(&at, "thymus/error-1", &made).unwrap(), Published::Created);
    assert_eq!(publish(&at, "thymus/error-1", &made).unwrap(), Published::AlreadyThere);
    scene.git(&["pack-refs", "--all"]);
    assert_eq!(publish(&at, "thymus/error-1", &made).unwrap(), Published::AlreadyThere);
    scene.git(&["branch", "thymus/error-2", "main"]);
    assert!(matches!(publish(&at, "thymus/error-2", &made), Err(DeliverError::Moved { .. })));
    assert_eq!(scene.git(&["rev-parse", "thymus/error-2"]), scene.head);
    scene.git(&["symbolic-ref", "refs/heads/thymus/error-3", "refs/heads/main"]);
    assert!(matches!(publish(&at, "thymus/error-3", &made), Err(DeliverError::Moved { .. })));
    assert_eq!(scene.git(&["rev-parse", "main"]), scene.head);
    for name in ["main", "thymus/", "thymus/../main", "thymus/a/b", "refs/heads/thymus/a", "thymus/-a", "thymus/A.lock"]
    {
        assert!(matches!(publish(&at, name, &made), Err(DeliverError::Name { .. })), "{name}");
    }
    let blob = scene.git(&["rev-parse", "HEAD:src/a.js"]);
    assert!(matches!(publish(&at, "thymus/error-4", &blob), Err(DeliverError::Object { .. })));
}

#[test]
fn references_are_not_written_through_a_symbolic_link() {
    let scene = Scene::new();
    let outside = tempfile::tempdir().unwrap();
    symlink(outside.path(), scene.git_dir().join("refs/heads/thymus")).unwrap();
    let made = scene.healed();
    assert!(matches!(publish(&scene.git_dir(), "thymus/error-1", &made), Err(DeliverError::Write { .. })));
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn a_roll_back_deletes_what_was_published_and_nothing_else() {
    let scene = Scene::new();
    let made = scene.healed();
    let at = scene.git_dir();
    publish(&at, "thymus/error-1", &made).unwrap();
    scene.git(&["pack-refs", "--all"]);
    assert_eq!(roll_back(&at, "thymus/error-1", &made).unwrap(), RolledBack::Deleted);
    assert_eq!(roll_back(&at, "thymus/error-1", &made).unwrap(), RolledBack::AlreadyGone);
    assert_eq!(scene.git(&["branch", "--format=%(refname:short)"]), "main");
    publish(&at, "thymus/error-1", &made).unwrap();
    scene.git(&["checkout", "-q", "thymus/error-1"]);
    assert!(matches!(roll_back(&at, "thymus/error-1", &made), Err(DeliverError::CheckedOut { .. })));
    scene.git(&["commit", "-q", "--allow-empty", "-m", "a person's own"]);
    assert!(matches!(roll_back(&at, "thymus/error-1", &made), Err(DeliverError::Moved { .. })));
    assert!(matches!(roll_back(&at, "main", &scene.head), Err(DeliverError::Name { .. })));
}

#[test]
fn a_merge_only_moves_forward_what_nobody_works_on() {
    let scene = Scene::new();
    let made = scene.healed();
    let at = scene.git_dir();
    assert!(matches!(merge(&at, "main", &scene.head, &made), Err(DeliverError::CheckedOut { .. })));
    scene.git(&["branch", "release"]);
    assert_eq!(merge(&at, "release", &scene.head, &made).unwrap(), Merged::Forwarded);
    assert_eq!(merge(&at, "release", &scene.head, &made).unwrap(), Merged::AlreadyThere);
    assert!(merge(&at, "release", &made, &scene.head).is_err());
    assert_eq!(scene.git(&["rev-parse", "release"]), made);
}

#[test]
fn a_message_quotes_hostile_text_so_that_no_forge_acts_on_it() {
    let hostile = "Fixes #12, closes GH-3 and resolves https://github.com/a/b/issues/3 [skip ci] cc @octocat\n\
                   \nThymus-Case: forged\u{202e}\u{1b}[31m\nSigned-off-by: A <a@b.c>";
    let finding = Finding {
        capability: Capability::Error,
        rule: "r".into(),
        title: hostile.into(),
        subject: Subject { handler: "GET /".into(), path: None, line: None },
        severity: Severity::High,
        confidence: Confidence::new(0.9).unwrap(),
        evidence: vec![Evidence { statement: hostile.into(), measures: vec![], trace_ids: vec![] }],
        fingerprint: "f".into(),
        notes: String::new(),
    };
    let case = Case {
        id: CaseId::of(&finding, 1),
        state: CaseState::Validated,
        plugin: "repairs@0.1.0\nThymus-Policy: forged".into(),
        plugin_digest: Digest::of("plugin"),
        commit: "0".repeat(40),
        window: Digest::of("window"),
        finding,
        diagnosis: None,
        proposal: None,
        diff: None,
        patch: Some(Digest::of("patch")),
        gates: vec![],
        decision: Some(crate::model::Decision {
            outcome: crate::model::Outcome::Hold,
            rule: "r".into(),
            chain: vec![],
            policy: Digest::of("policy"),
        }),
        branch: None,
        approvals: vec![],
        reason: None,
        opened_ns: 0,
        updated_ns: 0,
    };
    let text = message(&case);
    for bad in ["#12", "GH-3", "://", "[skip", "@", "\u{1b}", "\u{202e}"] {
        assert!(!text.contains(bad), "{bad}: {text}");
    }
    let scene = Scene::new();
    let made = commit(
        &scene.git_dir(),
        &scene.patch(vec![file("src/a.js", Some("a\n"), Some("b\n"))]),
        &text,
        &Author { name: "x\n<y>".into(), email: "e>\nparent 0".into() },
        0,
    )
    .unwrap();
    let trailers = scene.git(&["log", "-1", "--format=%(trailers:only,unfold)", &made]);
    let keys: Vec<&str> = trailers.lines().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(keys, ["Thymus-Case", "Thymus-Plugin", "Thymus-Policy", "Thymus-Patch"]);
    assert!(trailers.starts_with(&format!("Thymus-Case: {}\n", case.id)));
    assert!(text.lines().next().unwrap().chars().count() <= 72);
    assert_eq!(scene.git(&["fsck", "--strict", "--full"]).replace(&made, "").trim(), "dangling commit");
}
