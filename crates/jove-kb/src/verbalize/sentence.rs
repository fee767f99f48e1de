//! Sentences that state facts.

use jove_core::{ByteSpan, Lang};
use serde::{Deserialize, Serialize};

use crate::fact::Fact;

/// A sentence that states one fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// The sentence.
    pub text: String,
    /// Its language.
    pub lang: Lang,
    /// The fact that it states.
    pub fact: Fact,
    /// Span of the subject's name, in bytes.
    pub subject: ByteSpan,
    /// Span of the object's name, in bytes.
    pub object: ByteSpan,
    /// The number of its pattern, see [`crate::Patterns::text`].
    pub pattern: u32,
}

/// An article, which may be empty, and the name after it.
pub(super) type Named<'a> = (&'a str, &'a str);
