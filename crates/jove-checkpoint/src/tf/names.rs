//! Google's names in place of Hugging Face's, and the other way round; the table of both is
//! [`jove_core::parameter_names`].

use std::collections::BTreeSet;

use jove_core::Layout;
use jove_core::parameter_names::{Naming, Part, part, translate};

/// TensorFlow's name of a tensor that Hugging Face calls `name`.
pub(super) fn to_tf(layout: Layout, name: &str) -> Option<String> {
    translate(name, Naming::HuggingFace(layout), Naming::TensorFlow)
}

/// Hugging Face's name of a tensor that TensorFlow calls `name`.
pub(super) fn from_tf(layout: Layout, name: &str) -> Option<String> {
    translate(name, Naming::TensorFlow, Naming::HuggingFace(layout))
}

/// Whether TensorFlow calls the position table `name`, whose rows move in XLM-R's layout.
pub(super) fn is_positions(name: &str) -> bool {
    part(name, Naming::TensorFlow) == Some(Part::PositionEmbeddings)
}

/// Whether TensorFlow keeps the tensor with rows and columns exchanged.
pub(super) fn is_transposed(name: &str) -> bool {
    name.ends_with("/kernel")
}

/// Why a variable is no weight of the model; `names` are those of all variables of the checkpoint.
///
/// An optimizer keeps its slots under the name of the variable that they belong to, whatever the optimizer is called:
/// `bert/pooler/dense/kernel/adam_m`, `…/AdamWeightDecayOptimizer_1`, `…/LAMB`, `…/Momentum`, `…_slot_vr`; some put a scope
/// of their own before that name.
pub(super) fn no_weight(name: &str, names: &BTreeSet<String>) -> Option<&'static str> {
    const STATE: &str = "the optimizer's state";
    if let Some(slot) = slot(name, names) {
        let average = ["ExponentialMovingAverage", "ema", "EMA"].iter().any(|end| slot.ends_with(end));
        return Some(if average { "a moving average of a weight" } else { STATE });
    }
    let last = name.rsplit('/').next().unwrap_or(name);
    let numbers = [
        "beta1_power",
        "beta2_power",
        "global_step",
        "good_steps",
        "bad_steps",
        "loss_scale",
        "current_loss_scale",
        "learning_rate",
        "decay",
        "iter",
        "iterations",
    ];
    let scoped = name.split('/').next().is_some_and(is_optimizer);
    (numbers.contains(&last) || scoped).then_some(STATE)
}

/// What a slot's name has beyond that of its variable.
fn slot<'a>(name: &'a str, names: &BTreeSet<String>) -> Option<&'a str> {
    let under = name.match_indices('/').map(|(at, _)| at).find(|at| names.contains(&name[..*at]));
    if let Some(at) = under {
        return Some(&name[at + 1..]);
    }
    if let Some((variable, slot)) = name.rsplit_once("_slot_").filter(|(variable, _)| names.contains(*variable)) {
        return Some(&name[variable.len() + 1..]).filter(|_| !slot.is_empty());
    }
    None
}

/// Whether a scope is named after an optimizer.
fn is_optimizer(scope: &str) -> bool {
    const KNOWN: [&str; 12] = [
        "training",
        "optimizer",
        "adam",
        "adamw",
        "lamb",
        "adafactor",
        "momentum",
        "lars",
        "rmsprop",
        "adagrad",
        "adadelta",
        "sgd",
    ];
    let scope = scope.to_ascii_lowercase();
    let scope = scope.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    KNOWN.contains(&scope) || scope.ends_with("optimizer")
}

/// The family that other names than BERT's are of, with what to do; `None` where a checkpoint may be BERT's.
pub(super) fn other_family(name: &str) -> Option<(&'static str, &'static str)> {
    const CONVERT: &str = "convert it to PyTorch with the script of its family in transformers, and import that";
    if name.ends_with("/.ATTRIBUTES/VARIABLE_VALUE") {
        let keras = "load it in the program that wrote it, and save it as PyTorch or under the names of Google's BERT";
        return Some(("a checkpoint of TensorFlow 2's objects, whose variables have no names of their own", keras));
    }
    let families = [
        ("electra/", "an ELECTRA checkpoint", CONVERT),
        ("discriminator_predictions/", "an ELECTRA checkpoint", CONVERT),
        ("bert/encoder/transformer/group_0/", "an ALBERT checkpoint, whose layers share weights", USE_BERT),
        ("model/transformer/", "an XLNet checkpoint, whose attention is relative", USE_BERT),
    ];
    families.into_iter().find_map(|(first, what, hint)| name.starts_with(first).then_some((what, hint)))
}

const USE_BERT: &str = "use a BERT model of the same language";

#[cfg(test)]
mod tests {
    use jove_core::ModelConfig;

    use super::*;
    use crate::layout::{optional_tensors, required_tensors};

    #[test]
    fn every_tensor_has_a_name_there_and_back() {
        for config in [ModelConfig::bert(9, 4, 12, 2, 8), ModelConfig::xlm_roberta(9, 4, 12, 2, 8)] {
            for spec in required_tensors(&config).into_iter().chain(optional_tensors(&config)) {
                let tf = to_tf(config.layout, &spec.name).unwrap();
                assert_eq!(from_tf(config.layout, &tf).as_deref(), Some(&*spec.name), "{tf}");
            }
        }
        for unknown in ["", "x", "中文", "😀", "bert/encoder/layer_", "bert/encoder/layer_0/", "אבג", "e\u{301}"]
        {
            assert_eq!(from_tf(Layout::XlmRoberta, unknown), None);
            assert_eq!(to_tf(Layout::XlmRoberta, unknown), None);
        }
    }

    #[test]
    fn slots_of_every_optimizer_are_told_from_weights() {
        let variable = "bert/encoder/layer_0/output/dense/kernel";
        let own = [variable, "output_weights", "output_bias", "bert/pooler/dense/bias"];
        let names: BTreeSet<String> = own.map(str::to_owned).into();
        for name in own {
            assert_eq!(no_weight(name, &names), None, "{name}");
        }
        let slots = [
            "adam_m",
            "adam_v",
            "Adam",
            "Adam_1",
            "AdamWeightDecayOptimizer",
            "AdamWeightDecayOptimizer_1",
            "BERTAdam",
            "BERTAdam_1",
            "LAMB",
            "LAMB_1",
            "LAMBOptimizer",
            "LAMBOptimizer_1",
            "lamb_m",
            "AdamW_1",
            "Adafactor",
            "Adafactor_2",
            "Momentum",
            "LARSOptimizer/Momentum",
            "RMSProp_1",
            "vr",
            "词",
        ];
        for slot in slots {
            assert_eq!(no_weight(&format!("{variable}/{slot}"), &names), Some("the optimizer's state"), "{slot}");
        }
        let others = [
            "global_step",
            "beta1_power",
            "loss_scale",
            "training/beta2_power",
            "output_weights/adam_m",
            "bert/pooler/dense/bias_slot_vr",
            "AdamWeightDecayOptimizer/bert/pooler/dense/bias/m",
            "training/Adam/bert/pooler/dense/bias/v",
            "Optimizer/learning_rate",
        ];
        for name in others {
            assert_eq!(no_weight(name, &names), Some("the optimizer's state"), "{name}");
        }
        let average = no_weight("bert/pooler/dense/bias/ExponentialMovingAverage", &names);
        assert_eq!(average, Some("a moving average of a weight"));
        for name in [
            "",
            "lambda/kernel",
            "bert/pooler/dense/kernel",
            "cls/seq_relationship/output_weights",
            "😀",
            "שם/e\u{301}",
        ] {
            assert_eq!(no_weight(name, &names), None, "{name}");
        }
    }
}
