//! The training loop: batches, AdamW, schedule, accumulation, exact resume, metrics.
//!
//! [`Trainer::step`] is all of training in a page: an [`Collator`] fills the step's batches, each batch goes once through
//! the [`Model`](jove_objectives::Model), every objective looks at its rows of the result, and AdamW follows the summed gradients. Every random
//! choice derives from the seed, the step and the example, so a run that was stopped and resumed ends at the same bits
//! as one that was not, on any number of threads.

mod alignment;
mod batch;
mod checkpoint;
mod collator;
mod config;
mod contrastive_state;
mod diagnostics;
mod error;
mod gradient_share;
mod hard_negatives;
mod loss_rows;
mod metrics;
mod momentum;
mod objectives;
mod pseudo_labels;
mod queue;
mod random_crop;
mod sampler;
mod schedule;
mod source;
mod step_losses;
mod trainer;
mod training_run;

pub use alignment::{TranslationForm, TranslationOptions, WordAlignmentOptions};
pub use batch::{Batch, LinkTargets, Targets, TranslationTargets};
pub use collator::{Collator, CollatorState};
pub use config::TrainConfig;
pub use error::{Cause, Error};
pub use hard_negatives::{HardNegatives, RelationFact, Relations};
pub use metrics::{Diagnostics, Loss, Losses, MetricsLine, read_metrics};
pub use momentum::MomentumEncoder;
pub use objectives::{KnowledgeLinkOptions, MlmOptions, Objectives, RelationOptions, TlmOptions};
pub use queue::KeyQueue;
pub use sampler::{Sample, Sampler, SamplerState};
pub use schedule::Schedule;
pub use source::{Example, ExampleSource, Examples, Pair, TrainingData};
pub use trainer::{Output, StepReport, Trainer};
pub use training_run::{Start, Trained, TrainingRun};
