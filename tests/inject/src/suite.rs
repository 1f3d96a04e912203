//! From a project to its cases: traffic, healthy windows, then fault after fault until there are enough.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::case::{Case, beside};
use crate::driver::{Call, Driver, Outcome, Recording};
use crate::failure::Failure;
use crate::fault::Fault;
use crate::fetch::copy;
use crate::judge::{Healthy, Shown, judge};
use crate::plan::Capability;
use crate::plant;
use crate::process::Stop;
use crate::project::{Language, Project};

/// Spans that a window holds at least.
const LEAST_SPANS: u64 = 200;

/// What one project is asked for.
pub struct Wish {
    pub seed: u64,
    pub cases: usize,
    pub clean: usize,
    pub capabilities: Vec<Capability>,
    pub limit: Duration,
}

/// Makes a project's cases in a suite's folder.
pub struct Maker<'p> {
    project: &'p Project,
    driver: Driver<'p>,
    suite: &'p Path,
    wish: &'p Wish,
    stop: &'p Stop,
    until: Instant,
    traffic_file: PathBuf,
    traffic: Vec<Value>,
    calls: Vec<Call>,
    healthy: BTreeMap<usize, Outcome>,
    failed: BTreeMap<String, String>,
    /// Every handler that is wrapped.
    known: BTreeSet<String>,
}

impl<'p> Maker<'p> {
    /// Captures calls, makes traffic of them and records the healthy program.
    pub fn new(
        project: &'p Project,
        harness: &Path,
        suite: &'p Path,
        wish: &'p Wish,
        stop: &'p Stop,
    ) -> Result<Self, Failure> {
        let driver = Driver::new(project, harness, stop)?;
        let (captured, traffic_file) = (project.work.join("calls.json"), project.work.join("traffic.json"));
        let count = driver.capture(&captured)?;
        let made = driver.traffic(&captured, wish.seed)?;
        fs::write(&traffic_file, made.to_string()).map_err(Failure::at(&traffic_file))?;
        let mut traffic = made["calls"].as_array().cloned().unwrap_or_default();
        let handlers = made["handlers"].as_array().into_iter().flatten();
        let known = handlers.filter_map(|it| it["name"].as_str().map(str::to_owned)).collect();
        let calls: Vec<Call> = serde_json::from_value(made["calls"].clone())
            .map_err(|why| Failure::Unfit(format!("`traffic` answered oddly: {why}")))?;
        if calls.len() < 20 {
            return Err(Failure::Unfit(format!("its tests give too little traffic ({} calls)", calls.len())));
        }
        let copy = project.copy()?;
        let probed = driver.probe(copy.path(), &traffic_file, json!({"times": 3, "watch": true}))?;
        let failed = probed.failed;
        let healthy: BTreeMap<usize, Outcome> = probed.outcomes.into_iter().map(|it| (it.id, it)).collect();
        for (call, outcome) in traffic.iter_mut().zip(healthy.values()) {
            call["sequence"] = json!(outcome.sequence);
        }
        let steady = healthy.values().filter(|it| it.same).count();
        say(project, &format!("{count} calls captured, {} in the traffic, {steady} steady", calls.len()));
        let until = Instant::now() + wish.limit;
        let maker =
            Self { project, driver, suite, wish, stop, until, traffic_file, traffic, calls, healthy, failed, known };
        maker.record_healthy(copy.path())?;
        Ok(maker)
    }

    fn shared(&self, name: &str) -> PathBuf {
        Path::new("shared").join(&self.project.slug).join(name)
    }

    fn record_healthy(&self, root: &Path) -> Result<(), Failure> {
        let to = self.suite.join(self.shared("healthy.pb.gz"));
        let folder = to.parent().unwrap_or(self.suite);
        fs::create_dir_all(folder).map_err(Failure::at(folder))?;
        let recording = Recording { seed: self.wish.seed, rounds: 12, focus: &[], to: &to };
        let spans = self.driver.record(root, &self.traffic_file, &recording)?;
        say(self.project, &format!("healthy window: {spans} spans"));
        if spans < LEAST_SPANS { Err(Failure::Unfit("its traffic gives too few spans".to_owned())) } else { Ok(()) }
    }

    /// All kinds in turn; returns how many cases there are of each.
    pub fn make(&self) -> Result<BTreeMap<Capability, usize>, Failure> {
        let mut made = BTreeMap::new();
        self.clean_windows()?;
        for (done, capability) in self.wish.capabilities.iter().enumerate() {
            // Each kind gets its share of what time is left.
            let shares = u32::try_from(self.wish.capabilities.len() - done).unwrap_or(1);
            let until = Instant::now() + self.until.saturating_duration_since(Instant::now()) / shares;
            let count = self.make_some(*capability, until)?;
            made.insert(*capability, count);
        }
        Ok(made)
    }

    fn make_some(&self, capability: Capability, until: Instant) -> Result<usize, Failure> {
        let mut faults = self.candidates(capability);
        let mut dice = fastrand::Rng::with_seed(self.wish.seed ^ (capability as u64 + 1) << 32);
        dice.shuffle(&mut faults);
        alternate(&mut faults);
        let (mut made, mut reasons) = (0, BTreeMap::<String, usize>::new());
        let tried = faults.len();
        for fault in faults {
            if made >= self.wish.cases || Instant::now() > until {
                break;
            }
            match self.try_one(&fault, made + 1) {
                Ok(()) => made += 1,
                Err(Failure::Unfit(why)) => {
                    let short = why.split('(').next().unwrap_or_default().trim().to_owned();
                    *reasons.entry(short).or_default() += 1;
                }
                Err(failure) => return Err(failure),
            }
        }
        let reasons: Vec<String> = reasons.iter().map(|(why, count)| format!("{count} × {why}")).collect();
        say(self.project, &format!("{capability}: {made} cases of {tried} places; left out: {}", reasons.join(", ")));
        Ok(made)
    }

    fn candidates(&self, capability: Capability) -> Vec<Fault> {
        let mut faults = Vec::new();
        for path in &self.project.sources {
            let file = self.project.root.join(path);
            let Ok(text) = fs::read_to_string(&file) else { continue };
            if capability == Capability::Documentation {
                let handlers = self.places_in(path, &text);
                faults.extend(plant::documentation::candidates(path, &text, &handlers));
                continue;
            }
            faults.extend(match self.project.language {
                Language::Python => plant::python::candidates(path, &text, capability),
                Language::JavaScript => plant::javascript::candidates(path, &text, capability),
            });
        }
        faults
    }

    /// The functions of a file.
    fn places_in(&self, path: &str, text: &str) -> Vec<plant::documentation::Documented> {
        match self.project.language {
            Language::Python => plant::python::documented(path, text),
            Language::JavaScript => plant::javascript::documented(path, text),
        }
    }

    /// Plants one fault, looks at what it does, and writes the case if it is a natural one.
    fn try_one(&self, fault: &Fault, number: usize) -> Result<(), Failure> {
        if fault.capability == Capability::Documentation {
            return self.write_documentation(fault, number);
        }
        let only = self.reaching(fault)?;
        let faulty = self.project.copy()?;
        fault.plant(faulty.path())?;
        let times = if fault.capability == Capability::Performance { 3 } else { 2 };
        let watched = json!({"times": times, "watch": true, "only": only});
        let probed = self.driver.probe(faulty.path(), &self.traffic_file, watched)?;
        let healthy = Healthy { calls: &self.calls, outcomes: &self.healthy, failed: &self.failed };
        let shown = judge(fault, &healthy, &probed).map_err(|why| Failure::Unfit(why.to_owned()))?;
        let path = self.project.root.join(&fault.path);
        let text = fs::read_to_string(&path).map_err(Failure::at(&path))?;
        let baseline = beside(&self.shared("healthy.pb.gz").to_string_lossy());
        let mut case = Case {
            project: self.project,
            fault,
            shown: &shown,
            healthy: &text,
            absent: self.failed.keys().map(String::as_str).collect(),
            traffic: &self.traffic,
            baseline: &baseline.to_string_lossy(),
            blind: false,
        };
        let name = format!("{}-{}-{number:02}", self.project.slug, fault.capability);
        let fresh = tempfile::tempdir_in(&self.project.work).map_err(Failure::at(&self.project.work))?;
        let hidden = fresh.path().join("hidden");
        let command = case.hide(&self.driver, &hidden)?;
        self.prove(fault, &hidden, &command)?;
        let repo = fresh.path().join("repo");
        copy(&self.project.root, &repo)?;
        fault.plant(&repo)?;
        let clean = self.project.copy()?;
        fault.plant(clean.path())?;
        let recording = Recording {
            seed: self.wish.seed.wrapping_add(number as u64),
            rounds: 12,
            focus: &shown.wrong,
            to: &fresh.path().join("faulty.pb.gz"),
        };
        let spans = self.driver.record(clean.path(), &self.traffic_file, &recording)?;
        // What is slow enough to starve its own window is an outage, and no regression.
        if spans < LEAST_SPANS {
            return Err(Failure::Unfit("too few calls end in time".to_owned()));
        }
        case.blind = self.project.test(faulty.path(), self.stop)?.well();
        case.describe(fresh.path(), &command)?;
        let target = self.suite.join("cases").join(&name);
        fs::create_dir_all(self.suite.join("cases")).map_err(Failure::at(&target))?;
        copy(fresh.path(), &target)?;
        say(self.project, &format!("{name}: {} ({})", fault.what.lines().next().unwrap_or_default(), shown.how));
        Ok(())
    }

    /// Nothing runs differently: the healthy window stands for the faulty one, and the hidden test reads.
    fn write_documentation(&self, fault: &Fault, number: usize) -> Result<(), Failure> {
        let path = self.project.root.join(&fault.path);
        let text = fs::read_to_string(&path).map_err(Failure::at(&path))?;
        let baseline = beside(&self.shared("healthy.pb.gz").to_string_lossy());
        let place = fault.place.as_ref().map(|place| place.function.clone()).unwrap_or_default();
        let how = "the code has no such name".to_owned();
        let shown = Shown { handler: place, wrong: Vec::new(), right: Vec::new(), raised: None, how, factor: 1.0 };
        let case = Case {
            project: self.project,
            fault,
            shown: &shown,
            healthy: &text,
            absent: Vec::new(),
            traffic: &[],
            baseline: &baseline.to_string_lossy(),
            blind: true,
        };
        let fresh = tempfile::tempdir_in(&self.project.work).map_err(Failure::at(&self.project.work))?;
        let hidden = fresh.path().join("hidden");
        let command = case.hide(&self.driver, &hidden)?;
        self.prove(fault, &hidden, &command)?;
        case.describe(fresh.path(), &command)?;
        let repo = fresh.path().join("repo");
        copy(&self.project.root, &repo)?;
        fault.plant(&repo)?;
        let name = format!("{}-documentation-{number:02}", self.project.slug);
        copy(fresh.path(), &self.suite.join("cases").join(&name))?;
        say(self.project, &format!("{name}: {}", fault.what));
        Ok(())
    }

    /// The calls that run the faulty function; all, where that can't be known.
    fn reaching(&self, fault: &Fault) -> Result<Option<Vec<usize>>, Failure> {
        let Some(place) = fault.place.as_ref().filter(|place| self.known.contains(&place.function)) else {
            return Ok(None);
        };
        let own = self.healthy.values().filter(|it| it.reached.contains(&place.function));
        let ids: Vec<usize> = own.map(|it| it.id).collect();
        if ids.is_empty() { Err(Failure::Unfit("no traffic reaches it".to_owned())) } else { Ok(Some(ids)) }
    }

    /// The hidden test has to hold for the healthy program, and not for the faulty one.
    fn prove(&self, fault: &Fault, hidden: &Path, command: &[String]) -> Result<(), Failure> {
        let healthy = self.project.copy()?;
        copy(hidden, healthy.path())?;
        if !self.driver.holds(healthy.path(), command)? {
            return Err(Failure::Unfit("the hidden test fails for the healthy program".to_owned()));
        }
        let faulty = self.project.copy()?;
        fault.plant(faulty.path())?;
        copy(hidden, faulty.path())?;
        if self.driver.holds(faulty.path(), command)? {
            return Err(Failure::Unfit("the hidden test holds for the faulty program".to_owned()));
        }
        Ok(())
    }

    /// The healthy program again, with other seeds and loads: nothing may be found.
    fn clean_windows(&self) -> Result<(), Failure> {
        for number in 1..=self.wish.clean {
            let folder = self.suite.join("cases").join(format!("{}-clean-{number:02}", self.project.slug));
            fs::create_dir_all(&folder).map_err(Failure::at(&folder))?;
            let mut dice = fastrand::Rng::with_seed(self.wish.seed ^ (number as u64) << 40);
            let busier: Vec<usize> = self.calls.iter().map(|call| call.id).filter(|_| dice.u8(..) < 60).collect();
            let copied = self.project.copy()?;
            let to = folder.join("healthy.pb.gz");
            let seed = dice.u64(..) >> 12;
            let recording = Recording { seed, rounds: dice.u32(3..14), focus: &busier, to: &to };
            self.driver.record(copied.path(), &self.traffic_file, &recording)?;
            let repo = self.suite.join(self.shared("repo"));
            if !repo.is_dir() {
                copy(&self.project.root, &repo)?;
            }
            let up =
                |name: &str| toml::Value::from(beside(&self.shared(name).to_string_lossy()).to_string_lossy().as_ref());
            let text = format!(
                "language = \"{}\"\nrepository = {}\ntelemetry = [\"healthy.pb.gz\"]\nbaseline = [{}]\njudged = \
                 [\"error\", \"performance\", \"state\", \"behavior\", \"dependency\"]\nclean = true\n",
                self.project.language.name(),
                up("repo"),
                up("healthy.pb.gz"),
            );
            let case = folder.join("case.toml");
            fs::write(&case, text).map_err(Failure::at(&case))?;
        }
        Ok(())
    }
}

/// One of each rule, then the next of each, so that no rule fills the suite alone.
fn alternate(faults: &mut [Fault]) {
    let mut seen: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut turns = Vec::with_capacity(faults.len());
    for fault in faults.iter() {
        let turn = seen.entry(fault.rule).or_default();
        turns.push(*turn);
        *turn += 1;
    }
    let mut order: Vec<(usize, Fault)> = turns.into_iter().zip(faults.iter().cloned()).collect();
    order.sort_by_key(|(turn, _)| *turn);
    for (place, (_, fault)) in faults.iter_mut().zip(order) {
        *place = fault;
    }
}

pub fn say(project: &Project, text: &str) {
    eprintln!("inject: {}: {text}", project.slug);
}
