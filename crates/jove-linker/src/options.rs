//! The entity linking settings of a run file.

use jove_core::InvalidSetting;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::normal::Normalization;

/// How names are found in text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct EntityLinkingOptions {
    /// The search engine; all give the same links.
    pub engine: EngineKind,
    /// What counts as the same text.
    pub normalization: Normalization,
    /// Whether a name must stand at word boundaries in scripts that write spaces, and may not cut a Katakana run, a
    /// Thai cluster, a Korean stem or a number.
    pub boundaries: bool,
    /// Whether a name that only other languages have is looked for too. Where the graph has no names in the language of the
    /// text, those of all languages always are.
    pub foreign_names: bool,
    /// Whether inflected forms of names are found too, in the languages that `docs/linking.md` lists.
    pub inflection: bool,
    /// Minimum length of a name in characters, from 1.
    pub chars_min: u32,
    /// Minimum score of a link, in [0, 1]; a mention with a lower score is not linked (NIL).
    pub score_min: f32,
    /// Which of two overlapping mentions is kept.
    pub overlap: Overlap,
}

/// A search engine; all give the same links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EngineKind {
    /// `aho-corasick`, and from 100,000 names on `daachorse`.
    Auto,
    /// The `aho-corasick` crate.
    AhoCorasick,
    /// The `daachorse` crate: faster and half the memory on large tables.
    Daachorse,
}

/// Which of two overlapping mentions is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Overlap {
    /// The one that starts first, and of those the longest.
    Longest,
    /// The one with the higher score, then the longer one, then the one that starts first.
    Best,
}

impl Default for EntityLinkingOptions {
    fn default() -> Self {
        Self {
            engine: EngineKind::Auto,
            normalization: Normalization::default(),
            boundaries: true,
            foreign_names: false,
            inflection: true,
            chars_min: 2,
            score_min: 0.7,
            overlap: Overlap::Longest,
        }
    }
}

impl EntityLinkingOptions {
    /// Checks every number against its range.
    ///
    /// # Errors
    /// Names the first field that is outside its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        InvalidSetting::check(self.chars_min > 0, "chars-min", "an integer, 1 or more", self.chars_min)?;
        let score = self.score_min;
        InvalidSetting::check((0.0..=1.0).contains(&score), "score-min", "a number from 0 to 1", score)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_outside_their_range_are_named() {
        EntityLinkingOptions::default().validate().unwrap();
        let short = EntityLinkingOptions { chars_min: 0, ..EntityLinkingOptions::default() }.validate().unwrap_err();
        assert_eq!(short.to_string(), "chars-min: expected an integer, 1 or more, found 0");
        let score =
            EntityLinkingOptions { score_min: f32::NAN, ..EntityLinkingOptions::default() }.validate().unwrap_err();
        assert!(score.to_string().starts_with("score-min"), "{score}");
    }
}
