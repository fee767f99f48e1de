//! Where examples come from.

use std::fmt;

use jove_core::{Lang, TokenizedText};
use jove_corpus::{PairReader, ShardReader};
use jove_masking::{MaskConfig, SameType};
use serde::{Deserialize, Serialize};

use crate::error::Cause;
use crate::error::Error;
use crate::hard_negatives::{HardNegatives, Relations};
use crate::objectives::Objectives;
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
    pub lookalikes: HardNegatives,
    /// Facts for the relation form of the link.
    pub relations: Relations,
    /// Which tokens are hidden, and how.
    pub mask: MaskConfig,
    /// Names that may stand in for masked ones, where `mask` asks for that.
    pub swaps: SameType,
    /// Digest of the files that all this was read from; part of what a checkpoint belongs to.
    pub fingerprint: String,
}

impl Default for TrainingData {
    fn default() -> Self {
        Self {
            text: Box::new(Vec::new()),
            pairs: Box::new(Vec::new()),
            descriptions: Descriptions::new(),
            lookalikes: HardNegatives::default(),
            relations: Relations::default(),
            mask: MaskConfig::default(),
            swaps: SameType::default(),
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
    /// Checks that every objective that is on has data.
    pub(crate) fn check(&self, objectives: &Objectives) -> Result<(), Error> {
        let needs = [
            (objectives.mlm.weight > 0.0, "mlm", "at least one text", !self.text.is_empty()),
            (objectives.link.weight > 0.0, "link", "at least one text", !self.text.is_empty()),
            (
                objectives.link.weight > 0.0,
                "link",
                "descriptions of at least two entities",
                self.descriptions.len() > 1,
            ),
            (objectives.tlm.weight > 0.0, "tlm", "at least one translation pair", !self.pairs.is_empty()),
            (
                objectives.word_alignment.weight > 0.0,
                "word-alignment",
                "at least one translation pair",
                !self.pairs.is_empty(),
            ),
            (
                objectives.translation.weight > 0.0,
                "translation",
                "at least two translation pairs",
                self.pairs.len() > 1,
            ),
            (objectives.relation.weight > 0.0, "relation", "at least two facts", self.relations.facts().len() > 1),
        ];
        match needs.into_iter().find(|&(on, _, _, met)| on && !met) {
            Some((_, objective, expected, _)) => Err(Error::NoData { objective, expected }),
            None => Ok(()),
        }
    }

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

/// Where an example of a batch comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExampleSource {
    /// The texts.
    Text,
    /// The translation pairs, read as one sequence.
    Tlm,
    /// The translation pairs, read as two sequences.
    Translation,
    /// The facts of the graph.
    Relation,
}

/// An example of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Example {
    /// Where it comes from.
    pub origin: ExampleSource,
    /// Its index there.
    pub index: usize,
    /// How often its language had been read through before.
    pub epoch: u64,
}

impl fmt::Display for Example {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = match self.origin {
            ExampleSource::Text => "text",
            ExampleSource::Tlm | ExampleSource::Translation => "pair",
            ExampleSource::Relation => "fact",
        };
        write!(f, "{origin} {} (epoch {})", self.index, self.epoch)
    }
}

impl Example {
    /// The number that this example's random choices derive from: different for the same index of another origin.
    pub(crate) fn key(self) -> u64 {
        (self.origin as u64) << 56 | self.index as u64
    }
}

#[cfg(test)]
mod tests {
    use jove_core::TokenId;

    use super::*;

    #[test]
    fn an_objective_without_data_is_named() {
        let mut objectives = Objectives::default();
        objectives.link.weight = 1.0;
        let check = |data: &TrainingData| data.check(&objectives).unwrap_err().to_string();
        let mut data = TrainingData::default();
        assert_eq!(check(&data), "objective mlm: expected at least one text, found none");
        let text = TokenizedText { lang: Lang::ZH, tokens: vec![TokenId(9)], words: vec![], mentions: vec![] };
        data.text = Box::new(vec![text]);
        assert!(check(&data).starts_with("objective link"));
        objectives.link.weight = 0.0;
        data.check(&objectives).unwrap();
        assert!(data.text(7).unwrap_err().to_string().contains("example 7 of the texts"));
    }

    #[test]
    fn keys_of_different_origins_differ() {
        let key = |origin| Example { origin, index: 5, epoch: 0 }.key();
        assert_ne!(key(ExampleSource::Text), key(ExampleSource::Tlm));
        assert_ne!(key(ExampleSource::Tlm), key(ExampleSource::Translation));
    }
}
