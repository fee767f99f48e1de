//! Where things lie in an Arrow IPC file: the footer, the blocks, the buffers of each block.
//!
//! The readers of the Arrow crate panic on buffers that reach beyond a broken file and read a whole batch for one row.
//! Shards have fixed columns, so their buffers come in a fixed order and are read here directly, with every place
//! checked.

use arrow_ipc::{MessageHeader, root_as_footer, root_as_message};
use arrow_schema::{DataType, Fields};

use super::positioned::Positioned;
use crate::{Error, Result};

const MAGIC: &[u8] = b"ARROW1";

/// What a footer says: the notes, and where each batch lies.
pub(super) struct Footer {
    pub(super) notes: Vec<(String, String)>,
    pub(super) batches: Vec<Batch>,
}

/// One record batch: its rows, and the place of each buffer in the file.
pub(super) struct Batch {
    pub(super) rows: usize,
    pub(super) buffers: Vec<Place>,
}

/// A run of bytes in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) start: u64,
    pub(super) length: u64,
}

/// Reads the footer and the head of every batch, and checks them against the expected columns.
pub(super) fn read_footer(file: &Positioned, fields: &Fields) -> Result<Footer> {
    let refused = |found: &str| Error::malformed(&file.path, "an Arrow file written by jove", found);
    let tail_start = file.length.checked_sub(10).ok_or_else(|| refused("too few bytes"))?;
    let tail = file.read(tail_start, 10)?;
    let (size, magic) = tail.split_at(4);
    if magic != MAGIC || file.read(0, MAGIC.len())? != MAGIC {
        return Err(refused("other bytes at its ends; it may be cut short"));
    }
    let size = u32::from_le_bytes([size[0], size[1], size[2], size[3]]);
    let start = tail_start.checked_sub(u64::from(size)).ok_or_else(|| refused("a footer larger than the file"))?;
    let bytes = file.read(start, size as usize)?;
    let footer = root_as_footer(&bytes).map_err(|_| refused("a broken footer"))?;
    let schema = footer.schema().ok_or_else(|| refused("no schema"))?;
    let schema = arrow_ipc::convert::try_fb_to_schema(schema).map_err(|_| refused("a broken schema"))?;
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
            return Err(refused("a batch at a negative place"));
        };
        batches.push(read_batch(file, start, head, body, count)?);
    }
    Ok(Footer { notes, batches })
}

fn read_batch(file: &Positioned, start: u64, head: u64, body: u64, count: usize) -> Result<Batch> {
    let refused = |found: &str| Error::malformed(&file.path, "batches as jove writes them", found);
    let bytes = file.read(start, head as usize)?;
    // A marker of four 0xff bytes and the length stand before the message.
    let message =
        bytes.get(8..).and_then(|bytes| root_as_message(bytes).ok()).ok_or_else(|| refused("a broken head"))?;
    let batch = match message.header_type() {
        MessageHeader::RecordBatch => message.header_as_record_batch(),
        _ => None,
    };
    let batch = batch.ok_or_else(|| refused("a block that is no batch"))?;
    if batch.compression().is_some() {
        return Err(refused("compressed buffers"));
    }
    let buffers = batch.buffers().ok_or_else(|| refused("no buffers"))?;
    if buffers.len() != count || batch.nodes().is_some_and(|nodes| nodes.iter().any(|node| node.null_count() != 0)) {
        return Err(refused("other buffers or missing values"));
    }
    let body_start = start.checked_add(head).ok_or_else(|| refused("a place beyond any file"))?;
    let place = |buffer: &arrow_ipc::Buffer| {
        let (offset, length) = (u64::try_from(buffer.offset()).ok()?, u64::try_from(buffer.length()).ok()?);
        let inside = offset.checked_add(length).is_some_and(|end| end <= body);
        inside.then(|| body_start.checked_add(offset)).flatten().map(|start| Place { start, length })
    };
    let buffers: Option<Vec<Place>> = buffers.iter().map(place).collect();
    let rows = usize::try_from(batch.length()).map_err(|_| refused("a negative number of rows"))?;
    // Every row has an offset of four bytes in its first list, so a lying count cannot pass unseen later on.
    Ok(Batch { rows, buffers: buffers.ok_or_else(|| refused("a buffer beyond its batch"))? })
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
