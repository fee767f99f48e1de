//! Mentions in tokens.

use jove_core::{AnnotatedText, ByteSpan, EntityId, Lang, Mention, TokenId, TokenSpan};
use jove_corpus::Tokenizer;

use crate::error::Error;

/// A sentence with a mention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MentionItem {
    /// The sentence, without special tokens.
    pub tokens: Vec<TokenId>,
    /// The tokens of the mention; not empty.
    pub span: TokenSpan,
    /// Its entity.
    pub entity: EntityId,
}

/// A mention in tokens; an unknown token takes the place of one that has none.
pub(crate) fn mention_item(
    text: &str,
    lang: Lang,
    span: ByteSpan,
    entity: EntityId,
    tokenizer: &Tokenizer,
) -> Result<MentionItem, Error> {
    let mentions = vec![Mention { span, entity, score: 1.0 }];
    let whole = AnnotatedText { text: text.to_owned(), lang, words: Vec::new(), mentions };
    let found = tokenizer.encode(&whole)?;
    if let Some(&(span, _)) = found.mentions.first().filter(|(span, _)| !span.is_empty()) {
        return Ok(MentionItem { tokens: found.tokens, span, entity });
    }
    let mut tokens = tokenizer.encode_text(&text[..span.range().start])?.tokens;
    let start = tokens.len() as u32;
    tokens.push(tokenizer.specials().unknown);
    tokens.extend(tokenizer.encode_text(&text[span.range().end..])?.tokens);
    Ok(MentionItem { tokens, span: TokenSpan::new(start, start + 1), entity })
}
