//! The programs that run a project for us: written out of this one, started with a job, answering in JSON. What they
//! run is a stranger's code, so their answers are read as such.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::plant;
use crate::process::{Stop, run};
use crate::project::{Language, Project};

const PYTHON: &str = include_str!("drivers/driver.py");
const NODE: &str = include_str!("drivers/driver.cjs");
const PYTHON_NEEDS: [&str; 3] =
    ["cloudpickle==3.1.2", "opentelemetry-sdk==1.41.1", "opentelemetry-exporter-otlp-proto-common==1.41.1"];
const NODE_NEEDS: [&str; 5] = [
    "@opentelemetry/api@1.9.0",
    "@opentelemetry/sdk-trace-node@2.2.0",
    "@opentelemetry/resources@2.2.0",
    "@opentelemetry/otlp-transformer@0.208.0",
    "@opentelemetry/sdk-trace-base@2.2.0",
];
const SETTLE: Duration = Duration::from_secs(30);

/// What a call gave.
#[expect(clippy::struct_excessive_bools, reason = "five independent answers of the driver")]
#[derive(Clone, Debug, Deserialize)]
pub struct Outcome {
    pub id: usize,
    pub ok: bool,
    pub error: Option<String>,
    /// The exception is one that the project defines.
    #[serde(default)]
    pub refused: bool,
    pub ms: f64,
    pub same: bool,
    pub same_after: bool,
    pub same_shown: bool,
    #[serde(rename = "where", default)]
    pub frames: Vec<Frame>,
    #[serde(default)]
    pub sequence: Vec<String>,
    /// Every handler that ran.
    #[serde(default)]
    pub reached: BTreeSet<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Frame {
    pub path: String,
    pub line: usize,
    pub function: String,
}

#[derive(Debug, Deserialize)]
pub struct Probed {
    /// Source files that could not be loaded.
    pub failed: std::collections::BTreeMap<String, String>,
    pub outcomes: Vec<Outcome>,
}

/// One call of the traffic, as far as it matters here; the whole of it stays JSON.
#[derive(Clone, Debug, Deserialize)]
pub struct Call {
    pub id: usize,
    pub name: String,
    /// The same each time.
    pub settled: bool,
}

/// How many runs, windows and spans.
pub struct Recording<'a> {
    pub seed: u64,
    pub rounds: u32,
    /// Calls that come twice as often.
    pub focus: &'a [usize],
    pub to: &'a Path,
}

/// Runs jobs for one project.
pub struct Driver<'p> {
    project: &'p Project,
    harness: PathBuf,
    stop: &'p Stop,
}

impl<'p> Driver<'p> {
    pub fn new(project: &'p Project, harness: &Path, stop: &'p Stop) -> Result<Self, Failure> {
        fs::create_dir_all(harness).map_err(Failure::at(harness))?;
        let driver = Self { project, harness: harness.to_owned(), stop };
        driver.ready()?;
        Ok(driver)
    }

    fn ready(&self) -> Result<(), Failure> {
        let script = self.script();
        fs::write(&script, self.text()).map_err(Failure::at(&script))?;
        let packages = self.packages();
        let (mut installer, proof) = match self.project.language {
            Language::Python => {
                let mut pip = Command::new("python3");
                pip.args(["-m", "pip", "install", "--quiet", "--target"]).arg(&packages).args(PYTHON_NEEDS);
                (pip, "cloudpickle")
            }
            Language::JavaScript => {
                let mut npm = Command::new("npm");
                npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]).arg(&packages);
                npm.args(NODE_NEEDS);
                (npm, "node_modules/@opentelemetry/otlp-transformer")
            }
        };
        if packages.join(proof).is_dir() {
            return Ok(());
        }
        let ended = run(&mut installer, Duration::from_mins(4), self.stop)?;
        if ended.well() { Ok(()) } else { Err(Failure::Unfit(format!("no OpenTelemetry SDK ({})", ended.why()))) }
    }

    pub fn script(&self) -> PathBuf {
        self.harness.join(self.name())
    }

    pub fn packages(&self) -> PathBuf {
        self.harness.join(self.project.language.name())
    }

    /// The driver itself, for those who keep a copy.
    pub fn text(&self) -> &'static str {
        match self.project.language {
            Language::Python => PYTHON,
            Language::JavaScript => NODE,
        }
    }

    pub fn name(&self) -> &'static str {
        match self.project.language {
            Language::Python => "driver.py",
            Language::JavaScript => "driver.cjs",
        }
    }

    /// What every job says about the project.
    pub fn about(&self, root: &str, harness: &str) -> Value {
        let modules: Vec<&str> = self
            .project
            .tests
            .iter()
            .filter_map(|path| path.split('/').find(|part| part.contains("test")))
            .map(|part| part.trim_end_matches(".py"))
            .collect();
        let mut modules: Vec<&str> = modules;
        modules.sort_unstable();
        modules.dedup();
        json!({
            "root": root, "harness": harness, "paths": self.project.paths, "sources": self.project.sources,
            "tests": modules, "esm": self.project.esm,
        })
    }

    /// Runs one job in a copy of the project.
    fn ask(&self, root: &Path, mode: &str, more: Value, limit: Duration) -> Result<Value, Failure> {
        let scratch = tempfile::tempdir_in(&self.project.work).map_err(Failure::at(&self.project.work))?;
        let (job, out) = (scratch.path().join("job.json"), scratch.path().join("out.json"));
        let packages = self.packages();
        let mut about = self.about(&root.to_string_lossy(), &packages.to_string_lossy());
        if let (Value::Object(about), Value::Object(more)) = (&mut about, more) {
            about.insert("mode".to_owned(), json!(mode));
            about.insert("out".to_owned(), json!(out));
            about.insert("scratch".to_owned(), json!(scratch.path()));
            about.insert("instrumented".to_owned(), self.instrumented(root));
            about.extend(more);
        }
        fs::write(&job, about.to_string()).map_err(Failure::at(&job))?;
        let mut command = self.interpreter();
        command.arg(self.script()).arg(&job).current_dir(root).envs(self.project.test_env.iter().cloned());
        let ended = run(&mut command, limit + SETTLE, self.stop)?;
        if !ended.well() {
            return Err(Failure::Unfit(format!("`{mode}` failed ({})", ended.why())));
        }
        let text = fs::read_to_string(&out).map_err(Failure::at(&out))?;
        serde_json::from_str(&text).map_err(|why| Failure::Unfit(format!("`{mode}` answered no JSON: {why}")))
    }

    /// What Node is handed in place of the files.
    fn instrumented(&self, root: &Path) -> Value {
        if self.project.language == Language::Python {
            return Value::Null;
        }
        let wrapped = self.project.sources.iter().filter_map(|path| {
            let text = fs::read_to_string(root.join(path)).ok()?;
            Some((path.clone(), json!(plant::javascript::instrumented(path, &text)?)))
        });
        Value::Object(wrapped.collect())
    }

    fn interpreter(&self) -> Command {
        match self.project.language {
            Language::Python => Command::new(self.project.work.join(".venv/bin/python")),
            Language::JavaScript => Command::new("node"),
        }
    }

    /// Runs the tests and keeps what they call.
    pub fn capture(&self, calls: &Path) -> Result<usize, Failure> {
        let copy = self.project.copy()?;
        if self.project.language == Language::JavaScript {
            return self.capture_preloaded(copy.path(), calls);
        }
        let more = json!({"framework": "pytest", "arguments": self.project.test_arguments});
        let said = self.ask(copy.path(), "capture", more, Duration::from_mins(2))?;
        fs::write(calls, said.to_string()).map_err(Failure::at(calls))?;
        Ok(said["calls"].as_array().map_or(0, Vec::len))
    }

    /// Node's runners start processes of their own: each loads the driver first and leaves its calls in a folder.
    fn capture_preloaded(&self, root: &Path, calls: &Path) -> Result<usize, Failure> {
        let _ = fs::remove_dir_all(calls);
        fs::create_dir_all(calls).map_err(Failure::at(calls))?;
        let mut job = self.about(&root.to_string_lossy(), &self.packages().to_string_lossy());
        job["calls"] = json!(calls);
        job["instrumented"] = self.instrumented(root);
        let file = self.project.work.join("capture.json");
        fs::write(&file, job.to_string()).map_err(Failure::at(&file))?;
        let mut tests = Command::new(&self.project.test_command[0]);
        tests.args(&self.project.test_command[1..]).current_dir(root).env("THYMUS_INJECT_JOB", &file);
        tests.env("NODE_OPTIONS", format!("--require={}", self.script().display()));
        // Some test may see that it is watched; what was called until then is worth as much.
        run(&mut tests, Duration::from_mins(2), self.stop)?;
        Ok(fs::read_dir(calls).map_err(Failure::at(calls))?.count())
    }

    /// Makes traffic of captured calls.
    pub fn traffic(&self, calls: &Path, seed: u64) -> Result<Value, Failure> {
        let copy = self.project.copy()?;
        self.ask(copy.path(), "traffic", json!({"calls": calls, "seed": seed, "seconds": 40}), Duration::from_secs(40))
    }

    pub fn probe(&self, root: &Path, traffic: &Path, more: Value) -> Result<Probed, Failure> {
        let mut job = json!({"traffic": traffic, "seconds": 20});
        if let (Value::Object(job), Value::Object(more)) = (&mut job, more) {
            job.extend(more);
        }
        let said = self.ask(root, "probe", job, Duration::from_secs(20))?;
        serde_json::from_value(said).map_err(|why| Failure::Unfit(format!("`probe` answered oddly: {why}")))
    }

    /// Records a window; says how many spans it holds.
    pub fn record(&self, root: &Path, traffic: &Path, recording: &Recording) -> Result<u64, Failure> {
        let job = json!({
            "traffic": traffic, "seed": recording.seed, "rounds": recording.rounds, "seconds": 15, "spans": 9000,
            "focus": recording.focus, "service": self.project.slug, "version": "1", "telemetry": recording.to,
        });
        let said = self.ask(root, "record", job, Duration::from_secs(15))?;
        Ok(said["spans"].as_u64().unwrap_or(0))
    }

    /// Starts a hidden test as `thymus eval` will; whether it holds.
    pub fn holds(&self, root: &Path, command: &[String]) -> Result<bool, Failure> {
        let mut started = Command::new(root.join(&command[0]));
        if !root.join(&command[0]).exists() {
            started = Command::new(&command[0]);
        }
        started.args(&command[1..]).current_dir(root).envs(self.project.test_env.iter().cloned());
        Ok(run(&mut started, Duration::from_mins(2), self.stop)?.well())
    }
}
