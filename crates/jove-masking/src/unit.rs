//! Units that are masked whole, and the tokens that the model must predict.

use jove_core::{EntityId, TokenId, TokenSpan};
use serde::{Deserialize, Serialize};

/// The kinds of units that are masked whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnitKind {
    /// A linked mention.
    Entity,
    /// A word of a chosen part of speech.
    Pos,
    /// A word of any kind.
    Word,
    /// A run of words.
    Span,
    /// A single token.
    Token,
}

impl UnitKind {
    /// Every kind, in the order of its number.
    pub const ALL: [Self; 5] = [Self::Entity, Self::Pos, Self::Word, Self::Span, Self::Token];

    /// The name in run files and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Entity => "entity",
            Self::Pos => "pos",
            Self::Word => "word",
            Self::Span => "span",
            Self::Token => "token",
        }
    }
}

/// What the model sees in place of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MaskAction {
    /// The model sees the mask token.
    Mask,
    /// The model sees a random token.
    Random,
    /// The model sees the token itself.
    Keep,
    /// The model sees a token of another entity of the same type.
    Swap,
}

impl MaskAction {
    /// The name in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mask => "mask",
            Self::Random => "random",
            Self::Keep => "keep",
            Self::Swap => "swap",
        }
    }
}

/// One token that the model must predict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Index into the text's tokens; special tokens that open and close a sequence are not counted.
    pub position: u32,
    /// What stood there and must be predicted.
    pub original: TokenId,
    /// What the model sees.
    pub input: TokenId,
    /// The kind of unit it was chosen with.
    pub kind: UnitKind,
    /// How `input` was chosen.
    pub action: MaskAction,
}

/// One unit that was chosen whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskedUnit {
    /// Its tokens; a special token among them is not a target.
    pub span: TokenSpan,
    /// Its kind.
    pub kind: UnitKind,
    /// What it names, for an entity.
    pub entity: Option<EntityId>,
}
