//! The run file as written: one TOML file is one experiment. `docs/run-file.md` is generated from these structs: types and
//! descriptions from the fields and their comments, defaults from `Default`.

use std::path::PathBuf;

use jove_core::Layout;
use jove_corpus::{CleanOptions, PairSource, TextSource, TrainOptions, TrainerKind};
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
    /// Name of the results folder: 1 to 64 letters, digits, `+`, `-` and `_`.
    pub name: String,
    /// The question that the experiment answers, shown on top of the report.
    #[serde(default)]
    pub description: String,
    /// Every variant is trained once per seed. Without it: once, under `train.seed`.
    #[serde(default = "one_seed")]
    pub seeds: Vec<u64>,
    /// Folder of finished stages and results; relative to the run file, or to the current folder when given by `--set`.
    #[serde(default = "default_output")]
    pub output: PathBuf,
    /// Location of the data.
    #[serde(default)]
    pub data: DataSettings,
    /// The knowledge base; not needed where no variant uses one.
    #[serde(default)]
    pub kb: KbSettings,
    /// Sentences generated from facts of the graph; not used where the section is left out.
    #[serde(default)]
    pub verbalize: Option<VerbalizeSettings>,
    /// Training text.
    #[serde(default)]
    pub text: TextSettings,
    /// Sentence pairs, to align languages.
    #[serde(default)]
    pub pairs: PairSettings,
    /// Descriptions of entities, for the knowledge link and its probe.
    #[serde(default)]
    pub describe: DescribeSettings,
    /// Entity linking in the training text.
    #[serde(default)]
    pub link: EntityLinkingOptions,
    /// Word segmentation and part-of-speech tagging.
    #[serde(default)]
    pub tagger: TaggerOptions,
    /// The vocabularies, one per layout.
    #[serde(default)]
    pub tokenizers: TokenizerSettings,
    /// The encoder: its size, or the checkpoint to continue from.
    #[serde(default)]
    pub model: ModelSettings,
    /// Training settings of all variants; a variant may override them.
    #[serde(default)]
    pub train: TrainConfig,
    /// The variants to compare; the first one is the baseline.
    pub variants: Vec<VariantSettings>,
    /// Settings of `jove ablate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ablation: Option<AblationSettings>,
    /// Evaluation after training.
    #[serde(default)]
    pub probes: ProbeSettings,
}

/// Location of the data.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct DataSettings {
    /// The folder that all data paths are relative to; itself relative to the run file, or to the current folder when given
    /// by `--set`.
    pub root: PathBuf,
}

/// The knowledge base.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct KbSettings {
    /// The sources; with none, the knowledge base is empty, for runs whose variants use no graph.
    pub sources: Vec<Source>,
    /// What to keep of the sources.
    pub select: Selection,
    /// Bad rows tolerated before the stage stops; each is written to a reject file.
    pub max_bad: u64,
}

/// Sentences generated from facts of the graph.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct VerbalizeSettings {
    /// The sentence patterns: a TOML file, or a folder of them; relative to the run file. Must be given.
    pub patterns: PathBuf,
    /// The number of sentences, and the share of facts that are held out for the probes.
    pub sentences: VerbalizeOptions,
    /// How often a sentence is read in training, compared to a text of weight 1; above 0, at most 1000.
    pub weight: f64,
}

/// Training text.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct TextSettings {
    /// Files or folders of text.
    pub sources: Vec<TextSource>,
    /// Cleaning and de-duplication.
    pub clean: CleanOptions,
    /// Share of the texts that is held out from training for the pseudo-perplexity, in [0, 0.5].
    pub held_out: f64,
    /// Bad lines tolerated before the stage stops; each is written to a reject file.
    pub max_bad: u64,
    /// Exponent on the share of a domain of the sources among the texts of its language when sampling: 1 keeps the corpus as
    /// it is, 0 makes all domains equal; in [0, 1].
    pub domain_exponent: f64,
}

/// Sentence pairs.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct PairSettings {
    /// Tab-separated files to train on; both sides are also plain text for every variant.
    pub train: Vec<PairSource>,
    /// Tab-separated files for the bitext probe alone. Texts and pairs with one of their sentences are not trained on.
    pub probe: Vec<PairSource>,
    /// Bad rows tolerated before the stage stops; each is written to a reject file.
    pub max_bad: u64,
}

/// Descriptions of entities, after their name. Whatever reveals a held-out fact is cut from them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct DescribeSettings {
    /// Whether the entity's first type comes before the description. The probe of types then measures what training has
    /// shown.
    pub types: bool,
    /// The most facts in place of a missing description.
    pub facts: usize,
    /// The most facts after a description.
    pub further_facts: usize,
}

/// The vocabularies.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct TokenizerSettings {
    /// The vocabulary of variants in BERT's layout.
    pub bert: BertVocabulary,
    /// The vocabulary of variants in XLM-R's layout.
    pub xlm_roberta: Vocabulary,
}

/// A WordPiece vocabulary: loaded where a path is given, else trained on the text.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct BertVocabulary {
    /// `vocab.txt`, `tokenizer.json`, a SentencePiece `.model`, or a folder with one of them. Without it: the vocabulary of
    /// `model.from`, else a new one is trained.
    pub path: Option<PathBuf>,
    /// Pieces of a trained vocabulary, special ones included, 16 to 2000000.
    pub size: u32,
    /// The most text that a vocabulary is trained on, in bytes. Larger corpora are sampled, with the share of a language to the
    /// power of `train.language-exponent`.
    pub bytes_max: u64,
    /// Whether a trained vocabulary is lower-cased.
    pub lowercase: bool,
    /// Whether a trained vocabulary drops the accents of Latin, Greek and Cyrillic letters. Marks of other scripts, which make か
    /// a が, always stay.
    pub strip_accents: bool,
}

/// A Unigram vocabulary: loaded where a path is given, else trained on the text.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Vocabulary {
    /// `vocab.txt`, `tokenizer.json`, a SentencePiece `.model`, or a folder with one of them. Without it: the vocabulary of
    /// `model.from`, else a new one is trained.
    pub path: Option<PathBuf>,
    /// Pieces of a trained vocabulary, special ones included, 16 to 2000000.
    pub size: u32,
    /// The most text that a vocabulary is trained on, in bytes. Larger corpora are sampled, with the share of a language to the
    /// power of `train.language-exponent`.
    pub bytes_max: u64,
}

impl TokenizerSettings {
    /// The file or folder of a layout's vocabulary, where one is given.
    pub(crate) fn path(&self, layout: Layout) -> Option<&PathBuf> {
        match layout {
            Layout::Bert => self.bert.path.as_ref(),
            Layout::XlmRoberta => self.xlm_roberta.path.as_ref(),
        }
    }

    /// How a layout's vocabulary is trained, where none is given.
    pub(crate) fn training(&self, layout: Layout) -> TrainOptions {
        match layout {
            Layout::Bert => {
                let BertVocabulary { size, bytes_max, lowercase, strip_accents, .. } = self.bert;
                let kind = TrainerKind::WordPiece;
                TrainOptions { kind, vocab_size: size, bytes_max, lowercase, strip_accents, ..TrainOptions::default() }
            }
            Layout::XlmRoberta => {
                let Vocabulary { size, bytes_max, .. } = self.xlm_roberta;
                let kind = TrainerKind::Unigram;
                TrainOptions { kind, vocab_size: size, bytes_max, ..TrainOptions::default() }
            }
        }
    }
}

/// The encoder that training starts with. The layout of a variant determines everything that is not set here.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ModelSettings {
    /// A Hugging Face folder to continue training from, relative to `data.root`: its weights, its sizes, and its tokenizer
    /// unless `tokenizers` gives another path. All variants must have its layout, and a size that is given here must be
    /// the checkpoint's. Without it: random weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<PathBuf>,
    /// Hidden size.
    pub hidden_size: usize,
    /// Transformer layers.
    pub layers: usize,
    /// Attention heads; divides the hidden size.
    pub heads: usize,
    /// Width of the feed-forward layer.
    pub intermediate_size: usize,
    /// Dropout after embeddings and sublayers and on attention, in [0, 1).
    pub dropout: f64,
}

/// The families of the models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Recipe {
    /// Pure data: whole-word masks, text without sentences made from a graph, BERT's layout.
    Pd,
    /// Knowledge: entity and part-of-speech masks and the contrastive knowledge link, BERT's layout.
    Kg,
    /// Multilingual: XLM-R's layout, masks over translation pairs and the translation contrast.
    Ml,
}

/// The entity links of a variant's training text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Graph {
    /// The links that the linker found.
    #[default]
    Full,
    /// The links that the linker found, each entity exchanged for another, the same one throughout: names are linked to the
    /// wrong entities.
    Shuffled,
    /// No links, and word segmentation without the graph's names.
    Off,
}

/// The sentences made from the graph in a variant's training text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GraphText {
    /// The sentences of `[verbalize]`.
    #[default]
    Graph,
    /// The same sentences, each with the object of another fact of the same relation: what they say is wrong.
    Shuffled,
    /// None: text from files and pairs alone.
    Off,
}

/// Settings of `jove ablate`. All variants must read the same number of tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct AblationSettings {
    /// Whether controls are added of the variant named by `controls-for`: with all of its graph shuffled, links and sentences,
    /// as `NAME-graph-shuffled`, and without a graph, as `NAME-text-only`.
    pub controls: bool,
    /// Whether two more controls are added where the variant reads sentences made from the graph: these alone, without links,
    /// as `NAME-sentences`, and shuffled ones alone, as `NAME-shuffled-sentences`.
    pub sentence_controls: bool,
    /// The variant that the controls are made of. Without it: the last one that masks entities or links knowledge; where
    /// there is none, there are no controls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controls_for: Option<String>,
    /// The measures that the experiment is about, such as `entity cloze, R@1`, chosen before it is run. They are corrected
    /// for multiple testing as one family, and all other measures as another. With none, all measures are one family.
    pub primary: Vec<String>,
    /// Arms that are trained at the same time, each in a process of its own with its share of the processors, 1 to 1024.
    pub jobs: usize,
}

impl Default for AblationSettings {
    fn default() -> Self {
        Self { controls: true, sentence_controls: true, controls_for: None, primary: Vec::new(), jobs: 1 }
    }
}

/// A variant: a recipe and the settings that differ from it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct VariantSettings {
    /// Its name in tables: 1 to 64 letters, digits, `+`, `-` and `_`.
    pub name: String,
    /// The recipe that its settings start from.
    pub recipe: Recipe,
    /// A line on what it adds, for the report. Without it: the recipe's own.
    #[serde(default)]
    pub summary: Option<String>,
    /// A layout other than the recipe's.
    #[serde(default)]
    pub layout: Option<Layout>,
    /// The entity links of its training text. Without it: `off` with the recipe `pd` where the variant neither masks entities
    /// nor learns from links or facts, else `full`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graph: Option<Graph>,
    /// The sentences made from the graph in its training text, where there is a section `[verbalize]`. Without it: `off` with
    /// the recipe `pd`, which is pure data, else `graph`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verbalize: Option<GraphText>,
    /// Masking settings that differ from the recipe's.
    #[serde(default)]
    #[schemars(with = "MaskConfig")]
    pub masking: Table,
    /// Training settings that differ from `[train]`.
    #[serde(default)]
    #[schemars(with = "TrainConfig")]
    pub train: Table,
}

/// Evaluation after training.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ProbeSettings {
    /// The most items of a probe, per language for the pseudo-perplexity; from all that can be asked a random sample is drawn.
    /// The bitext probes use all items.
    pub items_max: usize,
    /// The fewest items of a measure that says something: one of fewer is marked, and can't be primary.
    pub items_min: usize,
    /// The most candidates of the entity cloze and of the relation cloze, the correct one included; half of them are the commonest.
    pub candidates: usize,
    /// The Tatoeba set, for retrieval of translations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tatoeba: Option<TatoebaSettings>,
    /// What happens to training text and pairs that contain a sentence of a probe.
    pub leaks: Leaks,
}

/// The Tatoeba set in the layout of LASER: two files per language, such as `tatoeba.cmn-eng.cmn` and `tatoeba.cmn-eng.eng`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TatoebaSettings {
    /// The folder of the files, relative to `data.root`.
    pub folder: PathBuf,
    /// The languages, by the codes in the names of the files, such as `["cmn"]`.
    pub languages: Vec<String>,
}

/// What happens to training text that contains a sentence of a probe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Leaks {
    /// It is left out of training, and counted.
    #[default]
    Exclude,
    /// The run stops, and names the first one.
    Refuse,
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

impl Default for VerbalizeSettings {
    fn default() -> Self {
        Self { patterns: PathBuf::new(), sentences: VerbalizeOptions::default(), weight: 1.0 }
    }
}

impl Default for TextSettings {
    fn default() -> Self {
        Self { sources: Vec::new(), clean: CleanOptions::default(), held_out: 0.05, max_bad: 0, domain_exponent: 1.0 }
    }
}

impl Default for DescribeSettings {
    fn default() -> Self {
        Self { types: false, facts: 4, further_facts: 0 }
    }
}

impl Default for Vocabulary {
    fn default() -> Self {
        Self { path: None, size: 6000, bytes_max: TrainOptions::default().bytes_max }
    }
}

impl Default for BertVocabulary {
    fn default() -> Self {
        let TrainOptions { bytes_max, lowercase, strip_accents, .. } = TrainOptions::default();
        Self { path: None, size: 6000, bytes_max, lowercase, strip_accents }
    }
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self { from: None, hidden_size: 128, layers: 2, heads: 4, intermediate_size: 512, dropout: 0.1 }
    }
}

impl Default for ProbeSettings {
    fn default() -> Self {
        Self { items_max: 1000, items_min: 100, candidates: 50, tatoeba: None, leaks: Leaks::default() }
    }
}
