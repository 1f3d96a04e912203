//! Encodes the contract's single-interface worlds as component types. wit-bindgen generates code once, for all three
//! interfaces; which of them a plugin exports is told to the linker by these, one for each `export_…!`.

use std::path::PathBuf;

use wit_component::StringEncoding;
use wit_parser::Resolve;

fn main() {
    println!("cargo::rerun-if-changed=../../wit/0.1.0");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path("../../wit/0.1.0").expect("the contract parses");
    let mut consts = Vec::new();
    for interface in ["detector", "diagnoser", "fixer"] {
        let name = format!("{interface}-plugin");
        let world = resolve.select_world(&[package], Some(&name)).expect("the contract has this world");
        let bytes = wit_component::metadata::encode(&resolve, world, StringEncoding::UTF8, None).expect("it encodes");
        std::fs::write(out.join(&name), &bytes).expect("OUT_DIR can be written");
        consts.push(format!(
            "pub const {}: [u8; {}] = *include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}\"));",
            interface.to_uppercase(),
            bytes.len(),
        ));
    }
    std::fs::write(out.join("worlds.rs"), consts.join("\n")).expect("OUT_DIR can be written");
}
