//! What a healing plugin for thymus is written with.
//!
//! A plugin looks at telemetry and at a copy of the source, and says what is wrong, why, and how to repair it. It can
//! do nothing else, so there is little to learn:
//!
//! - **implement** [`Detector`], [`Diagnoser`], [`Fixer`], or some of them, and export them with [`export_healer!`],
//!   [`export_detector!`], [`export_diagnoser!`], [`export_fixer!`];
//! - **read** the window through [`telemetry`] and the files through [`source`];
//! - **give** findings with [`Evidence`], diagnoses with [`source::Text::location`], proposals with [`edit`];
//! - **talk** to the host through [`host`]: the log, progress, the settings from the team's policy.
//!
//! ```
//! use thymus_sdk::{Capability, Detector, Evidence, Failure, Finding, Severity, Subject};
//! use thymus_sdk::{source::Source, telemetry::Telemetry};
//!
//! struct Slow;
//! thymus_sdk::export_detector!(Slow);
//!
//! impl Detector for Slow {
//!     fn detect(telemetry: &Telemetry, _: &Source) -> Result<Vec<Finding>, Failure> {
//!         let slow = telemetry.handlers()?.handlers.into_iter().filter(|handler| handler.p95_ns > 1_000_000_000);
//!         Ok(slow.map(|handler| Finding {
//!             capability: Capability::Performance,
//!             rule: "slow-handler".to_owned(),
//!             title: format!("{} takes over a second", handler.handler),
//!             severity: Severity::Medium,
//!             confidence: 0.5,
//!             evidence: vec![Evidence::of("p95 over a second").measure("p95", handler.p95_ns as f64 / 1e6, "ms")],
//!             fingerprint: format!("slow-handler {}", handler.handler),
//!             subject: Subject { handler: handler.handler, path: handler.path, line: None },
//!             notes: String::new(),
//!         }).collect())
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! **Tests need no host.** Outside of `wasm32` the same code compiles and runs; open [`telemetry::Telemetry`] and
//! [`source::Source`] on directories of your own and call the traits' functions.
//!
//! **Be the same twice.** thymus calls a plugin again on the same directories and expects the same bytes. Clock and
//! randomness are the host's and repeat themselves; take care with the order of `HashMap`s (use `BTreeMap`).
//!
//! **Stay within bounds.** Every text and list that the contract bounds is refused whole when it is too large, with
//! all else that the call gave; [`wording`] cuts texts to size.

pub mod bindings;
pub mod edit;
pub mod host;
pub mod places;
pub mod plugin;
pub mod source;
pub mod telemetry;
pub mod wording;

pub use bindings::thymus::plugin::types::{
    Capability, Change, CreateFile, DeleteFile, Diagnosis, Edit, EditFile, Evidence, Expectation, Failure, Faster,
    Finding, Location, Measure, Proposal, RenameFile, Role, Severity, Subject,
};
pub use plugin::{Detector, Diagnoser, Fixer};
