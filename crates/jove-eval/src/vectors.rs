//! One vector for each text, and nearest neighbours.

use jove_model::{Backend, Matrix};
use rayon::prelude::*;

use crate::error::Error;
use crate::probe::{Probe, Query, to_rows};
use crate::ranking::Rank;

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

    /// The rank of each query's answer. Keys are grouped: `groups[key]` is the group of a key, `answers[query]` the correct group
    /// of a query; the score of a group is the largest dot product of its keys.
    pub(crate) fn ranks(&self, keys: &Self, groups: &[usize], answers: &[usize]) -> Vec<Rank> {
        let count = groups.iter().max().map_or(0, |&last| last + 1);
        let rank = |(query, &answer): (usize, &usize)| {
            let mut scores = vec![f32::NEG_INFINITY; count];
            for (key, &group) in groups.iter().enumerate() {
                let score: f32 = self.row(query).iter().zip(keys.row(key)).map(|(a, b)| a * b).sum();
                scores[group] = scores[group].max(score);
            }
            Rank::of(answer, &scores)
        };
        answers.par_iter().enumerate().map(|(query, answer)| rank((query, answer))).collect()
    }
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
        let ranks = queries.ranks(&keys, &[0, 1, 2], &[1, 1]);
        assert_eq!(ranks.iter().map(|rank| rank.rank).collect::<Vec<_>>(), [1.0, 2.0]);
        let grouped = queries.ranks(&keys, &[0, 1, 0], &[0, 0]);
        assert_eq!(grouped.iter().map(|rank| (rank.rank, rank.candidates)).collect::<Vec<_>>(), [(2.0, 2), (1.0, 2)]);
    }

    #[test]
    fn centring_takes_off_what_all_share() {
        let centred = vectors(2, &[11.0, 5.0, 9.0, 5.0]).centred();
        assert_eq!(centred.values, [1.0, 0.0, -1.0, 0.0]);
        assert_eq!(vectors(2, &[0.0, 0.0]).unit().values, [0.0, 0.0]);
        assert_eq!(vectors(2, &[]).centred().unit().values, Vec::<f32>::new());
    }
}
