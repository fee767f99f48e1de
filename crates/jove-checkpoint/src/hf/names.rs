//! Earlier names of tensors in Hugging Face files.

use std::collections::{BTreeMap, BTreeSet};

use jove_core::parameter_names::{Naming, Part, part};
use jove_core::{Layout, ModelConfig};

use super::family::Family;
use crate::error::Result;
use crate::layout::{head_tensors, prefix};
use crate::spec::TensorSpec;
use crate::tensor::{NamedTensor, TensorSource};

/// The meaning of a stored name.
#[derive(Debug, PartialEq, Eq)]
enum Meaning {
    /// A tensor, by its present name.
    Tensor(String),
    /// The same values as another tensor, by that name.
    Tied(&'static str),
    /// Not part of the model, for the reason given.
    LeftOut(&'static str),
}

fn meaning(family: Family, stored: &str) -> Meaning {
    let layout = family.layout();
    let name = unwrapped(stored);
    let name = match name.rsplit_once('.') {
        Some((norm, "gamma")) => format!("{norm}.weight"),
        Some((norm, "beta")) => format!("{norm}.bias"),
        _ => name.to_owned(),
    };
    let name = match of_family(family, name) {
        Ok(name) => name,
        Err(reason) => return Meaning::LeftOut(reason),
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
        return Meaning::LeftOut("a buffer, not a weight");
    }
    // A bare encoder is stored without the prefix that it has inside a model with a head.
    let bare = ["embeddings.", "encoder.", "pooler."].iter().any(|part| name.starts_with(part));
    Meaning::Tensor(if bare { format!("{}{name}", prefix(layout)) } else { name })
}

/// A name without what DataParallel, DeepSpeed and torch.compile put before it.
pub(crate) fn unwrapped(stored: &str) -> &str {
    let mut name = stored;
    while let Some(rest) = name.strip_prefix("module.").or_else(|| name.strip_prefix("_orig_mod.")) {
        name = rest;
    }
    name
}

/// The name in the layout of a tensor that a family calls otherwise; the reason where the layout has no such tensor.
fn of_family(family: Family, name: String) -> std::result::Result<String, &'static str> {
    let Some(rest) = family.own_prefix().and_then(|own| name.strip_prefix(own)) else {
        return if family == Family::Electra { of_electra_head(name) } else { Ok(name) };
    };
    Ok(format!("{}{rest}", prefix(family.layout())))
}

/// ELECTRA's generator has BERT's head; its discriminator has one that tells replaced tokens from others.
fn of_electra_head(name: String) -> std::result::Result<String, &'static str> {
    if name.starts_with("discriminator_predictions.") {
        return Err("of the discriminator's head, which predicts no pieces");
    }
    let generator = [
        ("generator_predictions.", "cls.predictions.transform."),
        ("generator_lm_head.weight", "cls.predictions.decoder.weight"),
        ("generator_lm_head.bias", "cls.predictions.bias"),
    ];
    let known = generator.iter().find_map(|(own, bert)| Some(format!("{bert}{}", name.strip_prefix(own)?)));
    Ok(known.unwrap_or(name))
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
    pub(crate) fn new(source: S, family: Family) -> Self {
        let mut renamed = Self { source, stored: BTreeMap::new(), left_out: Vec::new(), tied: Vec::new() };
        let mut copies = Vec::new();
        for spec in renamed.source.specs() {
            match meaning(family, &spec.name) {
                // Two stored names for one tensor: the second keeps its own name, and shows up as unexpected.
                Meaning::Tensor(name) if renamed.stored.contains_key(&name) => {
                    renamed.stored.insert(spec.name.clone(), spec.name);
                }
                Meaning::Tensor(name) => drop(renamed.stored.insert(name, spec.name)),
                Meaning::Tied(original) => copies.push((spec.name, original)),
                Meaning::LeftOut(reason) => renamed.left_out.push((spec.name, reason)),
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

    /// Leaves the masked-language-model head out, and the copies of what it is tied to.
    pub(crate) fn drop_head(&mut self, config: &ModelConfig) {
        const REASON: &str = "of a head whose decoder has weights of its own";
        let head: BTreeSet<String> = head_tensors(config).into_iter().map(|spec| spec.name).collect();
        let of_head: Vec<String> = self.stored.keys().filter(|name| head.contains(*name)).cloned().collect();
        let stored = of_head.iter().filter_map(|name| self.stored.remove(name));
        let copies = std::mem::take(&mut self.tied).into_iter().map(|(copy, _)| copy);
        self.left_out.extend(stored.chain(copies).map(|name| (name, REASON)));
    }

    /// Whether the head's decoder is there, under a name of its own.
    pub(crate) fn has_decoder(&self) -> bool {
        self.tied.iter().any(|(_, original)| original.ends_with("word_embeddings.weight"))
    }

    /// Whether the head is there.
    pub(crate) fn has_head(&self, layout: Layout) -> bool {
        self.stored.keys().any(|name| part(name, Naming::HuggingFace(layout)) == Some(Part::HeadDense))
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
    use jove_core::RobertaClass;

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
            assert_eq!(meaning(Family::Bert, stored), Meaning::Tensor(present.to_owned()));
        }
        let roberta = Family::Roberta(RobertaClass::Camembert);
        assert_eq!(meaning(roberta, "lm_head.decoder.bias"), Meaning::Tied("lm_head.bias"));
        assert!(matches!(meaning(roberta, "roberta.embeddings.position_ids"), Meaning::LeftOut(_)));
    }

    #[test]
    fn families_of_bert_have_its_names() {
        let words = "bert.embeddings.word_embeddings.weight";
        let tensor = |family, stored: &str, present: &str| {
            assert_eq!(meaning(family, stored), Meaning::Tensor(present.to_owned()), "{stored}");
        };
        tensor(Family::Ernie, "ernie.embeddings.word_embeddings.weight", words);
        tensor(Family::Ernie, "module.ernie.pooler.dense.bias", "bert.pooler.dense.bias");
        tensor(Family::Ernie, "cls.predictions.bias", "cls.predictions.bias");
        tensor(Family::Electra, "electra.embeddings.word_embeddings.weight", words);
        tensor(Family::Electra, "embeddings.word_embeddings.weight", words);
        tensor(Family::Electra, "generator_predictions.LayerNorm.weight", "cls.predictions.transform.LayerNorm.weight");
        tensor(Family::Electra, "generator_lm_head.bias", "cls.predictions.bias");
        tensor(Family::Bert, "electra.embeddings.word_embeddings.weight", "electra.embeddings.word_embeddings.weight");
        assert_eq!(
            meaning(Family::Electra, "generator_lm_head.weight"),
            Meaning::Tied("bert.embeddings.word_embeddings.weight")
        );
        let discriminator = meaning(Family::Electra, "discriminator_predictions.dense.weight");
        assert!(matches!(discriminator, Meaning::LeftOut(_)), "{discriminator:?}");
    }

    #[test]
    fn wrappers_are_taken_off_every_name() {
        for (stored, expected) in
            [("", ""), ("module.module.x", "x"), ("_orig_mod.module.词", "词"), ("modules.x", "modules.x")]
        {
            assert_eq!(unwrapped(stored), expected);
        }
    }

    #[test]
    fn a_copy_that_differs_is_found() {
        let tensor = |name: &str, value: f32| NamedTensor::new(name, [1], vec![value]).unwrap();
        let (bias, copy) = ("cls.predictions.bias", "cls.predictions.decoder.bias");
        let same = Renamed::new(vec![tensor(bias, 1.0), tensor(copy, 1.0)], Family::Bert);
        assert_eq!(same.untied().unwrap(), None);
        assert_eq!(same.specs().len(), 1);
        let other = Renamed::new(vec![tensor(copy, 2.0), tensor(bias, 1.0)], Family::Bert);
        assert_eq!(other.untied().unwrap().as_deref(), Some(copy));
        let alone = Renamed::new(vec![tensor(copy, 2.0)], Family::Bert);
        assert_eq!(*alone.get(bias).unwrap().data, [2.0]);
    }
}
