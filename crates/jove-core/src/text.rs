//! Annotated text with spans over bytes, and tokenised text with spans over tokens.

use serde::{Deserialize, Serialize};

use crate::{ByteSpan, EntityId, Lang, Pos, TokenId, TokenSpan};

/// One name of an entity: the linker's input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AliasRecord {
    /// The name as written.
    pub alias: String,
    /// What it names.
    pub entity: EntityId,
    /// The language of the name, where known.
    pub lang: Option<Lang>,
    /// Commonness: share of the name's occurrences that mean this entity, in (0, 1]; 1 where unknown.
    pub prior: f32,
    /// Popularity of the entity, in any unit that is the same for all entities of a knowledge base; 0 where unknown.
    pub popularity: f32,
}

/// A mention of an entity in a text.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mention {
    /// Where, in bytes of the original text.
    pub span: ByteSpan,
    /// What it names.
    pub entity: EntityId,
    /// The linker's confidence, in [0, 1].
    pub score: f32,
}

/// A word of a text with its part of speech.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// Where, in bytes of the original text.
    pub span: ByteSpan,
    /// Its universal part of speech.
    pub pos: Pos,
}

/// A text with its words and mentions. Both lists are sorted by start, without overlaps within a list; words need not
/// cover white space; a mention may begin or end inside a word.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnnotatedText {
    /// The text, never rewritten.
    pub text: String,
    /// Its language.
    pub lang: Lang,
    /// Its words.
    pub words: Vec<Word>,
    /// Its linked mentions.
    pub mentions: Vec<Mention>,
}

/// A tokenised text without special tokens; spans are over `tokens`, sorted, without overlaps within a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenizedText {
    /// Its language.
    pub lang: Lang,
    /// The pieces.
    pub tokens: Vec<TokenId>,
    /// Whole words.
    pub words: Vec<(TokenSpan, Pos)>,
    /// Linked mentions.
    pub mentions: Vec<(TokenSpan, EntityId)>,
}

/// The special pieces of a vocabulary, and its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecialTokens {
    /// Starts a sequence: `[CLS]` or `<s>`.
    pub first: TokenId,
    /// Ends a sequence and separates two: `[SEP]` or `</s>`.
    pub separator: TokenId,
    /// Padding: `[PAD]` or `<pad>`.
    pub pad: TokenId,
    /// Unknown token: `[UNK]` or `<unk>`.
    pub unknown: TokenId,
    /// Mask token: `[MASK]` or `<mask>`.
    pub mask: TokenId,
    /// Number of pieces, special ones included.
    pub vocab_size: u32,
}

impl SpecialTokens {
    /// Whether `token` is one of the five.
    pub fn contains(&self, token: TokenId) -> bool {
        [self.first, self.separator, self.pad, self.unknown, self.mask].contains(&token)
    }
}
