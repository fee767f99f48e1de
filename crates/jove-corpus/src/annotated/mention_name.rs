//! What a mention is called.

use jove_core::Lang;
use serde::Serialize;

/// A mention in words, for readers without the knowledge base.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MentionName {
    /// The name as it stands in the text.
    pub name: String,
    /// The language of the name's place in the text.
    pub lang: Lang,
    /// The entity's key.
    pub key: String,
    /// The entity's label, in the language of the text where it has one.
    pub label: String,
}
