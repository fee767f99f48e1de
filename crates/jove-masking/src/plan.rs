//! Which tokens are hidden, and what stands in their place.

use jove_core::{EntityId, SpecialTokens, TokenId, TokenSpan, TokenizedText};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::candidates::{CandidateUnits, Unit};
use crate::corrupt::corrupt;
use crate::{Error, MaskConfig, NoReplacements, Replacements};

/// The kinds of units that are masked whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnitKind {
    /// A linked mention.
    Entity,
    /// A word of a chosen part of speech.
    Pos,
    /// A word of any kind.
    Word,
    /// A run of words.
    Span,
    /// A single token.
    Token,
}

impl UnitKind {
    /// Every kind, in the order of its number.
    pub const ALL: [Self; 5] = [Self::Entity, Self::Pos, Self::Word, Self::Span, Self::Token];

    /// The name in run files and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Entity => "entity",
            Self::Pos => "pos",
            Self::Word => "word",
            Self::Span => "span",
            Self::Token => "token",
        }
    }
}

/// What became of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MaskAction {
    /// The model sees the mask token.
    Mask,
    /// The model sees a random token.
    Random,
    /// The model sees the token itself.
    Keep,
    /// The model sees a token of another entity of the same type.
    Swap,
}

/// One token that the model must predict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Where, in the text's tokens; special tokens that open and close a sequence are not counted.
    pub position: u32,
    /// What stood there and must be predicted.
    pub original: TokenId,
    /// What the model sees.
    pub input: TokenId,
    /// The kind of unit it was chosen with.
    pub kind: UnitKind,
    /// What became of it.
    pub fate: MaskAction,
}

/// One unit that was chosen whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskedUnit {
    /// Its tokens; a special token among them is not a target.
    pub span: TokenSpan,
    /// Its kind.
    pub kind: UnitKind,
    /// What it names, for an entity.
    pub entity: Option<EntityId>,
}

/// The targets of one text under one draw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskPlan {
    /// Sorted by position; no position twice.
    pub targets: Vec<Target>,
    /// Sorted by start, without overlaps.
    pub units: Vec<MaskedUnit>,
}

impl MaskPlan {
    /// The tokens as the model sees them.
    pub fn apply(&self, tokens: &[TokenId]) -> Vec<TokenId> {
        let mut inputs = tokens.to_vec();
        for target in &self.targets {
            inputs[target.position as usize] = target.input;
        }
        inputs
    }

    /// The tokens as they were, from what the model sees.
    pub fn restore(&self, inputs: &[TokenId]) -> Vec<TokenId> {
        let mut tokens = inputs.to_vec();
        for target in &self.targets {
            tokens[target.position as usize] = target.original;
        }
        tokens
    }
}

/// Plans the masks of one text; entities are never swapped. See [`plan_with`].
///
/// # Errors
/// When the vocabulary holds nothing but special pieces.
pub fn plan<R: Rng>(
    text: &TokenizedText,
    config: &MaskConfig,
    specials: &SpecialTokens,
    rng: &mut R,
) -> Result<MaskPlan, Error> {
    plan_with(text, config, specials, &NoReplacements, rng)
}

/// Plans the masks of one text.
///
/// Units are drawn until the budget is spent: first a kind, so that each kind gets its weight's share of the tokens,
/// then a unit of that kind that touches none chosen before. The budget is rounded up or down at random, and a unit
/// longer than what is left of it is taken with the chance `left / length`: so the mean over many texts is the budget
/// itself, while one text may have a few targets more or less, or none.
///
/// Special tokens inside the text (such as `[UNK]`) are never targets. `config` is taken as validated.
///
/// # Errors
/// When the vocabulary holds nothing but special pieces.
pub fn plan_with<R: Rng>(
    text: &TokenizedText,
    config: &MaskConfig,
    specials: &SpecialTokens,
    replacements: &impl Replacements,
    rng: &mut R,
) -> Result<MaskPlan, Error> {
    if specials.vocab_size <= 5 {
        return Err(Error::NoVocabulary { vocab_size: specials.vocab_size });
    }
    let mut units = choose(text, config, specials, rng);
    units.sort_unstable_by_key(|unit| unit.span);
    let mut plan = MaskPlan::default();
    for unit in units {
        corrupt(&unit, text, config, specials, replacements, rng, &mut plan.targets);
        plan.units.push(MaskedUnit { span: unit.span, kind: unit.kind, entity: unit.entity });
    }
    Ok(plan)
}

fn choose<R: Rng>(text: &TokenizedText, config: &MaskConfig, specials: &SpecialTokens, rng: &mut R) -> Vec<Unit> {
    let mut pools = CandidateUnits::new(text, config, specials, rng);
    let wanted = pools.maskable() as f64 * config.budget;
    let mut left = wanted.floor() as usize + usize::from(rng.random_bool(wanted.fract()));
    let mut chosen = Vec::new();
    while left > 0 {
        let Some(unit) = pools.draw(rng) else { break };
        if unit.maskable > left && !rng.random_bool(left as f64 / unit.maskable as f64) {
            break;
        }
        left = left.saturating_sub(unit.maskable);
        pools.take(&unit);
        chosen.push(unit);
    }
    chosen
}
