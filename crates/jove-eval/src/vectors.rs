//! One vector for each text, and nearest neighbours.

use jove_model::{Backend, Matrix};
use rayon::prelude::*;

use crate::answer::Answer;
use crate::error::Error;
use crate::probe::{Probe, Query, to_rows};

/// Vectors of equal width.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Vectors {
    width: usize,
    values: Vec<f32>,
}

impl<D: Backend> Probe<'_, D> {
    /// The mean over the rows of each query, projected to `width` columns by `project`.
    pub(crate) fn vectors(
        &self,
        task: &str,
        queries: &[Query],
        width: usize,
        project: impl Fn(Matrix<D>) -> Result<Matrix<D>, Error>,
    ) -> Result<Vectors, Error> {
        let mut values = Vec::with_capacity(queries.len() * width);
        self.for_each_batch(task, queries, usize::MAX, |first, sequences, hidden| {
            let bounds = &sequences.cu_seqlens()[..sequences.len()];
            let spans: Vec<(u32, u32)> = bounds
                .iter()
                .zip(&queries[first..])
                .map(|(start, query)| ((start + query.rows.start) as u32, (start + query.rows.end) as u32))
                .collect();
            values.extend(to_rows(&project(D::span_mean(hidden, &spans)?)?, width, spans.len()));
            Ok(())
        })?;
        Ok(Vectors { width, values })
    }
}

impl Vectors {
    /// Subtracts the mean. Vectors of a plain language model share one strong direction that is independent of the text;
    /// without this step cosines would hardly differ.
    pub(crate) fn centred(mut self) -> Self {
        let count = self.values.len() / self.width.max(1);
        let mut mean = vec![0.0f64; self.width];
        for row in self.values.chunks_exact(self.width) {
            mean.iter_mut().zip(row).for_each(|(mean, &value)| *mean += f64::from(value) / count as f64);
        }
        for row in self.values.chunks_exact_mut(self.width) {
            row.iter_mut().zip(&mean).for_each(|(value, &mean)| *value -= mean as f32);
        }
        self
    }

    /// Scales every vector to length 1; a vector of zeros stays.
    pub(crate) fn unit(mut self) -> Self {
        for row in self.values.chunks_exact_mut(self.width) {
            let length = row.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt();
            if length > 0.0 {
                for value in row {
                    *value = (f64::from(*value) / length) as f32;
                }
            }
        }
        self
    }

    /// The vectors, row by row.
    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }

    fn row(&self, index: usize) -> &[f32] {
        &self.values[index * self.width..][..self.width]
    }

    /// The answer to each query. Keys are grouped: `groups[key]` is the group of a key, `answers[query]` the correct group of a
    /// query; the score of a group is the largest dot product of its keys that `compares(query, key)`, and a group without
    /// such a key is no candidate. Candidates of an answer are groups.
    pub(crate) fn answers(
        &self,
        keys: &Self,
        groups: &[usize],
        answers: &[usize],
        compares: impl Fn(usize, usize) -> bool + Sync,
    ) -> Vec<Answer> {
        let count = groups.iter().max().map_or(0, |&last| last + 1);
        let answer = |(query, &answer): (usize, &usize)| {
            let mut scores = vec![None::<f32>; count];
            for (key, &group) in groups.iter().enumerate().filter(|&(key, _)| compares(query, key)) {
                let score = dot(self.row(query), keys.row(key));
                scores[group] = Some(scores[group].map_or(score, |best| best.max(score)));
            }
            let compared: Vec<usize> = (0..count).filter(|&group| scores[group].is_some() || group == answer).collect();
            let score = |&group: &usize| scores[group].unwrap_or(f32::NEG_INFINITY);
            let place = compared.binary_search(&answer).unwrap_or_default();
            let mut found = Answer::of(place, &compared.iter().map(score).collect::<Vec<_>>());
            for (index, _) in &mut found.top {
                *index = compared[*index];
            }
            found
        };
        answers.par_iter().enumerate().map(answer).collect()
    }
}

/// The dot product, in eight sums that a processor adds side by side.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 8];
    let (parts, others) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = parts.remainder().iter().zip(others.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in parts.zip(others) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vectors(width: usize, values: &[f32]) -> Vectors {
        Vectors { width, values: values.to_vec() }
    }

    #[test]
    fn the_nearest_key_comes_first() {
        let queries = vectors(2, &[1.0, 0.0, 0.0, 2.0]).unit();
        let keys = vectors(2, &[0.0, 5.0, 3.0, 1.0, -1.0, 0.0]).unit();
        let ranks = |groups: &[usize], answers: &[usize], compares: fn(usize, usize) -> bool| {
            let found = queries.answers(&keys, groups, answers, compares);
            found.iter().map(|answer| (answer.rank.rank, answer.rank.candidates, answer.top[0].0)).collect::<Vec<_>>()
        };
        assert_eq!(ranks(&[0, 1, 2], &[1, 1], |_, _| true), [(1.0, 3, 1), (2.0, 3, 0)]);
        assert_eq!(ranks(&[0, 1, 0], &[0, 0], |_, _| true), [(2.0, 2, 1), (1.0, 2, 0)]);
        assert_eq!(ranks(&[0, 1, 2], &[2, 2], |_, key| key != 1), [(2.0, 2, 0), (2.0, 2, 0)]);
    }

    #[test]
    fn dot_products_of_any_length_are_sums_of_products() {
        for length in [0usize, 1, 7, 8, 9, 31] {
            let (a, b): (Vec<f32>, Vec<f32>) = (0..length).map(|n| (n as f32, (n % 3) as f32)).unzip();
            let expected: f32 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
            assert!((dot(&a, &b) - expected).abs() < 1e-4, "{length}");
        }
    }

    #[test]
    fn centring_takes_off_what_all_share() {
        let centred = vectors(2, &[11.0, 5.0, 9.0, 5.0]).centred();
        assert_eq!(centred.values, [1.0, 0.0, -1.0, 0.0]);
        assert_eq!(vectors(2, &[0.0, 0.0]).unit().values, [0.0, 0.0]);
        assert_eq!(vectors(2, &[]).centred().unit().values, Vec::<f32>::new());
    }
}
