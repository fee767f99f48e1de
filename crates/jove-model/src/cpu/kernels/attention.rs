//! Attention within packed sequences, a block of queries of one head at a time.

use rayon::prelude::*;

use super::matmul::pieces;
use super::vectorized::vectorized;
use super::{math, pool};
use crate::dropout::{DropMask, RowMask};
use crate::ops::attention::AttentionArgs;
use crate::view::{Part, View, multiply};

/// Queries whose scores are held at once: `[QUERIES, length]` is the largest tile.
const QUERIES: usize = 128;

/// Queries, `[queries, width]`, and keys and values, `[tokens, width]` each, heads side by side.
#[derive(Clone, Copy)]
pub(crate) struct Inputs<'a> {
    pub(crate) query: &'a [f32],
    pub(crate) key: &'a [f32],
    pub(crate) value: &'a [f32],
    pub(crate) width: usize,
    /// Which tokens the queries are; all of them if `None`.
    pub(crate) rows: Option<QueryRows<'a>>,
}

/// Some of the tokens, ascending.
#[derive(Clone, Copy)]
pub(crate) struct QueryRows<'a> {
    /// Their packed rows.
    pub(crate) rows: &'a [u32],
    /// Where those of each sequence begin in `rows`, and the end.
    pub(crate) cu_seqlens: &'a [usize],
}

/// One head of one sequence.
struct Unit<'a> {
    query: View<'a>,
    key: View<'a>,
    value: View<'a>,
    scale: f32,
    mask: Option<DropMask>,
    /// The mask's row of the head's first token.
    mask_row: usize,
    /// Where the sequence begins.
    first: usize,
    /// The packed rows of the queries, if they are not the sequence's.
    rows: Option<&'a [u32]>,
}

impl<'a> Inputs<'a> {
    fn tokens(&self) -> usize {
        self.key.len() / self.width
    }

    fn queries(&self) -> usize {
        self.query.len() / self.width
    }

    /// Where the queries of each sequence begin.
    fn query_cu_seqlens<'b>(&self, args: &AttentionArgs<'b>) -> &'b [usize]
    where
        'a: 'b,
    {
        self.rows.map_or(args.cu_seqlens, |queries| queries.cu_seqlens)
    }

    /// A head of a sequence in a `[tokens, width]` matrix, or in one of `[queries, width]` for the queries alone.
    fn block(&self, data: &'a [f32], cu_seqlens: &[usize], heads: usize, unit: usize) -> View<'a> {
        let (sequence, head) = (unit / heads, unit % heads);
        let size = self.width / heads;
        let rows = cu_seqlens[sequence]..cu_seqlens[sequence + 1];
        View::new(data, data.len() / self.width, self.width).block(rows, head * size..(head + 1) * size)
    }

    fn unit(&self, args: &AttentionArgs<'_>, unit: usize) -> Unit<'a> {
        let (sequence, head) = (unit / args.heads, unit % args.heads);
        Unit {
            query: self.block(self.query, self.query_cu_seqlens(args), args.heads, unit),
            key: self.block(self.key, args.cu_seqlens, args.heads, unit),
            value: self.block(self.value, args.cu_seqlens, args.heads, unit),
            scale: 1.0 / ((self.width / args.heads) as f32).sqrt(),
            mask: args.mask,
            mask_row: head * self.tokens(),
            first: args.cu_seqlens[sequence],
            rows: self.rows.map(|all| &all.rows[all.cu_seqlens[sequence]..all.cu_seqlens[sequence + 1]]),
        }
    }
}

/// Cuts a matrix of `width` columns into sequences and heads, sequence by sequence.
fn split<'a>(data: &'a mut [f32], width: usize, cu_seqlens: &[usize], heads: usize) -> Vec<Part<'a>> {
    let size = width / heads;
    let columns: Vec<usize> = (0..=heads).map(|head| head * size).collect();
    Part::new(data, data.len() / width, width).split(cu_seqlens, &columns)
}

/// Writes the mixed values to `out`, `[queries, width]`, and the logarithm of each softmax's denominator to
/// `log_sums`, `[queries, heads]`.
pub(crate) fn forward(inputs: &Inputs<'_>, args: &AttentionArgs<'_>, out: &mut [f32], log_sums: &mut [f32]) {
    let cu_seqlens = inputs.query_cu_seqlens(args);
    let out = split(out, inputs.width, cu_seqlens, args.heads);
    let log_sums = split(log_sums, args.heads, cu_seqlens, args.heads);
    out.into_par_iter().zip(log_sums).enumerate().for_each(|(n, (out, log_sums))| {
        inputs.unit(args, n).forward(out, log_sums);
    });
}

/// Where the gradients of queries, keys and values are written, of the same shapes.
pub(crate) struct Outputs<'a> {
    pub(crate) query: &'a mut [f32],
    pub(crate) key: &'a mut [f32],
    pub(crate) value: &'a mut [f32],
}

/// The gradients of the inputs for the gradient `grad_out` of `out`; scores are computed again.
pub(crate) fn backward(
    inputs: &Inputs<'_>,
    args: &AttentionArgs<'_>,
    (out, grad_out): (&[f32], &[f32]),
    log_sums: &[f32],
    outputs: Outputs<'_>,
) {
    let width = inputs.width;
    let Outputs { query, key, value } = outputs;
    let cu_seqlens = inputs.query_cu_seqlens(args);
    let query = split(query, width, cu_seqlens, args.heads);
    let [key, value] = [key, value].map(|grad| split(grad, width, args.cu_seqlens, args.heads));
    let log_sums = View::new(log_sums, inputs.queries(), args.heads);
    query.into_par_iter().zip(key).zip(value).enumerate().for_each(|(n, ((query, key), value))| {
        let (sequence, head) = (n / args.heads, n % args.heads);
        let known = Known {
            out: inputs.block(out, cu_seqlens, args.heads, n),
            grad_out: inputs.block(grad_out, cu_seqlens, args.heads, n),
            log_sums: log_sums.block(cu_seqlens[sequence]..cu_seqlens[sequence + 1], head..head + 1),
        };
        inputs.unit(args, n).backward(&known, query, key, value);
    });
}

/// What the backward pass of a unit starts from.
struct Known<'a> {
    out: View<'a>,
    grad_out: View<'a>,
    log_sums: View<'a>,
}

impl Unit<'_> {
    /// The mask of a query.
    #[inline(always)]
    fn mask_of(&self, mask: &DropMask, query: usize) -> RowMask {
        let token = self.rows.map_or(self.first + query, |rows| rows[query] as usize);
        mask.row((self.mask_row + token) as u32)
    }

    fn forward(&self, out: Part<'_>, mut log_sums: Part<'_>) {
        let (length, size) = (self.key.rows(), self.key.columns());
        let steps = pieces(self.query.rows(), QUERIES);
        let mut tile = pool::take(QUERIES.min(self.query.rows()) * length);
        for (mut out, q) in out.split(&steps, &[0, size]).into_iter().zip(steps.windows(2)) {
            let queries = q[1] - q[0];
            let tile = &mut tile[..queries * length];
            let query = self.query.block(q[0]..q[1], 0..size);
            multiply(&mut Part::new(tile, queries, length), query, self.key.transposed(), self.scale, false);
            for (i, row) in tile.chunks_exact_mut(length).enumerate() {
                log_sums.row_mut(q[0] + i)[0] = self.softmax(row, q[0] + i);
            }
            multiply(&mut out, View::new(tile, queries, length), self.value, 1.0, false);
        }
    }

    /// Turns scores into probabilities, some of them dropped; returns the logarithm of the denominator.
    fn softmax(&self, row: &mut [f32], query: usize) -> f32 {
        vectorized(
            #[inline(always)]
            || {
                let largest = math::max(row);
                for x in row.iter_mut() {
                    *x = math::exp(*x - largest);
                }
                let sum = math::sum(row);
                let inverse = 1.0 / sum;
                match &self.mask {
                    None => row.iter_mut().for_each(|x| *x *= inverse),
                    Some(mask) => {
                        let mask = self.mask_of(mask, query);
                        row.iter_mut().enumerate().for_each(|(key, x)| *x *= inverse * mask.factor(key as u32));
                    }
                }
                largest + sum.ln()
            },
        )
    }

    fn backward(&self, known: &Known<'_>, grad_query: Part<'_>, mut grad_key: Part<'_>, mut grad_value: Part<'_>) {
        let (length, size) = (self.key.rows(), self.key.columns());
        let steps = pieces(self.query.rows(), QUERIES);
        let tile = QUERIES.min(self.query.rows()) * length;
        let mut tiles = pool::take(2 * tile);
        let (shares, slopes) = tiles.split_at_mut(tile);
        for (mut grad_query, q) in grad_query.split(&steps, &[0, size]).into_iter().zip(steps.windows(2)) {
            let queries = q[1] - q[0];
            let (shares, slopes) = (&mut shares[..queries * length], &mut slopes[..queries * length]);
            let query = self.query.block(q[0]..q[1], 0..size);
            let grad_out = known.grad_out.block(q[0]..q[1], 0..size);
            multiply(&mut Part::new(shares, queries, length), query, self.key.transposed(), self.scale, false);
            multiply(&mut Part::new(slopes, queries, length), grad_out, self.value.transposed(), 1.0, false);
            for (i, (shares, slopes)) in
                shares.chunks_exact_mut(length).zip(slopes.chunks_exact_mut(length)).enumerate()
            {
                self.slopes(known, q[0] + i, shares, slopes);
            }
            let (shares, slopes) = (View::new(shares, queries, length), View::new(slopes, queries, length));
            let add = q[0] > 0;
            multiply(&mut grad_value, shares.transposed(), grad_out, 1.0, add);
            multiply(&mut grad_query, slopes, self.key, self.scale, false);
            multiply(&mut grad_key, slopes.transposed(), query, self.scale, add);
        }
    }

    /// Turns a row of scores into probabilities after dropout, and the gradients of those into those of the scores.
    fn slopes(&self, known: &Known<'_>, query: usize, shares: &mut [f32], slopes: &mut [f32]) {
        vectorized(
            #[inline(always)]
            || {
                let mean = math::dot(known.out.row(query), known.grad_out.row(query));
                let log_sum = known.log_sums.row(query)[0];
                match &self.mask {
                    None => {
                        for (share, slope) in shares.iter_mut().zip(slopes) {
                            *share = math::exp(*share - log_sum);
                            *slope = *share * (*slope - mean);
                        }
                    }
                    Some(mask) => {
                        let mask = self.mask_of(mask, query);
                        for (key, (share, slope)) in shares.iter_mut().zip(slopes).enumerate() {
                            let (factor, whole) = (mask.factor(key as u32), math::exp(*share - log_sum));
                            *share = whole * factor;
                            *slope = whole * (*slope * factor - mean);
                        }
                    }
                }
            },
        );
    }
}
