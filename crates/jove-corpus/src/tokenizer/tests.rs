use jove_core::{EntityId, Lang, Mention, Pos, Word};
use proptest::prelude::*;

use super::*;

const TEXTS: [&str; 6] = [
    "北京是中华人民共和国的首都。中国的首都是北京。",
    "Paris is the capital of France. The capital of Japan is Tokyo.",
    "東京タワーは東京にあります。",
    "The crab 🦀 and the cafe\u{301}, naïve résumé.",
    "שלום עולם، مرحبا بالعالم",
    "1984年，北京的人口超过900万；the population of Paris is 2 million.",
];

fn tokenizer(kind: TrainerKind) -> Tokenizer {
    Tokenizer::train(kind, TEXTS.iter().cycle().take(24), 300).unwrap()
}

fn both() -> [Tokenizer; 2] {
    [tokenizer(TrainerKind::WordPiece), tokenizer(TrainerKind::Unigram)]
}

fn slices<'a>(text: &'a str, encoding: &Encoding) -> Vec<&'a str> {
    encoding.offsets.iter().map(|span| span.slice(text).expect("on character boundaries")).collect()
}

/// Puts the text together again from the pieces' bytes and what lies between them.
fn rebuilt(text: &str, encoding: &Encoding) -> String {
    let mut out = String::new();
    let mut at = 0;
    for span in &encoding.offsets {
        out.push_str(&text[at.min(span.start as usize)..][..(span.start as usize).saturating_sub(at)]);
        out.push_str(&text[at.max(span.start as usize)..at.max(span.end as usize)]);
        at = at.max(span.end as usize);
    }
    out + &text[at..]
}

/// Checks the slices of a text's tokens under both kinds of vocabulary; `_` stands for one that covers no byte.
fn check_slices(text: &str, bert: &[&str], xlmr: &[&str]) {
    for (tokenizer, expected) in both().iter().zip([bert, xlmr]) {
        let encoding = tokenizer.encode_text(text).unwrap();
        let found: Vec<&str> =
            slices(text, &encoding).into_iter().map(|s| if s.is_empty() { "_" } else { s }).collect();
        assert_eq!(found, expected, "{text:?} as {:?}", tokenizer.layout());
        assert_eq!(rebuilt(text, &encoding), text);
    }
}

#[test]
fn offsets_slice_to_text() {
    check_slices("", &[], &[]);
    check_slices(" \n\u{3000}", &[], &[]);
    check_slices("北", &["北"], &["_", "北"]);
    // BERT takes a word of unknown characters as one token; XLM-R treats the joiner as white space.
    check_slices("👩\u{200d}👩\u{200d}👧", &["👩\u{200d}👩\u{200d}👧"], &["_", "👩", "_", "👩", "_", "👧"]);
    check_slices("שלום", &["שלום"], &["שלום"]);
    check_slices("مرحبا בעולם", &["مرحبا", "בעולם"], &["مرحبا", "_", "ב", "ע", "ו", "ל", "ם"]);
    // A mark that is composed with its letter is in no slice.
    check_slices("cafe\u{301}!", &["cafe\u{301}", "!"], &["cafe", "!"]);
    check_slices("e\u{301}", &["e", "\u{301}"], &["_", "e"]);
    // Characters that are expanded are covered by each of their tokens.
    check_slices("ﬁ㎏", &["ﬁ㎏"], &["_", "ﬁ", "ﬁ", "㎏", "㎏"]);
    check_slices("ab 北京", &["a", "b", "北", "京"], &["_", "a", "b", "_", "北", "京"]);
}

#[test]
fn special_tokens_have_the_ids_of_their_layout() {
    let [bert, xlmr] = both();
    let specials = bert.specials();
    assert_eq!(bert.layout(), Layout::Bert);
    let ids = [specials.pad, specials.unknown, specials.first, specials.separator, specials.mask];
    assert_eq!(ids.map(|id| id.0), [0, 1, 2, 3, 4]);
    let specials = xlmr.specials();
    assert_eq!(xlmr.layout(), Layout::XlmRoberta);
    let ids = [specials.first, specials.pad, specials.separator, specials.unknown, specials.mask];
    assert_eq!(ids.map(|id| id.0), [0, 1, 2, 3, specials.vocab_size - 1]);
}

#[test]
fn han_characters_are_words_of_their_own_in_bert() {
    let text = "北京is";
    let bert = tokenizer(TrainerKind::WordPiece);
    assert_eq!(slices(text, &bert.encode_text(text).unwrap())[..2], ["北", "京"]);
}

#[test]
fn a_bare_word_start_covers_no_byte() {
    let xlmr = tokenizer(TrainerKind::Unigram);
    let encoding = xlmr.encode_text("is 都").unwrap();
    let bare = xlmr.token("▁").unwrap();
    let starts: Vec<ByteSpan> = encoding
        .tokens
        .iter()
        .zip(&encoding.offsets)
        .filter(|&(&token, _)| token == bare)
        .map(|(_, &span)| span)
        .collect();
    assert_eq!(starts.last(), Some(&ByteSpan::new(3, 3)));
}

#[test]
fn special_tokens_never_come_from_text() {
    for tokenizer in both() {
        let text = "[MASK] <mask> <s> [CLS]</s><pad>[PAD] 北<unk>京";
        let encoding = tokenizer.encode_text(text).unwrap();
        let specials = tokenizer.specials();
        let forbidden = [specials.first, specials.separator, specials.pad, specials.mask];
        assert!(encoding.tokens.iter().all(|token| !forbidden.contains(token)), "{:?}", encoding.tokens);
        assert_eq!(rebuilt(text, &encoding), text);
    }
}

#[test]
fn words_and_mentions_keep_their_bytes() {
    let text = "北京是 China 的首都";
    let word = |start, end, pos| Word { span: ByteSpan::new(start, end), pos };
    let annotated = AnnotatedText {
        text: text.to_owned(),
        lang: Lang::ZH,
        words: vec![word(0, 6, Pos::Propn), word(6, 9, Pos::Verb), word(10, 15, Pos::Propn), word(16, 19, Pos::Part)],
        mentions: vec![Mention { span: ByteSpan::new(10, 15), entity: EntityId(7), score: 1.0 }],
    };
    for tokenizer in both() {
        let (tokenized, counts) = tokenizer.encode_counted(&annotated).unwrap();
        let offsets = tokenizer.encode_text(text).unwrap().offsets;
        let (span, entity) = tokenized.mentions[0];
        assert_eq!(entity, EntityId(7));
        let pieces: String = offsets[span.range()].iter().filter_map(|piece| piece.slice(text)).collect();
        assert_eq!(pieces, "China");
        assert_eq!(counts.mentions_widened + counts.mentions_lost, 0);
        assert_eq!(tokenized.words.len() as u64 + counts.words_lost, 4);
    }
}

#[test]
fn wrong_spans_are_rejected() {
    let span = ByteSpan::new(1, 3);
    let annotated = AnnotatedText {
        text: "北京".to_owned(),
        lang: Lang::ZH,
        words: vec![Word { span, pos: Pos::Noun }],
        mentions: vec![],
    };
    let message = tokenizer(TrainerKind::WordPiece).encode(&annotated).unwrap_err().to_string();
    assert!(message.starts_with("word 0 of a text of 6 bytes"), "{message}");
}

#[test]
fn texts_without_words_are_rejected() {
    for kind in [TrainerKind::WordPiece, TrainerKind::Unigram] {
        for texts in [&[][..], &[""], &[" \n\t"], &["\u{0}\u{1}"]] {
            assert!(matches!(Tokenizer::train(kind, texts, 100), Err(Error::Train { .. })), "{kind:?} {texts:?}");
        }
        assert!(Tokenizer::train(kind, ["中"], 100).is_ok(), "{kind:?}");
        assert!(matches!(Tokenizer::train(kind, ["中"], 3), Err(Error::Setting(_))), "{kind:?}");
    }
}

#[test]
fn the_order_of_texts_and_the_threads_do_not_matter() {
    for kind in [TrainerKind::WordPiece, TrainerKind::Unigram] {
        let one = Tokenizer::train(kind, TEXTS, 200).unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(5).build().unwrap();
        let two = pool.install(|| Tokenizer::train(kind, TEXTS.iter().rev(), 200).unwrap());
        assert_eq!(one.fingerprint().unwrap(), two.fingerprint().unwrap());
    }
}

#[test]
fn saved_files_load_as_the_same_tokenizer() {
    for tokenizer in both() {
        let folder = tempfile::tempdir().unwrap();
        tokenizer.save(folder.path()).unwrap();
        let mut names = vec!["", "tokenizer.json"];
        if tokenizer.layout() == Layout::Bert {
            names.push("vocab.txt");
        }
        for name in names {
            let loaded = Tokenizer::load(&folder.path().join(name)).unwrap();
            assert_eq!(loaded.specials(), tokenizer.specials());
            for text in TEXTS {
                assert_eq!(loaded.encode_text(text).unwrap(), tokenizer.encode_text(text).unwrap(), "{name} {text}");
            }
        }
    }
}

#[test]
fn a_vocabulary_with_capitals_keeps_case() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vocab.txt");
    let load = |vocab: &[u8]| {
        std::fs::write(&path, vocab).unwrap();
        Tokenizer::load(&path)
    };
    let cased = load("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nParis\n中\n".as_bytes()).unwrap();
    assert_eq!(cased.encode_text("Paris").unwrap().tokens, [TokenId(5)]);
    let lowered = load(b"[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\n[MASK]\r\nparis\r\n").unwrap();
    assert_eq!(lowered.encode_text("PARIS").unwrap().tokens, [TokenId(5)]);
    let message = load(b"[PAD]\n[UNK]\n\xff\n").unwrap_err().to_string();
    assert!(message.contains("line 3"), "{message}");
    let message = load(b"[PAD]\n[UNK]\n").unwrap_err().to_string();
    assert!(message.contains("[CLS]"), "{message}");
}

#[test]
fn other_files_are_rejected() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Tokenizer::load(folder.path()), Err(Error::Malformed { .. })));
    assert!(matches!(Tokenizer::load(&folder.path().join("none.json")), Err(Error::Io { .. })));
    let odd = folder.path().join("tokenizer.bin");
    std::fs::write(&odd, "x").unwrap();
    assert!(matches!(Tokenizer::load(&odd), Err(Error::Malformed { .. })));
    for json in ["", "{}", "[1]", r#"{"model":{"type":"Unigram","vocab":[]}}"#, r#"{"model":{"type":"BPE"}}"#] {
        let path = folder.path().join("tokenizer.json");
        std::fs::write(&path, json).unwrap();
        assert!(Tokenizer::load(&path).is_err(), "{json}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn offsets_slice_to_the_text(text in "(\\PC|[北京中国éא🦀\u{301}ﬁ㎏\u{200b}\u{1}\n ]|the |China){0,40}") {
        static TOKENIZERS: std::sync::LazyLock<[Tokenizer; 2]> = std::sync::LazyLock::new(both);
        for tokenizer in TOKENIZERS.iter() {
            let encoding = tokenizer.encode_text(&text).unwrap();
            prop_assert_eq!(encoding.tokens.len(), encoding.offsets.len());
            prop_assert!(encoding.offsets.iter().all(|span| span.slice(&text).is_some()), "{:?}", encoding);
            prop_assert!(encoding.offsets.is_sorted_by_key(|span| span.start));
            prop_assert_eq!(rebuilt(&text, &encoding), text.as_str());
            let whole = if encoding.tokens.is_empty() { "" } else { text.as_str() };
            prop_assert_eq!(encoding.slices(&text).len(), encoding.tokens.len());
            prop_assert_eq!(encoding.slices(&text).concat(), whole);
            prop_assert!(tokenizer.decode(&encoding.tokens).is_ok());
        }
    }

    #[test]
    fn every_byte_of_a_word_is_in_a_piece(words in proptest::collection::vec("[a-z北京中国éא🦀]{1,6}", 0..12)) {
        for tokenizer in both() {
            let text = words.join(" ");
            let encoding = tokenizer.encode_text(&text).unwrap();
            let pieces: String = slices(&text, &encoding).concat();
            prop_assert_eq!(pieces, words.concat());
        }
    }
}
