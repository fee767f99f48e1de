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
fn names_of_mentions_stand_beside_their_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("named.parquet");
    let named = |name: &str| MentionName {
        name: name.to_owned(),
        lang: Lang::ZH,
        key: format!("place/{name}"),
        label: "首都".to_owned(),
    };
    let mut writer = AnnotatedWriter::create_named(&path).unwrap();
    writer.push_named(&texts()[2], &[named("北京"), named("首都")]).unwrap();
    writer.push_named(&texts()[3], &[]).unwrap();
    writer.finish().unwrap();
    assert!(AnnotatedReader::open(&path).unwrap().map(Result::unwrap).eq(texts()[2..].to_vec()));
    let file = std::fs::File::open(&path).unwrap();
    let builder = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let shown: Vec<String> = builder.build().unwrap().map(|batch| format!("{:?}", batch.unwrap().column(3))).collect();
    for expected in ["place/北京", "place/首都", "首都"] {
        assert!(shown.concat().contains(expected), "{expected} in {shown:?}");
    }
}

#[test]
fn spans_that_do_not_fit_are_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = AnnotatedWriter::create(&folder.path().join("x.parquet")).unwrap();
    assert!(matches!(writer.push(&text("北京", &[(0, 1)], &[])), Err(Error::Span { .. })));
    assert!(matches!(writer.push(&text("北京", &[], &[(0, 9)])), Err(Error::Span { .. })));
}

#[test]
fn other_files_are_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    assert!(matches!(AnnotatedReader::open(&path), Err(Error::Io { .. })));
    for bytes in [&b""[..], b"PAR1", b"PAR1\xff\xff\xff\x7fPAR1", "中文".as_bytes()] {
        std::fs::write(&path, bytes).unwrap();
        assert!(matches!(AnnotatedReader::open(&path), Err(Error::Malformed { .. })), "{bytes:?}");
    }
}

#[test]
fn other_columns_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let field = arrow_schema::Field::new("body", arrow_schema::DataType::Utf8, false);
    let schema = std::sync::Arc::new(arrow_schema::Schema::new(vec![field]));
    let file = std::fs::File::create(&path).unwrap();
    parquet::arrow::ArrowWriter::try_new(file, schema, None).unwrap().close().unwrap();
    let message = AnnotatedReader::open(&path).err().unwrap().to_string();
    assert!(
        message.ends_with("expected the columns text, lang, words, mentions written by jove, found columns body"),
        "{message}"
    );
}

#[test]
fn an_unfinished_file_is_not_there_and_replaces_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    drop(AnnotatedWriter::create(&path).unwrap());
    assert!(!path.exists());
    write(&path, &texts());
    let mut writer = AnnotatedWriter::create(&path).unwrap();
    writer.push(&texts()[1]).unwrap();
    drop(writer);
    assert_eq!(AnnotatedReader::open(&path).unwrap().len(), texts().len());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// Any text with its characters as words and some of them as mentions.
fn any_annotated() -> impl Strategy<Value = AnnotatedText> {
    ("(\\PC|[北京🦀e\u{301}שם\u{200d} ]){0,24}", any::<u32>(), -1e6_f32..1e6).prop_map(|(text, entity, score)| {
        let span = |(at, c): (usize, char)| ByteSpan::new(at as u32, (at + c.len_utf8()) as u32);
        let words = text.char_indices().map(span).zip(Pos::ALL.into_iter().cycle());
        let mentions = text.char_indices().map(span).step_by(3);
        AnnotatedText {
            lang: Lang::new("ja").unwrap(),
            words: words.map(|(span, pos)| Word { span, pos }).collect(),
            mentions: mentions.map(|span| Mention { span, entity: EntityId(entity), score }).collect(),
            text,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_texts_come_back(texts in proptest::collection::vec(any_annotated(), 0..20)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.parquet");
        write(&path, &texts);
        let found: Vec<AnnotatedText> = AnnotatedReader::open(&path).unwrap().map(Result::unwrap).collect();
        prop_assert_eq!(found, texts);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn damaged_files_do_not_panic(
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
