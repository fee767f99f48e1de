//! All segmentations of runs into pieces: expected counts and best segmentations.

use std::collections::HashMap;

use rayon::prelude::*;

use super::piece::{Piece, Run};

/// Sums are taken over this many parts, in order, whatever the number of threads.
const PARTS: usize = 16;

/// Pieces by their characters, for segmenting runs.
pub(super) struct Lattices {
    scores: Vec<f64>,
    trie: Trie,
}

/// Finds pieces that begin at a place, one character a step.
struct Trie {
    /// The node of each character of the alphabet, 0 where there is none; the root is not stored.
    first: Vec<u32>,
    next: HashMap<(u32, u32), u32>,
    /// The piece that ends in a node, or `NO_PIECE`.
    pieces: Vec<u32>,
}

const NO_PIECE: u32 = u32::MAX;

/// A piece in a run: where it begins, which one, where it ends.
#[derive(Clone, Copy)]
struct Edge {
    start: usize,
    piece: u32,
    end: usize,
}

impl Lattices {
    pub(super) fn new(pieces: &[Piece], alphabet: usize) -> Self {
        let mut trie = Trie { first: vec![0; alphabet], next: HashMap::new(), pieces: vec![NO_PIECE] };
        for (number, piece) in pieces.iter().enumerate() {
            trie.insert(&piece.characters, number as u32);
        }
        Self { scores: pieces.iter().map(|piece| piece.score).collect(), trie }
    }

    /// How often each piece is expected over all segmentations of all runs (the E step).
    pub(super) fn expected(&self, runs: &[Run]) -> Vec<f64> {
        self.sum(runs, |run, edges, counts| self.expect(run, edges, counts))
    }

    /// How often each piece occurs in the best segmentations of all runs.
    pub(super) fn best_counts(&self, runs: &[Run]) -> Vec<f64> {
        self.sum(runs, |run, _, counts| {
            for piece in self.best(&run.characters, None).unwrap_or_default() {
                counts[piece as usize] += run.count;
            }
        })
    }

    /// The most likely segmentation that does not use the piece `without`, if there is one.
    pub(super) fn best(&self, characters: &[u32], without: Option<u32>) -> Option<Vec<u32>> {
        let length = characters.len();
        let mut best = vec![(f64::NEG_INFINITY, Edge { start: 0, piece: NO_PIECE, end: 0 }); length + 1];
        best[0].0 = 0.0;
        for start in 0..length {
            let so_far = best[start].0;
            if so_far == f64::NEG_INFINITY {
                continue;
            }
            self.trie.matches(characters, start, |piece, end| {
                let score = so_far + self.scores[piece as usize];
                if Some(piece) != without && score > best[end].0 {
                    best[end] = (score, Edge { start, piece, end });
                }
            });
        }
        if best[length].0 == f64::NEG_INFINITY {
            return None;
        }
        let mut segments = Vec::new();
        let mut at = length;
        while at > 0 {
            segments.push(best[at].1.piece);
            at = best[at].1.start;
        }
        segments.reverse();
        Some(segments)
    }

    fn sum(&self, runs: &[Run], add: impl Fn(&Run, &mut Vec<Edge>, &mut [f64]) + Sync) -> Vec<f64> {
        let parts: Vec<Vec<f64>> = runs
            .par_chunks(runs.len().div_ceil(PARTS).max(1))
            .map(|part| {
                let mut counts = vec![0.0; self.scores.len()];
                let mut edges = Vec::new();
                for run in part {
                    add(run, &mut edges, &mut counts);
                }
                counts
            })
            .collect();
        let mut total = vec![0.0; self.scores.len()];
        for part in parts {
            for (sum, count) in total.iter_mut().zip(part) {
                *sum += count;
            }
        }
        total
    }

    /// Forward and backward over one run.
    fn expect(&self, run: &Run, edges: &mut Vec<Edge>, counts: &mut [f64]) {
        let length = run.characters.len();
        let mut forward = vec![f64::NEG_INFINITY; length + 1];
        let mut backward = forward.clone();
        (forward[0], backward[length]) = (0.0, 0.0);
        edges.clear();
        for start in 0..length {
            self.trie.matches(&run.characters, start, |piece, end| {
                edges.push(Edge { start, piece, end });
                forward[end] = add_logs(forward[end], forward[start] + self.scores[piece as usize]);
            });
        }
        for edge in edges.iter().rev() {
            let through = backward[edge.end] + self.scores[edge.piece as usize];
            backward[edge.start] = add_logs(backward[edge.start], through);
        }
        for edge in edges {
            let through = forward[edge.start] + self.scores[edge.piece as usize] + backward[edge.end];
            counts[edge.piece as usize] += run.count * (through - forward[length]).exp();
        }
    }
}

impl Trie {
    fn insert(&mut self, characters: &[u32], piece: u32) {
        let mut node = 0;
        for (depth, &character) in characters.iter().enumerate() {
            let fresh = self.pieces.len() as u32;
            let slot = if depth == 0 {
                let slot = &mut self.first[character as usize];
                if *slot == 0 {
                    *slot = fresh;
                }
                slot
            } else {
                self.next.entry((node, character)).or_insert(fresh)
            };
            node = *slot;
            if node == fresh {
                self.pieces.push(NO_PIECE);
            }
        }
        self.pieces[node as usize] = piece;
    }

    fn matches(&self, characters: &[u32], start: usize, mut found: impl FnMut(u32, usize)) {
        let mut node = 0;
        for (end, &character) in characters.iter().enumerate().skip(start) {
            let next = if end == start {
                Some(self.first[character as usize]).filter(|&node| node != 0)
            } else {
                self.next.get(&(node, character)).copied()
            };
            let Some(next) = next else { return };
            node = next;
            let piece = self.pieces[node as usize];
            if piece != NO_PIECE {
                found(piece, end + 1);
            }
        }
    }
}

fn add_logs(a: f64, b: f64) -> f64 {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lattices() -> Lattices {
        let piece =
            |characters: &[u32], probability: f64| Piece { characters: characters.to_vec(), score: probability.ln() };
        Lattices::new(&[piece(&[0], 0.3), piece(&[1], 0.2), piece(&[0, 1], 0.4), piece(&[1, 0], 0.1)], 2)
    }

    #[test]
    fn best_segmentations_are_found() {
        assert_eq!(lattices().best(&[0, 1, 0], None), Some(vec![2, 0]));
        assert_eq!(lattices().best(&[0, 1], Some(2)), Some(vec![0, 1]));
        assert_eq!(lattices().best(&[], None), Some(vec![]));
        assert_eq!(lattices().best(&[0], Some(0)), None);
    }

    #[test]
    fn expected_counts_are_those_of_all_segmentations() {
        // `aba` is a+b+a (0.018), ab+a (0.12) or a+ba (0.03).
        let run = Run { characters: vec![0, 1, 0], count: 2.0, longest: 16 };
        let expected = lattices().expected(&[run]);
        let total = 0.018 + 0.12 + 0.03;
        let by_hand = [2.0 * 0.018 + 0.12 + 0.03, 0.018, 0.12, 0.03].map(|sum| 2.0 * sum / total);
        for (found, wanted) in expected.iter().zip(by_hand) {
            assert!((found - wanted).abs() < 1e-12, "{expected:?} {by_hand:?}");
        }
    }
}
