//! `thymus init`: a first `thymus.toml`, for a person to correct and commit.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::place::shown;
use super::{Complaint, print};
use crate::model::inert_line;
use crate::project;

#[derive(Args)]
#[command(after_help = "Example: thymus init --repo ~/src/shop && git -C ~/src/shop add thymus.toml")]
pub(super) struct Arguments {
    /// The top of the repository.
    #[arg(long, value_name = "DIR", default_value = ".")]
    repo: PathBuf,
    /// Print it instead of writing it.
    #[arg(long)]
    print: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Complaint> {
    let (project, text) = project::look(&arguments.repo)?;
    if arguments.print {
        print(&text);
        return Ok(ExitCode::SUCCESS);
    }
    let path = arguments.repo.join("thymus.toml");
    let new = std::fs::OpenOptions::new().write(true).create_new(true).open(&path);
    let written = new.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Complaint::usage(format!("{} is there already", shown(&path)))
            .help("`thymus init --print` shows what it would write"),
        _ => Complaint::failed(format!("can't write {}: {error}", shown(&path))),
    })?;
    let command = inert_line(&project.test.command.join(" "));
    print(&format!("wrote {}\ntests run with: {command}\nRead it, correct it, commit it.\n", shown(&path)));
    Ok(ExitCode::SUCCESS)
}
