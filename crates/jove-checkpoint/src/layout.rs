//! The tensors of a model, by their Hugging Face names.

use jove_core::{Layout, ModelConfig};

use crate::spec::TensorSpec;

/// The first part of every encoder tensor's name.
pub(crate) fn prefix(layout: Layout) -> &'static str {
    match layout {
        Layout::Bert => "bert.",
        Layout::XlmRoberta => "roberta.",
    }
}

/// Every tensor of the encoder and the masked-language-model head, tied ones once; sorted by name.
pub fn required_tensors(config: &ModelConfig) -> Vec<TensorSpec> {
    let mut specs = encoder_tensors(config);
    specs.extend(head_tensors(config));
    specs.sort_by(|a, b| a.name.cmp(&b.name));
    specs
}

/// Tensors that a checkpoint may hold beyond those: the pooler and the next-sentence head, which training here does not
/// use but conversions keep.
pub fn optional_tensors(config: &ModelConfig) -> Vec<TensorSpec> {
    let (hidden, prefix) = (config.hidden_size, prefix(config.layout));
    let mut specs = Vec::new();
    linear(&mut specs, &format!("{prefix}pooler.dense"), hidden, hidden);
    if config.layout == Layout::Bert {
        linear(&mut specs, "cls.seq_relationship", 2, hidden);
    }
    specs
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

/// The encoder's tensors.
pub(crate) fn encoder_tensors(config: &ModelConfig) -> Vec<TensorSpec> {
    let (hidden, prefix) = (config.hidden_size, prefix(config.layout));
    let mut specs = Vec::new();
    let tables = [
        ("word", config.vocab_size),
        ("position", config.max_position_embeddings),
        ("token_type", config.type_vocab_size),
    ];
    for (table, rows) in tables {
        specs.push(TensorSpec::f32(format!("{prefix}embeddings.{table}_embeddings.weight"), [rows, hidden]));
    }
    norm(&mut specs, &format!("{prefix}embeddings.LayerNorm"), hidden);
    for layer in 0..config.num_hidden_layers {
        let at = format!("{prefix}encoder.layer.{layer}.");
        for part in ["query", "key", "value"] {
            linear(&mut specs, &format!("{at}attention.self.{part}"), hidden, hidden);
        }
        linear(&mut specs, &format!("{at}attention.output.dense"), hidden, hidden);
        norm(&mut specs, &format!("{at}attention.output.LayerNorm"), hidden);
        linear(&mut specs, &format!("{at}intermediate.dense"), config.intermediate_size, hidden);
        linear(&mut specs, &format!("{at}output.dense"), hidden, config.intermediate_size);
        norm(&mut specs, &format!("{at}output.LayerNorm"), hidden);
    }
    specs
}

/// The tensors of the masked-language-model head; its decoder is the word table and not listed.
pub(crate) fn head_tensors(config: &ModelConfig) -> Vec<TensorSpec> {
    let hidden = config.hidden_size;
    let (dense, layer_norm, bias) = match config.layout {
        Layout::Bert => {
            ("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions.bias")
        }
        Layout::XlmRoberta => ("lm_head.dense", "lm_head.layer_norm", "lm_head.bias"),
    };
    let mut specs = Vec::new();
    linear(&mut specs, dense, hidden, hidden);
    norm(&mut specs, layer_norm, hidden);
    specs.push(TensorSpec::f32(bias, [config.vocab_size]));
    specs
}

fn linear(specs: &mut Vec<TensorSpec>, name: &str, rows: usize, columns: usize) {
    specs.push(TensorSpec::f32(format!("{name}.weight"), [rows, columns]));
    specs.push(TensorSpec::f32(format!("{name}.bias"), [rows]));
}

fn norm(specs: &mut Vec<TensorSpec>, name: &str, width: usize) {
    specs.push(TensorSpec::f32(format!("{name}.weight"), [width]));
    specs.push(TensorSpec::f32(format!("{name}.bias"), [width]));
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
