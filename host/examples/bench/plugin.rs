//! What loading a plugin and calling it costs, apart from what it does.

use std::path::Path;
use std::time::Duration;

use thymus::model::{CallEnd, Cancel, Digest, Grant, PluginLimits};
use thymus::plugin::{Call, Inputs, Plugin, Plugins};
use thymus::sandbox::{Exit, Jail, JailLimits, Sandbox};

use crate::Arguments;
use crate::clock::{median, time};
use crate::table::Table;

const ROUNDS: usize = 15;

pub fn measure(table: &mut Table, sandbox: &Sandbox, arguments: &Arguments, work: &Path) {
    let plugins = Plugins::new(sandbox.clone(), &work.join("state")).unwrap();
    let (compiled, plugin) = time(|| load(&plugins, &arguments.plugin, "{}"));
    assert!(!plugin.was_cached());
    let cached = (0..ROUNDS).map(|_| {
        let (cached, plugin) = time(|| load(&plugins, &arguments.plugin, "{}"));
        assert!(plugin.was_cached());
        cached
    });
    table.compare("load thymus-errors from the cache", median(cached.collect()), "compile it", compiled);

    let idle = load(&plugins, &arguments.idle_plugin, r#"{"path":"src/a.js"}"#);
    let (mut whole, mut inside) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (took, call) = time(|| plugins.detect(&idle, &inputs(None, None), &Cancel::default()));
        assert_eq!(call.end, CallEnd::Returned);
        whole.push(took);
        inside.push(Duration::from_micros(call.guest_micros));
    }
    let bare = (0..ROUNDS).map(|_| time(|| nothing(sandbox)).0).collect();
    let whole = median(whole);
    table.compare("instantiate and call, empty, in its worker", median(inside), "with process and sandbox", whole);
    table.compare("the same with process and sandbox", whole, "/bin/true in the sandbox", median(bare));
}

pub fn load(plugins: &Plugins, file: &Path, settings: &str) -> Plugin {
    let limits = PluginLimits { call_millis: 600_000, ..PluginLimits::default() };
    let grant = Grant { telemetry: true, source: vec!["**".into()], history: false, settings: settings.into(), limits };
    plugins.load(file, grant, &Cancel::default()).unwrap_or_else(|why| panic!("{why}"))
}

pub fn inputs(telemetry: Option<&Path>, source: Option<&Path>) -> Inputs {
    Inputs {
        telemetry: telemetry.map(Path::to_owned),
        source: source.map(Path::to_owned),
        clock_ns: 1_700_000_000_000_000_000,
        seed: 7,
        history: Vec::new(),
        digest: Digest::of(b""),
    }
}

/// What a call returned, or why the measurement can't be made.
pub fn returned<T: std::fmt::Debug>(call: Call<T>) -> T {
    assert_eq!(call.end, CallEnd::Returned, "{}", call.log);
    call.value.unwrap()
}

fn nothing(sandbox: &Sandbox) {
    let ended = sandbox.run(&jail(&["/bin/true"], "/"), &Cancel::default()).unwrap();
    assert_eq!(ended.exit, Exit::Code(0));
}

/// A command in the sandbox, with limits that nothing here reaches.
pub fn jail(command: &[&str], cwd: &str) -> Jail {
    Jail {
        command: command.iter().map(|word| (*word).to_owned()).collect(),
        env: [("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned())].into(),
        cwd: cwd.into(),
        mounts: Vec::new(),
        place: Vec::new(),
        collect: Vec::new(),
        stdin: Vec::new(),
        network: false,
        limits: JailLimits {
            wall_millis: 120_000,
            cpu_seconds: 120,
            memory_bytes: 4 << 30,
            processes: 256,
            file_bytes: 64 << 20,
            written_bytes: 0,
            open_files: 1024,
            stdout_bytes: 1 << 20,
            stderr_bytes: 1 << 20,
            tmp_bytes: 64 << 20,
        },
    }
}
