//! lcov's tracefiles: `SF:` names a file, `DA:line,hits` a line of it.

use super::Take;

/// Says each line.
pub fn read(content: &str, take: &mut Take<'_>) {
    let mut file = None;
    for line in content.lines() {
        if let Some(path) = line.strip_prefix("SF:") {
            file = Some(path.trim());
        } else if line.starts_with("end_of_record") {
            file = None;
        } else if let (Some(path), Some(data)) = (file, line.strip_prefix("DA:")) {
            let mut numbers = data.split(',').map(str::trim);
            let number = numbers.next().and_then(|text| text.parse::<u32>().ok());
            let hits = numbers.next().and_then(|text| text.parse::<f64>().ok());
            if let Some((number, hits)) = number.zip(hits) {
                take(path, number, hits > 0.0);
            }
        }
    }
}
