//! From text to token shards.
//!
//! Text comes in as files of any quality and leaves as numbers that point back to it: every token, word and mention
//! keeps its place in the original text, which is never rewritten. Nothing here knows of masks or models.

mod annotated;
mod clean;
mod doctor;
mod duplicate;
mod error;
mod language;
mod pairs;
mod reject;
mod rows;
mod sampling;
mod shard;
mod stats;
mod text;
mod tokenizer;

pub use annotated::{AnnotatedReader, AnnotatedWriter};
pub use clean::CleanOptions;
pub use doctor::{Check, doctor};
pub use error::Error;
pub use language::identify;
pub use pairs::{PairOptions, PairReport, PairSource, SentencePair, read_pairs};
pub use reject::Rejects;
pub use sampling::balance;
pub use shard::{PairReader, PairWriter, ShardReader, ShardWriter};
pub use stats::{Group, Stats, stats};
pub use text::{CleanText, TextFormat, TextOptions, TextReport, TextSource, read_texts};
pub use tokenizer::{Alignment, Encoding, Tokenizer, TrainOptions, TrainerKind};

/// What the functions of this crate return.
pub type Result<T, E = Error> = std::result::Result<T, E>;
