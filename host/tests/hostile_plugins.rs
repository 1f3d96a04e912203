//! Plugins that attack (`tests/hostile/`), called the way any plugin is: compiled and run by worker processes in the
//! jail. Each attack ends within its limit and its time, and the next call of another plugin is as good as any.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use thymus::model::{Backend, CallEnd, Cancel, Capability, Confidence, Diagnosis, Digest, Finding, Grant, Location};
use thymus::model::{PluginLimits, RepoPath, Severity, Subject};
use thymus::plugin::{Call, Inputs, Plugin, Plugins};
use thymus::sandbox::Sandbox;

/// What the host itself may hold after all attacks, every answer it read included.
const HOST_BYTES: u64 = 400 << 20;

/// One engine room for all tests of this file, so that each component is compiled once.
struct Bench {
    _state: tempfile::TempDir,
    _inputs: tempfile::TempDir,
    plugins: Plugins,
    inputs: Inputs,
}

static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    // Statics are never dropped, so this is left behind, where `cargo clean` finds it.
    let temporary = || tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (state, dirs) = (temporary(), temporary());
    for name in ["source", "telemetry"] {
        let dir = dirs.path().join(name);
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("file"), "as it was").unwrap();
        // The snapshot leaves links out; should one get in, it leads nowhere.
        symlink("/etc", dir.join("link")).unwrap();
    }
    Bench {
        plugins: Plugins::new(sandbox(), state.path()).unwrap(),
        inputs: Inputs {
            telemetry: Some(dirs.path().join("telemetry")),
            source: Some(dirs.path().join("source")),
            clock_ns: 1_700_000_000_000_000_000,
            seed: 7,
            history: Vec::new(),
            digest: Digest::of(b""),
        },
        _state: state,
        _inputs: dirs,
    }
});

fn sandbox() -> Sandbox {
    Sandbox::prove_with(Backend::Hakoniwa, PathBuf::from(env!("CARGO_BIN_EXE_thymus"))).unwrap()
}

/// `cargo xtask build` makes them; a test that has nothing to attack with must not pass.
fn component(name: &str) -> PathBuf {
    let built = std::env::var_os("THYMUS_TEST_COMPONENTS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from);
    let path = built.join(format!("hostile/{name}.wasm"));
    assert!(path.exists(), "{} is missing: run `cargo xtask build` first", path.display());
    path
}

fn grant(settings: String, limits: PluginLimits) -> Grant {
    Grant { telemetry: true, source: vec!["**".into()], history: false, settings, limits }
}

/// Small enough that every attack reaches its limit soon.
fn limits() -> PluginLimits {
    PluginLimits {
        call_millis: 10_000,
        memory_bytes: 64 << 20,
        scratch_bytes: 8 << 20,
        scratch_files: 100,
        log_bytes: 64 << 10,
        ..PluginLimits::default()
    }
}

fn hostile(attack: &str, limits: PluginLimits) -> Plugin {
    let settings = format!(r#"{{"attack":"{attack}"}}"#);
    BENCH.plugins.load(&component("hostile"), grant(settings, limits), &Cancel::default()).unwrap()
}

fn attack_with(attack: &str, limits: PluginLimits) -> Call<Vec<Finding>> {
    let plugin = hostile(attack, limits);
    let call = BENCH.plugins.detect(&plugin, &BENCH.inputs, &Cancel::default());
    assert_eq!(call.value.is_some(), call.end == CallEnd::Returned, "{attack}: {call:?}");
    assert!(call.log.len() as u64 <= limits.log_bytes + 4096, "{attack}: {} bytes of log", call.log.len());
    assert!(host_peak() < HOST_BYTES, "{attack}: the host held {} bytes", host_peak());
    call
}

fn attack(attack: &str) -> Call<Vec<Finding>> {
    attack_with(attack, limits())
}

/// The most memory that this process ever held.
fn host_peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Another plugin's call, as it always goes.
fn another_works() {
    let settings = r#"{"path":"src/a.js"}"#.to_owned();
    let puppet =
        BENCH.plugins.load(&component("puppet"), grant(settings, PluginLimits::default()), &Cancel::default()).unwrap();
    let call = BENCH.plugins.detect(&puppet, &BENCH.inputs, &Cancel::default());
    assert_eq!(call.end, CallEnd::Returned, "{call:?}");
    assert_eq!(call.value.unwrap()[0].rule, "puppet");
}

fn limit(name: &str) -> CallEnd {
    CallEnd::LimitReached { limit: name.to_owned() }
}

/// What the plugin told; a failure is how it speaks.
fn told(call: &Call<Vec<Finding>>) -> &str {
    match &call.end {
        CallEnd::Failed { why } => why,
        other => panic!("{other:?} {}", call.log),
    }
}

#[test]
fn a_call_returns_what_the_plugin_says() {
    another_works();
    assert_eq!(attack("none").value.unwrap().len(), 1);
}

#[test]
fn what_never_ends_is_ended() {
    for name in ["loop", "sleep"] {
        let started = Instant::now();
        let call = attack_with(name, PluginLimits { call_millis: 700, ..limits() });
        assert_eq!(call.end, CallEnd::TimedOut, "{name}: {call:?}");
        assert!(started.elapsed() < Duration::from_secs(6), "{name} took {:?}", started.elapsed());
    }
    let call = attack_with("loop", PluginLimits { fuel: 1_000_000, ..limits() });
    assert_eq!(call.end, limit("fuel"));
    another_works();
}

#[test]
fn what_takes_too_much_is_refused_it() {
    assert_eq!(attack("memory").end, limit("memory"));
    assert_eq!(attack("recurse").end, limit("stack"));
    assert_eq!(attack("random").end, limit("random"));
    // No more handles is an error that a plugin may handle, or a trap: its standard library decides.
    let open = attack("open");
    assert!(open.end == limit("handles") || told(&open).contains("OutOfMemory"), "{:?}", open.end);
    another_works();
}

#[test]
fn scratch_is_as_large_as_granted_and_no_larger() {
    // A full disk is an error that a plugin may handle; what it holds is bounded either way.
    // Some builds of the standard library know it by its name, others as WASI's number 29, an I/O error.
    for name in ["disk", "files"] {
        let call = attack(name);
        let full = ["StorageFull", "Os { code: 29, "].iter().any(|word| told(&call).contains(word));
        assert!(full, "{name}: {:?}", call.end);
    }
    assert!(told(&attack("deep")).starts_with("Err"));
    assert_eq!(attack("one-file").end, limit("scratch"));
    another_works();
}

#[test]
fn a_flood_of_words_is_cut_and_counted() {
    for name in ["log", "stdout", "stderr"] {
        let call = attack_with(name, PluginLimits { call_millis: 3000, ..limits() });
        assert!(matches!(call.end, CallEnd::Failed { .. } | CallEnd::TimedOut), "{name}: {:?}", call.end);
        assert!(call.log.contains("flood") && call.log.len() <= 66 << 10, "{name}: {} bytes", call.log.len());
        // Whoever writes a word at a time may run out of time before it runs out of room.
        assert!(call.end == CallEnd::TimedOut || call.log_dropped > 1 << 20, "{name}: {}", call.log_dropped);
    }
    let call = attack_with("progress", PluginLimits { call_millis: 3000, ..limits() });
    assert!(call.progress.unwrap().what.len() <= 200);
    let large = PluginLimits { memory_bytes: 512 << 20, ..limits() };
    assert!(matches!(attack_with("one-log", large).end, CallEnd::LimitReached { .. } | CallEnd::Failed { .. }));
    another_works();
}

#[test]
fn results_without_measure_are_refused() {
    let large = PluginLimits { memory_bytes: 1 << 30, ..limits() };
    assert_eq!(attack_with("million", large).end, limit("result"));
    assert_eq!(attack_with("long-string", large).end, limit("result"));
    assert_eq!(attack_with("wide", large).end, limit("result"));
    assert_eq!(attack("few-too-many").end, limit("findings"));
    another_works();
}

#[test]
fn values_that_the_contract_forbids_are_refused() {
    let names = ["long-title", "nan", "sure", "infinite", "trace-id", "bad-path", "line-zero", "rule", "two-lines"];
    for name in names {
        let call = attack(name);
        let CallEnd::BadValue { why } = &call.end else { panic!("{name}: {call:?}") };
        assert!(!why.contains('\x1b') && !why.contains("passwd"), "{name}: {why}");
    }
    // A title that would write over the terminal is a value like any other here; whoever shows it escapes it.
    assert_eq!(attack("escape").end, CallEnd::Returned);
}

#[test]
fn a_diagnosis_and_a_proposal_are_checked_as_well() {
    let (finding, cancel) = (finding(), Cancel::default());
    for name in ["outside", "backwards"] {
        let call = BENCH.plugins.diagnose(&hostile(name, limits()), &BENCH.inputs, &finding, &cancel);
        assert!(matches!(call.end, CallEnd::BadValue { .. }), "{name}: {call:?}");
    }
    let location = Location {
        path: RepoPath::new("src/a.js").unwrap(),
        start_line: 1,
        start_column: 1,
        end_line: 1,
        end_column: 2,
    };
    let diagnosis = Diagnosis {
        location,
        explanation: String::new(),
        confidence: Confidence::new(0.5).unwrap(),
        related: Vec::new(),
        notes: String::new(),
    };
    let large = PluginLimits { memory_bytes: 1 << 30, ..limits() };
    for (name, limited) in [("bad-digest", false), ("git-path", false), ("absolute", false), ("huge-patch", true)] {
        let call = BENCH.plugins.propose(&hostile(name, large), &BENCH.inputs, &finding, &diagnosis, &cancel);
        match call.end {
            CallEnd::BadValue { .. } => assert!(!limited, "{name}"),
            end => assert!(limited && end == limit("result"), "{name}: {end:?}"),
        }
        assert!(call.value.is_none());
    }
}

#[test]
fn nothing_outside_is_read() {
    assert_eq!(told(&attack("outside")), "[]");
}

#[test]
fn what_is_read_only_stays_as_it_is() {
    assert_eq!(told(&attack("alter")), "[]");
    for dir in [&BENCH.inputs.source, &BENCH.inputs.telemetry] {
        let dir = dir.as_ref().unwrap();
        assert_eq!(fs::read(dir.join("file")).unwrap(), b"as it was");
        assert_eq!(fs::read_dir(dir).unwrap().count(), 2);
    }
}

#[test]
fn nothing_remains_of_an_earlier_call() {
    assert_eq!(told(&attack("remember")), "[]");
    assert_eq!(told(&attack("remember")), "[]");
}

#[test]
fn it_is_told_nothing_of_where_it_runs() {
    let around = told(&attack("around")).to_owned();
    assert_eq!(around, r#"["0 bytes of input", "/scratch", "/source", "/telemetry"]"#);
}

#[test]
fn odd_times_and_sudden_ends_are_its_own_trouble() {
    let call = attack("times");
    assert!(matches!(call.end, CallEnd::Failed { .. } | CallEnd::Trapped { .. }), "{call:?}");
    for name in ["panic", "late-trap", "exit"] {
        let call = attack(name);
        assert!(matches!(call.end, CallEnd::Trapped { .. }), "{name}: {:?}", call.end);
    }
    assert!(attack("panic").log.contains("on purpose"));
    assert!(attack("late-trap").log.contains("before"));
    another_works();
}

#[test]
fn a_person_can_stop_a_call() {
    let (plugin, cancel) = (hostile("loop", PluginLimits { call_millis: 60_000, ..limits() }), Cancel::default());
    let stopper = cancel.clone();
    let (started, thread) = (
        Instant::now(),
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            stopper.cancel();
        }),
    );
    let call = BENCH.plugins.detect(&plugin, &BENCH.inputs, &cancel);
    thread.join().unwrap();
    assert_eq!(call.end, CallEnd::Cancelled);
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn attacks_side_by_side_leave_the_others_alone() {
    std::thread::scope(|scope| {
        for name in ["memory", "disk", "log"] {
            scope.spawn(move || attack_with(name, PluginLimits { call_millis: 3000, ..limits() }));
        }
        for _ in 0..3 {
            another_works();
        }
    });
}

/// What the cache holds of the puppet, in a state directory of its own.
fn sealed(state: &Path) -> (Plugins, PathBuf) {
    let plugins = Plugins::new(sandbox(), state).unwrap();
    assert!(!from_cache(&plugins), "nothing was cached yet");
    assert!(from_cache(&plugins), "it was cached just now");
    let mut files = fs::read_dir(state.join("plugin-cache")).unwrap();
    let file = files.next().unwrap().unwrap().path();
    (plugins, file)
}

/// Loads the puppet; whatever it was loaded from, it has to work.
fn from_cache(plugins: &Plugins) -> bool {
    let settings = r#"{"path":"src/a.js"}"#.to_owned();
    let puppet =
        plugins.load(&component("puppet"), grant(settings, PluginLimits::default()), &Cancel::default()).unwrap();
    let call = plugins.detect(&puppet, &BENCH.inputs, &Cancel::default());
    assert_eq!(call.end, CallEnd::Returned, "{call:?}");
    puppet.was_cached()
}

#[test]
fn code_that_somebody_else_left_in_the_cache_is_never_run() {
    let state = tempfile::tempdir().unwrap();
    let (plugins, file) = sealed(state.path());
    let good = fs::read(&file).unwrap();
    let rewrite = |bytes: &[u8]| fs::write(&file, bytes).unwrap();

    // One byte of the code, one of the seal, less, more, and nothing.
    for at in [good.len() - 1, 20] {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        rewrite(&bytes);
        assert!(!from_cache(&plugins), "byte {at}");
    }
    rewrite(&good[..good.len() - 100]);
    assert!(!from_cache(&plugins));
    rewrite(&[good.as_slice(), b"more"].concat());
    assert!(!from_cache(&plugins));
    rewrite(b"");
    assert!(!from_cache(&plugins));

    // The right bytes behind a link, and something that never ends.
    let away = state.path().join("away");
    fs::rename(&file, &away).unwrap();
    symlink(&away, &file).unwrap();
    assert!(!from_cache(&plugins));
    fs::remove_file(&file).unwrap();
    let status = std::process::Command::new("mkfifo").arg(&file).status().unwrap();
    assert!(status.success());
    assert!(!from_cache(&plugins));

    // The code of another plugin, with its good seal.
    let settings = r#"{"attack":"none"}"#.to_owned();
    plugins.load(&component("hostile"), grant(settings, PluginLimits::default()), &Cancel::default()).unwrap();
    let files = fs::read_dir(state.path().join("plugin-cache")).unwrap();
    let other = files.map(|entry| entry.unwrap().path()).find(|path| *path != file).unwrap();
    fs::copy(&other, &file).unwrap();
    assert!(!from_cache(&plugins));

    // Good code, sealed with another key.
    let elsewhere = tempfile::tempdir().unwrap();
    let (_, foreign) = sealed(elsewhere.path());
    fs::copy(foreign, &file).unwrap();
    assert!(!from_cache(&plugins));
    assert!(from_cache(&plugins));
}

#[test]
fn a_file_that_others_could_have_written_is_not_trusted() {
    use std::os::unix::fs::{PermissionsExt, chown};
    let state = tempfile::tempdir().unwrap();
    let (plugins, file) = sealed(state.path());
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    assert!(!from_cache(&plugins));
    if rustix::process::geteuid().is_root() {
        chown(&file, Some(1234), None).unwrap();
        assert!(!from_cache(&plugins));
    }
    fs::set_permissions(state.path().join("key"), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(Plugins::new(sandbox(), state.path()).is_err(), "a key that others could read");
    fs::set_permissions(state.path().join("key"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(state.path(), fs::Permissions::from_mode(0o777)).unwrap();
    assert!(Plugins::new(sandbox(), state.path()).is_err(), "a directory that others can write to");
}

fn finding() -> Finding {
    Finding {
        capability: Capability::Error,
        rule: "r".into(),
        title: "t".into(),
        subject: Subject { handler: "h".into(), path: None, line: None },
        severity: Severity::Low,
        confidence: Confidence::new(0.5).unwrap(),
        evidence: Vec::new(),
        fingerprint: "f".into(),
        notes: String::new(),
    }
}

/// Not an attack: what a call costs beside what the plugin does. `--ignored --nocapture` prints it.
#[test]
#[ignore = "measures"]
fn what_a_warm_call_costs() {
    another_works();
    let settings = r#"{"path":"src/a.js"}"#.to_owned();
    let puppet =
        BENCH.plugins.load(&component("puppet"), grant(settings, PluginLimits::default()), &Cancel::default()).unwrap();
    let mut times: Vec<u128> = (0..20)
        .map(|_| {
            let started = Instant::now();
            let call = BENCH.plugins.detect(&puppet, &BENCH.inputs, &Cancel::default());
            assert_eq!(call.end, CallEnd::Returned);
            started.elapsed().as_micros()
        })
        .collect();
    times.sort_unstable();
    println!("load {} ms, call: median {} us, best {} us", puppet.load_millis(), times[10], times[0]);
}
