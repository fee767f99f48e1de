//! Experiments: run files, the stages that they describe, and the report of the results.
//!
//! [`Run::load`] reads and checks a run file; [`Run::execute`] runs its stages in their order, skips those that are finished, and
//! writes the report.
//!
//! ```
//! use jove_core::Silent;
//! use jove_experiment::Run;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let people = ["fishermen", "farmers", "bakers", "pilots"];
//! let text: String = (0..48)
//!     .map(|n| format!("On day {n} the {} of harbour {} met before sunrise.\n", people[n % 4], n * 7 % 13))
//!     .collect();
//! std::fs::write(folder.path().join("text.txt"), text)?;
//! let path = folder.path().join("run.toml");
//! std::fs::write(
//!     &path,
//!     r#"
//!     name = "small"
//!     output = "runs"
//!     data = { root = "." }
//!     text = { sources = [{ path = "text.txt", lang = "en" }], held-out = 0.2 }
//!     tokenizers = { bert = { size = 120 } }
//!     model = { hidden-size = 16, layers = 1, heads = 2, intermediate-size = 32 }
//!     train = { steps = 5, batch-tokens = 256, max-length = 32 }
//!     variants = [{ name = "words", recipe = "pd" }]
//!     "#,
//! )?;
//!
//! // Every default is filled in; `--set` of the command line is the second argument.
//! let run = Run::load(&path, &["train.steps=3".to_owned()])?;
//! assert!(run.resolved().contains("steps = 3"));
//!
//! // Text, vocabulary, training and probes, each a stage that a second run would skip.
//! let outcome = run.execute(&Silent)?;
//! assert!(outcome.report.is_file());
//! let perplexity = &outcome.results[0].measures[0];
//! assert!(perplexity.probe.starts_with("masked tokens en") && perplexity.value.is_finite());
//! # Ok(())
//! # }
//! ```

mod ablate;
mod cache;
mod check;
#[cfg(test)]
mod code_digest;
mod collected;
mod controls;
mod coverage;
mod disk;
mod dry_run;
pub mod effects;
mod error;
mod execute;
mod files;
mod grid;
mod held_out;
mod initial_checkpoint;
mod inputs;
mod items;
mod knowledge;
mod linking;
mod masks;
mod memory;
mod own_texts;
mod prepared;
mod preview;
mod prune;
mod reference;
mod renamed;
pub mod report;
pub mod resampled;
pub mod results;
mod run;
mod run_file;
mod settings;
mod stage;
mod tensorboard;
mod text_sources;
mod tokenizer_source;
mod training;
mod variant;
mod vocabulary_sample;
mod wall_clock;
mod warnings;

pub use ablate::Worker;
pub use cache::CODE;
pub use cache::inventory::{CachedStage, StageState, VerifiedStage, cached_stages, prune_stages, verify_stages};
pub use coverage::{Coverage, Covered};
pub use dry_run::{ArmPlan, GridPlan, ProbePlan};
pub use error::{Error, Result};
pub use execute::Outcome;
pub use linking::annotator;
pub use masks::MaskSource;
pub use prune::{Prunable, prunable_stages};
pub use reference::reference;
pub use run::Run;
pub use run_file::RunFile;
pub use settings::load_settings;
pub use training::{Plan, TrainedVariant};
