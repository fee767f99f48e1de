//! Which pieces to keep.

use std::collections::{BTreeMap, BTreeSet};

use super::TokenizerFile;

/// The old ids of the pieces to keep, ascending: those that `counts` gives at least `count_min`, the special ones, and
/// the pieces that spell the others.
///
/// A used piece that is dropped is spelled with smaller ones, so its single characters are kept where they are pieces.
/// A Unigram model scores the unknown piece by its least likely piece, so that one is kept too.
pub fn kept_pieces(tokenizer: &TokenizerFile, counts: &BTreeMap<u32, u64>, count_min: u64) -> Vec<u32> {
    let pieces = tokenizer.pieces();
    let mut kept: BTreeSet<u32> = tokenizer.special_ids();
    kept.extend(tokenizer.least_likely());
    let single: BTreeMap<&str, u32> = pieces
        .iter()
        .zip(0..)
        .filter(|(piece, _)| piece.trim_start_matches("##").chars().count() == 1)
        .map(|(piece, id)| (piece.as_str(), id))
        .collect();
    for (id, count) in counts {
        let Some(piece) = pieces.get(*id as usize).filter(|_| *count > 0) else { continue };
        if *count >= count_min {
            kept.insert(*id);
            continue;
        }
        for character in piece.trim_start_matches("##").chars() {
            for spelled in [character.to_string(), format!("##{character}")] {
                kept.extend(single.get(spelled.as_str()));
            }
        }
    }
    kept.into_iter().collect()
}
