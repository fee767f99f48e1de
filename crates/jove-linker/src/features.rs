//! What is seen at a mention.

use jove_core::{ByteSpan, Lang, Pos};

use crate::boundary::is_free_script;
use crate::context_cues::{begins_longer_name, is_inside_title, is_one_of_parts};
use crate::link_classifier::{FEATURES, Features};
use crate::quantity::in_quantity;
use crate::segments::{Fit, Segment, fit, has_stub_beside};
use crate::unlinked::QUOTES;

/// What the words say when nobody cut the text into words: their mean over text that was.
const UNCUT: [f32; 6] = [0.7, 0.1, 0.1, 0.5, 0.2, 0.05];

/// A text with what is looked up in it once, for all its names.
#[derive(Clone, Copy)]
pub(crate) struct TextContext<'a> {
    pub(crate) text: &'a str,
    pub(crate) lang: Lang,
    /// Its words, which say where a name may not be cut out of a longer one.
    words: Option<&'a [Segment]>,
    is_chinese: bool,
    /// Whether a title opens anywhere.
    has_title: bool,
}

impl<'a> TextContext<'a> {
    pub(crate) fn new(text: &'a str, lang: Lang, words: Option<&'a [Segment]>) -> Self {
        // The tagger has no dictionary for these: its words there are only runs of one script.
        let words = words.filter(|_| !matches!(lang.primary(), "ja" | "th" | "lo" | "km" | "my"));
        Self { text, lang, words, is_chinese: lang.primary() == "zh", has_title: text.contains('《') }
    }
}

/// What is seen from the text alone, the graph left aside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SurfaceFeatures {
    fit: Option<Fit>,
    quoted: bool,
    /// The length in characters, one of a script with spaces counting a third.
    chars: f32,
    /// In a number; before an ending; inside a title or one of several parts; beside a stub. 0 or 1 each.
    signs: [f32; 4],
}

fn flag(holds: bool) -> f32 {
    f32::from(u8::from(holds))
}

/// What the graph and the corpus say.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Evidence {
    /// How far the text repeats the best candidate's description, 0 to 1.
    pub(crate) context: f32,
    /// How well the best candidate fits the other names, 0 to 1.
    pub(crate) coherence: f32,
    /// The best candidate's share among all, 0 to 1.
    pub(crate) share: f32,
    /// How the name leans in the corpus, -1 to 1.
    pub(crate) leaning: f32,
    /// How far the graph's names are proper names, 0 to 1.
    pub(crate) name_share: f32,
    /// Whether the name is written with a capital, and the text too.
    pub(crate) capital: bool,
    /// Whether the name is written with a capital, and the text without.
    pub(crate) lowered: bool,
}

impl SurfaceFeatures {
    pub(crate) fn new(passage: &TextContext, span: ByteSpan) -> Self {
        let TextContext { text, words, is_chinese, has_title, .. } = *passage;
        let (start, end) = (span.start as usize, span.end as usize);
        let around = (text[..start].chars().next_back(), text[end..].chars().next());
        let quoted = QUOTES.iter().any(|(open, close)| around == (Some(*open), Some(*close)));
        let in_title = has_title && is_inside_title(text, start, end);
        let part = in_title || is_one_of_parts(text, start, end, is_chinese);
        let stub = words.is_some_and(|words| has_stub_beside(words, span));
        Self {
            fit: words.map(|words| fit(words, span)),
            quoted,
            chars: text[start..end].chars().take(24).map(|c| if is_free_script(c) { 1.0 } else { 1.0 / 3.0 }).sum(),
            signs: [in_quantity(text, start, end), begins_longer_name(text, end), part, stub].map(flag),
        }
    }

    /// Whether it is whole words and looks like a name.
    pub(crate) fn is_name(self) -> bool {
        self.quoted || matches!(self.fit, Some(Fit::Word(Pos::Propn | Pos::X) | Fit::Words))
    }

    /// Whether it is one word that is neither noun nor name.
    pub(crate) fn is_common(self) -> bool {
        !self.quoted
            && matches!(self.fit, Some(Fit::Word(pos)) if !matches!(pos, Pos::Propn | Pos::X | Pos::Noun | Pos::Num))
    }

    /// All features, in the order of `FEATURE_NAMES`.
    pub(crate) fn features(self, evidence: Evidence) -> Features {
        let mut features: Features = [0.0; FEATURES];
        features[0] = 1.0;
        features[1..7].copy_from_slice(&match self.fit {
            None => UNCUT,
            Some(fit) => {
                let aligned = matches!(fit, Fit::Word(_) | Fit::Words);
                // At the start of a sentence the tagger takes a name for a noun; the graph knows better.
                let noun = matches!(fit, Fit::Word(Pos::Noun | Pos::Num)) && !evidence.capital;
                let name = self.is_name() || (evidence.capital && matches!(fit, Fit::Word(_)));
                [
                    flag(aligned),
                    flag(fit == Fit::CutsKnown),
                    flag(fit == Fit::CutsNew),
                    flag(name) * evidence.name_share,
                    flag(noun && !self.quoted) * evidence.name_share,
                    flag(self.is_common() && !evidence.capital),
                ]
            }
        });
        features[7] = (self.chars - 2.0).clamp(0.0, 6.0) / 6.0;
        features[8] = flag(self.quoted);
        features[9] = evidence.context;
        features[10] = evidence.coherence;
        features[11] = evidence.share;
        features[12] = self.signs[0] + flag(evidence.lowered);
        features[13] = evidence.leaning;
        features[14..17].copy_from_slice(&self.signs[1..]);
        features
    }
}
