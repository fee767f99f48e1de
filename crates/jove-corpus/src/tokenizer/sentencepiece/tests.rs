use prost::Message as _;

use super::charsmap::tests::wide_a;
use super::proto::{Kind, ModelProto, NormalizerSpec, Piece, TrainerSpec};
use crate::tokenizer::Tokenizer;
use jove_core::TokenId;

fn piece(spelling: &str, score: f32, kind: Kind) -> Piece {
    Piece { spelling: Some(spelling.to_owned()), score: Some(score), kind: Some(kind.into()) }
}

/// A small model in SentencePiece's format, with a character map.
fn model() -> ModelProto {
    ModelProto {
        pieces: vec![
            piece("<unk>", 0.0, Kind::Unknown),
            piece("<s>", 0.0, Kind::Control),
            piece("</s>", 0.0, Kind::Control),
            piece("▁", -2.0, Kind::Normal),
            piece("▁A", -2.5, Kind::Normal),
            piece("北京", -3.0, Kind::Normal),
            piece("B", -4.0, Kind::Normal),
        ],
        trainer: Some(TrainerSpec::default()),
        normalizer: Some(NormalizerSpec { precompiled_charsmap: Some(wide_a()), ..NormalizerSpec::default() }),
    }
}

fn load(model: &ModelProto) -> crate::Result<Tokenizer> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spm.model");
    std::fs::write(&path, model.encode_to_vec()).unwrap();
    Tokenizer::load(&path)
}

fn pieces(tokenizer: &Tokenizer, text: &str) -> Vec<String> {
    let tokens = tokenizer.encode_text(text).unwrap().tokens;
    tokens.iter().map(|token| tokenizer.piece(*token).unwrap()).collect()
}

#[test]
fn models_are_numbered_as_in_xlm_r() {
    let folder = tempfile::tempdir().unwrap();
    let loaded = load(&model()).unwrap();
    assert_eq!(loaded.specials().vocab_size, 9);
    assert_eq!(loaded.specials().mask, TokenId(8));
    let text = "ＡB 北京";
    let encoding = loaded.encode_text(text).unwrap();
    assert_eq!(encoding.tokens.iter().map(|token| token.0).collect::<Vec<_>>(), [5, 7, 4, 6]);
    let slices: Vec<&str> = encoding.offsets.iter().map(|span| span.slice(text).unwrap()).collect();
    assert_eq!(slices, ["Ａ", "B", "", "北京"]);
    loaded.save(folder.path()).unwrap();
    assert!(folder.path().join("sentencepiece.bpe.model").is_file());
    assert_eq!(pieces(&Tokenizer::load(folder.path()).unwrap(), text), pieces(&loaded, text));
}

#[test]
fn camembert_has_five_pieces_before_the_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("spiece.model"), model().encode_to_vec()).unwrap();
    std::fs::write(folder.path().join("config.json"), r#"{"model_type": "camembert"}"#).unwrap();
    let loaded = Tokenizer::load(folder.path()).unwrap();
    let specials = loaded.specials();
    assert_eq!([specials.first.0, specials.separator.0, specials.pad.0, specials.unknown.0], [5, 6, 1, 3]);
    assert_eq!(loaded.token("▁A"), Some(TokenId(8)));
    std::fs::write(folder.path().join("config.json"), r#"{"model_type": "albert"}"#).unwrap();
    let message = Tokenizer::load(folder.path()).unwrap_err().to_string();
    assert!(message.contains("albert"), "{message}");
}

/// Checks the pieces of a text under changed settings of the normaliser.
fn check_pieces(change: impl Fn(&mut NormalizerSpec), text: &str, expected: &[&str]) {
    let mut model = model();
    model.pieces.push(piece("A", -5.0, Kind::Normal));
    change(model.normalizer.as_mut().unwrap());
    assert_eq!(pieces(&load(&model).unwrap(), text), expected, "{text:?}");
}

#[test]
fn settings_of_the_normaliser_are_obeyed() {
    let as_is = |_: &mut NormalizerSpec| {};
    check_pieces(as_is, " Ａ  B ", &["▁A", "▁", "B"]);
    let identity = |spec: &mut NormalizerSpec| spec.precompiled_charsmap = None;
    check_pieces(identity, "Ａ\u{3000}B", &["▁", "<unk>", "B"]);
    let no_prefix = |spec: &mut NormalizerSpec| spec.add_dummy_prefix = Some(false);
    check_pieces(no_prefix, "A A", &["A", "▁A"]);
    let spaces = |spec: &mut NormalizerSpec| spec.remove_extra_whitespaces = Some(false);
    check_pieces(spaces, " A  B ", &["▁", "▁A", "▁", "▁", "B", "▁"]);
}

#[test]
fn user_defined_symbols_stay_whole_and_control_symbols_never_come() {
    let mut model = model();
    model.pieces.push(piece("[E1]", 0.0, Kind::UserDefined));
    model.pieces.push(piece("[C]", 0.0, Kind::Control));
    let loaded = load(&model).unwrap();
    assert_eq!(pieces(&loaded, "A[E1]B"), ["▁A", "[E1]", "B"]);
    assert_eq!(pieces(&loaded, "[C]"), ["▁", "<unk>"]);
    assert_eq!(loaded.specials().mask, TokenId(10), "both keep their places");
}

/// Checks that a changed model is refused with a message that names the reason.
fn check_refused(change: impl Fn(&mut ModelProto), reason: &str) {
    let mut changed = model();
    change(&mut changed);
    let message = load(&changed).unwrap_err().to_string();
    assert!(message.contains(reason), "{message}");
}

#[test]
fn what_cannot_be_obeyed_is_refused_by_name() {
    let trainer = |spec: TrainerSpec| move |model: &mut ModelProto| model.trainer = Some(spec.clone());
    check_refused(trainer(TrainerSpec { model_type: Some(2), ..TrainerSpec::default() }), "kind 2 (BPE)");
    check_refused(trainer(TrainerSpec { byte_fallback: Some(true), ..TrainerSpec::default() }), "byte fallback");
    let suffix = TrainerSpec { treat_whitespace_as_suffix: Some(true), ..TrainerSpec::default() };
    check_refused(trainer(suffix), "treat_whitespace_as_suffix");
    check_refused(|model| model.normalizer.as_mut().unwrap().escape_whitespaces = Some(false), "escape_whitespaces");
    check_refused(|model| model.pieces[4].score = Some(f32::NAN), "NaN");
    check_refused(|model| model.pieces[4].kind = Some(Kind::Unused.into()), "Unused");
    check_refused(|model| model.pieces.push(piece("a b", 0.0, Kind::UserDefined)), "user-defined");
    check_refused(|model| *model = ModelProto::default(), "without pieces");
}
