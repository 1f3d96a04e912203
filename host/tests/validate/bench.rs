//! A repository, a patch and a proof, in a few words a test.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use thymus::model::{
    Backend, Cancel, Confidence, Digest, Expectation, FileState, Framework, Gate, GateName, GateStatus, Patch,
    PatchSize, PatchedFile, Project, Proposal, Recheck, RepoPath, Role, SetUp, TestReport, TestRun, ValidationRules,
    Verdict,
};
use thymus::patch::write_layer;
use thymus::sandbox::Sandbox;
use thymus::validate::{Candidate, Ground, ValidateError, Validator};

pub struct Trial {
    pub files: Vec<(String, String)>,
    pub project: Project,
    pub rules: ValidationRules,
    pub expects: Vec<Expectation>,
    /// What the finder says when it looks at the patched tree.
    pub recheck: Recheck,
    pub patch: Vec<(String, Option<String>)>,
    pub commit: String,
    pub state: tempfile::TempDir,
    pub cancel: Cancel,
}

pub fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

impl Trial {
    pub fn new(framework: Framework, command: &[&str], junit: Option<&str>, tests: &str) -> Self {
        let report = junit.map_or(TestReport::ExitStatus, |path| TestReport::Junit { path: path.to_owned() });
        let test = TestRun {
            framework,
            command: command.iter().map(|word| (*word).to_owned()).collect(),
            report,
            files: vec![tests.to_owned()],
            env: BTreeMap::new(),
            timeout_seconds: 30,
        };
        Self {
            files: Vec::new(),
            project: Project {
                name: "trial".into(),
                languages: Vec::new(),
                test,
                set_up: None,
                sequences: Vec::new(),
                docs: vec!["**/*.md".into()],
                thresholds: Vec::new(),
                states: Vec::new(),
            },
            rules: ValidationRules {
                repeats: 2,
                run_seconds: 30,
                memory_bytes: 4 << 30,
                processes: 256,
                disk_bytes: 256 << 20,
                set_up_network: false,
                off: Vec::new(),
            },
            expects: vec![Expectation::TestsTurnGreen],
            recheck: Recheck::Unanswered("nobody asked it".into()),
            patch: Vec::new(),
            commit: "c0ffee".repeat(6),
            state: tempfile::tempdir().unwrap(),
            cancel: Cancel::default(),
        }
    }

    pub fn file(mut self, path: &str, text: &str) -> Self {
        self.files.push((path.into(), text.into()));
        self
    }

    pub fn change(mut self, path: &str, text: &str) -> Self {
        self.patch.push((path.into(), Some(text.into())));
        self
    }

    pub fn set_up(mut self, commands: &[&[&str]], lock: &str, produces: &str) -> Self {
        let words = |words: &&[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        self.project.set_up = Some(SetUp {
            commands: commands.iter().map(words).collect(),
            lock_files: vec![lock.into()],
            produces: vec![produces.into()],
        });
        self
    }

    pub fn prove(&self) -> Verdict {
        self.try_prove().unwrap()
    }

    pub fn try_prove(&self) -> Result<Verdict, ValidateError> {
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path().join("tree");
        let mut files = BTreeMap::new();
        for (name, text) in &self.files {
            let at = tree.join(name);
            std::fs::create_dir_all(at.parent().unwrap()).unwrap();
            std::fs::write(at, text).unwrap();
            files.insert(path(name), false);
        }
        let state = |text: &String| FileState { bytes: Arc::from(text.as_bytes()), executable: false };
        let before = |name: &String| self.files.iter().find(|(file, _)| file == name).map(|(_, text)| state(text));
        let mut changed: Vec<PatchedFile> = self
            .patch
            .iter()
            .map(|(name, after)| PatchedFile {
                path: path(name),
                role: Role::Source,
                before: before(name),
                after: after.as_ref().map(state),
            })
            .collect();
        changed.sort_by(|a, b| a.path.cmp(&b.path));
        let patch = Patch {
            base: self.commit.clone(),
            files: changed,
            diff: String::new(),
            sha256: Digest::of("patch"),
            size: PatchSize::default(),
        };
        let layer = write_layer(&patch, &dir.path().join("layer")).unwrap();
        let proposal = Proposal {
            title: "t".into(),
            explanation: "e".into(),
            changes: Vec::new(),
            expects: self.expects.clone(),
            confidence: Confidence::new(0.9).unwrap(),
        };
        let ground =
            Ground { project: &self.project, rules: &self.rules, tree: &tree, commit: &self.commit, files: &files };
        let candidate =
            Candidate { ground, patch: &patch, layer: &layer.dir, removed: &layer.removed, proposal: &proposal };
        let exe = PathBuf::from(env!("CARGO_BIN_EXE_thymus"));
        let sandbox = Sandbox::prove_with(Backend::Hakoniwa, exe).unwrap();
        let told = Mutex::new(Vec::new());
        let on_gate = |gate: &Gate| told.lock().unwrap().push(gate.clone());
        let verdict = Validator::new(sandbox, self.state.path()).prove(
            &candidate,
            &|| self.recheck.clone(),
            &on_gate,
            &self.cancel,
        )?;
        assert_eq!(*told.lock().unwrap(), verdict.gates, "each gate is told when it ends");
        Ok(verdict)
    }
}

/// The last gate, which must have failed with this code.
pub fn refused(verdict: &Verdict, name: GateName, code: &str) -> Gate {
    let last = verdict.gates.last().unwrap().clone();
    assert_eq!((last.name, last.status, last.code.as_str()), (name, GateStatus::Failed, code), "{verdict:#?}");
    last
}

/// Every gate passed.
pub fn all_passed(verdict: &Verdict) {
    assert_eq!(verdict.gates.len(), 5, "{verdict:#?}");
    assert!(verdict.gates.iter().all(|gate| gate.status == GateStatus::Passed), "{verdict:#?}");
}
