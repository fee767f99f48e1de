//! A batch of sequences, packed without padding.

use std::ops::Range;

use jove_core::ModelConfig;

use crate::Error;

/// Whole sequences one behind the other. Everything but attention works on the packed tokens row by row, so no padding
/// is ever computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedBatch {
    tokens: Vec<u32>,
    positions: Vec<u32>,
    segments: Vec<u32>,
    bounds: Vec<usize>,
}

impl PackedBatch {
    /// An empty batch for a model of this shape.
    pub fn builder(config: &ModelConfig) -> PackedBatchBuilder {
        PackedBatchBuilder {
            vocab_size: config.vocab_size,
            segment_count: config.type_vocab_size,
            length_max: config.max_sequence_length(),
            first_position: config.first_position() as u32,
            batch: Self { tokens: Vec::new(), positions: Vec::new(), segments: Vec::new(), bounds: vec![0] },
        }
    }

    /// Ids of all tokens, special ones included.
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// The row of the position table for each token.
    pub fn positions(&self) -> &[u32] {
        &self.positions
    }

    /// The row of the token-type table for each token.
    pub fn segments(&self) -> &[u32] {
        &self.segments
    }

    /// Where sequences begin: `bounds[i]..bounds[i + 1]` are the rows of sequence `i`; one more entry than sequences.
    pub fn bounds(&self) -> &[usize] {
        &self.bounds
    }

    /// Number of sequences.
    pub fn len(&self) -> usize {
        self.bounds.len() - 1
    }

    /// Whether there is no sequence.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of tokens in all sequences together.
    pub fn token_count(&self) -> usize {
        self.tokens.len()
    }

    /// The packed rows of sequence `index`.
    ///
    /// # Panics
    /// If there is no such sequence.
    pub fn rows(&self, index: usize) -> Range<usize> {
        self.bounds[index]..self.bounds[index + 1]
    }

    /// The packed row of each sequence's first token, `[CLS]` or `<s>`.
    pub fn first_rows(&self) -> Vec<u32> {
        self.bounds[..self.len()].iter().map(|&b| b as u32).collect()
    }
}

/// Adds sequences to a batch, each checked against the model's tables.
#[derive(Clone, Debug)]
pub struct PackedBatchBuilder {
    vocab_size: usize,
    segment_count: usize,
    length_max: usize,
    first_position: u32,
    batch: PackedBatch,
}

impl PackedBatchBuilder {
    /// Adds a sequence whose tokens, special ones included, are all of the first segment; returns its first packed row.
    ///
    /// # Errors
    /// If it is empty, too long for the position table, or holds an id beyond the vocabulary.
    pub fn push(&mut self, tokens: &[u32]) -> Result<usize, Error> {
        self.push_pieces(&[(tokens, 0)], false)
    }

    /// Adds a sequence with a segment (token type) for each token; returns its first packed row.
    ///
    /// # Errors
    /// As [`Self::push`]; also if the lengths differ or a segment is beyond the token-type table.
    pub fn push_with_segments(&mut self, tokens: &[u32], segments: &[u32]) -> Result<usize, Error> {
        if tokens.len() != segments.len() {
            return Err(self.wrong(format!("{} segments, one for each token", tokens.len()), segments.len()));
        }
        let pieces: Vec<(&[u32], u32)> = tokens.chunks(1).zip(segments.iter().copied()).collect();
        self.push_pieces(&pieces, false)
    }

    /// Adds one sequence made of several pieces that follow one another, each with its segment. With
    /// `restart_positions`, every piece counts its positions from the beginning, as translation language modelling
    /// does ("Cross-lingual Language Model Pretraining", arXiv 1901.07291). Returns its first packed row.
    ///
    /// # Errors
    /// As [`Self::push_with_segments`].
    pub fn push_pieces(&mut self, pieces: &[(&[u32], u32)], restart_positions: bool) -> Result<usize, Error> {
        let length: usize = pieces.iter().map(|(tokens, _)| tokens.len()).sum();
        let positions_used =
            if restart_positions { pieces.iter().map(|(t, _)| t.len()).max().unwrap_or(0) } else { length };
        if length == 0 || positions_used > self.length_max {
            return Err(self.wrong(format!("1 to {} tokens", self.length_max), length));
        }
        for &(tokens, segment) in pieces {
            if let Some(id) = tokens.iter().find(|&&id| id as usize >= self.vocab_size) {
                return Err(self.wrong(format!("token ids below {}", self.vocab_size), id));
            }
            if segment as usize >= self.segment_count {
                return Err(self.wrong(format!("segments below {}", self.segment_count), segment));
            }
        }
        let start = self.batch.tokens.len();
        let mut position = self.first_position;
        for &(tokens, segment) in pieces {
            if restart_positions {
                position = self.first_position;
            }
            self.batch.tokens.extend_from_slice(tokens);
            self.batch.segments.extend(std::iter::repeat_n(segment, tokens.len()));
            self.batch.positions.extend(position..position + tokens.len() as u32);
            position += tokens.len() as u32;
        }
        self.batch.bounds.push(self.batch.tokens.len());
        Ok(start)
    }

    /// The batch.
    pub fn build(self) -> PackedBatch {
        self.batch
    }

    fn wrong<F: ToString + Copy>(&self, expected: String, found: F) -> Error {
        Error::Sequence { index: self.batch.len(), expected, found: found.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_follow_the_layout() {
        let mut batch = PackedBatch::builder(&ModelConfig::xlm_roberta(100, 8, 1, 2, 16));
        assert_eq!(batch.push(&[0, 5, 2]).unwrap(), 0);
        assert_eq!(batch.push(&[0, 2]).unwrap(), 3);
        let batch = batch.build();
        assert_eq!(batch.positions(), [2, 3, 4, 2, 3]);
        assert_eq!(batch.bounds(), [0, 3, 5]);
        assert_eq!(batch.first_rows(), [0, 3]);
        assert_eq!((batch.rows(1), batch.len(), batch.token_count()), (3..5, 2, 5));
    }

    #[test]
    fn pieces_may_restart_their_positions() {
        let config = ModelConfig { type_vocab_size: 2, ..ModelConfig::bert(100, 8, 1, 2, 16) };
        let mut batch = PackedBatch::builder(&config);
        batch.push_pieces(&[(&[2, 7, 3], 0), (&[8, 3], 1)], true).unwrap();
        let batch = batch.build();
        assert_eq!(batch.positions(), [0, 1, 2, 0, 1]);
        assert_eq!(batch.segments(), [0, 0, 0, 1, 1]);
    }

    #[test]
    fn what_the_tables_do_not_hold_is_refused() {
        let config = ModelConfig { max_position_embeddings: 4, ..ModelConfig::bert(10, 8, 1, 2, 16) };
        let mut batch = PackedBatch::builder(&config);
        batch.push(&[1, 2]).unwrap();
        let message = |result: Result<usize, Error>| result.unwrap_err().to_string();
        assert_eq!(message(batch.push(&[])), "sequence 1: expected 1 to 4 tokens, found 0");
        assert_eq!(message(batch.push(&[1; 5])), "sequence 1: expected 1 to 4 tokens, found 5");
        assert_eq!(message(batch.push(&[10])), "sequence 1: expected token ids below 10, found 10");
        assert_eq!(message(batch.push_with_segments(&[1], &[2])), "sequence 1: expected segments below 2, found 2");
        assert!(batch.push_with_segments(&[1, 2], &[0]).is_err());
        assert_eq!(batch.build().len(), 1, "a refused sequence leaves nothing behind");
    }
}
