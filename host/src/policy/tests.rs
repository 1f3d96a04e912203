//! A policy is attacked from below: by lower layers, by typing mistakes, by patches.
#![allow(clippy::unwrap_used, clippy::similar_names)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::*;
use crate::model::{
    FileState, Framework, Gate, GateName, GateStatus, Outcome, Patch, PatchSize, PatchedFile, Project, Role, Severity,
    TestReport, TestRun, Verdict,
};

fn files(texts: &[&str]) -> (tempfile::TempDir, Vec<PathBuf>) {
    let dir = tempfile::tempdir().unwrap();
    let paths = texts.iter().enumerate().map(|(i, text)| {
        let path = dir.path().join(format!("{i}.toml"));
        std::fs::write(&path, text).unwrap();
        path
    });
    let paths = paths.collect();
    (dir, paths)
}

fn load(texts: &[&str]) -> Result<Policy, Vec<PolicyMistake>> {
    let (_dir, paths) = files(texts);
    Policy::load(&paths).map_err(|e| e.mistakes)
}

fn scope(policy: &Policy, path: &str, exists: bool) -> Gate {
    let state = FileState { bytes: Arc::from(*b"x"), executable: false };
    let file = PatchedFile { path: RepoPath::new(path).unwrap(), role: Role::Source, before: None, after: Some(state) };
    let size = PatchSize { files: 1, added: 1, removed: 0 };
    let patch = Patch { base: String::new(), files: vec![file], diff: String::new(), sha256: Digest::of("p"), size };
    let test = TestRun {
        framework: Framework::NodeTest,
        command: vec!["node".into()],
        report: TestReport::ExitStatus,
        files: vec!["checks/*.js".into()],
        env: BTreeMap::new(),
        timeout_seconds: 1,
    };
    let project = Project {
        name: "p".into(),
        languages: vec![],
        test,
        set_up: None,
        sequences: vec![],
        docs: vec![],
        thresholds: vec![],
        states: vec![],
    };
    policy.scope(&ScopeFacts { patch: &patch, project: &project, existing: &|_| exists, capability: Capability::Error })
}

fn verdict() -> Verdict {
    let names = [
        GateName::Applies,
        GateName::Scope,
        GateName::Baseline,
        GateName::Reproduces,
        GateName::RegressesNothing,
        GateName::Improves,
        GateName::Stable,
    ];
    let gate = |name| Gate {
        name,
        status: GateStatus::Passed,
        millis: 1,
        detail: String::new(),
        code: String::new(),
        evidence: vec![],
    };
    Verdict { gates: names.map(gate).to_vec() }
}

fn best<'a>(verdict: &'a Verdict, paths: &'a [RepoPath]) -> Facts<'a> {
    Facts {
        capability: Capability::Error,
        rule: "new-exception",
        plugin: "errors",
        severity: Severity::High,
        verdict,
        size: PatchSize { files: 1, added: 1, removed: 1 },
        track_record: TrackRecord { healed: 1000, rejected: 0, rolled_back: 0 },
        calibrated: 1.0,
        open_cases: 0,
        today: 0,
        now: 12 * 3600,
        paths,
    }
}

const APPLY: &str = "[capability.error]\nlevel = \"apply\"\n";

#[test]
fn every_file_of_policies_loads_and_only_a_person_applies() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
    let mut seen = 0;
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let policy = Policy::load(std::slice::from_ref(&path))
            .unwrap_or_else(|e| panic!("{}: {:?}", path.display(), e.mistakes));
        for capability in Capability::ALL {
            assert!(policy.level(capability) <= Level::Hold, "{}", path.display());
        }
        seen += 1;
    }
    assert!(seen >= 3);
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
    for lower in ["strict.toml", "team-example.toml"] {
        let mistakes = check(&[policies.join("default.toml"), policies.join(lower)]);
        assert!(mistakes.is_empty(), "{lower} loosens: {mistakes:?}");
    }
}

#[test]
fn the_default_holds_even_the_best_case_and_its_limits_are_the_models() {
    let policy = Policy::load(&[]).unwrap();
    let verdict = verdict();
    let decision = policy.decide(&best(&verdict, &[]));
    assert_eq!(decision.outcome, Outcome::Hold);
    assert_eq!(decision.rule, "capability.error.level");
    let plugin = PluginIdentity { name: "x".into(), version: "1".into(), digest: Digest::of("x"), imports: vec![] };
    assert_eq!(policy.grant(&plugin).unwrap().limits, PluginLimits::default());
    let dotted = PluginIdentity { name: "org.x.y".into(), ..plugin };
    assert_eq!(policy.grant(&dotted).unwrap().limits, PluginLimits::default());
}

#[test]
fn a_typing_mistake_is_an_error_with_its_place_and_the_fix() {
    let mistakes = load(&["[limits]\nfiles = 3\n  lnies = 4\n"]).unwrap_err();
    assert_eq!((mistakes[0].line, mistakes[0].column), (3, 3));
    assert!(mistakes[0].fix.contains("limits.lines"), "{}", mistakes[0].fix);
    for bad in [
        "[capability.eror]\nlevel = \"hold\"",
        "[limits]\nfiles = -1",
        "[limits]\nfiles = \"3\"",
        "limits = 3",
        "[capability.error]\nlevel = \"aply\"",
        "[capability.error]\nmin_confidence = nan",
        "[paths]\nprotected = [\"a/../b\"]",
        "[paths]\nprotected = [\"[\"]",
        "[validation]\noff = [\"scope\"]",
        "[limits]\nquiet_hours = [\"25:00-01:00\"]",
        "[plugin.x]\ndigest = \"abc\"",
        "a = = 1",
        "[limits]\nfiles = 1\nfiles = 2",
    ] {
        assert!(load(&[bad]).is_err(), "{bad}");
    }
    assert_eq!(check(&[PathBuf::from("/nowhere/policy.toml")]).len(), 1);
}

#[test]
fn a_lower_layer_only_tightens() {
    for (upper, lower) in [
        ("", APPLY),
        ("", "[limits]\nlines = 401"),
        ("", "[validation]\nrepeats = 1"),
        ("", "[paths]\nexempt = [\"package.json\"]"),
        ("", "[paths]\nexisting_tests = false"),
        ("[paths]\nallowed = [\"src/**\"]", "[paths]\nallowed = [\"srcx/**\"]"),
        ("[delivery]\napprovers = [\"a\"]", "[delivery]\napprovers = [\"a\", \"me\"]"),
        ("[plugins]\nunlisted = \"deny\"", "[plugin.mine]\nhistory = false"),
        ("[plugin.x]\nfuel = 5", "[plugin.x]\nfuel = 0"),
        ("", "loosen = [\"limits.lines\"]"),
    ] {
        let mistakes = load(&[upper, lower]).unwrap_err();
        assert_eq!(mistakes.len(), 1, "{lower}");
        assert!(mistakes[0].file.ends_with("1.toml"));
    }
    assert!(load(&["loosen = [\"limits.lines\"]", "[limits]\nlines = 500"]).is_ok());
    assert!(
        load(&["loosen = [\"limits.lines\"]", "", "[limits]\nlines = 500"]).is_err(),
        "a permission is not inherited"
    );
    assert!(load(&["[paths]\nallowed = [\"src/**\"]", "[paths]\nallowed = [\"src/api/**\"]"]).is_ok());
    let any = load(&[APPLY, "[capability.any]\nlevel = \"observe\""]).unwrap();
    assert_eq!(any.level(Capability::Error), Level::Observe, "a lower layer's `any` binds named tables above it");
    let both = load(&["[paths]\nprotected = [\"a/**\"]", "[paths]\nprotected = [\"b/**\"]"]).unwrap();
    assert_eq!(scope(&both, "a/x.js", false).code, "TH-SCOPE-PROTECTED");
}

#[test]
fn protected_files_stay_untouched_in_any_case() {
    let policy = Policy::load(&[]).unwrap();
    for path in [
        "thymus.toml",
        "sub/Thymus.toml",
        "policies/default.toml",
        ".github/workflows/ci.yml",
        ".GitHub/x",
        "package.json",
        "app/Package.JSON",
        "package-lock.json",
        "uv.lock",
        "pytest.ini",
        "tests/conftest.py",
        ".vscode/tasks.json",
        "CLAUDE.md",
        ".envrc",
        "node_modules/a/index.js",
        ".github/CODEOWNERS",
        ".gitattributes",
        "src/sitecustomize.py",
        "build.rs",
    ] {
        assert_eq!(scope(&policy, path, false).status, GateStatus::Failed, "{path}");
    }
    for path in ["tests/a.js", "src/a.test.js", "checks/a.js", "pkg/test_a.py"] {
        assert_eq!(scope(&policy, path, true).code, "TH-SCOPE-TEST", "{path}");
        assert_eq!(scope(&policy, path, false).status, GateStatus::Passed, "new: {path}");
    }
    assert_eq!(scope(&policy, "src/orders.js", true).status, GateStatus::Passed);
    let exempt = load(&["[paths]\nexempt = [\"**\"]"]).unwrap();
    assert_eq!(scope(&exempt, "package.json", true).status, GateStatus::Passed);
    assert_eq!(scope(&exempt, "thymus.toml", true).code, "TH-SCOPE-NEVER");
}

#[test]
fn apply_needs_everything_at_once() {
    let policy = load(&[APPLY]).unwrap();
    let proved = verdict();
    assert_eq!(policy.decide(&best(&proved, &[])).outcome, Outcome::Apply);
    let outcome = |change: &dyn Fn(&mut Facts<'_>)| {
        let mut facts = best(&proved, &[]);
        change(&mut facts);
        policy.decide(&facts).outcome
    };
    assert_eq!(outcome(&|f| f.calibrated = 0.94), Outcome::Hold);
    assert_eq!(outcome(&|f| f.calibrated = f64::NAN), Outcome::Reject);
    assert_eq!(outcome(&|f| f.track_record.healed = 19), Outcome::Hold);
    assert_eq!(outcome(&|f| f.track_record.rolled_back = 1), Outcome::Hold);
    assert_eq!(outcome(&|f| f.size.added = 41), Outcome::Hold);
    assert_eq!(outcome(&|f| f.open_cases = 20), Outcome::Reject);
    assert_eq!(outcome(&|f| f.today = 20), Outcome::Reject);
    for (status, expected) in [
        (GateStatus::Unknown, Outcome::Hold),
        (GateStatus::Failed, Outcome::Reject),
        (GateStatus::Skipped, Outcome::Hold),
    ] {
        let mut verdict = verdict();
        verdict.gates[4].status = status;
        assert_eq!(policy.decide(&best(&verdict, &[])).outcome, expected, "{status}");
    }
    let mut short = verdict();
    short.gates.pop();
    assert_eq!(policy.decide(&best(&short, &[])).outcome, Outcome::Hold);
    assert_eq!(policy.decide(&best(&Verdict::default(), &[])).outcome, Outcome::Reject);
}

#[test]
fn teams_and_quiet_hours_lower_the_outcome_and_the_chain_says_where() {
    let text = format!(
        "{APPLY}[team.pay]\npaths = [\"pay/**\"]\nlevel = \"propose\"\napprovers = [\"mara\"]\n[limits]\nquiet_hours = [\"22:00-06:00\"]\n"
    );
    let policy = load(&[&text]).unwrap();
    let proved = verdict();
    let paths = [RepoPath::new("pay/a.js").unwrap()];
    let decision = policy.decide(&best(&proved, &paths));
    assert_eq!((decision.outcome, decision.rule.as_str()), (Outcome::Reject, "team.pay.level"));
    assert!(decision.chain.iter().any(|step| step.rule == "team.pay.level" && step.origin.ends_with("0.toml:5")));
    let mut night = best(&proved, &[]);
    night.now = 23 * 3600;
    assert_eq!(policy.decide(&night).rule, "limits.quiet_hours");
    let patch = Digest::of("p");
    assert!(policy.may_approve("mara", patch, patch, &paths).is_ok());
    assert_eq!(policy.may_approve("jon", patch, patch, &paths).unwrap_err().code, "TH-APPROVAL-WHO");
    assert_eq!(policy.may_approve("mara", Digest::of("q"), patch, &paths).unwrap_err().code, "TH-APPROVAL-STALE");
}

#[test]
fn plugins_get_in_by_name_digest_and_imports() {
    let digest = Digest::of("x");
    let text = format!(
        "[plugins]\nunlisted = \"deny\"\ndeny = [\"bad\"]\n[plugin.bad]\nhistory = false\n[plugin.x]\ndigest = \"{digest}\"\nhistory = false\n[plugin.x.settings]\nrate = 0.5\n"
    );
    let policy = load(&[&text]).unwrap();
    let plugin = |name: &str, import: &str| PluginIdentity {
        name: name.into(),
        version: "1".into(),
        digest,
        imports: vec![import.into()],
    };
    let grant = policy.grant(&plugin("x", "wasi:io/streams@0.2.6")).unwrap();
    assert_eq!((grant.history, grant.settings.as_str()), (false, "{\"rate\":0.5}"));
    let code = |plugin: PluginIdentity| policy.grant(&plugin).unwrap_err().code;
    assert_eq!(code(plugin("x", "wasi:sockets/tcp@0.2.6")), "TH-PLUGIN-IMPORT");
    assert_eq!(code(plugin("y", "wasi:io/streams")), "TH-PLUGIN-UNLISTED");
    assert_eq!(code(plugin("any", "wasi:io/streams")), "TH-PLUGIN-UNLISTED");
    assert_eq!(code(plugin("bad", "wasi:io/streams")), "TH-PLUGIN-DENIED");
    let mut other = plugin("x", "wasi:io/streams");
    other.digest = Digest::of("other");
    assert_eq!(code(other), "TH-PLUGIN-DIFFERENT");
}
