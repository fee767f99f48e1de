//! Facts that no sentence was written of.

use std::fmt;

use jove_core::Lang;

/// Why a fact has no sentence in a language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    NoPattern,
    NoName,
    SameName,
}

/// Counts of facts in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// The language.
    pub lang: Lang,
    /// All facts.
    pub facts: u64,
    /// Facts whose relation has no pattern.
    pub without_pattern: u64,
    /// Facts one end of which has no name in the language, nor one for all languages or without a language.
    pub without_name: u64,
    /// Facts whose ends have the same name.
    pub same_name: u64,
}

impl Skipped {
    pub(super) fn new(lang: Lang) -> Self {
        Self { lang, facts: 0, without_pattern: 0, without_name: 0, same_name: 0 }
    }

    pub(super) fn count(&mut self, reason: Option<&Reason>) {
        self.facts += 1;
        match reason {
            None => {}
            Some(Reason::NoPattern) => self.without_pattern += 1,
            Some(Reason::NoName) => self.without_name += 1,
            Some(Reason::SameName) => self.same_name += 1,
        }
    }

    /// Whether anything was skipped.
    pub fn any(&self) -> bool {
        self.without_pattern + self.without_name + self.same_name > 0
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lang, facts, without_pattern, without_name, same_name } = self;
        write!(
            f,
            "no sentence in `{lang}` for {} of {facts} facts: {without_pattern} without a pattern for the relation, {without_name} \
             without a name in the language, {same_name} whose ends have the same name",
            without_pattern + without_name + same_name
        )
    }
}
