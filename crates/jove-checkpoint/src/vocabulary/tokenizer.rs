//! A tokenizer's file, changed together with the weights.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use super::Row;
use crate::folder::read_small;
use crate::{Error, ExtraFile, Result};

const BYTES_MAX: u64 = 256 << 20;

/// A `tokenizer.json` with a Unigram or WordPiece model, or a `vocab.txt`.
#[derive(Clone, Debug)]
pub struct TokenizerFile {
    /// The whole file, but for `vocab.txt`.
    json: Option<Value>,
    pieces: Vec<String>,
    /// Of a Unigram model, one for each piece.
    scores: Option<Vec<f64>>,
}

/// Pieces of a `vocab.txt` that are special, whatever their ids.
const BERT_SPECIALS: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

impl TokenizerFile {
    /// Reads the tokenizer of a checkpoint folder: `tokenizer.json`, else `vocab.txt`.
    ///
    /// # Errors
    /// Where there is neither, or the file is not sound or of another kind of model.
    pub fn open(folder: &Path) -> Result<Self> {
        let path = folder.join("tokenizer.json");
        if path.exists() {
            return Self::from_json(&path, &read_small(&path, BYTES_MAX)?);
        }
        let path = folder.join("vocab.txt");
        let text = String::from_utf8(read_small(&path, BYTES_MAX)?);
        let text = text.map_err(|error| Error::malformed(&path, "vocabulary", error.to_string()))?;
        let pieces = text.lines().map(|line| line.trim_end_matches('\r').to_owned()).collect();
        Ok(Self { json: None, pieces, scores: None })
    }

    /// Reads the text of a `tokenizer.json`; `path` is for messages.
    ///
    /// # Errors
    /// Where it is not sound, its model is neither Unigram nor WordPiece, or a token was added beyond the model's pieces.
    pub fn from_json(path: &Path, text: &[u8]) -> Result<Self> {
        let malformed = |reason: &str| Error::malformed(path, "tokenizer", reason);
        let json: Value = serde_json::from_slice(text).map_err(|error| malformed(&error.to_string()))?;
        let kind = json["model"]["type"].as_str();
        if kind.is_some_and(|kind| !["Unigram", "WordPiece"].contains(&kind)) || !json["model"]["merges"].is_null() {
            return Err(malformed("expected a Unigram or a WordPiece model"));
        }
        let read = Self::from_model(path, json)?;
        let count = read.pieces.len() as u64;
        let outside = read.added().find(|token| token["id"].as_u64().is_none_or(|id| id >= count));
        if let Some(token) = outside {
            let content = crate::error::shortened(&token["content"].to_string());
            return Err(malformed(&format!("the added token {content} is none of the model's {count} pieces")));
        }
        Ok(read)
    }

    fn from_model(path: &Path, json: Value) -> Result<Self> {
        let malformed = |reason: &str| Error::malformed(path, "tokenizer", reason);
        let vocabulary = &json["model"]["vocab"];
        if let Some(pairs) = vocabulary.as_array() {
            let pair = |pair: &Value| Some((pair[0].as_str()?.to_owned(), pair[1].as_f64()?));
            let pairs: Option<Vec<(String, f64)>> = pairs.iter().map(pair).collect();
            let (pieces, scores) =
                pairs.ok_or_else(|| malformed("expected pairs of a piece and a score"))?.into_iter().unzip();
            return Ok(Self { json: Some(json), pieces, scores: Some(scores) });
        }
        let map = vocabulary.as_object().ok_or_else(|| malformed("expected a Unigram or a WordPiece model"))?;
        let mut pieces = vec![None; map.len()];
        for (piece, id) in map {
            let slot = id.as_u64().and_then(|id| pieces.get_mut(usize::try_from(id).ok()?));
            *slot.ok_or_else(|| malformed("ids of pieces should be 0, 1, 2, … without gaps"))? = Some(piece.clone());
        }
        let pieces: Option<Vec<String>> = pieces.into_iter().collect();
        let pieces = pieces.ok_or_else(|| malformed("two pieces have one id"))?;
        Ok(Self { json: Some(json), pieces, scores: None })
    }

    /// All pieces, by id.
    pub fn pieces(&self) -> &[String] {
        &self.pieces
    }

    /// Tokens that are looked for before the text is cut, the special ones among them.
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
        ids.retain(|id| (*id as usize) < self.pieces.len());
        ids
    }

    /// Of a Unigram model, the piece with the lowest score.
    pub(super) fn least_likely(&self) -> Option<u32> {
        let scores = self.scores.as_ref()?;
        scores.iter().zip(0..).min_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, id)| id)
    }

    /// The tokenizer with the pieces of `kept` alone, old ids in ascending order, and the rows that go with it.
    ///
    /// # Errors
    /// Where an id is not there or comes twice, or a special piece is not kept.
    pub fn trimmed(&self, kept: &[u32]) -> Result<(Self, Vec<Row>)> {
        let refuse = |reason: String| Error::Config { path: "tokenizer".into(), reason };
        let new_id: BTreeMap<u64, u64> = kept.iter().zip(0..).map(|(old, new)| (u64::from(*old), new)).collect();
        let known = kept.iter().all(|id| (*id as usize) < self.pieces.len());
        if !known || new_id.len() != kept.len() || !kept.is_sorted() {
            return Err(refuse("the pieces to keep should be ids of the vocabulary, ascending, each once".to_owned()));
        }
        if let Some(lost) = self.special_ids().iter().find(|id| !new_id.contains_key(&u64::from(**id))) {
            return Err(refuse(format!("the special piece `{}` is not kept", self.pieces[*lost as usize])));
        }
        let pieces = kept.iter().map(|id| self.pieces[*id as usize].clone()).collect();
        let scores = self.scores.as_ref().map(|scores| kept.iter().map(|id| scores[*id as usize]).collect());
        let mut json = self.json.clone();
        if let Some(json) = &mut json {
            renumber(json, &new_id);
        }
        Ok((Self { json, pieces, scores }, kept.iter().map(|id| Row::Kept(*id)).collect()))
    }

    /// The tokenizer with `words` added, each with the pieces that it was spelled with before, and the rows that go with
    /// it. Words that are there already are skipped.
    ///
    /// # Errors
    /// Where a word is empty or holds white space, or has no pieces.
    pub fn extended(&self, words: &[(String, Vec<u32>)]) -> Result<(Self, Vec<Row>)> {
        let mut new = self.clone();
        let mut rows: Vec<Row> = (0..self.pieces.len() as u32).map(Row::Kept).collect();
        let mut known: BTreeSet<String> = self.pieces.iter().cloned().collect();
        for (word, parts) in words {
            let plain = !word.is_empty() && !word.chars().any(char::is_whitespace) && !parts.is_empty();
            let inside = parts.iter().all(|part| (*part as usize) < self.pieces.len());
            if !plain || !inside {
                let reason =
                    format!("expected a word without spaces and its pieces, found `{}`", crate::error::shortened(word));
                return Err(Error::Config { path: "words".into(), reason });
            }
            let piece = self.piece_of(word);
            if !known.insert(piece.clone()) {
                continue;
            }
            new.push(piece, parts, has_han(word) || word.contains(|c: char| c.is_ascii_punctuation()));
            rows.push(Row::Mean(parts.clone()));
        }
        Ok((new, rows))
    }

    /// How a word is spelled as a piece: in a Unigram model with the mark of a word's start, where its script has spaces.
    fn piece_of(&self, word: &str) -> String {
        if self.scores.is_some() && !has_han(word) { format!("\u{2581}{word}") } else { word.to_owned() }
    }

    fn push(&mut self, piece: String, parts: &[u32], cut_apart: bool) {
        let id = self.pieces.len();
        if let Some(scores) = &mut self.scores {
            // As likely as its likeliest part, so the word as one always beats the word in parts.
            let score = parts.iter().map(|part| scores[*part as usize]).fold(f64::NEG_INFINITY, f64::max);
            scores.push(score);
        } else if cut_apart && let Some(json) = &mut self.json {
            // BERT's tokenizer cuts at Han characters and punctuation before it looks pieces up; an added token comes first.
            let token = json!({"id": id, "content": piece, "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": false});
            if let Some(added) = json["added_tokens"].as_array_mut() {
                added.push(token);
            }
        }
        self.pieces.push(piece);
    }

    /// The tokenizer's settings in `folder` that hold for the changed vocabulary too. A SentencePiece model does not: it
    /// would still be the old one. Nor does what `tokenizer_config.json` says of ids; `tokenizer.json` says it anew.
    ///
    /// # Errors
    /// Where a file cannot be read, or is no JSON.
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

    /// The files to put beside the weights.
    ///
    /// # Errors
    /// Never for a tokenizer that was opened here.
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

/// Whether a Han character is in it.
fn has_han(word: &str) -> bool {
    word.chars()
        .any(|c| matches!(u32::from(c), 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x2fa1f))
}

/// Moves every id that the file holds outside of the vocabulary.
fn renumber(json: &mut Value, new_id: &BTreeMap<u64, u64>) {
    let moved = |value: &Value| value.as_u64().and_then(|old| new_id.get(&old)).map(|new| json!(new));
    for token in json["added_tokens"].as_array_mut().into_iter().flatten() {
        if let Some(new) = moved(&token["id"]) {
            token["id"] = new;
        }
    }
    for part in ["/model/unk_id", "/padding/pad_id"] {
        if let Some(id) = json.pointer_mut(part)
            && let Some(new) = moved(id)
        {
            *id = new;
        }
    }
    let specials = json.pointer_mut("/post_processor/special_tokens").and_then(Value::as_object_mut);
    for token in specials.into_iter().flat_map(|tokens| tokens.iter_mut().map(|(_, token)| token)) {
        for id in token["ids"].as_array_mut().into_iter().flatten() {
            if let Some(new) = moved(id) {
                *id = new;
            }
        }
    }
    // BERT's post-processor keeps pairs of a piece and its id.
    for part in ["/post_processor/sep/1", "/post_processor/cls/1"] {
        if let Some(id) = json.pointer_mut(part)
            && let Some(new) = moved(id)
        {
            *id = new;
        }
    }
}
