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
fn an_unfinished_shard_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("texts.arrow");
    let mut writer = ShardWriter::create(&path).unwrap();
    writer.push(&text(3, &[], &[])).unwrap();
    drop(writer);
    assert!(!path.exists());
}

/// Opens a file and reads all of it; only an error may come of it.
fn read_all(path: &Path) -> usize {
    ShardReader::open(path).map_or(0, |reader| reader.iter().take(4000).flatten().count())
}

#[test]
fn files_cut_short_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("texts.arrow");
    write(&path, &texts()[..30]);
    let whole = std::fs::read(&path).unwrap();
    for length in (0..whole.len()).step_by(97) {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(ShardReader::open(&path).is_err(), "{length} of {}", whole.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn broken_files_do_not_panic(
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
