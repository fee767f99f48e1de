//! The vocabulary that all jove crates share.
//!
//! Plain data and small traits only: this crate reads no file, prints nothing and owns no thread. Newtypes keep bytes,
//! tokens and entities apart, so that a byte offset cannot be taken for a token position.

mod id;
mod lang;
mod model_config;
pub mod parameter_names;
mod pos;
mod problem;
mod progress;
mod seed;
mod span;
mod text;

pub use id::{EntityId, TokenId};
pub use lang::{Lang, LangError};
pub use model_config::{Layout, ModelConfig, ModelConfigError};
pub use pos::Pos;
pub use problem::{Advise, Problem};
pub use progress::{Progress, Silent};
pub use seed::{Purpose, Rng, Seed};
pub use span::{ByteSpan, TokenSpan};
pub use text::{AliasRecord, AnnotatedText, Mention, SpecialTokens, TokenizedText, Word};
