//! The masking settings of a run file.

use jove_core::{InvalidSetting, Pos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much is masked, in which units, and what the model sees instead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct MaskConfig {
    /// The mask rate (mlm-probability): share of the tokens, special ones not counted, that become targets,
    /// in (0, 0.9].
    pub budget: f64,
    /// How the targets are shared among the kinds of units.
    pub weights: UnitWeights,
    /// What the model sees in place of a target. The defaults are those of BERT (arXiv 1810.04805, section 3.1).
    pub corruption: Corruption,
    /// Whether the action (mask, random or keep) is drawn once for a unit or for each of its tokens.
    pub draw: ReplacementScope,
    /// Parts of speech that count as POS units, by universal tag.
    pub pos_tags: Vec<Pos>,
    /// Probability p of the geometric distribution of span lengths in words, in (0, 1]; the mean length is about 1/p.
    /// The default is that of SpanBERT (arXiv 1907.10529, section 3.1).
    pub span_stop: f64,
    /// The longest span, in words, 1 to 64.
    pub span_words_max: u32,
    /// The longest unit, in tokens, 1 to 512; longer words and entities are left to the other kinds.
    pub unit_tokens_max: u32,
    /// Share of the chosen entities that are replaced by another entity of the same type, with a name in the text's
    /// language of as many tokens, in [0, 1]; the model must still predict the original. Entities without such a
    /// replacement are masked like all other units.
    pub entity_swap: f64,
}

/// Shares of the targets, in tokens; they need not sum to 1. Where a text has too few units of a kind, the other kinds
/// get its share.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct UnitWeights {
    /// Linked mentions.
    pub entity: f64,
    /// Words whose part of speech is in `pos-tags`.
    pub pos: f64,
    /// Words of any kind, and single tokens that no word covers.
    pub word: f64,
    /// Random spans: runs of words with geometric length.
    pub span: f64,
    /// Single tokens.
    pub token: f64,
}

/// What the model sees in place of a target; the remaining share up to 1 keeps the original token.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Corruption {
    /// Share that becomes the mask token, in [0, 1].
    pub mask: f64,
    /// Share that becomes a random token, in [0, 1].
    pub random: f64,
}

/// How often the action (mask, random or keep) is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReplacementScope {
    /// Once for a unit: all its tokens get the same action.
    Unit,
    /// For each token on its own.
    Token,
}

impl Default for MaskConfig {
    fn default() -> Self {
        Self {
            budget: 0.15,
            weights: UnitWeights::default(),
            corruption: Corruption::default(),
            draw: ReplacementScope::Unit,
            pos_tags: vec![Pos::Noun, Pos::Verb, Pos::Adj, Pos::Propn],
            span_stop: 0.2,
            span_words_max: 10,
            unit_tokens_max: 16,
            entity_swap: 0.0,
        }
    }
}

impl Default for UnitWeights {
    fn default() -> Self {
        Self { word: 1.0, ..Self::NONE }
    }
}

impl UnitWeights {
    const NONE: Self = Self { entity: 0.0, pos: 0.0, word: 0.0, span: 0.0, token: 0.0 };
}

impl Default for Corruption {
    fn default() -> Self {
        Self { mask: 0.8, random: 0.1 }
    }
}

impl MaskConfig {
    /// The recipe of the pure-data variant: whole words.
    pub fn pd() -> Self {
        Self::default()
    }

    /// The recipe of the knowledge variant: the usual 15% of single tokens, and as much again for entities and words by part of
    /// speech, 7 : 3. Sharing one 15% among all of them, as CKBERT does (arXiv 2210.05287), takes the plain tokens from
    /// training that a language model needs; `experiments/LOG.md` has the numbers.
    pub fn kg() -> Self {
        let weights = UnitWeights { entity: 0.35, pos: 0.15, token: 0.5, ..UnitWeights::NONE };
        Self { budget: 0.3, weights, ..Self::default() }
    }

    /// The recipe of the multilingual variant: single tokens, as XLM-R does (arXiv 1911.02116).
    pub fn ml() -> Self {
        Self {
            weights: UnitWeights { token: 1.0, ..UnitWeights::NONE },
            draw: ReplacementScope::Token,
            ..Self::default()
        }
    }

    /// Checks every number against its range.
    ///
    /// # Errors
    /// Names the first field that is outside its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        self.corruption.validate().map_err(|invalid| invalid.under("corruption"))?;
        self.weights.validate().map_err(|invalid| invalid.under("weights"))?;
        let Self { budget, span_stop, span_words_max: words, unit_tokens_max: tokens, entity_swap, .. } = *self;
        InvalidSetting::check(budget > 0.0 && budget <= 0.9, "budget", "a number above 0, at most 0.9", budget)?;
        InvalidSetting::check(
            span_stop > 0.0 && span_stop <= 1.0,
            "span-stop",
            "a number above 0, at most 1",
            span_stop,
        )?;
        InvalidSetting::check((1..=64).contains(&words), "span-words-max", "an integer from 1 to 64", words)?;
        InvalidSetting::check((1..=512).contains(&tokens), "unit-tokens-max", "an integer from 1 to 512", tokens)?;
        InvalidSetting::check((0.0..=1.0).contains(&entity_swap), "entity-swap", "a number from 0 to 1", entity_swap)?;
        let tagged = self.weights.pos == 0.0 || !self.pos_tags.is_empty();
        InvalidSetting::check(tagged, "pos-tags", "at least one tag, since weights.pos is above 0", "none")
    }
}

impl UnitWeights {
    fn validate(self) -> Result<(), InvalidSetting> {
        let Self { entity, pos, word, span, token } = self;
        let weights = [("entity", entity), ("pos", pos), ("word", word), ("span", span), ("token", token)];
        for (field, weight) in weights {
            InvalidSetting::check(weight.is_finite() && weight >= 0.0, field, "a finite number, 0 or more", weight)?;
        }
        let any = weights.iter().any(|(_, weight)| *weight > 0.0);
        InvalidSetting::check(any, "", "at least one weight above 0, such as token = 1.0 for BERT's masking", "none")
    }
}

impl Corruption {
    fn validate(self) -> Result<(), InvalidSetting> {
        let Self { mask, random } = self;
        for (field, share) in [("mask", mask), ("random", random)] {
            InvalidSetting::check((0.0..=1.0).contains(&share), field, "a number from 0 to 1", share)?;
        }
        // 0.8 and 0.2 may sum to a little more than 1.
        InvalidSetting::check(mask + random <= 1.0 + 1e-9, "", "mask and random that sum to at most 1", mask + random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recipes_are_valid() {
        for config in [MaskConfig::default(), MaskConfig::pd(), MaskConfig::kg(), MaskConfig::ml()] {
            config.validate().unwrap();
        }
    }

    fn refused(change: impl Fn(&mut MaskConfig), expected: &str) {
        let mut config = MaskConfig::kg();
        change(&mut config);
        let message = config.validate().unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
    }

    #[test]
    fn numbers_outside_their_range_are_named() {
        refused(|c| c.budget = 0.0, "budget: expected a number above 0");
        refused(|c| c.budget = f64::NAN, "budget");
        refused(|c| c.corruption.mask = 1.5, "corruption.mask: ");
        refused(|c| c.corruption.random = 0.3, "corruption: expected mask and random that sum");
        refused(|c| c.weights.pos = -1.0, "weights.pos");
        refused(|c| c.weights.span = f64::INFINITY, "weights.span");
        refused(|c| c.span_stop = 0.0, "span-stop");
        refused(|c| c.span_words_max = 0, "span-words-max");
        refused(|c| c.unit_tokens_max = 1000, "unit-tokens-max");
        refused(|c| c.entity_swap = 2.0, "entity-swap");
        refused(|c| c.weights = UnitWeights::NONE, "weights: expected at least one");
        refused(|c| c.pos_tags.clear(), "pos-tags");
    }
}
