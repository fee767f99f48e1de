//! Fine-tuning on labelled tasks, and what models answer: classes, entities, numbers, sentence vectors, masked words.
//!
//! [`FineTuneFile`] is a run file; [`FineTuneFile::execute`] trains every model of it once for each seed, keeps what measures best on
//! the development set, scores trivial baselines on the same data, and writes [`FineTuneResults`]. The training itself is
//! [`jove_trainer::FineTuning`], a kind of step of the same loop as pretraining, so it resumes to the same bits. [`Predictor`] asks what was
//! fine-tuned, [`Asked`] a pretrained model as it is.

mod asked;
mod card;
mod decode;
mod encode;
mod error;
mod execute;
mod labelled;
mod predict;
mod results;
mod run_file;
mod session;
mod settings;

pub use asked::{Asked, Filled};
pub use card::TaskCard;
pub use decode::Prediction;
pub use error::Error;
pub use predict::Predictor;
pub use results::{FineTuneResults, ResultRow};
pub use run_file::{FineTuneFile, FineTuneOptions, ModelOptions};
