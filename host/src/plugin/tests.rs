//! Attacks on the reading of plugins. The specimens were made from `wit/0.1.0/plugin.wit` by `specimens/make.rs.txt`.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::model::{Capability, Digest, Export, Grant, PluginLimits};

const HEALER: &[u8] = include_bytes!("specimens/healer.wasm");
const DETECTOR: &[u8] = include_bytes!("specimens/detector-plugin.wasm");
const DIAGNOSER: &[u8] = include_bytes!("specimens/diagnoser-plugin.wasm");
const FIXER: &[u8] = include_bytes!("specimens/fixer-plugin.wasm");
const LIAR: &[u8] = include_bytes!("specimens/liar.wasm");
const NETWORKED: &[u8] = include_bytes!("specimens/networked.wasm");

struct Bench(tempfile::TempDir);

impl Bench {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn code(&self, name: &str, bytes: &[u8]) -> &'static str {
        inspect(&self.file(name, bytes)).unwrap_err().code()
    }
}

/// A custom section, put at a component's end.
fn with_section(component: &[u8], name: &str, data: &[u8]) -> Vec<u8> {
    let mut body = vec![u8::try_from(name.len()).unwrap()];
    body.extend(name.as_bytes());
    body.extend(data);
    let mut bytes = component.to_vec();
    bytes.push(0);
    let mut left = body.len();
    while left >= 0x80 {
        bytes.push(u8::try_from(left & 0x7f).unwrap() | 0x80);
        left >>= 7;
    }
    bytes.push(u8::try_from(left).unwrap());
    bytes.extend(body);
    bytes
}

fn grant(history: bool) -> Grant {
    Grant {
        telemetry: true,
        source: vec!["**".to_owned()],
        history,
        settings: "{}".to_owned(),
        limits: PluginLimits::default(),
    }
}

#[test]
fn the_specimens_belong_to_this_contract() {
    // `%` before a name only escapes it; it changes no type.
    let contract = include_str!("../../../wit/0.1.0/plugin.wit").replace("%from:", "from:");
    assert_eq!(
        Digest::of(contract).to_string(),
        "9f70a8b7f1a040f5e4b14b722964a5874b3e075f4eebf0c3ed1b47c7ad3083a9",
        "plugin.wit changed: make the specimens again, then put its digest here"
    );
}

#[test]
fn a_healer_says_all_that_it_is() {
    let bench = Bench::new();
    let facts = inspect(&bench.file("healer.wasm", HEALER)).unwrap();
    assert_eq!(facts.name, "healer");
    assert_eq!(facts.version, "1.2.3");
    assert_eq!(facts.digest, Digest::of(HEALER));
    assert_eq!(facts.bytes, HEALER.len() as u64);
    assert_eq!(facts.authors.as_deref(), Some("Ada"));
    assert_eq!(facts.licence.as_deref(), Some("Apache-2.0"));
    assert_eq!(facts.source.as_deref(), Some("https://example.org/healer"));
    assert_eq!(facts.description.as_deref(), Some("Heals"));
    assert_eq!(facts.capabilities, [Capability::Error]);
    assert_eq!(facts.languages, ["javascript"]);
    assert_eq!(facts.exports, [Export::Detect, Export::Diagnose, Export::Propose]);
    assert!(facts.imports.contains(&"thymus:plugin/host@0.1.0".to_owned()), "{:?}", facts.imports);
    assert_eq!(facts.contract, "0.1.0");
}

#[test]
fn each_world_is_known_by_its_type() {
    let bench = Bench::new();
    for (bytes, export) in [(DETECTOR, Export::Detect), (DIAGNOSER, Export::Diagnose), (FIXER, Export::Propose)] {
        assert_eq!(inspect(&bench.file("one.wasm", bytes)).unwrap().exports, [export]);
    }
}

#[test]
fn the_right_name_with_another_type_is_refused() {
    assert_eq!(Bench::new().code("liar.wasm", LIAR), "TH-PLUGIN-WRONG-TYPE");
}

#[test]
fn what_is_no_component_is_refused_by_what_it_is() {
    let bench = Bench::new();
    assert_eq!(bench.code("a.wasm", b""), "TH-PLUGIN-NOT-WASM");
    assert_eq!(bench.code("a.wasm", b"#!/bin/sh\n"), "TH-PLUGIN-NOT-WASM");
    assert_eq!(bench.code("a.wasm", b"\0asm\x01\0\0\0"), "TH-PLUGIN-CORE-MODULE");
    assert_eq!(bench.code("a.wasm", b"\x7fELF\x02\x01\x01"), "TH-PLUGIN-COMPILED");
    assert_eq!(bench.code("a.CWASM", HEALER), "TH-PLUGIN-COMPILED");
    assert_eq!(bench.code("a.wasm", b"\0asm\x0d\0\x01\0"), "TH-PLUGIN-NO-EXPORTS");
    assert_eq!(inspect(bench.0.path()).unwrap_err().code(), "TH-PLUGIN-NOT-A-FILE");
    assert_eq!(inspect(&bench.0.path().join("none.wasm")).unwrap_err().code(), "TH-PLUGIN-IO");
}

#[test]
fn a_file_larger_than_allowed_is_refused_before_it_is_read() {
    let bench = Bench::new();
    let path = bench.file("big.wasm", HEALER);
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len((64 << 20) + 1).unwrap();
    assert_eq!(inspect(&path).unwrap_err().code(), "TH-PLUGIN-TOO-LARGE");
}

#[test]
fn a_truncated_or_damaged_component_never_panics_or_gains_exports() {
    let path = std::path::Path::new("x.wasm");
    for length in 0..DETECTOR.len() {
        // Only a cut that loses nothing but custom sections (their id is 0) leaves a plugin.
        if let Ok(facts) = facts::facts_of(path, &DETECTOR[..length]) {
            assert_eq!((facts.exports.as_slice(), DETECTOR[length]), ([Export::Detect].as_slice(), 0), "{length}");
        }
    }
    for at in 0..DETECTOR.len() {
        let mut bytes = DETECTOR.to_vec();
        bytes[at] ^= 0x55;
        if let Ok(facts) = facts::facts_of(path, &bytes) {
            assert_eq!(facts.exports, [Export::Detect], "byte {at}");
        }
    }
}

#[test]
fn metadata_that_lies_or_floods_is_refused() {
    let bench = Bench::new();
    let cases: [(&str, &[u8]); 5] = [
        ("authors", &[0xff, 0xfe]),
        ("description", &[b'a'; 5000]),
        ("version", b"1.0\x1b[31m"),
        (facts::SECTION, b"{\"capabilities\":[\"root\"]}"),
        (facts::SECTION, b"not json"),
    ];
    for (section, data) in cases {
        assert_eq!(bench.code("a.wasm", &with_section(DETECTOR, section, data)), "TH-PLUGIN-METADATA", "{section}");
    }
    let twice = with_section(&with_section(DETECTOR, "version", b"1.0.0"), "version", b"2.0.0");
    assert_eq!(bench.code("a.wasm", &twice), "TH-PLUGIN-METADATA");
}

#[test]
fn a_name_that_is_a_path_or_an_escape_is_refused() {
    let bench = Bench::new();
    for name in ["../up", "a/b", "\x1b[2J", ".hidden", ""] {
        let mut data = vec![0, u8::try_from(name.len() + 1).unwrap(), u8::try_from(name.len()).unwrap()];
        data.extend(name.as_bytes());
        let bytes = with_section(b"\0asm\x0d\0\x01\0", "component-name", &data);
        assert_eq!(bench.code("fine.wasm", &bytes), "TH-PLUGIN-NAME", "{name:?}");
    }
}

#[test]
fn an_import_of_the_network_is_refused_and_named() {
    let bench = Bench::new();
    let facts = inspect(&bench.file("n.wasm", NETWORKED)).unwrap();
    let refusal = audit(&facts, &grant(true)).unwrap_err();
    assert_eq!(refusal.code(), "TH-PLUGIN-IMPORT");
    assert!(refusal.to_string().contains("wasi:sockets/tcp@0.2.3"), "{refusal}");
}

#[test]
fn only_listed_imports_pass_the_audit() {
    let bench = Bench::new();
    let mut facts = inspect(&bench.file("h.wasm", HEALER)).unwrap();
    let wasi = ["wasi:filesystem/types@0.2.6", "wasi:cli/environment@0.2.0", "wasi:clocks/wall-clock@0.2.10"];
    facts.imports.extend(wasi.map(str::to_owned));
    audit(&facts, &grant(true)).unwrap();
    for import in [
        "wasi:http/outgoing-handler@0.2.0",
        "wasi:sockets/instance-network@0.2.0",
        "wasi:sockets/tcp",
        "wasi:filesystem/types@0.3.0",
        "wasi:filesystem/types",
        "wasi:filesystem/types@0.2.0/../x",
        "wasi:keyvalue/store@0.2.0",
        "thymus:plugin/host@0.2.0",
        "thymus:plugin/admin@0.1.0",
        "env",
        "",
    ] {
        let mut facts = facts.clone();
        facts.imports.push(import.to_owned());
        let refusal = audit(&facts, &grant(true)).unwrap_err();
        assert_eq!(refusal.code(), "TH-PLUGIN-IMPORT", "{import}");
        assert!(refusal.to_string().contains(&format!("{import:?}")), "{refusal}");
    }
}

#[test]
fn history_must_be_granted() {
    let bench = Bench::new();
    let facts = inspect(&bench.file("h.wasm", HEALER)).unwrap();
    assert_eq!(facts.host_functions, ["log", "progress", "settings", "history"]);
    audit(&facts, &grant(true)).unwrap();
    assert_eq!(audit(&facts, &grant(false)).unwrap_err().code(), "TH-PLUGIN-NOT-GRANTED");
}

#[test]
fn a_plugin_is_added_listed_and_removed() {
    let bench = Bench::new();
    let dir = bench.0.path().join("plugins");
    assert!(folder(&dir).unwrap().is_empty());
    let facts = add(&dir, &bench.file("healer.wasm", HEALER)).unwrap();
    assert_eq!(folder(&dir).unwrap(), [dir.join("healer.wasm")]);
    assert_eq!(inspect(&dir.join("healer.wasm")).unwrap(), facts);
    assert_eq!(remove(&dir, "healer").unwrap(), dir.join("healer.wasm"));
    assert_eq!(remove(&dir, "healer").unwrap_err().code(), "TH-PLUGIN-MISSING");
    assert!(folder(&dir).unwrap().is_empty());
}

#[test]
fn adding_never_overwrites_and_leaves_nothing_of_a_refused_file() {
    let bench = Bench::new();
    let dir = bench.0.path().join("plugins");
    add(&dir, &bench.file("p.wasm", HEALER)).unwrap();
    let other = bench.0.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("p.wasm"), DETECTOR).unwrap();
    assert_eq!(add(&dir, &other.join("p.wasm")).unwrap_err().code(), "TH-PLUGIN-EXISTS");
    assert_eq!(fs::read(dir.join("p.wasm")).unwrap(), HEALER);
    assert_eq!(add(&dir, &bench.file("liar.wasm", LIAR)).unwrap_err().code(), "TH-PLUGIN-WRONG-TYPE");
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
}

#[test]
fn removing_stays_inside_the_folder() {
    let bench = Bench::new();
    let outside = bench.file("outside.wasm", HEALER);
    let dir = bench.0.path().join("plugins");
    fs::create_dir(&dir).unwrap();
    assert_eq!(remove(&dir, "../outside").unwrap_err().code(), "TH-PLUGIN-NAME");
    assert!(outside.exists());
}
