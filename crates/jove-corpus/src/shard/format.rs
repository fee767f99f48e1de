//! The layout of an Arrow IPC file: the footer, the blocks, the buffers of each block.
//!
//! The readers of the Arrow crate panic on buffers that reach beyond an invalid file and read a whole batch for one row.
//! Shards have fixed columns, so their buffers come in a fixed order and are read here directly, with every range
//! checked.

use arrow_ipc::{MessageHeader, root_as_footer, root_as_message};
use arrow_schema::{DataType, Fields};

use super::positioned::PositionedFile;
use crate::error::{Error, Result};

const MAGIC: &[u8] = b"ARROW1";

const FORMAT: &str = "an Arrow file written by jove";

/// The contents of a footer: the metadata of the file, and each batch.
pub(super) struct Footer {
    pub(super) notes: Vec<(String, String)>,
    pub(super) batches: Vec<Batch>,
}

/// One record batch: its number of rows, and the byte range of each buffer in the file.
pub(super) struct Batch {
    pub(super) rows: usize,
    pub(super) buffers: Vec<ByteRange>,
}

/// A range of bytes in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct ByteRange {
    pub(super) start: u64,
    pub(super) length: u64,
}

/// Reads the footer and the header of every batch, and checks them against the expected columns.
pub(super) fn read_footer(file: &PositionedFile, fields: &Fields) -> Result<Footer> {
    let malformed = |found: &str| Error::malformed(&file.path, FORMAT, found);
    let bytes = footer_bytes(file)?;
    let footer = root_as_footer(&bytes).map_err(|_| malformed("an invalid footer"))?;
    let schema = footer.schema().ok_or_else(|| malformed("no schema"))?;
    let schema = arrow_ipc::convert::try_fb_to_schema(schema).map_err(|_| malformed("an invalid schema"))?;
    if schema.fields() != fields {
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        return Err(Error::malformed(&file.path, "the columns of a shard", format!("columns {}", names.join(", "))));
    }
    let mut notes = Vec::new();
    for note in footer.custom_metadata().into_iter().flatten() {
        notes.push((note.key().unwrap_or_default().to_owned(), note.value().unwrap_or_default().to_owned()));
    }
    let count = buffer_count(fields);
    let mut batches = Vec::new();
    for block in footer.recordBatches().into_iter().flatten() {
        let (start, head, body) = (block.offset(), block.metaDataLength(), block.bodyLength());
        let (Ok(start), Ok(head), Ok(body)) = (u64::try_from(start), u64::try_from(head), u64::try_from(body)) else {
            return Err(malformed("a batch at a negative offset"));
        };
        batches.push(read_batch(file, start, head, body, count)?);
    }
    Ok(Footer { notes, batches })
}

/// The bytes of the footer, which its length and the magic bytes follow.
fn footer_bytes(file: &PositionedFile) -> Result<Vec<u8>> {
    const TAIL_BYTES: u64 = 10;
    let malformed = |found: &str| Error::malformed(&file.path, FORMAT, found);
    let tail_start = file.length.checked_sub(TAIL_BYTES).ok_or_else(|| malformed("too few bytes"))?;
    let tail = file.read(tail_start, TAIL_BYTES as usize)?;
    let (size, magic) = tail.split_at(4);
    if magic != MAGIC || file.read(0, MAGIC.len())? != MAGIC {
        return Err(malformed("other magic bytes; it may be truncated"));
    }
    let size = u32::from_le_bytes([size[0], size[1], size[2], size[3]]);
    let start = tail_start.checked_sub(u64::from(size)).ok_or_else(|| malformed("a footer larger than the file"))?;
    file.read(start, size as usize)
}

fn read_batch(file: &PositionedFile, start: u64, head: u64, body: u64, count: usize) -> Result<Batch> {
    let malformed = |found: &str| Error::malformed(&file.path, "record batches written by jove", found);
    let bytes = file.read(start, head as usize)?;
    // A marker of four 0xff bytes and the length stand before the message.
    let message =
        bytes.get(8..).and_then(|bytes| root_as_message(bytes).ok()).ok_or_else(|| malformed("an invalid header"))?;
    let batch = match message.header_type() {
        MessageHeader::RecordBatch => message.header_as_record_batch(),
        _ => None,
    };
    let batch = batch.ok_or_else(|| malformed("a block that is not a record batch"))?;
    if batch.compression().is_some() {
        return Err(malformed("compressed buffers"));
    }
    let buffers = batch.buffers().ok_or_else(|| malformed("no buffers"))?;
    if buffers.len() != count || batch.nodes().is_some_and(|nodes| nodes.iter().any(|node| node.null_count() != 0)) {
        return Err(malformed("other buffers or null values"));
    }
    let body_start = start.checked_add(head).ok_or_else(|| malformed("an offset beyond any file"))?;
    let buffers: Option<Vec<ByteRange>> = buffers.iter().map(|buffer| range_of(buffer, body_start, body)).collect();
    let rows = usize::try_from(batch.length()).map_err(|_| malformed("a negative number of rows"))?;
    // A false count is found later: every row has an offset of four bytes in its first list.
    Ok(Batch { rows, buffers: buffers.ok_or_else(|| malformed("a buffer beyond its batch"))? })
}

/// The range of a buffer in the file, if it lies in the body of its batch.
fn range_of(buffer: &arrow_ipc::Buffer, body_start: u64, body: u64) -> Option<ByteRange> {
    let (offset, length) = (u64::try_from(buffer.offset()).ok()?, u64::try_from(buffer.length()).ok()?);
    offset.checked_add(length).filter(|end| *end <= body)?;
    Some(ByteRange { start: body_start.checked_add(offset)?, length })
}

/// How many buffers columns of these kinds have, in Arrow's order.
fn buffer_count(fields: &Fields) -> usize {
    fields.iter().map(|field| buffers_of(field.data_type())).sum()
}

fn buffers_of(kind: &DataType) -> usize {
    match kind {
        DataType::Utf8 => 3,
        DataType::List(item) => 2 + buffers_of(item.data_type()),
        DataType::Struct(fields) => 1 + buffer_count(fields),
        _ => 2,
    }
}
