//! From text to token shards.
//!
//! Text comes in as files of any quality and leaves as numbers that point back to it: every token, word and mention
//! keeps its place in the original text, which is never rewritten. Nothing here knows of masks or models.

mod annotated;
mod error;
mod shard;
mod tokenizer;

pub use annotated::{AnnotatedReader, AnnotatedWriter};
pub use error::Error;
pub use shard::{PairReader, PairWriter, ShardReader, ShardWriter};
pub use tokenizer::{Alignment, Encoding, Tokenizer, TrainOptions, TrainerKind};

/// What the functions of this crate return.
pub type Result<T, E = Error> = std::result::Result<T, E>;
