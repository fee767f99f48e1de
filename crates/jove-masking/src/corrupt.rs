//! What the model sees in place of a chosen unit.

use jove_core::{SpecialTokens, TokenId, TokenizedText};
use rand::{Rng, RngExt};

use crate::candidates::Unit;
use crate::config::{Corruption, MaskConfig, ReplacementScope};
use crate::replace::Replacements;
use crate::unit::{MaskAction, Target};

/// Appends the unit's targets, in order of position.
pub(crate) fn corrupt<R: Rng>(
    unit: &Unit,
    text: &TokenizedText,
    config: &MaskConfig,
    specials: &SpecialTokens,
    replacements: &impl Replacements,
    rng: &mut R,
    targets: &mut Vec<Target>,
) {
    let tokens = &text.tokens[unit.span.range()];
    let replacement = replacement(unit, text, config, specials, replacements, rng);
    let shared = draw_action(config.corruption, rng);
    for (index, original) in tokens.iter().copied().enumerate() {
        if specials.contains(original) {
            continue;
        }
        let action = match (replacement, config.draw) {
            (Some(_), _) => MaskAction::Swap,
            (None, ReplacementScope::Unit) => shared,
            (None, ReplacementScope::Token) => draw_action(config.corruption, rng),
        };
        let input = match (replacement, action) {
            (Some(tokens), _) => tokens[index],
            (None, MaskAction::Mask) => specials.mask,
            (None, MaskAction::Random) => random_token(specials, rng),
            (None, _) => original,
        };
        let position = unit.span.start + index as u32;
        targets.push(Target { position, original, input, kind: unit.kind, action });
    }
}

/// The tokens of another entity's name, where `entity-swap` draws one and a name of the same length exists.
fn replacement<'a, R: Rng>(
    unit: &Unit,
    text: &TokenizedText,
    config: &MaskConfig,
    specials: &SpecialTokens,
    replacements: &'a impl Replacements,
    rng: &mut R,
) -> Option<&'a [TokenId]> {
    let entity = unit.entity.filter(|_| config.entity_swap > 0.0)?;
    if !rng.random_bool(config.entity_swap) {
        return None;
    }
    let tokens = &text.tokens[unit.span.range()];
    let candidates = replacements.candidates(entity, text.lang, tokens.len());
    if candidates.is_empty() {
        return None;
    }
    let picked = candidates.get(rng.random_range(0..candidates.len()));
    let usable = picked != tokens && !picked.iter().any(|token| specials.contains(*token));
    usable.then_some(picked)
}

fn draw_action<R: Rng>(corruption: Corruption, rng: &mut R) -> MaskAction {
    let point: f64 = rng.random();
    if point < corruption.mask {
        MaskAction::Mask
    } else if point < corruption.mask + corruption.random {
        MaskAction::Random
    } else {
        MaskAction::Keep
    }
}

/// A token that is not special, uniformly drawn.
fn random_token<R: Rng>(specials: &SpecialTokens, rng: &mut R) -> TokenId {
    loop {
        let token = TokenId(rng.random_range(0..specials.vocab_size));
        if !specials.contains(token) {
            return token;
        }
    }
}
