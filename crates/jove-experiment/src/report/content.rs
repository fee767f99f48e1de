//! All that a report shows.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::effects::{Effect, contrasts, effects};
use crate::error::{Error, Result};
use crate::resampled::Resampled;
use crate::results::{ArmResult, Row, compare};

/// All that the report shows; kept as `results.json`, from which `jove report` draws the page again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The experiment's name.
    pub name: String,
    /// What it is about, in the run file's own words.
    pub description: String,
    /// The variants, in the order of the run file; the first is what the others are compared to.
    pub variants: Vec<VariantNote>,
    /// Their results.
    pub results: Vec<ArmResult>,
    /// The intervals of differences over seeds and items together.
    #[serde(default)]
    pub resampled: Vec<Resampled>,
    /// Sizes of the data, from the graph to the tokens.
    pub inputs: Vec<InputNote>,
    /// What the training texts are made of, in tokens, one for each that some variants share.
    #[serde(default)]
    pub texts: Vec<TextNote>,
    /// Sentences as the variants see them.
    pub previews: Vec<Preview>,
    /// The warnings of stages, each with the stage's name.
    #[serde(default)]
    pub warnings: Vec<(String, String)>,
    /// The primary measures; none where all count the same.
    #[serde(default)]
    pub primary: Vec<String>,
    /// The digest of the program's code.
    #[serde(default)]
    pub code: String,
    /// The resolved run file.
    pub settings: String,
    /// Finished stages and their keys.
    pub stages: Vec<(String, String)>,
}

/// A variant and what it adds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariantNote {
    /// Its name in the run file.
    pub name: String,
    /// What it trains on, in a line.
    pub summary: String,
}

/// One number about the data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputNote {
    /// What is counted.
    pub label: String,
    /// How many.
    pub value: String,
    /// A remark.
    pub note: String,
}

/// What the training text of some variants is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextNote {
    /// The variants.
    pub variants: Vec<String>,
    /// What is in it of the graph, in words; empty for the graph as it is.
    pub graph: String,
    /// Texts from files and pairs.
    pub own: u64,
    /// Their tokens.
    pub own_tokens: u64,
    /// Sentences made from facts, true or wrong.
    pub sentences: u64,
    /// Their tokens.
    pub sentence_tokens: u64,
    /// Texts that read as a sentence of the graph, counted by their letters.
    pub true_sentences: u64,
    /// Links.
    pub links: u64,
    /// The share of links whose words are a name of their entity, in [0, 1]; none where they are too few to tell.
    pub named_share: Option<f64>,
    /// Tokens that training reads; with those of the text, how often each is read.
    pub budget: u64,
}

/// One sentence as a variant sees it in training.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// The variant.
    pub variant: String,
    /// The sentence, cut into pieces of text.
    pub pieces: Vec<Piece>,
}

/// A piece of a previewed sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The original text.
    pub text: String,
    /// The kind of unit it was masked as, if it was.
    pub masked_as: Option<String>,
    /// The name of another entity that the model sees in its place, if it was replaced by one.
    #[serde(default)]
    pub replaced_by: Option<String>,
    /// Whether it lies in a linked mention.
    pub linked: bool,
}

impl Report {
    /// The comparison, a row for each measure.
    pub fn rows(&self) -> Vec<Row> {
        compare(&self.names(), &self.results)
    }

    fn names(&self) -> Vec<String> {
        self.variants.iter().map(|variant| variant.name.clone()).collect()
    }

    /// The differences between each variant and the first, paired by seed; none below three seeds.
    pub fn effects(&self) -> Vec<Effect> {
        effects(&self.names(), &self.rows(), &self.primary, &self.resampled)
    }

    /// The differences between variants and their controls; none below three seeds.
    pub(crate) fn contrasts(&self) -> Vec<Effect> {
        contrasts(&self.names(), &self.results, &self.primary, &self.resampled)
    }

    /// The largest number of seeds of a variant.
    pub(crate) fn seeds(&self) -> usize {
        let of = |variant: &VariantNote| self.results.iter().filter(|result| result.variant == variant.name).count();
        self.variants.iter().map(of).max().unwrap_or(0)
    }

    /// Reads `results.json` of a finished run.
    ///
    /// # Errors
    /// When the file is missing or is not a report.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("results.json");
        let text = std::fs::read_to_string(&path).map_err(|source| Error::io("read", &path, source))?;
        serde_json::from_str(&text).map_err(|error| Error::Data {
            what: format!("{}: {error}", path.display()),
            hint: "run the experiment again; finished stages are skipped".to_owned(),
        })
    }
}
