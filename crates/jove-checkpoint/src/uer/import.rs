//! A UER checkpoint under Hugging Face names.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use jove_core::Layout;
use jove_core::parameter_names::Part;

use super::export::padding_rows;
use super::names::{DECODER, from_uer, part_of, renewed};
use crate::error::{Error, Result};
use crate::spec::TensorSpec;
use crate::tensor::{NamedTensor, TensorSource};

/// A view of a UER checkpoint, new names or old, as Hugging Face would store it.
pub(crate) struct UerImport<S> {
    source: S,
    layout: Layout,
    /// Hugging Face's name to the stored one.
    stored: BTreeMap<String, String>,
    decoder: Option<String>,
}

impl<S: TensorSource> UerImport<S> {
    /// Views `source`; names that UER does not have are unchanged, and reported as unexpected.
    pub(crate) fn new(source: S, layout: Layout) -> Self {
        let (mut stored, mut decoder) = (BTreeMap::new(), None);
        for spec in source.specs() {
            if renewed(&spec.name) == DECODER {
                decoder = Some(spec.name);
                continue;
            }
            let name = from_uer(layout, &spec.name).unwrap_or_else(|| spec.name.clone());
            // Two stored names for one tensor: the second keeps its stored name, and is reported as unexpected.
            let name = if stored.contains_key(&name) { spec.name.clone() } else { name };
            stored.insert(name, spec.name);
        }
        Self { source, layout, stored, decoder }
    }

    /// Checks that the last layer of the head equals the word table (`tie_weights`); `path` is for messages.
    ///
    /// # Errors
    /// Where the two differ: such a head is not supported.
    pub(crate) fn check_tied(&self, path: &Path) -> Result<()> {
        let Some(decoder) = &self.decoder else { return Ok(()) };
        let words = self.stored.values().find(|stored| part_of(stored) == Some(Part::WordEmbeddings));
        let Some(words) = words else { return Ok(()) };
        let (a, b) = (self.source.get(decoder)?, self.source.get(words)?);
        if a.shape == b.shape && a.data.iter().zip(&*b.data).all(|(a, b)| a.to_bits() == b.to_bits()) {
            return Ok(());
        }
        let reason = format!("`{decoder}` differs from `{words}`; heads that are not tied are not supported");
        Err(Error::malformed(path, "UER checkpoint", reason))
    }

    /// Whether a tensor is one whose rows move.
    fn moved(&self, name: &str) -> Moved {
        match self.stored.get(name).and_then(|stored| part_of(stored)) {
            Some(Part::TokenTypeEmbeddings) => Moved::Segments,
            Some(Part::PositionEmbeddings) if self.layout == Layout::XlmRoberta => Moved::Positions,
            _ => Moved::No,
        }
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
            if matches!(self.moved(name), Moved::Segments)
                && let Some(rows) = shape.first_mut()
            {
                *rows = rows.saturating_sub(padding_rows(self.layout));
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
                let padding = padding_rows(self.layout).min(tensor.shape.first().copied().unwrap_or(0));
                tensor.data = Cow::Owned(tensor.data[padding * width..].to_vec());
                if let Some(rows) = tensor.shape.first_mut() {
                    *rows -= padding;
                }
            }
            Moved::Positions => {
                let kept = tensor.data.len().saturating_sub(2 * width);
                let mut rows = vec![0.0; tensor.data.len() - kept];
                rows.extend_from_slice(&tensor.data[..kept]);
                tensor.data = Cow::Owned(rows);
            }
        }
        Ok(tensor)
    }
}
