//! The table of results.

use std::time::Duration;

/// Rows, each a measurement beside what it is compared to.
pub struct Table {
    rows: Vec<[String; 4]>,
}

impl Table {
    pub fn new() -> Self {
        Self { rows: Vec::new() }
    }

    /// Two durations, the first so many times the second.
    pub fn compare(&mut self, what: &str, measured: Duration, against: &str, other: Duration) {
        let ratio = measured.as_secs_f64() / other.as_secs_f64().max(1e-9);
        let against = format!("{against}: {}", shown(other));
        let ratio = if ratio < 0.1 { format!("1/{:.0}", 1.0 / ratio) } else { format!("{ratio:.2}") };
        self.row(what, &shown(measured), &against, &ratio);
    }

    pub fn row(&mut self, what: &str, measured: &str, against: &str, ratio: &str) {
        eprintln!("bench: {what}: {measured}");
        self.rows.push([what, measured, against, ratio].map(str::to_owned));
    }

    pub fn print(&self) {
        let head = ["what", "measured", "against", "ratio"].map(str::to_owned);
        let rows: Vec<&[String; 4]> = std::iter::once(&head).chain(&self.rows).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths = [width(0), width(1), width(2), width(3)];
        println!();
        for row in rows {
            let [what, measured, against, ratio] = row;
            let [a, b, c, d] = widths;
            println!("{what:<a$}  {measured:>b$}  {against:<c$}  {ratio:>d$}");
        }
    }
}

/// With three digits that mean something.
pub fn shown(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    match micros {
        ..1000.0 => format!("{micros:.0} µs"),
        ..100_000.0 => format!("{:.1} ms", micros / 1e3),
        ..1_000_000.0 => format!("{:.0} ms", micros / 1e3),
        _ => format!("{:.1} s", micros / 1e6),
    }
}
