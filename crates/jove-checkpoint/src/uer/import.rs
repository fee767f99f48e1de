//! A UER checkpoint under Hugging Face names.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jove_core::parameter_names::Part;
use jove_core::{Layout, ModelConfig};

use super::names::{DECODER, from_uer, part_of, renewed};
use crate::error::Result;
use crate::spec::TensorSpec;
use crate::tensor::{NamedTensor, TensorSource};

/// A view of a UER checkpoint, new names or old, as Hugging Face would store it.
///
/// UER gives padding row 0 of its segment table, every token of a text or of a first sentence row 1, and those of a second
/// sentence row 2 (`uer/utils/dataloader.py`). So Hugging Face's token types are the rows from 1 on, in XLM-R too.
pub(crate) struct UerImport<S> {
    source: S,
    layout: Layout,
    first_position: usize,
    position_rows: usize,
    token_types: usize,
    /// Hugging Face's name to the stored one.
    stored: BTreeMap<String, String>,
    decoder: Option<String>,
    left_out: Vec<(String, &'static str)>,
}

impl<S: TensorSource> UerImport<S> {
    /// Views `source`, a model of `config`'s shape; names that UER does not have are unchanged, and reported as unexpected.
    ///
    /// # Errors
    /// Where the segment table cannot be read.
    pub(crate) fn new(source: S, config: &ModelConfig) -> Result<Self> {
        let (mut stored, mut decoder) = (BTreeMap::new(), None);
        for spec in source.specs() {
            if renewed(&spec.name) == DECODER {
                decoder = Some(spec.name);
                continue;
            }
            let name = from_uer(config.layout, &spec.name).unwrap_or_else(|| spec.name.clone());
            // Two stored names for one tensor: the second keeps its stored name, and is reported as unexpected.
            let name = if stored.contains_key(&name) { spec.name.clone() } else { name };
            stored.insert(name, spec.name);
        }
        let (first_position, position_rows) = (config.first_position(), config.max_position_embeddings);
        let (layout, token_types, left_out) = (config.layout, config.type_vocab_size, Vec::new());
        let mut view = Self { source, layout, first_position, position_rows, token_types, stored, decoder, left_out };
        view.note_other_segments()?;
        Ok(view)
    }

    /// Notes rows of the segment table that hold values and have no counterpart.
    fn note_other_segments(&mut self) -> Result<()> {
        let table = self.stored.values().find(|stored| part_of(stored) == Some(Part::TokenTypeEmbeddings));
        let Some(table) = table.map(|name| self.source.get(name)).transpose()? else { return Ok(()) };
        let width: usize = table.shape.iter().skip(1).product();
        let rows = table.data.chunks(width.max(1)).enumerate().skip(1 + self.token_types);
        let found: Vec<usize> =
            rows.filter(|(_, row)| row.iter().any(|value| *value != 0.0)).map(|(number, _)| number).collect();
        let name = table.name.clone();
        let reason = "UER gives it to second sentences alone, and the model has no token type for these";
        self.left_out.extend(found.into_iter().map(|row| (format!("row {row} of {name}"), reason)));
        Ok(())
    }

    /// What was left out on purpose, with the reason.
    pub(crate) fn left_out(&self) -> &[(String, &'static str)] {
        &self.left_out
    }

    /// Why the last layer of the head is not the word table (`tie_weights`), where it is not.
    ///
    /// # Errors
    /// Where one of the two cannot be read.
    pub(crate) fn untied(&self) -> Result<Option<String>> {
        let Some(decoder) = &self.decoder else { return Ok(None) };
        let words = self.stored.values().find(|stored| part_of(stored) == Some(Part::WordEmbeddings));
        let Some(words) = words else { return Ok(None) };
        let (a, b) = (self.source.get(decoder)?, self.source.get(words)?);
        if a.shape == b.shape && a.data.iter().zip(&*b.data).all(|(a, b)| a.to_bits() == b.to_bits()) {
            return Ok(None);
        }
        Ok(Some(format!("`{decoder}` differs from `{words}`: the head has weights of its own (tie_weights false)")))
    }

    /// Leaves the masked-language-model head out.
    pub(crate) fn drop_head(&mut self) {
        const REASON: &str = "of a head whose last layer has weights of its own";
        let of_head = |stored: &String| renewed(stored).starts_with("target.mlm.");
        let names: Vec<String> = self.stored.values().filter(|stored| of_head(stored)).cloned().collect();
        self.stored.retain(|_, stored| !of_head(stored));
        self.left_out.extend(names.into_iter().chain(self.decoder.take()).map(|name| (name, REASON)));
    }

    /// Whether a tensor is one whose rows move.
    fn moved(&self, name: &str) -> Moved {
        match self.stored.get(name).and_then(|stored| part_of(stored)) {
            Some(Part::TokenTypeEmbeddings) => Moved::Segments,
            Some(Part::PositionEmbeddings) if self.layout == Layout::XlmRoberta => Moved::Positions,
            _ => Moved::No,
        }
    }

    /// Rows of the position table, of which `rows` are stored: never more than these and those that no token has, whatever a
    /// configuration says.
    fn kept_positions(&self, rows: usize) -> usize {
        self.position_rows.min(rows.saturating_add(self.first_position))
    }

    /// Rows of the stored segment table that are kept, of `rows` in all.
    fn kept_segments(&self, rows: usize) -> std::ops::Range<usize> {
        1.min(rows)..(1 + self.token_types).min(rows)
    }
}

enum Moved {
    No,
    Segments,
    Positions,
}

impl<S: TensorSource> TensorSource for UerImport<S> {
    fn specs(&self) -> Vec<TensorSpec> {
        let stored: BTreeMap<String, TensorSpec> =
            self.source.specs().into_iter().map(|spec| (spec.name.clone(), spec)).collect();
        let spec = |(name, from): (&String, &String)| {
            let mut shape = stored[from].shape.clone();
            if let Some(rows) = shape.first_mut() {
                match self.moved(name) {
                    Moved::No => {}
                    Moved::Segments => *rows = self.kept_segments(*rows).len(),
                    Moved::Positions => *rows = self.kept_positions(*rows),
                }
            }
            TensorSpec { name: name.clone(), shape, dtype: stored[from].dtype }
        };
        self.stored.iter().map(spec).collect()
    }

    fn get(&self, name: &str) -> Result<NamedTensor<'_>> {
        let stored = self.stored.get(name).map_or(name, String::as_str);
        let mut tensor = NamedTensor { name: name.to_owned(), ..self.source.get(stored)? };
        let width: usize = tensor.shape.iter().skip(1).product();
        match self.moved(name) {
            Moved::No => {}
            Moved::Segments => {
                let kept = self.kept_segments(tensor.shape.first().copied().unwrap_or(0));
                tensor.data = Cow::Owned(tensor.data[kept.start * width..kept.end * width].to_vec());
                tensor.shape[0] = kept.len();
            }
            Moved::Positions => {
                let mut rows = vec![0.0; self.first_position * width];
                rows.extend_from_slice(&tensor.data);
                // What falls off are rows of zeros, see `position_rows`.
                let count = self.kept_positions(tensor.shape.first().copied().unwrap_or(0));
                rows.truncate(count * width);
                tensor.data = Cow::Owned(rows);
                tensor.shape[0] = count;
            }
        }
        Ok(tensor)
    }
}
