//! What can go wrong in a probe.

use std::path::PathBuf;

use jove_core::Advise;

/// Why a probe cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An item that does not fit together.
    #[error("item {index} of the {probe}: expected {expected}, found {found}")]
    Item {
        /// The probe.
        probe: &'static str,
        /// The item, counted from 0.
        index: usize,
        /// What it should hold.
        expected: &'static str,
        /// What it holds.
        found: String,
    },
    /// Two files that belong together line by line do not.
    #[error("{} has {} lines and {} has {} line(s); expected as many", paths[0].display(), counts[0], paths[1].display(), counts[1])]
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
    /// The model refused its part, or its device failed.
    #[error(transparent)]
    Model(#[from] jove_model::Error),
    /// The model with its heads cannot be read, or refused its part.
    #[error(transparent)]
    Objective(#[from] jove_objectives::Error),
    /// The knowledge base cannot be read.
    #[error(transparent)]
    Kb(#[from] jove_kb::Error),
    /// A text cannot be cut into tokens.
    #[error(transparent)]
    Corpus(#[from] jove_corpus::Error),
    /// The user asked to stop.
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
            Self::Uneven { .. } => Some("get both files anew; they come from LASER's data/tatoeba/v1".to_owned()),
            Self::Read { .. } => Some("check the path, and that the file is UTF-8".to_owned()),
            Self::Interrupted => None,
        }
    }
}
