//! Training: batches, AdamW, schedule, gradient accumulation, exact resume, metrics.
//!
//! [`Trainer::step`] is all of training on one page: a [`Step`] makes batches and a loss, and AdamW follows the summed
//! gradients. [`Pretraining`] is one kind of step, with one file for each [`Objective`]; [`FineTuning`] is another.
//! Every random choice derives from the seed, the step and the example, so a run that was stopped and resumed ends at the
//! same bits as one that was not, on any number of threads.
//!
//! ```
//! use jove_core::{Lang, ModelConfig, Pos, Seed, SpecialTokens, TokenId, TokenSpan, TokenizedText};
//! use jove_model::Cpu;
//! use jove_objectives::Model;
//! use jove_trainer::{Output, Pretraining, TrainConfig, Trainer, TrainingData};
//!
//! let [pad, first, separator, unknown, mask] = [0, 1, 2, 3, 4].map(TokenId);
//! let specials = SpecialTokens { first, separator, pad, unknown, mask, vocab_size: 20 };
//! // Texts that count: 5 6 7 8 9, 6 7 8 9 10, ...
//! let text = |start: u32| TokenizedText {
//!     lang: Lang::EN,
//!     tokens: (start..start + 5).map(TokenId).collect(),
//!     words: (0..5).map(|at| (TokenSpan::new(at, at + 1), Pos::Noun)).collect(),
//!     mentions: Vec::new(),
//! };
//! let data = TrainingData { text: Box::new((5..15).map(text).collect::<Vec<_>>()), ..TrainingData::default() };
//! let shape = ModelConfig { max_position_embeddings: 16, ..ModelConfig::bert(20, 16, 1, 2, 32) };
//! let model = Model::new(&shape, &Cpu::default(), Seed(1))?;
//! let config =
//!     TrainConfig { steps: Some(20), batch_tokens: 128, max_length: 8, learning_rate: 0.01, ..TrainConfig::default() };
//!
//! let task = Pretraining::new(&config, model, data, specials)?;
//! let mut trainer = Trainer::new(config.loop_options(), task, Output::default())?;
//! let losses: Vec<f64> =
//!     (0..20).map(|_| Ok(trainer.step()?.losses["mlm"].mean())).collect::<Result<_, jove_trainer::Error>>()?;
//! assert!(losses[19] < losses[0]);
//! # Ok::<(), jove_trainer::Error>(())
//! ```

mod batch;
mod checkpoint;
mod collator;
mod config;
mod contrastive_state;
mod diagnostics;
mod error;
mod example;
mod fine_tuning;
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
mod trainer;
mod training_run;
mod watch;

pub use batch::Batch;
pub use collator::{Collator, CollatorState};
pub use config::TrainConfig;
pub use error::{Cause, Error};
pub use example::{Example, ExampleSource};
pub use fine_tuning::{FineTuning, FineTuningBatch, FineTuningOptions, HeadKind, HeadTarget, TaskModel, TaskSequence};
pub use hard_negatives::{HardNegatives, RelationFact, Relations};
pub use loop_options::LoopOptions;
pub use metrics::{Diagnostics, Loss, Losses, MetricsLine, StepReport, read_metrics};
pub use momentum::MomentumEncoder;
pub use objective::Objectives;
pub use objective::contrast::LinkTargets;
pub use objective::kind::Objective;
pub use objective::link::KnowledgeLinkOptions;
pub use objective::mlm::MlmOptions;
pub use objective::relation::RelationOptions;
pub use objective::tlm::TlmOptions;
pub use objective::translation::{TranslationForm, TranslationOptions, TranslationTargets};
pub use objective::word_alignment::WordAlignmentOptions;
pub use pretraining::{Pretraining, PretrainingState};
pub use queue::KeyQueue;
pub use sampler::{Sample, SamplerState};
pub use source::{Examples, Pair, TextWeights, TrainingData};
pub use step::{BatchLosses, Step};
pub use step_losses::StepShared;
pub use targets::{MaskedTokens, Targets};
pub use trainer::{Output, Trainer};
pub use training_run::{Start, Trained, TrainingRun};
