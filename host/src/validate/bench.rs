//! The bench on which one proof's test runs are made: the jail, what is visible in it, and what came out of a run, each
//! part of which hostile code may have written.

use std::path::PathBuf;

use crate::model::{Cancel, Digest, RepoPath, TestReport};
use crate::sandbox::{Collect, Exit, Jail, JailLimits, Mount, Placement, Sandbox};

use super::gate::{Halt, Said};
use super::report::{self, Status, Tests};
use super::runner::{self, Asked, ROOT, SCRIPT, SCRIPT_TEXT};
use super::text::{plain, tail};
use super::toolchain::{self, Toolchain};
use super::tree::Tree;
use super::{Ground, ValidateError, set_up, shelf};

const OUTPUT_BYTES: u64 = 64 << 10;
/// Failures that are looked at for a hint at a limit.
const HINTS: usize = 50;
const MAX_TMP: u64 = 1 << 30;

pub(super) struct Bench<'a> {
    pub(super) ground: Ground<'a>,
    pub(super) cancel: &'a Cancel,
    /// Changes when a program or the dependencies do.
    pub(super) digest: Digest,
    sandbox: &'a Sandbox,
    toolchain: Toolchain,
    dependencies: Vec<Mount>,
    asked: Asked,
    /// Files of the host's own that go into runs; gone with the bench.
    scratch: tempfile::TempDir,
}

/// What came out of a run.
#[derive(Clone, Debug)]
pub(super) struct Ran {
    pub(super) exit: Exit,
    pub(super) results: Results,
    /// The last lines of its output.
    pub(super) output: Vec<String>,
    pub(super) millis: u64,
    /// How it ended, in words.
    pub(super) words: String,
}

/// What a run says of its tests.
#[derive(Clone, Debug)]
pub(super) enum Results {
    Tests(Tests),
    /// A report should be there and can't be used.
    Unusable(String),
    /// Nobody writes a report.
    StatusOnly,
}

impl Ran {
    pub(super) fn succeeded(&self) -> bool {
        self.exit == Exit::Code(0)
    }

    /// It was ended, rather than ending by itself.
    pub(super) fn was_stopped(&self) -> bool {
        !matches!(self.exit, Exit::Code(code) if code != 127)
    }

    pub(super) fn tests(&self) -> Option<&Tests> {
        if let Results::Tests(tests) = &self.results { Some(tests) } else { None }
    }

    pub(super) fn failing(&self) -> impl Iterator<Item = &String> {
        let tests = self.tests().into_iter().flatten();
        tests.filter(|(_, outcome)| outcome.status == Status::Failed).map(|(id, _)| id)
    }
}

impl<'a> Bench<'a> {
    /// Finds the programs and makes the dependencies, or says which are missing.
    pub(super) fn set_up(
        sandbox: &'a Sandbox,
        home: &std::path::Path,
        ground: &Ground<'a>,
        cancel: &'a Cancel,
    ) -> Result<Self, Halt> {
        let toolchain = toolchain::find(ground.project);
        if !toolchain.missing.is_empty() {
            let detail = format!(
                "{} is not on this machine's PATH; install it, or correct the commands in thymus.toml",
                toolchain.missing.join(", ")
            );
            return Err(Halt::Failed(Said::failed("TH-VAL-PROGRAM", plain(&detail, 500))));
        }
        shelf::folder(home)?;
        shelf::sweep(home);
        let (dependencies, key) = set_up::provide(sandbox, home, ground, &toolchain, cancel)?;
        let scratch = shelf::scratch(home)?;
        let bench = Self {
            ground: *ground,
            cancel,
            digest: Digest::of_parts([toolchain.digest.to_string(), key.map(|k| k.to_string()).unwrap_or_default()]),
            sandbox,
            toolchain,
            dependencies,
            asked: runner::ask(&ground.project.test),
            scratch,
        };
        bench.keep("unittest_junit.py", SCRIPT_TEXT.as_bytes())?;
        Ok(bench)
    }

    /// Writes a file of the host's own, to be put into runs.
    pub(super) fn keep(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, ValidateError> {
        let path = self.scratch.path().join(name);
        let at = ValidateError::io("writing", &path);
        std::fs::write(&path, bytes).map_err(&at)?;
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).map_err(&at)?;
        Ok(path)
    }

    /// Whether runs tell of each test.
    pub(super) fn tells_tests(&self) -> bool {
        self.asked.report.is_some()
    }

    /// Seconds that one run may take.
    pub(super) fn seconds(&self) -> u64 {
        self.ground.project.test.timeout_seconds.min(self.ground.rules.run_seconds).max(1)
    }

    /// Runs the test command on a tree.
    pub(super) fn run(&self, tree: &Tree) -> Result<Ran, ValidateError> {
        self.run_as(tree, &self.asked)
    }

    /// Runs another command.
    pub(super) fn run_as(&self, tree: &Tree, asked: &Asked) -> Result<Ran, ValidateError> {
        if self.cancel.is_cancelled() {
            return Err(ValidateError::Cancelled);
        }
        let ended = self.sandbox.run(&self.jail(tree, asked), self.cancel)?;
        if ended.exit == Exit::Cancelled || self.cancel.is_cancelled() {
            return Err(ValidateError::Cancelled);
        }
        let results = match &asked.report {
            None => Results::StatusOnly,
            Some(path) => match ended.collected.iter().find(|(inside, _)| inside == path) {
                None => Results::Unusable(format!(
                    "there is no report at {}, or it is no plain file of at most {} MiB",
                    plain(&path.to_string_lossy(), 200),
                    report::MAX_BYTES >> 20
                )),
                Some((_, bytes)) => report::parse(bytes, &format!("{ROOT}/"))
                    .map_or_else(|why| Results::Unusable(format!("its report can't be used: {why}")), Results::Tests),
            },
        };
        let mut output = tail(&ended.stdout, 6, 300);
        output.extend(tail(&ended.stderr, 6, 300));
        let mut ran = Ran { exit: ended.exit, results, output, millis: ended.millis, words: String::new() };
        ran.words = self.words(&ran);
        Ok(ran)
    }

    fn jail(&self, tree: &Tree, asked: &Asked) -> Jail {
        let rules = self.ground.rules;
        let mut place = tree.changes.clone();
        // What stands where the report will be would look like one.
        if let TestReport::Junit { path } = &self.ground.project.test.report
            && RepoPath::new(path).is_ok_and(|path| self.ground.files.contains_key(&path))
        {
            place.push(Placement::Remove { inside: PathBuf::from(ROOT).join(path) });
        }
        let lower = self.ground.tree.to_owned();
        let mut mounts = vec![Mount::Overlay { lower, inside: ROOT.into(), bytes: rules.disk_bytes }];
        mounts.extend(self.toolchain.mounts.iter().chain(&self.dependencies).cloned());
        if asked.script {
            let host = self.scratch.path().join("unittest_junit.py");
            mounts.push(Mount::ReadOnly { host, inside: SCRIPT.into() });
        }
        let report = asked.report.iter();
        Jail {
            command: asked.command.clone(),
            env: runner::environment(&self.toolchain.path, &self.ground.project.test.env),
            cwd: ROOT.into(),
            mounts,
            place,
            collect: report.map(|inside| Collect { inside: inside.clone(), max_bytes: report::MAX_BYTES }).collect(),
            stdin: Vec::new(),
            network: false,
            limits: limits(&self.ground, self.seconds()),
        }
    }

    /// How a run ended, for a person. What the output suggests is said as a guess: hostile code may have written it.
    fn words(&self, ran: &Ran) -> String {
        let rules = self.ground.rules;
        let said = match ran.exit {
            Exit::Code(0) => return "exit status 0".to_owned(),
            Exit::Code(127) => "its program could not be started (exit status 127)".to_owned(),
            Exit::Code(code) => format!("exit status {code}"),
            Exit::Signal(24) => "it used up its processor time".to_owned(),
            Exit::Signal(25) => format!("it wrote a file larger than {} MiB", rules.disk_bytes >> 20),
            Exit::Signal(signal) => format!("signal {signal} ended it"),
            Exit::TimedOut => format!("it did not end within {} s and was stopped", self.seconds()),
            Exit::OutOfMemory => format!("it used more than {} MiB of memory", rules.memory_bytes >> 20),
            Exit::OutOfDisk => format!("it wrote more than {} MiB", rules.disk_bytes >> 20),
            Exit::Cancelled => "a person stopped it".to_owned(),
        };
        let whys = ran.tests().into_iter().flatten().map(|(_, outcome)| &outcome.why).filter(|why| !why.is_empty());
        let said_in_it: Vec<&String> = ran.output.iter().chain(whys.take(HINTS)).collect();
        let has = |words: &[&str]| words.iter().any(|word| said_in_it.iter().any(|line| line.contains(word)));
        let guess = if has(&["out of memory", "MemoryError", "Cannot allocate memory", "ENOMEM", "bad_alloc"]) {
            format!("; its output hints at the memory limit of {} MiB", rules.memory_bytes >> 20)
        } else if has(&["No space left on device", "ENOSPC", "File too large", "EFBIG"]) {
            format!("; its output hints at the disk limit of {} MiB", rules.disk_bytes >> 20)
        } else if has(&["Resource temporarily unavailable", "EAGAIN"]) {
            format!("; its output hints at the limit of {} processes", rules.processes)
        } else {
            String::new()
        };
        said + &guess
    }
}

/// The limits of a run of so many seconds.
pub(super) fn limits(ground: &Ground<'_>, seconds: u64) -> JailLimits {
    let rules = ground.rules;
    let processors = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    JailLimits {
        wall_millis: seconds.saturating_mul(1000),
        // A process with as many threads as processors may use all of them all the time.
        cpu_seconds: seconds.saturating_mul(processors).max(1),
        memory_bytes: rules.memory_bytes,
        processes: rules.processes.into(),
        file_bytes: rules.disk_bytes,
        written_bytes: rules.disk_bytes,
        open_files: 4096,
        stdout_bytes: OUTPUT_BYTES,
        stderr_bytes: OUTPUT_BYTES,
        tmp_bytes: rules.disk_bytes.min(MAX_TMP),
    }
}
