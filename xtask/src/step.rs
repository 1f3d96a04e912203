//! Starts the programs that chores consist of, so that all of them are announced, checked and interrupted alike.
//!
//! Ctrl-C reaches the whole foreground process group; xtask then waits for the program it started, which tidies up,
//! and starts no other. SIGTERM and SIGHUP come to xtask alone, so they are handed on.

use std::io::{self, Read as _, Seek as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::failure::Failure;

/// Somebody wants xtask to end.
static STOPPING: AtomicBool = AtomicBool::new(false);
/// The program that runs now; 0 when none does.
static RUNNING: AtomicI32 = AtomicI32::new(0);

/// Makes signals end the running program first and xtask after it.
pub fn obey_signals() -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    thread::spawn(move || {
        for signal in signals.forever() {
            STOPPING.store(true, Ordering::SeqCst);
            let running = Pid::from_raw(RUNNING.load(Ordering::SeqCst));
            if let (Some(running), true) = (running, signal != SIGINT) {
                // It may have ended by itself in this moment, which is as good.
                let _ = kill_process(running, Signal::TERM);
            }
        }
    });
    Ok(())
}

/// Runs a program that talks to the user itself, and insists that it ends well.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    announce(command);
    let Output { status, .. } = finish(command)?;
    if status.success() { Ok(()) } else { Err(Failure::Status { command: shown(command), status }) }
}

/// Runs a program and returns what it wrote to stdout, and how it ended; its stderr stays the user's.
pub fn read(command: &mut Command) -> Result<Output, Failure> {
    finish(command.stdout(Stdio::piped()))
}

/// Asks a program something in silence. That it isn't there or says no is an answer, not a failure.
pub fn ask(command: &mut Command) -> Option<String> {
    let Output { status, stdout, .. } = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    status.success().then(|| String::from_utf8_lossy(&stdout).into_owned())
}

/// Runs a program that may fail, for at most so long. The error within is its last words.
pub fn attempt(command: &mut Command, limit: Duration) -> Result<Result<(), String>, Failure> {
    announce(command);
    let file = |source| Failure::File { path: "a temporary file".into(), source };
    let mut log = tempfile::tempfile().map_err(file)?;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log.try_clone().map_err(file)?);
    check_stopping()?;
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Err("it is not installed".to_owned())),
        Err(why) => return Ok(Err(why.to_string())),
    };
    RUNNING.store(i32::try_from(child.id()).unwrap_or(0), Ordering::SeqCst);
    let started = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(None) if started.elapsed() < limit => thread::sleep(Duration::from_millis(20)),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                break Err(format!("it took more than {} seconds", limit.as_secs()));
            }
            Ok(Some(status)) => break Ok(status),
            Err(why) => break Err(why.to_string()),
        }
    };
    RUNNING.store(0, Ordering::SeqCst);
    check_stopping()?;
    Ok(match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(last_words(&mut log).unwrap_or_else(|| status.to_string())),
        Err(why) => Err(why),
    })
}

/// The command as one would type it.
pub fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

fn announce(command: &Command) {
    eprintln!("xtask: {}", shown(command));
}

fn finish(command: &mut Command) -> Result<Output, Failure> {
    check_stopping()?;
    let words = shown(command);
    let start = |source| Failure::Start { command: words.clone(), source };
    // Not `output`, which would take stderr too.
    let mut child = command.spawn().map_err(start)?;
    RUNNING.store(i32::try_from(child.id()).unwrap_or(0), Ordering::SeqCst);
    let mut stdout = Vec::new();
    let heard = child.stdout.take().map_or(Ok(0), |mut pipe| pipe.read_to_end(&mut stdout));
    let ended = heard.and_then(|_| child.wait());
    RUNNING.store(0, Ordering::SeqCst);
    check_stopping()?;
    let status = ended.map_err(start)?;
    Ok(Output { status, stdout, stderr: Vec::new() })
}

fn check_stopping() -> Result<(), Failure> {
    if STOPPING.load(Ordering::SeqCst) { Err(Failure::Stopped) } else { Ok(()) }
}

fn last_words(log: &mut std::fs::File) -> Option<String> {
    let mut text = String::new();
    log.rewind().ok()?;
    log.take(1 << 20).read_to_string(&mut text).ok()?;
    // rustup and apt begin the cause so; what stands around it is of no use here.
    let line = text.lines().find(|line| line.starts_with("error") || line.starts_with("E:"));
    line.or_else(|| text.lines().last()).map(|line| line.trim().to_owned())
}
