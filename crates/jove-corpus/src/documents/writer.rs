//! Writing documents.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_schema::Schema;
use jove_core::ByteSpan;
use jove_files::{Kind, Output};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::Document;
use super::columns::{Columns, fields};
use crate::annotated::failed;
use crate::error::{Error, Result};
use crate::spans::check_spans;

/// The maximum rows and bytes of text in a row group, whichever is reached first.
const GROUP_ROWS: usize = 16_384;
const GROUP_BYTES: usize = 16 << 20;

/// Writes documents to Parquet: `text`, `lang`, `domain`, `source`, `copies`, `weight` and `links` (a list of `start`, `end`
/// and `target`; starts and ends are byte offsets in the UTF-8 text).
///
/// The file is written atomically, as by [`crate::AnnotatedWriter`]; the same documents give the same bytes.
///
/// # Resource usage
/// One row group is held in memory: up to 16,384 documents or 16 MiB of text. Columns are compressed with Zstandard, level 3.
pub struct DocumentWriter {
    file: ArrowWriter<Output>,
    path: PathBuf,
    columns: Columns,
    rows: u64,
    /// Rows and bytes of text that are not yet written.
    pending: (usize, usize),
}

impl DocumentWriter {
    /// Starts a file; an existing one stays as it is until [`DocumentWriter::finish`].
    ///
    /// # Errors
    /// When the file cannot be created, or a file of another kind is there.
    pub fn create(path: &Path) -> Result<Self> {
        let file = Output::create(path, Kind::PARQUET).map_err(Error::io(path))?;
        let level = ZstdLevel::try_new(3).map_err(|error| failed(path, error))?;
        // A dictionary of whole texts, and the first and last text of a page, would only repeat the texts.
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_statistics_enabled(EnabledStatistics::None)
            .set_column_dictionary_enabled(ColumnPath::from("text"), false)
            .build();
        let schema = Arc::new(Schema::new(fields()));
        let file = ArrowWriter::try_new(file, schema, Some(properties)).map_err(|error| failed(path, error))?;
        Ok(Self { file, path: path.to_owned(), columns: Columns::new(), rows: 0, pending: (0, 0) })
    }

    /// Adds a document.
    ///
    /// # Errors
    /// When its links are not sorted spans on character boundaries of the text ([`Error::Span`]), or the file cannot be
    /// written.
    pub fn push(&mut self, document: &Document) -> Result<()> {
        let spans = document.links.iter().map(|link| ByteSpan::new(link.start, link.end));
        check_spans("link", spans, &document.text)?;
        self.columns.push(document);
        self.rows += 1;
        self.pending.0 += 1;
        self.pending.1 += document.text.len();
        if self.pending.0 >= GROUP_ROWS || self.pending.1 >= GROUP_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes the remaining documents and moves the file to its path; returns the number of documents.
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
