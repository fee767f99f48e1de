//! The types that all jove crates share.
//!
//! Plain data and small traits only: this crate reads no file, prints nothing and owns no thread. Newtypes keep bytes,
//! tokens and entities apart, so that a byte offset cannot be taken for a token position.
//!
//! ```
//! use jove_core::{AnnotatedText, ByteSpan, EntityId, Lang, Mention, Pos, Purpose, Seed, Word};
//!
//! // Spans are bytes of the original text; slicing checks that they fit.
//! let text = AnnotatedText {
//!     text: "北京很大".to_owned(),
//!     lang: Lang::new("zh_Hans")?,
//!     words: vec![Word { span: ByteSpan::new(0, 6), pos: Pos::Propn }],
//!     mentions: vec![Mention { span: ByteSpan::new(0, 6), entity: EntityId(7), score: 0.9 }],
//! };
//! assert_eq!(text.mentions[0].span.slice(&text.text), Some("北京"));
//! assert_eq!(text.lang.primary(), "zh");
//!
//! // A random stream depends on what it is for, never on the order of work.
//! use rand::Rng as _;
//! let draw = |example| Seed(1).rng(Purpose::Mask, 0, example).next_u64();
//! assert_eq!(draw(5), draw(5));
//! assert_ne!(draw(5), draw(6));
//! # Ok::<(), jove_core::LangError>(())
//! ```

mod id;
mod invalid_setting;
mod lang;
mod model_config;
mod page;
pub mod parameter_names;
mod pos;
mod printable;
mod problem;
mod progress;
pub mod script;
mod seed;
mod span;
mod text;

pub use id::{EntityId, TokenId};
pub use invalid_setting::InvalidSetting;
pub use lang::{Lang, LangError};
pub use model_config::{Layout, ModelConfig, ModelConfigError, RobertaClass};
pub use page::PAGE_STYLE;
pub use pos::Pos;
pub use printable::{printable, printable_json};
pub use problem::{Advise, Problem};
pub use progress::{Progress, Silent};
pub use seed::{Purpose, Rng, Seed};
pub use span::{ByteSpan, TokenSpan};
pub use text::{AliasRecord, AnnotatedText, Mention, SpecialTokens, TokenizedText, Word};
