//! Keys to numbers, in 16 bytes a key however long the key is.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

/// 96 bits of SipHash with keys that nobody knows: ten million strings collide with a chance below 1e-15, hostile ones
/// too. As bytes, so that a slot of the table takes 16 bytes and no more.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Digest([u8; 12]);

impl Hash for Digest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let high = *self.0.first_chunk().expect("12 bytes begin with 8");
        state.write_u64(u64::from_le_bytes(high));
    }
}

impl Digest {
    fn shard(self) -> usize {
        usize::from(self.0[8]) % SHARDS
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
    keys: [RandomState; 2],
    shards: Vec<HashMap<Digest, u32, AsIs>>,
    len: u32,
}

impl Interner {
    pub(crate) fn new() -> Self {
        let keys = [RandomState::new(), RandomState::new()];
        Self { keys, shards: (0..SHARDS).map(|_| HashMap::default()).collect(), len: 0 }
    }

    fn digest(&self, key: &str) -> Digest {
        let mut bytes = [0; 12];
        bytes[..8].copy_from_slice(&self.keys[0].hash_one(key).to_le_bytes());
        bytes[8..].copy_from_slice(&self.keys[1].hash_one(key).to_le_bytes()[..4]);
        Digest(bytes)
    }

    /// How many keys there are.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// The number of a key, and whether it is new; `None` when all numbers are taken.
    pub(crate) fn intern(&mut self, key: &str) -> Option<(u32, bool)> {
        let digest = self.digest(key);
        let shard = &mut self.shards[digest.shard()];
        if let Some(&id) = shard.get(&digest) {
            return Some((id, false));
        }
        if self.len == u32::MAX - 1 {
            return None;
        }
        let id = self.len;
        shard.insert(digest, id);
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
