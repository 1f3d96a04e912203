//! The worker (`thymus __worker`): one process inside the jail, one order, one answer. It compiles a component or calls
//! one export, and is believed in neither: whoever breaks out of wasmtime owns this process and nothing else.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;
use wasmtime::Store;
use wasmtime::component::{InstancePre, Linker};

use super::bindings::{detector, diagnoser, fixer, types};
use super::bounds::Bounded;
use super::cache;
use super::convert::{self, Flaw};
use super::engine::{self, Ticker};
use super::guest::{self, Guest};
use super::order::{Answer, COMPILED, COMPONENT, CallOrder, OUT, OUT_FILE, Order};
use crate::model::{CallEnd, Digest, Export, PluginLimits};

/// An order is a finding, a diagnosis and a history at most.
const LARGEST_ORDER: u64 = 64 << 20;

/// Never returns. Prints one JSON answer.
pub fn worker_main() -> ! {
    let answer = read_order().and_then(|order| match order {
        Order::Compile { component, metered } => to_json(&compile(&component, metered)),
        Order::Call(order) => call(*order),
    });
    let done = answer.and_then(|json| {
        let mut out = std::io::stdout().lock();
        out.write_all(&json).and_then(|()| out.flush()).map_err(|e| e.to_string())
    });
    if let Err(why) = &done {
        eprintln!("thymus: worker: {why}");
    }
    // Without running destructors: a guest's memory goes faster with the process.
    std::process::exit(i32::from(done.is_err()));
}

fn read_order() -> Result<Order, String> {
    let mut json = Vec::new();
    std::io::stdin().take(LARGEST_ORDER).read_to_end(&mut json).map_err(|e| format!("reading the order: {e}"))?;
    serde_json::from_slice(&json).map_err(|e| format!("the order: {e}"))
}

fn to_json<T: Serialize>(answer: &Answer<T>) -> Result<Vec<u8>, String> {
    serde_json::to_vec(answer).map_err(|e| e.to_string())
}

fn compile(component: &Digest, metered: bool) -> Answer<()> {
    let compiled = || -> Result<(), String> {
        let bytes = fs::read(COMPONENT).map_err(|e| e.to_string())?;
        if Digest::of(&bytes) != *component {
            return Err("the component is not the one that was asked for".to_owned());
        }
        let engine = engine::engine(metered).map_err(|e| format!("{e:#}"))?;
        let code = engine.precompile_component(&bytes).map_err(|e| format!("{e:#}"))?;
        fs::write(Path::new(OUT).join(OUT_FILE), code).map_err(|e| e.to_string())
    };
    Answer::of(compiled().map_or_else(|why| CallEnd::Failed { why }, |()| CallEnd::Returned))
}

fn call(order: CallOrder) -> Result<Vec<u8>, String> {
    let say = |error: wasmtime::Error| format!("{error:#}");
    let limits = order.grant.limits;
    let code = fs::read(COMPILED).map_err(|e| format!("reading the machine code: {e}"))?;
    let engine = engine::engine(limits.fuel > 0).map_err(say)?;
    let component = cache::component(&engine, &code, &order.compiled)?;
    drop(code);
    let mut linker = Linker::new(&engine);
    guest::link(&mut linker).map_err(say)?;
    let pre = linker.instantiate_pre(&component).map_err(say)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(|e| e.to_string())?;
    let _ticker = Ticker::start(&engine).map_err(|e| e.to_string())?;
    let mut store = Store::new(&engine, Guest::new(&order).map_err(say)?);
    engine::arm(&mut store, &limits, |guest| &mut guest.wall).map_err(say)?;

    // The epoch ends a guest that computes; this ends one that waits.
    let time = Duration::from_millis(limits.call_millis);
    let started = Instant::now();
    let ended = runtime.block_on(async { tokio::time::timeout(time, enter(&mut store, &pre, order)).await });
    let guest_micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    let left = if limits.fuel > 0 { store.get_fuel().unwrap_or(0) } else { 0 };
    let guest = store.data();
    let finish = |end: CallEnd| Answer::<()> {
        fuel: if limits.fuel > 0 { limits.fuel.saturating_sub(left) } else { 0 },
        guest_micros,
        log_dropped: guest.log.dropped(),
        progress: guest.progress.clone(),
        ..Answer::of(end)
    };
    match ended {
        Err(_) => to_json(&finish(CallEnd::TimedOut)),
        Ok(Err(error)) => to_json(&finish(guest.wall.end_of(&error))),
        Ok(Ok(Err(failure))) => to_json(&finish(reason(failure))),
        Ok(Ok(Ok(returned))) => {
            let ended = finish(CallEnd::Returned);
            match returned {
                Returned::Findings(list) => {
                    let few = list.len() <= limits.findings as usize;
                    let list = || list.into_iter().map(convert::finding).collect::<Result<Vec<_>, _>>();
                    give(ended, if few { list() } else { Err(Flaw::Limit("findings")) }, &limits)
                }
                Returned::Diagnosis(one) => give(ended, one.map(convert::diagnosis).transpose(), &limits),
                Returned::Proposals(list) => {
                    give(ended, list.into_iter().map(convert::proposal).collect::<Result<Vec<_>, _>>(), &limits)
                }
            }
        }
    }
}

/// What an export returned, in the contract's words.
enum Returned {
    Findings(Vec<types::Finding>),
    Diagnosis(Option<types::Diagnosis>),
    Proposals(Vec<types::Proposal>),
}

type Outcome = Result<Returned, types::Failure>;

/// Instantiates the component and calls the export. Each interface is looked up by its own name.
async fn enter(store: &mut Store<Guest>, pre: &InstancePre<Guest>, order: CallOrder) -> wasmtime::Result<Outcome> {
    let finding = || order.finding.clone().map(convert::to_finding).ok_or_else(|| missing("finding"));
    match order.export {
        Export::Detect => {
            let indices = detector::GuestIndices::new(pre)?;
            let instance = pre.instantiate_async(&mut *store).await?;
            let found = indices.load(&mut *store, &instance)?.call_detect(store).await?;
            Ok(found.map(Returned::Findings))
        }
        Export::Diagnose => {
            let (indices, finding) = (diagnoser::GuestIndices::new(pre)?, finding()?);
            let instance = pre.instantiate_async(&mut *store).await?;
            let cause = indices.load(&mut *store, &instance)?.call_diagnose(store, &finding).await?;
            Ok(cause.map(Returned::Diagnosis))
        }
        Export::Propose => {
            let (indices, finding) = (fixer::GuestIndices::new(pre)?, finding()?);
            let diagnosis = order.diagnosis.clone().map(convert::to_diagnosis).ok_or_else(|| missing("diagnosis"))?;
            let instance = pre.instantiate_async(&mut *store).await?;
            let fixes = indices.load(&mut *store, &instance)?.call_propose(store, &finding, &diagnosis).await?;
            Ok(fixes.map(Returned::Proposals))
        }
    }
}

fn missing(what: &str) -> wasmtime::Error {
    wasmtime::Error::msg(format!("the order has no {what}"))
}

fn reason(failure: types::Failure) -> CallEnd {
    match failure {
        types::Failure::Unsupported(why) => CallEnd::Declined { why: format!("unsupported: {why}") },
        types::Failure::BadInput(why) => CallEnd::Declined { why: format!("bad input: {why}") },
        types::Failure::Failed(why) => CallEnd::Failed { why },
    }
}

/// The answer with the value, or with what is wrong with it.
fn give<T: Bounded + Serialize>(
    ended: Answer<()>,
    value: Result<T, Flaw>,
    limits: &PluginLimits,
) -> Result<Vec<u8>, String> {
    let checked = value.and_then(|value| {
        value.check(limits)?;
        let bytes = serde_json::to_vec(&value).map_err(|e| Flaw::Value(e.to_string()))?;
        if bytes.len() as u64 > limits.result_bytes { Err(Flaw::Limit("result")) } else { Ok(value) }
    });
    let (end, value) = match checked {
        Ok(value) => (ended.end, Some((value,))),
        Err(flaw) => (flaw.into(), None),
    };
    let Answer { fuel, guest_micros, log_dropped, progress, .. } = ended;
    to_json(&Answer { end, value, fuel, guest_micros, log_dropped, progress })
}
