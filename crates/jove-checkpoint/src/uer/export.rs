//! A model under UER's names.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jove_core::parameter_names::Part;
use jove_core::{Layout, ModelConfig};

use super::names::{DECODER, is_of_pairs, part_of, to_uer};
use crate::error::Result;
use crate::layout::prefix;
use crate::spec::TensorSpec;
use crate::tensor::{NamedTensor, TensorSource};
use crate::torch::Alias;

/// A view of a model, under Hugging Face names, as UER stores it.
pub(crate) struct UerExport<'a, S: ?Sized> {
    source: &'a S,
    layout: Layout,
    /// Rows of the position table that no token has, before the first that one has.
    first_position: usize,
    token_types: usize,
    /// UER's name to Hugging Face's.
    names: BTreeMap<String, String>,
    order: Vec<TensorSpec>,
    left_out: Vec<String>,
    folded: bool,
}

impl<'a, S: TensorSource + ?Sized> UerExport<'a, S> {
    /// Views `source`, a model of `config`'s shape.
    ///
    /// # Errors
    /// Where XLM-R's token-type row cannot be read.
    pub(crate) fn new(source: &'a S, config: &ModelConfig) -> Result<Self> {
        let (layout, mut names, mut order, mut left_out) = (config.layout, BTreeMap::new(), Vec::new(), Vec::new());
        let mut specs = source.specs();
        specs.sort_by(|a, b| a.name.cmp(&b.name));
        // UER's target for sentence pairs is pooler and next-sentence head; it cannot be loaded with one of them alone.
        let pairs = specs.iter().filter(|spec| is_of_pairs(&spec.name)).count();
        for mut spec in specs {
            let uer = to_uer(layout, &spec.name).filter(|_| pairs == 4 || !is_of_pairs(&spec.name));
            let Some(uer) = uer else {
                left_out.push(spec.name);
                continue;
            };
            if part_of(&uer) == Some(Part::TokenTypeEmbeddings) {
                spec.shape[0] = segment_rows(config.type_vocab_size);
            }
            names.insert(uer.clone(), spec.name);
            order.push(TensorSpec::f32(uer, spec.shape));
        }
        let (first_position, token_types) = (config.first_position(), config.type_vocab_size);
        let mut view = Self { source, layout, first_position, token_types, names, order, left_out, folded: false };
        let row = view.token_type_row()?;
        view.folded = row.is_some_and(|row| row.iter().any(|value| *value != 0.0));
        Ok(view)
    }

    /// Tensors without a counterpart in UER.
    pub(crate) fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// Whether XLM-R's only token-type row was added to the position table. UER's XLM-R gives real tokens a row of zeros, so
    /// a trained row would be lost; every token has this type and some position, so the sum is the same.
    pub(crate) fn folded_token_type(&self) -> bool {
        self.folded
    }

    /// The head's last layer, which UER stores in addition to the word table and PyTorch writes once.
    pub(crate) fn aliases(&self) -> Vec<Alias> {
        if !self.names.contains_key("target.mlm.linear_2.bias") {
            return Vec::new();
        }
        vec![Alias { name: DECODER.to_owned(), of: "embedding.word.embedding.weight".to_owned() }]
    }

    fn token_type_row(&self) -> Result<Option<Vec<f32>>> {
        if self.layout == Layout::Bert || self.token_types != 1 {
            return Ok(None);
        }
        let name = format!("{}embeddings.token_type_embeddings.weight", prefix(self.layout));
        let table = self.source.get(&name)?;
        Ok(Some(table.data[..table.shape.get(1).copied().unwrap_or(0).min(table.data.len())].to_vec()))
    }

    fn positions<'b>(&'b self, tensor: NamedTensor<'b>) -> Result<NamedTensor<'b>> {
        if self.first_position == 0 {
            return Ok(tensor);
        }
        let width = tensor.shape.get(1).copied().unwrap_or(0);
        // Hugging Face starts at the row after the padding piece's id, UER at row 0; the last rows are never used.
        let mut rows = tensor.data.get(self.first_position * width..).unwrap_or_default().to_vec();
        if let Some(row) = self.token_type_row()?.filter(|_| self.folded) {
            rows.chunks_mut(width.max(1)).for_each(|position| position.iter_mut().zip(&row).for_each(|(a, b)| *a += b));
        }
        rows.resize(tensor.data.len(), 0.0);
        Ok(NamedTensor { data: Cow::Owned(rows), ..tensor })
    }

    /// A row of zeros for padding, then the token types; zeros where they were added to the positions.
    fn segments<'b>(&self, tensor: NamedTensor<'b>) -> NamedTensor<'b> {
        let width = tensor.shape.get(1).copied().unwrap_or(0);
        let count = segment_rows(self.token_types);
        let mut rows = vec![0.0; width];
        if !self.folded {
            rows.extend_from_slice(&tensor.data);
        }
        rows.resize(count * width, 0.0);
        NamedTensor { shape: vec![count, width], data: Cow::Owned(rows), ..tensor }
    }
}

/// Rows of UER's segment table: padding and the token types; its code makes the table of three rows, whatever the model.
pub(super) fn segment_rows(token_types: usize) -> usize {
    (1 + token_types).max(3)
}

impl<S: TensorSource + ?Sized> TensorSource for UerExport<'_, S> {
    fn specs(&self) -> Vec<TensorSpec> {
        self.order.clone()
    }

    fn get(&self, name: &str) -> Result<NamedTensor<'_>> {
        let tensor = self.source.get(self.names.get(name).map_or(name, String::as_str))?;
        let tensor = NamedTensor { name: name.to_owned(), ..tensor };
        match part_of(name) {
            Some(Part::PositionEmbeddings) => self.positions(tensor),
            Some(Part::TokenTypeEmbeddings) => Ok(self.segments(tensor)),
            _ => Ok(tensor),
        }
    }
}
