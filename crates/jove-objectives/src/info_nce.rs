//! InfoNCE: the contrast of queries with keys.

use dfdx::prelude::{Axis, HasShape as _, Tape, TryAdd as _, TryConcatAlong as _};
use jove_model::ops::tape;
use jove_model::{Backend, LossSum, Matrix};

use crate::error::{Error, check_length, device_failed};
use crate::temperature::Temperature;

/// Temperature and margin of a contrastive loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contrast {
    /// Softmax temperature τ, by which cosines are divided; above 0. Default 0.05.
    pub temperature: f32,
    /// Additive margin m, subtracted from the cosine of a positive pair before the division; 0 or more. Default 0.
    pub margin: f32,
}

impl Default for Contrast {
    fn default() -> Self {
        Self { temperature: 0.05, margin: 0.0 }
    }
}

/// Added to the logit of a key that is neither the positive nor a negative.
const BLOCKED: f32 = -1e9;

/// InfoNCE over cosines: the sum over queries `i` of
///
/// ```text
/// −ln( exp(s(i, p)) / (exp(s(i, p)) + Σ_{j ∈ N(i)} exp(s(i, j))) )
/// s(i, p) = (cos(queries[i], keys[p]) − margin) / temperature     with p = positives[i]
/// s(i, j) = cos(queries[i], keys[j]) / temperature                for j ≠ p
/// ```
///
/// where the negatives `N(i)` are the keys `j ≠ p` with `is_negative(i, j)`. A key that is neither the positive nor a negative
/// has no part in the loss: this is the filter of false negatives.
///
/// Representation Learning with Contrastive Predictive Coding, arXiv 1807.03748, equation 4; the additive margin is that
/// of Language-agnostic BERT Sentence Embedding, arXiv 2007.01852, equation 2. [`InfoNce`] adds a queue of keys and a learned
/// temperature.
///
/// # Shapes
/// `queries` `[m, width]`, `keys` `[n, width]`, both of any row length above 0; `positives` one key for each query. The sum is a
/// scalar in nats, its count is m.
///
/// # Errors
/// Where there is no query or no key, `positives` does not name a key for every query, the widths differ, or the device
/// fails.
pub fn info_nce<D: Backend, T: Tape<f32, D>>(
    queries: Matrix<D, T>,
    keys: Matrix<D, T>,
    positives: &[usize],
    is_negative: impl Fn(usize, usize) -> bool,
    contrast: Contrast,
) -> Result<LossSum<D, T>, Error> {
    let form = InfoNce { contrast, queue: None, temperature: None };
    form.loss(queries, keys, positives, is_negative)
}

/// InfoNCE with a queue of further keys and with a learned temperature; [`info_nce`] is the plain form.
#[derive(Clone, Copy, Debug)]
pub struct InfoNce<'a, D: Backend> {
    /// Temperature and margin; a learned temperature replaces the former.
    pub contrast: Contrast,
    /// Keys of earlier batches, `[k, width]`, rows of length 1. They are constants and never positives; `is_negative` sees
    /// them as the keys n to n + k − 1. Momentum Contrast (MoCo), arXiv 1911.05722, equation 1.
    pub queue: Option<&'a Matrix<D>>,
    /// The learned temperature, if any.
    pub temperature: Option<&'a Temperature<D>>,
}

impl<D: Backend> InfoNce<'_, D> {
    /// The loss of [`info_nce`] over the keys of the batch and those of the queue.
    ///
    /// # Shapes
    /// `queries` `[m, width]`, `keys` `[n, width]`, the queue `[k, width]`; the cosines are `[m, n + k]`.
    ///
    /// # Errors
    /// As [`info_nce`]; also where the queue has another width.
    pub fn loss<T: Tape<f32, D>>(
        &self,
        queries: Matrix<D, T>,
        keys: Matrix<D, T>,
        positives: &[usize],
        is_negative: impl Fn(usize, usize) -> bool,
    ) -> Result<LossSum<D, T>, Error> {
        let ((queries_m, width), (keys_n, key_width)) = (*queries.shape(), *keys.shape());
        check_length("width of the keys", width, key_width)?;
        check_length("positives", queries_m, positives.len())?;
        if queries_m == 0 || keys_n == 0 {
            return Err(Error::Empty("contrast"));
        }
        if let Some(&found) = positives.iter().find(|&&positive| positive >= keys_n) {
            return Err(Error::Row { what: "positive", rows: keys_n, found });
        }
        let (queries, mut keys) = (D::l2_normalize(queries)?, D::l2_normalize(keys)?);
        if let Some(queue) = self.queue {
            check_length("width of the queue", width, queue.shape().1)?;
            keys = (keys, queue.clone()).try_concat_along(Axis::<0>).map_err(device_failed)?;
        }
        let cosines = D::similarity(queries, keys)?;
        let logits = self.logits(cosines, positives, is_negative)?;
        let targets: Vec<u32> = positives.iter().map(|&positive| positive as u32).collect();
        Ok(LossSum { sum: D::cross_entropy(logits, &targets)?, count: queries_m })
    }

    /// Logits `[m, n + k]`: the cosines divided by the temperature, the margin subtracted at the positives, a large negative
    /// bias at the keys that the filter leaves out.
    fn logits<T: Tape<f32, D>>(
        &self,
        cosines: Matrix<D, T>,
        positives: &[usize],
        is_negative: impl Fn(usize, usize) -> bool,
    ) -> Result<Matrix<D, T>, Error> {
        let shape = *cosines.shape();
        let (device, margin) = (cosines.device().clone(), self.contrast.margin);
        let bias = |positive_bias: f32| {
            let mut bias = vec![0.0; shape.0 * shape.1];
            for (query, (row, &positive)) in bias.chunks_exact_mut(shape.1).zip(positives).enumerate() {
                for (key, bias) in row.iter_mut().enumerate() {
                    if key != positive && !is_negative(query, key) {
                        *bias = BLOCKED;
                    }
                }
                row[positive] = positive_bias;
            }
            device.try_tensor_from_vec(bias, shape).map_err(device_failed)
        };
        match self.temperature {
            None => {
                let scaled = tape::scale(cosines, 1.0 / self.contrast.temperature)?;
                scaled.try_add(bias(-margin / self.contrast.temperature)?).map_err(device_failed)
            }
            // The temperature is at most 1, so the bias stays out of reach of every cosine.
            Some(temperature) => temperature.divide(cosines.try_add(bias(-margin)?).map_err(device_failed)?),
        }
    }
}

/// InfoNCE in both directions over aligned rows, `(L(left → right) + L(right → left)) / 2`, where row i of `left` is the
/// positive of row i of `right` and L is [`info_nce`]. `is_negative` has to be symmetric.
///
/// # Shapes
/// `left` and `right` `[m, width]`. The sum is a scalar in nats, its count is m.
///
/// # Errors
/// As [`info_nce`]; also where the two differ in their number of rows.
pub fn symmetric_info_nce<D: Backend, T: Tape<f32, D>>(
    left: Matrix<D, T>,
    right: Matrix<D, T>,
    is_negative: impl Fn(usize, usize) -> bool,
    contrast: Contrast,
) -> Result<LossSum<D, T>, Error> {
    check_length("rows of the right side", left.shape().0, right.shape().0)?;
    let positives: Vec<usize> = (0..left.shape().0).collect();
    let ((left, left_again), (right, right_again)) = (tape::fork(left), tape::fork(right));
    let forward = info_nce(left, right, &positives, &is_negative, contrast)?;
    let backward = info_nce(right_again, left_again, &positives, &is_negative, contrast)?;
    Ok(LossSum { sum: tape::scale(tape::add(forward.sum, backward.sum)?, 0.5)?, count: forward.count })
}
