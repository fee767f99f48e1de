//! Entity linking over an alias automaton, part-of-speech tagging, spans.
//!
//! [`Linker`] finds the names of a knowledge base in text, [`Tagger`] cuts text into words with universal parts of
//! speech, [`Annotator`] does both. All spans are bytes of the original text, however it was normalised for the search.
//! Nothing here opens a file or a database: names come from an iterator.

mod annotate;
mod automaton;
mod boundary;
mod calibration;
mod char_class;
mod error;
mod features;
mod habits;
pub mod html;
mod knowledge;
mod linker;
mod normal;
mod options;
mod probe;
mod quantity;
mod resolve;
mod scene;
mod segments;
mod surroundings;
mod table;
mod tagger;
mod terms;
mod unlinked;

pub use annotate::Annotator;
pub use calibration::{Calibration, FEATURE_NAMES, FEATURES, Features};
pub use error::Error;
pub use knowledge::Knowledge;
pub use linker::{Judged, Linker, LinkerReport};
pub use normal::Normalization;
pub use options::{EngineKind, LinkOptions, Overlap};
pub use segments::Segment;
pub use tagger::{Tagger, TaggerOptions, UserWord, UserWords, universal_pos};
pub use unlinked::unlinked_names;
