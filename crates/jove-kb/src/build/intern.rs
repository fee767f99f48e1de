//! Keys to numbers, in 16 bytes a key however long the key is.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};

/// 96 bits of BLAKE3: ten million keys collide with a chance below 1e-15, hostile ones too.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Digest {
    high: u64,
    low: u32,
}

/// As bytes, so that a slot of the table takes 16 bytes and no more.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Packed([u8; 12]);

impl Hash for Packed {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.digest().high);
    }
}

impl Packed {
    fn of(key: &str) -> Self {
        let hash = blake3::hash(key.as_bytes());
        let mut bytes = [0; 12];
        bytes.copy_from_slice(&hash.as_bytes()[..12]);
        Self(bytes)
    }

    fn digest(self) -> Digest {
        let (high, low) = self.0.split_at(8);
        Digest {
            high: u64::from_le_bytes(high.try_into().expect("8 of 12 bytes")),
            low: u32::from_le_bytes(low.try_into().expect("4 of 12 bytes")),
        }
    }

    fn shard(self) -> usize {
        self.digest().low as usize % SHARDS
    }
}

/// The digest is uniform already.
#[derive(Clone, Copy, Default)]
struct AsIs;

struct AsIsHasher(u64);

impl BuildHasher for AsIs {
    type Hasher = AsIsHasher;

    fn build_hasher(&self) -> AsIsHasher {
        AsIsHasher(0)
    }
}

impl Hasher for AsIsHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = word;
    }
}

const SHARDS: usize = 32;

/// Numbers keys in the order in which they come first. Sharded, so that growing never doubles the whole table.
pub(crate) struct Interner {
    shards: Vec<HashMap<Packed, u32, AsIs>>,
    len: u32,
}

impl Interner {
    pub(crate) fn new() -> Self {
        Self { shards: (0..SHARDS).map(|_| HashMap::default()).collect(), len: 0 }
    }

    /// How many keys there are.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// The number of a key, and whether it is new; `None` when all numbers are taken.
    pub(crate) fn intern(&mut self, key: &str) -> Option<(u32, bool)> {
        let packed = Packed::of(key);
        if let Some(&id) = self.shards[packed.shard()].get(&packed) {
            return Some((id, false));
        }
        if self.len == u32::MAX - 1 {
            return None;
        }
        let id = self.len;
        self.shards[packed.shard()].insert(packed, id);
        self.len += 1;
        Some((id, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_first_appearance() {
        let mut interner = Interner::new();
        let keys = ["", "a", "中国", "🙂", "e\u{301}", "שלום", "a"];
        let ids: Vec<_> = keys.iter().map(|key| interner.intern(key).unwrap()).collect();
        assert_eq!(ids.iter().map(|id| id.0).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 1]);
        assert_eq!(ids.iter().filter(|id| id.1).count(), 6);
        assert_eq!(interner.intern("é").unwrap(), (6, true), "no normalisation: another key");
    }
}
