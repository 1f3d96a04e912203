//! The inner of the two walls: how wasmtime is set up, and what one store may use.
//!
//! Alone it isolates nothing that matters: wasmtime has had holes. It belongs into a worker process inside the OS
//! sandbox, and nothing in thymus may call a plugin without that outer wall.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use wasmtime::{Config, Engine, ResourceLimiter, Store, Trap};

use crate::model::{CallEnd, PluginLimits};

/// How often the epoch moves: a call ends at most this long after its time is up.
const TICK: Duration = Duration::from_millis(10);
/// A guest's stack. Parsers recurse, and this is what wasmtime's host stack has room for.
const STACK: usize = 1 << 20;

/// An engine with everything off that no plugin needs. `metered` counts fuel, which costs time and makes ends repeatable.
pub fn engine(metered: bool) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        .gc_support(false)
        .shared_memory(false)
        .wasm_component_model(true)
        .wasm_multi_memory(true)
        .wasm_extended_const(true)
        .wasm_tail_call(false)
        .wasm_memory64(false)
        .wasm_relaxed_simd(false)
        .wasm_wide_arithmetic(false)
        .wasm_custom_page_sizes(false)
        .wasm_stack_switching(false)
        // NaN bits differ between machines; a replay must give the same bytes.
        .cranelift_nan_canonicalization(true)
        .max_wasm_stack(STACK)
        .epoch_interruption(true)
        .consume_fuel(metered);
    Engine::new(&config)
}

/// What one store has used, summed over all its memories and tables, against its limits.
#[derive(Debug)]
pub struct Wall {
    limits: PluginLimits,
    memory: u64,
    elements: u64,
    reached: Option<&'static str>,
}

impl Wall {
    /// Nothing used yet.
    pub fn new(limits: PluginLimits) -> Self {
        Self { limits, memory: 0, elements: 0, reached: None }
    }

    /// How a call ended that gave an error instead of a value.
    pub fn end_of(&self, error: &wasmtime::Error) -> CallEnd {
        let limit = match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => return CallEnd::TimedOut,
            Some(Trap::OutOfFuel) => Some("fuel"),
            Some(Trap::StackOverflow) => Some("stack"),
            // A guest that was refused memory usually aborts: the limit is the reason, not the abort.
            _ => refused(&format!("{error:#}")).or(self.reached),
        };
        match limit {
            Some(limit) => CallEnd::LimitReached { limit: limit.to_owned() },
            None => CallEnd::Trapped { why: format!("{error:#}") },
        }
    }
}

/// Which of the limits that wasmtime keeps by itself an error speaks of. It has no types for these errors, and should a
/// later version word them otherwise, the calls still end: as a trap.
fn refused(error: &str) -> Option<&'static str> {
    let known = [
        ("fuel allocated for hostcalls has been exhausted", "result"),
        ("resource table has no free keys", "handles"),
        ("exceeds limit", "random"),
        ("resource limit exceeded", "instances"),
    ];
    known.into_iter().find(|(words, _)| error.contains(words)).map(|(_, limit)| limit)
}

/// What was used after a growth, or `None` when that is more than allowed.
fn grown(used: u64, current: usize, desired: usize, limit: u64) -> Option<u64> {
    let more = desired.checked_sub(current)? as u64;
    used.checked_add(more).filter(|sum| *sum <= limit)
}

impl ResourceLimiter for Wall {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let Some(sum) = grown(self.memory, current, desired, self.limits.memory_bytes) else {
            self.reached = Some("memory");
            return Ok(false);
        };
        self.memory = sum;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let Some(sum) = grown(self.elements, current, desired, self.limits.table_elements) else {
            self.reached = Some("tables");
            return Ok(false);
        };
        self.elements = sum;
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.limits.instances as usize
    }

    fn tables(&self) -> usize {
        self.limits.instances as usize
    }

    fn memories(&self) -> usize {
        self.limits.instances as usize
    }
}

/// Puts a new store behind the wall: limits, deadline, and fuel where the engine meters it.
pub fn arm<T: 'static>(
    store: &mut Store<T>,
    limits: &PluginLimits,
    wall: impl (FnMut(&mut T) -> &mut dyn ResourceLimiter) + Send + Sync + 'static,
) -> wasmtime::Result<()> {
    store.limiter(wall);
    let tick = u64::try_from(TICK.as_millis()).unwrap_or(1);
    store.set_epoch_deadline(limits.call_millis.div_ceil(tick).max(1));
    if limits.fuel > 0 {
        store.set_fuel(limits.fuel)?;
    }
    store.set_hostcall_fuel(usize::try_from(limits.result_bytes).unwrap_or(usize::MAX));
    Ok(())
}

/// Moves an engine's epoch for as long as it lives.
#[derive(Debug)]
pub struct Ticker {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    /// Starts the thread.
    pub fn start(engine: &Engine) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (engine, stopped) = (engine.weak(), Arc::clone(&stop));
        let thread = std::thread::Builder::new().name("epoch".to_owned()).spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                std::thread::park_timeout(TICK);
                let Some(engine) = engine.upgrade() else { return };
                engine.increment_epoch();
            }
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A thread that only counts has nothing to say.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use wasmtime::component::{Component, Linker};

    use super::*;

    fn call(bytes: &[u8], limits: PluginLimits) -> Result<u32, CallEnd> {
        let engine = engine(limits.fuel > 0).unwrap();
        let _ticker = Ticker::start(&engine).unwrap();
        let component = Component::from_binary(&engine, bytes).unwrap();
        let mut store = Store::new(&engine, Wall::new(limits));
        arm(&mut store, &limits, |wall| wall).unwrap();
        let result = Linker::new(&engine)
            .instantiate(&mut store, &component)
            .and_then(|instance| instance.get_typed_func::<(), (u32,)>(&mut store, "run"))
            .and_then(|run| run.call(&mut store, ()));
        result.map(|(value,)| value).map_err(|error| store.data().end_of(&error))
    }

    #[test]
    fn an_endless_loop_ends_with_its_time() {
        let limits = PluginLimits { call_millis: 30, ..PluginLimits::default() };
        assert_eq!(call(include_bytes!("specimens/spins.wasm"), limits), Err(CallEnd::TimedOut));
    }

    #[test]
    fn an_endless_loop_ends_with_its_fuel() {
        let limits = PluginLimits { fuel: 10_000, ..PluginLimits::default() };
        let end = CallEnd::LimitReached { limit: "fuel".to_owned() };
        assert_eq!(call(include_bytes!("specimens/spins.wasm"), limits), Err(end));
    }

    #[test]
    fn endless_recursion_ends_and_the_host_lives() {
        let end = CallEnd::LimitReached { limit: "stack".to_owned() };
        assert_eq!(call(include_bytes!("specimens/recurses.wasm"), PluginLimits::default()), Err(end));
    }

    #[test]
    fn memory_and_tables_are_limited_as_a_sum() {
        let limits = PluginLimits { memory_bytes: 100 * 65536, table_elements: 1000, ..PluginLimits::default() };
        assert_eq!(call(include_bytes!("specimens/hoards.wasm"), limits), Ok(96));
        assert_eq!(call(include_bytes!("specimens/tables.wasm"), limits), Ok(1000));
    }

    #[test]
    fn what_no_plugin_needs_is_off() {
        let engine = engine(false).unwrap();
        let specimens: [&[u8]; 4] = [
            include_bytes!("specimens/threads.wasm"),
            include_bytes!("specimens/gc.wasm"),
            include_bytes!("specimens/throws.wasm"),
            include_bytes!("specimens/relaxed.wasm"),
        ];
        for bytes in specimens {
            assert!(Component::from_binary(&engine, bytes).is_err());
            let refusal = super::super::facts::facts_of(std::path::Path::new("x.wasm"), bytes).unwrap_err();
            assert_eq!(refusal.code(), "TH-PLUGIN-MALFORMED");
        }
    }
}
