//! Time and chance as a guest meets them: functions of the order alone, so that a call can be made again byte for byte.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rand_core::TryRng;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

use crate::model::Digest;

/// How far a reading moves the clock.
const STEP_NS: u64 = 1000;

/// One clock for both interfaces of WASI. It stands still between readings, so it measures nothing.
#[derive(Clone, Debug)]
pub(super) struct Clock(Arc<AtomicU64>);

impl Clock {
    pub fn new(start_ns: u64) -> Self {
        // With half the range ahead of it, it never wraps.
        Self(Arc::new(AtomicU64::new(start_ns.min(u64::MAX / 2))))
    }

    fn read(&self) -> u64 {
        self.0.fetch_add(STEP_NS, Ordering::Relaxed)
    }
}

impl HostWallClock for Clock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(STEP_NS)
    }

    fn now(&self) -> Duration {
        Duration::from_nanos(self.read())
    }
}

impl HostMonotonicClock for Clock {
    fn resolution(&self) -> u64 {
        STEP_NS
    }

    fn now(&self) -> u64 {
        self.read()
    }
}

/// SHA-256 of the seed, the stream's name and a counter.
#[derive(Debug)]
pub(super) struct Random {
    seed: u64,
    stream: &'static str,
    counter: u64,
    block: [u8; 32],
    used: usize,
}

impl Random {
    pub fn new(seed: u64, stream: &'static str) -> Self {
        Self { seed, stream, counter: 0, block: [0; 32], used: 32 }
    }

    fn next(&mut self) -> u8 {
        if self.used == self.block.len() {
            let (seed, counter) = (self.seed.to_le_bytes(), self.counter.to_le_bytes());
            self.block = *Digest::of_parts([self.stream.as_bytes(), &seed, &counter]).as_bytes();
            self.counter += 1;
            self.used = 0;
        }
        self.used += 1;
        self.block[self.used - 1]
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next())
    }
}

impl TryRng for Random {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.array()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.array()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill_with(|| self.next());
        Ok(())
    }
}
