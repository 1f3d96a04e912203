//! A plugin that attacks its host in the way that its settings name: `{"attack":"loop"}`. What it reaches it tells, as
//! the reason of a failure, so that a test sees what a thief would see.
//!
//! It does only what any stranger's component could do: no attack needs more than the contract and WASI.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::time::Duration;

wit_bindgen::generate!({ path: "../../../wit/0.1.0", world: "healer", generate_all });

use exports::thymus::plugin::{detector, diagnoser, fixer};
use thymus::plugin::host;
use thymus::plugin::types::{
    Capability, Change, CreateFile, DeleteFile, Diagnosis, Evidence, Failure, Finding, Location, Measure, Proposal,
    Role, Severity, Subject,
};

/// One line of those that never end.
const FLOOD: &str = "flood flood flood flood flood flood flood flood flood flood flood flood flood flood flood flood";

struct Hostile;

export!(Hostile);

impl detector::Guest for Hostile {
    fn detect() -> Result<Vec<Finding>, Failure> {
        let settings = host::settings();
        let attack = settings.split('"').nth(3).unwrap_or("none");
        if let Some(findings) = lie(attack) {
            return Ok(findings);
        }
        match attack {
            "none" => Ok(vec![finding()]),
            "loop" => loop {
                std::hint::black_box(());
            },
            "sleep" => loop {
                std::thread::sleep(Duration::from_secs(3600));
            },
            "recurse" => told(recurse(0)),
            "memory" => told(hoard()),
            "disk" => told(fill()),
            "one-file" => told(File::create("/scratch/huge").and_then(|file| file.set_len(1 << 40))),
            "files" => told((0..1_000_000).try_for_each(|n| File::create(format!("/scratch/{n}")).map(drop))),
            "deep" => told((0..100_000).try_fold(String::from("/scratch"), |dir, _| {
                let dir = dir + "/d";
                fs::create_dir(&dir).map(|()| dir)
            })),
            "log" => flood(|n| host::log(host::Level::Info, &format!("{n} {FLOOD}"))),
            "stdout" => flood(|n| println!("{n} {FLOOD}")),
            "stderr" => flood(|n| eprintln!("{n} {FLOOD}")),
            "progress" => flood(|n| host::progress(n, 0, FLOOD)),
            "one-log" => told(host::log(host::Level::Info, &"x".repeat(200 << 20))),
            "open" => told((0..100_000).map(|_| File::create("/scratch/one")).collect::<Result<Vec<_>, _>>()),
            "random" => told(wasip2::random::random::get_random_bytes(1 << 32).len()),
            "outside" => told(outside()),
            "alter" => told(alter()),
            "remember" => told(remember()),
            "around" => told(around()),
            "times" => told(times()),
            "panic" => panic!("on purpose"),
            "late-trap" => {
                println!("before");
                std::process::abort()
            }
            "exit" => std::process::exit(0),
            other => told(format!("no attack is called {other}")),
        }
    }
}

impl diagnoser::Guest for Hostile {
    fn diagnose(_: Finding) -> Result<Option<Diagnosis>, Failure> {
        let at = |path: &str, start_line| Location {
            path: path.to_owned(),
            start_line,
            start_column: 1,
            end_line: 1,
            end_column: 1,
        };
        let attack = host::settings();
        let location = if attack.contains("backwards") { at("src/a.js", u32::MAX) } else { at("../../etc/passwd", 1) };
        let explanation = "it was told so".to_owned();
        Ok(Some(Diagnosis { location, explanation, confidence: 0.9, related: vec![], notes: String::new() }))
    }
}

impl fixer::Guest for Hostile {
    fn propose(_: Finding, _: Diagnosis) -> Result<Vec<Proposal>, Failure> {
        let settings = host::settings();
        let path = "src/a.js".to_owned();
        let create = |path: String| Change::Create(CreateFile { path, content: "x".to_owned(), role: Role::Source });
        let change = match settings.split('"').nth(3).unwrap_or("none") {
            "bad-digest" => {
                Change::Delete(DeleteFile { path, base_sha256: "E3B0 not a digest".to_owned(), role: Role::Test })
            }
            "git-path" => create(".git/hooks/post-checkout".to_owned()),
            "huge-patch" => Change::Create(CreateFile { path, content: "x".repeat(200 << 20), role: Role::Source }),
            _ => create("/etc/passwd".to_owned()),
        };
        let (title, explanation) = ("change it".to_owned(), String::new());
        Ok(vec![Proposal { title, explanation, changes: vec![change], expects: vec![], confidence: 0.9 }])
    }
}

fn told<T: Debug>(what: T) -> Result<Vec<Finding>, Failure> {
    Err(Failure::Failed(format!("{what:?}")))
}

fn flood(mut with: impl FnMut(u64)) -> Result<Vec<Finding>, Failure> {
    (0..3_000_000).for_each(&mut with);
    told("flooded")
}

fn finding() -> Finding {
    Finding {
        capability: Capability::Error,
        rule: "hostile".to_owned(),
        title: "nothing to see".to_owned(),
        subject: Subject { handler: "f".to_owned(), path: None, line: None },
        severity: Severity::Low,
        confidence: 0.5,
        evidence: vec![],
        fingerprint: "hostile".to_owned(),
        notes: String::new(),
    }
}

/// Findings that no host may take for what they say they are.
fn lie(attack: &str) -> Option<Vec<Finding>> {
    let one = |change: fn(&mut Finding)| {
        let mut one = finding();
        change(&mut one);
        Some(vec![one])
    };
    match attack {
        "million" => Some((0..1_000_000).map(|_| finding()).collect()),
        "few-too-many" => Some((0..2000).map(|_| finding()).collect()),
        "long-string" => one(|f| f.notes = "x".repeat(200 << 20)),
        "long-title" => one(|f| f.title = "x".repeat(201)),
        "wide" => one(|f| {
            let measure = || Measure { name: "n".to_owned(), value: 1.0, unit: "1".to_owned() };
            f.evidence = (0..1000)
                .map(|_| Evidence {
                    statement: String::new(),
                    measures: (0..1000).map(|_| measure()).collect(),
                    trace_ids: vec![],
                })
                .collect();
        }),
        "nan" => one(|f| f.confidence = f64::NAN),
        "sure" => one(|f| f.confidence = 7.0),
        "infinite" => one(|f| {
            let measures = vec![Measure { name: "n".to_owned(), value: f64::INFINITY, unit: "1".to_owned() }];
            f.evidence = vec![Evidence { statement: String::new(), measures, trace_ids: vec![] }];
        }),
        "trace-id" => one(|f| {
            let trace_ids = vec!["<script>".to_owned()];
            f.evidence = vec![Evidence { statement: String::new(), measures: vec![], trace_ids }];
        }),
        "bad-path" => one(|f| f.subject.path = Some("../../etc/passwd".to_owned())),
        "line-zero" => one(|f| f.subject.line = Some(0)),
        "rule" => one(|f| f.rule = "Not Kebab\u{1b}[2J".to_owned()),
        "two-lines" => one(|f| f.title = "one\r\ntwo".to_owned()),
        "escape" => one(|f| f.title = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}gnp.exe".to_owned()),
        _ => None,
    }
}

fn recurse(depth: u64) -> u64 {
    if std::hint::black_box(depth) == u64::MAX { 0 } else { recurse(depth + 1) + std::hint::black_box(1) }
}

fn hoard() -> usize {
    let mut all: Vec<Vec<u8>> = Vec::new();
    loop {
        all.push(vec![1; 16 << 20]);
        std::hint::black_box(&all);
    }
}

fn fill() -> std::io::Result<u64> {
    let chunk = vec![7; 1 << 20];
    let mut written = 0;
    for file in 0..100 {
        let mut file = File::create(format!("/scratch/{file}"))?;
        for _ in 0..100 {
            file.write_all(&chunk)?;
            written += 1;
        }
    }
    Ok(written)
}

/// Every way to a file that was not given. Tells what it read, which should be nothing.
fn outside() -> Vec<String> {
    let mut read = Vec::new();
    let mut paths: Vec<String> = Vec::new();
    for from in ["/source", "/telemetry", "/scratch"] {
        for way in ["..", "../..", "../../..", "./../../", "x/../../.."] {
            paths.extend(["etc/passwd", "plugin/compiled", "proc/self/environ"].map(|to| format!("{from}/{way}/{to}")));
        }
        paths.push(format!("{from}/link"));
        paths.push(format!("{from}/link/passwd"));
    }
    paths.extend(
        ["/etc/passwd", "/plugin/compiled", "/proc/self/maps", "/thymus/in/order.json", "etc/passwd", "/"]
            .map(Into::into),
    );
    // Links of its own making: absolute, relative, and one that is renamed after it was made.
    for (n, to) in ["/etc", "../../../etc", "/proc/self/root/etc", ".."].into_iter().enumerate() {
        if symlink(to, "/scratch", &format!("own{n}")) {
            paths.extend([
                format!("/scratch/own{n}/passwd"),
                format!("/scratch/own{n}/etc/passwd"),
                format!("/scratch/own{n}/"),
            ]);
        }
    }
    for path in paths {
        if let Ok(bytes) = fs::read(&path) {
            read.push(format!("{path}: {} bytes", bytes.len()));
        } else if path.ends_with('/') && fs::read_dir(&path).is_ok() {
            read.push(format!("{path}: a directory"));
        }
    }
    read
}

/// The standard library has no stable name for this on WASI.
fn symlink(to: &str, dir: &str, name: &str) -> bool {
    let mut given = wasip2::filesystem::preopens::get_directories().into_iter();
    given.find(|(_, path)| path == dir).is_some_and(|(dir, _)| dir.symlink_at(to, name).is_ok())
}

/// Every way to change what is read-only. Tells which ones the host let through.
fn alter() -> Vec<String> {
    let mut done = Vec::new();
    for dir in ["/source", "/telemetry"] {
        let file = format!("{dir}/file");
        let mut act = |name: &str, did: bool| {
            if did {
                done.push(format!("{name} {dir}"));
            }
        };
        act("opening to write", OpenOptions::new().write(true).open(&file).is_ok());
        act("opening to append", OpenOptions::new().append(true).open(&file).is_ok());
        act("truncating", OpenOptions::new().write(true).truncate(true).open(&file).is_ok());
        act("truncating a reader", OpenOptions::new().read(true).truncate(true).write(true).open(&file).is_ok());
        act("set_len on a reader", File::open(&file).and_then(|f| f.set_len(0)).is_ok());
        act("writing to a reader", File::open(&file).and_then(|mut f| f.write_all(b"x")).is_ok());
        act("creating", File::create(format!("{dir}/new")).is_ok());
        act("mkdir", fs::create_dir(format!("{dir}/new")).is_ok());
        act("removing", fs::remove_file(&file).is_ok());
        act("renaming", fs::rename(&file, format!("{dir}/other")).is_ok());
        act("renaming out", fs::rename(&file, "/scratch/stolen").is_ok());
        act("renaming in", File::create("/scratch/mine").is_ok() && fs::rename("/scratch/mine", &file).is_ok());
        act("linking", fs::hard_link(&file, format!("{dir}/link")).is_ok());
        act("linking out", fs::hard_link(&file, "/scratch/linked").is_ok());
        act(
            "linking in",
            File::create("/scratch/b").is_ok() && fs::hard_link("/scratch/b", format!("{dir}/b")).is_ok(),
        );
        act("symlinking", symlink("/etc", dir, "s"));
        act("touching", File::open(&file).and_then(|f| f.set_modified(std::time::UNIX_EPOCH)).is_ok());
        // A link that leads from the writable directory into the read-only one.
        let way = format!("way{}", dir.len());
        let linked = symlink(&format!("..{dir}/file"), "/scratch", &way);
        act("writing through a link", linked && fs::write(format!("/scratch/{way}"), b"x").is_ok());
        if !fs::read(&file).is_ok_and(|bytes| bytes == b"as it was") {
            done.push(format!("{dir}/file is not as it was"));
        }
    }
    done
}

/// What an earlier call, or another plugin, left.
fn remember() -> Vec<String> {
    let mut found: Vec<String> = fs::read_dir("/scratch")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    if fs::write("/scratch/remember", "me").is_err() {
        found.push("/scratch is not writable".to_owned());
    }
    found
}

/// What it was started with: arguments, environment, standard input, the directories.
fn around() -> Vec<String> {
    let mut found: Vec<String> = std::env::args().collect();
    found.extend(std::env::vars().map(|(name, value)| format!("{name}={value}")));
    let mut input = Vec::new();
    let _ = std::io::stdin().take(1000).read_to_end(&mut input);
    found.push(format!("{} bytes of input", input.len()));
    let mut given: Vec<String> =
        wasip2::filesystem::preopens::get_directories().into_iter().map(|(_, path)| path).collect();
    given.sort();
    found.extend(given);
    found
}

/// Times before 1970, and far from now: hosts have panicked at such.
fn times() -> std::io::Result<Vec<bool>> {
    let file = File::create("/scratch/old")?;
    let mut went = Vec::new();
    for seconds in [0, 1, 1 << 33, 1 << 40, u64::MAX >> 1] {
        let time = std::time::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
        went.push(time.is_some_and(|time| file.set_modified(time).is_ok()));
        went.push(fs::metadata("/scratch/old").and_then(|about| about.modified()).is_ok());
    }
    Ok(went)
}
