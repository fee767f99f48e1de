//! Rough parts of speech for English: closed classes by list, open ones by ending.

use jove_core::Pos;

const CLOSED: [(Pos, &str); 8] = [
    (Pos::Det, "a an the this that these those each every either neither some any no all both another such what which"),
    (
        Pos::Adp,
        "of in on at by for with from into onto about over under between among through during before after against \
         across along around behind below beneath beside beyond despite near off out per since than toward towards until \
         up upon via within without as like",
    ),
    (
        Pos::Pron,
        "i you he she it we they me him her us them my your his its our their mine yours hers ours theirs myself \
         yourself himself herself itself ourselves themselves who whom whose someone something anyone anything everyone \
         everything nobody nothing one there",
    ),
    (
        Pos::Aux,
        "be am is are was were been being have has had having do does did will would shall should can could may might \
         must isn't aren't wasn't weren't don't doesn't didn't can't won't",
    ),
    (Pos::Cconj, "and or but nor yet plus"),
    (Pos::Sconj, "because if while although though whether unless whereas once when where"),
    (Pos::Part, "to not n't 's"),
    (
        Pos::Adv,
        "very also too then here now never always often only just still already almost again more most less least even \
         quite rather soon how why so however therefore",
    ),
];

const ENDINGS: [(&str, Pos); 20] = [
    ("ly", Pos::Adv),
    ("ing", Pos::Verb),
    ("ized", Pos::Verb),
    ("ised", Pos::Verb),
    ("ed", Pos::Verb),
    ("ize", Pos::Verb),
    ("ify", Pos::Verb),
    ("ous", Pos::Adj),
    ("ful", Pos::Adj),
    ("able", Pos::Adj),
    ("ible", Pos::Adj),
    ("ive", Pos::Adj),
    ("ical", Pos::Adj),
    ("ial", Pos::Adj),
    ("less", Pos::Adj),
    ("ish", Pos::Adj),
    ("ern", Pos::Adj),
    ("est", Pos::Adj),
    ("ic", Pos::Adj),
    ("al", Pos::Adj),
];

/// Whether a word is one of the listed function words.
pub(crate) fn is_closed_class(word: &str) -> bool {
    closed_class(&word.to_lowercase()).is_some()
}

/// A guess at the part of speech of an English word with at least one letter.
pub(crate) fn part_of_speech(word: &str, sentence_start: bool) -> Pos {
    let lower = word.to_lowercase();
    if let Some(pos) = closed_class(&lower) {
        return pos;
    }
    if word.chars().next().is_some_and(char::is_uppercase) && !sentence_start {
        return Pos::Propn;
    }
    let ending = ENDINGS.iter().find(|(ending, _)| lower.len() > ending.len() + 2 && lower.ends_with(ending));
    ending.map_or(Pos::Noun, |(_, pos)| *pos)
}

fn closed_class(lower: &str) -> Option<Pos> {
    let closed = CLOSED.iter().find(|(_, words)| words.split_whitespace().any(|listed| listed == lower));
    closed.map(|(pos, _)| *pos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_guessed() {
        for (word, start, pos) in [
            ("The", true, Pos::Det),
            ("quickly", false, Pos::Adv),
            ("Paris", false, Pos::Propn),
            ("Running", true, Pos::Verb),
            ("river", false, Pos::Noun),
            ("É", false, Pos::Propn),
        ] {
            assert_eq!(part_of_speech(word, start), pos, "{word}");
        }
    }
}
