//! Reading single rows of a shard.

use std::ops::Range;
use std::path::Path;

use arrow_schema::Fields;
use jove_core::{EntityId, Lang, Pos, TokenId, TokenSpan, TokenizedText};

use super::columns::text_fields;
use super::format::{self, Batch, ByteRange};
use super::positioned::PositionedFile;
use crate::error::{Error, Result};

/// Random access to the texts of a shard; it may be shared between threads.
///
/// # Resource usage
/// The file stays open and is not mapped. An index of about half a kilobyte for 1,024 rows is held in memory; each row
/// is read from the file when requested, in at most 12 reads of its own bytes.
pub struct ShardReader {
    rows: Rows,
}

impl ShardReader {
    /// Opens a shard and checks its schema.
    ///
    /// # Errors
    /// When the file cannot be read or was not written by [`crate::ShardWriter`].
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self { rows: Rows::open(path, &text_fields())? })
    }

    /// Number of texts.
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

    /// The text of a row.
    ///
    /// # Errors
    /// When there is no such row, the file cannot be read, or the row is invalid: spans outside its tokens, or unknown
    /// languages and parts of speech.
    pub fn get(&self, row: usize) -> Result<TokenizedText> {
        self.rows.text(row, 0)
    }

    /// All texts in order.
    pub fn iter(&self) -> impl Iterator<Item = Result<TokenizedText>> + '_ {
        (0..self.len()).map(|row| self.get(row))
    }
}

/// Rows of a file that hold one or more texts each.
pub(super) struct Rows {
    file: PositionedFile,
    notes: Vec<(String, String)>,
    batches: Vec<Batch>,
    /// First row of each batch, then the number of all rows.
    starts: Vec<usize>,
}

/// The indices of the buffers of a text, in Arrow's order.
mod buffer {
    pub(super) const LANG: usize = 1;
    pub(super) const TOKENS: usize = 4;
    pub(super) const WORDS: usize = 8;
    pub(super) const WORD_COLUMNS: [usize; 3] = [11, 13, 15];
    pub(super) const MENTIONS: usize = 17;
    pub(super) const MENTION_COLUMNS: [usize; 3] = [20, 22, 24];
}

impl Rows {
    pub(super) fn open(path: &Path, fields: &Fields) -> Result<Self> {
        let file = PositionedFile::open(path)?;
        let footer = format::read_footer(&file, fields)?;
        let mut starts = vec![0];
        let mut total = 0_usize;
        for batch in &footer.batches {
            total = total.checked_add(batch.rows).ok_or_else(|| Error::malformed(path, "rows", "too many"))?;
            starts.push(total);
        }
        Ok(Self { file, notes: footer.notes, batches: footer.batches, starts })
    }

    pub(super) fn len(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    pub(super) fn note(&self, key: &str) -> Option<&str> {
        self.notes.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The text whose buffers begin at `first` in a row.
    pub(super) fn text(&self, row: usize, first: usize) -> Result<TokenizedText> {
        if row >= self.len() {
            return Err(Error::NoSuchRow { path: self.file.path.clone(), row, rows: self.len() });
        }
        let batch = self.starts.partition_point(|&start| start <= row) - 1;
        let row = row - self.starts[batch];
        let buffers = RowBuffers { file: &self.file, buffers: &self.batches[batch].buffers[first..] };
        buffers.text(row).map_err(|error| match error {
            Error::Malformed { path, expected, found } => {
                let row = self.starts[batch] + row;
                Error::Malformed { path, expected, found: format!("{found} in row {row}") }
            }
            other => other,
        })
    }
}

/// The buffers of one text column group in one batch.
struct RowBuffers<'a> {
    file: &'a PositionedFile,
    buffers: &'a [ByteRange],
}

impl RowBuffers<'_> {
    fn text(&self, row: usize) -> Result<TokenizedText> {
        let lang = self.lang(row)?;
        let items = self.items(buffer::TOKENS, row)?;
        let tokens: Vec<TokenId> = self.numbers(buffer::TOKENS + 2, items)?.into_iter().map(TokenId).collect();
        let words = self.words(row, tokens.len())?;
        let items = self.items(buffer::MENTIONS, row)?;
        let [start, end, entity] = buffer::MENTION_COLUMNS;
        let spans = self.spans(start, end, items.clone(), tokens.len())?;
        let entities = self.numbers(entity, items)?.into_iter().map(EntityId);
        Ok(TokenizedText { lang, tokens, words, mentions: spans.into_iter().zip(entities).collect() })
    }

    fn lang(&self, row: usize) -> Result<Lang> {
        let items = self.items(buffer::LANG, row)?;
        let tag = self.bytes(buffer::LANG + 1, items, 1)?;
        let lang = std::str::from_utf8(&tag).ok().and_then(|tag| Lang::new(tag).ok());
        lang.ok_or_else(|| self.malformed("a language tag", "other bytes"))
    }

    fn words(&self, row: usize, tokens: usize) -> Result<Vec<(TokenSpan, Pos)>> {
        let items = self.items(buffer::WORDS, row)?;
        let [start, end, pos] = buffer::WORD_COLUMNS;
        let spans = self.spans(start, end, items.clone(), tokens)?;
        let pos = self.bytes(pos, items, 1)?;
        let words: Option<Vec<(TokenSpan, Pos)>> =
            spans.into_iter().zip(pos).map(|(span, pos)| Some((span, Pos::from_number(pos)?))).collect();
        words.ok_or_else(|| self.malformed("parts of speech from 0 to 16", "another number"))
    }

    /// The items of a row, from the list's offsets.
    fn items(&self, offsets: usize, row: usize) -> Result<Range<usize>> {
        let bytes = self.bytes(offsets, row..row + 2, 4)?;
        let ends: Vec<i32> = bytes.as_chunks::<4>().0.iter().map(|bytes| i32::from_le_bytes(*bytes)).collect();
        match (usize::try_from(ends[0]), usize::try_from(ends[1])) {
            (Ok(start), Ok(end)) if start <= end => Ok(start..end),
            _ => Err(self.malformed("ascending offsets", &format!("{} then {}", ends[0], ends[1]))),
        }
    }

    /// The bytes of items of `width` bytes each in a buffer.
    fn bytes(&self, buffer: usize, items: Range<usize>, width: u64) -> Result<Vec<u8>> {
        let range = self.buffers[buffer];
        let (start, length) = (items.start as u64 * width, items.len() as u64 * width);
        if start + length > range.length {
            let found = format!("bytes {start} to {} of {}", start + length, range.length);
            return Err(self.malformed("items inside their column", &found));
        }
        if length == 0 { Ok(Vec::new()) } else { self.file.read(range.start + start, length as usize) }
    }

    fn numbers(&self, buffer: usize, items: Range<usize>) -> Result<Vec<u32>> {
        let bytes = self.bytes(buffer, items, 4)?;
        Ok(bytes.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect())
    }

    fn spans(&self, start: usize, end: usize, items: Range<usize>, tokens: usize) -> Result<Vec<TokenSpan>> {
        let (starts, ends) = (self.numbers(start, items.clone())?, self.numbers(end, items)?);
        let mut floor = 0;
        let mut spans = Vec::with_capacity(starts.len());
        for (start, end) in starts.into_iter().zip(ends) {
            if start < floor || start >= end || end as usize > tokens {
                let found = format!("{start} to {end} of {tokens} tokens");
                return Err(self.malformed("sorted spans inside the tokens", &found));
            }
            floor = end;
            spans.push(TokenSpan::new(start, end));
        }
        Ok(spans)
    }

    fn malformed(&self, expected: &str, found: &str) -> Error {
        Error::malformed(&self.file.path, expected, found)
    }
}
