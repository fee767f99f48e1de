//! The double array of SentencePiece's trie.

use yada::builder::DoubleArrayBuilder;

/// Units of a block.
const BLOCK: usize = 256;

/// Larger offsets are written in another way; a map of 2 million units is none.
const OFFSET_MAX: usize = 1 << 21;

/// An array of sorted keys and their values, as SentencePiece reads it; `None` where none can be built.
pub(super) fn double_array(keys: &[(String, u32)]) -> Option<Vec<u8>> {
    let bytes = DoubleArrayBuilder::build(keys).ok()?;
    let units: Vec<u32> = bytes.as_chunks::<4>().0.iter().map(|unit| u32::from_le_bytes(*unit)).collect();
    let units = moved(&units)?;
    Some(units.iter().flat_map(|unit| unit.to_le_bytes()).collect())
}

/// How far the children of a unit lie from it.
pub(super) fn offset(unit: u32) -> usize {
    let unit = unit as usize;
    (unit >> 10) << ((unit & (1 << 9)) >> 6)
}

/// The same array with the root's children in the second block: SentencePiece refuses a root with offset 0. What was there
/// goes to a block at the end.
fn moved(units: &[u32]) -> Option<Vec<u32>> {
    let away = BLOCK ^ units.len();
    let second = BLOCK..2 * BLOCK;
    let of_root = |at: usize| (1..BLOCK).contains(&at) && units[at] & 0x8000_00ff == at as u32;
    let place = |at: usize| match at {
        _ if second.contains(&at) => at ^ away,
        _ if of_root(at) => at ^ BLOCK,
        _ => at,
    };
    let mut made = vec![0; units.len() + BLOCK];
    for (at, &unit) in units.iter().enumerate().filter(|(at, unit)| *at == 0 || **unit != 0) {
        let is_leaf = unit >> 31 == 1;
        made[place(at)] = if is_leaf {
            unit
        } else {
            let base = at ^ offset(unit);
            let base = match at {
                0 => base ^ BLOCK,
                _ if second.contains(&base) => base ^ away,
                _ => base,
            };
            let offset = place(at) ^ base;
            if offset >= OFFSET_MAX {
                return None;
            }
            (offset as u32) << 10 | unit & 0x1ff
        };
    }
    Some(made)
}
