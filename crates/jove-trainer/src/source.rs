//! Where examples come from.

use std::fmt;

use jove_core::{Lang, TokenizedText};
use jove_corpus::{PairReader, ShardReader};
use jove_masking::{MaskConfig, SameType};
use serde::{Deserialize, Serialize};

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

/// How often texts are read, compared to texts of weight 1: runs of texts of equal weight. Texts beyond the last run have
/// weight 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TextWeights(Vec<(u64, f64)>);

impl TextWeights {
    /// Adds the weight of the next text, above 0.
    pub fn push(&mut self, weight: f64) {
        match self.0.last_mut() {
            Some((count, last)) if last.to_bits() == weight.to_bits() => *count += 1,
            _ => self.0.push((1, weight)),
        }
    }

    /// The weight of every text, without end.
    pub fn iter(&self) -> impl Iterator<Item = f64> + '_ {
        let runs = self.0.iter().flat_map(|&(count, weight)| std::iter::repeat_n(weight, count as usize));
        runs.chain(std::iter::repeat(1.0))
    }
}

/// A sentence and its translation.
pub type Pair = (TokenizedText, TokenizedText);

/// All that a run reads.
pub struct TrainingData {
    /// Single texts.
    pub text: Box<dyn Examples<TokenizedText>>,
    /// How often each text is read, compared to one of weight 1.
    pub weights: TextWeights,
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
            weights: TextWeights::default(),
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

    /// Of every pair the language of the first side that is not English, for sampling, and the tokens of its two sides; reads
    /// each once.
    pub(crate) fn pair_sizes(&self) -> Result<Vec<(Lang, [usize; 2])>, Error> {
        let size = |(first, second): Pair| {
            let lang = if first.lang == Lang::EN { second.lang } else { first.lang };
            (lang, [first.tokens.len(), second.tokens.len()])
        };
        (0..self.pairs.len()).map(|index| Ok(size(self.pair(index)?))).collect()
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
    fn weights_come_back_in_order_and_end_in_1() {
        let mut weights = TextWeights::default();
        let given = [1.0, 1.0, 0.5, 2.0, 2.0, 0.5];
        for weight in given {
            weights.push(weight);
        }
        assert_eq!(weights.0.len(), 4);
        assert_eq!(weights.iter().take(8).collect::<Vec<_>>(), [1.0, 1.0, 0.5, 2.0, 2.0, 0.5, 1.0, 1.0]);
        let text = serde_json::to_string(&weights).unwrap();
        assert_eq!(serde_json::from_str::<TextWeights>(&text).unwrap(), weights);
    }

    #[test]
    fn the_language_of_a_pair_is_the_one_that_is_not_english() {
        let side = |lang| TokenizedText { lang, tokens: vec![TokenId(9)], words: vec![], mentions: vec![] };
        let pairs = [(Lang::EN, Lang::ZH), (Lang::ZH, Lang::EN), (Lang::EN, Lang::EN)];
        let pairs = pairs.map(|(first, second)| (side(first), side(second))).to_vec();
        let data = TrainingData { pairs: Box::new(pairs), ..TrainingData::default() };
        let expected = [Lang::ZH, Lang::ZH, Lang::EN].map(|lang| (lang, [1, 1]));
        assert_eq!(data.pair_sizes().unwrap(), expected);
        assert_eq!(data.text_langs().unwrap(), []);
    }
}
