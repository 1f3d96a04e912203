//! Starts programs, a stranger's among them: each in a process group of its own, for so long and no longer, its words
//! kept in a file. Not a sandbox: what is started here can do what the person can who started it.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::failure::Failure;

const LAST_WORDS: u64 = 4000;

/// Whether somebody asked to stop.
#[derive(Clone, Debug)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Ctrl-C and its relatives from now on.
    pub fn on_signals() -> io::Result<Self> {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&flag))?;
        }
        Ok(Self(flag))
    }

    #[cfg(test)]
    pub fn never() -> Self {
        Self(Arc::new(AtomicBool::new(false)))
    }

    pub fn check(&self) -> Result<(), Failure> {
        if self.0.load(Ordering::SeqCst) { Err(Failure::Stopped) } else { Ok(()) }
    }
}

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    /// None when it had to be killed.
    pub status: Option<ExitStatus>,
    /// The end of what it said.
    pub words: String,
}

impl Ended {
    pub fn well(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }

    /// One line that says why it did not end well.
    pub fn why(&self) -> String {
        let how = self.status.map_or_else(|| "it took too long".to_owned(), |status| status.to_string());
        let last = self.words.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        format!("{how}: {}", last.trim())
    }
}

/// Runs a program to its end, or to the limit's.
pub fn run(command: &mut Command, limit: Duration, stop: &Stop) -> Result<Ended, Failure> {
    stop.check()?;
    let name = command.get_program().to_string_lossy().into_owned();
    let failed = |source| Failure::Start { command: name.clone(), source };
    let mut log = tempfile::tempfile().map_err(failed)?;
    command.stdin(Stdio::null()).process_group(0);
    command.stdout(log.try_clone().map_err(failed)?).stderr(log.try_clone().map_err(failed)?);
    let mut child = command.spawn().map_err(failed)?;
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            break Some(status);
        }
        let stopped = stop.check();
        if stopped.is_err() || started.elapsed() > limit {
            end(&mut child);
            stopped?;
            break None;
        }
        thread::sleep(Duration::from_millis(5));
    };
    // What it left behind belongs to the same group.
    end(&mut child);
    Ok(Ended { status, words: last_words(&mut log).map_err(failed)? })
}

fn end(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // None of it may be left, which is as good.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
}

fn last_words(log: &mut File) -> io::Result<String> {
    let length = log.seek(SeekFrom::End(0))?;
    log.seek(SeekFrom::Start(length.saturating_sub(LAST_WORDS)))?;
    let mut bytes = Vec::new();
    log.take(LAST_WORDS).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_too_long_is_ended_with_all_that_it_started() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & echo begun; sleep 600"]);
        let started = Instant::now();
        let ended = run(&mut command, Duration::from_millis(300), &Stop::never()).unwrap();
        assert!(!ended.well());
        assert!(started.elapsed() < Duration::from_mins(1));
        assert_eq!(ended.why(), "it took too long: begun");
    }
}
