//! Writing a SentencePiece model for a Unigram vocabulary, so that SentencePiece itself cuts as the tokenizer does.

use base64::Engine as _;
use prost::Message as _;
use serde_json::{Value, json};
use tokenizers::models::ModelWrapper;

use super::super::{Tokenizer, parts};
use super::compose;
use super::proto::{Kind, ModelProto, NormalizerSpec, Piece, TrainerSpec};

/// The model of a tokenizer whose pieces are numbered as XLM-R's and whose words begin at spaces; `None` for any other, whose
/// rules SentencePiece doesn't have.
///
/// The file's own numbers are `<unk>` 0, `<s>` 1, `</s>` 2, then the pieces: readers of XLM-R's files add one.
pub(in super::super) fn write(tokenizer: &Tokenizer) -> Option<Vec<u8>> {
    let ModelWrapper::Unigram(model) = tokenizer.inner.get_model() else { return None };
    let words = tokenizer.inner.get_pre_tokenizer()?;
    let specials = tokenizer.specials;
    let numbers = [specials.first, specials.pad, specials.separator, specials.unknown].map(|id| id.0);
    let numbered = numbers == [0, 1, 2, 3] && specials.mask.0 + 1 == specials.vocab_size;
    let spaced = json!(words) == json!(parts::spaced_words());
    if !numbered || !spaced || tokenizer.has_added() || model.byte_fallback() {
        return None;
    }
    let map = character_map(&json!(tokenizer.inner.get_normalizer()))?;
    let piece = |spelling: &str, score: f64, kind: Kind| Piece {
        spelling: Some(spelling.to_owned()),
        score: Some(score as f32),
        kind: Some(kind.into()),
    };
    let names = &tokenizer.names;
    let mut pieces = vec![
        piece(&names.unknown, 0.0, Kind::Unknown),
        piece(&names.first, 0.0, Kind::Control),
        piece(&names.separator, 0.0, Kind::Control),
    ];
    let own = model.iter().skip(4).take(specials.vocab_size as usize - 5);
    pieces.extend(own.map(|(spelling, score)| piece(spelling, *score, Kind::Normal)));
    let trainer = TrainerSpec {
        model_type: Some(1),
        vocab_size: i32::try_from(pieces.len()).ok(),
        unk_id: Some(0),
        bos_id: Some(1),
        eos_id: Some(2),
        pad_id: Some(-1),
        ..TrainerSpec::default()
    };
    let normalizer = NormalizerSpec {
        name: Some("nmt_nfkc".to_owned()),
        precompiled_charsmap: Some(map),
        add_dummy_prefix: Some(true),
        remove_extra_whitespaces: Some(true),
        escape_whitespaces: Some(true),
    };
    Some(ModelProto { pieces, trainer: Some(trainer), normalizer: Some(normalizer) }.encode_to_vec())
}

/// The map of a normaliser that is one, or composes around one; a new one for the normaliser of a vocabulary trained here.
fn character_map(normalizer: &Value) -> Option<Vec<u8>> {
    if *normalizer == json!(parts::trained_unigram()) {
        return compose::character_map();
    }
    let steps = normalizer["normalizers"].as_array().map_or_else(|| vec![normalizer], |steps| steps.iter().collect());
    let map = steps.iter().find_map(|step| step["precompiled_charsmap"].as_str())?;
    base64::engine::general_purpose::STANDARD.decode(map).ok()
}
