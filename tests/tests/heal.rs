//! Both samples, from their recorded production telemetry to reviewed branches, with the plugin that thymus brings.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;

use serde_json::Value;
use thymus_tests::{Shop, components, json, run, samples};

/// What the sample's recordings say is wrong: handler, file, and the lines that count as found.
struct Planted {
    handler: &'static str,
    path: &'static str,
    lines: std::ops::RangeInclusive<u64>,
}

const ORDER_SHOP: [Planted; 3] = [
    Planted { handler: "couponDiscount", path: "src/handlers/cart.js", lines: 52..=52 },
    Planted { handler: "giftWrap", path: "src/handlers/shipping.js", lines: 46..=46 },
    Planted { handler: "refundPayment", path: "src/handlers/payment.js", lines: 45..=46 },
];

const INVENTORY: [Planted; 6] = [
    Planted { handler: "purchase_cost", path: "inventory/handlers/suppliers.py", lines: 79..=79 },
    Planted { handler: "supplier_contact", path: "inventory/handlers/suppliers.py", lines: 53..=54 },
    Planted { handler: "days_of_cover", path: "inventory/handlers/forecast.py", lines: 47..=47 },
    Planted { handler: "parse_count_line", path: "inventory/handlers/counts.py", lines: 50..=50 },
    Planted { handler: "earliest_lot", path: "inventory/handlers/lots.py", lines: 34..=34 },
    Planted { handler: "book_delivery", path: "inventory/handlers/deliveries.py", lines: 53..=56 },
];

#[test]
fn the_order_shop_is_healed() {
    is_healed("order-shop", &ORDER_SHOP);
}

#[test]
fn the_inventory_service_is_healed() {
    is_healed("inventory-service", &INVENTORY);
}

#[test]
fn healthy_recordings_hold_nothing_to_heal() {
    for sample in ["order-shop", "inventory-service"] {
        let shop = Shop::of_sample(sample);
        let recording = samples().join(sample).join("recordings/healthy.jsonl.gz");
        let report = json(shop.heal(&components("plugins"), &recording).arg("--check"), 0);
        assert_eq!(report["cases"], Value::Array(Vec::new()), "{sample}");
    }
}

#[test]
fn telemetry_that_holds_nothing_is_not_taken_for_health() {
    let shop = Shop::of_sample("order-shop");
    for (name, text, said) in [("empty.jsonl", "", "no spans"), ("garbage.jsonl", "{\"a\n}}\n", "2 damaged")] {
        let telemetry = shop.beside(name, text);
        let done = run(&mut shop.heal(&components("plugins"), &telemetry), 1);
        assert!(thymus_tests::said(&done).contains(said), "{}", thymus_tests::said(&done));
    }
}

fn is_healed(sample: &str, planted: &[Planted]) {
    let shop = Shop::of_sample(sample);
    let recordings = samples().join(sample).join("recordings");
    let mut heal = shop.heal(&components("plugins"), &recordings.join("faulty.jsonl.gz"));
    let report = json(heal.arg("--baseline").arg(recordings.join("healthy.jsonl.gz")), 0);
    keeps_to_the_schema(&report);

    let cases = report["cases"].as_array().unwrap();
    assert_eq!(cases.len(), planted.len(), "{report:#}");
    for Planted { handler, path, lines } in planted {
        let case =
            cases.iter().find(|case| case["subject"] == *handler).unwrap_or_else(|| panic!("{handler}: {report:#}"));
        assert_eq!(case["location"]["path"], *path, "{case:#}");
        assert!(lines.contains(&case["location"]["start_line"].as_u64().unwrap()), "{case:#}");
        let gates: Vec<_> =
            case["gates"].as_array().unwrap().iter().map(|gate| gate["status"].as_str().unwrap()).collect();
        assert_eq!(gates.len(), 7, "{case:#}");
        assert!(gates.iter().all(|status| *status == "passed"), "{case:#}");
        assert_eq!(case["decision"]["outcome"], "hold", "{case:#}");
        delivered(&shop, case);
    }
    assert_eq!(shop.git(&["status", "--porcelain"]), "");
    assert_eq!(shop.git(&["branch", "--show-current"]).trim(), "main");
    run(&mut shop.thymus(&["ledger", "verify"]), 0);

    // The same telemetry again is no news: the cases wait, and nothing is delivered twice.
    let head = shop.git(&["for-each-ref", "refs/heads"]);
    let mut again = shop.heal(&components("plugins"), &recordings.join("faulty.jsonl.gz"));
    let report = json(again.arg("--baseline").arg(recordings.join("healthy.jsonl.gz")), 0);
    assert_eq!(report["cases"].as_array().unwrap().len(), planted.len());
    assert_eq!(shop.git(&["for-each-ref", "refs/heads"]), head);
}

/// The branch holds one commit on top of main, whose diff is the reported one and whose message says who and why.
fn delivered(shop: &Shop, case: &Value) {
    let branch = case["branch"].as_str().unwrap();
    assert_eq!(shop.git(&["rev-list", "--count", &format!("main..{branch}")]).trim(), "1");
    let changed = shop.git(&["diff", "--name-only", "main", branch]);
    let files: Vec<_> =
        case["proposal"]["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap()).collect();
    assert_eq!(changed.lines().collect::<std::collections::BTreeSet<_>>(), files.into_iter().collect());
    let message = shop.git(&["show", "--no-patch", "--format=%(trailers)", branch]);
    for trailer in ["Thymus-Case: ", "Thymus-Plugin: thymus-errors ", "Thymus-Policy: sha256:"] {
        assert!(message.contains(trailer), "{message}");
    }
}

fn keeps_to_the_schema(report: &Value) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/heal.schema.json");
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    let schema = compiler.compile(file.to_str().unwrap(), &mut schemas).unwrap();
    if let Err(error) = schemas.validate(report, schema) {
        panic!("docs/heal.schema.json: {error}");
    }
}
