//! Where examples come from.

use std::fmt;

use jove_core::{Lang, TokenizedText};
use jove_corpus::{PairReader, ShardReader};
use jove_masking::{MaskConfig, SameType};

use crate::error::Cause;
use crate::error::Error;
use crate::hard_negatives::{HardNegatives, Relations};
use jove_objectives::Descriptions;

/// Examples that can be read in any order, from any thread: a shard file, or a list in memory.
pub trait Examples<T>: Send + Sync {
    /// How many there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads one; `index` is below `len`.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn get(&self, index: usize) -> Result<T, Cause>;
}

impl<T: Clone + Send + Sync> Examples<T> for Vec<T> {
    fn len(&self) -> usize {
        Vec::len(self)
    }

    fn get(&self, index: usize) -> Result<T, Cause> {
        self.as_slice().get(index).cloned().ok_or_else(|| format!("there are {} examples", self.len()).into())
    }
}

impl Examples<TokenizedText> for ShardReader {
    fn len(&self) -> usize {
        Self::len(self)
    }

    fn get(&self, index: usize) -> Result<TokenizedText, Cause> {
        Ok(Self::get(self, index)?)
    }
}

impl Examples<Pair> for PairReader {
    fn len(&self) -> usize {
        Self::len(self)
    }

    fn get(&self, index: usize) -> Result<Pair, Cause> {
        Ok(Self::get(self, index)?)
    }
}

/// A sentence and its translation.
pub type Pair = (TokenizedText, TokenizedText);

/// All that a run reads.
pub struct TrainingData {
    /// Single texts.
    pub text: Box<dyn Examples<TokenizedText>>,
    /// Translation pairs.
    pub pairs: Box<dyn Examples<Pair>>,
    /// Descriptions of entities.
    pub descriptions: Descriptions,
    /// Which entities look like others, for the hard negatives and the filter of the link.
    pub hard_negatives: HardNegatives,
    /// Facts for the relation form of the link.
    pub relations: Relations,
    /// Which tokens are hidden, and how.
    pub mask: MaskConfig,
    /// Names that may stand in for masked ones, where `mask` asks for that.
    pub replacements: SameType,
    /// Digest of the files that all this was read from; part of what a checkpoint belongs to.
    pub fingerprint: String,
}

impl Default for TrainingData {
    fn default() -> Self {
        Self {
            text: Box::new(Vec::new()),
            pairs: Box::new(Vec::new()),
            descriptions: Descriptions::new(),
            hard_negatives: HardNegatives::default(),
            relations: Relations::default(),
            mask: MaskConfig::default(),
            replacements: SameType::default(),
            fingerprint: String::new(),
        }
    }
}

impl fmt::Debug for TrainingData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrainingData({} texts, {} pairs)", self.text.len(), self.pairs.len())
    }
}

impl TrainingData {
    pub(crate) fn text(&self, index: usize) -> Result<TokenizedText, Error> {
        self.text.get(index).map_err(|cause| Error::Example { source_name: "texts", index, cause })
    }

    pub(crate) fn pair(&self, index: usize) -> Result<Pair, Error> {
        self.pairs.get(index).map_err(|cause| Error::Example { source_name: "pairs", index, cause })
    }

    /// The language of every text; reads each once.
    pub(crate) fn text_langs(&self) -> Result<Vec<Lang>, Error> {
        (0..self.text.len()).map(|index| Ok(self.text(index)?.lang)).collect()
    }

    /// The language of the first side of every pair that is not English, for sampling; reads each once.
    pub(crate) fn pair_langs(&self) -> Result<Vec<Lang>, Error> {
        let other = |(first, second): Pair| if first.lang == Lang::EN { second.lang } else { first.lang };
        (0..self.pairs.len()).map(|index| Ok(other(self.pair(index)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use jove_core::TokenId;

    use super::*;

    #[test]
    fn an_example_that_is_not_there_is_named() {
        let data = TrainingData { text: Box::new(Vec::new()), ..TrainingData::default() };
        assert!(data.text(7).unwrap_err().to_string().contains("example 7 of the texts"));
        assert!(data.pair(0).unwrap_err().to_string().contains("example 0 of the pairs"));
    }

    #[test]
    fn the_language_of_a_pair_is_the_one_that_is_not_english() {
        let side = |lang| TokenizedText { lang, tokens: vec![TokenId(9)], words: vec![], mentions: vec![] };
        let pairs = [(Lang::EN, Lang::ZH), (Lang::ZH, Lang::EN), (Lang::EN, Lang::EN)];
        let pairs = pairs.map(|(first, second)| (side(first), side(second))).to_vec();
        let data = TrainingData { pairs: Box::new(pairs), ..TrainingData::default() };
        assert_eq!(data.pair_langs().unwrap(), [Lang::ZH, Lang::ZH, Lang::EN]);
        assert_eq!(data.text_langs().unwrap(), []);
    }
}
