//! What can go wrong in training.

use std::io;
use std::path::PathBuf;

use jove_core::{Advise, InvalidSetting};

use crate::example::Example;

/// An error of a lower crate that trains along; kept whole, so that its cause can be shown.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why training cannot begin or continue.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An invalid setting.
    #[error("train.{field}: expected {expected}, found {found}")]
    Config {
        /// The field, dotted.
        field: String,
        /// What it may be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// An invalid mask setting.
    #[error(transparent)]
    Mask(#[from] jove_masking::Error),
    /// A model that cannot be built or run.
    #[error(transparent)]
    Model(#[from] jove_model::Error),
    /// An objective that was given what it cannot take.
    #[error(transparent)]
    StepLosses(#[from] jove_objectives::Error),
    /// A checkpoint's tensors cannot be read or written.
    #[error(transparent)]
    Tensors(#[from] jove_checkpoint::Error),
    /// Too few examples for an objective that is on.
    #[error("objective {objective}: expected {expected}, found {}", count(*.found))]
    NoData {
        /// The objective.
        objective: &'static str,
        /// What it needs.
        expected: &'static str,
        /// How many there are.
        found: usize,
    },
    /// An example cannot be read.
    #[error("cannot read example {index} of the {source_name}")]
    Example {
        /// Which of the sources.
        source_name: &'static str,
        /// The example's index in it.
        index: usize,
        /// Why.
        #[source]
        cause: Cause,
    },
    /// A loss or gradient is infinite or no number; the step was not taken.
    #[error("step {step}: {what} is {value}; the step was not taken; its examples: {}", list(.examples))]
    NotFinite {
        /// The step, counted from 1.
        step: u64,
        /// Which loss, or the gradient norm.
        what: String,
        /// What was found.
        value: f64,
        /// The examples of the step.
        examples: Vec<Example>,
    },
    /// Steps that teach nothing: they have no target, or a gradient of 0.
    #[error("step {step}: expected something to learn, found {found} in any of the steps before: {why}")]
    NothingToLearn {
        /// The last step, counted from 1.
        step: u64,
        /// What was found.
        found: String,
        /// What is known of the data.
        why: String,
    },
    /// A checkpoint of another run.
    #[error("{}: expected a checkpoint of a run with the same {part}, found {found}, expected {expected}", path.display())]
    OtherRun {
        /// The checkpoint.
        path: PathBuf,
        /// What differs: `settings`, `data` or `model`.
        part: &'static str,
        /// Of the run at hand.
        expected: String,
        /// Of the checkpoint.
        found: String,
    },
    /// A checkpoint that does not fit together.
    #[error("{}: {what}", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What was expected and found.
        what: String,
        /// Why, where another library knows.
        #[source]
        cause: Option<Cause>,
    },
    /// A metrics file that holds something else.
    #[error("{}:{line}: expected a line of metrics", path.display())]
    Metrics {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// Why.
        source: serde_json::Error,
    },
    /// A file cannot be read.
    #[error("{}: cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("{}: cannot be written", path.display())]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What the run starts from is not what it should be.
    #[error("training cannot begin")]
    Start {
        /// Why.
        #[source]
        cause: Cause,
    },
    /// A part of the program failed in a way that it should not.
    #[error("after step {step}: the program failed: {message}; {}", if *.saved { "a checkpoint of that step was saved" } else { "the last checkpoint stays as it is" })]
    Panicked {
        /// Steps taken.
        step: u64,
        /// What the failed part said.
        message: String,
        /// Whether a checkpoint of that step was saved.
        saved: bool,
    },
    /// The user asked to stop; a checkpoint was saved.
    #[error("interrupted after step {step}; a checkpoint was saved")]
    Interrupted {
        /// Steps taken.
        step: u64,
    },
}

impl Error {
    pub(crate) fn config(field: &str, expected: impl Into<String>, found: impl std::fmt::Display) -> Self {
        Self::Config { field: field.to_owned(), expected: expected.into(), found: found.to_string() }
    }

    pub(crate) fn damaged(path: &std::path::Path, what: impl Into<String>) -> Self {
        Self::Checkpoint { path: path.to_owned(), what: what.into(), cause: None }
    }
}

impl From<InvalidSetting> for Error {
    /// An invalid mask setting.
    fn from(invalid: InvalidSetting) -> Self {
        Self::Mask(invalid.into())
    }
}

/// `Error::Config` for `field` unless `holds`.
pub(crate) fn check(
    field: &str,
    expected: impl Into<String>,
    found: impl std::fmt::Display,
    holds: bool,
) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::config(field, expected, found)) }
}

/// What to do about a damaged file of a run: its folder is that of the run, or of the checkpoint in it.
fn start_anew(path: &std::path::Path) -> String {
    let mut folder = path;
    while let Some(parent) = folder.parent() {
        folder = parent;
        if folder.join("metrics.jsonl").exists() || folder.join("checkpoint").is_dir() {
            return format!("the file is damaged or of another run; delete {} to train anew", folder.display());
        }
    }
    "the file is damaged or of another run; delete the folder of the run to train anew".to_owned()
}

/// A small number as a word.
fn count(found: usize) -> String {
    match found {
        0 => "none".to_owned(),
        1 => "one".to_owned(),
        more => more.to_string(),
    }
}

/// At most the first twenty examples, as a person would look them up.
fn list(examples: &[Example]) -> String {
    const SHOWN_MAX: usize = 20;
    let mut shown: Vec<String> = examples.iter().take(SHOWN_MAX).map(ToString::to_string).collect();
    if examples.len() > SHOWN_MAX {
        shown.push(format!("and {} more", examples.len() - SHOWN_MAX));
    }
    shown.join(", ")
}

impl Advise for Error {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Mask(error) => return error.hint(),
            Self::Model(error) => return error.hint(),
            Self::StepLosses(error) => return error.hint(),
            Self::Tensors(error) => return error.hint(),
            Self::NotFinite { .. } => {
                "lower train.learning-rate or raise train.warmup; if it happens at step 1, look at the named examples"
            }
            Self::NothingToLearn { .. } => {
                "check that the vocabulary (tokenizers, or that of model.from) is one for the language of the text, and the \
                 settings under masking"
            }
            Self::NoData { objective: "link", .. } => {
                "check that the text was linked against the same knowledge base that the descriptions come from"
            }
            Self::NoData { .. } => "give the objective its data, or set its weight to 0",
            Self::OtherRun { .. } => "train into another directory, or remove this one to start anew",
            Self::Interrupted { .. } => "run the same command again to continue",
            Self::Panicked { .. } => {
                "this is a fault of the program: please report it with the message; the same command goes on from the checkpoint"
            }
            Self::Start { .. } => "let what writes to these files finish, and run the same command again",
            Self::Write { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                "free some disk space and run again: the last good checkpoint is untouched"
            }
            Self::Checkpoint { path, .. } | Self::Metrics { path, .. } => return Some(start_anew(path)),
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::ExampleSource;

    #[test]
    fn a_stop_names_the_step_and_the_examples() {
        let examples = (0..25).map(|index| Example { origin: ExampleSource::Text, index, epoch: 2 }).collect();
        let error = Error::NotFinite { step: 7, what: "the mlm loss".to_owned(), value: f64::NAN, examples };
        let message = error.to_string();
        assert!(message.starts_with("step 7: the mlm loss is NaN"), "{message}");
        assert!(message.contains("text 0 (epoch 2), text 1") && message.ends_with("and 5 more"), "{message}");
        assert!(error.hint().is_some());
    }
}
