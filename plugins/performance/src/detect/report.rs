//! A verdict in the contract's terms.

use thymus_sdk::wording::{TITLE, one_line};
use thymus_sdk::{Capability, Evidence, Finding, Subject};

use super::behaviour::callers;
use super::calls::Seen;
use super::compare::Scene;
use super::growth::{SUPERLINEAR, exponent};
use super::places::Places;
use super::verdict::{Rule, Verdict};
use crate::notes;
use crate::slowdown::Slowdown;
use crate::statistics::float;

/// Callers that are named.
const MOST_CALLERS: usize = 6;

/// The finding.
pub fn finding(verdict: &Verdict, seen: Seen, scene: &Scene, places: &Places) -> Finding {
    let facts = &scene.executions.handlers[verdict.handler as usize];
    let handler = one_line(&facts.key.handler, 500);
    let path = facts.key.path.as_deref().and_then(|path| places.file(path));
    let evidence = evidence(verdict, &seen, scene);
    let slowdown = Slowdown {
        handler: handler.clone(),
        path: path.clone(),
        line: facts.line,
        now_ns: verdict.now,
        before_ns: verdict.before,
        more_calls: verdict.more_calls,
        calls: seen.calls(),
    };
    let place = path.as_deref().unwrap_or(&facts.key.service);
    Finding {
        capability: Capability::Performance,
        rule: verdict.rule.name().to_owned(),
        title: one_line(&title(verdict, &handler), TITLE),
        severity: verdict.severity(),
        confidence: verdict.confidence(),
        evidence,
        // Whichever rule sees it: the same handler is the same problem.
        fingerprint: one_line(&format!("slow {place} {handler}"), 512),
        subject: Subject { handler, path, line: facts.line },
        notes: notes::of_slowdown(slowdown),
    }
}

fn title(verdict: &Verdict, handler: &str) -> String {
    let (now, ratio) = (millis(verdict.now), verdict.ratio);
    match verdict.rule {
        Rule::Slower => format!("{handler} takes {now} instead of {}", millis(verdict.before.unwrap_or(0.0))),
        Rule::SlowerTail => format!("{handler}: {} of its calls take {now}, {ratio:.1} times as long", verdict.calls),
        Rule::Step | Rule::Drift => format!("{handler} became {ratio:.1} times slower, to {now}"),
        Rule::Threshold => format!("{handler} takes {now}, over its declared time"),
    }
}

fn evidence(verdict: &Verdict, seen: &Seen, scene: &Scene) -> Vec<Evidence> {
    let behaviour = &scene.all[verdict.handler as usize];
    let traces = seen.traces();
    let mut all = vec![Evidence::of(&verdict.said).traces(traces.iter().map(String::as_str))];
    all[0] =
        [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)].into_iter().fold(all[0].clone(), |evidence, (name, share)| {
            let evidence = evidence.measure(name, behaviour.now.quantile(share) / 1e6, "ms");
            match &behaviour.before {
                Some(before) => evidence.measure(&format!("{name} before"), before.quantile(share) / 1e6, "ms"),
                None => evidence,
            }
        });
    all[0] = all[0].clone().measure("calls", float(behaviour.now.count), "{call}").measure(
        "calls before",
        float(behaviour.before.as_ref().map_or(verdict.calls_before, |before| before.count)),
        "{call}",
    );
    all[0] = all[0].clone().measure("p-value", verdict.chance, "1").measure("ratio", verdict.ratio, "1");
    all.push(whose(verdict, scene));
    if verdict.rule != Rule::Threshold {
        let common = (verdict.load.factor() - 1.0) * 100.0;
        let said = format!(
            "what all handlers have in common is taken out: {} of them can be compared, and are {common:.0} % slower together",
            verdict.load.handlers
        );
        all.push(Evidence::of(&said).measure("common", common, "%"));
    }
    if let Some(exponent) = exponent(scene.executions.of(verdict.handler)) {
        let how = if exponent > SUPERLINEAR { "faster than" } else { "about as fast as, or slower than," };
        let said = format!("its own time grows {how} its captured arguments (time ~ size^{exponent:.1})");
        all.push(Evidence::of(&said).measure("exponent", exponent, "1"));
    }
    all
}

/// Whose time it is, and who waits for it.
fn whose(verdict: &Verdict, scene: &Scene) -> Evidence {
    let behaviour = &scene.all[verdict.handler as usize];
    let mut said = format!(
        "it adds {} a call; of what is new, {:.0} % is its own time, without the handlers it calls",
        millis(verdict.added),
        verdict.own * 100.0
    );
    if verdict.more_calls {
        said.push_str("; these are as fast as before, but it calls them more often");
    }
    let waiting = callers(verdict.handler, scene.executions, MOST_CALLERS);
    if !waiting.is_empty() {
        let names: Vec<String> = waiting.iter().map(|caller| one_line(scene.name(*caller), 120)).collect();
        said.push_str("; waiting for it: ");
        said.push_str(&names.join(", "));
    }
    Evidence::of(&said)
        .measure("added per call", verdict.added / 1e6, "ms")
        .measure("own time", behaviour.own.typical() / 1e6, "ms")
        .measure("share of all time", verdict.share * 100.0, "%")
}

fn millis(nanos: f64) -> String {
    let millis = nanos / 1e6;
    if millis >= 10.0 { format!("{millis:.0} ms") } else { format!("{millis:.2} ms") }
}
