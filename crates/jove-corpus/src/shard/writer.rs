//! Writing shards.

use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::writer::FileWriter;
use arrow_schema::{ArrowError, Schema};
use jove_core::TokenizedText;
use jove_files::{Kind, Output};

use super::columns::{TextColumns, text_fields};
use crate::error::{Error, Result};

/// The maximum rows and tokens of a record batch, whichever is reached first.
pub(super) const BATCH_ROWS: usize = 1024;
pub(super) const BATCH_TOKENS: usize = 1 << 20;

/// Writes tokenised texts to an Arrow IPC file with the columns `lang`, `tokens`, `words` and `mentions`.
///
/// The file is written atomically: it replaces an existing file when [`ShardWriter::finish`] returns.
///
/// # Resource usage
/// One record batch is held in memory: up to 1,024 texts or about a million tokens, some 4 MiB of tokens and 9 to 12
/// bytes for each word and mention.
pub struct ShardWriter {
    out: BatchFile,
    columns: TextColumns,
    rows: usize,
    tokens: usize,
}

impl ShardWriter {
    /// Starts a shard; an existing file stays as it is until [`ShardWriter::finish`].
    ///
    /// # Errors
    /// When the file cannot be created.
    pub fn create(path: &Path) -> Result<Self> {
        let out = BatchFile::create(path, Schema::new(text_fields()))?;
        Ok(Self { out, columns: TextColumns::new(), rows: 0, tokens: 0 })
    }

    /// Adds a key and a value to the metadata of the file, such as the tokenizer's fingerprint under `tokenizer`.
    pub fn note(&mut self, key: &str, value: &str) {
        self.out.file.write_metadata(key, value);
    }

    /// Adds a text.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn push(&mut self, text: &TokenizedText) -> Result<()> {
        self.columns.push(text);
        self.rows += 1;
        self.tokens += text.tokens.len();
        if self.rows >= BATCH_ROWS || self.tokens >= BATCH_TOKENS {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes the remaining rows and moves the file to its path; returns the number of rows.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(mut self) -> Result<u64> {
        self.flush()?;
        self.out.finish()
    }

    fn flush(&mut self) -> Result<()> {
        if self.rows > 0 {
            self.out.write(&RecordBatch::from(self.columns.finish()))?;
        }
        (self.rows, self.tokens) = (0, 0);
        Ok(())
    }
}

/// An Arrow IPC file that is moved to its path when it is finished.
pub(super) struct BatchFile {
    pub(super) file: FileWriter<BufWriter<Output>>,
    path: PathBuf,
    rows: u64,
}

impl BatchFile {
    pub(super) fn create(path: &Path, schema: Schema) -> Result<Self> {
        let file = Output::create(path, Kind::ANY).map_err(Error::io(path))?;
        let file = FileWriter::try_new(BufWriter::new(file), &Arc::new(schema)).map_err(|error| failed(path, error))?;
        Ok(Self { file, path: path.to_owned(), rows: 0 })
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        self.file.write(batch).map_err(|error| failed(&self.path, error))
    }

    pub(super) fn finish(mut self) -> Result<u64> {
        let path = self.path;
        self.file.finish().map_err(|error| failed(&path, error))?;
        let buffered = self.file.into_inner().map_err(|error| failed(&path, error))?;
        let file =
            buffered.into_inner().map_err(|error| Error::Io { path: path.clone(), source: error.into_error() })?;
        file.finish().map_err(Error::io(&path))?;
        Ok(self.rows)
    }
}

fn failed(path: &Path, error: ArrowError) -> Error {
    match error {
        ArrowError::IoError(_, source) => Error::Io { path: path.to_owned(), source },
        other => Error::malformed(path, "rows that can be written", other),
    }
}
