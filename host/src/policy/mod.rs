//! The policy: how far thymus may go, where, and who says yes. Pure once loaded; it runs nothing and touches nothing.
//!
//! Layers are given from the widest to the narrowest (organisation, team, repository). The first stands over the
//! built-in `policies/default.toml` and may say anything; each further one may only tighten, except keys that the layer
//! right above it names in `loosen`. What the healed repository says of itself (`thymus.toml`) never comes in here.

mod decide;
mod layer;
mod mistake;
mod schema;
mod scope;
mod value;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::model::{Capability, Digest, Grant, PluginLimits, RepoPath, ValidationRules};

pub use decide::{Facts, TrackRecord};
pub use mistake::{PolicyErrors, PolicyMistake};
pub use scope::ScopeFacts;

use layer::Layer;
use value::{Setting, Value};

const BUILT_IN: &str = include_str!("../../../policies/default.toml");

/// How far a capability may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Findings.
    Observe,
    /// And causes.
    Diagnose,
    /// And validated patches, shown only.
    Propose,
    /// And a branch for a person.
    Hold,
    /// And no person needed, if track record and confidence bear it.
    Apply,
}

/// A plugin, as the host measured it.
#[derive(Clone, Debug)]
pub struct PluginIdentity {
    /// From its metadata: a claim, so a policy that must be sure names the digest.
    pub name: String,
    /// From its metadata.
    pub version: String,
    /// Of its bytes.
    pub digest: Digest,
    /// What it imports, as in `wasi:io/streams@0.2.6`.
    pub imports: Vec<String>,
}

/// The policy said no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {why} ({rule})")]
pub struct Denied {
    /// Stable.
    pub code: &'static str,
    /// The key that said so, and where it stands.
    pub rule: String,
    /// What happened and what to do.
    pub why: String,
}

/// Who must say yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// So many people.
    pub approvals: u32,
    /// Of these; `*` is everybody.
    pub approvers: Vec<String>,
}

/// All layers together.
#[derive(Clone, Debug)]
pub struct Policy {
    settings: BTreeMap<String, Setting>,
    digest: Digest,
}

impl Policy {
    /// Reads the layers, the widest first; none means the built-in default.
    pub fn load(files: &[PathBuf]) -> Result<Self, PolicyErrors> {
        let (policy, mistakes) = read(files);
        if mistakes.is_empty() { Ok(policy) } else { Err(PolicyErrors { mistakes }) }
    }

    /// Over the bytes of all layers, the built-in one included.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// How far the capability may go.
    pub fn level(&self, capability: Capability) -> Level {
        level_of(self.setting("capability", capability.as_str(), "level"))
    }

    /// Whether the plugin gets in, and with what.
    pub fn grant(&self, plugin: &PluginIdentity) -> Result<Grant, Denied> {
        let denied = |code, setting: Option<&Setting>, key: &str, why: String| {
            let origin = setting.map_or("built-in", |setting| setting.origin.as_str());
            Denied { code, rule: format!("{key} at {origin}"), why }
        };
        let name = plugin.name.as_str();
        let banned = self.get("plugins.deny");
        if banned.is_some_and(|s| s.value.texts().iter().any(|banned| banned.eq_ignore_ascii_case(name))) {
            return Err(denied(
                "TH-PLUGIN-DENIED",
                banned,
                "plugins.deny",
                format!("the policy denies the plugin {name:?}"),
            ));
        }
        let unlisted = self.get("plugins.unlisted");
        if !self.is_listed(name) && unlisted.is_none_or(|s| s.value != Value::Text("allow".to_owned())) {
            let why = format!("the policy has no table [plugin.{name}]; whoever owns the policy must add one");
            return Err(denied("TH-PLUGIN-UNLISTED", unlisted, "plugins.unlisted", why));
        }
        for (key, found) in [("digest", plugin.digest.to_string()), ("version", plugin.version.clone())] {
            let setting = self.setting("plugin", name, key);
            if let Some(Setting { value: Value::Text(wanted), .. }) = setting
                && *wanted != found
            {
                let why = format!("the plugin {name:?} has {key} {found}, the policy wants {wanted}");
                return Err(denied("TH-PLUGIN-DIFFERENT", setting, &format!("plugin.{name}.{key}"), why));
            }
        }
        let imports = self.get("plugins.imports");
        let granted = |import: &str| {
            let package = import.split(['/', '@']).next().unwrap_or(import);
            imports.is_some_and(|s| s.value.texts().iter().any(|one| one == package))
        };
        if let Some(import) = plugin.imports.iter().find(|import| !granted(import)) {
            let why = format!("the plugin {name:?} imports {import:?}, which the policy does not grant");
            return Err(denied("TH-PLUGIN-IMPORT", imports, "plugins.imports", why));
        }
        let flag = |key| self.setting("plugin", name, key).is_some_and(|s| s.value == Value::Bool(true));
        let settings = match self.setting("plugin", name, "settings").map(|s| &s.value) {
            Some(Value::Json(json)) => json.to_string(),
            _ => "{}".to_owned(),
        };
        let source = self.setting("plugin", name, "source").map(|s| s.value.texts().to_vec()).unwrap_or_default();
        Ok(Grant {
            telemetry: flag("telemetry"),
            source,
            history: flag("history"),
            settings,
            limits: self.plugin_limits(name),
        })
    }

    /// How proposals are validated.
    pub fn validation(&self) -> ValidationRules {
        let count = |key: &str| self.count(&format!("validation.{key}"));
        ValidationRules {
            repeats: small(count("repeats")),
            run_seconds: count("run_seconds"),
            memory_bytes: count("memory_bytes"),
            processes: small(count("processes")),
            disk_bytes: count("disk_bytes"),
            set_up_network: self.get("validation.set_up_network").is_some_and(|s| s.value == Value::Bool(true)),
            off: self.texts("validation.off").iter().filter_map(|gate| schema::gate_that_may_be_off(gate)).collect(),
        }
    }

    /// Who must say yes to a patch of these paths: everybody's list narrowed by each team whose files it touches.
    pub fn delivery(&self, paths: &[RepoPath]) -> Delivery {
        let mut approvers = self.texts("delivery.approvers").to_vec();
        for team in self.teams_of(paths) {
            if let Some(theirs) = self.get(&format!("team.{team}.approvers")).map(|s| s.value.texts()) {
                let everybody = |list: &[String]| list.iter().any(|one| one == "*");
                if everybody(&approvers) {
                    approvers = theirs.to_vec();
                } else if !everybody(theirs) {
                    approvers.retain(|who| theirs.contains(who));
                }
            }
        }
        Delivery { approvals: small(self.count("delivery.approvals")), approvers }
    }

    /// Whether this person's yes to `approved` counts for the patch as it is now.
    pub fn may_approve(&self, who: &str, approved: Digest, patch: Digest, paths: &[RepoPath]) -> Result<(), Denied> {
        if approved != patch {
            let why = "the approval names other bytes than the patch has now; look at it again and approve it anew"
                .to_owned();
            return Err(Denied { code: "TH-APPROVAL-STALE", rule: "built-in".to_owned(), why });
        }
        let allowed = self.delivery(paths).approvers;
        if who.trim().is_empty() || !allowed.iter().any(|one| one == "*" || one == who) {
            let why = format!("{who:?} may not approve this patch; these may: {}", allowed.join(", "));
            return Err(Denied { code: "TH-APPROVAL-WHO", rule: "delivery.approvers".to_owned(), why });
        }
        Ok(())
    }

    fn get(&self, key: &str) -> Option<&Setting> {
        self.settings.get(key)
    }

    /// `table.name.key`, or `table.any.key` where the name has none.
    fn setting(&self, table: &str, name: &str, key: &str) -> Option<&Setting> {
        effective(&self.settings, &format!("{table}.{name}.{key}"))
    }

    fn count(&self, key: &str) -> u64 {
        match effective(&self.settings, key).map(|s| &s.value) {
            Some(Value::Count(n)) => *n,
            _ => 0,
        }
    }

    fn texts(&self, key: &str) -> &[String] {
        self.get(key).map_or(&[], |setting| setting.value.texts())
    }

    fn is_listed(&self, name: &str) -> bool {
        name != "any" && is_listed(&self.settings, name)
    }

    /// The teams some of whose files are among these.
    fn teams_of(&self, paths: &[RepoPath]) -> Vec<String> {
        let mut teams = Vec::new();
        for (key, setting) in self.settings.range("team.".to_owned()..) {
            let Some(team) = key.strip_prefix("team.").and_then(|rest| rest.strip_suffix(".paths")) else { continue };
            if paths.iter().any(|path| scope::any_matches(setting.value.texts(), path)) {
                teams.push(team.to_owned());
            }
        }
        teams
    }

    fn plugin_limits(&self, name: &str) -> PluginLimits {
        let count = |key: &str| self.count(&format!("plugin.{name}.{key}"));
        PluginLimits {
            call_millis: count("call_millis"),
            compile_millis: count("compile_millis"),
            memory_bytes: count("memory_bytes"),
            table_elements: count("table_elements"),
            instances: small(count("instances")),
            fuel: count("fuel"),
            handles: small(count("handles")),
            random_bytes: count("random_bytes"),
            log_bytes: count("log_bytes"),
            scratch_bytes: count("scratch_bytes"),
            scratch_files: small(count("scratch_files")),
            result_bytes: count("result_bytes"),
            findings: small(count("findings")),
            proposals: small(count("proposals")),
            strikes: small(count("strikes")),
        }
    }
}

/// Every mistake of these layers, alone and on top of each other.
pub fn check(files: &[PathBuf]) -> Vec<PolicyMistake> {
    read(files).1
}

/// The schema keeps such counts below 2^32.
fn small(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn level_of(setting: Option<&Setting>) -> Level {
    match setting.map(|setting| &setting.value) {
        Some(Value::Text(word)) => match word.as_str() {
            "diagnose" => Level::Diagnose,
            "propose" => Level::Propose,
            "hold" => Level::Hold,
            "apply" => Level::Apply,
            _ => Level::Observe,
        },
        _ => Level::Observe,
    }
}

fn is_listed(settings: &BTreeMap<String, Setting>, name: &str) -> bool {
    let prefix = format!("plugin.{name}.");
    settings.range(prefix.clone()..).next().is_some_and(|(key, _)| key.starts_with(&prefix))
}

fn effective<'a>(settings: &'a BTreeMap<String, Setting>, key: &str) -> Option<&'a Setting> {
    settings.get(key).or_else(|| {
        let parts: Vec<&str> = key.split('.').collect();
        // A plugin's own name may hold dots; then it can't have a table, but it still gets the grants of all.
        let [table @ ("capability" | "plugin"), _, .., last] = parts[..] else { return None };
        settings.get(&format!("{table}.any.{last}"))
    })
}

fn read(files: &[PathBuf]) -> (Policy, Vec<PolicyMistake>) {
    let (built_in, mut mistakes) = layer::parse("policies/default.toml", BUILT_IN);
    let mut parts = vec![BUILT_IN.to_owned()];
    let mut settings = built_in.settings;
    let mut loosen: Option<Vec<String>> = None;
    for file in files {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file).unwrap_or_else(|error| {
            let fix = "give the path of a policy file that this user may read".to_owned();
            mistakes.push(*PolicyMistake::new(&name, "", 0..0, format!("the file can't be read: {error}"), fix));
            String::new()
        });
        let (layer, wrong) = layer::parse(&name, &text);
        mistakes.extend(wrong);
        let next = layer.settings.get("loosen").map(|s| s.value.texts().to_vec()).unwrap_or_default();
        put_on_top(&mut settings, layer, loosen.as_deref(), &mut mistakes);
        loosen = Some(next);
        parts.push(text);
    }
    (Policy { settings, digest: Digest::of_parts(&parts) }, mistakes)
}

/// Lays a layer over the ones above it. `loosen` is `None` for the first, which may say anything.
fn put_on_top(
    settings: &mut BTreeMap<String, Setting>,
    layer: Layer,
    loosen: Option<&[String]>,
    mistakes: &mut Vec<PolicyMistake>,
) {
    let above = settings.clone();
    tighten_named(settings, &layer);
    let closed = above.get("plugins.unlisted").is_some_and(|s| s.value == Value::Text("deny".to_owned()));
    for (key, mut setting) in layer.settings {
        let Some((_, stricter)) = schema::find(&key) else { continue };
        let may = loosen.is_none_or(|keys| keys.contains(&key));
        let mut wrong = |what: String, fix: String| {
            mistakes.push(*PolicyMistake::new(&layer.file, &layer.text, setting.span.clone(), what, fix));
        };
        if let (false, Some(upper)) = (may, effective(&above, &key))
            && !setting.value.is_as_strict_as(&upper.value, stricter)
        {
            wrong(
                format!("`{key}` is looser than at {}", upper.origin),
                format!("tighten it or remove the line; or let the layer above name \"{key}\" in `loosen`"),
            );
        }
        if let (Some(granted), "loosen") = (loosen, key.as_str())
            && let Some(more) = setting.value.texts().iter().find(|one| !granted.contains(one))
        {
            wrong(
                format!("`loosen` hands on \"{more}\", which this layer was not given"),
                format!("remove \"{more}\""),
            );
        }
        if let Some(name) = key.strip_prefix("plugin.").and_then(|rest| rest.split('.').next())
            && (closed && !may && name != "any" && !is_listed(&above, name))
        {
            wrong(
                format!("the plugin {name:?} is not listed above"),
                "ask the owner of the layer above to list it".to_owned(),
            );
        }
        if stricter == schema::Stricter::More
            && !may
            && let (Value::Texts(mine), Some(upper)) = (&mut setting.value, above.get(&key))
        {
            mine.splice(0..0, upper.value.texts().iter().cloned());
        }
        settings.insert(key, setting);
    }
}

/// What a layer says of `any` also binds the names that the layers above spelled out, wherever it is stricter.
fn tighten_named(settings: &mut BTreeMap<String, Setting>, layer: &Layer) {
    for (key, any) in &layer.settings {
        let parts: Vec<&str> = key.split('.').collect();
        let ([table, "any", last], Some((_, stricter))) = (&parts[..], schema::find(key)) else { continue };
        for (named, setting) in settings.iter_mut() {
            let same = named.strip_prefix(*table).is_some_and(|rest| rest.starts_with('.'))
                && named.strip_suffix(*last).is_some_and(|rest| rest.ends_with('.'));
            if same && stricter != schema::Stricter::Fixed && any.value.is_as_strict_as(&setting.value, stricter) {
                *setting = any.clone();
            }
        }
    }
}

#[cfg(test)]
mod tests;
