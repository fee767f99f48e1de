//! Two texts in one sequence.

use std::ops::Range;

use jove_core::{Layout, SpecialTokens};

/// Two texts in one sequence, such as a sentence and its translation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairSequence {
    /// Token ids, special ones included.
    pub tokens: Vec<u32>,
    /// Token types, one for each token: 0 or 1.
    pub segments: Vec<u32>,
    /// Positions of the first text's tokens, without special tokens.
    pub first: Range<usize>,
    /// Positions of the second text's tokens, without special tokens.
    pub second: Range<usize>,
}

/// Concatenates two texts: `[CLS] a [SEP] b [SEP]` with token types 0 and 1 for BERT, `<s> a </s></s> b </s>` for XLM-R.
///
/// The input of translation language modelling (Cross-lingual Language Model Pretraining, arXiv 1901.07291, section 3.3). As in
/// InfoXLM, positions continue through the second text; XLM resets them.
pub fn pair_sequence(layout: Layout, specials: &SpecialTokens, first: &[u32], second: &[u32]) -> PairSequence {
    let (between, second_segment) = match layout {
        Layout::Bert => (1, 1),
        Layout::XlmRoberta => (2, 0),
    };
    let mut tokens = Vec::with_capacity(first.len() + second.len() + 4);
    tokens.push(specials.first.0);
    tokens.extend_from_slice(first);
    tokens.extend(std::iter::repeat_n(specials.separator.0, between));
    let start = tokens.len();
    tokens.extend_from_slice(second);
    tokens.push(specials.separator.0);
    // In BERT the separator after the first text has the first text's token type.
    let segments = (0..tokens.len()).map(|position| if position < start { 0 } else { second_segment }).collect();
    PairSequence { tokens, segments, first: 1..1 + first.len(), second: start..start + second.len() }
}
