//! Ordinary words of many languages: the stop-word lists that the `stop-words` crate collects (stopwords-iso, 57 languages).

use std::collections::{HashMap, HashSet};
use std::sync::{LazyLock, OnceLock};

use crate::normal::Normalization;

type Words = HashSet<Box<str>>;

/// The lists by language, each made when it is first asked for.
static LISTS: LazyLock<HashMap<&str, OnceLock<Words>>> =
    LazyLock::new(|| stop_words::available_languages().iter().map(|lang| (*lang, OnceLock::new())).collect());

/// Whether a word in its normal form is on the list of a language; a language without a list has no such words.
pub(crate) fn is_common(lang: &str, form: &str) -> bool {
    let list = LISTS.get(lang).map(|list| list.get_or_init(|| words(lang)));
    list.is_some_and(|words| words.contains(form))
}

fn words(lang: &str) -> Words {
    let listed = stop_words::lookup(lang).unwrap_or_default();
    listed.iter().map(|word| Normalization::default().form(word).into_boxed_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_those_of_the_language() {
        for (lang, word, expected) in [
            ("de", "du", true),
            ("en", "du", false),
            ("en", "may", true),
            ("id", "dan", true),
            ("en", "paris", false),
            ("en", "", false),
            ("xx", "the", false),
            ("he", "לא", true),
            ("de", "😀", false),
        ] {
            assert_eq!(is_common(lang, word), expected, "{lang} {word}");
        }
    }
}
