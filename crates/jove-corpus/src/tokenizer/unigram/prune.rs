//! Pruning the pieces whose loss is smallest.

use rayon::prelude::*;

use super::lattice::Lattices;
use super::piece::{Piece, Run};

/// The fraction of pieces kept in one round.
const KEPT: f64 = 0.75;

/// Keeps three quarters of the pieces, or `target` of them if that is more. The loss of a piece is how much less likely
/// the runs become when its best replacement is used instead.
pub(super) fn prune(pieces: Vec<Piece>, runs: &[Run], alphabet: usize, target: usize) -> Vec<Piece> {
    let lattices = Lattices::new(&pieces, alphabet);
    let counts = lattices.best_counts(runs);
    let total: f64 = counts.iter().sum();
    let losses: Vec<f64> =
        pieces.par_iter().enumerate().map(|(number, piece)| loss(&lattices, &counts, total, number, piece)).collect();
    let room = target.max((pieces.len() as f64 * KEPT) as usize);
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    order.sort_by(|&a, &b| losses[b].total_cmp(&losses[a]).then(a.cmp(&b)));
    let mut stays = vec![false; pieces.len()];
    for number in order.into_iter().take(room) {
        // A piece that no best segmentation uses, and that is not its own best segmentation, is never needed.
        stays[number] = losses[number] > f64::NEG_INFINITY;
    }
    pieces.into_iter().zip(stays).filter(|(_, stays)| *stays).map(|(piece, _)| piece).collect()
}

fn loss(lattices: &Lattices, counts: &[f64], total: f64, number: usize, piece: &Piece) -> f64 {
    if piece.characters.len() == 1 {
        return f64::INFINITY;
    }
    let own_best = lattices.best(&piece.characters, None).is_some_and(|cut| cut == [number as u32]);
    let count = counts[number];
    if count == 0.0 {
        return if own_best { 0.0 } else { f64::NEG_INFINITY };
    }
    let Some(replacement) = lattices.best(&piece.characters, Some(number as u32)) else { return f64::INFINITY };
    let total_without = (total + count * (replacement.len() as f64 - 1.0)).ln();
    let without: f64 = replacement.iter().map(|&part| (counts[part as usize] + count).ln() - total_without).sum();
    count / total * (count.ln() - total.ln() - without)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_without_use_go_first_and_characters_never() {
        let piece = |characters: &[u32], score: f64| Piece { characters: characters.to_vec(), score };
        let mut pieces = vec![piece(&[0], -3.0), piece(&[1], -3.0), piece(&[0, 1], -1.0), piece(&[1, 1], -9.0)];
        pieces.extend((0..4).map(|extra| piece(&[1, 1, extra % 2, 0, extra / 2], -9.0)));
        let runs = [Run { characters: vec![0, 1, 0, 1], count: 5.0, longest: 16 }];
        let kept = prune(pieces, &runs, 2, 3);
        let spelled: Vec<&[u32]> = kept.iter().map(|piece| piece.characters.as_slice()).collect();
        assert!(spelled.starts_with(&[&[0], &[1], &[0, 1]]), "{spelled:?}");
        assert!(kept.len() <= 6, "{spelled:?}");
    }
}
