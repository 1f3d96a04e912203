//! A real process, killed for real after each of its events: the next run finishes or abandons the case, and nothing is
//! delivered twice, lost or half done.
#![allow(clippy::unwrap_used, missing_docs)]

use std::process::Stdio;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use thymus_tests::{Shop, puppet, run};

/// How many events the ledger has now; 0 while there is none.
fn events(shop: &Shop) -> u64 {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let Ok(ledger) = Connection::open_with_flags(shop.state().join("ledger.db"), flags) else { return 0 };
    ledger.query_row("SELECT count(*) FROM events", [], |row| row.get::<_, i64>(0)).map_or(0, i64::cast_unsigned)
}

fn count(shop: &Shop, event: &str) -> usize {
    let shown = run(&mut shop.thymus(&["ledger", "show", "--format", "json"]), 0);
    let text = String::from_utf8(shown.stdout).unwrap();
    text.lines().filter(|line| line.contains(&format!("\"event\":\"{event}\""))).count()
}

/// Starts a run and kills it as soon as the ledger has so many events. Says whether it was still running then.
fn kill_after(shop: &Shop, event: u64) -> bool {
    let mut child = puppet::heal(shop, &puppet::repair()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let until = Instant::now() + Duration::from_mins(1);
    loop {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        assert!(Instant::now() < until, "no event {event} within a minute");
        if events(shop) >= event {
            child.kill().unwrap();
            child.wait().unwrap();
            return true;
        }
        std::hint::spin_loop();
    }
}

fn check_whole(shop: &Shop, when: &str) {
    run(&mut shop.thymus(&["ledger", "verify"]), 0);
    assert_eq!(shop.git(&["status", "--porcelain"]), "", "{when}");
    assert_eq!(shop.git(&["branch", "--show-current"]).trim(), "main", "{when}");
    let branches = shop.git(&["for-each-ref", "--format=%(refname:short) %(parent)", "refs/heads/thymus"]);
    assert_eq!(branches.lines().count(), 1, "{when}: {branches}");
    assert_eq!(shop.git(&["rev-list", "--count", "main..thymus/error-e6d32d8bfeb5"]).trim(), "1", "{when}");
    assert_eq!(count(shop, "delivered"), 1, "{when}");
    assert_eq!(count(shop, "case-opened"), 1, "{when}");
    let left: Vec<_> = std::fs::read_dir(shop.state()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".run-")), "{when}: {left:?}");
}

#[test]
fn a_run_killed_after_any_event_is_finished_by_the_next_one() {
    let whole = puppet::halves();
    run(&mut puppet::heal(&whole, &puppet::repair()), 0);
    check_whole(&whole, "never killed");
    let all = events(&whole);
    assert!(all >= 20, "{all} events");

    let mut killed = 0;
    for event in 1..all {
        let shop = puppet::halves();
        // Compiled before: what is killed is the run, not the compiler.
        shop.share_plugin_cache(&whole);
        killed += u64::from(kill_after(&shop, event));
        run(&mut puppet::heal(&shop, &puppet::repair()), 0);
        check_whole(&shop, &format!("killed after event {event}"));
    }
    // The last few events come too fast for every kill to land between them.
    assert!(killed >= all - 4, "only {killed} of {} runs were caught", all - 1);
}

#[test]
fn a_case_whose_run_is_killed_every_time_is_left_alone() {
    let shop = puppet::halves();
    for _ in 0..4 {
        // Right after the case was opened or seen again, wherever that stands in this run.
        let opened = events(&shop);
        kill_after(&shop, opened + 10);
    }
    run(&mut puppet::heal(&shop, &puppet::repair()), 0);
    assert!(count(&shop, "delivered") <= 1);
    run(&mut shop.thymus(&["ledger", "verify"]), 0);
}

#[test]
fn two_processes_on_one_repository_do_not_hurt_each_other() {
    let shop = puppet::halves();
    let start =
        || puppet::heal(&shop, &puppet::repair()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (one, other) = (start(), start());
    let (one, other) = (one.wait_with_output().unwrap(), other.wait_with_output().unwrap());
    let codes = [one.status.code(), other.status.code()];
    assert!(codes.contains(&Some(0)), "{}\n{}", thymus_tests::said(&one), thymus_tests::said(&other));
    for done in [one, other].iter().filter(|done| done.status.code() != Some(0)) {
        let said = thymus_tests::said(done);
        assert_eq!(done.status.code(), Some(1), "{said}");
        assert!(said.contains("another thymus"), "{said}");
    }
    check_whole(&shop, "two at once");
}
