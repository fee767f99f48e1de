//! Reading annotated text.

use std::fs::File;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use jove_core::AnnotatedText;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};

use super::columns::row;
use super::schema::{Layout, check, failed, fields};
use crate::error::{Error, Result};

const READ_ROWS: usize = 1024;

/// Reads annotated texts in order.
///
/// # Resource usage
/// The file stays open; 1,024 decoded texts and the compressed pages of one row group are held in memory.
pub struct AnnotatedReader {
    batches: ParquetRecordBatchReader,
    path: PathBuf,
    rows: usize,
    batch: Option<RecordBatch>,
    /// The next row of `batch`.
    next: usize,
    /// Rows read so far, for messages.
    done: usize,
}

impl AnnotatedReader {
    /// Opens a file and checks its columns.
    ///
    /// # Errors
    /// When the file cannot be read or has other columns than [`crate::AnnotatedWriter`] writes.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io(path))?;
        let length = file.metadata().map_err(Error::io(path))?.len();
        let builder = guarded(path, || ParquetRecordBatchReaderBuilder::try_new(file))?;
        check_ranges(builder.metadata(), length).map_err(|found| Error::malformed(path, "a Parquet file", found))?;
        if ![Layout::Numbers, Layout::Named].map(fields).contains(builder.schema().fields()) {
            let names: Vec<&str> = builder.schema().fields().iter().map(|field| field.name().as_str()).collect();
            let found = format!("columns {}", names.join(", "));
            return Err(Error::malformed(path, "the columns text, lang, words, mentions written by jove", found));
        }
        let rows = usize::try_from(builder.metadata().file_metadata().num_rows())
            .map_err(|_| Error::malformed(path, "a number of rows", "a negative one"))?;
        let batches = guarded(path, || builder.with_batch_size(READ_ROWS).build())?;
        Ok(Self { batches, path: path.to_owned(), rows, batch: None, next: 0, done: 0 })
    }

    /// Number of texts, from the metadata of the file.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The next text, or `None` at the end.
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
            .ok_or_else(|| "an unknown language or part of speech".to_owned())
            .and_then(|text| check(&text).map(|()| text).map_err(|error| error.to_string()))
            .map_err(|found| Error::malformed(&self.path, "valid rows", format!("{found} (row {})", self.done)))?;
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

/// Runs a step of the Parquet crate, which panics on some invalid files where it should fail; it is not used after that.
pub(crate) fn guarded<T, E: Into<ParquetError>>(path: &Path, work: impl FnOnce() -> Result<T, E>) -> Result<T> {
    match std::panic::catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| failed(path, error)),
        Err(_) => Err(Error::malformed(path, "a Parquet file", "one so damaged that the Parquet library panicked")),
    }
}

/// Every column chunk must lie inside the file.
pub(crate) fn check_ranges(metadata: &ParquetMetaData, length: u64) -> Result<(), String> {
    for column in metadata.row_groups().iter().flat_map(RowGroupMetaData::columns) {
        let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
        let size = column.compressed_size();
        let end =
            u64::try_from(start).ok().zip(u64::try_from(size).ok()).and_then(|(start, size)| start.checked_add(size));
        if end.is_none_or(|end| end > length) || column.data_page_offset() < 0 || column.num_values() < 0 {
            return Err(format!("a column of {size} bytes from byte {start} of {length}"));
        }
    }
    Ok(())
}
