//! The run file as written: one TOML file is one experiment. Every field here is documented in `docs/run-file.md`,
//! which is made from these comments.

use std::path::PathBuf;

use jove_core::Layout;
use jove_corpus::{CleanOptions, PairSource, TextSource};
use jove_kb::{Selection, Source, VerbalizeOptions};
use jove_linker::{EntityLinkingOptions, TaggerOptions};
use jove_masking::MaskConfig;
use jove_trainer::TrainConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Table;

/// An experiment.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RunFile {
    /// Names the folder of the results; letters, digits, `-` and `_`. Required.
    pub name: String,
    /// What the experiment asks, shown on top of the report. Default empty.
    #[serde(default)]
    pub description: String,
    /// Every variant is trained once for each of these. Default `[1]`.
    #[serde(default = "one_seed")]
    pub seeds: Vec<u64>,
    /// Where finished stages and results go; relative to the run file, or to where you are when given by `--set`.
    /// Default `../runs`.
    #[serde(default = "default_output")]
    pub output: PathBuf,
    /// Where the data lies.
    #[serde(default)]
    pub data: DataSettings,
    /// The knowledge base; left out where no variant uses one.
    #[serde(default)]
    pub kb: KbSettings,
    /// Sentences made from the graph; left out where the graph has no sentence patterns.
    #[serde(default)]
    pub verbalize: Option<VerbalizeSettings>,
    /// Text to train on.
    #[serde(default)]
    pub text: TextSettings,
    /// Sentence pairs to align languages with.
    #[serde(default)]
    pub pairs: PairSettings,
    /// What entities are described by, for the knowledge link and the probe of it.
    #[serde(default)]
    pub describe: DescribeSettings,
    /// How names are found in text.
    #[serde(default)]
    pub link: EntityLinkingOptions,
    /// How text is cut into words.
    #[serde(default)]
    pub tagger: TaggerOptions,
    /// The vocabularies, one for each layout.
    #[serde(default)]
    pub tokenizers: TokenizerSettings,
    /// The encoder: its size, or what it goes on from.
    #[serde(default)]
    pub model: ModelSettings,
    /// How every variant is trained; a variant may differ.
    #[serde(default)]
    pub train: TrainConfig,
    /// What is compared; the first variant is the one that the others are compared to. Required.
    pub variants: Vec<VariantSettings>,
    /// What makes the comparison an ablation, for `jove ablate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ablation: Option<AblationSettings>,
    /// What is measured.
    #[serde(default)]
    pub probes: ProbeSettings,
}

/// Where the data lies.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct DataSettings {
    /// The folder that all data paths start at; itself relative to the run file, or to where you are when given by
    /// `--set`. Default `..`.
    pub root: PathBuf,
}

/// The knowledge base.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct KbSettings {
    /// What it is built from. Default none: an empty base, for runs whose variants use no graph.
    pub sources: Vec<Source>,
    /// What is kept of the sources.
    pub select: Selection,
    /// Bad rows allowed before the stage stops; each is kept in a reject file. Default 0.
    pub max_bad: u64,
}

/// Sentences made from the graph.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct VerbalizeSettings {
    /// The sentence patterns: a TOML file, or a folder of them; relative to the run file. Required.
    pub patterns: PathBuf,
    /// How many sentences, and which facts are held out for the probes.
    pub sentences: VerbalizeOptions,
}

/// Text to train on.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct TextSettings {
    /// Files or folders of text.
    pub sources: Vec<TextSource>,
    /// What is cleaned away.
    pub clean: CleanOptions,
    /// Share of the texts that is kept out of training for the pseudo-perplexity, in [0, 0.5]. Default 0.05.
    pub held_out: f64,
    /// Bad lines allowed before the stage stops; each is kept in a reject file. Default 0.
    pub max_bad: u64,
}

/// Sentence pairs.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct PairSettings {
    /// Tab-separated files to train on; both sides also count as plain text for every variant.
    pub train: Vec<PairSource>,
    /// Tab-separated files that only the bitext probe reads. What holds one of their sentences is not trained on.
    pub probe: Vec<PairSource>,
    /// Bad rows allowed before the stage stops; each is kept in a reject file. Default 0.
    pub max_bad: u64,
}

/// What entities are described by, after their name. What tells a held-out fact is cut from all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct DescribeSettings {
    /// Whether the first type is told, before the description. A probe of types then asks what training has told. Default
    /// false.
    pub types: bool,
    /// The most facts that are told of an entity without a description. Default 4.
    pub facts: usize,
    /// The most facts that are told after a description. Default 0.
    pub further_facts: usize,
}

/// The vocabularies.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct TokenizerSettings {
    /// For variants in BERT's layout.
    pub bert: Vocabulary,
    /// For variants in XLM-R's layout.
    pub xlm_roberta: Vocabulary,
}

/// One vocabulary: loaded where a path is given, else trained on the text.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Vocabulary {
    /// `vocab.txt`, `tokenizer.json` or a SentencePiece `.model`. Default none: that of `model.from`, else train one.
    pub path: Option<PathBuf>,
    /// Pieces of a trained vocabulary, special ones included. Default 6000.
    pub size: u32,
}

/// The encoder that training begins with. The layout of a variant sets what is not said here.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ModelSettings {
    /// A Hugging Face folder to go on training from, relative to `data.root`: its weights, its sizes, and its tokenizer
    /// unless `tokenizers` gives another path. All variants must have its layout, and a size that is given here must be
    /// its own. Default none: random weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<PathBuf>,
    /// Width of the residual stream. Default 128.
    pub hidden_size: usize,
    /// Transformer layers. Default 2.
    pub layers: usize,
    /// Attention heads; divides the width. Default 4.
    pub heads: usize,
    /// Width of the feed-forward layer. Default 512.
    pub intermediate_size: usize,
    /// Dropout after embeddings and sublayers and on attention, in [0, 1). Default 0.1.
    pub dropout: f64,
}

/// The families of the models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Recipe {
    /// Pure data: whole-word masks, BERT's layout.
    Pd,
    /// Knowledge: entity and part-of-speech masks and the contrastive knowledge link, BERT's layout.
    Kg,
    /// Multilingual: XLM-R's layout, masks over translation pairs and the translation contrast.
    Ml,
}

/// What links a variant's training text has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Graph {
    /// Those that the linker found.
    #[default]
    Full,
    /// Those that the linker found, each entity exchanged for another, the same one throughout: names are bound to the
    /// wrong entities.
    Shuffled,
    /// None, and words are cut without knowing the graph's names.
    Off,
}

/// What makes a comparison an ablation. All variants must read the same number of tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct AblationSettings {
    /// Whether two controls are added: the variant named by `controls-for` with its graph shuffled, as
    /// `NAME-graph-shuffled`, and without it, as `NAME-graph-off`. Default true.
    pub controls: bool,
    /// The variant that the controls are made of. Default: the last one that masks entities or links knowledge; where
    /// there is none, there are no controls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controls_for: Option<String>,
    /// The measures that the experiment is about, such as `entity cloze, R@1`, decided on before it is run. They are
    /// corrected for one another alone, and all other measures apart from them. Default none: all are one family.
    pub primary: Vec<String>,
    /// How many arms are trained at the same time, each in a process of its own with its share of the processors.
    /// Default 1.
    pub jobs: usize,
}

impl Default for AblationSettings {
    fn default() -> Self {
        Self { controls: true, controls_for: None, primary: Vec::new(), jobs: 1 }
    }
}

/// A variant: a recipe and how it differs.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct VariantSettings {
    /// Its name in tables; letters, digits, `+`, `-` and `_`. Required.
    pub name: String,
    /// Where it starts from. Required.
    pub recipe: Recipe,
    /// A line on what it adds, for the report. Default: the recipe's own.
    #[serde(default)]
    pub summary: Option<String>,
    /// Another layout than the recipe's.
    #[serde(default)]
    pub layout: Option<Layout>,
    /// What links its training text has. Default `full`.
    #[serde(default)]
    pub graph: Graph,
    /// Masking settings that differ from the recipe's.
    #[serde(default)]
    #[schemars(with = "MaskConfig")]
    pub masking: Table,
    /// Training settings that differ from `[train]`.
    #[serde(default)]
    #[schemars(with = "TrainConfig")]
    pub train: Table,
}

/// What is measured after training.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ProbeSettings {
    /// The most items of a probe, of each language for the pseudo-perplexity; a larger set is drawn from at random. The
    /// bitext probes ask all. Default 1000.
    pub items_max: usize,
    /// Candidates of the entity cloze and of the relation cloze, the right one included. Default 50.
    pub candidates: usize,
    /// Sentences of the Tatoeba set to retrieve translations among. Default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tatoeba: Option<TatoebaSettings>,
    /// What happens to training text and pairs that hold a sentence of a probe: they are left out (`exclude`), or the run
    /// stops and names the first one (`refuse`). Default `exclude`.
    pub leaks: Leaks,
}

/// The Tatoeba set in the layout of LASER: two files a language, such as `tatoeba.cmn-eng.cmn` and `tatoeba.cmn-eng.eng`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TatoebaSettings {
    /// The folder that the files lie in, relative to `data.root`. Required.
    pub folder: PathBuf,
    /// The languages to ask, by the codes in the files' names, such as `["cmn"]`. Required.
    pub languages: Vec<String>,
}

/// What happens to training text that holds a sentence of a probe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Leaks {
    /// It is left out, and counted.
    #[default]
    Exclude,
    /// The run stops.
    Refuse,
}

impl ProbeSettings {
    /// Checks every value.
    pub(crate) fn validate(&self) -> crate::Result<()> {
        let refuse = |key: &str, expected: &str, found: String| {
            Err(crate::Error::Setting { key: format!("probes{key}"), expected: expected.to_owned(), found })
        };
        if self.candidates < 2 || self.items_max == 0 {
            return refuse("", "two or more candidates and one or more items", format!("{self:?}"));
        }
        let languages = self.tatoeba.iter().map(|tatoeba| &tatoeba.languages);
        for languages in languages {
            let sound = |code: &String| (2..=8).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_lowercase());
            let twice = languages.iter().enumerate().any(|(index, code)| languages[..index].contains(code));
            if languages.is_empty() || twice || !languages.iter().all(sound) {
                return refuse(".tatoeba.languages", "different codes such as `cmn`", format!("{languages:?}"));
            }
        }
        Ok(())
    }
}

fn one_seed() -> Vec<u64> {
    vec![1]
}

fn default_output() -> PathBuf {
    "../runs".into()
}

impl Default for DataSettings {
    fn default() -> Self {
        Self { root: "..".into() }
    }
}

impl Default for TextSettings {
    fn default() -> Self {
        Self { sources: Vec::new(), clean: CleanOptions::default(), held_out: 0.05, max_bad: 0 }
    }
}

impl Default for DescribeSettings {
    fn default() -> Self {
        Self { types: false, facts: 4, further_facts: 0 }
    }
}

impl Default for Vocabulary {
    fn default() -> Self {
        Self { path: None, size: 6000 }
    }
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self { from: None, hidden_size: 128, layers: 2, heads: 4, intermediate_size: 512, dropout: 0.1 }
    }
}

impl Default for ProbeSettings {
    fn default() -> Self {
        Self { items_max: 1000, candidates: 50, tatoeba: None, leaks: Leaks::default() }
    }
}
