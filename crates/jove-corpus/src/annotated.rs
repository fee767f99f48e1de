//! Annotated text as Parquet, for us and for whoever opens it with pandas, DuckDB or Spark.

use std::fs::File;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::{Float32Builder, ListBuilder, StringBuilder, StructBuilder, UInt32Builder};
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float32Type, UInt32Type};
use arrow_array::{ArrayRef, RecordBatch, StructArray};
use arrow_schema::{DataType, Field, FieldRef, Fields, Schema};
use atomic_write_file::AtomicWriteFile;
use jove_core::{AnnotatedText, ByteSpan, EntityId, Lang, Mention, Word};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::properties::WriterProperties;

use crate::tokenizer::check_spans;
use crate::{Error, Result};

/// Rows and bytes of text in one row group, whichever comes first.
const GROUP_ROWS: usize = 16_384;
const GROUP_BYTES: usize = 16 << 20;
const READ_ROWS: usize = 1024;

/// Writes annotated texts to Parquet: `text`, `lang`, `words` (a list of `start`, `end`, `pos`) and `mentions` (a list of
/// `start`, `end`, `entity`, `score`). Starts and ends are bytes of the UTF-8 text. The file appears when
/// [`AnnotatedWriter::finish`] returns, whole or not at all.
pub struct AnnotatedWriter {
    file: ArrowWriter<AtomicWriteFile>,
    path: PathBuf,
    columns: Columns,
    rows: u64,
    waiting: (usize, usize),
}

impl AnnotatedWriter {
    /// Opens a file for writing; a file of that name stays as it is until the end.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(path: &Path) -> Result<Self> {
        let file = AtomicWriteFile::open(path).map_err(Error::io(path))?;
        let level = ZstdLevel::try_new(3).map_err(|error| failed(path, error))?;
        let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
        let schema = Arc::new(Schema::new(fields()));
        let file = ArrowWriter::try_new(file, schema, Some(properties)).map_err(|error| failed(path, error))?;
        Ok(Self { file, path: path.to_owned(), columns: Columns::new(), rows: 0, waiting: (0, 0) })
    }

    /// Adds a text.
    ///
    /// # Errors
    /// When a span does not fit the text, or the file cannot be written.
    pub fn push(&mut self, text: &AnnotatedText) -> Result<()> {
        check(text)?;
        self.columns.push(text);
        self.rows += 1;
        self.waiting.0 += 1;
        self.waiting.1 += text.text.len();
        if self.waiting.0 >= GROUP_ROWS || self.waiting.1 >= GROUP_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what is left and puts the file in its place; returns its number of rows.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(mut self) -> Result<u64> {
        self.flush()?;
        let path = self.path;
        let file = self.file.into_inner().map_err(|error| failed(&path, error))?;
        file.commit().map_err(Error::io(&path))?;
        Ok(self.rows)
    }

    fn flush(&mut self) -> Result<()> {
        if self.waiting.0 > 0 {
            let batch = self.columns.finish();
            self.file.write(&batch).and_then(|()| self.file.flush()).map_err(|error| failed(&self.path, error))?;
        }
        self.waiting = (0, 0);
        Ok(())
    }
}

/// Reads annotated texts in order, a thousand at a time.
pub struct AnnotatedReader {
    batches: ParquetRecordBatchReader,
    path: PathBuf,
    rows: usize,
    batch: Option<RecordBatch>,
    next: usize,
    done: usize,
}

impl AnnotatedReader {
    /// Opens a file and checks its columns.
    ///
    /// # Errors
    /// When the file cannot be read or has other columns than [`AnnotatedWriter`] writes.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io(path))?;
        let length = file.metadata().map_err(Error::io(path))?.len();
        let builder = guarded(path, || ParquetRecordBatchReaderBuilder::try_new(file))?;
        check_places(builder.metadata(), length).map_err(|found| Error::malformed(path, "a Parquet file", found))?;
        if *builder.schema().fields() != fields() {
            let names: Vec<&str> = builder.schema().fields().iter().map(|field| field.name().as_str()).collect();
            let found = format!("columns {}", names.join(", "));
            return Err(Error::malformed(path, "columns text, lang, words, mentions as jove writes them", found));
        }
        let rows = usize::try_from(builder.metadata().file_metadata().num_rows())
            .map_err(|_| Error::malformed(path, "a number of rows", "a negative one"))?;
        let batches = guarded(path, || builder.with_batch_size(READ_ROWS).build())?;
        Ok(Self { batches, path: path.to_owned(), rows, batch: None, next: 0, done: 0 })
    }

    /// Number of texts, as the file says.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    fn read(&mut self) -> Result<Option<AnnotatedText>> {
        while self.batch.as_ref().is_none_or(|batch| self.next >= batch.num_rows()) {
            self.batch = guarded(&self.path, || self.batches.next().transpose())?;
            if self.batch.is_none() {
                return Ok(None);
            }
            self.next = 0;
        }
        let Some(batch) = &self.batch else { return Ok(None) };
        let text = row(batch, self.next)
            .ok_or_else(|| "a language, part of speech or column that is none".to_owned())
            .and_then(|text| check(&text).map(|()| text).map_err(|error| error.to_string()))
            .map_err(|found| Error::malformed(&self.path, "sound rows", format!("{found} (row {})", self.done)))?;
        self.next += 1;
        self.done += 1;
        Ok(Some(text))
    }
}

impl Iterator for AnnotatedReader {
    type Item = Result<AnnotatedText>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

fn check(text: &AnnotatedText) -> Result<()> {
    check_spans("word", text.words.iter().map(|word| word.span), &text.text)?;
    check_spans("mention", text.mentions.iter().map(|mention| mention.span), &text.text)
}

/// The text of a row, or `None` where a value names nothing.
fn row(batch: &RecordBatch, row: usize) -> Option<AnnotatedText> {
    let text = batch.column(0).as_string_opt::<i32>()?.value(row).to_owned();
    let lang = Lang::new(batch.column(1).as_string_opt::<i32>()?.value(row)).ok()?;
    let items = batch.column(2).as_list_opt::<i32>()?.value(row);
    let items = items.as_struct_opt()?;
    let pos = items.column(2).as_string_opt::<i32>()?;
    let spans = spans(items)?;
    let words = spans.into_iter().zip(0..).map(|(span, item)| Some(Word { span, pos: pos.value(item).parse().ok()? }));
    let words = words.collect::<Option<Vec<_>>>()?;
    let items = batch.column(3).as_list_opt::<i32>()?.value(row);
    let items = items.as_struct_opt()?;
    let entities = items.column(2).as_primitive_opt::<UInt32Type>()?.values().iter();
    let scores = items.column(3).as_primitive_opt::<Float32Type>()?.values().iter();
    let mentions = self::spans(items)?.into_iter().zip(entities.zip(scores));
    let mentions =
        mentions.map(|(span, (&entity, &score))| Mention { span, entity: EntityId(entity), score }).collect();
    Some(AnnotatedText { text, lang, words, mentions })
}

fn spans(items: &StructArray) -> Option<Vec<ByteSpan>> {
    let starts = items.column(0).as_primitive_opt::<UInt32Type>()?;
    let ends = items.column(1).as_primitive_opt::<UInt32Type>()?;
    Some(starts.values().iter().zip(ends.values()).map(|(&start, &end)| ByteSpan::new(start, end)).collect())
}

struct Columns {
    text: StringBuilder,
    lang: StringBuilder,
    words: ListBuilder<StructBuilder>,
    mentions: ListBuilder<StructBuilder>,
}

impl Columns {
    fn new() -> Self {
        let numbers = || -> [Box<dyn arrow_array::builder::ArrayBuilder>; 2] {
            [Box::new(UInt32Builder::new()), Box::new(UInt32Builder::new())]
        };
        let [start, end] = numbers();
        let words = StructBuilder::new(word_fields(), vec![start, end, Box::new(StringBuilder::new())]);
        let [start, end] = numbers();
        let entity = Box::new(UInt32Builder::new());
        let mentions = StructBuilder::new(mention_fields(), vec![start, end, entity, Box::new(Float32Builder::new())]);
        Self {
            text: StringBuilder::new(),
            lang: StringBuilder::new(),
            words: ListBuilder::new(words).with_field(item(word_fields())),
            mentions: ListBuilder::new(mentions).with_field(item(mention_fields())),
        }
    }

    fn push(&mut self, text: &AnnotatedText) {
        const BUILT: &str = "columns by construction";
        self.text.append_value(&text.text);
        self.lang.append_value(text.lang.as_str());
        for word in &text.words {
            let row = self.words.values();
            row.field_builder::<UInt32Builder>(0).expect(BUILT).append_value(word.span.start);
            row.field_builder::<UInt32Builder>(1).expect(BUILT).append_value(word.span.end);
            row.field_builder::<StringBuilder>(2).expect(BUILT).append_value(word.pos.as_str());
            row.append(true);
        }
        self.words.append(true);
        for mention in &text.mentions {
            let row = self.mentions.values();
            row.field_builder::<UInt32Builder>(0).expect(BUILT).append_value(mention.span.start);
            row.field_builder::<UInt32Builder>(1).expect(BUILT).append_value(mention.span.end);
            row.field_builder::<UInt32Builder>(2).expect(BUILT).append_value(mention.entity.0);
            row.field_builder::<Float32Builder>(3).expect(BUILT).append_value(mention.score);
            row.append(true);
        }
        self.mentions.append(true);
    }

    fn finish(&mut self) -> RecordBatch {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.text.finish()),
            Arc::new(self.lang.finish()),
            Arc::new(self.words.finish()),
            Arc::new(self.mentions.finish()),
        ];
        RecordBatch::from(StructArray::new(fields(), columns, None))
    }
}

fn fields() -> Fields {
    Fields::from(vec![
        Field::new("text", DataType::Utf8, false),
        Field::new("lang", DataType::Utf8, false),
        Field::new("words", DataType::List(item(word_fields())), false),
        Field::new("mentions", DataType::List(item(mention_fields())), false),
    ])
}

fn item(fields: Fields) -> FieldRef {
    Arc::new(Field::new("item", DataType::Struct(fields), false))
}

fn word_fields() -> Fields {
    Fields::from(vec![number("start"), number("end"), Field::new("pos", DataType::Utf8, false)])
}

fn mention_fields() -> Fields {
    let score = Field::new("score", DataType::Float32, false);
    Fields::from(vec![number("start"), number("end"), number("entity"), score])
}

fn number(name: &str) -> Field {
    Field::new(name, DataType::UInt32, false)
}

/// The Parquet crate panics on some broken files where it should fail. Nothing of it is used after that.
fn guarded<T, E: Into<ParquetError>>(path: &Path, work: impl FnOnce() -> Result<T, E>) -> Result<T> {
    match std::panic::catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| failed(path, error)),
        Err(_) => Err(Error::malformed(path, "a Parquet file", "one so broken that its reader gave up")),
    }
}

/// Every column chunk must lie inside the file.
fn check_places(metadata: &ParquetMetaData, length: u64) -> Result<(), String> {
    for column in metadata.row_groups().iter().flat_map(RowGroupMetaData::columns) {
        let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
        let size = column.compressed_size();
        let end =
            u64::try_from(start).ok().zip(u64::try_from(size).ok()).and_then(|(start, size)| start.checked_add(size));
        if end.is_none_or(|end| end > length) || column.data_page_offset() < 0 || column.num_values() < 0 {
            return Err(format!("a column of {size} bytes from {start} of {length}"));
        }
    }
    Ok(())
}

fn failed(path: &Path, error: impl Into<ParquetError>) -> Error {
    match error.into() {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(source) => Error::Io { path: path.to_owned(), source: *source },
            Err(other) => Error::malformed(path, "a Parquet file", other),
        },
        other => Error::malformed(path, "a Parquet file", other),
    }
}

#[cfg(test)]
mod tests {
    use jove_core::Pos;
    use proptest::prelude::*;

    use super::*;

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
}
