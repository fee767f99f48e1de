//! A batch of sequences, packed without padding.

use std::ops::Range;

use jove_core::ModelConfig;

use crate::error::Error;

/// Whole sequences one after the other. Everything but attention works on the packed tokens row by row, so no padding
/// is ever computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedBatch {
    tokens: Vec<u32>,
    positions: Vec<u32>,
    segments: Vec<u32>,
    cu_seqlens: Vec<usize>,
}

impl PackedBatch {
    /// An empty batch for a model of this shape.
    pub fn builder(config: &ModelConfig) -> PackedBatchBuilder {
        PackedBatchBuilder {
            vocab_size: config.vocab_size,
            segment_count: config.type_vocab_size,
            length_max: config.max_sequence_length(),
            first_position: config.first_position() as u32,
            batch: Self { tokens: Vec::new(), positions: Vec::new(), segments: Vec::new(), cu_seqlens: vec![0] },
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

    /// Cumulative lengths: `cu_seqlens[i]..cu_seqlens[i + 1]` are the rows of sequence `i`; one more entry than sequences.
    pub fn cu_seqlens(&self) -> &[usize] {
        &self.cu_seqlens
    }

    /// Number of sequences.
    pub fn len(&self) -> usize {
        self.cu_seqlens.len() - 1
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
        self.cu_seqlens[index]..self.cu_seqlens[index + 1]
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
        self.push_with_segments(tokens, &vec![0; tokens.len()])
    }

    /// Adds a sequence with a segment (token type) for each token; returns its first packed row.
    ///
    /// # Errors
    /// As [`Self::push`]; also if the lengths differ or a segment is beyond the token-type table.
    pub fn push_with_segments(&mut self, tokens: &[u32], segments: &[u32]) -> Result<usize, Error> {
        let length = tokens.len();
        if length != segments.len() {
            return Err(self.wrong(format!("{length} segments, one for each token"), segments.len()));
        }
        if length == 0 || length > self.length_max {
            return Err(self.wrong(format!("1 to {} tokens", self.length_max), length));
        }
        if let Some(&id) = tokens.iter().find(|&&id| id as usize >= self.vocab_size) {
            return Err(self.wrong(format!("token ids below {}", self.vocab_size), id));
        }
        if let Some(&segment) = segments.iter().find(|&&segment| segment as usize >= self.segment_count) {
            return Err(self.wrong(format!("segments below {}", self.segment_count), segment));
        }
        let start = self.batch.tokens.len();
        self.batch.tokens.extend_from_slice(tokens);
        self.batch.segments.extend_from_slice(segments);
        self.batch.positions.extend(self.first_position..self.first_position + length as u32);
        self.batch.cu_seqlens.push(self.batch.tokens.len());
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
        assert_eq!(batch.cu_seqlens(), [0, 3, 5]);
        assert_eq!((batch.rows(1), batch.len(), batch.token_count()), (3..5, 2, 5));
    }

    #[test]
    fn an_empty_batch_has_no_rows() {
        let batch = PackedBatch::builder(&ModelConfig::bert(10, 8, 1, 2, 16)).build();
        assert!(batch.is_empty() && batch.tokens().is_empty());
        assert_eq!((batch.cu_seqlens(), batch.token_count()), (&[0][..], 0));
    }

    #[test]
    fn every_token_keeps_its_own_segment() {
        let mut batch = PackedBatch::builder(&ModelConfig::bert(10, 8, 1, 2, 16));
        batch.push_with_segments(&[1, 2, 3], &[0, 1, 0]).unwrap();
        batch.push(&[4]).unwrap();
        assert_eq!(batch.build().segments(), [0, 1, 0, 0]);
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
        let uneven = message(batch.push_with_segments(&[1, 2], &[0]));
        assert_eq!(uneven, "sequence 1: expected 2 segments, one for each token, found 1");
        assert_eq!(batch.build().len(), 1, "a refused sequence leaves nothing behind");
    }
}
