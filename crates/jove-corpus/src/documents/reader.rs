//! Reading documents, those of other programs too.

use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use jove_files::open_file;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::Document;
use super::columns::{is_text, row};
use crate::annotated::{check_ranges, guarded};
use crate::error::{Error, Result};

const READ_ROWS: usize = 1024;

/// The columns that are read where they are there, beside the text.
const KNOWN: [&str; 6] = ["lang", "domain", "source", "copies", "weight", "links"];

/// Reads the documents of a Parquet file in order: the column of the text, and of the columns that [`crate::DocumentWriter`]
/// writes those that are there. Rows whose text is null have an empty one.
///
/// # Resource usage
/// The file stays open; 1,024 decoded documents and the compressed pages of one row group are held in memory.
pub struct DocumentReader {
    batches: ParquetRecordBatchReader,
    path: PathBuf,
    text: String,
    batch: Option<RecordBatch>,
    /// The next row of `batch`.
    next: usize,
}

impl DocumentReader {
    /// Opens a file whose text is in the column `text`.
    ///
    /// # Errors
    /// When the file cannot be read, is no Parquet file, or has no such column of text.
    pub fn open(path: &Path, text: &str) -> Result<Self> {
        let file = open_file(path).map_err(Error::io(path))?;
        let length = file.metadata().map_err(Error::io(path))?.len();
        let builder = guarded(path, || ParquetRecordBatchReaderBuilder::try_new(file))?;
        check_ranges(builder.metadata(), length).map_err(|found| Error::malformed(path, "a Parquet file", found))?;
        check_text(path, builder.schema(), text)?;
        let wanted = builder.schema().fields().iter().enumerate();
        let wanted = wanted.filter(|(_, field)| field.name() == text || KNOWN.contains(&field.name().as_str()));
        let roots: Vec<usize> = wanted.map(|(number, _)| number).collect();
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
        let batches = guarded(path, || builder.with_projection(mask).with_batch_size(READ_ROWS).build())?;
        Ok(Self { batches, path: path.to_owned(), text: text.to_owned(), batch: None, next: 0 })
    }

    fn read(&mut self) -> Result<Option<Document>> {
        while self.batch.as_ref().is_none_or(|batch| self.next >= batch.num_rows()) {
            self.batch = guarded(&self.path, || self.batches.next().transpose())?;
            if self.batch.is_none() {
                return Ok(None);
            }
            self.next = 0;
        }
        let found = self.batch.as_ref().map(|batch| row(batch, &self.text, self.next).unwrap_or_default());
        self.next += 1;
        Ok(found)
    }
}

impl Iterator for DocumentReader {
    type Item = Result<Document>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

fn check_text(path: &Path, schema: &Schema, text: &str) -> Result<()> {
    match schema.field_with_name(text) {
        Ok(field) if is_text(field.data_type()) => Ok(()),
        Ok(field) => {
            let expected = format!("the column `{text}` of text");
            Err(Error::malformed(path, expected, format!("one of {}", field.data_type())))
        }
        Err(_) => {
            let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            Err(Error::malformed(path, format!("the column `{text}`"), format!("columns {}", names.join(", "))))
        }
    }
}
