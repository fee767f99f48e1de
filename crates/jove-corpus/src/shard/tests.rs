use std::path::Path;

use jove_core::{EntityId, Lang, Pos, TokenId, TokenSpan, TokenizedText};
use proptest::prelude::*;

use super::*;

fn text(tokens: u32, words: &[(u32, u32)], mentions: &[(u32, u32)]) -> TokenizedText {
    TokenizedText {
        lang: if tokens.is_multiple_of(2) { Lang::ZH } else { Lang::new("pt-BR").unwrap() },
        tokens: (0..tokens).map(|id| TokenId(id * 7)).collect(),
        words: words.iter().map(|&(start, end)| (TokenSpan::new(start, end), Pos::ALL[start as usize % 17])).collect(),
        mentions: mentions.iter().map(|&(start, end)| (TokenSpan::new(start, end), EntityId(end * 3))).collect(),
    }
}

fn texts() -> Vec<TokenizedText> {
    let mut texts: Vec<TokenizedText> = (0..2500).map(|row| text(row % 40, &[], &[])).collect();
    texts.push(text(9, &[(0, 2), (2, 3), (7, 9)], &[(1, 4)]));
    texts.push(text(0, &[], &[]));
    texts
}

fn write(path: &Path, texts: &[TokenizedText]) {
    let mut writer = ShardWriter::create(path).unwrap();
    writer.note("tokenizer", "abc");
    for text in texts {
        writer.push(text).unwrap();
    }
    assert_eq!(writer.finish().unwrap(), texts.len() as u64);
}

#[test]
fn rows_come_back_from_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("texts.arrow");
    let texts = texts();
    write(&path, &texts);
    let reader = ShardReader::open(&path).unwrap();
    assert_eq!(reader.len(), texts.len());
    assert_eq!(reader.note("tokenizer"), Some("abc"));
    for row in [2500, 0, 1023, 1024, 2501, 7] {
        assert_eq!(reader.get(row).unwrap(), texts[row], "{row}");
    }
    assert!(reader.iter().map(Result::unwrap).eq(texts));
    assert!(matches!(reader.get(2502), Err(crate::error::Error::NoSuchRow { .. })));
}

#[test]
fn pairs_come_back_from_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pairs.arrow");
    let texts = texts();
    let mut writer = PairWriter::create(&path).unwrap();
    for (left, right) in texts.iter().zip(texts.iter().rev()) {
        writer.push(left, right).unwrap();
    }
    writer.finish().unwrap();
    let reader = PairReader::open(&path).unwrap();
    assert!(reader.iter().map(Result::unwrap).eq(texts.iter().cloned().zip(texts.iter().rev().cloned())));
    assert!(ShardReader::open(&path).is_err(), "a shard of pairs is not a shard of texts");
}

#[test]
fn an_empty_shard_is_a_shard() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("texts.arrow");
    write(&path, &[]);
    assert!(ShardReader::open(&path).unwrap().is_empty());
}

#[test]
fn an_unfinished_shard_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("texts.arrow");
    let mut writer = ShardWriter::create(&path).unwrap();
    writer.push(&text(3, &[], &[])).unwrap();
    drop(writer);
    assert!(!path.exists());
}

/// Opens a file and reads all of it, which may fail but not panic.
fn read_all(path: &Path) -> usize {
    ShardReader::open(path).map_or(0, |reader| reader.iter().take(4000).flatten().count())
}

#[test]
fn truncated_files_are_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("texts.arrow");
    write(&path, &texts()[..30]);
    let whole = std::fs::read(&path).unwrap();
    for length in (0..whole.len()).step_by(97) {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(ShardReader::open(&path).is_err(), "{length} of {}", whole.len());
    }
}

/// A shard of three texts, and what opening and reading it says after a change.
fn damaged(change: impl FnOnce(&mut Vec<u8>)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("texts.arrow");
    write(&path, &[text(5, &[(0, 2), (3, 5)], &[(1, 3)]), text(0, &[], &[]), text(4, &[(0, 4)], &[])]);
    let mut bytes = std::fs::read(&path).unwrap();
    change(&mut bytes);
    std::fs::write(&path, &bytes).unwrap();
    let read = ShardReader::open(&path).and_then(|reader| reader.iter().collect::<crate::error::Result<Vec<_>>>());
    let message = read.unwrap_err().to_string();
    assert!(message.contains("texts.arrow: expected "), "{message}");
    message
}

/// Replaces the only occurrence of some little-endian numbers.
fn replace(bytes: &mut [u8], from: &[u32], to: &[u32]) {
    let [from, to] =
        [from, to].map(|numbers| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>());
    let found: Vec<usize> = (0..=bytes.len() - from.len()).filter(|&at| bytes[at..].starts_with(&from)).collect();
    assert_eq!(found.len(), 1, "{from:?}");
    bytes[found[0]..][..to.len()].copy_from_slice(&to);
}

#[test]
fn damage_is_named_with_what_was_expected() {
    for (expected, message) in [
        ("too few bytes", damaged(|bytes| bytes.truncate(9))),
        ("too few bytes", damaged(Vec::clear)),
        ("other magic bytes", damaged(|bytes| bytes.truncate(bytes.len() - 1))),
        ("other magic bytes", damaged(|bytes| bytes[0] = b'a')),
        (
            "a footer larger than the file",
            damaged(|bytes| {
                let size = bytes.len() - 10;
                bytes[size..size + 4].fill(0xff);
            }),
        ),
        (
            "an invalid footer",
            damaged(|bytes| {
                let size = bytes.len() - 10;
                bytes[size..size + 4].fill(0);
            }),
        ),
    ] {
        assert!(message.contains(expected), "{message}, expected {expected}");
    }
}

#[test]
fn rows_that_contradict_themselves_are_named() {
    // The ends of the words are 2 and 5 in the first row and 4 in the third; the offsets of the tokens are 0, 5, 5, 9.
    for (from, to, expected, row) in [
        (&[2, 5, 4][..], &[2, 9, 4][..], "sorted spans inside the tokens, found 3 to 9 of 5 tokens", 0),
        (&[2, 5, 4], &[0, 5, 4], "sorted spans inside the tokens, found 0 to 0 of 5 tokens", 0),
        (&[2, 5, 4], &[4, 5, 4], "sorted spans inside the tokens, found 3 to 5 of 5 tokens", 0),
        (&[2, 5, 4], &[2, 5, 9], "sorted spans inside the tokens, found 0 to 9 of 4 tokens", 2),
        (&[0, 5, 5, 9], &[0, 7, 5, 9], "ascending offsets, found 7 then 5", 1),
        (&[0, 5, 5, 9], &[0, 5, 5, 99], "items inside their column", 2),
        (&[0, 5, 5, 9], &[0, 5, u32::MAX, 9], "ascending offsets, found 5 then -1", 1),
    ] {
        let message = damaged(|bytes| replace(bytes, from, to));
        assert!(message.contains(expected) && message.ends_with(&format!("in row {row}")), "{message}");
    }
}

#[test]
fn other_schemas_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (texts, pairs) = (folder.path().join("texts.arrow"), folder.path().join("pairs.arrow"));
    write(&texts, &[]);
    PairWriter::create(&pairs).unwrap().finish().unwrap();
    let message = ShardReader::open(&pairs).err().unwrap().to_string();
    assert!(message.ends_with("expected the columns of a shard, found columns left, right"), "{message}");
    let message = PairReader::open(&texts).err().unwrap().to_string();
    assert!(message.ends_with("found columns lang, tokens, words, mentions"), "{message}");
    assert!(PairReader::open(&pairs).unwrap().is_empty());
    assert!(matches!(ShardReader::open(&folder.path().join("none")), Err(crate::error::Error::Io { .. })));
}

/// Any text: ids of any size, and sorted spans over them.
fn any_text() -> impl Strategy<Value = TokenizedText> {
    let langs = prop::sample::select(vec!["zh", "en", "und", "pt-BR", "zh-Hant"]);
    (langs, prop::collection::vec(any::<u32>(), 0..40), any::<[bool; 2]>(), any::<u32>()).prop_map(
        |(lang, tokens, [words, mentions], entity)| {
            let count = tokens.len() as u32;
            let spans = |width: u32| (0..count / width).map(move |n| TokenSpan::new(n * width, n * width + width));
            let words = spans(if words { 1 } else { 3 });
            let mentions = spans(if mentions { 2 } else { 5 });
            TokenizedText {
                lang: Lang::new(lang).unwrap(),
                words: words.zip(Pos::ALL.into_iter().cycle()).collect(),
                mentions: mentions.map(|span| (span, EntityId(entity.wrapping_add(span.start)))).collect(),
                tokens: tokens.into_iter().map(TokenId).collect(),
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_texts_come_back(texts in prop::collection::vec(any_text(), 0..30)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("texts.arrow");
        write(&path, &texts);
        let reader = ShardReader::open(&path).unwrap();
        prop_assert_eq!(reader.iter().map(Result::unwrap).collect::<Vec<_>>(), texts);
    }

    #[test]
    fn any_pairs_come_back(pairs in prop::collection::vec((any_text(), any_text()), 0..20)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pairs.arrow");
        let mut writer = PairWriter::create(&path).unwrap();
        for (left, right) in &pairs {
            writer.push(left, right).unwrap();
        }
        prop_assert_eq!(writer.finish().unwrap(), pairs.len() as u64);
        let reader = PairReader::open(&path).unwrap();
        prop_assert_eq!(reader.iter().map(Result::unwrap).collect::<Vec<_>>(), pairs);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn damaged_files_do_not_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12), footer_only in any::<bool>(),
    ) {
        static WHOLE: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("texts.arrow");
            write(&path, &[text(5, &[(0, 2), (3, 5)], &[(1, 3)]), text(0, &[], &[]), text(4, &[(0, 4)], &[])]);
            std::fs::read(&path).unwrap()
        });
        let mut bytes = WHOLE.clone();
        for (at, byte) in changes {
            let low = if footer_only { bytes.len() / 2 } else { 0 };
            let at = low + at.index(bytes.len() - low);
            bytes[at] = byte;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("texts.arrow");
        std::fs::write(&path, bytes).unwrap();
        read_all(&path);
    }
}
