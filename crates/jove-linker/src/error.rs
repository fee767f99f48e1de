//! Why a linker or a tagger cannot be built.

use jove_core::{Advise, InvalidSetting};

/// Why a linker or a tagger cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The names cover nearly all of ordinary text.
    #[error(
        "aliases: expected names, found {aliases} aliases that cover {percent:.0} % of ordinary text, such as {examples}"
    )]
    LinksEverything {
        /// Number of different aliases.
        aliases: usize,
        /// Percentage of the text's letters that are inside mentions.
        percent: f64,
        /// Some of the mentions.
        examples: String,
    },
    /// An invalid setting, named relative to [`EntityLinkingOptions`](crate::EntityLinkingOptions).
    #[error(transparent)]
    Setting(#[from] InvalidSetting),
    /// The search engine refused the aliases.
    #[error("aliases: {aliases} of them do not fit the {engine} engine: {reason}")]
    Engine {
        /// The engine's name.
        engine: &'static str,
        /// Number of different aliases.
        aliases: usize,
        /// What the engine says.
        reason: String,
    },
    /// A user word without a visible character, or with white space inside.
    #[error("user word {row}: expected a word without white space, found {word:?}")]
    BadWord {
        /// Which word, counted from 1.
        row: u64,
        /// The word as given.
        word: String,
    },
}

impl Advise for Error {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::LinksEverything { .. } => {
                "remove common words and single letters from the names, raise link.chars-min, or learn a stoplist"
            }
            Self::Setting(_) => "leave the setting out to use its default",
            Self::Engine { .. } => "try `engine = \"daachorse\"` under [link]; it takes larger tables",
            Self::BadWord { .. } => "give one word a row; names with spaces inside are found by the linker itself",
        };
        Some(hint.to_owned())
    }
}
