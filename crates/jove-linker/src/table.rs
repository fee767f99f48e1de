//! The alias table: candidates by normal form.

use jove_core::{AliasRecord, EntityId, Lang};

use crate::error::Error;
use crate::options::EntityLinkingOptions;

/// The longest name that is taken, in bytes.
const ALIAS_BYTES_MAX: usize = 1024;

/// One entity that an alias may mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) entity: EntityId,
    pub(crate) lang: Option<Lang>,
    pub(crate) prior: f32,
    pub(crate) popularity: f32,
    /// Whether the name is written with a capital.
    pub(crate) capital: bool,
}

/// The candidates of each alias; aliases are numbered in the order of their normal forms.
#[derive(Debug, Default)]
pub(crate) struct AliasTable {
    /// Where each alias's candidates begin; one more entry than aliases.
    starts: Vec<u32>,
    /// By alias, the most likely first.
    candidates: Vec<Candidate>,
    /// Records shorter than `chars-min`.
    pub(crate) short: u64,
}

impl AliasTable {
    /// Builds the table from all records; returns it with the normal forms in order.
    ///
    /// # Errors
    /// At the first blank or overlong name.
    pub(crate) fn build(
        records: impl IntoIterator<Item = AliasRecord>,
        options: &EntityLinkingOptions,
    ) -> Result<(Self, Vec<Box<str>>), Error> {
        let mut table = Self::default();
        let mut rows: Vec<(Box<str>, Candidate)> = Vec::new();
        for (row, record) in (1..).zip(records) {
            let form = normal_form(row, &record, options)?;
            if form.chars().take(options.chars_min as usize).count() < options.chars_min as usize {
                table.short += 1;
                continue;
            }
            rows.push((form.into_boxed_str(), candidate(&record)));
        }
        rows.sort_by(|(left, a), (right, b)| left.cmp(right).then(a.entity.cmp(&b.entity)));
        Ok(table.fill(rows))
    }

    fn fill(mut self, rows: Vec<(Box<str>, Candidate)>) -> (Self, Vec<Box<str>>) {
        let mut forms: Vec<Box<str>> = Vec::with_capacity(rows.len());
        for (form, candidate) in rows {
            if forms.last() != Some(&form) {
                forms.push(form);
                self.starts.push(self.candidates.len() as u32);
            } else if let Some(last) = self.candidates.last_mut().filter(|last| last.entity == candidate.entity) {
                last.merge(candidate);
                continue;
            }
            self.candidates.push(candidate);
        }
        self.starts.push(self.candidates.len() as u32);
        self.candidates.shrink_to_fit();
        self.rank();
        (self, forms)
    }

    /// Puts the most likely candidate of each alias first.
    fn rank(&mut self) {
        for bounds in self.starts.windows(2) {
            self.candidates[bounds[0] as usize..bounds[1] as usize].sort_by(|a, b| {
                let known = b.popularity.total_cmp(&a.popularity);
                b.prior.total_cmp(&a.prior).then(known).then(a.entity.cmp(&b.entity))
            });
        }
    }

    /// The candidates of an alias, the most likely first.
    pub(crate) fn candidates(&self, alias: u32) -> &[Candidate] {
        let alias = alias as usize;
        &self.candidates[self.starts[alias] as usize..self.starts[alias + 1] as usize]
    }

    /// Brings the first candidate of each alias into the cache: here the loads overlap, during disambiguation each would
    /// stall on its own.
    pub(crate) fn fetch(&self, aliases: impl Iterator<Item = u32>) {
        let firsts = aliases.map(|alias| self.candidates[self.starts[alias as usize] as usize].entity.0);
        std::hint::black_box(firsts.fold(0, |all, entity| all ^ entity));
    }

    /// Number of (name, entity) pairs.
    pub(crate) fn pairs(&self) -> usize {
        self.candidates.len()
    }

    /// Bytes on the heap.
    pub(crate) fn memory(&self) -> usize {
        self.starts.capacity() * size_of::<u32>() + self.candidates.capacity() * size_of::<Candidate>()
    }
}

impl Candidate {
    /// Joins two records that differ only in the writing of the name.
    fn merge(&mut self, other: Self) {
        self.prior = self.prior.max(other.prior);
        self.popularity = self.popularity.max(other.popularity);
        self.capital &= other.capital;
        if self.lang != other.lang {
            self.lang = None;
        }
    }
}

fn normal_form(row: u64, record: &AliasRecord, options: &EntityLinkingOptions) -> Result<String, Error> {
    let (alias, entity) = (&record.alias, record.entity);
    if alias.len() > ALIAS_BYTES_MAX {
        return Err(Error::LongAlias { row, entity, max: ALIAS_BYTES_MAX, found: alias.len() });
    }
    let form = options.normalization.form(alias.trim());
    if form.chars().all(|c| c.is_whitespace() || c.is_control() || is_invisible(c)) {
        return Err(Error::BlankAlias { row, entity, alias: alias.clone() });
    }
    Ok(form)
}

/// Zero-width characters and marks of direction.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A prior outside (0, 1] and a popularity that is no number from 0 count as unknown.
fn candidate(record: &AliasRecord) -> Candidate {
    let prior = if record.prior > 0.0 && record.prior <= 1.0 { record.prior } else { 1.0 };
    let popularity = if record.popularity.is_finite() { record.popularity.max(0.0) } else { 0.0 };
    let capital = record.alias.contains(char::is_uppercase);
    Candidate { entity: record.entity, lang: record.lang, prior, popularity, capital }
}
