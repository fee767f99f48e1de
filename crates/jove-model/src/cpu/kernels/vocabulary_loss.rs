//! Softmax cross entropy over a vocabulary, a slice of it at a time.

use rayon::prelude::*;

use super::pool::Buffer;
use super::vectorized::vectorized;
use super::{columns, math, matmul, pool};
use crate::view::{Part, View, multiply};

/// Logits that are held at once by one thread.
const LOGITS: usize = 1 << 18;
/// Exponentials that are kept for the backward pass, 256 MiB; where there are more, they are computed again.
pub(crate) const KEPT: usize = 1 << 26;
/// Partial gradients of the rows, each over a contiguous share of the vocabulary; fixes the order of sums.
const SHARES: usize = 16;

/// A linear layer onto the vocabulary and its targets. `n` rows, `h` columns, `v` pieces.
#[derive(Clone, Copy)]
pub(crate) struct Problem<'a> {
    /// `[n, h]`.
    pub(crate) x: &'a [f32],
    /// `[v, h]`.
    pub(crate) weight: &'a [f32],
    /// `[v]`.
    pub(crate) bias: &'a [f32],
    /// `[n]`.
    pub(crate) targets: &'a [u32],
}

/// What the forward pass leaves for the backward pass.
pub(crate) struct Denominators {
    /// The logarithm of each row's denominator.
    log_sums: Vec<f32>,
    /// Of each slice and row: the largest logit, the sum of exponentials above it, and the target's logit.
    partial: Buffer,
    /// Exponentials of the logits less the largest of their row and slice, `[n, slice]` for each slice in turn.
    kept: Option<Buffer>,
}

/// Where gradients are added; those of the weight and bias of pieces, and of the rows.
pub(crate) struct Gradients<'a> {
    pub(crate) x: &'a mut [f32],
    pub(crate) weight: &'a mut [f32],
    pub(crate) bias: &'a mut [f32],
}

/// Consecutive slices of the vocabulary whose gradients one thread computes.
struct Share<'a> {
    /// Where the slices begin, and the end of the last one.
    slices: &'a [usize],
    /// [`Denominators::partial`] from the first slice on.
    known: &'a [f32],
    /// Their exponentials, if they were kept.
    kept: Option<&'a mut [f32]>,
    weight: Part<'a>,
    bias: Part<'a>,
    /// `[n, h]`, to be written.
    grad_x: &'a mut [f32],
}

impl Problem<'_> {
    fn sizes(&self) -> (usize, usize, usize) {
        let (n, v) = (self.targets.len(), self.bias.len());
        (n, self.x.len() / n, v)
    }

    /// Where slices of the vocabulary begin.
    fn slices(&self) -> Vec<usize> {
        let (n, _, v) = self.sizes();
        matmul::pieces(v, (LOGITS / n).clamp(256, 2048))
    }

    /// `[n, slice]` logits of the pieces from `start` to `end`.
    fn logits(&self, start: usize, end: usize, logits: &mut [f32]) {
        let (n, h, v) = self.sizes();
        let weight = View::new(self.weight, v, h).block(start..end, 0..h);
        multiply(&mut Part::new(logits, n, end - start), View::new(self.x, n, h), weight.transposed(), 1.0, false);
        vectorized(
            #[inline(always)]
            || {
                for row in logits.chunks_exact_mut(end - start) {
                    columns::add(row, &self.bias[start..end]);
                }
            },
        );
    }

    /// The sum of the losses, and what [`Self::backward`] needs; exponentials are kept only where `keep`.
    pub(crate) fn loss(&self, keep: bool) -> (f64, Denominators) {
        let (n, _, v) = self.sizes();
        let slices = self.slices();
        let mut partial = pool::take((slices.len() - 1) * n * 3);
        let mut kept = (keep && n * v <= KEPT).then(|| pool::take(n * v));
        let places: Vec<Option<&mut [f32]>> = match &mut kept {
            Some(kept) => cut(kept, n, &slices).into_iter().map(Some).collect(),
            None => slices.windows(2).map(|_| None).collect(),
        };
        partial.par_chunks_mut(n * 3).zip(slices.par_windows(2)).zip(places).for_each(|((partial, slice), place)| {
            let (start, end) = (slice[0], slice[1]);
            match place {
                Some(place) => self.exponentials(start, end, partial, place),
                None => self.exponentials(start, end, partial, &mut pool::take(n * (end - start))),
            }
        });
        let (loss, log_sums) = self.join(&partial);
        (loss, Denominators { log_sums, partial, kept })
    }

    /// The exponentials of a slice and what is known of its rows.
    fn exponentials(&self, start: usize, end: usize, partial: &mut [f32], logits: &mut [f32]) {
        self.logits(start, end, logits);
        let rows = logits.chunks_exact_mut(end - start).zip(self.targets).zip(partial.chunks_exact_mut(3));
        for ((row, &target), out) in rows {
            let target = (target as usize).checked_sub(start).and_then(|t| row.get(t)).copied();
            let (largest, sum) = vectorized(
                #[inline(always)]
                || {
                    let largest = math::max(row);
                    for x in row.iter_mut() {
                        *x = math::exp(*x - largest);
                    }
                    (largest, math::sum(row))
                },
            );
            out.copy_from_slice(&[largest, sum, target.unwrap_or(0.0)]);
        }
    }

    fn join(&self, partial: &[f32]) -> (f64, Vec<f32>) {
        let n = self.targets.len();
        let mut loss = 0.0;
        let mut log_sums = Vec::with_capacity(n);
        for row in 0..n {
            let slices = || partial.chunks_exact(n * 3).map(|slice| &slice[row * 3..][..3]);
            let largest = slices().map(|s| s[0]).fold(f32::NEG_INFINITY, f32::max);
            let sum: f64 = slices().map(|s| f64::from(s[0] - largest).exp() * f64::from(s[1])).sum();
            let target: f64 = slices().map(|s| f64::from(s[2])).sum();
            let log_sum = f64::from(largest) + sum.ln();
            loss += log_sum - target;
            log_sums.push(log_sum as f32);
        }
        (loss, log_sums)
    }

    /// Adds the gradients of `scale` times the loss.
    pub(crate) fn backward(&self, scale: f32, denominators: Denominators, gradients: Gradients<'_>) {
        let (n, h, v) = self.sizes();
        let Gradients { x, weight, bias } = gradients;
        let slices = self.slices();
        let groups = matmul::groups(slices.len() - 1, SHARES);
        let starts: Vec<usize> = groups.iter().map(|&g| slices[g]).collect();
        let weights = Part::new(weight, v, h).split(&starts, &[0, h]);
        let biases = Part::new(bias, v, 1).split(&starts, &[0, 1]);
        let mut partial = pool::take((groups.len() - 1) * n * h);
        let Denominators { log_sums, partial: known, mut kept } = denominators;
        let kept: Vec<Option<&mut [f32]>> = match &mut kept {
            Some(kept) => cut(kept, n, &starts).into_iter().map(Some).collect(),
            None => starts.windows(2).map(|_| None).collect(),
        };
        let outputs = weights.into_par_iter().zip(biases).zip(partial.par_chunks_mut(n * h));
        outputs.zip(groups.par_windows(2)).zip(kept).for_each(|((((weight, bias), grad_x), group), kept)| {
            let slices = &slices[group[0]..=group[1]];
            let known = &known[group[0] * n * 3..];
            self.backward_share(scale, &log_sums, Share { slices, known, kept, weight, bias, grad_x });
        });
        columns::add_rows(x, &partial);
    }

    /// Adds the gradients of a share of the vocabulary, and writes what it contributes to that of the rows.
    fn backward_share(&self, scale: f32, log_sums: &[f32], share: Share<'_>) {
        let (n, h, v) = self.sizes();
        let Share { slices, known, mut kept, weight, mut bias, grad_x } = share;
        let local: Vec<usize> = slices.iter().map(|s| s - slices[0]).collect();
        let weights = weight.split(&local, &[0, h]);
        let each = weights.into_iter().zip(slices.windows(2)).zip(known.chunks_exact(n * 3)).enumerate();
        for (number, ((mut weight, slice), known)) in each {
            let (start, end) = (slice[0], slice[1]);
            let mut own;
            let slopes = if let Some(rest) = kept.take() {
                let (slopes, rest) = rest.split_at_mut(n * (end - start));
                kept = Some(rest);
                slopes
            } else {
                own = pool::take(n * (end - start));
                self.exponentials(start, end, &mut pool::take(n * 3), &mut own);
                &mut own
            };
            self.slopes(start, scale, log_sums, known, slopes);
            let view = View::new(slopes, n, end - start);
            multiply(&mut weight, view.transposed(), View::new(self.x, n, h), 1.0, true);
            let pieces = View::new(self.weight, v, h).block(start..end, 0..h);
            multiply(&mut Part::new(grad_x, n, h), view, pieces, 1.0, number > 0);
            let mut sums = vec![0.0; end - start];
            columns::add_rows(&mut sums, slopes);
            for (i, sum) in sums.into_iter().enumerate() {
                bias.row_mut(local[number] + i)[0] += sum;
            }
        }
    }

    /// Turns the exponentials of a slice into `scale * (softmax - target)`.
    fn slopes(&self, start: usize, scale: f32, log_sums: &[f32], known: &[f32], slopes: &mut [f32]) {
        let (width, known) = (slopes.len() / self.targets.len(), known.chunks_exact(3));
        for (((row, log_sum), known), &target) in
            slopes.chunks_exact_mut(width).zip(log_sums).zip(known).zip(self.targets)
        {
            let factor = scale * (known[0] - log_sum).exp();
            vectorized(
                #[inline(always)]
                || row.iter_mut().for_each(|x| *x *= factor),
            );
            if let Some(x) = (target as usize).checked_sub(start).and_then(|t| row.get_mut(t)) {
                *x -= scale;
            }
        }
    }
}

/// Cuts `n` rows of everything into the given slices.
fn cut<'a>(mut data: &'a mut [f32], n: usize, starts: &[usize]) -> Vec<&'a mut [f32]> {
    let mut parts = Vec::with_capacity(starts.len() - 1);
    for slice in starts.windows(2) {
        let (part, rest) = data.split_at_mut(n * (slice[1] - slice[0]));
        parts.push(part);
        data = rest;
    }
    parts
}
