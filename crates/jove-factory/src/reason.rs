//! Why a document was removed.

use serde::{Deserialize, Serialize};

/// The stage in which a document was removed, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StageName {
    /// Reading: no document could be made of it.
    Read,
    /// Cleaning.
    Clean,
    /// Exact duplicates.
    Exact,
    /// Near-duplicates.
    Near,
    /// Languages.
    Language,
    /// Sampling.
    Sampling,
    /// Writing, where repeated paragraphs are left out.
    Shards,
}

impl StageName {
    /// All stages, in their order.
    pub(crate) const ALL: [Self; 7] =
        [Self::Read, Self::Clean, Self::Exact, Self::Near, Self::Language, Self::Sampling, Self::Shards];

    /// Its name, as in the setting.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Clean => "clean",
            Self::Exact => "exact duplicates",
            Self::Near => "near-duplicates",
            Self::Language => "language",
            Self::Sampling => "sampling",
            Self::Shards => "paragraphs",
        }
    }
}

macro_rules! reasons {
    ($($variant:ident, $stage:ident, $sentence:literal;)*) => {
        /// Why a document was removed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Reason {
            $(#[doc = $sentence] $variant,)*
        }

        impl Reason {
            /// All reasons, in the order of their stages.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The stage in which it is found.
            pub(crate) fn stage(self) -> StageName {
                match self { $(Self::$variant => StageName::$stage,)* }
            }

            /// What is wrong with the document.
            pub(crate) fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }
        }
    };
}

reasons! {
    Damaged, Read, "The compressed data are damaged where it stands.";
    Oversized, Read, "It is larger than clean.bytes-max.";
    BadRow, Read, "The row or record does not follow its format.";
    NotText, Read, "The record holds no text, such as an image or a redirect.";
    OtherPage, Read, "The page of the wiki is no article.";
    Encoding, Clean, "Its bytes are in no encoding that was recognised.";
    TooShort, Clean, "It is shorter than clean.chars-min.";
    FewLetters, Clean, "Its share of letters is below clean.letters-min.";
    BrokenText, Clean, "It has many replacement characters or private ones.";
    WordCount, Clean, "It has fewer words than clean.words-min, or more than 100,000.";
    WordLength, Clean, "Its words have fewer than 3 or more than 10 letters on average.";
    SymbolWords, Clean, "It has more than one hash or ellipsis for every ten words.";
    BulletLines, Clean, "More than 90% of its lines begin with a bullet.";
    EllipsisLines, Clean, "More than 30% of its lines end with an ellipsis.";
    FewAlphabetic, Clean, "Fewer than 80% of its words have a letter.";
    FewStopWords, Clean, "It has fewer than two of the frequent words of its language.";
    ShortLines, Clean, "Its lines have fewer than 10 characters on average, as in menus.";
    Placeholder, Clean, "It holds lorem ipsum.";
    Code, Clean, "It holds more curly brackets than sentences, as code does.";
    RepeatedLines, Clean, "Too many of its lines are repeated.";
    TopNgram, Clean, "One phrase makes up too much of it.";
    RepeatedNgrams, Clean, "Too much of it is repeated.";
    LowQuality, Clean, "It is like the bad examples.";
    ExactDuplicate, Exact, "It equals an earlier document up to case, punctuation and white space.";
    NearDuplicate, Near, "It is similar to an earlier document.";
    OtherLanguage, Language, "It is in a language that is not kept.";
    UnsureLanguage, Language, "Its language is not sure enough.";
    NoLanguage, Language, "It has no language that could be identified.";
    NotSampled, Sampling, "It is more than the shares of its language and domain ask for.";
    RepeatedParagraphs, Shards, "Without the paragraphs that earlier documents have, too little is left.";
}

impl Reason {
    /// Its name in files, such as `too-short`.
    pub fn as_str(self) -> String {
        let name = serde_json::to_value(self).expect("a name is plain data");
        name.as_str().unwrap_or_default().to_owned()
    }

    /// The number it is stored as.
    pub(crate) fn number(self) -> u8 {
        Self::ALL.iter().position(|reason| *reason == self).map_or(u8::MAX, |number| number as u8 + 1)
    }

    /// The reason stored as a number; none for 0, which stands for a document that is kept.
    pub(crate) fn of_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_in_the_order_of_their_stages_and_keep_their_numbers() {
        assert!(Reason::ALL.is_sorted_by_key(|reason| reason.stage()));
        for &reason in Reason::ALL {
            assert_eq!(Reason::of_number(reason.number()), Some(reason));
            assert!(StageName::ALL.contains(&reason.stage()));
        }
        assert_eq!((Reason::of_number(0), Reason::of_number(u8::MAX)), (None, None));
        assert_eq!(Reason::NearDuplicate.as_str(), "near-duplicate");
    }
}
