//! Families of encoders by the `model_type` of their configuration: those that are read, and why the others are not.

use jove_core::{Layout, RobertaClass};
use serde_json::{Map, Value};

/// A family whose tensors are, one for one, those of an encoder that this program has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// BERT, under its own names.
    Bert,
    /// XLM-R, RoBERTa or CamemBERT.
    Roberta(RobertaClass),
    /// ERNIE without task ids: BERT under another first name.
    Ernie,
    /// ELECTRA whose embeddings are as wide as its layers: BERT's encoder under another first name, and heads of its own.
    Electra,
}

impl Family {
    /// The layout that a model of the family has here.
    pub(crate) fn layout(self) -> Layout {
        match self {
            Self::Roberta(_) => Layout::XlmRoberta,
            Self::Bert | Self::Ernie | Self::Electra => Layout::Bert,
        }
    }

    /// The first part of its tensors' names where that is not the layout's own.
    pub(crate) fn own_prefix(self) -> Option<&'static str> {
        match self {
            Self::Ernie => Some("ernie."),
            Self::Electra => Some("electra."),
            Self::Bert | Self::Roberta(_) => None,
        }
    }

    /// The value of `model_type`, and the first word of its classes in transformers.
    pub(crate) fn names(class: RobertaClass) -> (&'static str, &'static str) {
        match class {
            RobertaClass::XlmRoberta => ("xlm-roberta", "XLMRoberta"),
            RobertaClass::Roberta => ("roberta", "Roberta"),
            RobertaClass::Camembert => ("camembert", "Camembert"),
        }
    }
}

/// Why a model is not read, and the nearest way to one that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) reason: String,
    pub(crate) hint: String,
}

fn refusal(reason: impl Into<String>, hint: impl Into<String>) -> Refusal {
    Refusal { reason: reason.into(), hint: hint.into() }
}

/// The family that a configuration describes.
///
/// # Errors
/// Where it is none that is read, with its name and what differs.
pub(crate) fn family(config: &Map<String, Value>) -> Result<Family, Refusal> {
    let text = |key: &str| config.get(key).and_then(Value::as_str);
    let Some(model_type) = text("model_type").map(str::to_owned).or_else(|| unnamed(config)) else {
        return Ok(Family::Bert);
    };
    match model_type.as_str() {
        "bert" => Ok(Family::Bert),
        "xlm-roberta" => Ok(Family::Roberta(RobertaClass::XlmRoberta)),
        "roberta" => Ok(Family::Roberta(RobertaClass::Roberta)),
        "camembert" => Ok(Family::Roberta(RobertaClass::Camembert)),
        "ernie" if config.get("use_task_id").and_then(Value::as_bool) != Some(true) => Ok(Family::Ernie),
        "ernie" => Err(refusal(
            "model_type ernie with use_task_id: this ERNIE adds a table of task ids to its embeddings, which the \
             encoder here does not have",
            "ERNIE models without task ids (use_task_id false, as ERNIE 2.0) are read as BERT",
        )),
        "electra" => electra(config),
        other => Err(other_family(other)),
    }
}

/// The family of a configuration without `model_type`, as tools other than transformers write it.
fn unnamed(config: &Map<String, Value>) -> Option<String> {
    let has = |key: &str| config.contains_key(key);
    let class = config.get("architectures").and_then(|classes| classes.get(0)).and_then(Value::as_str).unwrap_or("");
    let classes = READ_CLASSES.into_iter().chain(DIFFERENT.iter().map(|family| (family.class, family.model_type)));
    // `DebertaV2` begins as `Deberta` does.
    let by_class = classes.filter(|(first, _)| class.starts_with(first)).max_by_key(|(first, _)| first.len());
    let by_keys = match () {
        () if has("num_hidden_groups") || has("inner_group_num") => Some("albert"),
        () if has("d_model") && has("n_layer") && has("ff_activation") => Some("xlnet"),
        () => None,
    };
    by_class.map(|(_, model_type)| model_type).or(by_keys).map(str::to_owned)
}

/// First words of classes, and their `model_type`.
const READ_CLASSES: [(&str, &str); 6] = [
    ("Bert", "bert"),
    ("XLMRoberta", "xlm-roberta"),
    ("Roberta", "roberta"),
    ("Camembert", "camembert"),
    ("Ernie", "ernie"),
    ("Electra", "electra"),
];

fn electra(config: &Map<String, Value>) -> Result<Family, Refusal> {
    let size = |key: &str| config.get(key).and_then(Value::as_u64);
    // Defaults of ElectraConfig.
    let (embedding, hidden) = (size("embedding_size").unwrap_or(128), size("hidden_size").unwrap_or(256));
    if embedding == hidden {
        return Ok(Family::Electra);
    }
    Err(refusal(
        format!(
            "model_type electra with embedding_size {embedding} and hidden_size {hidden}: a layer between embeddings and \
             encoder, after the norm, widens the embeddings, which the encoder here does not have"
        ),
        "ELECTRA base and large, whose two sizes are equal, are read as a BERT encoder without a head",
    ))
}

/// A family with another architecture.
struct Different {
    model_type: &'static str,
    /// The first word of its classes.
    class: &'static str,
    differs: &'static str,
    nearest: &'static str,
}

const fn different(
    model_type: &'static str,
    class: &'static str,
    differs: &'static str,
    nearest: &'static str,
) -> Different {
    Different { model_type, class, differs, nearest }
}

const PLAIN_BERT: &str = "use a BERT model of the same language";

/// What sets the common families apart, and what to use in their place.
const DIFFERENT: [Different; 22] = [
    different(
        "albert",
        "Albert",
        "its layers share one set of weights and its embeddings are factorised",
        "copying the shared layer into each layer of a BERT does not give the same model where embedding_size differs from hidden_size; use a BERT model of the same language",
    ),
    different(
        "xlnet",
        "XLNet",
        "attention is relative and two-streamed, and there is no masked-language-model head",
        PLAIN_BERT,
    ),
    different(
        "distilbert",
        "DistilBert",
        "it has no token types, and its tensors have other names",
        "use the BERT model that it was distilled from",
    ),
    different("mpnet", "MPNet", "attention adds a relative position bias", PLAIN_BERT),
    different(
        "modernbert",
        "ModernBert",
        "positions are rotary, norms come before each sublayer and the feed-forward layer is gated",
        PLAIN_BERT,
    ),
    different("deberta", "Deberta", "attention is disentangled, with relative positions", PLAIN_BERT),
    different(
        "deberta-v2",
        "DebertaV2",
        "attention is disentangled, with relative positions",
        "use a BERT model or, for many languages, XLM-R",
    ),
    different("roformer", "RoFormer", "positions are rotary", PLAIN_BERT),
    different("megatron-bert", "MegatronBert", "norms come before each sublayer", PLAIN_BERT),
    different("xlm-roberta-xl", "XLMRobertaXL", "norms come before each sublayer", "use XLM-R base or large"),
    different("roberta-prelayernorm", "RobertaPreLayerNorm", "norms come before each sublayer", "use RoBERTa or XLM-R"),
    different("xmod", "Xmod", "each language has adapter layers", "use XLM-R"),
    different("nezha", "Nezha", "positions are relative", PLAIN_BERT),
    different("mobilebert", "MobileBert", "its layers have bottlenecks", PLAIN_BERT),
    different("squeezebert", "SqueezeBert", "its layers are grouped convolutions", PLAIN_BERT),
    different("convbert", "ConvBert", "its layers mix attention with convolution", PLAIN_BERT),
    different("ernie_m", "ErnieM", "it has no token types and another head", "use XLM-R"),
    different(
        "luke",
        "Luke",
        "it has tables and attention for entities",
        "use RoBERTa or XLM-R, and this program's own objectives",
    ),
    different(
        "mluke",
        "MLuke",
        "it has tables and attention for entities",
        "use XLM-R, and this program's own objectives",
    ),
    different("rembert", "RemBert", "input and output embeddings differ and are factorised", "use XLM-R"),
    different("longformer", "Longformer", "attention is windowed", "use RoBERTa"),
    different("big_bird", "BigBird", "attention is sparse", PLAIN_BERT),
];

const READ: &str = "bert, roberta, xlm-roberta, camembert, ernie without task ids, electra base and large";

fn other_family(model_type: &str) -> Refusal {
    match DIFFERENT.iter().find(|family| family.model_type == model_type) {
        Some(Different { differs, nearest, .. }) => {
            refusal(format!("model_type {model_type} is not supported: {differs}"), *nearest)
        }
        None => refusal(format!("model_type: expected one of {READ}; found {model_type}"), PLAIN_BERT),
    }
}

/// Activations of other models, by what sets them apart from GELU. `gelu_python` is GELU under another name.
pub(crate) fn check_activation(activation: &str) -> Result<(), Refusal> {
    let what = match activation {
        "gelu" | "gelu_python" => return Ok(()),
        "gelu_new" | "gelu_fast" | "gelu_pytorch_tanh" | "gelu_accurate" => "an approximation of GELU by tanh",
        "quick_gelu" => "an approximation of GELU by a sigmoid",
        _ => "another function",
    };
    Err(refusal(
        format!("hidden_act: expected gelu, found {activation}, {what}"),
        "the weights were trained with it, and with GELU they would give other numbers; use a model trained with GELU",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Family, Refusal> {
        let value: Value = serde_json::from_str(text).unwrap();
        family(value.as_object().unwrap())
    }

    #[test]
    fn families_with_the_tensors_of_an_encoder_here_are_read() {
        for (text, expected) in [
            ("{}", Family::Bert),
            (r#"{"model_type": "bert"}"#, Family::Bert),
            (r#"{"architectures": ["BertForMaskedLM"]}"#, Family::Bert),
            (r#"{"architectures": ["RobertaForMaskedLM"]}"#, Family::Roberta(RobertaClass::Roberta)),
            (r#"{"model_type": "camembert"}"#, Family::Roberta(RobertaClass::Camembert)),
            (r#"{"model_type": "ernie", "use_task_id": false}"#, Family::Ernie),
            (r#"{"model_type": "electra", "embedding_size": 768, "hidden_size": 768}"#, Family::Electra),
        ] {
            assert_eq!(of(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn others_are_refused_by_name_with_what_differs() {
        for (text, expected) in [
            (r#"{"model_type": "ernie", "use_task_id": true}"#, "model_type ernie with use_task_id"),
            (r#"{"model_type": "electra"}"#, "model_type electra with embedding_size 128 and hidden_size 256"),
            (r#"{"model_type": "albert"}"#, "model_type albert is not supported: its layers share"),
            (r#"{"architectures": ["XLNetLMHeadModel"]}"#, "model_type xlnet is not supported"),
            (r#"{"d_model": 8, "n_layer": 2, "ff_activation": "gelu"}"#, "model_type xlnet is not supported"),
            (r#"{"num_hidden_groups": 1, "hidden_size": 8}"#, "model_type albert is not supported"),
            (r#"{"architectures": ["DistilBertForMaskedLM"]}"#, "model_type distilbert is not supported"),
            (r#"{"architectures": ["DebertaV2ForMaskedLM"]}"#, "model_type deberta-v2 is not supported"),
            (r#"{"model_type": "gpt2"}"#, "found gpt2"),
            (r#"{"model_type": "模型😀"}"#, "found 模型😀"),
            (r#"{"model_type": ""}"#, "expected one of bert, roberta"),
        ] {
            let refusal = of(text).unwrap_err();
            assert!(refusal.reason.contains(expected), "{text}: {refusal:?}");
            assert!(!refusal.hint.is_empty());
        }
    }

    #[test]
    fn activations_that_compute_the_same_are_one() {
        assert_eq!((check_activation("gelu"), check_activation("gelu_python")), (Ok(()), Ok(())));
        for (name, expected) in [("gelu_new", "by tanh"), ("relu", "found relu, another function"), ("", "found ,")] {
            assert!(check_activation(name).unwrap_err().reason.contains(expected), "{name}");
        }
    }
}
