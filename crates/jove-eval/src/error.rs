//! Errors of probes.

use std::path::PathBuf;

use jove_core::Advise;

/// Why a probe failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An invalid item.
    #[error("item {index} of the {probe}: expected {expected}, found {found}")]
    Item {
        /// The probe.
        probe: &'static str,
        /// The item, counted from 0.
        index: usize,
        /// What was expected.
        expected: &'static str,
        /// What was found.
        found: String,
    },
    /// Two parallel files differ in their number of lines.
    #[error("{} has {} lines and {} has {} line(s); expected equally many", paths[0].display(), counts[0], paths[1].display(), counts[1])]
    Uneven {
        /// The two files.
        paths: [PathBuf; 2],
        /// How many lines each has.
        counts: [usize; 2],
    },
    /// A file could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// An operator of the model rejected its arguments, or its device failed.
    #[error(transparent)]
    Model(#[from] jove_model::Error),
    /// The checkpoint cannot be loaded, or a head of the model failed.
    #[error(transparent)]
    Objective(#[from] jove_objectives::Error),
    /// The knowledge base cannot be read.
    #[error(transparent)]
    Kb(#[from] jove_kb::Error),
    /// A text cannot be tokenized.
    #[error(transparent)]
    Corpus(#[from] jove_corpus::Error),
    /// The user cancelled.
    #[error("interrupted")]
    Interrupted,
}

impl Advise for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Model(error) => error.hint(),
            Self::Objective(error) => error.hint(),
            Self::Kb(error) => error.hint(),
            Self::Corpus(error) => error.hint(),
            Self::Item { .. } => Some("were the items made with this model's tokenizer?".to_owned()),
            Self::Uneven { .. } => Some("download both files again, from LASER's data/tatoeba/v1".to_owned()),
            Self::Read { .. } => Some("check the path, and that the file is UTF-8".to_owned()),
            Self::Interrupted => None,
        }
    }
}
