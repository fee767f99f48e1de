//! Words and their parts of speech.

use jove_core::{Lang, Pos};
use jove_linker::{Error, Tagger, TaggerOptions, UserWord, UserWords};
use proptest::prelude::*;
use std::sync::LazyLock;

static PLAIN: LazyLock<Tagger> = LazyLock::new(|| Tagger::new(&TaggerOptions::default(), []).unwrap());

fn user(word: &str, tag: &str) -> UserWord {
    UserWord { word: word.to_owned(), tag: tag.to_owned() }
}

fn words(tagger: &Tagger, text: &str, lang: &str) -> Vec<(String, Pos)> {
    let lang = Lang::new(lang).unwrap();
    tagger.tag(text, lang).iter().map(|word| (word.span.slice(text).unwrap().to_owned(), word.pos)).collect()
}

fn check(tagger: &Tagger, text: &str, lang: &str, expected: &[(&str, Pos)]) {
    let found = words(tagger, text, lang);
    let expected: Vec<_> = expected.iter().map(|(word, pos)| ((*word).to_owned(), *pos)).collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn languages_are_cut_into_words() {
    check(&PLAIN, "", "zh", &[]);
    check(&PLAIN, "水", "zh", &[("水", Pos::Noun)]);
    let sentence = [("我", Pos::Pron), ("爱", Pos::Verb), ("北京", Pos::Propn), ("。", Pos::Punct)];
    check(&PLAIN, "我爱 北京。", "zh", &sentence);
    check(
        &PLAIN,
        "The cat runs.",
        "en",
        &[("The", Pos::Det), ("cat", Pos::Noun), ("runs", Pos::Noun), (".", Pos::Punct)],
    );
    check(&PLAIN, "日本へ行く", "ja", &[("日本", Pos::X), ("へ", Pos::X), ("行", Pos::X), ("く", Pos::X)]);
    check(&PLAIN, "שלום 😀", "he", &[("שלום", Pos::X), ("😀", Pos::Sym)]);
    check(&PLAIN, "cafe\u{301}!", "fr", &[("cafe\u{301}", Pos::X), ("!", Pos::Punct)]);
}

#[test]
fn user_words_are_forced_preferred_or_fall_back() {
    let with = |user_words| {
        let options = TaggerOptions { user_words, ..TaggerOptions::default() };
        Tagger::new(&options, [user("天安", "nz"), user("龙须沟菌", "nz")]).unwrap()
    };
    let first = |user_words, text: &str| words(&with(user_words), text, "zh")[0].0.clone();
    assert_eq!(first(UserWords::Force, "天安门广场"), "天安");
    assert_eq!(first(UserWords::Prefer, "天安门广场"), "天安门广场");
    for user_words in [UserWords::Force, UserWords::Prefer, UserWords::Fallback] {
        assert_eq!(first(user_words, "龙须沟菌很多"), "龙须沟菌", "{user_words:?}");
    }
}

#[test]
fn a_preferred_word_of_the_dictionary_keeps_its_tag() {
    let tagger = Tagger::new(&TaggerOptions::default(), [user("喜欢", "nz")]).unwrap();
    check(&tagger, "喜欢", "zh", &[("喜欢", Pos::Verb)]);
}

#[test]
fn unknown_tags_are_counted() {
    let tagger =
        Tagger::new(&TaggerOptions::default(), [user("甲乙", "??"), user("丙丁", "??"), user("戊己", "nz")]).unwrap();
    assert_eq!(tagger.unknown_tags().iter().collect::<Vec<_>>(), [(&"??".to_owned(), &2)]);
}

#[test]
fn user_words_with_spaces_are_refused() {
    for word in ["", "a b", " "] {
        let error = Tagger::new(&TaggerOptions::default(), [user(word, "n")]).err().unwrap();
        assert!(matches!(error, Error::BadWord { row: 1, .. }), "{error}");
    }
}

proptest! {
    #[test]
    fn words_cover_all_but_white_space(
        text in "([a-zA-Z0-9 .,]|[一-龥]|[ぁ-ん]|[ก-ฮ]|\\PC|😀|\u{301}){0,30}",
        lang in prop::sample::select(vec!["zh", "en", "ja", "th", "und", "ar"]),
    ) {
        let mut next = 0;
        for word in PLAIN.tag(&text, Lang::new(lang).unwrap()) {
            prop_assert!(text[next..word.span.start as usize].chars().all(char::is_whitespace));
            prop_assert!(!word.span.slice(&text).unwrap().trim().is_empty());
            next = word.span.end as usize;
        }
        prop_assert!(text[next..].chars().all(char::is_whitespace));
    }
}
