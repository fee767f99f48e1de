//! What reader and writer of a table share.

use crate::tf::proto::{put_varint, take_varint};

pub(super) const MAGIC: u64 = 0xdb47_7524_8b80_fb57;

/// The length of the footer, in bytes.
pub(super) const FOOTER: usize = 48;

/// A key and its value.
pub(in crate::tf) type KeyValue = (Vec<u8>, Vec<u8>);

/// The place of a block in the table.
#[derive(Clone, Copy)]
pub(super) struct Handle {
    pub(super) offset: u64,
    pub(super) size: u64,
}

impl Handle {
    pub(super) fn encode(self, out: &mut Vec<u8>) {
        put_varint(out, self.offset);
        put_varint(out, self.size);
    }

    pub(super) fn decode(bytes: &mut &[u8]) -> Option<Self> {
        Some(Self { offset: take_varint(bytes)?, size: take_varint(bytes)? })
    }
}
