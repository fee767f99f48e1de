//! Reading a table.

use super::format::{FOOTER, Handle, KeyValue, MAGIC};
use crate::tf::checksum::masked;
use crate::tf::proto::take_varint;

/// All entries of a table, in order; the checksum of every block is verified. The error is the reason.
pub(in crate::tf) fn read(bytes: &[u8]) -> Result<Vec<KeyValue>, &'static str> {
    let body = bytes.len().checked_sub(FOOTER).ok_or("shorter than a footer")?;
    let (_, footer) = bytes.split_at(body);
    if footer[FOOTER - 8..] != MAGIC.to_le_bytes() {
        return Err("the footer does not end with the magic number of a table");
    }
    let mut handles = &footer[..FOOTER - 8];
    let broken = "the footer has no valid place of the index";
    let meta = Handle::decode(&mut handles).ok_or(broken)?;
    let index = Handle::decode(&mut handles).ok_or(broken)?;
    let mut entries: Vec<KeyValue> = Vec::new();
    let mut end = 0;
    for (_, value) in read_block(&bytes[..body], index)? {
        let handle = Handle::decode(&mut value.as_slice()).ok_or("an index entry has no valid place")?;
        if handle.offset < end {
            return Err("blocks overlap");
        }
        end = handle.offset.saturating_add(handle.size);
        entries.extend(read_block(&bytes[..body], handle)?);
    }
    if !read_block(&bytes[..body], meta)?.is_empty() {
        return Err("the table has a filter, which checkpoints do not have");
    }
    if entries.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
        return Err("keys are not in order");
    }
    Ok(entries)
}

fn read_block(bytes: &[u8], handle: Handle) -> Result<Vec<KeyValue>, &'static str> {
    let outside = "a block ends beyond the file";
    let start = usize::try_from(handle.offset).map_err(|_| outside)?;
    let size = usize::try_from(handle.size).map_err(|_| outside)?;
    let rest = bytes.get(start..).ok_or(outside)?;
    let with_type = rest.get(..size.checked_add(1).ok_or(outside)?).ok_or(outside)?;
    let crc = rest[size + 1..].first_chunk::<4>().ok_or(outside)?;
    if masked(crc32c::crc32c(with_type)) != u32::from_le_bytes(*crc) {
        return Err("the checksum of a block does not match");
    }
    let (block, kind) = with_type.split_at(size);
    if kind != [0] {
        return Err("a block is compressed, which checkpoints do not do");
    }
    entries(block).ok_or("the entries of a block are invalid")
}

pub(super) fn entries(block: &[u8]) -> Option<Vec<KeyValue>> {
    let (rest, count) = block.split_last_chunk::<4>()?;
    let restarts = usize::try_from(u32::from_le_bytes(*count)).ok()?.checked_mul(4)?;
    let mut bytes = rest.get(..rest.len().checked_sub(restarts)?)?;
    let mut found: Vec<KeyValue> = Vec::new();
    let mut key = Vec::new();
    let mut key_bytes = 0usize;
    while !bytes.is_empty() {
        let mut size = || usize::try_from(take_varint(&mut bytes)?).ok();
        let (shared, own, value) = (size()?, size()?, size()?);
        key.truncate(if shared <= key.len() { shared } else { return None });
        key.extend_from_slice(bytes.get(..own)?);
        bytes = &bytes[own..];
        // Shared prefixes could expand a small block to endless keys; real ones repeat a few times at most.
        key_bytes += key.len();
        if key_bytes > 64 * block.len() + 4096 {
            return None;
        }
        found.push((key.clone(), bytes.get(..value)?.to_vec()));
        bytes = &bytes[value..];
    }
    Some(found)
}
