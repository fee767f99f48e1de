//! Writing annotated text.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_schema::Schema;
use jove_core::AnnotatedText;
use jove_files::{Kind, Output};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::columns::Columns;
use super::mention_name::MentionName;
use super::schema::{Layout, check, failed, fields};
use crate::error::{Error, Result};

/// The maximum rows and bytes of text in a row group, whichever is reached first.
const GROUP_ROWS: usize = 16_384;
const GROUP_BYTES: usize = 16 << 20;

/// Writes annotated texts to Parquet: `text`, `lang`, `words` (a list of `start`, `end`, `pos`) and `mentions` (a list of
/// `start`, `end`, `entity`, `score`, and on request `name`, `lang`, `key`, `label`). Starts and ends are byte offsets in the
/// UTF-8 text.
///
/// The file is written atomically: it replaces an existing Parquet file when [`AnnotatedWriter::finish`] returns. A pipe
/// gets each row group when it is full.
///
/// # Resource usage
/// One row group is held in memory: up to 16,384 texts or 16 MiB of text with its words and mentions. Columns are
/// compressed with Zstandard, level 3.
pub struct AnnotatedWriter {
    file: ArrowWriter<Output>,
    path: PathBuf,
    columns: Columns,
    rows: u64,
    /// Rows and bytes of text that are not yet written.
    pending: (usize, usize),
}

impl AnnotatedWriter {
    /// Starts a file; an existing one stays as it is until [`AnnotatedWriter::finish`].
    ///
    /// # Errors
    /// When the file cannot be created.
    pub fn create(path: &Path) -> Result<Self> {
        Self::with_layout(path, Layout::Numbers)
    }

    /// As [`AnnotatedWriter::create`], for texts whose mentions are named.
    ///
    /// # Errors
    /// When the file cannot be created.
    pub fn create_named(path: &Path) -> Result<Self> {
        Self::with_layout(path, Layout::Named)
    }

    fn with_layout(path: &Path, layout: Layout) -> Result<Self> {
        let file = Output::create(path, Kind::PARQUET).map_err(Error::io(path))?;
        let level = ZstdLevel::try_new(3).map_err(|error| failed(path, error))?;
        let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
        let schema = Arc::new(Schema::new(fields(layout)));
        let file = ArrowWriter::try_new(file, schema, Some(properties)).map_err(|error| failed(path, error))?;
        Ok(Self { file, path: path.to_owned(), columns: Columns::new(layout), rows: 0, pending: (0, 0) })
    }

    /// Adds a text.
    ///
    /// # Errors
    /// When words or mentions are not sorted spans on character boundaries of the text ([`Error::Span`]), or the file
    /// cannot be written.
    pub fn push(&mut self, text: &AnnotatedText) -> Result<()> {
        self.push_named(text, &[])
    }

    /// Adds a text with the names of its mentions, in their order; a file without names leaves them out, and a mention without
    /// a name has empty ones.
    ///
    /// # Errors
    /// As [`AnnotatedWriter::push`].
    pub fn push_named(&mut self, text: &AnnotatedText, names: &[MentionName]) -> Result<()> {
        check(text)?;
        self.columns.push(text, names);
        self.rows += 1;
        self.pending.0 += 1;
        self.pending.1 += text.text.len();
        if self.pending.0 >= GROUP_ROWS || self.pending.1 >= GROUP_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes the remaining texts and moves the file to its path; returns the number of texts.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(mut self) -> Result<u64> {
        self.flush()?;
        let path = self.path;
        let file = self.file.into_inner().map_err(|error| failed(&path, error))?;
        file.finish().map_err(Error::io(&path))?;
        Ok(self.rows)
    }

    fn flush(&mut self) -> Result<()> {
        if self.pending.0 > 0 {
            let batch = self.columns.finish();
            self.file.write(&batch).and_then(|()| self.file.flush()).map_err(|error| failed(&self.path, error))?;
        }
        self.pending = (0, 0);
        Ok(())
    }
}
