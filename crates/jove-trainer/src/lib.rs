//! The training loop: batches, AdamW, schedule, accumulation, exact resume, metrics.
//!
//! [`Trainer::step`] is all of training in a page: an [`Collator`] fills the step's batches, each batch goes once through
//! the [`Model`](jove_objectives::Model), every objective looks at its rows of the result, and AdamW follows the summed gradients. Every random
//! choice derives from the seed, the step and the example, so a run that was stopped and resumed ends at the same bits
//! as one that was not, on any number of threads.

mod batch;
mod checkpoint;
mod collator;
mod config;
mod contrastive_state;
mod diagnostics;
mod error;
mod example;
mod gradient_share;
mod hard_negatives;
mod loop_options;
mod loss_rows;
mod matrix;
mod metrics;
mod momentum;
mod objective;
mod packing;
mod pretraining;
mod queue;
mod random_crop;
mod sampler;
mod schedule;
mod source;
mod step;
mod step_losses;
mod targets;
mod text_classification;
mod trainer;
mod training_run;

pub use batch::Batch;
pub use collator::{Collator, CollatorState};
pub use config::TrainConfig;
pub use error::{Cause, Error};
pub use example::{Example, ExampleSource};
pub use hard_negatives::{HardNegatives, RelationFact, Relations};
pub use loop_options::LoopOptions;
pub use metrics::{Diagnostics, Loss, Losses, MetricsLine, read_metrics};
pub use momentum::MomentumEncoder;
pub use objective::Objectives;
pub use objective::contrast::LinkTargets;
pub use objective::kind::Objective;
pub use objective::link::KnowledgeLinkOptions;
pub use objective::mlm::MlmOptions;
pub use objective::relation::RelationOptions;
pub use objective::tlm::TlmOptions;
pub use objective::translation::{TranslationForm, TranslationOptions, TranslationTargets};
pub use objective::word_alignment::{Pointers, WordAlignmentOptions};
pub use pretraining::{Pretraining, PretrainingState};
pub use queue::KeyQueue;
pub use sampler::{Sample, Sampler, SamplerState};
pub use schedule::Schedule;
pub use source::{Examples, Pair, TrainingData};
pub use step::{BatchLosses, Step};
pub use step_losses::StepShared;
pub use targets::{MaskedTokens, Targets};
pub use text_classification::{
    ClassificationBatch, Classifier, LabelledText, TextClassification, TextClassificationOptions,
};
pub use trainer::{Output, StepReport, Trainer};
pub use training_run::{Start, Trained, TrainingRun};
