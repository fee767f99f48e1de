//! Loading a tokenizer from a file or folder.

mod added;
mod companions;
mod json;
mod known;
mod read;
mod vocab;

use std::path::{Path, PathBuf};

use jove_core::Layout;

use self::companions::Companions;
use self::read::read;
use super::names::SpecialNames;
use super::sentencepiece::{self, Family};
use super::{Parts, Tokenizer};
use crate::error::{Error, Result};

pub(super) use json::parse as parse_json;

/// Names of a SentencePiece model in a folder.
const SENTENCEPIECE_NAMES: [&str; 4] =
    ["sentencepiece.bpe.model", "sentencepiece.model", "spiece.model", "tokenizer.model"];

/// Classes that number the pieces of a SentencePiece model as XLM-R does.
const XLM_ROBERTA_CLASSES: [&str; 3] = ["XLMRobertaTokenizer", "PreTrainedTokenizer", "TokenizersBackend"];

/// Types of model whose SentencePiece files are numbered as XLM-R's; BERT's too, since some models join its layout with
/// XLM-R's pieces.
const XLM_ROBERTA_MODELS: [&str; 5] = ["xlm-roberta", "xlm-roberta-xl", "roberta", "bert", "ernie"];

impl Tokenizer {
    /// Loads a tokenizer: a `tokenizer.json`, a WordPiece `vocab.txt`, a SentencePiece `.model`, or a folder with one of
    /// them (`tokenizer.json` is preferred).
    ///
    /// What lies beside the file is obeyed as `transformers` does: the flags and special tokens of `tokenizer_config.json`,
    /// `special_tokens_map.json` and `added_tokens.json`, and for a SentencePiece model the family in `config.json`. Without
    /// a `tokenizer_config.json`, a `vocab.txt` is lower-cased where no piece has an upper-case letter.
    ///
    /// # Errors
    /// When the file cannot be read, does not follow its format, is larger than 256 MiB, has a rule that cannot be obeyed, or
    /// lacks a special token of its layout ([`Error::MissingSpecial`]).
    pub fn load(path: &Path) -> Result<Self> {
        if path.is_dir() {
            return load_folder(path);
        }
        let bytes = read(path)?;
        let companions = Companions::read(path.parent().unwrap_or(Path::new("")))?;
        match path.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
            "json" => json::load(&bytes, &companions, path),
            "model" => load_sentencepiece(bytes, &companions, path),
            "txt" => vocab::load(&bytes, &companions, path),
            other => Err(Error::malformed(path, "a name that ends in .json, .txt or .model", format!("`.{other}`"))),
        }
    }
}

/// The file of a folder that holds the vocabulary.
fn vocabulary_of(folder: &Path) -> Result<PathBuf> {
    let names = ["tokenizer.json", "vocab.txt"].into_iter().chain(SENTENCEPIECE_NAMES);
    if let Some(found) = names.map(|name| folder.join(name)).find(|path| path.is_file()) {
        return Ok(found);
    }
    if folder.join("vocab.json").is_file() && folder.join("merges.txt").is_file() {
        return Err(Error::byte_level(folder, "vocab.json and merges.txt"));
    }
    Err(Error::malformed(folder, "tokenizer.json, vocab.txt or sentencepiece.bpe.model", "none of them"))
}

fn load_folder(folder: &Path) -> Result<Tokenizer> {
    let mut loaded = Tokenizer::load(&vocabulary_of(folder)?)?;
    if loaded.sentencepiece.is_none() && loaded.layout == Layout::XlmRoberta {
        let model = SENTENCEPIECE_NAMES.into_iter().map(|name| folder.join(name)).find(|path| path.is_file());
        loaded.sentencepiece = model.map(|path| read(&path)).transpose()?;
    }
    Ok(loaded)
}

fn load_sentencepiece(bytes: Vec<u8>, companions: &Companions, path: &Path) -> Result<Tokenizer> {
    let family = family(companions, path)?;
    let names = companions.names(Layout::XlmRoberta);
    let loaded = from_sentencepiece(bytes, family, &names, path)?;
    added::add(loaded, companions, path)
}

/// A tokenizer of the bytes of a SentencePiece model.
pub(super) fn from_sentencepiece(
    bytes: Vec<u8>,
    family: Family,
    names: &SpecialNames,
    origin: &Path,
) -> Result<Tokenizer> {
    let model = sentencepiece::read(&bytes, family, names, origin)?;
    let parts = Parts { controls: model.controls, sentencepiece: Some(bytes), ..Parts::new(names.clone()) };
    Tokenizer::new(model.tokenizer, parts, origin)
}

/// The family that the files beside a model name.
fn family(companions: &Companions, path: &Path) -> Result<Family> {
    let class = companions.class.as_deref();
    let kind = companions.model_type.as_deref();
    let expected = "the SentencePiece model of XLM-R or CamemBERT";
    match (class, kind) {
        (Some("CamembertTokenizer"), _) => Ok(Family::Camembert),
        (Some("XLMRobertaTokenizer"), _) => Ok(Family::XlmRoberta),
        (Some(class), _) if !XLM_ROBERTA_CLASSES.contains(&class) => {
            Err(Error::malformed(path, expected, format!("tokenizer_class {class}")))
        }
        (_, Some("camembert")) => Ok(Family::Camembert),
        (_, Some(kind)) if !XLM_ROBERTA_MODELS.contains(&kind) => {
            Err(Error::malformed(path, expected, format!("model_type {kind}")))
        }
        _ => Ok(Family::XlmRoberta),
    }
}

#[cfg(test)]
mod tests;
