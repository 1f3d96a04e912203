//! The ledger under attack: tampering, killed processes, several writers, bad disks.
#![allow(missing_docs, clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rusqlite::Connection;
use thymus::ledger::{Busy, Head, Ledger, LedgerError};
use thymus::model::{
    Capability, CaseId, CaseState, Confidence, Decision, Digest, Event, Finding, Gate, GateName, GateStatus, Outcome,
    Proposal, Severity, Subject,
};

fn note(text: &str) -> Event {
    Event::Refused { code: "TH-TEST".to_owned(), subject: text.to_owned(), why: "a test".to_owned() }
}

fn filled(state: &Path, events: usize) -> Ledger {
    let ledger = Ledger::open(state).unwrap();
    for n in 0..events {
        ledger.append(&note(&format!("event {n}"))).unwrap();
    }
    ledger
}

/// Somebody with write access to the file and no respect for triggers.
fn tamper(state: &Path, sql: &str) {
    let other = Connection::open(state.join("ledger.db")).unwrap();
    other.execute_batch("DROP TRIGGER events_insert; DROP TRIGGER events_update; DROP TRIGGER events_delete;").unwrap();
    other.execute_batch(sql).unwrap();
}

fn first_broken(sql: &str) -> (u64, String) {
    let state = tempfile::tempdir().unwrap();
    let ledger = filled(state.path(), 6);
    tamper(state.path(), sql);
    let broken = ledger.verify().unwrap_err();
    // Opening anew makes the triggers again and finds the same.
    drop(ledger);
    assert_eq!(Ledger::open(state.path()).unwrap().verify().unwrap_err(), broken);
    (broken.seq, broken.why)
}

#[test]
fn a_whole_ledger_verifies_and_survives_opening_again() {
    let state = tempfile::tempdir().unwrap();
    let before = filled(&state.path().join("deep/state"), 5).verify().unwrap();
    assert_eq!(before.events, 5);
    let ledger = Ledger::open(&state.path().join("deep/state")).unwrap();
    assert_eq!(ledger.verify().unwrap(), before);
    let events = ledger.events(4).unwrap();
    assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), [4, 5]);
    assert_eq!(events[1].hash, before.head);
    assert_eq!(events[1].event, note("event 4"));
}

#[test]
fn only_its_user_can_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let _ledger = filled(&state, 1);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state), 0o700);
    for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
        assert_eq!(mode(&state.join(name)), 0o600, "{name}");
    }
}

#[test]
fn ordinary_sql_cannot_change_events() {
    let state = tempfile::tempdir().unwrap();
    let ledger = filled(state.path(), 3);
    let other = Connection::open(state.path().join("ledger.db")).unwrap();
    for sql in [
        "UPDATE events SET body = '{}' WHERE seq = 2",
        "DELETE FROM events WHERE seq = 3",
        "INSERT OR REPLACE INTO events SELECT 2, at_ns, before, hash, '{}' FROM events WHERE seq = 2",
        "INSERT INTO events SELECT 9, at_ns, before, hash, body FROM events WHERE seq = 2",
    ] {
        assert!(other.execute_batch(sql).is_err(), "{sql}");
    }
    assert_eq!(ledger.verify().unwrap().events, 3);
}

#[test]
fn verify_names_the_first_changed_event() {
    let (seq, why) = first_broken("UPDATE events SET body = replace(body, 'event', 'EVENT') WHERE seq IN (3, 5)");
    assert_eq!((seq, why.as_str()), (3, "was changed"));
    assert_eq!(first_broken("UPDATE events SET at_ns = at_ns + 1 WHERE seq = 4").0, 4);
    assert_eq!(first_broken("UPDATE events SET hash = zeroblob(32) WHERE seq = 2").0, 2);
    assert_eq!(first_broken("UPDATE events SET hash = x'00' WHERE seq = 2").0, 2);
}

#[test]
fn verify_names_the_first_missing_event() {
    assert_eq!(first_broken("DELETE FROM events WHERE seq IN (2, 4)"), (2, "is missing".to_owned()));
    assert_eq!(first_broken("DELETE FROM events WHERE seq = 1"), (1, "is missing".to_owned()));
    assert_eq!(first_broken("DELETE FROM events WHERE seq > 4").0, 5);
    assert_eq!(first_broken("DELETE FROM events").0, 1);
    // The gap is closed by giving the later ones new numbers.
    assert_eq!(first_broken("DELETE FROM events WHERE seq = 3; UPDATE events SET seq = seq - 1 WHERE seq > 3").0, 3);
}

#[test]
fn verify_names_the_first_moved_event() {
    let swap = "UPDATE events SET seq = 100 WHERE seq = 2; UPDATE events SET seq = 2 WHERE seq = 4; \
                UPDATE events SET seq = 4 WHERE seq = 100";
    assert_eq!(first_broken(swap).0, 2);
    let bodies = "CREATE TEMP TABLE t AS SELECT seq, body FROM events; \
                  UPDATE events SET body = (SELECT body FROM t WHERE t.seq = 9 - events.seq) WHERE seq IN (4, 5)";
    assert_eq!(first_broken(bodies).0, 4);
}

#[test]
fn an_event_rewritten_with_a_right_hash_of_its_own_is_found() {
    let state = tempfile::tempdir().unwrap();
    let ledger = filled(state.path(), 4);
    let events = ledger.events(1).unwrap();
    let at_ns = i64::try_from(events[1].at_ns).unwrap();
    let body = serde_json::to_string(&note("never happened")).unwrap();
    let forged =
        Digest::of_parts([&events[0].hash.as_bytes()[..], &2u64.to_le_bytes(), &at_ns.to_le_bytes(), body.as_bytes()]);
    let sql = format!("UPDATE events SET body = '{body}', hash = x'{forged}' WHERE seq = 2");
    tamper(state.path(), &sql);
    assert_eq!(ledger.verify().unwrap_err().seq, 2);
}

#[test]
fn a_cut_end_is_never_written_over() {
    let state = tempfile::tempdir().unwrap();
    let ledger = filled(state.path(), 4);
    tamper(state.path(), "DELETE FROM events WHERE seq = 4");
    assert!(matches!(ledger.append(&note("over it")), Err(LedgerError::Damaged { .. })));
    assert_eq!(ledger.verify().unwrap_err().seq, 4);
}

#[test]
fn an_older_copy_is_found_with_a_head_kept_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    drop(filled(&state, 3));
    let copy = fs::read(state.join("ledger.db")).unwrap();
    let verified = filled(&state, 2).verify().unwrap();
    let head = Head { seq: verified.events, hash: verified.head };
    fs::write(state.join("ledger.db"), copy).unwrap();
    let ledger = Ledger::open(&state).unwrap();
    assert!(ledger.verify().is_ok());
    assert_eq!(ledger.verify_against(&[head]).unwrap_err().seq, 4);
    // And another history of the same length has another hash.
    ledger.append(&note("other")).unwrap();
    ledger.append(&note("history")).unwrap();
    assert_eq!(ledger.verify_against(&[head]).unwrap_err().seq, 5);
}

#[test]
fn foreign_and_damaged_files_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger.db");
    fs::write(&file, "my own notes, quite long, and not for thymus to touch. ".repeat(40)).unwrap();
    let before = fs::read(&file).unwrap();
    assert!(matches!(Ledger::open(folder.path()), Err(LedgerError::Foreign { .. })));
    assert_eq!(fs::read(&file).unwrap(), before);

    fs::remove_file(&file).unwrap();
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE bookmarks (url)").unwrap();
    let before = fs::read(&file).unwrap();
    assert!(matches!(Ledger::open(folder.path()), Err(LedgerError::Foreign { .. })));
    assert_eq!(fs::read(&file).unwrap(), before);

    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &file).unwrap();
    assert!(matches!(Ledger::open(folder.path()), Err(LedgerError::Foreign { .. })));
}

#[test]
fn a_process_killed_between_making_and_filling_the_file_hurts_nobody() {
    let state = tempfile::tempdir().unwrap();
    fs::write(state.path().join("ledger.db"), "").unwrap();
    assert_eq!(filled(state.path(), 2).verify().unwrap().events, 2);
}

#[test]
fn a_planted_trigger_or_a_newer_format_is_refused() {
    let state = tempfile::tempdir().unwrap();
    drop(filled(state.path(), 1));
    let other = Connection::open(state.path().join("ledger.db")).unwrap();
    other.execute_batch("CREATE TRIGGER spy AFTER INSERT ON events BEGIN SELECT 1; END").unwrap();
    assert!(matches!(Ledger::open(state.path()), Err(LedgerError::Foreign { .. })));
    other.execute_batch("DROP TRIGGER spy; PRAGMA user_version = 2").unwrap();
    assert!(matches!(Ledger::open(state.path()), Err(LedgerError::Newer { found: 2, .. })));
}

#[test]
fn overwritten_pages_are_an_error_and_no_panic() {
    let state = tempfile::tempdir().unwrap();
    drop(filled(state.path(), 200));
    let file = state.path().join("ledger.db");
    let mut bytes = fs::read(&file).unwrap();
    for byte in &mut bytes[3 * 4096..5 * 4096] {
        *byte ^= 0x5a;
    }
    fs::write(&file, bytes).unwrap();
    // Whatever it is called, it must be named.
    if let Ok(ledger) = Ledger::open(state.path()) {
        assert!(ledger.verify().is_err());
        assert!(ledger.cases().is_err());
    }
}

#[test]
fn a_folder_below_a_file_or_open_to_others_is_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Ledger::open(&file.join("state")).unwrap_err();
    assert!(matches!(error, LedgerError::ReadOnly { .. }), "{error:?}");
    assert!(error.to_string().contains("--state"), "{error}");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    assert!(matches!(Ledger::open(folder.path()), Err(LedgerError::UnsafeFolder { .. })));
}

#[test]
fn an_event_that_could_not_be_read_back_is_not_written() {
    let state = tempfile::tempdir().unwrap();
    let ledger = filled(state.path(), 1);
    let mut finding = finding();
    finding.evidence.push(thymus::model::Evidence {
        statement: String::new(),
        measures: vec![thymus::model::Measure { name: String::new(), value: f64::NAN, unit: String::new() }],
        trace_ids: Vec::new(),
    });
    assert!(matches!(ledger.append(&opened(finding)), Err(LedgerError::BadEvent { .. })));
    assert_eq!(ledger.verify().unwrap().events, 1);
}

// Cases.

fn finding() -> Finding {
    Finding {
        capability: Capability::Error,
        rule: "null-property".to_owned(),
        title: "boom".to_owned(),
        subject: Subject { handler: "checkout".to_owned(), path: None, line: None },
        severity: Severity::High,
        confidence: Confidence::new(0.9).unwrap(),
        evidence: Vec::new(),
        fingerprint: "f".to_owned(),
        notes: String::new(),
    }
}

fn opened(finding: Finding) -> Event {
    let digest = Digest::of("x");
    Event::CaseOpened {
        case: CaseId::of(&finding, 1),
        plugin: "errors@0.1.0".to_owned(),
        digest,
        commit: "c0".to_owned(),
        window: digest,
        finding,
    }
}

fn proposed(case: &CaseId, patch: &str) -> Event {
    let proposal = Proposal {
        title: patch.to_owned(),
        explanation: String::new(),
        changes: Vec::new(),
        expects: Vec::new(),
        confidence: Confidence::new(0.5).unwrap(),
    };
    Event::Proposed {
        case: case.clone(),
        plugin: "errors@0.1.0".to_owned(),
        digest: Digest::of("x"),
        proposal,
        patch: Some(Digest::of(patch)),
        diff: format!("diff of {patch}"),
    }
}

fn gate(case: &CaseId, patch: &str, name: GateName, status: GateStatus) -> Event {
    let gate = Gate { name, status, millis: 1, detail: String::new(), code: String::new(), evidence: Vec::new() };
    Event::GateRan { case: case.clone(), patch: Some(Digest::of(patch)), gate }
}

fn decided(case: &CaseId, patch: &str, outcome: Outcome) -> Event {
    let decision = Decision { outcome, rule: "r".to_owned(), chain: Vec::new(), policy: Digest::of("p") };
    Event::Decided { case: case.clone(), patch: Digest::of(patch), decision }
}

fn a_life(case: &CaseId, outcome: Outcome) -> Vec<(Event, CaseState)> {
    let branch = case.branch();
    vec![
        (opened(finding()), CaseState::Detected),
        (proposed(case, "bad"), CaseState::Proposed),
        (gate(case, "bad", GateName::Applies, GateStatus::Failed), CaseState::Proposed),
        (proposed(case, "good"), CaseState::Proposed),
        (gate(case, "good", GateName::Applies, GateStatus::Passed), CaseState::Proposed),
        (gate(case, "good", GateName::Stable, GateStatus::Passed), CaseState::Validated),
        (decided(case, "good", outcome), CaseState::Validated),
        (
            Event::Delivering {
                case: case.clone(),
                patch: Digest::of("good"),
                branch: branch.clone(),
                commit: "c1".to_owned(),
            },
            CaseState::Delivering,
        ),
        (
            Event::Delivered { case: case.clone(), branch, commit: "c1".to_owned() },
            if outcome == Outcome::Apply { CaseState::Healed } else { CaseState::Held },
        ),
    ]
}

#[test]
fn a_case_goes_through_its_states_and_is_unfinished_until_delivered() {
    let state = tempfile::tempdir().unwrap();
    let ledger = filled(state.path(), 1);
    let id = CaseId::of(&finding(), 1);
    for (event, expected) in a_life(&id, Outcome::Hold) {
        ledger.append(&event).unwrap();
        let case = ledger.case(&id).unwrap().unwrap();
        assert_eq!(case.state, expected, "after {event:?}");
        assert_eq!(ledger.unfinished().unwrap().len(), usize::from(expected != CaseState::Held));
    }
    // An approval of another patch heals nothing, a late proposal changes nothing.
    let approve = |patch: &str| Event::Approved {
        case: id.clone(),
        patch: Digest::of(patch),
        who: "ada".to_owned(),
        enough: true,
    };
    ledger.append(&approve("bad")).unwrap();
    ledger.append(&proposed(&id, "late")).unwrap();
    let case = ledger.case(&id).unwrap().unwrap();
    assert_eq!((case.state, case.patch, case.gates.len()), (CaseState::Held, Some(Digest::of("good")), 2));
    ledger.append(&approve("good")).unwrap();
    let case = ledger.case(&id).unwrap().unwrap();
    assert_eq!((case.state, case.approvals.len()), (CaseState::Healed, 2));
    assert_eq!(case.branch, Some((id.branch(), "c1".to_owned())));
    assert_eq!(ledger.cases().unwrap(), [case]);
}

#[test]
fn a_failed_gate_is_never_validated_whatever_is_decided() {
    let state = tempfile::tempdir().unwrap();
    let ledger = filled(state.path(), 0);
    let id = CaseId::of(&finding(), 1);
    for event in [
        opened(finding()),
        proposed(&id, "a"),
        gate(&id, "a", GateName::Baseline, GateStatus::Failed),
        gate(&id, "a", GateName::Stable, GateStatus::Passed),
        decided(&id, "a", Outcome::Apply),
    ] {
        ledger.append(&event).unwrap();
    }
    assert_eq!(ledger.case(&id).unwrap().unwrap().state, CaseState::Proposed);
    ledger.append(&Event::Rejected { case: id.clone(), who: "gate".to_owned(), why: "no".to_owned() }).unwrap();
    ledger.append(&proposed(&id, "b")).unwrap();
    let case = ledger.case(&id).unwrap().unwrap();
    assert_eq!((case.state, case.reason.as_deref()), (CaseState::Rejected, Some("no")));
}

#[test]
fn a_merge_that_was_begun_is_unfinished_until_it_ended() {
    let state = tempfile::tempdir().unwrap();
    let ledger = filled(state.path(), 0);
    let id = CaseId::of(&finding(), 1);
    for (event, _) in a_life(&id, Outcome::Apply) {
        ledger.append(&event).unwrap();
    }
    assert!(ledger.unfinished().unwrap().is_empty());
    let (reference, from, to) = ("refs/heads/main".to_owned(), "c0".to_owned(), "c1".to_owned());
    ledger.append(&Event::Merging { case: id.clone(), reference: reference.clone(), from, to: to.clone() }).unwrap();
    assert_eq!(ledger.unfinished().unwrap().len(), 1);
    assert_eq!(ledger.pending_merge(&id).unwrap().unwrap().to, "c1");
    ledger.append(&Event::Merged { case: id.clone(), reference, to }).unwrap();
    assert!(ledger.unfinished().unwrap().is_empty());
    ledger.append(&Event::RolledBack { case: id.clone(), why: "worse".to_owned() }).unwrap();
    assert_eq!(ledger.case(&id).unwrap().unwrap().state, CaseState::RolledBack);
}

// Processes. The test binary runs itself again: `child` does the work named in CHILD.

fn child_process(work: &str, state: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env("CHILD", work)
        .env("CHILD_STATE", state)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn child() {
    let Ok(work) = std::env::var("CHILD") else { return };
    let state = std::env::var_os("CHILD_STATE").unwrap();
    let state = Path::new(&state);
    match work.as_str() {
        "endless" => {
            let ledger = Ledger::open(state).unwrap();
            loop {
                eprintln!("{}", ledger.append(&note(&"x".repeat(3000))).unwrap());
            }
        }
        "fifty" => drop(filled(state, 50)),
        "claim" => {
            let ledger = Ledger::open(state).unwrap();
            let _claim = ledger.claim(&CaseId::parse("error-1").unwrap()).unwrap();
            eprintln!("claimed");
            let _ = std::io::stdin().read(&mut [0]);
        }
        "full" => {
            let ledger = Ledger::open(state).unwrap();
            let error = (0..10_000).find_map(|_| ledger.append(&note(&"x".repeat(3000))).err()).unwrap();
            assert!(matches!(error, LedgerError::Full { .. }), "{error:?}");
            let kept = ledger.verify().unwrap().events;
            assert!(kept > 10, "{kept}");
            assert_eq!(ledger.append_last(&note(&"x".repeat(6000))).unwrap(), kept + 1);
            fs::remove_file(state.join("filler")).unwrap();
            assert_eq!(ledger.append(&note("there is room again")).unwrap(), kept + 2);
            assert_eq!(ledger.verify().unwrap().events, kept + 2);
            eprintln!("seen");
        }
        "read-only" => {
            let error = Ledger::open(state).unwrap_err();
            assert!(matches!(error, LedgerError::ReadOnly { .. }), "{error:?}");
            eprintln!("seen");
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_killed_process_loses_nothing_it_was_told_is_written() {
    let state = tempfile::tempdir().unwrap();
    for round in 1..=15 {
        let mut child = child_process("endless", state.path());
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut told: u64 = 0;
        for _ in 0..round {
            told = lines.next().unwrap().unwrap().parse().unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it still said before it died counts too; its last words may be cut off.
        let rest: Vec<String> = lines.map_while(Result::ok).collect();
        told = rest.iter().rev().skip(1).find_map(|line| line.parse().ok()).unwrap_or(told);
        let ledger = Ledger::open(state.path()).unwrap();
        let verified = ledger.verify().unwrap();
        assert!(verified.events >= told, "{} of {told}", verified.events);
        assert_eq!(ledger.append(&note("and it goes on")).unwrap(), verified.events + 1);
    }
}

#[test]
fn processes_and_threads_append_side_by_side() {
    let state = tempfile::tempdir().unwrap();
    let children: Vec<_> = (0..2).map(|_| child_process("fifty", state.path())).collect();
    let ledger = Ledger::open(state.path()).unwrap();
    let numbers: Vec<u64> = std::thread::scope(|scope| {
        let shared = || (0..25).map(|_| ledger.append(&note("thread")).unwrap()).collect::<Vec<_>>();
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(shared)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    for child in children {
        assert!(child.wait_with_output().unwrap().status.success());
    }
    assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), 50);
    assert_eq!(ledger.verify().unwrap().events, 150);
}

#[test]
fn a_claim_excludes_others_and_dies_with_its_process() {
    let state = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(state.path()).unwrap();
    let id = CaseId::parse("error-1").unwrap();
    let mut child = child_process("claim", state.path());
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "claimed");
    let busy = ledger.claim(&id).unwrap_err();
    assert!(matches!(busy, Busy::Held { by: Some(pid), .. } if pid == child.id()), "{busy:?}");
    let _other = ledger.claim(&CaseId::parse("error-2").unwrap()).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let claim = ledger.claim(&id).unwrap();
    assert!(ledger.claim(&id).is_err(), "a second claim in the same process");
    drop(claim);
    drop(ledger.claim(&id).unwrap());
    let repository = ledger.claim_repository(Path::new("/r")).unwrap();
    assert!(ledger.claim_repository(Path::new("/r")).is_err());
    drop(repository);
}

#[test]
fn what_a_killed_process_had_handed_to_a_child_that_was_just_starting_is_waited_for() {
    let state = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(state.path()).unwrap();
    let id = CaseId::parse("error-1").unwrap();
    let mut dead = child_process("claim", state.path());
    let mut lines = BufReader::new(dead.stderr.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "claimed");
    dead.kill().unwrap();
    dead.wait().unwrap();
    // The lock it had taken, still held by somebody else; the number in it is of a process that is no more.
    let path = std::fs::read_dir(state.path().join("locks")).unwrap().flatten().map(|entry| entry.path());
    let heirs: Vec<_> = path.map(|path| std::fs::File::open(path).unwrap()).collect();
    for heir in &heirs {
        heir.lock().unwrap();
    }
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| ledger.claim(&id).map(drop));
        drop(heirs);
        waits.join().unwrap().unwrap();
    });
}

/// Runs `child` on a small file system of its own; `false` where the machine does not let us mount one.
fn on_a_mount(work: &str, prepare: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let script =
        format!("mount -t tmpfs -o size=1m,mode=700 none \"$CHILD_STATE\" || exit 77; {prepare}; exec \"$0\" \"$@\"");
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env("CHILD", work)
        .env("CHILD_STATE", folder.path())
        .output();
    let Ok(output) = output else { return false };
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    if output.status.code() == Some(77) || said.contains("unshare") {
        eprintln!("skipped, no mount here: {said}");
        return false;
    }
    assert!(output.status.success() && said.contains("seen"), "{said}");
    true
}

#[test]
fn a_full_disk_is_a_clear_error_and_writing_goes_on_when_there_is_room() {
    on_a_mount("full", "head -c 300000 /dev/zero > \"$CHILD_STATE/filler\"");
}

#[test]
fn a_read_only_file_system_is_a_clear_error() {
    on_a_mount("read-only", "mount -o remount,ro none \"$CHILD_STATE\"");
}
