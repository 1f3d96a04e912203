//! Every key of the policy file: what it holds and which direction is stricter. The one place that knows.
//!
//! A key that isn't here is an error, so a typing mistake can never switch a protection off.

use crate::model::{Capability, Digest, GateName};

use super::value::Value;

/// What a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    /// A whole number from the first to the second.
    Count(u64, u64),
    /// From 0 to 1.
    Share,
    /// One of these words, strictest first.
    Word(&'static [&'static str]),
    Text,
    Texts,
    Globs,
    /// Gates that may be switched off.
    Gates,
    /// `HH:MM-HH:MM`.
    Hours,
    Digest,
    /// A table that only a plugin understands.
    Json,
}

/// Which of two values is the stricter one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stricter {
    Lower,
    /// Lower, but 0 means "no limit".
    LowerZeroIsNone,
    Higher,
    False,
    True,
    /// Fewer entries, or entries that lie inside upper ones.
    Narrower,
    /// More entries. Layers add up.
    More,
    /// Whoever is above has said it once and for all.
    Fixed,
    /// It binds nobody.
    Own,
}

/// The levels, strictest first.
pub(super) const LEVELS: &[&str] = &["observe", "diagnose", "propose", "hold", "apply"];

const MANY: u64 = 1 << 40;

/// All keys. `*` stands for a name.
pub(super) const KEYS: &[(&str, Kind, Stricter)] = &[
    ("name", Kind::Text, Stricter::Own),
    ("loosen", Kind::Texts, Stricter::Own),
    ("limits.files", Kind::Count(1, 10_000), Stricter::Lower),
    ("limits.lines", Kind::Count(1, 1_000_000), Stricter::Lower),
    ("limits.open_cases", Kind::Count(0, 100_000), Stricter::Lower),
    ("limits.per_day", Kind::Count(0, 100_000), Stricter::Lower),
    ("limits.quiet_hours", Kind::Hours, Stricter::More),
    ("paths.allowed", Kind::Globs, Stricter::Narrower),
    ("paths.protected", Kind::Globs, Stricter::More),
    ("paths.exempt", Kind::Globs, Stricter::Narrower),
    ("paths.existing_tests", Kind::Bool, Stricter::True),
    ("capability.*.level", Kind::Word(LEVELS), Stricter::Lower),
    ("capability.*.min_confidence", Kind::Share, Stricter::Higher),
    ("capability.*.apply_confidence", Kind::Share, Stricter::Higher),
    ("capability.*.apply_healed", Kind::Count(1, MANY), Stricter::Higher),
    ("capability.*.apply_rolled_back", Kind::Count(0, MANY), Stricter::Lower),
    ("capability.*.apply_lines", Kind::Count(0, 1_000_000), Stricter::Lower),
    ("team.*.paths", Kind::Globs, Stricter::More),
    ("team.*.level", Kind::Word(LEVELS), Stricter::Lower),
    ("team.*.approvers", Kind::Texts, Stricter::Narrower),
    ("plugins.unlisted", Kind::Word(&["deny", "allow"]), Stricter::Lower),
    ("plugins.deny", Kind::Texts, Stricter::More),
    ("plugins.imports", Kind::Texts, Stricter::Narrower),
    ("plugin.*.version", Kind::Text, Stricter::Fixed),
    ("plugin.*.digest", Kind::Digest, Stricter::Fixed),
    ("plugin.*.telemetry", Kind::Bool, Stricter::False),
    ("plugin.*.source", Kind::Globs, Stricter::Narrower),
    ("plugin.*.history", Kind::Bool, Stricter::False),
    ("plugin.*.settings", Kind::Json, Stricter::Fixed),
    ("plugin.*.call_millis", Kind::Count(1, 86_400_000), Stricter::Lower),
    ("plugin.*.compile_millis", Kind::Count(1, 86_400_000), Stricter::Lower),
    ("plugin.*.memory_bytes", Kind::Count(65_536, 4 << 30), Stricter::Lower),
    ("plugin.*.table_elements", Kind::Count(1, 100_000_000), Stricter::Lower),
    ("plugin.*.instances", Kind::Count(1, 10_000), Stricter::Lower),
    ("plugin.*.fuel", Kind::Count(0, 1 << 62), Stricter::LowerZeroIsNone),
    ("plugin.*.handles", Kind::Count(1, 65_536), Stricter::Lower),
    ("plugin.*.random_bytes", Kind::Count(1, 1 << 30), Stricter::Lower),
    ("plugin.*.log_bytes", Kind::Count(0, 1 << 30), Stricter::Lower),
    ("plugin.*.scratch_bytes", Kind::Count(0, MANY), Stricter::Lower),
    ("plugin.*.scratch_files", Kind::Count(0, 10_000_000), Stricter::Lower),
    ("plugin.*.result_bytes", Kind::Count(1, 1 << 30), Stricter::Lower),
    ("plugin.*.findings", Kind::Count(1, 1_000_000), Stricter::Lower),
    ("plugin.*.proposals", Kind::Count(1, 1000), Stricter::Lower),
    ("plugin.*.strikes", Kind::Count(1, 1000), Stricter::Lower),
    ("validation.repeats", Kind::Count(1, 100), Stricter::Higher),
    ("validation.run_seconds", Kind::Count(1, 86_400), Stricter::Lower),
    ("validation.memory_bytes", Kind::Count(1 << 20, MANY), Stricter::Lower),
    ("validation.processes", Kind::Count(1, 100_000), Stricter::Lower),
    ("validation.disk_bytes", Kind::Count(1 << 20, MANY), Stricter::Lower),
    ("validation.set_up_network", Kind::Bool, Stricter::False),
    ("validation.off", Kind::Gates, Stricter::Narrower),
    ("delivery.approvals", Kind::Count(1, 100), Stricter::Higher),
    ("delivery.approvers", Kind::Texts, Stricter::Narrower),
];

/// The entry for a key, with its names in place.
pub(super) fn find(key: &str) -> Option<(Kind, Stricter)> {
    KEYS.iter().find(|(pattern, ..)| matches(pattern, key, true)).map(|(_, kind, stricter)| (*kind, *stricter))
}

/// Whether some key begins with this table.
pub(super) fn is_table(prefix: &str) -> bool {
    KEYS.iter().any(|(pattern, ..)| matches(pattern, prefix, false))
}

fn matches(pattern: &str, key: &str, whole: bool) -> bool {
    let (pattern, key): (Vec<&str>, Vec<&str>) = (pattern.split('.').collect(), key.split('.').collect());
    let long_enough = if whole { pattern.len() == key.len() } else { pattern.len() > key.len() };
    let capability = |name: &str| name == "any" || Capability::ALL.iter().any(|c| c.as_str() == name);
    long_enough
        && pattern
            .iter()
            .zip(&key)
            .all(|(p, k)| if *p == "*" { pattern[0] != "capability" || capability(k) } else { p == k })
}

/// The known key most like this one, for "did you mean".
pub(super) fn nearest(key: &str) -> Option<String> {
    let names: Vec<&str> = key.split('.').collect();
    let known = KEYS.iter().flat_map(|(pattern, ..)| {
        let pattern: Vec<&str> = pattern.split('.').collect();
        let filled = |n: usize| {
            pattern[..n]
                .iter()
                .enumerate()
                .map(|(i, p)| if *p == "*" && i < names.len() { names[i] } else { p })
                .collect::<Vec<_>>()
                .join(".")
        };
        (1..=pattern.len()).map(filled).collect::<Vec<_>>()
    });
    let capabilities = Capability::ALL.iter().map(|c| format!("capability.{c}"));
    known
        .chain(capabilities)
        .filter(|name| name.split('.').count() == names.len())
        .map(|name| (distance(&name, key), name))
        .filter(|(far, _)| *far <= 3)
        .min()
        .map(|(_, name)| name)
}

/// Levenshtein's distance of two short texts; long ones are far from everything.
fn distance(a: &str, b: &str) -> usize {
    if a.len() > 80 || b.len() > 80 {
        return usize::MAX;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let next = (diagonal + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = row[j + 1];
            row[j + 1] = next;
        }
    }
    row[b.len()]
}

/// Checks a value against its kind; the error is what to write instead.
pub(super) fn check(kind: Kind, value: &Value) -> Result<(), String> {
    match (kind, value) {
        (Kind::Bool, Value::Bool(_))
        | (Kind::Json, Value::Json(_))
        | (Kind::Share, Value::Count(0 | 1))
        | (Kind::Texts, Value::Texts(_)) => Ok(()),
        (Kind::Count(low, high), Value::Count(n)) if (low..=high).contains(n) => Ok(()),
        (Kind::Count(low, high), _) => Err(format!("write a whole number from {low} to {high}")),
        (Kind::Share, Value::Share(x)) if (0.0..=1.0).contains(x) => Ok(()),
        (Kind::Share, _) => Err("write a number from 0.0 to 1.0".to_owned()),
        (Kind::Word(words), Value::Text(word)) if words.contains(&word.as_str()) => Ok(()),
        (Kind::Word(words), _) => Err(format!("write one of \"{}\"", words.join("\", \""))),
        (Kind::Text, Value::Text(text)) if text.len() <= 200 => Ok(()),
        (Kind::Globs, Value::Texts(globs)) => globs.iter().try_for_each(|glob| check_glob(glob)),
        (Kind::Gates, Value::Texts(gates)) => gates.iter().try_for_each(|gate| {
            let known = gate_that_may_be_off(gate).is_some();
            known.then_some(()).ok_or_else(|| "only \"improves\" and \"stable\" can be switched off".to_owned())
        }),
        (Kind::Hours, Value::Texts(hours)) => hours.iter().try_for_each(|text| {
            super::decide::hours(text)
                .map(|_| ())
                .ok_or_else(|| "write \"HH:MM-HH:MM\", as in \"22:00-06:00\"".to_owned())
        }),
        (Kind::Digest, Value::Text(text)) if text.parse::<Digest>().is_ok() => Ok(()),
        (Kind::Digest, _) => Err("write the 64 hexadecimal digits that `thymus plugin inspect` prints".to_owned()),
        (Kind::Bool, _) => Err("write true or false".to_owned()),
        (Kind::Text, _) => Err("write one text of at most 200 bytes in quotes".to_owned()),
        (Kind::Texts | Kind::Globs | Kind::Gates | Kind::Hours, _) => {
            Err("write a list of texts, as in [\"a\", \"b\"]".to_owned())
        }
        (Kind::Json, _) => Err("write a table".to_owned()),
    }
}

/// The gates whose absence proves less but breaks no promise.
pub(super) fn gate_that_may_be_off(name: &str) -> Option<GateName> {
    [GateName::Improves, GateName::Stable].into_iter().find(|gate| gate.as_str() == name)
}

/// Globs match whole paths as `RepoPath` writes them, so these spellings could never match anything.
fn check_glob(glob: &str) -> Result<(), String> {
    let odd = glob.is_empty()
        || glob.len() > 500
        || glob.starts_with(['/', '!', '~'])
        || glob.contains('\\')
        || glob.split('/').any(|name| matches!(name, "" | "." | ".."));
    if odd {
        return Err(
            "write globs as paths from the top of the repository with `/`, as in \"src/**\"; no `..`, `./` or `//`"
                .to_owned(),
        );
    }
    super::scope::glob(glob).map(|_| ()).map_err(|error| format!("correct the glob: {error}"))
}
