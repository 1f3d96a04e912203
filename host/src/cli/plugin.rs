//! `thymus plugin`: what a plugin is and wants, told without running it; and the folder of those that are installed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use serde::Serialize;

use super::paint::{BAD, DIM, GOOD, STRONG, paint};
use super::place::{default_plugins, shown};
use super::{Complaint, Format, print, print_json};
use crate::model::{Export, inert_line};
use crate::plugin::{self, PluginFacts};
use crate::policy::{PluginIdentity, Policy};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List installed plugins. Example: thymus plugin list
    List {
        #[command(flatten)]
        folder: Folder,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Say what a plugin is, offers and wants, and whether the policy lets it in. Example: thymus plugin inspect x.wasm
    Inspect {
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Policy layers, the organisation's first.
        #[arg(long, value_name = "FILE", num_args = 1..)]
        policy: Vec<PathBuf>,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Install a plugin: one file. Example: thymus plugin add ./x.wasm
    Add {
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        folder: Folder,
    },
    /// Remove an installed plugin by its name. Example: thymus plugin remove thymus-errors
    Remove {
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        folder: Folder,
    },
}

#[derive(clap::Args)]
pub(super) struct Folder {
    /// The plugins folder [default: `$XDG_DATA_HOME/thymus/plugins`].
    #[arg(long, value_name = "DIR")]
    plugins: Option<PathBuf>,
}

impl Folder {
    fn path(self) -> Result<PathBuf, Complaint> {
        self.plugins.map_or_else(default_plugins, Ok)
    }
}

/// What `--format json` says of a plugin.
#[derive(Serialize)]
struct Inspected<'a> {
    #[serde(flatten)]
    facts: &'a PluginFacts,
    /// Why the policy keeps it out; null when it gets in.
    refused: Option<String>,
}

pub(super) fn run(command: Command) -> Result<ExitCode, Complaint> {
    match command {
        Command::List { folder, format } => list(&folder.path()?, format),
        Command::Inspect { file, policy, format } => inspect(&file, &policy, format),
        Command::Add { file, folder } => {
            let dir = folder.path()?;
            let facts = plugin::add(&dir, &file)?;
            print(&format!("added {} {} to {}\n", facts.name, inert_line(&facts.version), shown(&dir)));
            print(&wants(&facts));
            Ok(ExitCode::SUCCESS)
        }
        Command::Remove { name, folder } => {
            let removed = plugin::remove(&folder.path()?, &name)?;
            print(&format!("removed {}\n", shown(&removed)));
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn list(dir: &Path, format: Format) -> Result<ExitCode, Complaint> {
    let inspected: Vec<_> = plugin::folder(dir)?.into_iter().map(|file| (plugin::inspect(&file), file)).collect();
    if format == Format::Json {
        let good: Vec<&PluginFacts> = inspected.iter().filter_map(|(facts, _)| facts.as_ref().ok()).collect();
        print_json(&good)?;
        return Ok(ExitCode::SUCCESS);
    }
    if inspected.is_empty() {
        print(&format!("no plugins in {}; `thymus plugin add FILE` puts one there\n", shown(dir)));
    }
    let mut text = String::new();
    for (facts, file) in &inspected {
        let _ = match facts {
            Ok(facts) => {
                let version = inert_line(&facts.version);
                let offers = offers(facts);
                writeln!(text, "{:<24} {version:<10} {}  {offers}", facts.name, facts.digest.short())
            }
            Err(error) => writeln!(text, "{} {}: {}", paint(BAD, "✗"), shown(file), inert_line(&error.to_string())),
        };
    }
    print(&text);
    Ok(ExitCode::SUCCESS)
}

fn inspect(file: &Path, policy: &[PathBuf], format: Format) -> Result<ExitCode, Complaint> {
    let policy = Policy::load(policy).map_err(|errors| Complaint::of(2, errors))?;
    let facts = plugin::inspect(file)?;
    let refused = refusal(&facts, &policy);
    if format == Format::Json {
        print_json(&Inspected { facts: &facts, refused: refused.clone() })?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = String::new();
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(text, "{} {}", paint(DIM, format!("{name:<12}")), inert_line(value));
    };
    row("name", &facts.name);
    row("version", &facts.version);
    row("digest", &format!("sha256:{}", facts.digest));
    row("size", &format!("{} KiB", facts.bytes.div_ceil(1024)));
    let told = [
        ("about", &facts.description),
        ("authors", &facts.authors),
        ("licence", &facts.licence),
        ("source", &facts.source),
    ];
    for (name, value) in told {
        row(name, value.as_deref().unwrap_or("not told"));
    }
    row("offers", &offers(&facts));
    row("languages", &or_none(&facts.languages));
    row("contract", &format!("thymus:plugin@{}", facts.contract));
    print(&text);
    print(&wants(&facts));
    print(&match refused {
        None => format!("{} the policy lets it in\n", paint(GOOD, "✓")),
        Some(why) => format!("{} {}\n", paint(BAD, "✗"), inert_line(&why)),
    });
    Ok(ExitCode::SUCCESS)
}

/// Why this policy would not let the plugin into a run.
fn refusal(facts: &PluginFacts, policy: &Policy) -> Option<String> {
    let PluginFacts { name, version, digest, imports, .. } = facts.clone();
    match policy.grant(&PluginIdentity { name, version, digest, imports }) {
        Err(denied) => Some(denied.to_string()),
        Ok(grant) => plugin::audit(facts, &grant).err().map(|error| format!("{}: {error}", error.code())),
    }
}

fn offers(facts: &PluginFacts) -> String {
    let exports: Vec<&str> = facts.exports.iter().map(|export| Export::as_str(*export)).collect();
    let capabilities: Vec<&str> = facts.capabilities.iter().map(|capability| capability.as_str()).collect();
    format!(
        "{} ({})",
        exports.join(", "),
        if capabilities.is_empty() { "any".to_owned() } else { capabilities.join(", ") }
    )
}

/// The import list is all that a plugin can ask for.
fn wants(facts: &PluginFacts) -> String {
    let mut text = format!("{}\n", paint(STRONG, "it imports"));
    for import in &facts.imports {
        let _ = writeln!(text, "  {}", inert_line(import));
    }
    if !facts.host_functions.is_empty() {
        let _ = writeln!(text, "  of the host: {}", inert_line(&facts.host_functions.join(", ")));
    }
    text
}

fn or_none(list: &[String]) -> String {
    if list.is_empty() { "not told".to_owned() } else { list.join(", ") }
}
