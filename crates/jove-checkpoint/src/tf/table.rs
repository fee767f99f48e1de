//! The sorted table of LevelDB's making that a bundle's index is: blocks of prefix-compressed keys, an index of the
//! blocks, and a footer.

use super::masked;
use super::proto::{put_varint, take_varint};

/// Bytes after which a data block is closed.
const BLOCK_BYTES: usize = 262_144;

/// Entries between two whole keys in a data block; index blocks keep every key whole.
const RESTART_EVERY: usize = 16;

const MAGIC: u64 = 0xdb47_7524_8b80_fb57;

const FOOTER: usize = 48;

/// Builds a table from keys that come in order.
#[derive(Default)]
pub(super) struct TableWriter {
    out: Vec<u8>,
    block: Block,
    index: Vec<(Vec<u8>, Handle)>,
    /// The block before, waiting for the next key: its index key lies between the two.
    pending: Option<Handle>,
    last_key: Vec<u8>,
}

/// Where a block lies.
#[derive(Clone, Copy)]
struct Handle {
    offset: u64,
    size: u64,
}

impl Handle {
    fn encode(self, out: &mut Vec<u8>) {
        put_varint(out, self.offset);
        put_varint(out, self.size);
    }

    fn decode(bytes: &mut &[u8]) -> Option<Self> {
        Some(Self { offset: take_varint(bytes)?, size: take_varint(bytes)? })
    }
}

#[derive(Default)]
struct Block {
    bytes: Vec<u8>,
    restarts: Vec<u32>,
    since_restart: usize,
    last_key: Vec<u8>,
}

impl Block {
    fn add(&mut self, key: &[u8], value: &[u8], restart_every: usize) {
        if self.restarts.is_empty() || self.since_restart == restart_every {
            self.restarts.push(self.bytes.len() as u32);
            self.since_restart = 0;
            self.last_key.clear();
        }
        let shared = self.last_key.iter().zip(key).take_while(|(a, b)| a == b).count();
        for number in [shared, key.len() - shared, value.len()] {
            put_varint(&mut self.bytes, number as u64);
        }
        self.bytes.extend_from_slice(&key[shared..]);
        self.bytes.extend_from_slice(value);
        self.last_key = key.to_vec();
        self.since_restart += 1;
    }

    fn size_estimate(&self) -> usize {
        self.bytes.len() + self.restarts.len().max(1) * 4 + 4
    }

    fn finish(mut self) -> Vec<u8> {
        if self.restarts.is_empty() {
            self.restarts.push(0);
        }
        for restart in &self.restarts {
            self.bytes.extend_from_slice(&restart.to_le_bytes());
        }
        self.bytes.extend_from_slice(&(self.restarts.len() as u32).to_le_bytes());
        self.bytes
    }
}

impl TableWriter {
    /// Adds an entry; keys come in ascending order of their bytes.
    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) {
        if let Some(handle) = self.pending.take() {
            self.index.push((separator(&self.last_key, key), handle));
        }
        // An entry far above the block size stands in a block of its own.
        if key.len() + value.len() >= 2 * BLOCK_BYTES {
            self.flush();
            if let Some(handle) = self.pending.take() {
                self.index.push((separator(&self.last_key, key), handle));
            }
        }
        self.block.add(key, value, RESTART_EVERY);
        self.last_key = key.to_vec();
        if self.block.size_estimate() >= BLOCK_BYTES {
            self.flush();
        }
    }

    /// The whole table.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.flush();
        if let Some(handle) = self.pending.take() {
            self.index.push((successor(&self.last_key), handle));
        }
        let meta = self.write(Block::default());
        let mut index = Block::default();
        for (key, handle) in std::mem::take(&mut self.index) {
            let mut value = Vec::new();
            handle.encode(&mut value);
            index.add(&key, &value, 1);
        }
        let index = self.write(index);
        let mut footer = Vec::new();
        meta.encode(&mut footer);
        index.encode(&mut footer);
        footer.resize(FOOTER - 8, 0);
        footer.extend_from_slice(&MAGIC.to_le_bytes());
        self.out.extend_from_slice(&footer);
        self.out
    }

    fn flush(&mut self) {
        if !self.block.restarts.is_empty() {
            let block = std::mem::take(&mut self.block);
            self.pending = Some(self.write(block));
        }
    }

    fn write(&mut self, block: Block) -> Handle {
        let bytes = block.finish();
        let handle = Handle { offset: self.out.len() as u64, size: bytes.len() as u64 };
        self.out.extend_from_slice(&bytes);
        self.out.push(0);
        let crc = masked(crc32c::crc32c(&self.out[handle.offset as usize..]));
        self.out.extend_from_slice(&crc.to_le_bytes());
        handle
    }
}

/// The shortest key that is not below `low` and below `high`.
fn separator(low: &[u8], high: &[u8]) -> Vec<u8> {
    let common = low.iter().zip(high).take_while(|(a, b)| a == b).count();
    match (low.get(common), high.get(common)) {
        (Some(a), Some(b)) if *a < 0xff && a + 1 < *b => [&low[..common], &[a + 1]].concat(),
        _ => low.to_vec(),
    }
}

/// The shortest key that is not below `key`.
fn successor(key: &[u8]) -> Vec<u8> {
    match key.iter().position(|byte| *byte != 0xff) {
        Some(at) => [&key[..at], &[key[at] + 1]].concat(),
        None => key.to_vec(),
    }
}

/// An entry of a table.
pub(super) type KeyValue = (Vec<u8>, Vec<u8>);

/// All entries of a table, in order; every block's checksum is checked. `Err` says what is wrong.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<KeyValue>, &'static str> {
    let body = bytes.len().checked_sub(FOOTER).ok_or("shorter than a footer")?;
    let (_, footer) = bytes.split_at(body);
    if footer[FOOTER - 8..] != MAGIC.to_le_bytes() {
        return Err("the footer does not end in the table's magic number");
    }
    let mut handles = &footer[..FOOTER - 8];
    let broken = "the footer does not say where the index is";
    let meta = Handle::decode(&mut handles).ok_or(broken)?;
    let index = Handle::decode(&mut handles).ok_or(broken)?;
    let mut entries: Vec<KeyValue> = Vec::new();
    let mut end = 0;
    for (_, value) in read_block(&bytes[..body], index)? {
        let handle = Handle::decode(&mut value.as_slice()).ok_or("an index entry holds no place")?;
        if handle.offset < end {
            return Err("blocks overlap");
        }
        end = handle.offset.saturating_add(handle.size);
        entries.extend(read_block(&bytes[..body], handle)?);
    }
    if !read_block(&bytes[..body], meta)?.is_empty() {
        return Err("the table has a filter, which checkpoints have not");
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
        return Err("a block's checksum does not fit");
    }
    let (block, kind) = with_type.split_at(size);
    if kind != [0] {
        return Err("a block is compressed, which checkpoints are not");
    }
    entries(block).ok_or("a block's entries are not sound")
}

fn entries(block: &[u8]) -> Option<Vec<KeyValue>> {
    let (rest, count) = block.split_last_chunk::<4>()?;
    let restarts = usize::try_from(u32::from_le_bytes(*count)).ok()?.checked_mul(4)?;
    let mut bytes = rest.get(..rest.len().checked_sub(restarts)?)?;
    let mut found: Vec<KeyValue> = Vec::new();
    let mut key = Vec::new();
    let mut held = 0usize;
    while !bytes.is_empty() {
        let mut size = || usize::try_from(take_varint(&mut bytes)?).ok();
        let (shared, own, value) = (size()?, size()?, size()?);
        key.truncate(if shared <= key.len() { shared } else { return None });
        key.extend_from_slice(bytes.get(..own)?);
        bytes = &bytes[own..];
        // Shared prefixes could make a small block stand for endless keys; real ones repeat a few times at most.
        held += key.len();
        if held > 64 * block.len() + 4096 {
            return None;
        }
        found.push((key.clone(), bytes.get(..value)?.to_vec()));
        bytes = &bytes[value..];
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn index_keys_are_as_short_as_can_be() {
        assert_eq!(separator(b"bert/a", b"cls"), b"bert/a", "no letter lies between b and c");
        assert_eq!(separator(b"abc", b"azz"), b"ac");
        assert_eq!(separator(b"ab", b"abz"), b"ab");
        assert_eq!(successor(b"global_step"), b"h");
        assert_eq!(successor(b"\xff\xffa"), b"\xff\xffb");
        assert_eq!(successor(b"\xff"), b"\xff");
        assert_eq!(successor(b""), b"");
    }

    fn table(entries: &[KeyValue]) -> Vec<u8> {
        let mut writer = TableWriter::default();
        for (key, value) in entries {
            writer.add(key, value);
        }
        writer.finish()
    }

    #[test]
    fn large_tables_span_blocks() {
        let mut entries: Vec<KeyValue> =
            (0..20_000).map(|n| (format!("key/{n:07}").into_bytes(), vec![7; 30])).collect();
        entries.push((b"large".to_vec(), vec![1; 3 * BLOCK_BYTES]));
        entries.push((b"last".to_vec(), vec![]));
        let bytes = table(&entries);
        assert_eq!(read(&bytes).unwrap(), entries);
        for at in (0..bytes.len()).step_by(30_011) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 4;
            assert!(read(&flipped).is_err(), "a flip at {at} is found");
            assert!(read(&bytes[..at]).is_err(), "a cut at {at} is found");
        }
    }

    proptest! {
        #[test]
        fn entries_come_back(entries in prop::collection::btree_map(prop::collection::vec(any::<u8>(), 0..9), prop::collection::vec(any::<u8>(), 0..9), 0..60)) {
            let entries: Vec<KeyValue> = entries.into_iter().collect();
            prop_assert_eq!(read(&table(&entries)).unwrap(), entries);
        }

        #[test]
        fn no_block_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            let _ = (read(&bytes), entries(&bytes));
        }
    }
}
