//! Inference for probes: queries in packed batches, without a tape.

use std::ops::Range;

use jove_core::{Progress, SpecialTokens, TokenId, TokenSpan};
use jove_model::{Backend, Matrix, PackedBatch};
use jove_objectives::{Model, Pooling};

use crate::error::Error;

/// Options of inference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeOptions {
    /// Largest number of tokens in one forward pass; changes results by rounding only. Default 8192.
    pub batch_tokens: usize,
    /// Longest sequence in tokens, special ones included; longer ones lose context on both sides of the queried span.
    /// Default 128.
    pub max_length: usize,
    /// Pooling of descriptions, the same as in training. Default mean.
    pub description_pooling: Pooling,
}

impl Default for ProbeOptions {
    fn default() -> Self {
        Self { batch_tokens: 8192, max_length: 128, description_pooling: Pooling::Mean }
    }
}

/// A model with its special tokens, options and progress: the probes are its methods.
#[derive(Clone, Copy)]
pub struct Probe<'a, D: Backend> {
    pub(crate) model: &'a Model<D>,
    pub(crate) specials: SpecialTokens,
    pub(crate) options: ProbeOptions,
    pub(crate) progress: &'a dyn Progress,
}

/// A sequence to encode and the rows of it that are used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    /// Token ids, special ones included.
    pub(crate) tokens: Vec<u32>,
    /// The rows that are used.
    pub(crate) rows: Range<usize>,
}

impl<'a, D: Backend> Probe<'a, D> {
    /// A probe of `model`, whose vocabulary has the given special tokens. `max_length` is clamped to what the model can read.
    pub fn new(
        model: &'a Model<D>,
        specials: SpecialTokens,
        options: ProbeOptions,
        progress: &'a dyn Progress,
    ) -> Self {
        let longest = model.config().max_sequence_length();
        let max_length = options.max_length.clamp(3, longest.max(3));
        Self { model, specials, options: ProbeOptions { max_length, ..options }, progress }
    }

    /// A text in which `replacement` takes the place of the span `inside`, whose rows are used; a text that is too long loses
    /// tokens on both sides.
    pub(crate) fn query(&self, text: &[TokenId], inside: TokenSpan, replacement: &[TokenId]) -> Query {
        let room = self.options.max_length - 2;
        let kept = &replacement[..replacement.len().min(room)];
        let (before, after) = (&text[..inside.range().start], &text[inside.range().end..]);
        let context = room - kept.len();
        let before_length = before.len().min((context / 2).max(context.saturating_sub(after.len())));
        let after_length = after.len().min(context - before_length);
        let mut tokens = vec![self.specials.first.0];
        let push = |tokens: &mut Vec<u32>, part: &[TokenId]| tokens.extend(part.iter().map(|token| token.0));
        push(&mut tokens, &before[before.len() - before_length..]);
        let start = tokens.len();
        push(&mut tokens, kept);
        let rows = start..tokens.len();
        push(&mut tokens, &after[..after_length]);
        tokens.push(self.specials.separator.0);
        Query { tokens, rows }
    }

    /// Encodes all queries in order, in batches; `answer` gets the index of a batch's first query, the packed batch, and its
    /// hidden states `[tokens, hidden]`.
    pub(crate) fn for_each_batch(
        &self,
        task: &str,
        queries: &[Query],
        rows_max: usize,
        mut answer: impl FnMut(usize, &PackedBatch, Matrix<D>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.progress.begin(task, Some(queries.len() as u64), "sequences");
        let mut next = 0;
        while next < queries.len() {
            if self.progress.cancelled() {
                return Err(Error::Interrupted);
            }
            let end = next + self.batch_size(&queries[next..], rows_max);
            let sequences = self.pack(&queries[next..end])?;
            let hidden = self.model.hidden(&sequences)?;
            answer(next, &sequences, hidden)?;
            self.progress.advance((end - next) as u64);
            next = end;
        }
        self.progress.end();
        Ok(())
    }

    fn pack(&self, queries: &[Query]) -> Result<PackedBatch, Error> {
        let mut builder = PackedBatch::builder(self.model.config());
        for query in queries {
            builder.push(&query.tokens)?;
        }
        Ok(builder.build())
    }

    /// How many of the queries fit into a batch; at least one.
    fn batch_size(&self, queries: &[Query], rows_max: usize) -> usize {
        let (mut tokens, mut rows) = (0, 0);
        let fitting = queries.iter().take_while(|query| {
            tokens += query.tokens.len();
            rows += query.rows.len();
            tokens <= self.options.batch_tokens && rows <= rows_max
        });
        fitting.count().max(1)
    }
}

/// A span as messages show it.
pub(crate) fn display(span: TokenSpan) -> String {
    format!("tokens {} to {}", span.range().start, span.range().end)
}

/// The values of a matrix, row by row.
pub(crate) fn to_rows<D: Backend>(x: &Matrix<D>, width: usize, rows: usize) -> Vec<f32> {
    let mut values = vec![0.0; rows * width];
    D::copy_into(x, &mut values);
    values
}

impl<D: Backend> std::fmt::Debug for Probe<'_, D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Probe").field("options", &self.options).finish_non_exhaustive()
    }
}
