//! Reading a `vocab.txt`.

use std::path::Path;

use jove_core::Layout;

use super::super::parts::{self, BertRules};
use super::super::{Parts, Tokenizer};
use super::added;
use super::companions::Companions;
use crate::error::{Error, Result};

/// Classes of `transformers` that cut a `vocab.txt` by BERT's rules.
const WORD_PIECE_CLASSES: [&str; 16] = [
    "BertTokenizer",
    "ConvBertTokenizer",
    "DistilBertTokenizer",
    "ElectraTokenizer",
    "ErnieMTokenizer",
    "ErnieTokenizer",
    "FunnelTokenizer",
    "LayoutLMTokenizer",
    "LxmertTokenizer",
    "MPNetTokenizer",
    "MobileBertTokenizer",
    "PreTrainedTokenizer",
    "RealmTokenizer",
    "RetriBertTokenizer",
    "RobertaTokenizer",
    "TokenizersBackend",
];

/// Reads a WordPiece vocabulary with the rules that its companions give.
pub(super) fn load(bytes: &[u8], companions: &Companions, path: &Path) -> Result<Tokenizer> {
    if let Some(class) = companions.class.as_deref().filter(|class| !WORD_PIECE_CLASSES.contains(class)) {
        let expected = "a vocab.txt of BERT's family";
        return Err(Error::malformed(path, expected, format!("tokenizer_class {class} beside it")));
    }
    let names = companions.names(Layout::Bert);
    let (pieces, any_upper) = pieces(bytes, path)?;
    // The class lower-cases where its configuration doesn't say otherwise.
    let unstated = if companions.configured { true } else { !any_upper };
    let rules = BertRules {
        lowercase: companions.lowercase.unwrap_or(unstated),
        strip_accents: companions.strip_accents.flatten(),
        han_apart: companions.han_apart.unwrap_or(true),
    };
    let inner = parts::bert(parts::word_piece(pieces, &names, path)?, rules.normalizer(), &names, path)?;
    added::add(Tokenizer::new(inner, Parts::new(names), path)?, companions, path)
}

/// The numbered lines, and whether a piece has an upper-case letter.
fn pieces(bytes: &[u8], path: &Path) -> Result<(Vec<(String, u32)>, bool)> {
    let mut pieces: Vec<(String, u32)> = Vec::new();
    let mut any_upper = false;
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    for (line, id) in body.split(|&byte| byte == b'\n').zip(0..) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let piece = std::str::from_utf8(line).map_err(|_| {
            let found = format!("other bytes in line {}", u64::from(id) + 1);
            Error::malformed(path, "UTF-8", found)
        })?;
        any_upper |= !piece.starts_with(['[', '<']) && piece.chars().any(char::is_uppercase);
        pieces.push((piece.to_owned(), id));
    }
    Ok((pieces, any_upper))
}
