//! What a guest finds around it: three directories, a clock that it moves itself, seeded randomness, a capped log, and
//! the four functions of the contract. Nothing else is linked, so nothing else can be called.

use wasmtime::component::{HasSelf, Linker, ResourceTable};
use wasmtime_wasi::cli::WasiCli;
use wasmtime_wasi::filesystem::WasiFilesystem;
use wasmtime_wasi::p2::bindings::{cli, filesystem, random};
use wasmtime_wasi::random::WasiRandom;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use super::bindings::host::{self, Level, Outcome};
use super::engine::Wall;
use super::log::Log;
use super::order::{CallOrder, PastCase, PastOutcome, Progress};
use super::replay::{Clock, Random};

/// How many earlier cases one question is answered with.
const MOST_CASES: usize = 32;
/// How much of a progress message is kept.
const LONGEST_WHAT: usize = 200;

/// The data of one store, that is of one call.
pub(super) struct Guest {
    pub wall: Wall,
    pub log: Log,
    pub progress: Option<Progress>,
    wasi: WasiCtx,
    table: ResourceTable,
    settings: String,
    history: Vec<PastCase>,
}

impl Guest {
    /// Opens the directories that the order names.
    pub fn new(order: &CallOrder) -> wasmtime::Result<Self> {
        let limits = order.grant.limits;
        let log = Log::new(limits.log_bytes);
        let clock = Clock::new(order.clock_ns);
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.handles as usize);
        let mut wasi = WasiCtxBuilder::new();
        wasi.stdout(log.clone())
            .stderr(log.clone())
            // One thread does everything, so that one order has one course.
            .allow_blocking_current_thread(true)
            .secure_random(Random::new(order.seed, "secure"))
            .insecure_random(Random::new(order.seed, "insecure"))
            .insecure_random_seed(u128::from(order.seed))
            .max_random_size(limits.random_bytes)
            .wall_clock(clock.clone())
            .monotonic_clock(clock);
        if order.telemetry {
            wasi.preopened_dir("/telemetry", "/telemetry", FsPerms::ReadOnly)?;
        }
        if order.source {
            wasi.preopened_dir("/source", "/source", FsPerms::ReadOnly)?;
        }
        wasi.preopened_dir("/scratch", "/scratch", FsPerms::ReadWrite)?;
        Ok(Self {
            wall: Wall::new(limits),
            log,
            progress: None,
            wasi: wasi.build(),
            table,
            settings: order.grant.settings.clone(),
            history: if order.grant.history { order.history.clone() } else { Vec::new() },
        })
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// Links exactly what the import audit lets pass: another import fails to link even if the audit had a hole.
pub(super) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    use wasmtime_wasi::cli::WasiCliView as _;
    use wasmtime_wasi::filesystem::WasiFilesystemView as _;
    use wasmtime_wasi::random::WasiRandomView as _;

    super::bindings::types::add_to_linker::<_, HasSelf<Guest>>(linker, |guest| guest)?;
    host::add_to_linker::<_, HasSelf<Guest>>(linker, |guest| guest)?;
    // Streams, polling, clocks, randomness and the three standard streams.
    wasmtime_wasi::p2::add_to_linker_proxy_interfaces_async(linker)?;
    random::insecure_seed::add_to_linker::<_, WasiRandom>(linker, Guest::random)?;
    cli::environment::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::exit::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    filesystem::preopens::add_to_linker::<_, WasiFilesystem>(linker, Guest::filesystem)?;
    filesystem::types::add_to_linker::<_, WasiFilesystem>(linker, Guest::filesystem)
}

impl super::bindings::types::Host for Guest {}

impl host::Host for Guest {
    fn log(&mut self, level: Level, message: String) {
        let level = match level {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        };
        self.log.line(level, &message);
    }

    fn progress(&mut self, done: u64, total: u64, mut what: String) {
        what.truncate(what.floor_char_boundary(LONGEST_WHAT));
        self.progress = Some(Progress { done, total, what });
    }

    fn settings(&mut self) -> String {
        self.settings.clone()
    }

    fn history(&mut self, fingerprint: String) -> Vec<host::PastCase> {
        let mut cases: Vec<&PastCase> = self.history.iter().filter(|case| case.fingerprint == fingerprint).collect();
        cases.sort_by(|a, b| b.at_ns.cmp(&a.at_ns).then_with(|| a.case.cmp(&b.case)));
        let answer = |case: &PastCase| host::PastCase {
            case: case.case.clone(),
            rule: case.rule.clone(),
            outcome: match case.outcome {
                PastOutcome::Open => Outcome::Open,
                PastOutcome::Healed => Outcome::Healed,
                PastOutcome::Rejected => Outcome::Rejected,
                PastOutcome::Abandoned => Outcome::Abandoned,
                PastOutcome::RolledBack => Outcome::RolledBack,
            },
            reason: case.reason.clone(),
            at: case.at_ns,
        };
        cases.into_iter().take(MOST_CASES).map(answer).collect()
    }
}
