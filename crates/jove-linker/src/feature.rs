//! The features of a mention, by name.

use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

/// Number of features.
pub const FEATURES: usize = Feature::ALL.len();

/// What the link classifier knows of a mention. The order is that of the weights in memory and on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// Always 1.
    Bias,
    /// The mention is whole words.
    Aligned,
    /// It begins or ends inside a word of the dictionary.
    CutsKnownWord,
    /// It begins or ends inside a word that the tagger guessed.
    CutsNewWord,
    /// It is tagged or written as a proper name, times the mean keyphraseness.
    ProperName,
    /// It is one common noun or number, times the mean keyphraseness.
    CommonNoun,
    /// It is one word that is neither noun nor name.
    OtherWord,
    /// Its length in characters: 2 and less give 0, 8 and more give 1.
    Length,
    /// It is enclosed in quotation marks.
    Quoted,
    /// Overlap of the best candidate's description with the text.
    DescriptionOverlap,
    /// Coherence of the best candidate with the other names.
    Coherence,
    /// The best candidate's share among all candidates.
    CandidateShare,
    /// It is a piece of a number, a date or an amount, plus 1 where the alias has a capital and the mention has none.
    QuantityOrLowercase,
    /// Keyphraseness of the alias minus the mean over all aliases, -1 to 1.
    RelativeKeyphraseness,
    /// The ending of a longer name follows.
    BeginsLongerName,
    /// It is one part of a title or of a name in several parts.
    PartOfName,
    /// A neighbouring word is often the rest of a longer name.
    StubNext,
    /// It is a common word of its language, and not written like a name.
    CommonWord,
    /// Neither its language nor its writing shows a name, or its priors say that it mostly means something else.
    Bare,
}

impl Feature {
    /// Every feature, in the order of its number.
    pub const ALL: [Self; 19] = [
        Self::Bias,
        Self::Aligned,
        Self::CutsKnownWord,
        Self::CutsNewWord,
        Self::ProperName,
        Self::CommonNoun,
        Self::OtherWord,
        Self::Length,
        Self::Quoted,
        Self::DescriptionOverlap,
        Self::Coherence,
        Self::CandidateShare,
        Self::QuantityOrLowercase,
        Self::RelativeKeyphraseness,
        Self::BeginsLongerName,
        Self::PartOfName,
        Self::StubNext,
        Self::CommonWord,
        Self::Bare,
    ];

    /// The name in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bias => "bias",
            Self::Aligned => "aligned",
            Self::CutsKnownWord => "cuts-known-word",
            Self::CutsNewWord => "cuts-new-word",
            Self::ProperName => "proper-name",
            Self::CommonNoun => "common-noun",
            Self::OtherWord => "other-word",
            Self::Length => "length",
            Self::Quoted => "quoted",
            Self::DescriptionOverlap => "description-overlap",
            Self::Coherence => "coherence",
            Self::CandidateShare => "candidate-share",
            Self::QuantityOrLowercase => "quantity-or-lowercase",
            Self::RelativeKeyphraseness => "relative-keyphraseness",
            Self::BeginsLongerName => "begins-longer-name",
            Self::PartOfName => "part-of-name",
            Self::StubNext => "stub-next",
            Self::CommonWord => "common-word",
            Self::Bare => "bare",
        }
    }
}

/// One number a feature: the values at a mention, each about 0 to 1, or the weights of a classifier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Features(pub [f32; FEATURES]);

impl Index<Feature> for Features {
    type Output = f32;

    fn index(&self, feature: Feature) -> &f32 {
        &self.0[feature as usize]
    }
}

impl IndexMut<Feature> for Features {
    fn index_mut(&mut self, feature: Feature) -> &mut f32 {
        &mut self.0[feature as usize]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_feature_has_its_own_slot_and_name() {
        let mut features = Features::default();
        for (place, feature) in Feature::ALL.into_iter().enumerate() {
            assert_eq!(features[feature].to_bits(), 0, "{feature:?} shares a slot");
            features[feature] = 1.0;
            assert_eq!(features.0[place].to_bits(), 1.0_f32.to_bits(), "{feature:?}");
        }
        let names: BTreeSet<&str> = Feature::ALL.iter().map(|feature| feature.as_str()).collect();
        assert_eq!(names.len(), FEATURES);
    }
}
