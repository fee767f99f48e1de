//! Entity linking over an alias automaton, part-of-speech tagging, spans.
//!
//! [`Linker`] finds the names of a knowledge base in text, [`Tagger`] cuts text into words with universal parts of
//! speech, [`Annotator`] does both. All spans are bytes of the original text, however it was normalised for the search.
//! Nothing here opens a file or a database: names come from an iterator.

mod annotate;
mod automaton;
mod boundary;
mod error;
mod linker;
mod normal;
mod options;
mod resolve;
mod table;
mod tagger;

pub use annotate::Annotator;
pub use error::Error;
pub use linker::{Linker, LinkerReport};
pub use normal::Normalization;
pub use options::{EngineKind, LinkOptions, Overlap};
pub use tagger::{Tagger, TaggerOptions, UserWord, UserWords, universal_pos};
