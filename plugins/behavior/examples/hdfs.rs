//! How the learned rules do on sequences that others labelled: HDFS block operations (`hdfs-sequences`, see its README),
//! beside the usual simple model, which calls a sequence unusual that has a pair of neighbours unseen in training.
//!
//! `cargo run --example hdfs -- FOLDER` prints true and false positive rates for several shares of the normal sequences to
//! learn from, each the mean of ten seeded splits. Every distinct sequence counts once, in training and in testing.

use std::collections::BTreeSet;
use std::path::Path;

use thymus_behavior::rules::Rules;
use thymus_behavior::traces::Run;

const SPLITS: u64 = 10;
/// Sequences that must speak for a rule.
const SUPPORT: u64 = 10;

fn main() -> std::io::Result<()> {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: hdfs FOLDER");
        std::process::exit(2);
    };
    let normal = read(&Path::new(&folder).join("normal.txt"))?;
    let known: BTreeSet<&Vec<u32>> = normal.iter().collect();
    let abnormal = read(&Path::new(&folder).join("abnormal.txt"))?;
    let abnormal: Vec<&Vec<u32>> = abnormal.iter().filter(|one| !known.contains(one)).collect();
    println!("{} normal, {} abnormal sequences, mean of {SPLITS} splits", normal.len(), abnormal.len());
    println!("learned from | rules: true  false | neighbours: true  false");
    for percent in [30, 50, 70, 90] {
        let mut sums = [0.0; 4];
        for seed in 0..SPLITS {
            let shuffled = shuffled(&normal, seed);
            let (training, rest) = shuffled.split_at(normal.len() * percent / 100);
            let (rules, neighbours) = (rules(training), neighbours(training));
            let unusual = |one: &&Vec<u32>| !rules.broken_by(&run(one)).is_empty();
            let unseen = |one: &&Vec<u32>| one.windows(2).any(|pair| !neighbours.contains(pair));
            for (sum, rate) in sums.iter_mut().zip([
                rate(&abnormal, unusual),
                rate(rest, unusual),
                rate(&abnormal, unseen),
                rate(rest, unseen),
            ]) {
                *sum += rate;
            }
        }
        let [a, b, c, d] = sums.map(|sum| 100.0 * sum / 10.0);
        println!("{percent:>10} % | {a:>10.2}% {b:>5.2}% | {c:>15.2}% {d:>5.2}%");
    }
    Ok(())
}

fn read(path: &Path) -> std::io::Result<Vec<Vec<u32>>> {
    let text = std::fs::read_to_string(path)?;
    let lines = text.lines().map(|line| line.split_whitespace().filter_map(|key| key.parse().ok()).collect());
    Ok(lines.filter(|keys: &Vec<u32>| !keys.is_empty()).collect())
}

fn run(keys: &[u32]) -> Run {
    Run::in_order(keys.iter().copied(), false)
}

fn rules(training: &[&Vec<u32>]) -> Rules {
    let runs: Vec<Run> = training.iter().map(|one| run(one)).collect();
    Rules::of(runs.iter().map(|run| (run, 1)), SUPPORT)
}

fn neighbours<'t>(training: &[&'t Vec<u32>]) -> BTreeSet<&'t [u32]> {
    training.iter().flat_map(|one| one.windows(2)).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand sequences")]
fn rate(of: &[&Vec<u32>], is: impl Fn(&&Vec<u32>) -> bool) -> f64 {
    of.iter().filter(|one| is(one)).count() as f64 / of.len().max(1) as f64
}

/// In an order that depends on the seed alone.
fn shuffled(all: &[Vec<u32>], seed: u64) -> Vec<&Vec<u32>> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut numbered: Vec<(u64, &Vec<u32>)> = all
        .iter()
        .map(|one| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state, one)
        })
        .collect();
    numbered.sort_unstable();
    numbered.into_iter().map(|(_, one)| one).collect()
}
