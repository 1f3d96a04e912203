//! Attacks on the sandbox, by real processes.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use thymus::model::{Backend, Cancel};
use thymus::sandbox::{Collect, Ended, Exit, Jail, JailLimits, Mount, Placement, Sandbox};

fn sandbox() -> Sandbox {
    let exe = PathBuf::from(env!("CARGO_BIN_EXE_thymus"));
    Sandbox::prove_with(Backend::Hakoniwa, exe).unwrap()
}

fn jail(script: &str) -> Jail {
    Jail {
        command: ["/bin/sh", "-c", script].map(String::from).to_vec(),
        env: BTreeMap::from([("GIVEN".into(), "yes".into())]),
        cwd: "/tmp".into(),
        mounts: Vec::new(),
        place: Vec::new(),
        collect: Vec::new(),
        stdin: Vec::new(),
        network: false,
        limits: JailLimits {
            wall_millis: 20_000,
            cpu_seconds: 10,
            memory_bytes: 1 << 30,
            processes: 32,
            file_bytes: 64 << 20,
            open_files: 128,
            stdout_bytes: 10_000,
            stderr_bytes: 10_000,
            tmp_bytes: 1 << 20,
        },
    }
}

fn run(jail: &Jail) -> Ended {
    sandbox().run(jail, &Cancel::default()).unwrap()
}

fn out(ended: &Ended) -> String {
    String::from_utf8_lossy(&ended.stdout).into_owned()
}

#[test]
fn says_how_it_ended_and_what_stood() {
    let mut asked = jail("cat; echo $GIVEN ${CARGO_MANIFEST_DIR-no} $(id -u); exit 7");
    asked.stdin = b"in ".to_vec();
    let ended = run(&asked);
    assert_eq!(ended.exit, Exit::Code(7), "{ended:?}");
    assert_eq!(out(&ended), "in yes no 1000\n");
    assert!(ended.achieved.seccomp);
    assert_eq!(ended.achieved.namespaces.len(), 7);
    assert_eq!(run(&jail("kill -SEGV $$")).exit, Exit::Signal(11));
}

#[test]
fn secrets_are_not_there() {
    let ended = run(&jail(
        "cat /etc/shadow /root/.ssh/* ~/.ssh/* /thymus/in/order.json /proc/1/environ; ls /work /root /var; echo x > /usr/x; echo x > /x; echo end",
    ));
    assert_eq!(out(&ended), "end\n", "{ended:?}");
}

#[test]
fn the_network_is_not_there() {
    let ended = run(&jail(
        "grep -c : /proc/net/dev; perl -MSocket -e 'socket(S,PF_INET,SOCK_STREAM,0); print connect(S,sockaddr_in(53,inet_aton(\"1.1.1.1\"))) ? \"out\" : \"shut\"'",
    ));
    assert_eq!(out(&ended), "1\nshut", "{ended:?}");
}

#[test]
fn a_fork_bomb_and_an_endless_loop_end() {
    let mut asked = jail("bomb() { bomb | bomb & }; bomb; while :; do :; done");
    asked.limits.wall_millis = 1500;
    let ended = run(&asked);
    assert_eq!(ended.exit, Exit::TimedOut);
    assert!(ended.achieved.seccomp && ended.achieved.landlock_abi > 0);
    assert!(ended.millis < 10_000);
    let ended = run(&jail("i=0; while [ $i -lt 200 ]; do cat /dev/zero >/dev/null & i=$((i+1)); done; echo all"));
    assert!(!out(&ended).contains("all"), "{ended:?}");
}

#[test]
fn the_disk_and_the_output_cannot_be_flooded() {
    let ended = run(&jail(
        "head -c 9000000 /dev/zero > /tmp/a; wc -c < /tmp/a; rm /tmp/a; head -c 3000000 /dev/zero; echo last",
    ));
    assert_eq!(ended.exit, Exit::Code(0), "{ended:?}");
    assert_eq!(ended.stdout.len(), 10_000);
    assert!(ended.stdout_dropped > 2_900_000);
    assert!(out(&ended).ends_with("last\n"));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("No space left"));
}

#[test]
fn its_parent_survives_it() {
    let ended = run(&jail("kill -9 1; kill -9 $PPID; kill -9 -1; echo here; exit 3"));
    assert!(matches!(ended.exit, Exit::Code(3) | Exit::Signal(9)), "{ended:?}");
    let ended = run(&jail("unshare -Ur true || echo no; echo '{}' > /thymus/report/status || echo no"));
    assert_eq!(out(&ended), "no\nno\n", "{ended:?}");
}

#[test]
fn a_person_can_stop_it() {
    let cancel = Cancel::default();
    cancel.cancel();
    let ended = sandbox().run(&jail("sleep 100"), &cancel).unwrap();
    assert_eq!(ended.exit, Exit::Cancelled);
}

#[test]
fn works_on_a_copy_and_fetches_only_plain_files() {
    let tree = tempfile::tempdir().unwrap();
    std::fs::write(tree.path().join("old"), "old").unwrap();
    std::fs::write(tree.path().join("gone"), "gone").unwrap();
    let mut asked = jail(
        "cat old new; ls; echo changed > old; ln -s /etc/passwd link; echo r > report; head -c 500 /dev/zero > long",
    );
    asked.cwd = "/work".into();
    asked.mounts = vec![Mount::Overlay { lower: tree.path().into(), inside: "/work".into(), bytes: 1 << 20 }];
    asked.place = vec![
        Placement::Write { inside: "/work/new".into(), host: tree.path().join("old"), executable: false },
        Placement::Remove { inside: "/work/gone".into() },
    ];
    asked.collect = ["report", "link", "long"]
        .map(|name| Collect { inside: PathBuf::from("/work").join(name), max_bytes: 100 })
        .to_vec();
    let ended = run(&asked);
    assert_eq!(out(&ended), "oldoldnew\nold\n", "{ended:?}");
    assert_eq!(ended.collected, [("/work/report".into(), b"r\n".to_vec())]);
    assert_eq!(std::fs::read(tree.path().join("old")).unwrap(), b"old");
}

#[test]
fn the_system_cannot_be_covered() {
    let mut asked = jail("true");
    asked.mounts = vec![Mount::Tmpfs { inside: "/usr/lib".into(), bytes: 4096, inodes: 16 }];
    assert!(sandbox().run(&asked, &Cancel::default()).is_err());
}
