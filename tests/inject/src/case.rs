//! One case as docs/evaluation-suites.md wants it: the faulty repository, its telemetry, the truth and the hidden test.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::driver::Driver;
use crate::failure::Failure;
use crate::fault::Fault;
use crate::fetch::copy;
use crate::judge::Shown;
use crate::plan::Capability;
use crate::project::{Language, Project};

/// The folder of hidden files, as it stands in the healed tree.
const HIDDEN: &str = "thymus_hidden";

/// Everything that makes a case.
pub struct Case<'a> {
    pub project: &'a Project,
    pub fault: &'a Fault,
    pub shown: &'a Shown,
    /// The healthy text of the file that is at fault.
    pub healthy: &'a str,
    /// Files that can't be loaded here.
    pub absent: Vec<&'a str>,
    /// The whole traffic.
    pub traffic: &'a [Value],
    /// The healthy program's window, relative to the case.
    pub baseline: &'a str,
    /// Whether the project's own tests stay green.
    pub blind: bool,
}

impl Case<'_> {
    /// Writes the hidden test into a folder; returns the command that starts it.
    pub fn hide(&self, driver: &Driver, hidden: &Path) -> Result<Vec<String>, Failure> {
        let folder = hidden.join(HIDDEN);
        fs::create_dir_all(&folder).map_err(Failure::at(&folder))?;
        let ids: Vec<usize> = self.shown.wrong.iter().take(12).chain(&self.shown.right).copied().collect();
        let calls: Vec<&Value> = ids.iter().filter_map(|id| self.traffic.get(*id)).collect();
        write(&folder.join("calls.json"), &json!({"calls": calls}).to_string())?;
        write(&folder.join(driver.name()), driver.text())?;
        let interpreter = match self.project.language {
            Language::Python => {
                copy(&driver.packages().join("cloudpickle"), &folder.join("cloudpickle"))?;
                ".venv/bin/python"
            }
            Language::JavaScript => "node",
        };
        let mut job = driver.about(".", HIDDEN);
        let traffic = format!("{HIDDEN}/calls.json");
        let more = if self.fault.capability == Capability::Documentation {
            let (gone, named) = self.fault.words.clone().unwrap_or_default();
            json!({"mode": "reads", "path": self.fault.path, "gone": gone, "named": named,
                   "function": self.shown.handler})
        } else if self.fault.capability == Capability::Performance {
            copy(&self.project.root, &folder.join("healthy"))?;
            // Half of the way back, on the scale on which times are ratios.
            let most = self.shown.factor.sqrt().max(1.2);
            json!({"mode": "pace", "healthy": format!("{HIDDEN}/healthy"), "turns": 3, "most": most, "seconds": 60,
                   "traffic": traffic})
        } else {
            let looks: &[&str] = match self.fault.capability {
                Capability::Behavior if self.project.language == Language::Python => &["after", "sequence"],
                // Nobody wraps JavaScript's functions in the healed tree: what steps do has to tell.
                Capability::Behavior | Capability::State => &["after"],
                _ => &[],
            };
            json!({"mode": "check", "looks": looks, "traffic": traffic, "absent": self.absent})
        };
        if let (Value::Object(job), Value::Object(more)) = (&mut job, more) {
            job.extend(more);
        }
        write(&folder.join("job.json"), &job.to_string())?;
        Ok([interpreter.to_owned(), format!("{HIDDEN}/{}", driver.name()), format!("{HIDDEN}/job.json")].into())
    }

    /// Writes everything but telemetry and repository.
    pub fn describe(&self, folder: &Path, command: &[String]) -> Result<(), Failure> {
        let fault = self.fault;
        let original = fault.original(self.healthy);
        let patch = json!({
            "capability": fault.capability.name(), "rule": fault.rule, "path": fault.path, "what": fault.what,
            "shows": self.shown.how, "original": original, "own_tests_stay_green": self.blind,
        });
        write(&folder.join("planted.json"), &format!("{patch:#}\n"))?;
        write(&folder.join("case.toml"), &self.truth(command))
    }

    fn truth(&self, command: &[String]) -> String {
        let (fault, shown) = (self.fault, self.shown);
        let note = format!(
            "{}. {}. The project's own tests {}.",
            fault.what,
            shown.how,
            if self.blind { "stay green" } else { "fail" }
        );
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let mut text = format!(
            "language = {}\nrepository = \"repo\"\ntelemetry = [{}]\nbaseline = [{}]\njudged = [{}]\n\
             note = {}\n\n[[expect]]\ncapability = {}\n{}path = {}\n",
            quoted(self.project.language.name()),
            quoted(if fault.capability == Capability::Documentation { self.baseline } else { "faulty.pb.gz" }),
            quoted(self.baseline),
            quoted(fault.capability.name()),
            quoted(&note),
            quoted(fault.capability.name()),
            if shown.handler.is_empty() { String::new() } else { format!("handler = {}\n", quoted(&shown.handler)) },
            quoted(&fault.path),
        );
        let lines = self.lines();
        if let Some(place) = &fault.place {
            let last = place.lines.1.saturating_add_signed(fault.growth(self.healthy));
            let _ = writeln!(text, "function = {}", quoted(&place.function));
            let _ = writeln!(text, "function_lines = [{}, {}]", place.lines.0, last.max(place.lines.0));
        }
        // Where an import is missing there is no line to point at.
        if fault.rule != "removed-import" && !fault.edits.is_empty() {
            let _ = writeln!(text, "lines = [{}, {}]", lines.0, lines.1);
        }
        let mut touches = vec![fault.path.clone()];
        touches.extend(fault.may_touch.iter().cloned());
        if let Some(raised) = shown.raised.as_ref().filter(|it| it.path != fault.path) {
            touches.push(raised.path.clone());
        }
        let _ = writeln!(text, "touches = {}", toml::Value::from(touches));
        if let Some(raised) = &shown.raised
            && fault.place.as_ref().is_some_and(|place| place.function != raised.function)
        {
            // A careful person may as well repair the place that trips over it.
            let function = raised.function.rsplit_once("<locals>.").map_or(&*raised.function, |(_, name)| name);
            let _ = write!(
                text,
                "\n[[expect.or]]\nhandler = {}\npath = {}\nfunction = {}\nfunction_lines = [{line}, {line}]\nlines = \
                 [{line}, {line}]\n",
                quoted(&raised.function),
                quoted(&raised.path),
                quoted(function),
                line = raised.line,
            );
        }
        let _ = write!(
            text,
            "\n[[expect.hidden]]\nfiles = \"hidden\"\ncommand = {}\n",
            toml::Value::from(command.to_vec())
        );
        text
    }

    /// From the planted edit to where it shows, where that is near.
    fn lines(&self) -> (usize, usize) {
        let (first, last) = self.fault.faulty_lines(self.healthy);
        let raised = self.shown.raised.as_ref().filter(|it| it.path == self.fault.path).map(|it| it.line);
        let near = raised.filter(|line| line.abs_diff(first) <= 12);
        near.map_or((first, last), |line| (first.min(line), last.max(line)))
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(Failure::at(path))
}

/// A folder's path as a person would type it from another one beside it.
pub fn beside(shared: &str) -> PathBuf {
    Path::new("../..").join(shared)
}
