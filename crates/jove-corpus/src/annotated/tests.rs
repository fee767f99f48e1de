use std::path::Path;

use jove_core::{AnnotatedText, ByteSpan, EntityId, Lang, Mention, Pos, Word};
use proptest::prelude::*;

use super::*;
use crate::error::{Error, Result};

fn text(text: &str, words: &[(u32, u32)], mentions: &[(u32, u32)]) -> AnnotatedText {
    let word = |&(start, end)| Word { span: ByteSpan::new(start, end), pos: Pos::ALL[end as usize % 17] };
    let mention = |&(start, end)| {
        let span = ByteSpan::new(start, end);
        Mention { span, entity: EntityId(end + 5), score: 0.25 }
    };
    AnnotatedText {
        text: text.to_owned(),
        lang: Lang::ZH,
        words: words.iter().map(word).collect(),
        mentions: mentions.iter().map(mention).collect(),
    }
}

fn texts() -> Vec<AnnotatedText> {
    vec![
        text("", &[], &[]),
        text("a", &[(0, 1)], &[]),
        text("北京是首都", &[(0, 6), (6, 9), (9, 15)], &[(0, 6), (9, 15)]),
        text("🦀e\u{301}שלום", &[(0, 4), (7, 15)], &[(4, 7)]),
    ]
}

fn write(path: &Path, texts: &[AnnotatedText]) {
    let mut writer = AnnotatedWriter::create(path).unwrap();
    for text in texts {
        writer.push(text).unwrap();
    }
    assert_eq!(writer.finish().unwrap(), texts.len() as u64);
}

#[test]
fn texts_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("texts.parquet");
    let many: Vec<AnnotatedText> = texts().into_iter().cycle().take(20_000).collect();
    write(&path, &many);
    let reader = AnnotatedReader::open(&path).unwrap();
    assert_eq!(reader.len(), many.len());
    assert!(reader.map(Result::unwrap).eq(many));
    write(&path, &[]);
    assert_eq!(AnnotatedReader::open(&path).unwrap().count(), 0);
}

#[test]
fn spans_that_do_not_fit_are_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = AnnotatedWriter::create(&folder.path().join("x.parquet")).unwrap();
    assert!(matches!(writer.push(&text("北京", &[(0, 1)], &[])), Err(Error::Span { .. })));
    assert!(matches!(writer.push(&text("北京", &[], &[(0, 9)])), Err(Error::Span { .. })));
}

#[test]
fn other_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    assert!(matches!(AnnotatedReader::open(&path), Err(Error::Io { .. })));
    for bytes in [&b""[..], b"PAR1", b"PAR1\xff\xff\xff\x7fPAR1", "中文".as_bytes()] {
        std::fs::write(&path, bytes).unwrap();
        assert!(matches!(AnnotatedReader::open(&path), Err(Error::Malformed { .. })), "{bytes:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn broken_files_do_not_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        static WHOLE: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("x.parquet");
            write(&path, &texts());
            std::fs::read(&path).unwrap()
        });
        let mut bytes = WHOLE.clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.parquet");
        std::fs::write(&path, bytes).unwrap();
        if let Ok(reader) = AnnotatedReader::open(&path) {
            reader.take_while(Result::is_ok).take(100).for_each(drop);
        }
    }
}
