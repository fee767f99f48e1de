//! Errors of fine-tuning.

use std::io;
use std::path::{Path, PathBuf};

use jove_core::{Advise, InvalidSetting};

/// Why a model cannot be fine-tuned or asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An invalid setting.
    #[error(transparent)]
    Setting(#[from] InvalidSetting),
    /// A run file that is no TOML, or has other keys.
    #[error("{}: {}", path.display(), source.to_string().trim_end())]
    Toml {
        /// The run file.
        path: PathBuf,
        /// What is wrong.
        source: Box<toml::de::Error>,
    },
    /// A file is not what it should be.
    #[error("{}: expected {expected}, found {found}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
        /// What to do about it.
        advice: &'static str,
    },
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The task's data.
    #[error(transparent)]
    Task(#[from] jove_tasks::Error),
    /// Training.
    #[error(transparent)]
    Train(#[from] jove_trainer::Error),
    /// The tokenizer.
    #[error(transparent)]
    Tokenizer(#[from] jove_corpus::Error),
    /// A checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] jove_checkpoint::Error),
    /// A model or its device.
    #[error(transparent)]
    Model(#[from] jove_objectives::Error),
    /// An operator of the model.
    #[error(transparent)]
    Operator(#[from] jove_model::Error),
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    pub(crate) fn file(
        path: &Path,
        expected: impl Into<String>,
        found: impl Into<String>,
        advice: &'static str,
    ) -> Self {
        Self::File { path: path.to_owned(), expected: expected.into(), found: found.into(), advice }
    }
}

impl Advise for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Toml { .. } => Some("docs/finetuning.md lists all settings".to_owned()),
            Self::File { advice, .. } => Some((*advice).to_owned()),
            Self::Task(error) => error.hint(),
            Self::Train(error) => error.hint(),
            Self::Tokenizer(error) => error.hint(),
            Self::Checkpoint(error) => error.hint(),
            Self::Model(error) => error.hint(),
            Self::Operator(error) => error.hint(),
            Self::Io { .. } => Some("check the path; relative paths start at the current directory".to_owned()),
            Self::Setting(_) | Self::Interrupted => None,
        }
    }
}
