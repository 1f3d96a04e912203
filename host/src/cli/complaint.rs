//! What goes wrong, as a person reads it: what happened, where, and what to do. Texts of others (a file's line, a
//! plugin's name) may stand in it, so nothing reaches the terminal before it is inert.

use std::process::ExitCode;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};

use crate::heal::HealError;
use crate::ledger::{Broken, LedgerError};
use crate::model::inert;
use crate::plugin::PluginError;
use crate::project::ProjectError;

/// A failure and what the program exits with.
#[derive(Debug)]
pub struct Complaint {
    status: u8,
    report: miette::Report,
}

/// A message of the command line's own.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{what}")]
struct Plain {
    what: String,
    #[help]
    help: Option<String>,
}

impl Complaint {
    /// thymus could not do its job.
    pub fn failed(what: impl Into<String>) -> Self {
        Self { status: 1, report: Plain { what: what.into(), help: None }.into() }
    }

    /// The person has to ask for something else.
    pub fn usage(what: impl Into<String>) -> Self {
        Self { status: 2, ..Self::failed(what) }
    }

    /// Says what to do.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        let what = self.report.to_string();
        Self { report: Plain { what, help: Some(help.into()) }.into(), ..self }
    }

    /// Takes a diagnostic as it is.
    pub fn of(status: u8, diagnostic: impl Diagnostic + Send + Sync + 'static) -> Self {
        Self { status, report: diagnostic.into() }
    }

    /// Prints it to standard error.
    pub fn show(&self) -> ExitCode {
        let text = self.text(GraphicalTheme::unicode_nocolor());
        let safe = inert(&text);
        // Only what holds nothing hostile may hold colours.
        let text = if safe == text { self.text(GraphicalTheme::unicode()) } else { safe };
        anstream::eprint!("{text}");
        ExitCode::from(self.status)
    }

    fn text(&self, theme: GraphicalTheme) -> String {
        let width = terminal_width();
        let mut text = String::new();
        let handler = GraphicalReportHandler::new_themed(theme).with_width(width).with_links(false);
        // Every message here says its own cause.
        let handler = handler.without_cause_chain();
        match handler.render_report(&mut text, self.report.as_ref()) {
            Ok(()) => text,
            Err(_) => format!("{}\n", self.report),
        }
    }
}

fn terminal_width() -> usize {
    let tty = rustix::termios::tcgetwinsize(std::io::stderr()).ok().map(|size| usize::from(size.ws_col));
    tty.filter(|width| *width >= 40).map_or(100, |width| width.min(120))
}

impl From<HealError> for Complaint {
    fn from(error: HealError) -> Self {
        Self::of(error.exit_status(), error)
    }
}

impl From<LedgerError> for Complaint {
    fn from(error: LedgerError) -> Self {
        Self::failed(error.to_string())
    }
}

impl From<PluginError> for Complaint {
    fn from(error: PluginError) -> Self {
        Self::failed(format!("{}: {error}", error.code()))
    }
}

impl From<ProjectError> for Complaint {
    fn from(error: ProjectError) -> Self {
        Self::of(1, error)
    }
}

impl From<Broken> for Complaint {
    fn from(broken: Broken) -> Self {
        Self::failed(format!("the ledger is not as it was written: {broken}"))
            .help("keep the file as evidence, put a backup in its place, and find out who wrote to it")
    }
}
