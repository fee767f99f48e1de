//! Writing a table.

use super::format::{FOOTER, Handle, MAGIC};
use crate::tf::checksum::masked;
use crate::tf::proto::put_varint;

/// The size at which a data block is closed, in bytes.
pub(super) const BLOCK_BYTES: usize = 262_144;

/// Entries between two whole keys in a data block; index blocks keep every key whole.
const RESTART_EVERY: usize = 16;

/// Builds a table from keys that come in order.
#[derive(Default)]
pub(in crate::tf) struct TableWriter {
    out: Vec<u8>,
    block: Block,
    index: Vec<(Vec<u8>, Handle)>,
    /// The previous block; its key in the index lies between its last key and the next one.
    pending: Option<Handle>,
    last_key: Vec<u8>,
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
    pub(in crate::tf) fn add(&mut self, key: &[u8], value: &[u8]) {
        if let Some(handle) = self.pending.take() {
            self.index.push((separator(&self.last_key, key), handle));
        }
        // An entry far above the block size gets a block of its own.
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
    pub(in crate::tf) fn finish(mut self) -> Vec<u8> {
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

#[cfg(test)]
mod tests {
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
}
