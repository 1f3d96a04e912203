//! Attacks on the sandbox, by real processes. Whoever runs them, root or not, the same must hold; so root runs all of
//! them again as an ordinary user.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use thymus::model::{Backend, Cancel};
use thymus::sandbox::{Collect, Ended, Exit, Jail, JailLimits, Mount, Placement, Sandbox, hand_over};

fn sandbox() -> Sandbox {
    Sandbox::prove_with(Backend::Hakoniwa, thymus()).unwrap()
}

/// An ordinary user may not reach the folder in which root built it.
fn thymus() -> PathBuf {
    std::env::var_os("THYMUS_UNDER_TEST").map_or_else(|| env!("CARGO_BIN_EXE_thymus").into(), PathBuf::from)
}

/// A directory to which the jail's user may write.
fn open_dir() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    if rustix::process::geteuid().is_root() {
        chown(dir.path(), Some(65534), Some(65534)).unwrap();
    }
    dir
}

/// Processes on this machine whose command line holds the words.
fn running(words: &str) -> usize {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter(|p| fs::read(p.path().join("cmdline")).is_ok_and(|c| String::from_utf8_lossy(&c).contains(words)))
        .count()
}

fn soon(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !holds() {
        assert!(Instant::now() < deadline, "not in a minute: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
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
            written_bytes: 8 << 20,
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
    let mut asked = jail("bomb() { bomb | bomb & }; (bomb); while :; do :; done");
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
    // Before it began, while it begins, and later.
    for millis in [0, 5, 10, 20, 40, 80, 300] {
        let cancel = Cancel::default();
        let stopper = cancel.clone();
        let thread = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(millis));
            stopper.cancel();
        });
        let started = Instant::now();
        let ended = sandbox().run(&jail("sleep 100"), &cancel).unwrap();
        assert_eq!(ended.exit, Exit::Cancelled);
        assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
        thread.join().unwrap();
    }
}

#[test]
fn works_on_a_copy_and_fetches_only_plain_files() {
    // Laid over by the kernel, and copied: no command can tell which.
    let root = rustix::process::geteuid().is_root();
    for (handed_over, mode) in [(true, 0o444), (false, 0o444), (!root, 0o644)] {
        let tree = tempfile::tempdir().unwrap();
        let file = |name: &str| tree.path().join(name);
        fs::create_dir(file("dir")).unwrap();
        for name in ["old", "gone", "dir/inner"] {
            fs::write(file(name), name).unwrap();
            fs::set_permissions(file(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        if handed_over {
            hand_over(tree.path()).unwrap();
        }
        let mut asked = jail(
            "cat old new; ls; echo changed > old; cat old; rm -r dir; mkdir dir; ls dir; mv new newer; chmod 755 old; \
             ln -s /etc/passwd link; ln old hard; mkfifo fifo; echo r > report; head -c 500 /dev/zero > long",
        );
        asked.cwd = "/work".into();
        asked.mounts = vec![Mount::Overlay { lower: tree.path().into(), inside: "/work".into(), bytes: 1 << 20 }];
        asked.place = vec![
            Placement::Write { inside: "/work/new".into(), host: file("old"), executable: false },
            Placement::Remove { inside: "/work/gone".into() },
        ];
        asked.collect = ["report", "link", "long", "fifo", "dir"]
            .map(|name| Collect { inside: PathBuf::from("/work").join(name), max_bytes: 100 })
            .to_vec();
        let ended = run(&asked);
        assert_eq!(ended.copied, usize::from(!handed_over), "{ended:?}");
        assert_eq!(out(&ended), "oldolddir\nnew\nold\nchanged\n", "{ended:?}");
        assert_eq!(ended.stderr, b"", "{ended:?}");
        assert_eq!(ended.collected, [("/work/report".into(), b"r\n".to_vec())]);
        assert_eq!(fs::read(file("old")).unwrap(), b"old");
        assert_eq!(fs::read(file("dir/inner")).unwrap(), b"dir/inner");
        assert_eq!(fs::read_dir(tree.path()).unwrap().count(), 3);
    }
}

#[test]
fn changes_over_a_tree_are_bounded_too() {
    let tree = tempfile::tempdir().unwrap();
    fs::write(tree.path().join("file"), "x").unwrap();
    hand_over(tree.path()).unwrap();
    let mut asked =
        jail("head -c 9000000 /dev/zero > a; wc -c < a; i=0; while mkdir d$i; do i=$((i+1)); done; echo $i");
    asked.cwd = "/work".into();
    asked.mounts = vec![Mount::Overlay { lower: tree.path().into(), inside: "/work".into(), bytes: 1 << 20 }];
    let ended = run(&asked);
    let words: Vec<usize> = out(&ended).lines().filter_map(|line| line.parse().ok()).collect();
    assert!(words[0] <= 1 << 20 && words[1] < 2000, "{ended:?}");
}

#[test]
fn the_system_cannot_be_covered() {
    let mut asked = jail("true");
    asked.mounts = vec![Mount::Tmpfs { inside: "/usr/lib".into(), bytes: 4096, inodes: 16 }];
    assert!(sandbox().run(&asked, &Cancel::default()).is_err());
}

#[test]
fn memory_is_limited_for_the_whole_jail() {
    // Each process stays far below the limit.
    let mut asked =
        jail("for i in 1 2 3 4 5 6 7 8; do perl -e '$x = \"x\" x (60 << 20); sleep 20' & done; wait; echo survived");
    asked.limits.memory_bytes = 200 << 20;
    let ended = run(&asked);
    assert_eq!(ended.exit, Exit::OutOfMemory, "{ended:?}");
    assert!(ended.millis < 15_000, "{}", ended.millis);
    // What all of them share counts once.
    let mut asked = jail(
        "perl -e '$x = \"x\" x (100 << 20); for (1..6) { fork or do { sleep 1; exit } } 1 while wait > 0; print 1'",
    );
    asked.limits.memory_bytes = 350 << 20;
    let ended = run(&asked);
    assert_eq!((ended.exit, out(&ended).as_str()), (Exit::Code(0), "1"), "{ended:?}");
}

#[test]
fn memory_that_belongs_to_no_process_is_not_to_be_had() {
    // memfd_create, shmget, semget, msgget, mq_open
    let ended = run(&jail(
        "perl -e 'for (319, 29, 64, 68, 240) { my $name = \"x\"; syscall($_, $name, 0, 0, 0); print $!+0, \" \" }'",
    ));
    assert_eq!(out(&ended), "38 38 38 38 38 ", "{ended:?}");
}

#[test]
fn the_disk_is_limited_where_it_is_the_machines() {
    let dir = open_dir();
    let mut asked = jail("i=0; while :; do head -c 1000000 /dev/zero > /out/$i; i=$((i+1)); done");
    asked.mounts = vec![Mount::Writable { host: dir.path().into(), inside: "/out".into() }];
    let ended = run(&asked);
    assert_eq!(ended.exit, Exit::OutOfDisk, "{ended:?}");

    // Files that hold nothing, and what a run leaves that was faster than any look.
    let dir = open_dir();
    let mut asked = jail("cd /out; i=0; while :; do mkdir d$i && cd d$i; i=$((i+1)); touch 1 2 3 4 5 6 7 8 9; done");
    asked.limits.written_bytes = 100_000;
    asked.mounts = vec![Mount::Writable { host: dir.path().into(), inside: "/out".into() }];
    assert_eq!(run(&asked).exit, Exit::OutOfDisk);
    let dir = open_dir();
    asked.command = ["/bin/sh", "-c", "head -c 200000 /dev/zero > /out/a; chmod 0 /out"].map(String::from).to_vec();
    asked.mounts = vec![Mount::Writable { host: dir.path().into(), inside: "/out".into() }];
    assert_eq!(run(&asked).exit, Exit::OutOfDisk);
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn inodes_and_shared_memory_are_bounded() {
    let ended = run(&jail(
        "i=0; while mkdir /tmp/$i 2>/dev/null; do i=$((i+1)); done; [ $i -lt 1100 ] && echo few; \
         head -c 9000000 /dev/zero > /dev/shm/a; [ $(wc -c < /dev/shm/a) -le 1048576 ] && echo small; \
         head -c 9000000 /dev/zero > /home/a; [ $(wc -c < /home/a) -le 1048576 ] && echo small",
    ));
    assert_eq!(out(&ended), "few\nsmall\nsmall\n", "{ended:?}");
}

#[test]
fn nothing_outlives_it() {
    let mark = format!("31337{}", std::process::id());
    let ended = run(&jail(&format!(
        "(setsid sh -c 'trap \"\" TERM HUP INT; (sleep {mark} &) ; sleep {mark}' &) ; sleep 0.2; echo left; exit 0"
    )));
    assert_eq!((ended.exit, out(&ended).as_str()), (Exit::Code(0), "left\n"), "{ended:?}");
    soon("the daemon is gone", || running(&mark) == 0);

    let mut stubborn = jail("trap '' TERM INT HUP; while :; do sleep 100; done");
    stubborn.limits.wall_millis = 700;
    let ended = run(&stubborn);
    assert_eq!(ended.exit, Exit::TimedOut);
    assert!(ended.millis < 5000);
}

#[test]
fn escapes_are_made_of_calls_that_fail() {
    let calls = [
        ("ptrace", 101),
        ("chroot", 161),
        ("mount", 165),
        ("umount2", 166),
        ("pivot_root", 155),
        ("init_module", 175),
        ("add_key", 248),
        ("request_key", 249),
        ("keyctl", 250),
        ("unshare", 272),
        ("perf_event_open", 298),
        ("open_by_handle_at", 304),
        ("setns", 308),
        ("process_vm_readv", 310),
        ("kexec_file_load", 320),
        ("bpf", 321),
        ("userfaultfd", 323),
        ("io_uring_setup", 425),
        ("io_uring_enter", 426),
        ("open_tree", 428),
        ("move_mount", 429),
        ("fsopen", 430),
        ("fsmount", 432),
        ("pidfd_getfd", 438),
        ("mount_setattr", 442),
    ];
    let numbers = calls.map(|(_, number)| number.to_string()).join(",");
    let ended = run(&jail(&format!(
        "perl -e 'for ({numbers}) {{ my $r = syscall($_, 0, 0, 0, 0, 0); print \"$r \", $!+0, \"\\n\" }}'"
    )));
    let text = out(&ended);
    assert_eq!(text.lines().count(), calls.len(), "{ended:?}");
    for ((name, _), line) in calls.iter().zip(text.lines()) {
        assert_eq!(line, "-1 1", "{name} is not forbidden");
    }
    // `clone` with a new user namespace, and the call by which its flags could not be seen.
    let ended =
        run(&jail("perl -e 'print syscall(56, 0x10000000 | 17, 0, 0, 0, 0), \" \"; syscall(435, 0, 0); print $!+0'"));
    assert_eq!(out(&ended), "-1 38", "{ended:?}");
}

#[test]
fn no_way_of_speaking_leads_out() {
    let perl = "use Socket; $| = 1; \
        socket(T, PF_INET, SOCK_STREAM, 0); print connect(T, sockaddr_in(53, inet_aton('192.0.2.1'))) ? 'tcp ' : '- '; \
        socket(U, PF_INET, SOCK_DGRAM, 0); print send(U, 'x', 0, sockaddr_in(53, inet_aton('192.0.2.1'))) ? 'udp ' : '- '; \
        print gethostbyname('example.com') ? 'dns ' : '- '; \
        socket(A, PF_UNIX, SOCK_STREAM, 0); print connect(A, pack('Sxa*', AF_UNIX, 'NAME')) ? 'abstract ' : '- ';";
    let name = format!("thymus-test-{}", std::process::id());
    let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
    let _listener = std::os::unix::net::UnixListener::bind_addr(&address).unwrap();
    let mut asked = jail("");
    asked.command = vec!["/usr/bin/perl".into(), "-e".into(), perl.replace("NAME", &name)];
    assert_eq!(out(&run(&asked)), "- - - - ");
}

#[test]
fn what_is_read_only_cannot_be_written_by_any_way() {
    let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(dir.path().join("file"), "as it was").unwrap();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    symlink(outside.path().join("secret"), dir.path().join("out")).unwrap();
    for path in [dir.path(), outside.path()] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    }
    fs::set_permissions(dir.path().join("file"), fs::Permissions::from_mode(0o666)).unwrap();
    let mut asked = jail(
        "cd /given; echo x > file; echo x >> new; rm -f file; mv file other; ln file /tmp/hard; chmod 777 file; \
         ln -s /given/file /tmp/s; echo x > /tmp/s; cat out; echo x > out; touch -d @0 file; mkdir d; cat file",
    );
    asked.mounts = vec![Mount::ReadOnly { host: dir.path().into(), inside: "/given".into() }];
    let ended = run(&asked);
    assert_eq!(out(&ended), "as it was", "{ended:?}");
    assert_eq!(fs::read(dir.path().join("file")).unwrap(), b"as it was");
    assert_eq!(fs::read(outside.path().join("secret")).unwrap(), b"secret");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
}

/// Runs one of the tests below in a process of its own.
fn another(test: &str, wrap: impl FnOnce(&Path) -> Command) -> Command {
    let mut command = wrap(&std::env::current_exe().unwrap());
    command.args([test, "--exact", "--ignored", "--nocapture"]).env("THYMUS_UNDER_TEST", thymus());
    command
}

#[test]
fn a_terminal_is_neither_written_to_nor_typed_into() {
    let exe = std::env::current_exe().unwrap();
    let line = format!("{} on_a_terminal --exact --ignored --nocapture", exe.display());
    let output = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .env("THYMUS_UNDER_TEST", thymus())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("1 passed"), "{text}");
    assert!(!text.contains("SPOOFED"), "{text}");
}

#[test]
#[ignore = "another test starts it on a terminal of its own"]
fn on_a_terminal() {
    assert!(fs::File::open("/dev/tty").is_ok(), "there is no terminal to attack");
    let ended = run(&jail(
        "echo SPOOFED > /dev/tty; echo SPOOFED > /proc/1/fd/2; \
         perl -e 'for my $fd (0..9) { my $c = \"x\"; syscall(16, $fd, 0x5412, $c) == 0 and print \"typed\" }'",
    ));
    assert_eq!(out(&ended), "", "{ended:?}");
}

#[test]
fn when_thymus_is_killed_nothing_is_left() {
    let mark = format!("31338{}", std::process::id());
    let tmp = tempfile::tempdir().unwrap();
    if rustix::process::geteuid().is_root() {
        fs::set_permissions(tmp.path(), fs::Permissions::from_mode(0o711)).unwrap();
    }
    let mut victim = another("to_be_killed", |exe| Command::new(exe))
        .env("THYMUS_TEST_MARK", &mark)
        .env("TMPDIR", tmp.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    soon("the jail runs", || running(&format!("sleep\0{mark}")) > 0);
    victim.kill().unwrap();
    victim.wait().unwrap();
    soon("the jail is gone", || running(&format!("sleep\0{mark}")) == 0);
    let left = || fs::read_dir(tmp.path()).unwrap().count();
    let groups = || {
        let find =
            Command::new("find").args(["/sys/fs/cgroup", "-name", &format!("thymus-run-*.{}", victim.id())]).output();
        String::from_utf8_lossy(&find.unwrap().stdout).lines().count()
    };
    assert!(left() > 0, "the run's directory was to be left");
    // The next start sweeps it, and leaves alone what only looks like it.
    fs::write(tmp.path().join("thymus-run-file"), "").unwrap();
    symlink("/usr", tmp.path().join("thymus-run-link")).unwrap();
    fs::create_dir(tmp.path().join("thymus-run-young")).unwrap();
    let status = another("starts", |exe| Command::new(exe)).env("TMPDIR", tmp.path()).stdout(Stdio::null()).status();
    assert!(status.unwrap().success());
    soon("it is swept", || left() == 3 && groups() == 0);
}

#[test]
#[ignore = "another test starts and kills it"]
fn to_be_killed() {
    let Ok(mark) = std::env::var("THYMUS_TEST_MARK") else { return };
    run(&jail(&format!("setsid sleep {mark} & sleep {mark}")));
}

#[test]
#[ignore = "another test starts it"]
fn starts() {
    sandbox();
}

#[test]
fn all_of_this_holds_for_an_ordinary_user() {
    const SOMEBODY: u32 = 4321;
    if !rustix::process::geteuid().is_root() {
        return; // it just did
    }
    let home = tempfile::tempdir().unwrap();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let copy = |from: &Path, name: &str| {
        let to = home.path().join(name);
        fs::copy(from, &to).unwrap();
        fs::set_permissions(&to, fs::Permissions::from_mode(0o755)).unwrap();
        to
    };
    let (tests, thymus) = (copy(&std::env::current_exe().unwrap(), "tests"), copy(&thymus(), "thymus"));
    let tmp = home.path().join("tmp");
    fs::create_dir(&tmp).unwrap();
    chown(&tmp, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    let output = Command::new(tests)
        .env("THYMUS_UNDER_TEST", thymus)
        .env("TMPDIR", &tmp)
        .env("HOME", &tmp)
        .current_dir("/")
        .uid(SOMEBODY)
        .gid(SOMEBODY)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
