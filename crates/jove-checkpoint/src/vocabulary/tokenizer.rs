//! The file of a tokenizer.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::extra::ExtraFile;
use crate::folder::read_small;

const BYTES_MAX: u64 = 256 << 20;

/// A `tokenizer.json` with a Unigram or WordPiece model, or a `vocab.txt`.
#[derive(Clone, Debug)]
pub struct TokenizerFile {
    /// The whole file; `None` for `vocab.txt`.
    pub(super) json: Option<Value>,
    pub(super) pieces: Vec<String>,
    /// Added tokens that are none of the model's pieces, which number on after them.
    pub(super) beyond: Vec<String>,
    /// The score of each piece of a Unigram model.
    pub(super) scores: Option<Vec<f64>>,
}

/// Pieces of a `vocab.txt` that are special, whatever their ids.
const BERT_SPECIALS: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

impl TokenizerFile {
    /// Reads the tokenizer of a checkpoint folder: `tokenizer.json`, else `vocab.txt`.
    ///
    /// # Errors
    /// Where there is neither, or the file is invalid or of another kind of model.
    pub fn open(folder: &Path) -> Result<Self> {
        let path = folder.join("tokenizer.json");
        if path.exists() {
            return Self::from_json(&path, &read_small(&path, BYTES_MAX)?);
        }
        let path = folder.join("vocab.txt");
        let text = String::from_utf8(read_small(&path, BYTES_MAX)?);
        let text = text.map_err(|error| Error::malformed(&path, "vocabulary", error.to_string()))?;
        let pieces = text.lines().map(|line| line.trim_end_matches('\r').to_owned()).collect();
        Ok(Self { json: None, pieces, beyond: Vec::new(), scores: None })
    }

    /// Reads the text of a `tokenizer.json`; `path` is for messages.
    ///
    /// # Errors
    /// [`Error::Malformed`] where it is invalid, its model is neither Unigram nor WordPiece, or ids have gaps.
    pub fn from_json(path: &Path, text: &[u8]) -> Result<Self> {
        let malformed = |reason: &str| Error::malformed(path, "tokenizer", reason);
        let json: Value = serde_json::from_slice(text).map_err(|error| malformed(&error.to_string()))?;
        let kind = json["model"]["type"].as_str();
        if kind.is_some_and(|kind| !["Unigram", "WordPiece"].contains(&kind)) || !json["model"]["merges"].is_null() {
            return Err(malformed("expected a Unigram or a WordPiece model"));
        }
        let mut read = Self::from_model(path, json)?;
        read.beyond = read.added_beyond(path)?;
        Ok(read)
    }

    /// The added tokens with ids above those of the model, which must follow without gaps.
    fn added_beyond(&self, path: &Path) -> Result<Vec<String>> {
        let count = self.pieces.len();
        let mut beyond: Vec<(usize, String)> = Vec::new();
        for token in self.added() {
            let id = token["id"].as_u64().and_then(|id| usize::try_from(id).ok());
            let Some((id, content)) = id.zip(token["content"].as_str()) else {
                return Err(Error::malformed(path, "tokenizer", "expected an id and a content for each added token"));
            };
            if id >= count {
                beyond.push((id, content.to_owned()));
            }
        }
        beyond.sort();
        match beyond.iter().zip(count..).find(|((id, _), expected)| id != expected) {
            Some(((id, content), expected)) => {
                let content = crate::message::shortened(content);
                let reason =
                    format!("expected id {expected} for the added token `{content}`, after {count} pieces, found {id}");
                Err(Error::malformed(path, "tokenizer", reason))
            }
            None => Ok(beyond.into_iter().map(|(_, content)| content).collect()),
        }
    }

    fn from_model(path: &Path, json: Value) -> Result<Self> {
        let malformed = |reason: &str| Error::malformed(path, "tokenizer", reason);
        let vocabulary = &json["model"]["vocab"];
        if let Some(pairs) = vocabulary.as_array() {
            let pair = |pair: &Value| Some((pair[0].as_str()?.to_owned(), pair[1].as_f64()?));
            let pairs: Option<Vec<(String, f64)>> = pairs.iter().map(pair).collect();
            let (pieces, scores) =
                pairs.ok_or_else(|| malformed("expected pairs of a piece and a score"))?.into_iter().unzip();
            return Ok(Self { json: Some(json), pieces, beyond: Vec::new(), scores: Some(scores) });
        }
        let map = vocabulary.as_object().ok_or_else(|| malformed("expected a Unigram or a WordPiece model"))?;
        let mut pieces = vec![None; map.len()];
        for (piece, id) in map {
            let slot = id.as_u64().and_then(|id| pieces.get_mut(usize::try_from(id).ok()?));
            *slot.ok_or_else(|| malformed("ids of pieces should be 0, 1, 2, … without gaps"))? = Some(piece.clone());
        }
        let pieces: Option<Vec<String>> = pieces.into_iter().collect();
        let pieces = pieces.ok_or_else(|| malformed("two pieces have one id"))?;
        Ok(Self { json: Some(json), pieces, beyond: Vec::new(), scores: None })
    }

    /// The pieces of the model, by id.
    pub fn pieces(&self) -> &[String] {
        &self.pieces
    }

    /// The number of ids: pieces of the model, and added tokens after them.
    pub fn ids(&self) -> usize {
        self.pieces.len() + self.beyond.len()
    }

    /// The spelling of an id.
    pub(super) fn spelling(&self, id: u32) -> Option<&String> {
        self.pieces.iter().chain(&self.beyond).nth(id as usize)
    }

    /// Tokens that are matched before the text is split, special ones included.
    fn added(&self) -> impl Iterator<Item = &Value> {
        self.json.iter().filter_map(|json| json["added_tokens"].as_array()).flatten()
    }

    /// Ids of special pieces and other added ones.
    pub(super) fn special_ids(&self) -> BTreeSet<u32> {
        let Some(json) = &self.json else {
            let special = |(piece, _): &(&String, u32)| BERT_SPECIALS.contains(&piece.as_str());
            return self.pieces.iter().zip(0..).filter(special).map(|(_, id)| id).collect();
        };
        let mut ids: BTreeSet<u32> =
            self.added().filter_map(|token| u32::try_from(token["id"].as_u64()?).ok()).collect();
        ids.extend(json["model"]["unk_id"].as_u64().map(|id| id as u32));
        ids.retain(|id| (*id as usize) < self.ids());
        ids
    }

    /// The piece with the lowest score, for a Unigram model.
    pub(super) fn least_likely(&self) -> Option<u32> {
        let scores = self.scores.as_ref()?;
        scores.iter().zip(0..).min_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, id)| id)
    }

    /// The settings of the tokenizer in `folder` that remain valid for a changed vocabulary. A SentencePiece model does
    /// not, nor do the ids in `tokenizer_config.json`, which `tokenizer.json` repeats.
    ///
    /// # Errors
    /// Where a file cannot be read, or is not JSON.
    pub fn companions(folder: &Path) -> Result<Vec<ExtraFile>> {
        let mut kept = Vec::new();
        for file in ExtraFile::tokenizer_of(folder)? {
            match file.name() {
                "special_tokens_map.json" => kept.push(file),
                "tokenizer_config.json" => {
                    let malformed =
                        |error: serde_json::Error| Error::malformed(folder, "tokenizer_config.json", error.to_string());
                    let mut json: Value = serde_json::from_slice(file.bytes()).map_err(malformed)?;
                    if let Some(keys) = json.as_object_mut() {
                        keys.remove("added_tokens_decoder");
                    }
                    kept.push(ExtraFile::new(file.name(), json.to_string())?);
                }
                _ => {}
            }
        }
        Ok(kept)
    }

    /// The files of the tokenizer, to be saved with the weights.
    ///
    /// # Errors
    /// None for a tokenizer that was opened here.
    pub fn files(&self) -> Result<Vec<ExtraFile>> {
        let mut files = Vec::new();
        if let Some(mut json) = self.json.clone() {
            json["model"]["vocab"] = match &self.scores {
                Some(scores) => self.pieces.iter().zip(scores).map(|(piece, score)| json!([piece, score])).collect(),
                None => {
                    Value::Object(self.pieces.iter().zip(0..).map(|(piece, id)| (piece.clone(), json!(id))).collect())
                }
            };
            files.push(ExtraFile::new("tokenizer.json", json.to_string())?);
        }
        if self.scores.is_none() {
            let lines: String = self.pieces.iter().flat_map(|piece| [piece.as_str(), "\n"]).collect();
            files.push(ExtraFile::new("vocab.txt", lines)?);
        }
        Ok(files)
    }
}
