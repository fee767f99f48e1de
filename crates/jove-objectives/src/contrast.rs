//! Contrast of two sets of vectors.

use dfdx::prelude::{Axis, HasShape as _, Tape, TryAdd as _, TryConcatAlong as _};
use jove_model::ops::tape;
use jove_model::{Backend, Error as ModelError, LossSum, Matrix};

use crate::{Error, Temperature};

/// How sharply true pairs have to stand out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contrast {
    /// What cosines are divided by; above 0.
    pub temperature: f32,
    /// Subtracted from the cosine of a true pair before the division; 0 or more.
    pub margin: f32,
}

impl Default for Contrast {
    fn default() -> Self {
        Self { temperature: 0.05, margin: 0.0 }
    }
}

/// Added to the logit of what is no negative.
const BLOCKED: f32 = -1e9;

/// InfoNCE of queries [m, width] against keys [n, width] over cosines: the sum over queries i of
/// `−log(exp(s(i, p)) / Σ_j exp(s(i, j)))`, where `p = positives[i]`, `s = cosine / temperature`, less the margin for the
/// positive. A key j that is neither the positive nor `is_negative(i, j)` is left out: the filter of false negatives.
///
/// Representation Learning with Contrastive Predictive Coding, arXiv 1807.03748, equation 4; the additive margin is that
/// of Language-agnostic BERT Sentence Embedding, arXiv 2007.01852, equation 2. [`InfoNce`] offers more.
///
/// # Errors
/// Where there is no query or key, `positives` does not name a key for every query, or memory is short.
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

/// InfoNCE with keys that are remembered, and with a temperature that is learned; see [`info_nce`].
#[derive(Clone, Copy, Debug)]
pub struct InfoNce<'a, D: Backend> {
    /// Temperature and margin; a learned temperature takes the place of the former.
    pub contrast: Contrast,
    /// Keys of former batches, [k, width], rows of length 1: constants, no positives. To the filter they are the keys n to
    /// n + k − 1. Momentum Contrast (MoCo), arXiv 1911.05722, equation 1.
    pub queue: Option<&'a Matrix<D>>,
    /// The learned temperature, where there is one.
    pub temperature: Option<&'a Temperature<D>>,
}

impl<D: Backend> InfoNce<'_, D> {
    /// The loss of queries [m, width] against keys [n, width] and the queue, as [`info_nce`] defines it over all n + k keys.
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

    /// Cosines [m, n + k] by the temperature, less the margin of the positives; what is no negative is blocked.
    fn logits<T: Tape<f32, D>>(
        &self,
        cosines: Matrix<D, T>,
        positives: &[usize],
        is_negative: impl Fn(usize, usize) -> bool,
    ) -> Result<Matrix<D, T>, Error> {
        let shape = *cosines.shape();
        let (device, margin) = (cosines.device().clone(), self.contrast.margin);
        let bias = |own: f32| {
            let mut bias = vec![0.0; shape.0 * shape.1];
            for (query, (row, &positive)) in bias.chunks_exact_mut(shape.1).zip(positives).enumerate() {
                for (key, bias) in row.iter_mut().enumerate() {
                    if key != positive && !is_negative(query, key) {
                        *bias = BLOCKED;
                    }
                }
                row[positive] = own;
            }
            device.try_tensor_from_vec(bias, shape).map_err(device_failed)
        };
        match self.temperature {
            None => {
                let scaled = tape::scale(cosines, 1.0 / self.contrast.temperature)?;
                scaled.try_add(bias(-margin / self.contrast.temperature)?).map_err(device_failed)
            }
            // What is blocked stays blocked at any temperature that is allowed.
            Some(temperature) => temperature.divide(cosines.try_add(bias(-margin)?).map_err(device_failed)?),
        }
    }
}

/// InfoNCE in both directions over aligned rows: row i of `left` belongs to row i of `right`. The sum over rows of the mean
/// of the two directions. Rows for which `is_negative` is false are not held against each other; it is taken as symmetric.
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
    let forth = info_nce(left, right, &positives, &is_negative, contrast)?;
    let back = info_nce(right_again, left_again, &positives, &is_negative, contrast)?;
    Ok(LossSum { sum: tape::scale(tape::add(forth.sum, back.sum)?, 0.5)?, count: forth.count })
}

pub(crate) fn device_failed(error: impl std::fmt::Debug) -> Error {
    ModelError::Device(format!("{error:?}")).into()
}

pub(crate) fn check_length(what: &'static str, expected: usize, found: usize) -> Result<(), Error> {
    if expected == found { Ok(()) } else { Err(Error::Length { what, expected, found }) }
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::{AsArray as _, Backward as _, Cpu, TensorFromVec as _, Trace as _};
    use proptest::prelude::*;

    use super::*;

    const CONTRAST: Contrast = Contrast { temperature: 0.5, margin: 0.2 };

    fn matrix(rows: usize, values: &[f32]) -> Matrix<Cpu> {
        Cpu::default().tensor_from_vec(values.to_vec(), (rows, values.len() / rows))
    }

    /// The definition, in f64 and plain loops.
    fn naive(q: &[Vec<f64>], k: &[Vec<f64>], positives: &[usize], negative: impl Fn(usize, usize) -> bool) -> f64 {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let cosine = |a: &[f64], b: &[f64]| dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
        let mut loss = 0.0;
        for (i, &positive) in positives.iter().enumerate() {
            let own = (cosine(&q[i], &k[positive]) - 0.2) / 0.5;
            let others = (0..k.len()).filter(|&j| j != positive && negative(i, j));
            let total = own.exp() + others.map(|j| (cosine(&q[i], &k[j]) / 0.5).exp()).sum::<f64>();
            loss += total.ln() - own;
        }
        loss
    }

    fn rows(values: &[f32], rows: usize) -> Vec<Vec<f64>> {
        values.chunks(values.len() / rows).map(|row| row.iter().map(|&v| f64::from(v)).collect()).collect()
    }

    fn values(count: usize) -> impl Strategy<Value = Vec<f32>> {
        prop::collection::vec(prop_oneof![-2.0..-0.1f32, 0.1..2.0f32], count)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn equals_the_definition(q in values(12), k in values(9), positives in prop::collection::vec(0usize..3, 4)) {
            let negative = |i: usize, j: usize| (i + j).is_multiple_of(2);
            let loss = info_nce(matrix(4, &q), matrix(3, &k), &positives, negative, CONTRAST).unwrap();
            let expected = naive(&rows(&q, 4), &rows(&k, 3), &positives, negative);
            prop_assert_eq!(loss.count, 4);
            prop_assert!((f64::from(loss.sum.array()) - expected).abs() < 1e-4 * (1.0 + expected));
        }

        #[test]
        fn gradients_equal_finite_differences(q in values(9), k in values(9)) {
            let negative = |i: usize, j: usize| i + j != 2;
            let loss = |q: &[f32], k: &[f32]| {
                let (q, k) = (rows(q, 3), rows(k, 3));
                f64::midpoint(naive(&q, &k, &[0, 1, 2], negative), naive(&k, &q, &[0, 1, 2], negative))
            };
            let (left, right) = (matrix(3, &q), matrix(3, &k));
            let traced = symmetric_info_nce(left.leaky_trace(), right.retaped(), negative, CONTRAST).unwrap();
            let grads = traced.sum.backward();
            for (index, (found_q, found_k)) in
                grads.get(&left).as_vec().into_iter().zip(grads.get(&right).as_vec()).enumerate()
            {
                let shifted = |v: &[f32], by: f32| {
                    let mut v = v.to_vec();
                    v[index] += by;
                    v
                };
                let expected_q = (loss(&shifted(&q, 0.01), &k) - loss(&shifted(&q, -0.01), &k)) / 0.02;
                let expected_k = (loss(&q, &shifted(&k, 0.01)) - loss(&q, &shifted(&k, -0.01))) / 0.02;
                prop_assert!((f64::from(found_q) - expected_q).abs() < 0.02 * (1.0 + expected_q.abs()));
                prop_assert!((f64::from(found_k) - expected_k).abs() < 0.02 * (1.0 + expected_k.abs()));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// The loss depends on which keys there are, not on whether they come from the batch or from the queue; so do the
        /// gradients of queries and of keys in the batch.
        #[test]
        fn keys_in_the_queue_count_as_keys_in_the_batch(
            q in values(12), k in values(18), positives in prop::collection::vec(0usize..3, 4), blocked in 0usize..24,
        ) {
            let negative = |i: usize, j: usize| i * 6 + j != blocked;
            let (queries, whole, half) = (matrix(4, &q), matrix(6, &k), matrix(3, &k[..9]));
            let queue = Cpu::l2_normalize(matrix(3, &k[9..])).unwrap();
            let form = |queue| InfoNce { contrast: CONTRAST, queue, temperature: None };
            let in_batch =
                form(None).loss(queries.leaky_trace(), whole.retaped(), &positives, negative).unwrap();
            let queued =
                form(Some(&queue)).loss(queries.leaky_trace(), half.retaped(), &positives, negative).unwrap();
            prop_assert!((in_batch.sum.array() - queued.sum.array()).abs() < 1e-5 * (1.0 + in_batch.sum.array()));
            let (in_batch, queued) = (in_batch.sum.backward(), queued.sum.backward());
            let close = |a: Vec<f32>, b: Vec<f32>| a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-5);
            prop_assert!(close(in_batch.get(&queries).as_vec(), queued.get(&queries).as_vec()));
            prop_assert!(close(in_batch.get(&whole).as_vec()[..9].to_vec(), queued.get(&half).as_vec()));
        }
    }

    #[test]
    fn a_queue_of_another_width_is_refused() {
        let (two, narrow) = (matrix(2, &[1.0; 4]), matrix(2, &[1.0; 2]));
        let form = InfoNce { contrast: CONTRAST, queue: Some(&narrow), temperature: None };
        let error = form.loss(two.clone(), two, &[0, 1], |_, _| true).unwrap_err();
        assert_eq!(error.to_string(), "width of the queue: expected 2, found 1");
    }

    #[test]
    fn a_false_negative_has_no_part_in_the_loss() {
        let loss = |third: f32| {
            let keys = matrix(3, &[1.0, 0.0, 0.0, 1.0, third, 1.0]);
            info_nce(matrix(1, &[1.0, 0.1]), keys, &[0], |_, key| key != 2, CONTRAST).unwrap().sum.array()
        };
        assert_eq!(loss(0.3).to_bits(), loss(-5.0).to_bits());
    }

    #[test]
    fn misfits_are_refused() {
        let (two, three) = (matrix(2, &[1.0; 4]), matrix(3, &[1.0; 6]));
        let refuse = |positives: &[usize]| {
            info_nce(two.clone(), three.clone(), positives, |_, _| true, CONTRAST).unwrap_err().to_string()
        };
        assert_eq!(refuse(&[0]), "positives: expected 2, found 1");
        assert_eq!(refuse(&[0, 3]), "positive: expected rows below 3, found 3");
        assert!(symmetric_info_nce(two.clone(), three.clone(), |_, _| true, CONTRAST).is_err());
        assert!(info_nce(two, matrix(1, &[1.0; 3]), &[0, 0], |_, _| true, CONTRAST).is_err());
    }
}
