//! Keys to numbers, in 16 bytes a key however long the key is.

use std::hash::{BuildHasher, RandomState};

/// 96 bits of SipHash with keys that nobody knows: ten million strings collide with a chance below 1e-15, hostile ones
/// too.
pub(super) type Digest = [u32; 3];

/// A digest and its number plus one; zero where the slot is free. Both lie in one line of the processor's cache, which
/// is what looking a key up costs.
#[derive(Clone, Copy, Default)]
struct Slot {
    digest: Digest,
    number: u32,
}

/// Slots with open addressing, a power of two of them and at most three quarters taken.
#[derive(Default)]
struct Shard {
    slots: Vec<Slot>,
    taken: usize,
}

impl Shard {
    /// The place of a digest, or the free one where it belongs.
    fn place(&self, digest: Digest) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = (u64::from(digest[0]) | u64::from(digest[1]) << 32) as usize & mask;
        while self.slots[at].number != 0 && self.slots[at].digest != digest {
            at = (at + 1) & mask;
        }
        at
    }

    /// The number of a digest, which is `next` where it is new.
    fn number(&mut self, digest: Digest, next: u32) -> u32 {
        if self.taken * 4 >= self.slots.len() * 3 {
            self.grow();
        }
        let at = self.place(digest);
        let slot = &mut self.slots[at];
        if slot.number == 0 {
            *slot = Slot { digest, number: next + 1 };
            self.taken += 1;
        }
        slot.number - 1
    }

    fn grow(&mut self) {
        let room = (self.slots.len() * 2).max(16);
        let old = std::mem::replace(&mut self.slots, vec![Slot::default(); room]);
        for slot in old.into_iter().filter(|slot| slot.number != 0) {
            let at = self.place(slot.digest);
            self.slots[at] = slot;
        }
    }
}

const SHARDS: usize = 32;

/// Numbers keys in the order in which they come first. Sharded, so that growing never doubles the whole table.
pub(crate) struct Interner {
    keys: [RandomState; 2],
    shards: [Shard; SHARDS],
    len: u32,
}

impl Interner {
    pub(crate) fn new() -> Self {
        Self { keys: [RandomState::new(), RandomState::new()], shards: Default::default(), len: 0 }
    }

    /// How many keys there are.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// What stands for a key.
    pub(super) fn digest(&self, key: &str) -> Digest {
        let first = self.keys[0].hash_one(key);
        [first as u32, (first >> 32) as u32, self.keys[1].hash_one(key) as u32]
    }

    /// The number of a key, where it has one.
    pub(super) fn number(&self, digest: Digest) -> Option<u32> {
        let shard = &self.shards[digest[2] as usize % SHARDS];
        let slot = shard.slots.get(if shard.slots.is_empty() { 0 } else { shard.place(digest) })?;
        slot.number.checked_sub(1)
    }

    /// The number of a key, and whether it is new; `None` when all numbers are taken.
    pub(crate) fn intern(&mut self, key: &str) -> Option<(u32, bool)> {
        if self.len == u32::MAX - 1 {
            return None;
        }
        let digest = self.digest(key);
        let number = self.shards[digest[2] as usize % SHARDS].number(digest, self.len);
        let new = number == self.len;
        self.len += u32::from(new);
        Some((number, new))
    }
}

/// Numbers the blank nodes of a source.
pub(crate) struct Blanks(Interner);

impl Default for Blanks {
    fn default() -> Self {
        Self(Interner::new())
    }
}

impl Blanks {
    /// The number of a label, in the order in which labels come first.
    pub(crate) fn number(&mut self, label: &str) -> u32 {
        self.0.intern(label).map_or(u32::MAX, |(number, _)| number)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_follow_first_appearance() {
        let mut interner = Interner::new();
        let keys = ["", "a", "中国", "🙂", "e\u{301}", "שלום", "a"];
        let ids: Vec<_> = keys.iter().map(|key| interner.intern(key).unwrap()).collect();
        assert_eq!(ids.iter().map(|id| id.0).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 1]);
        assert_eq!(ids.iter().filter(|id| id.1).count(), 6);
        assert_eq!(keys.map(|key| interner.number(interner.digest(key)).unwrap()), [0, 1, 2, 3, 4, 5, 1]);
        assert_eq!(interner.number(interner.digest("é")), None);
        assert_eq!(Interner::new().number([0; 3]), None);
        assert_eq!(interner.intern("é").unwrap(), (6, true), "no normalisation: another key");
    }

    proptest! {
        #[test]
        fn numbers_are_those_of_a_plain_map(keys in prop::collection::vec(0..4_000_u32, 0..6_000)) {
            let mut interner = Interner::new();
            let mut plain = HashMap::new();
            for key in keys {
                let next = plain.len() as u32;
                let expected = *plain.entry(key).or_insert(next);
                prop_assert_eq!(interner.intern(&format!("键{key}")).unwrap(), (expected, expected == next));
            }
            prop_assert_eq!(interner.len() as usize, plain.len());
        }
    }
}
