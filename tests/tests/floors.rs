//! Versions below which a library is known to have a hole; THREATS.md of the design names the advisories.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;

/// Name, the least version that is safe, and the first that was not looked at.
const FLOORS: [(&str, [u64; 3], [u64; 3]); 3] = [
    ("wasmtime", [48, 0, 8], [49, 0, 0]),
    ("wasmtime-wasi", [48, 0, 8], [49, 0, 0]),
    // Attribute lists in quadratic time.
    ("quick-xml", [0, 41, 0], [1, 0, 0]),
];

fn version(text: &str) -> [u64; 3] {
    let mut parts = text.split(['.', '-', '+']).map(|part| part.parse().unwrap());
    std::array::from_fn(|_| parts.next().unwrap())
}

#[test]
fn no_locked_library_lies_below_its_floor() {
    let lock = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock")).unwrap();
    for (name, floor, ceiling) in FLOORS {
        let mut found = 0;
        for package in lock.split("[[package]]") {
            let value = |key: &str| {
                let line = package.lines().find_map(|line| line.strip_prefix(&format!("{key} = ")))?;
                Some(line.trim_matches('"').to_owned())
            };
            if value("name").as_deref() == Some(name) {
                let locked = version(&value("version").unwrap());
                assert!(
                    locked >= floor && locked < ceiling,
                    "{name} {locked:?}: at least {floor:?}, below {ceiling:?}"
                );
                found += 1;
            }
        }
        assert!(found > 0, "{name} is not locked at all");
    }
}
