//! Earlier names of tensors in Hugging Face files.

use std::collections::BTreeMap;

use jove_core::Layout;

use crate::error::Result;
use crate::layout::prefix;
use crate::spec::TensorSpec;
use crate::tensor::{NamedTensor, TensorSource};

/// The meaning of a stored name.
#[derive(Debug, PartialEq, Eq)]
enum Meaning {
    /// A tensor, by its present name.
    Tensor(String),
    /// The same values as another tensor, by that name.
    Tied(&'static str),
    /// A buffer, which holds no weights.
    Buffer,
}

fn meaning(layout: Layout, stored: &str) -> Meaning {
    let name = stored.strip_prefix("module.").unwrap_or(stored);
    let name = match name.rsplit_once('.') {
        Some((norm, "gamma")) => format!("{norm}.weight"),
        Some((norm, "beta")) => format!("{norm}.bias"),
        _ => name.to_owned(),
    };
    let tied = match (layout, name.as_str()) {
        (Layout::Bert, "cls.predictions.decoder.weight") => Some("bert.embeddings.word_embeddings.weight"),
        (Layout::Bert, "cls.predictions.decoder.bias") => Some("cls.predictions.bias"),
        (Layout::XlmRoberta, "lm_head.decoder.weight") => Some("roberta.embeddings.word_embeddings.weight"),
        (Layout::XlmRoberta, "lm_head.decoder.bias") => Some("lm_head.bias"),
        _ => None,
    };
    if let Some(other) = tied {
        return Meaning::Tied(other);
    }
    if name.ends_with("embeddings.position_ids") || name.ends_with("embeddings.token_type_ids") {
        return Meaning::Buffer;
    }
    // A bare encoder is stored without the prefix that it has inside a model with a head.
    let bare = ["embeddings.", "encoder.", "pooler."].iter().any(|part| name.starts_with(part));
    Meaning::Tensor(if bare { format!("{}{name}", prefix(layout)) } else { name })
}

/// A source under present-day names.
pub(crate) struct Renamed<S> {
    source: S,
    stored: BTreeMap<String, String>,
    /// Stored names that were left out, with the reason.
    pub(crate) left_out: Vec<(String, &'static str)>,
    /// Stored names of copies of other tensors, with the present name of the original.
    pub(crate) tied: Vec<(String, &'static str)>,
}

impl<S: TensorSource> Renamed<S> {
    pub(crate) fn new(source: S, layout: Layout) -> Self {
        let mut renamed = Self { source, stored: BTreeMap::new(), left_out: Vec::new(), tied: Vec::new() };
        let mut copies = Vec::new();
        for spec in renamed.source.specs() {
            match meaning(layout, &spec.name) {
                // Two stored names for one tensor: the second keeps its own name, and shows up as unexpected.
                Meaning::Tensor(name) if renamed.stored.contains_key(&name) => {
                    renamed.stored.insert(spec.name.clone(), spec.name);
                }
                Meaning::Tensor(name) => drop(renamed.stored.insert(name, spec.name)),
                Meaning::Tied(original) => copies.push((spec.name, original)),
                Meaning::Buffer => renamed.left_out.push((spec.name, "a buffer, not a weight")),
            }
        }
        for (copy, original) in copies {
            if renamed.stored.contains_key(original) {
                renamed.tied.push((copy, original));
            } else {
                renamed.stored.insert(original.to_owned(), copy);
            }
        }
        renamed
    }

    /// Whether every copy has the values of its original, bit for bit; the name of the first that has not.
    pub(crate) fn untied(&self) -> Result<Option<String>> {
        for (copy, original) in &self.tied {
            let (a, b) = (self.source.get(copy)?, self.get(original)?);
            if a.shape != b.shape || a.data.iter().zip(&*b.data).any(|(a, b)| a.to_bits() != b.to_bits()) {
                return Ok(Some(copy.clone()));
            }
        }
        Ok(None)
    }
}

impl<S: TensorSource> TensorSource for Renamed<S> {
    fn specs(&self) -> Vec<TensorSpec> {
        let present: BTreeMap<&String, &String> = self.stored.iter().map(|(name, stored)| (stored, name)).collect();
        let specs = self.source.specs().into_iter();
        specs.filter_map(|spec| Some(TensorSpec { name: (*present.get(&spec.name)?).clone(), ..spec })).collect()
    }

    fn get(&self, name: &str) -> Result<NamedTensor<'_>> {
        let stored = self.stored.get(name).map_or(name, String::as_str);
        Ok(NamedTensor { name: name.to_owned(), ..self.source.get(stored)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_names_are_understood() {
        let cases = [
            ("bert.embeddings.LayerNorm.gamma", "bert.embeddings.LayerNorm.weight"),
            ("embeddings.LayerNorm.beta", "bert.embeddings.LayerNorm.bias"),
            ("module.bert.pooler.dense.bias", "bert.pooler.dense.bias"),
            ("encoder.layer.0.output.dense.weight", "bert.encoder.layer.0.output.dense.weight"),
            ("classifier.weight", "classifier.weight"),
            ("", ""),
            ("中文", "中文"),
        ];
        for (stored, present) in cases {
            assert_eq!(meaning(Layout::Bert, stored), Meaning::Tensor(present.to_owned()));
        }
        assert_eq!(meaning(Layout::XlmRoberta, "lm_head.decoder.bias"), Meaning::Tied("lm_head.bias"));
        assert_eq!(meaning(Layout::XlmRoberta, "roberta.embeddings.position_ids"), Meaning::Buffer);
    }

    #[test]
    fn a_copy_that_differs_is_found() {
        let tensor = |name: &str, value: f32| NamedTensor::new(name, [1], vec![value]).unwrap();
        let (bias, copy) = ("cls.predictions.bias", "cls.predictions.decoder.bias");
        let same = Renamed::new(vec![tensor(bias, 1.0), tensor(copy, 1.0)], Layout::Bert);
        assert_eq!(same.untied().unwrap(), None);
        assert_eq!(same.specs().len(), 1);
        let other = Renamed::new(vec![tensor(copy, 2.0), tensor(bias, 1.0)], Layout::Bert);
        assert_eq!(other.untied().unwrap().as_deref(), Some(copy));
        let alone = Renamed::new(vec![tensor(copy, 2.0)], Layout::Bert);
        assert_eq!(*alone.get(bias).unwrap().data, [2.0]);
    }
}
