//! A sample's test suite in the OS sandbox, as gates run it, and without.

use std::process::Command;

use thymus::model::Cancel;
use thymus::sandbox::{Exit, Mount, Sandbox};

use crate::Arguments;
use crate::clock::by_turns;
use crate::plugin::jail;
use crate::table::{Table, shown};

const ROUNDS: u32 = 7;
const ARGUMENTS: [&str; 2] = ["--test", "--test-reporter=tap"];

pub fn measure(table: &mut Table, sandbox: &Sandbox, arguments: &Arguments) {
    let what = "test run of order-shop in the sandbox";
    if Command::new("/usr/bin/node").arg("--version").output().is_err() {
        return table.row(what, "not measured", "there is no /usr/bin/node", "");
    }
    let mut jail = jail(&["/usr/bin/node", ARGUMENTS[0], ARGUMENTS[1]], "/work/repo");
    jail.mounts.push(Mount::Overlay { lower: arguments.sample.clone(), inside: "/work/repo".into(), bytes: 256 << 20 });
    let passed = |stdout: &[u8]| {
        let text = String::from_utf8_lossy(stdout);
        let line = text.lines().find_map(|line| line.strip_prefix("# pass "));
        line.map_or_else(|| panic!("no tests ran: {text}"), |count| count.parse::<u32>().unwrap())
    };
    let plain = |_| {
        let mut node = Command::new("/usr/bin/node");
        node.args(ARGUMENTS).current_dir(&arguments.sample).env_clear();
        let output = node.output().unwrap();
        assert!(output.status.success());
        assert!(passed(&output.stdout) > 0);
    };
    let jailed = |_| {
        let ended = sandbox.run(&jail, &Cancel::default()).unwrap();
        assert_eq!(ended.exit, Exit::Code(0));
        assert!(passed(&ended.stdout) > 0);
    };
    let (jailed, plain) = by_turns(ROUNDS, jailed, plain);
    table.compare(what, jailed, "plain", plain);
    let added = jailed.checked_sub(plain).map_or_else(|| "less than the noise".to_owned(), shown);
    table.row("  added by the sandbox", &added, "", "");
}
