//! SentencePiece `.model` files: the few fields of the protocol buffer that XLM-R needs.

use std::path::Path;

use jove_core::Layout;
use prost::Message;
use tokenizers::models::unigram::Unigram;

use super::{charsmap, parts};
use crate::error::{Error, Result};

#[derive(Clone, PartialEq, Message)]
pub(super) struct ModelProto {
    #[prost(message, repeated, tag = "1")]
    pub(super) pieces: Vec<Piece>,
    #[prost(message, optional, tag = "2")]
    pub(super) trainer: Option<TrainerSpec>,
    #[prost(message, optional, tag = "3")]
    pub(super) normalizer: Option<NormalizerSpec>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Piece {
    #[prost(string, optional, tag = "1")]
    pub(super) spelling: Option<String>,
    #[prost(float, optional, tag = "2")]
    pub(super) score: Option<f32>,
    #[prost(int32, optional, tag = "3")]
    pub(super) kind: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct TrainerSpec {
    #[prost(int32, optional, tag = "3")]
    pub(super) model_type: Option<i32>,
    #[prost(bool, optional, tag = "35")]
    pub(super) byte_fallback: Option<bool>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct NormalizerSpec {
    #[prost(bytes = "vec", optional, tag = "2")]
    pub(super) precompiled_charsmap: Option<Vec<u8>>,
}

pub(super) const KIND_UNKNOWN: i32 = 2;
pub(super) const KIND_CONTROL: i32 = 3;
const MODEL_UNIGRAM: i32 = 1;

/// Reads a model in XLM-R's order: `<s>` 0, `<pad>` 1, `</s>` 2, `<unk>` 3, the file's own pieces, `<mask>` last.
/// The file's unknown and control pieces are replaced by those five.
pub(super) fn read(bytes: &[u8], origin: &Path) -> Result<tokenizers::Tokenizer> {
    let model = ModelProto::decode(bytes).map_err(|error| Error::malformed(origin, "a SentencePiece model", error))?;
    let trainer = model.trainer.unwrap_or_default();
    // The field's default is Unigram.
    let kind = trainer.model_type.unwrap_or(MODEL_UNIGRAM);
    if kind != MODEL_UNIGRAM {
        return Err(Error::malformed(origin, "a SentencePiece model of kind 1 (Unigram)", format!("kind {kind}")));
    }
    if trainer.byte_fallback == Some(true) {
        return Err(Error::malformed(origin, "a SentencePiece model without byte fallback, as XLM-R's", "one with it"));
    }
    let names = parts::special_names(Layout::XlmRoberta);
    let mut pieces: Vec<(String, f64)> =
        [names.first, names.pad, names.separator, names.unknown].map(|name| (name.to_owned(), 0.0)).into();
    for (index, piece) in model.pieces.into_iter().enumerate() {
        if matches!(piece.kind, Some(KIND_UNKNOWN | KIND_CONTROL)) {
            continue;
        }
        let (Some(spelling), score) = (piece.spelling, piece.score.unwrap_or(0.0)) else {
            return Err(Error::malformed(origin, "a spelling for every piece", format!("none for piece {index}")));
        };
        if !score.is_finite() || spelling.is_empty() {
            let found = format!("`{spelling}` with score {score} as piece {index}");
            return Err(Error::malformed(origin, "pieces with finite scores", found));
        }
        pieces.push((spelling, f64::from(score)));
    }
    if pieces.len() == 4 {
        return Err(Error::malformed(origin, "a SentencePiece model", "one without pieces"));
    }
    pieces.push((names.mask.to_owned(), 0.0));
    let map = model.normalizer.and_then(|normalizer| normalizer.precompiled_charsmap).unwrap_or_default();
    let map = charsmap::precompiled(&map, origin)?;
    let rejected = |error| Error::malformed(origin, "a Unigram vocabulary", error);
    parts::xlm_roberta(Unigram::from(pieces, Some(3), false).map_err(rejected)?.into(), map, origin)
}
