//! Text on its way to the model: with spans over bytes, then with spans over tokens.

use serde::{Deserialize, Serialize};

use crate::{ByteSpan, EntityId, Lang, Pos, TokenId, TokenSpan};

/// One name of an entity, as the linker takes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AliasRecord {
    /// The name as written.
    pub alias: String,
    /// What it names.
    pub entity: EntityId,
    /// The language of the name, where known.
    pub lang: Option<Lang>,
    /// How often this name means this entity among all that it may mean, in (0, 1]; 1 where nothing is known.
    pub prior: f32,
    /// How well known the entity is, in any unit, comparable within one base; 0 where nothing is known.
    pub popularity: f32,
}

/// A place in a text that names an entity.
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
    /// Opens a sequence: `[CLS]` or `<s>`.
    pub first: TokenId,
    /// Closes a sequence and parts two: `[SEP]` or `</s>`.
    pub separator: TokenId,
    /// Fills up: `[PAD]` or `<pad>`.
    pub pad: TokenId,
    /// Stands for the unknown: `[UNK]` or `<unk>`.
    pub unknown: TokenId,
    /// Hides a token: `[MASK]` or `<mask>`.
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
