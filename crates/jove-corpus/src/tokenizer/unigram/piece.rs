//! What training works on: pieces and runs, over an alphabet of numbered characters.

/// A piece, as characters of the alphabet, and the natural logarithm of its probability.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    pub(super) characters: Vec<u32>,
    pub(super) score: f64,
}

/// A run of characters of the alphabet, and how often it occurs.
pub(super) struct Run {
    pub(super) characters: Vec<u32>,
    pub(super) count: f64,
    /// The maximum number of characters of a piece in it.
    pub(super) longest: usize,
}
