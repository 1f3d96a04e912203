//! The same detector over the same spans, as machine code of this machine and as a component in its sandbox.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use thymus::model::Cancel;
use thymus::plugin::Plugins;
use thymus::sandbox::Sandbox;

use crate::Arguments;
use crate::clock::{median, time};
use crate::plugin::{inputs, load, returned};
use crate::table::Table;

const ROUNDS: usize = 3;

pub fn measure(table: &mut Table, sandbox: &Sandbox, arguments: &Arguments, window: &Path, work: &Path) {
    let plugins = Plugins::new(sandbox.clone(), &work.join("state")).unwrap();
    let plugin = load(&plugins, &arguments.plugin, "{}");
    let (mut native, mut inside, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (micros, found) = natively(arguments, window);
        native.push(Duration::from_micros(micros));
        let inputs = inputs(Some(window), Some(&arguments.sample));
        let (took, call) = time(|| plugins.detect(&plugin, &inputs, &Cancel::default()));
        inside.push(Duration::from_micros(call.guest_micros));
        whole.push(took);
        assert_eq!(returned(call).len(), found, "both see the same");
    }
    let native = median(native);
    table.compare("detect, as a component", median(inside), "native", native);
    table.compare("detect, with process and sandbox", median(whole), "native", native);
}

/// How many microseconds, and how many findings.
fn natively(arguments: &Arguments, window: &Path) -> (u64, usize) {
    let mut detector = Command::new(&arguments.native_detector);
    let output = detector.arg(window).arg(&arguments.sample).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let (micros, found) = text.trim().split_once(' ').unwrap();
    (micros.parse().unwrap(), found.parse().unwrap())
}
