//! Errors of this crate.

use std::io;
use std::path::{Path, PathBuf};

use jove_core::{Advise, InvalidSetting, Problem};

/// The result of the functions of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// A file does not follow its format.
    #[error("{}: expected {expected}, found {found}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What the format requires.
        expected: String,
        /// What was found.
        found: String,
    },
    /// A vocabulary lacks a piece that its layout needs.
    #[error("{}: expected a vocabulary with the special piece `{piece}`, found none among {vocab_size} pieces", path.display())]
    MissingSpecial {
        /// Where the vocabulary came from.
        path: PathBuf,
        /// The piece.
        piece: String,
        /// How many pieces there are.
        vocab_size: usize,
    },
    /// A tokenizer of a family that isn't supported.
    #[error("{}: expected WordPiece or Unigram, found {found}, the byte-level BPE of RoBERTa and GPT-2", path.display())]
    ByteLevel {
        /// The file or folder.
        path: PathBuf,
        /// What was found.
        found: &'static str,
    },
    /// The files that would be written for a tokenizer cut a text otherwise than the tokenizer does.
    #[error("{file}: expected the tokens of the tokenizer that it is written for, found others in {text:?}")]
    Unfaithful {
        /// The name of the file.
        file: &'static str,
        /// A text that is cut otherwise.
        text: String,
    },
    /// A vocabulary could not be trained.
    #[error("training a vocabulary: expected {expected}, found {found}")]
    Train {
        /// What training needs.
        expected: String,
        /// What it was given instead.
        found: String,
    },
    /// The tokenizer rejected a text.
    #[error("tokenizing: {0}")]
    Tokenize(String),
    /// An annotation does not fit its text.
    #[error(
        "{what} {index} of a text of {text_bytes} bytes: expected sorted spans on character boundaries inside the text, found bytes {start} to {end}"
    )]
    Span {
        /// Words or mentions.
        what: &'static str,
        /// Which of them, counted from 0.
        index: usize,
        /// The span's first byte.
        start: u32,
        /// The byte after the span.
        end: u32,
        /// Length of the text.
        text_bytes: usize,
    },
    /// A row number beyond the end.
    #[error("{}: expected a row below {rows}, found {row}", path.display())]
    NoSuchRow {
        /// The shard.
        path: PathBuf,
        /// The row requested.
        row: usize,
        /// The number of rows.
        rows: usize,
    },
    /// No text was kept.
    #[error("{}: expected some text, found none{}", path.display(), listed(left_out))]
    EmptyCorpus {
        /// The file or folder.
        path: PathBuf,
        /// How many were left out and why, each such as `2 shorter than chars-min = 4`.
        left_out: Vec<String>,
    },
    /// More rows are bad than the options tolerate.
    #[error("expected at most {limit} bad rows, found {found}; the last: {last}")]
    TooManyProblems {
        /// The number tolerated.
        limit: u64,
        /// The number found when reading stopped.
        found: u64,
        /// The last one.
        last: Problem,
    },
    /// An invalid setting, named relative to the options that hold it.
    #[error(transparent)]
    Setting(#[from] InvalidSetting),
    /// The user interrupted the work.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_owned(), source }
    }

    pub(crate) fn byte_level(path: &Path, found: &'static str) -> Self {
        Self::ByteLevel { path: path.to_owned(), found }
    }

    pub(crate) fn malformed(path: &Path, expected: impl Into<String>, found: impl std::fmt::Display) -> Self {
        Self::Malformed { path: path.to_owned(), expected: expected.into(), found: shortened(&found.to_string()) }
    }
}

/// What was left out, in parentheses.
fn listed(left_out: &[String]) -> String {
    if left_out.is_empty() { String::new() } else { format!(" (left out: {})", left_out.join(", ")) }
}

/// At most 200 characters of a message that may repeat data of the user.
fn shortened(message: &str) -> String {
    const CHARS_MAX: usize = 200;
    match message.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message.to_owned(),
    }
}

impl Advise for Error {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => "Check the path; it is taken relative to the current folder.",
                io::ErrorKind::StorageFull => "Free some space and run again; finished stages are kept.",
                _ => return None,
            },
            Self::MissingSpecial { .. } => {
                "BERT vocabularies need [PAD] [UNK] [CLS] [SEP] [MASK]; XLM-R ones <s> <pad> </s> <unk> <mask>."
            }
            Self::ByteLevel { .. } => {
                "Byte-level BPE isn't supported; use a model with a WordPiece or SentencePiece vocabulary, such as BERT or XLM-R."
            }
            Self::Unfaithful { .. } => "Report the tokenizer's files; nothing was written.",
            Self::Train { .. } => "Give more text, or choose another vocabulary size.",
            Self::EmptyCorpus { left_out, .. } if left_out.is_empty() => {
                "Check the path; a text file holds one sentence a line."
            }
            Self::EmptyCorpus { .. } => "Give more text, or change the setting that leaves it out.",
            Self::TooManyProblems { .. } => "See the reject file; raise max-bad if such rows may be left out.",
            Self::Malformed { .. } => "The file may be truncated or of another format; create it again.",
            Self::Span { .. } => "Annotate the text again: the spans belong to another text.",
            Self::Tokenize(_) | Self::NoSuchRow { .. } | Self::Setting(_) | Self::Interrupted => return None,
        };
        Some(hint.to_owned())
    }
}
