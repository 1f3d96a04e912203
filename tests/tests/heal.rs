//! Both samples, from their recorded production telemetry to reviewed branches, with the plugins that thymus brings.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;

use serde_json::Value;
use thymus_tests::{Shop, components, json, run, samples};

/// What the sample's recordings say is wrong: capability, handler, file, and the lines that count as found.
struct Planted {
    capability: &'static str,
    handler: &'static str,
    path: &'static str,
    lines: std::ops::RangeInclusive<u64>,
}

const fn planted(
    capability: &'static str,
    handler: &'static str,
    path: &'static str,
    lines: std::ops::RangeInclusive<u64>,
) -> Planted {
    Planted { capability, handler, path, lines }
}

const ORDER_SHOP: [Planted; 9] = [
    planted("error", "couponDiscount", "src/handlers/cart.js", 52..=52),
    planted("error", "giftWrap", "src/handlers/shipping.js", 54..=54),
    planted("error", "refundPayment", "src/handlers/payment.js", 45..=46),
    planted("performance", "searchProducts", "src/handlers/catalog.js", 43..=43),
    planted("behavior", "POST /checkout", "src/app.js", 62..=64),
    planted("coverage", "discountPreview", "src/handlers/reports.js", 40..=42),
    planted("state", "shippingQuote", "src/handlers/shipping.js", 18..=18),
    planted("dependency", "salesReport", "src/handlers/reports.js", 10..=10),
    planted("documentation", "README.md", "README.md", 32..=32),
];

const INVENTORY: [Planted; 12] = [
    planted("error", "purchase_cost", "inventory/handlers/suppliers.py", 79..=79),
    planted("error", "supplier_contact", "inventory/handlers/suppliers.py", 53..=54),
    planted("error", "days_of_cover", "inventory/handlers/forecast.py", 47..=47),
    planted("error", "parse_count_line", "inventory/handlers/counts.py", 50..=50),
    planted("error", "earliest_lot", "inventory/handlers/lots.py", 34..=34),
    planted("error", "book_delivery", "inventory/handlers/deliveries.py", 53..=56),
    planted("performance", "search_items", "inventory/handlers/items.py", 74..=74),
    planted("behavior", "POST /dispatches", "inventory/app.py", 122..=124),
    planted("coverage", "stack_pallets", "inventory/handlers/pallets.py", 11..=13),
    planted("state", "read_sheet", "inventory/handlers/counts.py", 94..=94),
    planted("dependency", "expired_lots", "inventory/handlers/lots.py", 80..=80),
    planted("documentation", "issue_stock", "inventory/handlers/stock.py", 89..=89),
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
    let shop = Shop::of_released_sample(sample);
    let recordings = samples().join(sample).join("recordings");
    let mut heal = shop.heal(&components("plugins"), &recordings.join("faulty.jsonl.gz"));
    let report = json(heal.arg("--baseline").arg(recordings.join("healthy.jsonl.gz")), 0);
    keeps_to_the_schema(&report);

    let cases = report["cases"].as_array().unwrap();
    assert_eq!(cases.len(), planted.len(), "{report:#}");
    for Planted { capability, handler, path, lines } in planted {
        let is_it = |case: &&Value| case["subject"] == *handler && case["capability"] == *capability;
        let case = cases.iter().find(is_it).unwrap_or_else(|| panic!("{capability} of {handler}: {report:#}"));
        assert_eq!(case["location"]["path"], *path, "{case:#}");
        assert!(lines.contains(&case["location"]["start_line"].as_u64().unwrap()), "{case:#}");
        let gates = case["gates"].as_array().unwrap();
        assert_eq!(gates.len(), 7, "{case:#}");
        for gate in gates {
            // No test can show that words are wrong.
            let untestable = *capability == "documentation" && gate["name"] == "reproduces";
            assert!(untestable || gate["status"] == "passed", "{case:#}");
        }
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
    for trailer in ["Thymus-Case: ", "Thymus-Plugin: thymus-", "Thymus-Policy: sha256:"] {
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
