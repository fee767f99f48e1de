//! Mask plans: which tokens the model must predict, and what it sees in their place.

use jove_core::{SpecialTokens, TokenId, TokenizedText};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::candidates::{CandidateUnits, Unit};
use crate::config::MaskConfig;
use crate::corrupt::corrupt;
use crate::error::Error;
use crate::replace::{NoReplacements, Replacements};
use crate::unit::{MaskedUnit, Target};

/// The targets of one text under one draw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskPlan {
    /// Sorted by position; no position twice.
    pub targets: Vec<Target>,
    /// Sorted by start, without overlaps.
    pub units: Vec<MaskedUnit>,
}

impl MaskPlan {
    /// The tokens as the model sees them; `tokens` are those that the plan was made for.
    pub fn apply(&self, tokens: &[TokenId]) -> Vec<TokenId> {
        let mut inputs = tokens.to_vec();
        for target in &self.targets {
            inputs[target.position as usize] = target.input;
        }
        inputs
    }

    /// The original tokens, from those that the model sees; undoes [`MaskPlan::apply`].
    pub fn restore(&self, inputs: &[TokenId]) -> Vec<TokenId> {
        let mut tokens = inputs.to_vec();
        for target in &self.targets {
            tokens[target.position as usize] = target.original;
        }
        tokens
    }
}

/// Plans the masks of one text without entity replacement; see [`plan_with`].
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
/// Units are drawn until the mask rate (`budget`) is reached: first a kind, so that each kind gets its weight's share of
/// the tokens, then a unit of that kind that overlaps none chosen before. The number of targets is rounded up or down at
/// random, and a unit longer than what is left is taken with probability `left / length`: so the mean rate over many
/// texts is the configured one, while one text may have a few targets more or fewer, or none.
///
/// Special tokens inside the text (such as `[UNK]`) are never targets. `config` must be valid ([`MaskConfig::validate`]).
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
    let mut candidates = CandidateUnits::new(text, config, specials, rng);
    let wanted = candidates.maskable() as f64 * config.budget;
    let mut left = wanted.floor() as usize + usize::from(rng.random_bool(wanted.fract()));
    let mut chosen = Vec::new();
    while left > 0 {
        let Some(unit) = candidates.draw(rng) else { break };
        if unit.maskable > left && !rng.random_bool(left as f64 / unit.maskable as f64) {
            break;
        }
        left = left.saturating_sub(unit.maskable);
        candidates.take(&unit);
        chosen.push(unit);
    }
    chosen
}
