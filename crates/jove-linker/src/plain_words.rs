//! Whether a mention is written like an ordinary word of its language rather than like a name.

use jove_core::{ByteSpan, Lang};
use unicode_normalization::char::is_combining_mark;
use unicode_script::{Script, UnicodeScript};

use crate::boundary::is_han;
use crate::common_words::is_common;
use crate::context_cues::opens_sentence;
use crate::language::{Evidence, Stretch};
use crate::normal::Normalization;
use crate::table::{Candidate, Case};
use crate::tagger::is_closed_class;

/// The shortest word that its letters alone can show to be a name, in characters.
const CHARS_MIN: usize = 3;

/// The longest word of a script without capitals that is short, in characters without combining marks.
const SHORT_CHARS_MAX: usize = 6;

/// What the writing of a mention says against its being a name.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WordCues {
    /// It is a common word of the language, and not written like a name.
    pub(crate) common_word: bool,
    /// Neither its language nor its writing shows that it is a name.
    pub(crate) bare: bool,
    /// It is an abbreviation that is not written in capitals.
    pub(crate) lowered_abbreviation: bool,
}

/// What is known of the name that a mention may be.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct KnownName<'a> {
    pub(crate) candidate: &'a Candidate,
    /// What its language says.
    pub(crate) language: Evidence,
    /// Whether it is written with a capital.
    pub(crate) has_capital: bool,
    /// Whether its language is not known.
    pub(crate) unknown: bool,
    /// The case of the mention.
    pub(crate) case: Option<Case>,
    /// Whether it stands in text of another script, where few words but names and terms are of its language.
    pub(crate) inserted: bool,
    /// Whether nothing in the text or the graph speaks for a little known entity.
    pub(crate) obscure: bool,
}

/// The case of a mention; `None` in a script without.
pub(crate) fn case(text: &str, span: ByteSpan) -> Option<Case> {
    let letters = || text[span.range()].chars().filter(|c| !is_han(*c));
    if letters().any(char::is_uppercase) {
        Some(if opens_sentence(text, span.start as usize) { Case::Opening } else { Case::Upper })
    } else {
        letters().any(char::is_lowercase).then_some(Case::Lower)
    }
}

/// The cues of a mention of a name in a stretch of text.
pub(crate) fn word_cues(
    (text, span): (&str, ByteSpan),
    name: KnownName,
    stretch: &Stretch,
    normalization: Normalization,
) -> WordCues {
    // Chinese has a dictionary with tags, which says more than a list.
    if stretch.lang == Lang::ZH {
        return WordCues::default();
    }
    let written = &text[span.range()];
    let capital = matches!(name.case, Some(Case::Upper | Case::Opening));
    let capitals = capital && !written.contains(char::is_lowercase);
    let abbreviation = name.candidate.abbreviation;
    let own = name.language == Evidence::Own;
    let named = capital && ((abbreviation && capitals) || (own && name.case == Some(Case::Upper)));
    let inserted = name.inserted && own;
    // The English list has many nouns; those that the graph itself writes without a capital are names here.
    let noun = || own && !name.has_capital && stretch.lang == Lang::EN && !is_closed_class(written);
    let common = || is_common(stretch.lang.as_str(), &normalization.form(written)) && !noun();
    let single = !written.contains(char::is_whitespace);
    WordCues {
        common_word: single && !named && !inserted && common(),
        bare: (is_bare(written, name) && !capitals && !inserted)
            || (single && name.obscure && is_ambiguous(written, name)),
        lowered_abbreviation: abbreviation && !capitals,
    }
}

/// Whether a word might mean many other things: its language is not known, or it is short and its script has no capitals.
/// Katakana are mostly names and other foreign words.
fn is_ambiguous(written: &str, name: KnownName) -> bool {
    let short = || written.chars().filter(|c| !is_combining_mark(*c)).count() <= SHORT_CHARS_MAX;
    match (name.case, name.language) {
        (Some(_), Evidence::Open) => name.unknown,
        (None, Evidence::Own) => short() && !written.contains(|c: char| c.script() == Script::Katakana),
        _ => false,
    }
}

/// Whether a mention in a script with two cases is too short or too plain to be a name of its language.
fn is_bare(written: &str, name: KnownName) -> bool {
    let short = written.chars().count() < CHARS_MIN;
    match (name.case, name.language) {
        (Some(Case::Lower), Evidence::Own) => short,
        // A list of names without a language writes proper names with capitals, and so does text.
        (Some(Case::Lower), _) => short || !name.unknown || name.has_capital,
        (Some(_), Evidence::Own) | (None, _) => false,
        (Some(_), _) => short,
    }
}
