//! How a mention is aligned with the words of a text.

use jove_core::{ByteSpan, Pos};

/// A word with its tag and whether a dictionary has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where, in bytes of the original text.
    pub span: ByteSpan,
    /// Its part of speech.
    pub pos: Pos,
    /// Whether the dictionary has it; otherwise it is a guess.
    pub known: bool,
}

/// Alignment of a mention with the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// It is one word.
    Word(Pos),
    /// It is several whole words.
    Words,
    /// It has the borders that a name needs, where the tagger's words are only guesses.
    Borders,
    /// It begins or ends inside a word that is only a guess.
    CutsNew,
    /// It begins or ends inside a word of the dictionary.
    CutsKnown,
}

impl Fit {
    /// The alignment in a language without a dictionary, whose words the tagger only guesses: the borders that a name needs
    /// to be found at all are the better judge, so it is never inside a word.
    pub(crate) fn by_borders(self) -> Self {
        match self {
            Self::CutsNew => Self::Borders,
            whole => whole,
        }
    }
}

/// Alignment of `span` with words in order.
pub(crate) fn fit(words: &[Segment], span: ByteSpan) -> Fit {
    let first = words.partition_point(|word| word.span.end <= span.start);
    let touched = words[first..].iter().take_while(|word| word.span.start < span.end);
    let mut count = 0;
    let (mut cut, mut cut_known) = (false, false);
    let mut pos = Pos::X;
    for word in touched {
        count += 1;
        pos = word.pos;
        if !span.contains(word.span) {
            cut = true;
            cut_known |= word.known;
        }
    }
    match (cut, cut_known, count) {
        (true, true, _) => Fit::CutsKnown,
        (true, false, _) => Fit::CutsNew,
        (false, _, 1) => Fit::Word(pos),
        _ => Fit::Words,
    }
}

/// Whether a word of one Han character that is neither function word nor punctuation touches the name, or a guessed word
/// comes right before it: often the rest of a longer name that the dictionary does not know.
pub(crate) fn has_stub_next(words: &[Segment], span: ByteSpan) -> bool {
    let is_stub = |word: &Segment| {
        let content = matches!(word.pos, Pos::Noun | Pos::Propn | Pos::Adj | Pos::X);
        word.span.len() == 3 && content
    };
    let after = words.partition_point(|word| word.span.start < span.end);
    let before = words.partition_point(|word| word.span.end <= span.start);
    let next = words.get(after).is_some_and(|word| word.span.start == span.end && is_stub(word));
    let last = before.checked_sub(1).map(|index| &words[index]).filter(|word| word.span.end == span.start);
    let is_guess = |word: &Segment| !word.known && matches!(word.pos, Pos::Noun | Pos::Propn) && word.span.len() >= 6;
    next || last.is_some_and(|word| is_stub(word) || is_guess(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_words_or_cut_them() {
        let word = |start, end, known| Segment { span: ByteSpan::new(start, end), pos: Pos::Verb, known };
        let words = [word(0, 3, true), word(3, 9, false), word(10, 13, true)];
        for (start, end, expected) in [
            (0, 3, Fit::Word(Pos::Verb)),
            (0, 9, Fit::Words),
            (3, 13, Fit::Words),
            (3, 6, Fit::CutsNew),
            (0, 6, Fit::CutsNew),
            (11, 13, Fit::CutsKnown),
            (6, 12, Fit::CutsKnown),
        ] {
            assert_eq!(fit(&words, ByteSpan::new(start, end)), expected, "{start}..{end}");
        }
        assert_eq!(fit(&[], ByteSpan::new(0, 3)), Fit::Words);
    }
}
