//! coverage.py's JSON (`files`, `executed_lines`, `missing_lines`) and Istanbul's (`statementMap`, `s`).

use serde_json::Value;

use super::Take;

/// Says each line.
pub fn read(content: &str, take: &mut Take<'_>) {
    let Ok(Value::Object(report)) = serde_json::from_str::<Value>(content) else { return };
    if let Some(Value::Object(files)) = report.get("files") {
        for (path, file) in files {
            for (key, ran) in [("executed_lines", true), ("missing_lines", false)] {
                let lines = file.get(key).and_then(Value::as_array).into_iter().flatten();
                lines.filter_map(number).for_each(|line| take(path, line, ran));
            }
        }
        return;
    }
    for (path, file) in &report {
        let (Some(Value::Object(map)), Some(Value::Object(hits))) = (file.get("statementMap"), file.get("s")) else {
            continue;
        };
        for (id, place) in map {
            let line = place.pointer("/start/line").and_then(number);
            if let Some((line, hits)) = line.zip(hits.get(id).and_then(Value::as_u64)) {
                take(path, line, hits > 0);
            }
        }
    }
}

fn number(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|line| u32::try_from(line).ok())
}
