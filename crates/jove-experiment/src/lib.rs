//! Experiments: a run file, its stages, what came out.
//!
//! [`Run::load`] reads and checks a run file, [`Run::execute`] runs its stages in their order, each skipped where it is
//! finished, and writes a report page.

mod ablate;
mod cache;
#[cfg(test)]
mod code_digest;
mod coverage;
pub mod effects;
mod error;
mod execute;
mod files;
mod grid;
mod held_out;
mod initial_checkpoint;
mod inputs;
mod knowledge;
mod linking;
mod masks;
mod prepared;
mod preview;
mod reference;
pub mod report;
pub mod results;
mod run;
mod run_file;
mod settings;
mod stage;
mod tensorboard;
mod training;
mod variant;

pub use ablate::Worker;
pub use coverage::{Coverage, Covered};
pub use error::{Error, Result};
pub use execute::Outcome;
pub use linking::annotator;
pub use masks::MaskSource;
pub use reference::reference;
pub use run::Run;
pub use run_file::RunFile;
pub use training::{Plan, TrainedVariant};
