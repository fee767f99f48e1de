//! A TensorFlow checkpoint under Hugging Face names.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jove_core::ModelConfig;

use super::export::transposed;
use super::names::{from_tf, is_positions, is_transposed, no_weight};
use crate::error::Result;
use crate::spec::TensorSpec;
use crate::tensor::{NamedTensor, TensorSource};

/// A view of a BERT checkpoint of Google's making as Hugging Face would store it.
pub(crate) struct TfImport<S> {
    source: S,
    /// Hugging Face's name to the stored one.
    stored: BTreeMap<String, String>,
    left_out: Vec<(String, &'static str)>,
    rows_added: usize,
}

impl<S: TensorSource> TfImport<S> {
    /// Views `source`; `config` is that of the model as Hugging Face has it. Names that BERT does not have stay
    /// unchanged, and are reported as unexpected; the optimizer's variables are left out.
    pub(crate) fn new(source: S, config: &ModelConfig) -> Self {
        let (mut stored, mut left_out) = (BTreeMap::new(), Vec::new());
        let names: BTreeSet<String> = source.specs().into_iter().map(|spec| spec.name).collect();
        for spec in source.specs() {
            if let Some(reason) = no_weight(&spec.name, &names) {
                left_out.push((spec.name, reason));
                continue;
            }
            let name = from_tf(config.layout, &spec.name).unwrap_or_else(|| spec.name.clone());
            stored.insert(name, spec.name);
        }
        Self { source, stored, left_out, rows_added: config.first_position() }
    }

    /// Variables that were left out on purpose, with the reason.
    pub(crate) fn left_out(&self) -> &[(String, &'static str)] {
        &self.left_out
    }
}

impl<S: TensorSource> TensorSource for TfImport<S> {
    fn specs(&self) -> Vec<TensorSpec> {
        let stored: BTreeMap<String, TensorSpec> =
            self.source.specs().into_iter().map(|spec| (spec.name.clone(), spec)).collect();
        let spec = |(name, from): (&String, &String)| {
            let mut shape = stored[from].shape.clone();
            if is_transposed(from) {
                shape.reverse();
            }
            if is_positions(from)
                && let Some(rows) = shape.first_mut()
            {
                *rows = rows.saturating_add(self.rows_added);
            }
            TensorSpec { name: name.clone(), shape, dtype: stored[from].dtype }
        };
        self.stored.iter().map(spec).collect()
    }

    fn get(&self, name: &str) -> Result<NamedTensor<'_>> {
        let stored = self.stored.get(name).map_or(name, String::as_str);
        let mut tensor = self.source.get(stored)?;
        if is_transposed(stored) {
            tensor = transposed(&tensor);
        }
        if is_positions(stored)
            && self.rows_added > 0
            && let &[rows, width] = tensor.shape.as_slice()
        {
            let mut data = vec![0.0; self.rows_added * width];
            data.extend_from_slice(&tensor.data);
            tensor =
                NamedTensor { name: String::new(), shape: vec![rows + self.rows_added, width], data: Cow::Owned(data) };
        }
        Ok(NamedTensor { name: name.to_owned(), ..tensor })
    }
}
