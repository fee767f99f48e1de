//! Reading a SentencePiece model.

use std::collections::BTreeSet;
use std::path::Path;

use prost::Message as _;
use tokenizers::models::unigram::Unigram;

use super::super::names::SpecialNames;
use super::super::parts;
use super::proto::{Kind, ModelProto, Piece, TrainerSpec};
use super::rules::rules;
use crate::error::{Error, Result};

const MODEL_UNIGRAM: i32 = 1;

/// How a family of models numbers the pieces of its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Family {
    /// `<s>` 0, `<pad>` 1, `</s>` 2, `<unk>` 3, the file's own pieces, `<mask>` last.
    XlmRoberta,
    /// Five pieces that no text uses, `<pad>` 1 and `<unk>` 3 among them, the file's pieces without the first, `<mask>` last.
    Camembert,
}

/// A model and what belongs to it.
pub(in super::super) struct Model {
    pub(in super::super) tokenizer: tokenizers::Tokenizer,
    /// Pieces that SentencePiece never makes of a text.
    pub(in super::super) controls: BTreeSet<u32>,
}

/// Reads a model, with the ids of its family.
pub(in super::super) fn read(bytes: &[u8], family: Family, names: &SpecialNames, origin: &Path) -> Result<Model> {
    let model = ModelProto::decode(bytes).map_err(|error| Error::malformed(origin, "a SentencePiece model", error))?;
    let trainer = model.trainer.unwrap_or_default();
    check_trainer(&trainer, origin)?;
    let normalizer = model.normalizer.unwrap_or_default();
    let (pieces, controls) = numbered(model.pieces, &trainer, family, names, origin)?;
    let inner = |piece: &str| piece.char_indices().skip(1).any(|(_, character)| character == '▁');
    let spaced = pieces.iter().any(|(piece, _)| inner(piece));
    let rules = rules(&normalizer, spaced, origin)?;
    let rejected = |error| Error::malformed(origin, "a Unigram vocabulary", error);
    let unigram = Unigram::from(pieces, Some(3), false).map_err(rejected)?;
    let tokenizer = parts::xlm_roberta(unigram.into(), rules.normalizer, rules.words, names, origin)?;
    Ok(Model { tokenizer, controls })
}

fn check_trainer(trainer: &TrainerSpec, origin: &Path) -> Result<()> {
    // The field's default is Unigram.
    let kind = trainer.model_type.unwrap_or(MODEL_UNIGRAM);
    if kind != MODEL_UNIGRAM {
        let name = ["BPE", "words", "characters"].get(kind.wrapping_sub(2) as usize).unwrap_or(&"unknown");
        return Err(Error::malformed(
            origin,
            "a SentencePiece model of kind 1 (Unigram)",
            format!("kind {kind} ({name})"),
        ));
    }
    if trainer.byte_fallback == Some(true) {
        return Err(Error::malformed(origin, "a SentencePiece model without byte fallback, as XLM-R's", "one with it"));
    }
    if trainer.treat_whitespace_as_suffix == Some(true) {
        let expected = "a SentencePiece model whose ▁ begins a word";
        return Err(Error::malformed(origin, expected, "treat_whitespace_as_suffix: true"));
    }
    Ok(())
}

type Scored = Vec<(String, f64)>;

/// The pieces in the order of their ids, and the ids of control pieces.
fn numbered(
    pieces: Vec<Piece>,
    trainer: &TrainerSpec,
    family: Family,
    names: &SpecialNames,
    origin: &Path,
) -> Result<(Scored, BTreeSet<u32>)> {
    let likeliest = pieces.iter().filter(|piece| piece.kind() == Kind::Normal).filter_map(|piece| piece.score);
    let likeliest = f64::from(likeliest.fold(f32::NEG_INFINITY, f32::max));
    let mut kept = leading(family, names);
    let own = kept.len();
    let mut controls = BTreeSet::new();
    for (index, piece) in pieces.into_iter().enumerate() {
        if replaced(&piece, index, trainer, family, names) {
            continue;
        }
        let kind = piece.kind();
        let (spelling, score) = checked(piece, index, origin)?;
        match kind {
            Kind::Control | Kind::Unknown => {
                controls.insert(kept.len() as u32);
            }
            Kind::UserDefined if spelling.contains([' ', '▁']) => {
                let found = format!("{spelling:?} as piece {index}");
                return Err(Error::malformed(origin, "user-defined symbols without spaces", found));
            }
            Kind::Unused | Kind::Byte => {
                let found = format!("{spelling:?} of kind {kind:?} as piece {index}");
                return Err(Error::malformed(origin, "pieces that texts can use", found));
            }
            Kind::UserDefined | Kind::Normal => {}
        }
        // SentencePiece scores a user-defined symbol so that nothing else can cover its bytes.
        let whole = kind == Kind::UserDefined && likeliest.is_finite();
        kept.push((spelling.clone(), if whole { spelling.len() as f64 * likeliest - 0.1 } else { score }));
    }
    if kept.len() == own {
        return Err(Error::malformed(origin, "a SentencePiece model", "one without pieces"));
    }
    kept.push((names.mask.clone(), 0.0));
    Ok((kept, controls))
}

fn leading(family: Family, names: &SpecialNames) -> Scored {
    let piece = |spelling: &str, score: f64| (spelling.to_owned(), score);
    match family {
        Family::XlmRoberta => {
            [&names.first, &names.pad, &names.separator, &names.unknown].map(|name| piece(name, 0.0)).into()
        }
        Family::Camembert => vec![
            piece("<s>NOTUSED", 0.0),
            piece(&names.pad, 0.0),
            piece("</s>NOTUSED", 0.0),
            piece(&names.unknown, 0.0),
            piece("<unk>NOTUSED", -100.0),
        ],
    }
}

/// Whether the family puts pieces of its own in the place of this one.
fn replaced(piece: &Piece, index: usize, trainer: &TrainerSpec, family: Family, names: &SpecialNames) -> bool {
    match family {
        Family::Camembert => index == 0,
        Family::XlmRoberta => {
            let own = [
                trainer.unk_id.unwrap_or(0),
                trainer.bos_id.unwrap_or(1),
                trainer.eos_id.unwrap_or(2),
                trainer.pad_id.unwrap_or(-1),
            ];
            let special = matches!(piece.kind(), Kind::Control | Kind::Unknown);
            let named = piece.spelling.as_deref().is_some_and(|spelling| names.all().contains(&spelling));
            special && (named || piece.kind() == Kind::Unknown || own.contains(&(index as i32)))
        }
    }
}

fn checked(piece: Piece, index: usize, origin: &Path) -> Result<(String, f64)> {
    let (Some(spelling), score) = (piece.spelling, piece.score.unwrap_or(0.0)) else {
        return Err(Error::malformed(origin, "a spelling for every piece", format!("none for piece {index}")));
    };
    if !score.is_finite() || spelling.is_empty() {
        let found = format!("`{spelling}` with score {score} as piece {index}");
        return Err(Error::malformed(origin, "pieces with finite scores", found));
    }
    Ok((spelling, f64::from(score)))
}
