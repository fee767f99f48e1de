//! Mask plans for masked language modelling: units, budget, corruption.
//!
//! [`plan`] chooses whole units (entities, words of chosen parts of speech, any words, random spans, single tokens)
//! under one budget, and decides what the model sees in place of each chosen token. It reads no file and owns no random
//! generator: it is handed one, so the same generator gives the same plan on any thread.

mod candidates;
mod config;
mod corrupt;
mod error;
pub mod html;
mod plan;
mod replace;
mod stats;

pub use config::{Corruption, MaskConfig, ReplacementScope, UnitWeights};
pub use error::Error;
pub use plan::{MaskAction, MaskPlan, MaskedUnit, Target, UnitKind, plan, plan_with};
pub use replace::{Names, NoReplacements, Replacements, SameType, TypedName};
pub use stats::MaskStats;
