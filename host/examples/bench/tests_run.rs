//! A sample's test suite in the OS sandbox, as gates run it, and without.

use std::path::Path;
use std::process::Command;

use thymus::model::Cancel;
use thymus::sandbox::{Exit, Mount, Sandbox};

use crate::Arguments;
use crate::clock::by_turns;
use crate::plugin::jail;
use crate::table::{Table, shown};

const ROUNDS: u32 = 5;

pub fn measure(table: &mut Table, sandbox: &Sandbox, arguments: &Arguments, _work: &Path) {
    let what = "test run of order-shop in the sandbox";
    if Command::new("/usr/bin/node").arg("--version").output().is_err() {
        return table.row(what, "not measured", "there is no /usr/bin/node", "");
    }
    let mut jail = jail(&["/usr/bin/node", "--test"], "/work/repo");
    jail.mounts.push(Mount::Overlay { lower: arguments.sample.clone(), inside: "/work/repo".into(), bytes: 256 << 20 });
    let plain = |_| {
        let mut node = Command::new("/usr/bin/node");
        let output = node.arg("--test").current_dir(&arguments.sample).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    };
    let jailed = |_| {
        let ended = sandbox.run(&jail, &Cancel::default()).unwrap();
        assert_eq!(ended.exit, Exit::Code(0), "{}", String::from_utf8_lossy(&ended.stdout));
    };
    let (jailed, plain) = by_turns(ROUNDS, jailed, plain);
    table.compare(what, jailed, "plain", plain);
    let added = jailed.saturating_sub(plain);
    table.row("  added by the sandbox", &shown(added), "", "");
}
