//! A repair of the order shop, as a careful person would write it.

use std::path::Path;
use std::time::Instant;

use thymus::model::Framework;

use crate::bench::{Trial, all_passed};

/// Every file of a sample.
fn sample(trial: Trial, top: &Path) -> Trial {
    let mut trial = trial;
    let mut folders = vec![top.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                trial.files.push((path.strip_prefix(top).unwrap().to_str().unwrap().to_owned(), text));
            }
        }
    }
    trial
}

#[test]
fn a_fault_of_the_order_shop_is_proved_repaired() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/samples/order-shop");
    let mut trial = sample(Trial::new(Framework::NodeTest, &["node"], None, "x"), &top);
    let described = trial.files.iter().find(|(name, _)| name == "thymus.toml").unwrap();
    trial.project = thymus::project::parse(&described.1).unwrap();
    let cart = trial.files.iter().find(|(name, _)| name == "src/handlers/cart.js").unwrap().1.clone();
    let repaired = cart.replace("coupon.limits.minimumCents", "coupon.limits?.minimumCents");
    assert_ne!(cart, repaired, "the fault of recordings/README.md is there");
    let test = "import test from 'node:test';\nimport assert from 'node:assert/strict';\n\
        import { couponDiscount } from '../src/handlers/cart.js';\n\n\
        test('a coupon without limits has no minimum', () => {\n\
        \x20 assert.deepEqual(couponDiscount({ code: 'FRIENDS5', subtotalCents: 2000 }), { code: 'FRIENDS5', discountCents: 100 });\n\
        });\n";
    let trial = trial.change("src/handlers/cart.js", &repaired).change("test/coupon-limits.test.js", test);
    let started = Instant::now();
    let verdict = trial.prove();
    println!("first proof: {:?}; {:#?}", started.elapsed(), verdict);
    all_passed(&verdict);
    let started = Instant::now();
    all_passed(&trial.prove());
    println!("with a kept baseline: {:?}", started.elapsed());
}
