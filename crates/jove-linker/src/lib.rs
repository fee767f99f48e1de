//! Entity linking over an alias automaton, part-of-speech tagging, spans.
//!
//! [`Linker`] finds the names of a knowledge base in text, [`Tagger`] cuts text into words with universal parts of
//! speech, [`Annotator`] does both. All spans are bytes of the original text, however it was normalised for the search.
//! Nothing here opens a file or a database: names come from an iterator.
//!
//! ```
//! use jove_core::{AliasRecord, EntityId, Lang};
//! use jove_linker::{EntityLinkingOptions, Knowledge, Linker, Normalization};
//!
//! let alias = |alias: &str, entity, prior| AliasRecord {
//!     alias: alias.to_owned(),
//!     entity: EntityId(entity),
//!     lang: Some(Lang::EN),
//!     prior,
//!     popularity: 0.0,
//! };
//! // Two entities named Washington: a person and a city. The city is in Maryland's neighbourhood.
//! let aliases = [alias("Washington", 1, 0.9), alias("Washington", 2, 0.1), alias("Maryland", 3, 1.0)];
//! let neighbours = Knowledge::build([], [(EntityId(2), EntityId(3))], Normalization::default());
//! let linker = Linker::build(aliases, &EntityLinkingOptions::default())?.with_knowledge(neighbours);
//!
//! let text = "From Maryland to Washington.";
//! let mentions = linker.link(text, Lang::EN);
//! let linked: Vec<_> = mentions.iter().map(|m| (m.span.slice(text), m.entity.0)).collect();
//! assert_eq!(linked, [(Some("Maryland"), 3), (Some("Washington"), 2)]);
//! # Ok::<(), jove_linker::Error>(())
//! ```

mod alias_usage;
mod annotate;
mod automaton;
mod boundary;
mod candidate_scores;
mod char_class;
mod common_words;
mod context_cues;
mod error;
mod feature;
pub mod html;
mod inflection;
mod knowledge;
mod language;
mod lexicon;
mod likely_language;
mod link_classifier;
mod link_context;
mod linker;
mod normal;
mod occurrences;
mod options;
mod plain_words;
mod prominence;
mod quantity;
mod resolve;
mod sanity_check;
mod segments;
mod stems;
mod surface_features;
mod table;
mod tagger;
mod term_set;
mod terms;
mod unlinked;

pub use annotate::Annotator;
pub use error::Error;
pub use feature::{FEATURES, Feature, Features};
pub use knowledge::Knowledge;
pub use likely_language::likely_language;
pub use link_classifier::LinkClassifier;
pub use linker::{Linker, LinkerReport, ScoredMention};
pub use normal::Normalization;
pub use options::{EngineKind, EntityLinkingOptions, Overlap};
pub use segments::Segment;
pub use tagger::{Tagger, TaggerOptions, UserWord, UserWords, universal_pos};
pub use unlinked::unlinked_names;
