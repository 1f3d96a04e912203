//! The `CloudWatch` series of the Numenta Anomaly Benchmark: which labelled windows hold a change, and how many changes lie
//! outside of all windows. A series is cut into slices, and of each its median is looked at, and its greatest value, since
//! a peak is no change of the median.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use thymus_performance::statistics::change::{LONGEST, changes};
use thymus_performance::statistics::sample::median;

/// By chance, of one change.
const MOST_CHANCE: f64 = 0.01;
const SHORTEST: usize = 4;
/// Points before the first change that can be told.
const SLICES: usize = LONGEST;

pub fn score(dir: &Path) -> Result<String, String> {
    let labels = fs::read_to_string(dir.join("combined_windows.json")).map_err(|why| why.to_string())?;
    let labels: BTreeMap<String, Vec<[String; 2]>> = serde_json::from_str(&labels).map_err(|why| why.to_string())?;
    let (mut found, mut all, mut inside, mut total, mut series) = (0, 0, 0, 0, 0);
    for (name, windows) in labels {
        let file = dir.join(name.rsplit('/').next().unwrap_or(&name));
        let Ok(content) = fs::read_to_string(file) else { continue };
        let points: Vec<(&str, f64)> = content
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(','))
            .filter_map(|(time, value)| Some((time, value.trim().parse().ok()?)))
            .collect();
        let places = places(&points);
        series += 1;
        all += windows.len();
        // The labels write fractions of a second, the series don't; both sort as texts.
        let holds = |window: &[String; 2], time: &str| time >= &window[0][..19] && time <= &window[1][..19];
        found += windows.iter().filter(|window| places.iter().any(|time| holds(window, time))).count();
        inside += places.iter().filter(|time| windows.iter().any(|window| holds(window, time))).count();
        total += places.len();
    }
    Ok(format!(
        "{series} series: {found} of {all} labelled windows hold a change; {inside} of {total} changes lie in one"
    ))
}

/// The instants at which the series changes.
fn places<'a>(points: &[(&'a str, f64)]) -> Vec<&'a str> {
    let slices = SLICES.min(points.len() / 3);
    if slices < 2 * SHORTEST {
        return Vec::new();
    }
    let place = |slice: usize| slice * points.len() / slices;
    let values = |slice: usize| points[place(slice)..place(slice + 1)].iter().map(|point| point.1).collect::<Vec<_>>();
    let middles: Vec<f64> = (0..slices).map(|slice| median(&values(slice))).collect();
    let peaks: Vec<f64> =
        (0..slices).map(|slice| values(slice).into_iter().fold(f64::NEG_INFINITY, f64::max)).collect();
    let mut at: Vec<usize> = [middles, peaks]
        .iter()
        .flat_map(|series| changes(series, SHORTEST, MOST_CHANCE))
        .map(|change| change.at)
        .collect();
    at.sort_unstable();
    at.dedup();
    at.into_iter().map(|slice| points[place(slice)].0).collect()
}
