//! Patches whose code under test forges the result: each breaks what it should keep, or hides that it might.

use thymus::model::GateName;

use crate::bench::{Trial, all_passed, refused};
use crate::node::repaired;
use crate::python::{FIXED, NEW, inventory};

fn python(forgery: &str) -> Trial {
    inventory().change("stock.py", &format!("{forgery}\n\n\n{FIXED}")).change("tests/test_unknown.py", NEW)
}

#[test]
fn an_interpreter_that_always_ends_well() {
    let trial = python("import atexit\nimport os\n\natexit.register(lambda: os._exit(0))");
    refused(&trial.prove(), GateName::RegressesNothing, "TH-VAL-FORGED");
}

#[test]
fn assertions_that_were_replaced() {
    let trial = python("import unittest\n\nunittest.TestCase.assertEqual = lambda self, a, b, msg=None: None");
    refused(&trial.prove(), GateName::RegressesNothing, "TH-VAL-FORGED");
}

#[test]
fn a_result_that_forgets_failures() {
    let forgery = "import unittest\n\nunittest.TestCase.run = lambda self, result=None: (result.startTest(self), \
                   result.addSuccess(self), result.stopTest(self))";
    refused(&python(forgery).prove(), GateName::RegressesNothing, "TH-VAL-FORGED");
}

#[test]
fn a_report_that_the_code_under_test_writes_itself() {
    // It takes the real report, declares every test passed, and ends well.
    let forgery = "import atexit\nimport os\nimport re\n\n\ndef forge():\n    text = open('/tmp/junit.xml').read()\n    \
        text = re.sub(r'><failure.*?</testcase>', '/>', text, flags=re.S)\n    open('/tmp/junit.xml', 'w').write(text)\n    \
        os._exit(0)\n\n\natexit.register(forge)";
    refused(&python(forgery).prove(), GateName::RegressesNothing, "TH-VAL-FORGED");
}

#[test]
fn tests_that_are_skipped_or_vanish() {
    let skips = "import unittest\n\n_run = unittest.TestCase.run\n\n\ndef run(self, result=None):\n    \
        if 'known' in self.id() and 'unknown' not in self.id():\n        \
        setattr(self, self._testMethodName, unittest.skip('no')(getattr(self, self._testMethodName)))\n        \
        result.startTest(self); result.addSkip(self, 'no'); result.stopTest(self); return result\n    \
        return _run(self, result)\n\n\nunittest.TestCase.run = run";
    refused(&python(skips).prove(), GateName::RegressesNothing, "TH-VAL-SKIPPED");
    let hides = "import unittest\n\n_run = unittest.TestCase.run\nunittest.TestCase.run = lambda self, result=None: \
        None if 'known' in self.id() and 'unknown' not in self.id() else _run(self, result)";
    refused(&python(hides).prove(), GateName::RegressesNothing, "TH-VAL-VANISHED");
}

#[test]
fn reports_that_are_no_plain_files() {
    for (trick, why) in [
        ("os.symlink('/etc/passwd', p)", "a link"),
        ("os.mkfifo(p)", "a pipe"),
        ("f = open(p, 'wb'); f.truncate(1 << 27); f.close()", "too long"),
        ("open(p, 'w').write('<!DOCTYPE x [<!ENTITY a \"b\">]><testsuite/>')", "a document type"),
        ("open(p, 'w').write('<testsuite><testcase name=\"a\"/>')", "cut off"),
        ("pass", "missing"),
    ] {
        let forgery = format!(
            "import atexit\nimport os\n\n\ndef forge(p='/tmp/junit.xml'):\n    os.unlink(p)\n    {trick}\n\n\natexit.register(forge)"
        );
        let gate = refused(&python(&forgery).prove(), GateName::Reproduces, "TH-VAL-REPORT");
        assert!(gate.detail.contains("report"), "{why}: {gate:?}");
    }
}

#[test]
fn a_process_that_ends_before_its_tests_failed() {
    // node:test asks no process for its exit status, so this one hides nothing, and what it breaks is seen.
    let mut trial = repaired();
    let fixed = trial.patch[0].1.clone().unwrap();
    let breaks = fixed.replace("return lines", "if (lines.length === 2) return 0;\n  return lines");
    trial.patch[0].1 = Some(format!("process.on('exit', () => process.reallyExit(0));\n{breaks}"));
    refused(&trial.prove(), GateName::RegressesNothing, "TH-VAL-REGRESSION");
    trial.patch[0].1 = Some(format!("setImmediate(() => process.exit(0));\n{fixed}"));
    refused(&trial.prove(), GateName::RegressesNothing, "TH-VAL-FORGED");
}

#[test]
fn node_assertions_that_were_replaced() {
    let mut trial = repaired();
    let fixed = trial.patch[0].1.clone().unwrap();
    for forgery in [
        "import assert from 'node:assert';\nassert.strict.equal = () => {};",
        "import assert from 'node:assert';\nassert.throws = () => {};",
    ] {
        trial.patch[0].1 = Some(format!("{forgery}\n{fixed}"));
        refused(&trial.prove(), GateName::RegressesNothing, "TH-VAL-FORGED");
    }
}

#[test]
fn what_no_machine_can_tell() {
    // A value that equals everything: exit status, report and canaries are clean. docs/validation.md says so, and it is
    // why a person stays in the loop.
    let anything = "class Anything(int):\n    def __eq__(self, other):\n        return True\n\n    __hash__ = int.__hash__\n\n\n\
                    def level(items, name):\n    return Anything(7)\n";
    let trial = inventory().change("stock.py", anything).change("tests/test_unknown.py", NEW);
    all_passed(&trial.prove());
}
