//! The character map inside SentencePiece models.
//!
//! The map is a trie in a double array, then replacement strings that end with a zero byte. SentencePiece replaces the longest
//! spelling that the map holds. The crate that tokenizes doesn't check the trie's indices, so an invalid file would panic at
//! the first character that reaches one; and it looks at characters and short graphemes only, so some maps need help
//! (`rules.rs`).

use std::path::Path;

use tokenizers::normalizers::Precompiled;

use super::array::offset;
use crate::error::{Error, Result};

/// `nmt_nfkc` of SentencePiece 0.2 holds 225,276 spellings; a file far above that isn't a map.
const ENTRIES_MAX: usize = 2_000_000;

/// A character map that was checked.
pub(super) struct CharacterMap<'a> {
    units: Vec<u32>,
    strings: &'a str,
}

/// Makes a normaliser of a map; `None` for an empty one.
pub(super) fn precompiled(map: &[u8], origin: &Path) -> Result<Option<Precompiled>> {
    if map.is_empty() {
        return Ok(None);
    }
    check(map).map_err(|found| Error::malformed(origin, "a character map of SentencePiece", found))?;
    Precompiled::from(map)
        .map(Some)
        .map_err(|_| Error::malformed(origin, "a character map of SentencePiece", "one that cannot be read"))
}

/// Walks every reachable state of the trie once.
pub(in super::super) fn check(map: &[u8]) -> Result<(), String> {
    CharacterMap::open(map).map(|_| ())
}

impl<'a> CharacterMap<'a> {
    /// Opens a map and checks every index in it.
    pub(super) fn open(map: &'a [u8]) -> Result<Self, String> {
        let (size, rest) = map.split_first_chunk::<4>().ok_or("fewer than 4 bytes")?;
        let size = u32::from_le_bytes(*size) as usize;
        if size == 0 || !size.is_multiple_of(4) || size > rest.len() {
            return Err(format!("a trie of {size} bytes in a map of {}", map.len()));
        }
        let (trie, strings) = rest.split_at(size);
        let strings = std::str::from_utf8(strings).map_err(|_| "replacements that are not UTF-8")?;
        let units: Vec<u32> = trie.as_chunks::<4>().0.iter().map(|unit| u32::from_le_bytes(*unit)).collect();
        walk(&units, strings)?;
        Ok(Self { units, strings })
    }

    /// The replacement of exactly this spelling.
    pub(super) fn get(&self, spelling: &str) -> Option<&'a str> {
        let mut base = offset(self.units[0]);
        let mut found = None;
        for &byte in spelling.as_bytes() {
            let (next, replacement) = self.step(base, byte)?;
            (base, found) = (next, replacement);
        }
        found
    }

    /// Every spelling and its replacement.
    ///
    /// # Errors
    /// What was found where there are more than any real map has.
    pub(super) fn entries(&self) -> Result<Vec<(String, &'a str)>, String> {
        let mut entries = Vec::new();
        let mut open = vec![(offset(self.units[0]), Vec::new())];
        while let Some((base, spelling)) = open.pop() {
            for byte in (1..=255).rev() {
                let Some((next, replacement)) = self.step(base, byte) else { continue };
                let mut longer = spelling.clone();
                longer.push(byte);
                if let Some(replacement) = replacement
                    && let Ok(text) = std::str::from_utf8(&longer)
                {
                    entries.push((text.to_owned(), replacement));
                }
                open.push((next, longer));
            }
            if entries.len() + open.len() > ENTRIES_MAX {
                return Err(format!("more than {ENTRIES_MAX} spellings"));
            }
        }
        Ok(entries)
    }

    /// The state after a byte, and the replacement that ends there.
    fn step(&self, base: usize, byte: u8) -> Option<(usize, Option<&'a str>)> {
        let at = base ^ usize::from(byte);
        let unit = *self.units.get(at)?;
        if unit & 0x8000_00ff != u32::from(byte) {
            return None;
        }
        let next = at ^ offset(unit);
        let ends = unit >> 8 & 1 == 1;
        let replacement = ends.then(|| self.replacement(next)).flatten();
        Some((next, replacement))
    }

    fn replacement(&self, leaf: usize) -> Option<&'a str> {
        let start = (self.units.get(leaf)? & 0x7fff_ffff) as usize;
        self.strings.get(start..)?.split('\0').next()
    }
}

fn walk(units: &[u32], strings: &str) -> Result<(), String> {
    let mut seen = vec![false; units.len()];
    let mut open = vec![offset(units[0])];
    while let Some(base) = open.pop() {
        if seen.get(base).copied().ok_or_else(|| beyond(base, units))? {
            continue;
        }
        seen[base] = true;
        for byte in 1..=255 {
            let at = base ^ byte;
            let unit = *units.get(at).ok_or_else(|| beyond(at, units))?;
            if unit & 0x8000_00ff != byte as u32 {
                continue;
            }
            let next = at ^ offset(unit);
            let leaf = *units.get(next).ok_or_else(|| beyond(next, units))?;
            if unit >> 8 & 1 == 1 && strings.get((leaf & 0x7fff_ffff) as usize..).is_none() {
                return Err(format!("a replacement at byte {} of {}", leaf & 0x7fff_ffff, strings.len()));
            }
            open.push(next);
        }
    }
    Ok(())
}

fn beyond(at: usize, units: &[u32]) -> String {
    format!("a step to unit {at} of {}", units.len())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A map that turns `Ａ` (three bytes) into `A`, built by hand: one block of 256 units for each step.
    pub(in crate::tokenizer) fn wide_a() -> Vec<u8> {
        const BLOCK: u32 = 256;
        let bytes = "Ａ".as_bytes();
        let mut units = vec![0_u32; 5 * BLOCK as usize];
        // The root's children lie in block 1, and so on; an offset is what the place is XORed with.
        units[0] = BLOCK << 10;
        let mut base = BLOCK;
        for (step, &byte) in bytes.iter().enumerate() {
            let at = base ^ u32::from(byte);
            let next = BLOCK * (step as u32 + 2);
            let leaf = u32::from(step + 1 == bytes.len());
            units[at as usize] = ((at ^ next) << 10) | (leaf << 8) | u32::from(byte);
            base = next;
        }
        units[base as usize] = 0x8000_0000;
        let trie: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let mut map = (trie.len() as u32).to_le_bytes().to_vec();
        map.extend(trie);
        map.extend(b"A\0");
        map
    }

    #[test]
    fn a_valid_map_is_read() {
        let map = precompiled(&wide_a(), Path::new("x")).unwrap().unwrap();
        assert_eq!(map.transform("Ａ"), Some("A"));
        assert_eq!(map.transform("B"), None);
        assert!(precompiled(&[], Path::new("x")).unwrap().is_none());
    }

    proptest::proptest! {
        #[test]
        fn invalid_maps_are_rejected_or_safe(
            at in 0..5200_usize, byte in proptest::num::u8::ANY, keep in 0..5200_usize, text in "\\PC{0,8}",
        ) {
            let mut map = wide_a();
            let at = at % map.len();
            map[at] = byte;
            if keep % 3 == 0 {
                map.truncate(keep % map.len());
            }
            if let Ok(Some(map)) = precompiled(&map, Path::new("x")) {
                // Looking every character up must not panic.
                for character in text.chars().chain("Ａ中é".chars()) {
                    let _ = map.transform(character.encode_utf8(&mut [0; 4]));
                }
            }
        }
    }
}
