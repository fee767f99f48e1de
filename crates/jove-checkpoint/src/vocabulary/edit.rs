//! Removing and adding pieces of a tokenizer.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::rows::Row;
use super::tokenizer::TokenizerFile;
use crate::error::{Error, Result};
use crate::message::shortened;

impl TokenizerFile {
    /// The tokenizer with only the pieces of `kept`, old ids in ascending order, and the rows of its word table.
    ///
    /// # Errors
    /// [`Error::Config`] where an id is unknown or repeated, or a special piece is not kept.
    pub fn trimmed(&self, kept: &[u32]) -> Result<(Self, Vec<Row>)> {
        let invalid = |reason: String| Error::Config { path: "tokenizer".into(), reason };
        let new_id: BTreeMap<u64, u64> = kept.iter().zip(0..).map(|(old, new)| (u64::from(*old), new)).collect();
        let known = kept.iter().all(|id| (*id as usize) < self.ids());
        if !known || new_id.len() != kept.len() || !kept.is_sorted() {
            return Err(invalid("the pieces to keep should be ids of the vocabulary, ascending, each once".to_owned()));
        }
        if let Some(lost) = self.special_ids().iter().find(|id| !new_id.contains_key(&u64::from(**id))) {
            let name = self.spelling(*lost).map_or("", String::as_str);
            return Err(invalid(format!("the special piece `{name}` is not kept")));
        }
        let of_model = || kept.iter().filter(|id| (**id as usize) < self.pieces.len());
        let pieces = of_model().map(|id| self.pieces[*id as usize].clone()).collect();
        let scores = self.scores.as_ref().map(|scores| of_model().map(|id| scores[*id as usize]).collect());
        let mut json = self.json.clone();
        if let Some(json) = &mut json {
            renumber(json, &new_id);
        }
        // Every added token is special, so all of them are kept, in their order.
        Ok((Self { json, pieces, beyond: self.beyond.clone(), scores }, kept.iter().map(|id| Row::Kept(*id)).collect()))
    }

    /// The tokenizer with `words` added, each with the pieces that spelled it before, and the rows of its word table.
    /// Words that are pieces already are skipped.
    ///
    /// # Errors
    /// [`Error::Config`] where a word is empty, contains white space, or has no pieces.
    pub fn extended(&self, words: &[(String, Vec<u32>)]) -> Result<(Self, Vec<Row>)> {
        let mut known: BTreeSet<String> = self.pieces.iter().chain(&self.beyond).cloned().collect();
        let mut fresh = Vec::new();
        for (word, parts) in words {
            let plain = !word.is_empty() && !word.chars().any(char::is_whitespace) && !parts.is_empty();
            let inside = parts.iter().all(|part| (*part as usize) < self.ids());
            if !plain || !inside {
                let reason = format!("expected a word without spaces and its pieces, found `{}`", shortened(word));
                return Err(Error::Config { path: "words".into(), reason });
            }
            let piece = self.piece_of(word);
            if known.insert(piece.clone()) {
                let is_split = has_han(word) || word.contains(|c: char| c.is_ascii_punctuation());
                fresh.push((piece, parts, is_split));
            }
        }
        let (count, added) = (self.pieces.len() as u32, self.ids() as u32);
        let rows = (0..count).map(Row::Kept);
        let rows = rows
            .chain(fresh.iter().map(|(_, parts, _)| Row::Mean((*parts).clone())))
            .chain((count..added).map(Row::Kept));
        let rows = rows.collect();
        let mut new = self.clone();
        if let Some(json) = &mut new.json {
            // Added tokens number on after the new pieces.
            let later = (u64::from(count)..u64::from(added)).map(|id| (id, id + fresh.len() as u64));
            renumber(json, &later.collect());
        }
        for (piece, parts, is_split) in fresh {
            new.push(piece, parts, is_split);
        }
        Ok((new, rows))
    }

    /// The spelling of a word as a piece: in a Unigram model with the mark of a word start, where its script has spaces.
    fn piece_of(&self, word: &str) -> String {
        if self.scores.is_some() && !has_han(word) { format!("\u{2581}{word}") } else { word.to_owned() }
    }

    fn push(&mut self, piece: String, parts: &[u32], is_split: bool) {
        let id = self.pieces.len();
        if let Some(scores) = &mut self.scores {
            // With the score of its most likely part, the whole word always scores higher than its parts.
            let of_parts = parts.iter().filter_map(|part| scores.get(*part as usize).copied());
            let score = of_parts.fold(f64::NEG_INFINITY, f64::max);
            scores.push(if score.is_finite() { score } else { 0.0 });
        } else if is_split && let Some(json) = &mut self.json {
            // BERT's tokenizer splits at Han characters and punctuation before it looks pieces up; added tokens are matched first.
            let token = json!({"id": id, "content": piece, "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": false});
            if let Some(added) = json["added_tokens"].as_array_mut() {
                added.push(token);
            }
        }
        self.pieces.push(piece);
    }
}

/// Whether a word contains a Han character.
fn has_han(word: &str) -> bool {
    word.chars()
        .any(|c| matches!(u32::from(c), 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x2fa1f))
}

/// Renumbers every id in the file outside of the vocabulary.
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
