//! Computing the features of a mention.

use jove_core::{ByteSpan, Lang, Pos};
use unicode_normalization::char::is_combining_mark;

use crate::boundary::is_free_script;
use crate::context_cues::{begins_longer_name, is_inside_title, is_one_of_parts};
use crate::feature::{Feature, Features};
use crate::language::{LangSets, TextLanguage};
use crate::lexicon::QUOTES;
use crate::quantity::in_quantity;
use crate::segments::{Fit, Segment, fit, has_stub_next};

/// Values of the word features where the text is not tagged: their means over tagged text.
const UNTAGGED: [(Feature, f32); 6] = [
    (Feature::Aligned, 0.7),
    (Feature::CutsKnownWord, 0.1),
    (Feature::CutsNewWord, 0.1),
    (Feature::ProperName, 0.5),
    (Feature::CommonNoun, 0.2),
    (Feature::OtherWord, 0.05),
];

/// From this length on a name in a language without spaces is hardly a part of other words by chance.
const UNDIVIDED_CHARS_MIN: f32 = 4.0;

/// A text with what is computed once for all its mentions.
#[derive(Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct TextContext<'a> {
    pub(crate) text: &'a str,
    pub(crate) language: TextLanguage,
    /// Its words, where it is tagged.
    words: Option<&'a [Segment]>,
    /// Whether its language has no spaces between words, and the tagger no dictionary for it.
    undivided: bool,
    is_chinese: bool,
    is_japanese: bool,
    /// Whether a title opens anywhere.
    has_title: bool,
}

impl<'a> TextContext<'a> {
    pub(crate) fn new(text: &'a str, lang: Lang, words: Option<&'a [Segment]>, langs: &LangSets) -> Self {
        // The tagger has no dictionary for these: its words there are only runs of one script.
        let undivided = matches!(lang.primary(), "ja" | "th" | "lo" | "km" | "my");
        let words = words.filter(|_| !undivided);
        let language = TextLanguage::new(lang, langs);
        let [is_chinese, is_japanese] = ["zh", "ja"].map(|primary| lang.primary() == primary);
        Self { text, language, words, undivided, is_chinese, is_japanese, has_title: text.contains('《') }
    }
}

/// Features from the text alone, without the graph.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a feature of its own")]
pub(crate) struct SurfaceFeatures {
    fit: Option<Fit>,
    quoted: bool,
    /// Length in characters without combining marks; one of a script with spaces counts a third.
    chars: f32,
    /// Whether the language has no spaces between words, and the tagger no dictionary for it.
    undivided: bool,
    in_quantity: bool,
    begins_longer_name: bool,
    part_of_name: bool,
    stub_next: bool,
}

fn flag(holds: bool) -> f32 {
    f32::from(u8::from(holds))
}

/// Length in characters without combining marks, at most 24; one of a script with spaces counts a third.
fn length(name: &str) -> f32 {
    let letters = name.chars().filter(|c| c.is_ascii() || !is_combining_mark(*c)).take(24);
    letters.map(|c| if is_free_script(c) { 1.0 } else { 1.0 / 3.0 }).sum()
}

/// Evidence from graph, corpus, language and writing.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is evidence of its own")]
pub(crate) struct SurfaceEvidence {
    /// Overlap of the best candidate's description with the text, 0 to 1.
    pub(crate) description_overlap: f32,
    /// Coherence of the best candidate with the other names, 0 to 1.
    pub(crate) coherence: f32,
    /// The best candidate's share among all, 0 to 1.
    pub(crate) candidate_share: f32,
    /// Keyphraseness of the alias minus the mean, -1 to 1.
    pub(crate) relative_keyphraseness: f32,
    /// Mean keyphraseness of all aliases, 0 to 1.
    pub(crate) mean_keyphraseness: f32,
    /// Whether the alias has a capital, and the mention too.
    pub(crate) capital: bool,
    /// Whether the alias has a capital, and the mention has none.
    pub(crate) lowered: bool,
    /// Whether it is a common word, not written like a name.
    pub(crate) common_word: bool,
    /// Whether neither language nor writing shows a name.
    pub(crate) bare: bool,
}

impl SurfaceFeatures {
    pub(crate) fn new(context: &TextContext, span: ByteSpan) -> Self {
        let TextContext { text, words, undivided, is_chinese, has_title, .. } = *context;
        let (start, end) = (span.start as usize, span.end as usize);
        let around = (text[..start].chars().next_back(), text[end..].chars().next());
        let quoted = QUOTES.iter().any(|(open, close)| around == (Some(*open), Some(*close)));
        // A dot inside a name of several parts is no border for the dictionary, however it is written.
        let by_words = || is_chinese && !text[start..end].contains(['•', '・', '‧', '∙', '⋅']);
        let in_title = has_title && is_inside_title(text, start, end);
        Self {
            fit: words.map(|words| fit(words, span)).map(|fit| if by_words() { fit } else { fit.by_borders() }),
            quoted,
            chars: length(&text[start..end]),
            undivided,
            in_quantity: in_quantity(text, start, end),
            begins_longer_name: begins_longer_name(text, end, context.is_japanese),
            part_of_name: in_title || is_one_of_parts(text, start, end, is_chinese),
            stub_next: words.is_some_and(|words| has_stub_next(words, span)),
        }
    }

    /// The same of a mention that is only a part of a name.
    pub(crate) fn within_longer_name(self) -> Self {
        Self { part_of_name: true, ..self }
    }

    /// Whether it is whole words and tagged or quoted like a name.
    pub(crate) fn is_name(self) -> bool {
        self.quoted || matches!(self.fit, Some(Fit::Word(Pos::Propn | Pos::X) | Fit::Words))
    }

    /// Whether it is one word that is neither noun nor name.
    pub(crate) fn is_common(self) -> bool {
        !self.quoted
            && matches!(self.fit, Some(Fit::Word(pos)) if !matches!(pos, Pos::Propn | Pos::X | Pos::Noun | Pos::Num))
    }

    /// All features.
    pub(crate) fn features(self, evidence: SurfaceEvidence) -> Features {
        let mut features = Features::default();
        features[Feature::Bias] = 1.0;
        self.add_word_features(&evidence, &mut features);
        features[Feature::Length] = (self.chars - 2.0).clamp(0.0, 6.0) / 6.0;
        features[Feature::Quoted] = flag(self.quoted);
        features[Feature::DescriptionOverlap] = evidence.description_overlap;
        features[Feature::Coherence] = evidence.coherence;
        features[Feature::CandidateShare] = evidence.candidate_share;
        features[Feature::QuantityOrLowercase] = flag(self.in_quantity) + flag(evidence.lowered);
        features[Feature::RelativeKeyphraseness] = evidence.relative_keyphraseness;
        features[Feature::BeginsLongerName] = flag(self.begins_longer_name);
        features[Feature::PartOfName] = flag(self.part_of_name);
        features[Feature::StubNext] = flag(self.stub_next);
        features[Feature::CommonWord] = flag(evidence.common_word);
        features[Feature::Bare] = flag(evidence.bare);
        features
    }

    fn add_word_features(self, evidence: &SurfaceEvidence, features: &mut Features) {
        if self.fit.is_none() && self.undivided && self.chars >= UNDIVIDED_CHARS_MIN {
            features[Feature::Aligned] = 1.0;
            return;
        }
        let Some(fit) = self.fit else {
            for (feature, value) in UNTAGGED {
                features[feature] = value;
            }
            return;
        };
        // At the start of a sentence the tagger takes a name for a noun; the graph knows better.
        let noun = matches!(fit, Fit::Word(Pos::Noun | Pos::Num)) && !evidence.capital;
        let name = self.is_name() || (evidence.capital && matches!(fit, Fit::Word(_)));
        features[Feature::Aligned] = flag(matches!(fit, Fit::Word(_) | Fit::Words | Fit::Borders));
        features[Feature::CutsKnownWord] = flag(fit == Fit::CutsKnown);
        features[Feature::CutsNewWord] = flag(fit == Fit::CutsNew);
        features[Feature::ProperName] = flag(name) * evidence.mean_keyphraseness;
        features[Feature::CommonNoun] = flag(noun && !self.quoted) * evidence.mean_keyphraseness;
        features[Feature::OtherWord] = flag(self.is_common() && !evidence.capital);
    }
}
