//! How one vector is made of a sequence.

use std::collections::BTreeMap;
use std::ops::Range;

use jove_core::{EntityId, TokenId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The tokens of each entity's descriptions, without special tokens; of several, such as one in each language, training draws
/// one at a time.
pub type Descriptions = BTreeMap<EntityId, Vec<Vec<TokenId>>>;

/// How one vector is made of a sequence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// The vector of the first, special token.
    First,
    /// The mean over the sequence's own tokens.
    #[default]
    Mean,
}

impl Pooling {
    /// The rows of a packed batch that are pooled for a sequence: a special token at row `start`, then `length` tokens of its
    /// own; the first row where it has none.
    pub fn rows(self, start: usize, length: usize) -> Range<usize> {
        match self {
            Self::First => start..start + 1,
            Self::Mean if length == 0 => start..start + 1,
            Self::Mean => start + 1..start + 1 + length,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_without_tokens_is_its_first_row() {
        assert_eq!(
            [Pooling::Mean.rows(7, 3), Pooling::Mean.rows(7, 0), Pooling::First.rows(7, 3)],
            [8..11, 7..8, 7..8]
        );
    }
}
