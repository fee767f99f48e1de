//! Tokens that are added to a vocabulary by the files beside it.

use std::path::Path;

use tokenizers::AddedToken;

use super::super::Tokenizer;
use super::companions::Companions;
use crate::error::{Error, Result};

/// Adds the tokens that the companions name and the tokenizer lacks. A special one is found in text as a whole, unless it is
/// one of the five of its layout.
pub(super) fn add(mut loaded: Tokenizer, companions: &Companions, path: &Path) -> Result<Tokenizer> {
    for (id, token) in &companions.added {
        let piece = &token.content;
        if loaded.names.all().contains(&piece.as_str()) || companions.is_named(piece) {
            continue;
        }
        let known =
            loaded.inner.get_added_vocabulary().get_added_tokens_decoder().values().any(|t| t.content == *piece);
        if known {
            continue;
        }
        if token.special {
            loaded.whole.insert(piece.clone());
        }
        // A special token would be cut like the five of the layout.
        let plain = AddedToken { special: false, ..token.clone() };
        let rejected = |error| Error::malformed(path, "tokens that can be added", error);
        loaded.inner.add_tokens([plain]).map_err(rejected)?;
        check_id(&loaded.inner, piece, *id, path)?;
    }
    loaded.renumbered(path)
}

/// Rejects a token that got another id than its file gives it.
pub(super) fn check_id(inner: &tokenizers::Tokenizer, piece: &str, id: Option<u32>, path: &Path) -> Result<()> {
    match (id, inner.token_to_id(piece)) {
        (Some(expected), found) if found != Some(expected) => {
            let found = found.map_or_else(|| "none".to_owned(), |id| id.to_string());
            Err(Error::malformed(path, format!("id {expected} for the added token {piece:?}"), found))
        }
        _ => Ok(()),
    }
}
