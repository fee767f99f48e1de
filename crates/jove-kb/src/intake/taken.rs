//! What reading a source collects.

use std::path::Path;

use jove_core::Lang;

use super::bits::Bits;
use super::facts::FactSorter;
use super::holders::Holders;
use super::merge::Merges;
use super::sorter::Sorter;

/// An entity while a knowledge base is built; merging and selecting renumber it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Provisional(pub(crate) u32);

/// The object of a triple, as importers see it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Object<'a> {
    /// A key of an entity.
    Entity(&'a str),
    /// A key that is a name in a language.
    Name { key: &'a str, lang: Option<Lang> },
    /// A value.
    Value { text: &'a str, lang: Option<Lang>, datatype: &'a str },
}

/// The language of a name or description in a cell.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CellLang {
    /// The format says the language of each text; one that it does not say has none.
    Said,
    /// This one, else as the script tells.
    Guessed(Option<Lang>),
}

/// What one source brought.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    /// Rows or lines read, bad ones included.
    pub(crate) rows: u64,
    /// Facts and literals taken.
    pub(crate) facts: u64,
    /// Things left out because the selection says so.
    pub(crate) unselected: u64,
    /// Texts that could not be names.
    pub(crate) no_names: NoNames,
    /// Keys that look like ids and name nothing.
    pub(crate) ids: NoNames,
    /// What else should be known of the source.
    pub(crate) notes: Vec<String>,
}

/// Texts that stood where names do and could be none.
#[derive(Clone, Debug, Default)]
pub(crate) struct NoNames {
    pub(crate) count: u64,
    /// The first of them, shortened, with what is wrong.
    pub(crate) examples: Vec<String>,
}

impl NoNames {
    /// Examples that a report shows.
    const SHOWN_MAX: usize = 5;
    /// Characters of an example that are shown.
    const CHARS_MAX: usize = 40;

    pub(crate) fn add(&mut self, text: &str, why: &str) {
        self.count += 1;
        if self.examples.len() < Self::SHOWN_MAX {
            let cut: String = text.trim().chars().take(Self::CHARS_MAX).collect();
            self.examples.push(if why.is_empty() { format!("{cut:?}") } else { format!("{cut:?} ({why})") });
        }
    }
}

/// Rows on their way to being sorted.
pub(crate) struct Rows {
    pub(crate) records: Sorter,
    pub(crate) facts: FactSorter,
    /// Records and facts.
    pub(crate) count: u64,
}

impl Rows {
    /// Rows that share about `memory` bytes and spill to `folder`.
    pub(crate) fn new(folder: &Path, memory: usize) -> Self {
        let records = Sorter::new(folder, memory / 4 * 3);
        Self { records, facts: FactSorter::new(folder, memory / 4), count: 0 }
    }
}

/// What reading leaves for sorting.
pub(crate) struct Taken {
    pub(crate) rows: Rows,
    pub(crate) merges: Merges,
    pub(crate) holders: Holders,
    pub(crate) entities: u32,
    pub(crate) popularity: Vec<f32>,
    /// Entities with a selected type; `None` when all types are.
    pub(crate) selected: Option<Bits>,
}
