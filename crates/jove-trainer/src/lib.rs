//! The training loop: batches, AdamW, schedule, accumulation, exact resume, metrics.
//!
//! [`Trainer::step`] is all of training in a page: an [`Assembler`] fills the step's batches, each batch goes once through
//! the [`Model`], every objective looks at its rows of the result, and AdamW follows the summed gradients. Every random
//! choice derives from the seed, the step and the example, so a run that was stopped and resumed ends at the same bits
//! as one that was not, on any number of threads.

mod alignment;
mod asked;
mod assemble;
mod batch;
mod checkpoint;
mod config;
mod error;
mod forward;
mod gradient_share;
mod job;
mod labels;
mod lookalikes;
mod memory;
mod metrics;
mod model;
mod momentum;
mod objectives;
mod queue;
mod schedule;
mod source;
mod stream;
mod trainer;
mod watch;
mod window;

pub use alignment::{TranslationForm, TranslationOptions, WordAlignmentOptions};
pub use assemble::{Assembler, AssemblerState};
pub use batch::{Batch, LinkTargets, Targets, TranslationTargets};
pub use config::TrainConfig;
pub use error::{Cause, Error};
pub use job::{Device, Job, Start, Trained, cuda};
pub use lookalikes::{Lookalikes, RelationFact, Relations};
pub use metrics::{Gauges, Loss, Losses, MetricsLine, read_metrics};
pub use model::Model;
pub use momentum::MomentumEncoder;
pub use objectives::{LinkOptions, MlmOptions, Objectives, Pooling, RelationOptions, TlmOptions};
pub use queue::KeyQueue;
pub use schedule::Schedule;
pub use source::{Descriptions, Example, Examples, Origin, Pair, TrainingData};
pub use stream::{Drawn, Stream, StreamState};
pub use trainer::{Output, StepReport, Trainer};
