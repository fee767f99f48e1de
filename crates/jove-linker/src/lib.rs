//! Entity linking over an alias automaton, part-of-speech tagging, spans.
//!
//! [`Linker`] finds the names of a knowledge base in text, [`Tagger`] cuts text into words with universal parts of
//! speech, [`Annotator`] does both. All spans are bytes of the original text, however it was normalised for the search.
//! Nothing here opens a file or a database: names come from an iterator.

mod alias_usage;
mod annotate;
mod automaton;
mod boundary;
mod char_class;
mod context_cues;
mod error;
mod features;
pub mod html;
mod knowledge;
mod link_classifier;
mod link_context;
mod linker;
mod normal;
mod options;
mod quantity;
mod resolve;
mod sanity_check;
mod segments;
mod table;
mod tagger;
mod terms;
mod unlinked;

pub use annotate::Annotator;
pub use error::Error;
pub use knowledge::Knowledge;
pub use link_classifier::{FEATURE_NAMES, FEATURES, Features, LinkClassifier};
pub use linker::{Linker, LinkerReport, ScoredMention};
pub use normal::Normalization;
pub use options::{EngineKind, EntityLinkingOptions, Overlap};
pub use segments::Segment;
pub use tagger::{Tagger, TaggerOptions, UserWord, UserWords, universal_pos};
pub use unlinked::unlinked_names;
