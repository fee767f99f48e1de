//! Labelled tasks: their formats, measures, trivial baselines, submissions and published scores.
//!
//! A [`Task`] is read from files in its original format into [`Example`]s ([`TaskData::read`]), whatever is wrong with them is
//! named with its line, and answers are scored by a [`Measure`], as scikit-learn, SciPy and seqeval do. Nothing here knows of
//! models: what is trained on these examples is [`MajorityBaseline`] and [`NgramBaseline`], which any model should beat.
//!
//! ```
//! use jove_tasks::{Answer, Measure, NgramBaseline, Task, TaskData, TaskOptions};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let [train, dev] = ["train.tsv", "dev.tsv"].map(|name| folder.path().join(name));
//! std::fs::write(&train, "text\tlabel\n好看的书\tgood\n难看的书\tbad\n好听的歌\tgood\n难听的歌\tbad\n")?;
//! std::fs::write(&dev, "text\tlabel\n好吃的菜\tgood\n难吃的菜\tbad\n")?;
//! let data = TaskData::read(&TaskOptions::new(Task::Text, train, dev))?;
//! assert_eq!(data.labels, ["bad", "good"]);
//!
//! let baseline = NgramBaseline::train(&data, jove_core::Seed(1));
//! let predicted: Vec<Answer> = data.dev.iter().map(|example| baseline.predict(example)).collect();
//! let gold: Vec<Answer> = data.dev.iter().filter_map(|example| example.answer.clone()).collect();
//! assert_eq!(Measure::Accuracy.score(&gold, &predicted), 1.0);
//! # Ok(())
//! # }
//! ```

mod answer_kind;
mod baseline;
mod data;
mod doctor;
mod error;
mod example;
mod metrics;
mod options;
mod read;
mod reference;
mod resolve;
mod submission;
mod table;
mod tags;
mod task;

pub use answer_kind::AnswerKind;
pub use baseline::majority::MajorityBaseline;
pub use baseline::ngram::NgramBaseline;
pub use data::TaskData;
pub use doctor::{Doctor, DoctorReport};
pub use error::Error;
pub use example::{Answer, Entity, Example};
pub use metrics::Measure;
pub use metrics::interval::Interval;
pub use options::{Columns, TaskOptions};
pub use read::{Unlabelled, read_unlabelled};
pub use reference::{ClueRow, ClueTable};
pub use submission::{check_submission, submission_lines};
pub use table::{Table, TableFormat};
pub use tags::{Tags, entities_of, tags_of};
pub use task::{Recipe, Task};
