//! A model under Google's names.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jove_core::ModelConfig;

use super::names::{is_positions, is_transposed, to_tf};
use crate::error::Result;
use crate::spec::TensorSpec;
use crate::tensor::{NamedTensor, TensorSource};

/// A view of a model, under Hugging Face names, as Google's BERT stores it. XLM-R takes BERT's names, and its position
/// table loses the rows that are never used, since BERT counts from 0.
pub(crate) struct TfExport<'a, S: ?Sized> {
    source: &'a S,
    /// TensorFlow's name to Hugging Face's.
    names: BTreeMap<String, String>,
    order: Vec<TensorSpec>,
    left_out: Vec<String>,
    rows_dropped: usize,
}

impl<'a, S: TensorSource + ?Sized> TfExport<'a, S> {
    /// Views `source`, a model of `config`'s shape.
    pub(crate) fn new(source: &'a S, config: &ModelConfig) -> Self {
        let rows_dropped = config.first_position();
        let (mut names, mut order, mut left_out) = (BTreeMap::new(), Vec::new(), Vec::new());
        for mut spec in source.specs() {
            let Some(tf) = to_tf(config.layout, &spec.name) else {
                left_out.push(spec.name);
                continue;
            };
            if is_transposed(&tf) {
                spec.shape.reverse();
            }
            if is_positions(&tf) {
                spec.shape[0] -= rows_dropped.min(spec.shape[0]);
            }
            names.insert(tf.clone(), spec.name);
            order.push(TensorSpec::f32(tf, spec.shape));
        }
        order.sort_by(|a, b| a.name.cmp(&b.name));
        Self { source, names, order, left_out, rows_dropped }
    }

    /// Tensors without a counterpart in Google's BERT.
    pub(crate) fn left_out(&self) -> &[String] {
        &self.left_out
    }
}

impl<S: TensorSource + ?Sized> TensorSource for TfExport<'_, S> {
    fn specs(&self) -> Vec<TensorSpec> {
        self.order.clone()
    }

    fn get(&self, name: &str) -> Result<NamedTensor<'_>> {
        let tensor = self.source.get(self.names.get(name).map_or(name, String::as_str))?;
        let mut tensor = NamedTensor { name: name.to_owned(), ..tensor };
        if is_transposed(name) {
            return Ok(transposed(&tensor));
        }
        if is_positions(name) && self.rows_dropped > 0 {
            let dropped = self.rows_dropped.min(tensor.shape[0]);
            tensor.data = Cow::Owned(tensor.data[dropped * tensor.shape[1]..].to_vec());
            tensor.shape[0] -= dropped;
        }
        Ok(tensor)
    }
}

/// A matrix with rows and columns exchanged; anything else as it is.
pub(super) fn transposed(tensor: &NamedTensor<'_>) -> NamedTensor<'static> {
    // Small tiles keep both sides in the cache.
    const TILE: usize = 32;
    let &[rows, columns] = tensor.shape.as_slice() else {
        return tensor.clone().into_owned();
    };
    let mut data = vec![0.0; tensor.data.len()];
    for top in (0..rows).step_by(TILE) {
        for left in (0..columns).step_by(TILE) {
            for row in top..rows.min(top + TILE) {
                for column in left..columns.min(left + TILE) {
                    data[column * rows + row] = tensor.data[row * columns + column];
                }
            }
        }
    }
    NamedTensor { name: tensor.name.clone(), shape: vec![columns, rows], data: Cow::Owned(data) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposing_twice_changes_nothing() {
        for (rows, columns) in [(0, 3), (1, 1), (2, 3), (33, 65), (64, 1)] {
            let values: Vec<f32> = (0..rows * columns).map(|value| value as f32).collect();
            let tensor = NamedTensor::new("x", [rows, columns], values).unwrap();
            let once = transposed(&tensor);
            assert_eq!(once.shape, [columns, rows]);
            assert_eq!(transposed(&once), tensor);
            if rows > 1 && columns > 1 {
                assert_eq!(once.data[1].to_bits(), tensor.data[columns].to_bits());
            }
        }
    }
}
