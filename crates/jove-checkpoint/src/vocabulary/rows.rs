//! A model with another vocabulary.

use std::borrow::Cow;
use std::path::PathBuf;

use jove_core::parameter_names::{Naming, Part};
use jove_core::{Layout, ModelConfig};

use crate::error::{Error, Result};
use crate::spec::TensorSpec;
use crate::tensor::{NamedTensor, TensorSource};

/// The origin of a row of the new word table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// The row of an old piece.
    Kept(u32),
    /// The mean of the rows of old pieces, for a new word that they spelled.
    Mean(Vec<u32>),
}

/// A view of a model whose word table and head have other rows; other tensors are unchanged.
pub struct Resized<'a, S: ?Sized> {
    source: &'a S,
    rows: Vec<Row>,
    changed: [String; 2],
}

impl<'a, S: TensorSource + ?Sized> Resized<'a, S> {
    /// Views `source`, a model of `config`'s shape, with the given rows; returns the new configuration.
    ///
    /// # Errors
    /// [`Error::Config`] where a row refers to an unknown piece, a mean has no parts, or the padding piece is not kept.
    pub fn new(source: &'a S, config: &ModelConfig, rows: Vec<Row>) -> Result<(Self, ModelConfig)> {
        let invalid = |reason: String| Error::Config { path: PathBuf::from("vocabulary"), reason };
        for row in &rows {
            let parts = match row {
                Row::Kept(piece) => std::slice::from_ref(piece),
                Row::Mean(parts) if parts.is_empty() => return Err(invalid("a new word has no pieces".to_owned())),
                Row::Mean(parts) => parts,
            };
            if let Some(piece) = parts.iter().find(|piece| **piece as usize >= config.vocab_size) {
                return Err(invalid(format!("expected a piece below {}, found {piece}", config.vocab_size)));
            }
        }
        let pad = rows.iter().position(|row| *row == Row::Kept(config.pad_token_id));
        let pad = pad.ok_or_else(|| invalid(format!("the padding piece {} is not kept", config.pad_token_id)))?;
        // XLM-R counts positions from the padding piece's id, so there it may not move.
        if config.layout == Layout::XlmRoberta && pad != config.pad_token_id as usize {
            return Err(invalid(format!("the padding piece must keep its id {}, found {pad}", config.pad_token_id)));
        }
        let moved = |id: u32| Some(rows.iter().position(|row| *row == Row::Kept(id))? as u32);
        let (bos_token_id, eos_token_id) = (config.bos_token_id.and_then(moved), config.eos_token_id.and_then(moved));
        let name = |part: Part| part.name(Naming::HuggingFace(config.layout), 0).expect("every layout has this part");
        let (words, bias) = (name(Part::WordEmbeddings) + ".weight", name(Part::HeadBias) + ".bias");
        let (vocab_size, pad_token_id) = (rows.len(), pad as u32);
        let new = ModelConfig { vocab_size, pad_token_id, bos_token_id, eos_token_id, ..config.clone() };
        Ok((Self { source, rows, changed: [words, bias] }, new))
    }
}

impl<S: TensorSource + ?Sized> TensorSource for Resized<'_, S> {
    fn specs(&self) -> Vec<TensorSpec> {
        let mut specs = self.source.specs();
        for spec in specs.iter_mut().filter(|spec| self.changed.contains(&spec.name)) {
            spec.shape[0] = self.rows.len();
        }
        specs
    }

    fn get(&self, name: &str) -> Result<NamedTensor<'_>> {
        let tensor = self.source.get(name)?;
        if !self.changed.iter().any(|changed| changed == name) {
            return Ok(tensor);
        }
        let width: usize = tensor.shape.iter().skip(1).product();
        let old = |piece: u32| &tensor.data[piece as usize * width..(piece as usize + 1) * width];
        let mut data = Vec::with_capacity(self.rows.len() * width);
        for row in &self.rows {
            match row {
                Row::Kept(piece) => data.extend_from_slice(old(*piece)),
                Row::Mean(parts) => {
                    let mean = |at: usize| {
                        parts.iter().map(|piece| f64::from(old(*piece)[at])).sum::<f64>() / parts.len() as f64
                    };
                    data.extend((0..width).map(|at| mean(at) as f32));
                }
            }
        }
        let mut shape = tensor.shape.clone();
        shape[0] = self.rows.len();
        Ok(NamedTensor { name: tensor.name, shape, data: Cow::Owned(data) })
    }
}
