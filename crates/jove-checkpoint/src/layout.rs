//! The tensors of a checkpoint, out of the table of names in [`jove_core::parameter_names`].

pub(crate) use jove_core::parameter_names::prefix;
use jove_core::parameter_names::{self, NamedShape};
use jove_core::{Layout, ModelConfig};

use crate::spec::TensorSpec;

/// Every tensor of the encoder and the masked-language-model head, tied ones once; sorted by name.
pub fn required_tensors(config: &ModelConfig) -> Vec<TensorSpec> {
    let mut specs = specs(parameter_names::model(config));
    specs.sort_by(|a, b| a.name.cmp(&b.name));
    specs
}

/// Tensors that a checkpoint may hold beyond those: the pooler and the next-sentence head, which training here does not
/// use but conversions keep.
pub fn optional_tensors(config: &ModelConfig) -> Vec<TensorSpec> {
    specs(parameter_names::optional(config))
}

/// Of the optional tensors that a model `has`, those that no class of transformers takes beside its others: with a
/// masked-language-model head, BERT takes pooler and next-sentence head both or not at all, and XLM-R no pooler.
pub(crate) fn stray_tensors(config: &ModelConfig, has: impl Fn(&str) -> bool) -> Vec<String> {
    let whole = |specs: &[TensorSpec]| specs.iter().all(|spec| has(&spec.name));
    let optional = optional_tensors(config);
    let (head, both) = (whole(&head_tensors(config)), whole(&optional));
    let taken = |name: &str| if head { both && config.layout == Layout::Bert } else { name.contains("pooler.") };
    optional.iter().map(|spec| spec.name.clone()).filter(|name| has(name) && !taken(name)).collect()
}

/// The tensors of the masked-language-model head; its decoder is the word table and not listed.
pub(crate) fn head_tensors(config: &ModelConfig) -> Vec<TensorSpec> {
    specs(parameter_names::head(config))
}

fn specs(parameters: Vec<NamedShape>) -> Vec<TensorSpec> {
    parameters.into_iter().map(|parameter| TensorSpec::f32(parameter.name, parameter.shape)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameter_counts_are_those_of_the_published_models() {
        let count = |config: &ModelConfig| required_tensors(config).iter().filter_map(TensorSpec::count).sum::<usize>();
        // Counted by transformers over BertForMaskedLM and XLMRobertaForMaskedLM of these sizes.
        assert_eq!(count(&ModelConfig::bert(21_128, 768, 12, 12, 3072)), 102_290_312);
        assert_eq!(count(&ModelConfig::xlm_roberta(250_002, 768, 12, 12, 3072)), 278_295_186);
    }

    #[test]
    fn only_what_a_class_takes_together_is_no_stray() {
        let (bert, xlm_r) = (ModelConfig::bert(9, 4, 1, 2, 8), ModelConfig::xlm_roberta(9, 4, 1, 2, 8));
        let strays = |config: &ModelConfig, parts: &[&str]| {
            stray_tensors(config, |name| parts.iter().any(|part| name.contains(part))).len()
        };
        let head = ["cls.predictions", "lm_head"];
        assert_eq!(strays(&bert, &[&head[..], &["pooler"]].concat()), 2);
        assert_eq!(strays(&bert, &[&head[..], &["pooler", "cls.seq"]].concat()), 0);
        assert_eq!(strays(&xlm_r, &[&head[..], &["pooler"]].concat()), 2);
        assert_eq!((strays(&bert, &["pooler"]), strays(&bert, &["cls.seq"]), strays(&bert, &[])), (0, 2, 0));
    }

    #[test]
    fn names_are_sorted_and_differ() {
        for config in [ModelConfig::bert(9, 4, 11, 2, 8), ModelConfig::xlm_roberta(9, 4, 11, 2, 8)] {
            let specs = required_tensors(&config);
            assert!(specs.windows(2).all(|pair| pair[0].name < pair[1].name));
            assert_eq!(specs.len(), 5 + 11 * 16 + 5);
        }
    }
}
