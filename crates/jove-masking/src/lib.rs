//! Mask plans for masked language modelling: units, mask rate, corruption.
//!
//! [`plan`] chooses whole units (entities, words of chosen parts of speech, any words, random spans, single tokens)
//! up to one mask rate, and decides what the model sees in place of each chosen token. It reads no file and owns no
//! random generator: the caller passes one, and the same generator gives the same plan on any thread.
//!
//! ```
//! use jove_core::{EntityId, Lang, Pos, Purpose, Seed, SpecialTokens, TokenId, TokenSpan, TokenizedText};
//! use jove_masking::{MaskConfig, UnitKind, UnitWeights, plan};
//!
//! // 北 京 在 中 国, one token a character; two linked mentions, three words.
//! let text = TokenizedText {
//!     lang: Lang::ZH,
//!     tokens: [10, 11, 12, 13, 14].map(TokenId).to_vec(),
//!     words: vec![
//!         (TokenSpan::new(0, 2), Pos::Propn),
//!         (TokenSpan::new(2, 3), Pos::Adp),
//!         (TokenSpan::new(3, 5), Pos::Propn),
//!     ],
//!     mentions: vec![(TokenSpan::new(0, 2), EntityId(7)), (TokenSpan::new(3, 5), EntityId(8))],
//! };
//! let [first, separator, pad, unknown, mask] = [1, 2, 0, 3, 4].map(TokenId);
//! let specials = SpecialTokens { first, separator, pad, unknown, mask, vocab_size: 100 };
//!
//! let weights = UnitWeights { entity: 1.0, pos: 0.0, word: 0.0, span: 0.0, token: 0.0 };
//! let config = MaskConfig { budget: 0.4, weights, ..MaskConfig::default() };
//! config.validate()?;
//! let plan = plan(&text, &config, &specials, &mut Seed(1).rng(Purpose::Mask, 0, 0))?;
//!
//! // 40% of 5 tokens are 2: one of the two names, whole.
//! assert_eq!(plan.units.len(), 1);
//! assert_eq!(plan.units[0].kind, UnitKind::Entity);
//! assert_eq!(plan.targets.len(), 2);
//! assert_eq!(plan.restore(&plan.apply(&text.tokens)), text.tokens);
//! # Ok::<(), jove_masking::Error>(())
//! ```

mod candidates;
mod config;
mod corrupt;
mod error;
pub mod html;
mod plan;
mod replace;
mod stats;
mod unit;

pub use config::{Corruption, MaskConfig, ReplacementScope, UnitWeights};
pub use error::Error;
pub use plan::{MaskPlan, plan, plan_with};
pub use replace::{Names, NoReplacements, Replacements, SameType, TypedName};
pub use stats::MaskStats;
pub use unit::{MaskAction, MaskedUnit, Target, UnitKind};
