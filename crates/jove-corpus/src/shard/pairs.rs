//! Shards of sentence pairs.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{RecordBatch, StructArray};
use arrow_schema::{DataType, Field, Fields, Schema};
use jove_core::TokenizedText;

use super::columns::{TextColumns, text_fields};
use super::reader::Rows;
use super::writer::{BATCH_ROWS, BATCH_TOKENS, BatchFile};
use crate::error::Result;

/// Writes sentence pairs to an Arrow IPC file with the struct columns `left` and `right`, each with the columns of
/// [`crate::ShardWriter`].
///
/// The file is written atomically: it replaces an existing file when [`PairWriter::finish`] returns.
///
/// # Resource usage
/// As [`crate::ShardWriter`]: one record batch of up to 1,024 pairs or about a million tokens.
pub struct PairWriter {
    out: BatchFile,
    sides: [TextColumns; 2],
    rows: usize,
    tokens: usize,
}

impl PairWriter {
    /// Starts a shard; an existing file stays as it is until [`PairWriter::finish`].
    ///
    /// # Errors
    /// When the file cannot be created.
    pub fn create(path: &Path) -> Result<Self> {
        let out = BatchFile::create(path, Schema::new(pair_fields()))?;
        Ok(Self { out, sides: [TextColumns::new(), TextColumns::new()], rows: 0, tokens: 0 })
    }

    /// Adds a key and a value to the metadata of the file, such as the tokenizer's fingerprint under `tokenizer`.
    pub fn note(&mut self, key: &str, value: &str) {
        self.out.file.write_metadata(key, value);
    }

    /// Adds a pair.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn push(&mut self, left: &TokenizedText, right: &TokenizedText) -> Result<()> {
        self.sides[0].push(left);
        self.sides[1].push(right);
        self.rows += 1;
        self.tokens += left.tokens.len() + right.tokens.len();
        if self.rows >= BATCH_ROWS || self.tokens >= BATCH_TOKENS {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes the remaining pairs and moves the file to its path; returns the number of pairs.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(mut self) -> Result<u64> {
        self.flush()?;
        self.out.finish()
    }

    fn flush(&mut self) -> Result<()> {
        if self.rows > 0 {
            let [left, right] = self.sides.each_mut().map(|side| Arc::new(side.finish()) as _);
            self.out.write(&RecordBatch::from(StructArray::new(pair_fields(), vec![left, right], None)))?;
        }
        (self.rows, self.tokens) = (0, 0);
        Ok(())
    }
}

/// Random access to the pairs of a shard; it may be shared between threads.
///
/// # Resource usage
/// As [`crate::ShardReader`]: an index of about one kilobyte for 1,024 pairs, and each pair when requested.
pub struct PairReader {
    rows: Rows,
}

impl PairReader {
    /// Opens a shard and checks its schema.
    ///
    /// # Errors
    /// When the file cannot be read or was not written by [`PairWriter`].
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self { rows: Rows::open(path, &pair_fields())? })
    }

    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a key in the metadata of the file.
    pub fn note(&self, key: &str) -> Option<&str> {
        self.rows.note(key)
    }

    /// The pair of a row.
    ///
    /// # Errors
    /// As in [`crate::ShardReader::get`].
    pub fn get(&self, row: usize) -> Result<(TokenizedText, TokenizedText)> {
        Ok((self.rows.text(row, LEFT)?, self.rows.text(row, RIGHT)?))
    }

    /// All pairs in order.
    pub fn iter(&self) -> impl Iterator<Item = Result<(TokenizedText, TokenizedText)>> + '_ {
        (0..self.len()).map(|row| self.get(row))
    }
}

/// Each side is a struct: one validity buffer, then the 25 buffers of a text.
const LEFT: usize = 1;
const RIGHT: usize = 27;

fn pair_fields() -> Fields {
    let side = |name| Field::new(name, DataType::Struct(text_fields()), false);
    Fields::from(vec![side("left"), side("right")])
}
