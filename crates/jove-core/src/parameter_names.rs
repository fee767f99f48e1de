//! The names and shapes of a model's parameters in every format that stores them, in one place.
//!
//! The model, checkpoints and conversions all read these tables; [`translate`] takes a name from one format to another.

use crate::model_config::{Layout, ModelConfig};

/// Whose names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// Hugging Face's, which differ by layout.
    HuggingFace(Layout),
    /// Those of Google's BERT checkpoints. XLM-R has none of its own and takes BERT's.
    TensorFlow,
    /// UER-Py's, as it has had them since 2022.
    Uer,
}

/// A part of a model that has parameters of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the tables have their names")]
pub enum Part {
    WordEmbeddings,
    PositionEmbeddings,
    TokenTypeEmbeddings,
    EmbeddingNorm,
    Query,
    Key,
    Value,
    AttentionOutput,
    AttentionNorm,
    Intermediate,
    Output,
    OutputNorm,
    HeadDense,
    HeadNorm,
    HeadBias,
    Pooler,
    NextSentence,
}

/// The parameters of a part, which decide how their names end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// An embedding table.
    Table,
    /// A linear layer: weight and bias.
    Linear,
    /// A layer norm: weight and bias.
    Norm,
    /// The bias of the prediction of pieces; its weight is the table of word embeddings.
    Bias,
    /// A linear layer that TensorFlow stores under other names and does not transpose.
    Classifier,
}

/// One part and its names. `#` is the number of the layer.
struct Row {
    part: Part,
    kind: Kind,
    bert: &'static str,
    xlm_roberta: Option<&'static str>,
    tensorflow: &'static str,
    uer: &'static str,
}

/// A part that has the same name in both layouts but for the first word.
macro_rules! both {
    ($part:ident, $kind:ident, $hugging_face:literal, $tensorflow:literal, $uer:literal) => {
        Row {
            part: Part::$part,
            kind: Kind::$kind,
            bert: concat!("bert.", $hugging_face),
            xlm_roberta: Some(concat!("roberta.", $hugging_face)),
            tensorflow: $tensorflow,
            uer: $uer,
        }
    };
}

/// A part of a layer.
macro_rules! layer {
    ($part:ident, $kind:ident, $hugging_face:literal, $tensorflow:literal, $uer:literal) => {
        Row {
            part: Part::$part,
            kind: Kind::$kind,
            bert: concat!("bert.encoder.layer.#.", $hugging_face),
            xlm_roberta: Some(concat!("roberta.encoder.layer.#.", $hugging_face)),
            tensorflow: concat!("bert/encoder/layer_#/", $tensorflow),
            uer: concat!("encoder.transformer.#.", $uer),
        }
    };
}

/// A part of a head.
macro_rules! head {
    ($part:ident, $kind:ident, $bert:literal, $xlm_roberta:expr, $tensorflow:literal, $uer:literal) => {
        Row {
            part: Part::$part,
            kind: Kind::$kind,
            bert: $bert,
            xlm_roberta: $xlm_roberta,
            tensorflow: $tensorflow,
            uer: $uer,
        }
    };
}

/// The encoder: part, kind, and names in Hugging Face, TensorFlow, UER.
#[rustfmt::skip]
const ENCODER: [Row; 12] = [
    both!(WordEmbeddings, Table, "embeddings.word_embeddings", "bert/embeddings/word_embeddings", "embedding.word.embedding"),
    both!(PositionEmbeddings, Table, "embeddings.position_embeddings", "bert/embeddings/position_embeddings", "embedding.pos.embedding"),
    both!(TokenTypeEmbeddings, Table, "embeddings.token_type_embeddings", "bert/embeddings/token_type_embeddings", "embedding.seg.embedding"),
    both!(EmbeddingNorm, Norm, "embeddings.LayerNorm", "bert/embeddings/LayerNorm", "embedding.layer_norm"),
    layer!(Query, Linear, "attention.self.query", "attention/self/query", "self_attn.linear_layers.0"),
    layer!(Key, Linear, "attention.self.key", "attention/self/key", "self_attn.linear_layers.1"),
    layer!(Value, Linear, "attention.self.value", "attention/self/value", "self_attn.linear_layers.2"),
    layer!(AttentionOutput, Linear, "attention.output.dense", "attention/output/dense", "self_attn.final_linear"),
    layer!(AttentionNorm, Norm, "attention.output.LayerNorm", "attention/output/LayerNorm", "layer_norm_1"),
    layer!(Intermediate, Linear, "intermediate.dense", "intermediate/dense", "feed_forward.linear_1"),
    layer!(Output, Linear, "output.dense", "output/dense", "feed_forward.linear_2"),
    layer!(OutputNorm, Norm, "output.LayerNorm", "output/LayerNorm", "layer_norm_2"),
];

/// The masked-language-model head: part, kind, and names in BERT, XLM-R, TensorFlow, UER.
#[rustfmt::skip]
const HEAD: [Row; 3] = [
    head!(HeadDense, Linear, "cls.predictions.transform.dense", Some("lm_head.dense"), "cls/predictions/transform/dense", "target.mlm.linear_1"),
    head!(HeadNorm, Norm, "cls.predictions.transform.LayerNorm", Some("lm_head.layer_norm"), "cls/predictions/transform/LayerNorm", "target.mlm.layer_norm"),
    head!(HeadBias, Bias, "cls.predictions", Some("lm_head"), "cls/predictions", "target.mlm.linear_2"),
];

/// What checkpoints may hold beyond encoder and head.
#[rustfmt::skip]
const OPTIONAL: [Row; 2] = [
    both!(Pooler, Linear, "pooler.dense", "bert/pooler/dense", "target.sp.linear_1"),
    head!(NextSentence, Classifier, "cls.seq_relationship", None, "cls/seq_relationship", "target.sp.linear_2"),
];

fn table() -> impl Iterator<Item = &'static Row> {
    ENCODER.iter().chain(&HEAD).chain(&OPTIONAL)
}

impl Kind {
    /// How the names of the part's parameters end.
    fn ends(self, naming: Naming) -> &'static [&'static str] {
        match (self, naming) {
            (Self::Table, Naming::TensorFlow) => &[""],
            (Self::Table, _) => &[".weight"],
            (Self::Linear, Naming::TensorFlow) => &["/kernel", "/bias"],
            (Self::Norm, Naming::TensorFlow) => &["/gamma", "/beta"],
            (Self::Norm, Naming::Uer) => &[".gamma", ".beta"],
            (Self::Bias, Naming::TensorFlow) => &["/output_bias"],
            (Self::Bias, _) => &[".bias"],
            (Self::Classifier, Naming::TensorFlow) => &["/output_weights", "/output_bias"],
            (Self::Linear | Self::Norm | Self::Classifier, _) => &[".weight", ".bias"],
        }
    }
}

impl Row {
    fn name(&self, naming: Naming) -> Option<&'static str> {
        match naming {
            Naming::HuggingFace(Layout::Bert) => Some(self.bert),
            Naming::HuggingFace(Layout::XlmRoberta) => self.xlm_roberta,
            Naming::TensorFlow => Some(self.tensorflow),
            Naming::Uer => Some(self.uer),
        }
    }

    /// Which of the part's parameters is called `name`, and the number of its layer as written.
    fn read<'a>(&self, name: &'a str, naming: Naming) -> Option<(usize, &'a str)> {
        let separator = if naming == Naming::TensorFlow { '/' } else { '.' };
        let pattern = self.name(naming)?;
        let (before, after) = pattern.split_once('#').unwrap_or((pattern, ""));
        let rest = name.strip_prefix(before)?;
        let layer_of = |end: &str| {
            let layer = rest.strip_suffix(end)?.strip_suffix(after)?;
            let fits = if pattern.contains('#') { !layer.contains(separator) } else { layer.is_empty() };
            fits.then_some(layer)
        };
        self.kind.ends(naming).iter().enumerate().find_map(|(number, end)| Some((number, layer_of(end)?)))
    }
}

impl Part {
    /// The name of the part in layer `layer`, to which the parameters' own ends are added; parts outside of the layers
    /// ignore the number. `None` if a model of that layout has no such part.
    pub fn name(self, naming: Naming, layer: usize) -> Option<String> {
        let row = table().find(|row| row.part == self)?;
        Some(row.name(naming)?.replacen('#', &layer.to_string(), 1))
    }

    /// Rows and columns of its weight.
    fn sizes(self, config: &ModelConfig) -> [usize; 2] {
        let (hidden, intermediate) = (config.hidden_size, config.intermediate_size);
        match self {
            Self::WordEmbeddings | Self::HeadBias => [config.vocab_size, hidden],
            Self::PositionEmbeddings => [config.max_position_embeddings, hidden],
            Self::TokenTypeEmbeddings => [config.type_vocab_size, hidden],
            Self::Intermediate => [intermediate, hidden],
            Self::Output => [hidden, intermediate],
            Self::NextSentence => [2, hidden],
            _ => [hidden, hidden],
        }
    }
}

/// The part that a parameter belongs to.
pub fn part(name: &str, naming: Naming) -> Option<Part> {
    table().find(|row| row.read(name, naming).is_some()).map(|row| row.part)
}

/// The name in `to` of the parameter that `from` calls `name`; `None` if either does not know it.
///
/// ```
/// use jove_core::Layout;
/// use jove_core::parameter_names::{Naming, translate};
///
/// let hugging_face = Naming::HuggingFace(Layout::Bert);
/// let name = "bert/encoder/layer_11/output/LayerNorm/gamma";
/// assert_eq!(
///     translate(name, Naming::TensorFlow, hugging_face).as_deref(),
///     Some("bert.encoder.layer.11.output.LayerNorm.weight"),
/// );
/// ```
pub fn translate(name: &str, from: Naming, to: Naming) -> Option<String> {
    table().find_map(|row| {
        let (number, layer) = row.read(name, from)?;
        Some(row.name(to)?.replacen('#', layer, 1) + row.kind.ends(to)[number])
    })
}

/// The first part of the names of an encoder's parameters in Hugging Face's naming, with its dot.
pub fn prefix(layout: Layout) -> &'static str {
    match layout {
        Layout::Bert => "bert.",
        Layout::XlmRoberta => "roberta.",
    }
}

/// The name and shape of one parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedShape {
    /// Hugging Face's name.
    pub name: String,
    /// `[rows, columns]` or `[length]`.
    pub shape: Vec<usize>,
}

/// The parameters of the encoder, in the order of the model.
pub fn encoder(config: &ModelConfig) -> Vec<NamedShape> {
    let of = |in_layers: bool| ENCODER.iter().filter(move |row| row.bert.contains('#') == in_layers);
    let outside = of(false).flat_map(|row| row.shapes(config, 0));
    let layers =
        (0..config.num_hidden_layers).flat_map(|layer| of(true).flat_map(move |row| row.shapes(config, layer)));
    outside.chain(layers).collect()
}

/// The parameters of the masked-language-model head, without the word embeddings that it shares.
pub fn head(config: &ModelConfig) -> Vec<NamedShape> {
    HEAD.iter().flat_map(|row| row.shapes(config, 0)).collect()
}

/// Encoder and head.
pub fn model(config: &ModelConfig) -> Vec<NamedShape> {
    [encoder(config), head(config)].concat()
}

/// Pooler and next-sentence head, which checkpoints may hold beyond [`model`].
pub fn optional(config: &ModelConfig) -> Vec<NamedShape> {
    OPTIONAL.iter().flat_map(|row| row.shapes(config, 0)).collect()
}

impl Row {
    fn shapes(&self, config: &ModelConfig, layer: usize) -> Vec<NamedShape> {
        let naming = Naming::HuggingFace(config.layout);
        let Some(name) = self.part.name(naming, layer) else { return Vec::new() };
        let [rows, columns] = self.part.sizes(config);
        let shape = |end: &&str| NamedShape {
            name: format!("{name}{end}"),
            shape: if *end == ".bias" || self.kind == Kind::Norm { vec![rows] } else { vec![rows, columns] },
        };
        self.kind.ends(naming).iter().map(shape).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HUGGING_FACE: [Naming; 2] = [Naming::HuggingFace(Layout::Bert), Naming::HuggingFace(Layout::XlmRoberta)];

    #[test]
    fn every_name_comes_back_from_every_naming() {
        for config in [ModelConfig::bert(9, 4, 12, 2, 8), ModelConfig::xlm_roberta(9, 4, 12, 2, 8)] {
            let own = Naming::HuggingFace(config.layout);
            for NamedShape { name, .. } in model(&config).into_iter().chain(optional(&config)) {
                for other in [Naming::TensorFlow, Naming::Uer, own] {
                    let there = translate(&name, own, other).unwrap();
                    assert_eq!(translate(&there, other, own).as_deref(), Some(&*name), "{there}");
                    assert_eq!(part(&there, other), part(&name, own), "{there}");
                }
            }
        }
    }

    #[test]
    fn names_are_those_of_the_published_checkpoints() {
        let check = |naming, name: &str, expected: &[&str]| {
            let found = HUGGING_FACE.map(|own| translate(name, naming, own));
            assert_eq!(found.iter().flatten().collect::<Vec<_>>(), expected, "{name}");
        };
        let words = ["bert.embeddings.word_embeddings.weight", "roberta.embeddings.word_embeddings.weight"];
        check(Naming::TensorFlow, "bert/embeddings/word_embeddings", &words);
        check(Naming::Uer, "embedding.word.embedding.weight", &words);
        let key = ["bert.encoder.layer.3.attention.self.key.bias", "roberta.encoder.layer.3.attention.self.key.bias"];
        check(Naming::TensorFlow, "bert/encoder/layer_3/attention/self/key/bias", &key);
        check(Naming::Uer, "encoder.transformer.3.self_attn.linear_layers.1.bias", &key);
        check(Naming::TensorFlow, "cls/predictions/output_bias", &["cls.predictions.bias", "lm_head.bias"]);
        check(Naming::TensorFlow, "cls/seq_relationship/output_weights", &["cls.seq_relationship.weight"]);
        check(Naming::Uer, "target.mlm.linear_2.bias", &["cls.predictions.bias", "lm_head.bias"]);
    }

    #[test]
    fn names_of_nothing_are_refused() {
        let unknown = [
            "",
            "x",
            "中文",
            "😀",
            "אבג",
            "e\u{301}",
            "bert",
            "bert.",
            "bert/encoder/layer_",
            "bert/encoder/layer_0/",
            "bert.encoder.layer.0.more.output.dense.weight",
            "bert.embeddings.word_embeddings",
            "bert.embeddings.word_embeddings.weight.weight",
            "target.mlm.linear_2.weight",
            "encoder.transformer.",
        ];
        for name in unknown {
            for from in [HUGGING_FACE[0], HUGGING_FACE[1], Naming::TensorFlow, Naming::Uer] {
                assert_eq!(translate(name, from, Naming::Uer), None, "{name:?}");
            }
        }
        assert_eq!(Part::NextSentence.name(HUGGING_FACE[1], 0), None);
    }

    #[test]
    fn a_layer_has_sixteen_parameters() {
        for layers in [0, 1, 24] {
            let config = ModelConfig::bert(9, 4, layers, 2, 8);
            assert_eq!((encoder(&config).len(), head(&config).len()), (5 + 16 * layers, 5));
            assert_eq!(optional(&config).len(), 4);
        }
    }
}
