//! A document before cleaning.

use jove_core::Lang;
use jove_corpus::DocumentLink;

use crate::reason::Reason;

/// A document as its file holds it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RawDocument {
    /// Its text, in whatever encoding.
    pub(crate) bytes: Vec<u8>,
    /// The line, row, record or page where it begins, counted from 1.
    pub(crate) place: u64,
    /// What its file says of it.
    pub(crate) lang: Option<Lang>,
    pub(crate) domain: String,
    pub(crate) links: Vec<DocumentLink>,
    /// Why it is none, and what was found.
    pub(crate) fault: Option<(Reason, String)>,
}

impl RawDocument {
    pub(super) fn new(bytes: Vec<u8>, place: u64) -> Self {
        Self { bytes, place, ..Self::default() }
    }

    pub(super) fn faulty(self, reason: Reason, found: impl Into<String>) -> Self {
        Self { fault: Some((reason, found.into())), ..self }
    }
}
