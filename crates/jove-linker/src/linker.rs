//! Finding the names of a knowledge base in text.

use jove_core::{AliasRecord, ByteSpan, Lang, Mention};
use serde::Serialize;

use crate::automaton::Automaton;
use crate::boundary::stands_alone;
use crate::resolve::resolve;
use crate::table::{AliasTable, Candidate};
use crate::{Error, LinkOptions};

/// Finds the names of a knowledge base in text. Built once, then shared by any number of threads.
pub struct Linker {
    options: LinkOptions,
    table: AliasTable,
    automaton: Automaton,
    forms: usize,
}

/// What a linker holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LinkerReport {
    /// Different names after normalisation.
    pub aliases: usize,
    /// Pairs of a name and an entity.
    pub pairs: usize,
    /// Names left out because they are shorter than `chars-min`.
    pub short: u64,
    /// Bytes that the search engine takes.
    pub engine_bytes: usize,
    /// Bytes that the table of candidates takes.
    pub table_bytes: usize,
}

impl Linker {
    /// Builds the linker over all names of a knowledge base.
    ///
    /// # Errors
    /// When an option is outside its range, a name is blank or longer than 1024 bytes, or the names would make nearly all
    /// of ordinary text a mention.
    pub fn build(aliases: impl IntoIterator<Item = AliasRecord>, options: &LinkOptions) -> Result<Self, Error> {
        options.validate()?;
        let (table, forms) = AliasTable::build(aliases, options)?;
        let automaton = Automaton::build(options.engine, &forms)?;
        Ok(Self { options: options.clone(), table, automaton, forms: forms.len() })
    }

    /// What the linker holds, and the memory it takes.
    pub fn report(&self) -> LinkerReport {
        LinkerReport {
            aliases: self.forms,
            pairs: self.table.pairs(),
            short: self.table.short,
            engine_bytes: self.automaton.memory(),
            table_bytes: self.table.memory(),
        }
    }

    /// The linked mentions of a text, sorted by start, without overlaps. A text of 2^32 bytes or more has none.
    pub fn link(&self, text: &str, lang: Lang) -> Vec<Mention> {
        if u32::try_from(text.len()).is_err() {
            tracing::warn!(bytes = text.len(), "a text of 4 GiB or more is not linked: split it");
            return Vec::new();
        }
        let normalized = self.options.normalization.apply(text);
        let mut mentions = Vec::new();
        self.automaton.for_each(normalized.text(), |alias, start, end| {
            let (Some(start), Some(end)) = (normalized.original(start), normalized.original(end)) else { return };
            if self.options.boundaries && !stands_alone(text, start as usize, end as usize) {
                return;
            }
            let (candidate, score) = pick(self.table.candidates(alias), lang);
            if score >= self.options.score_min {
                mentions.push(Mention { span: ByteSpan::new(start, end), entity: candidate.entity, score });
            }
        });
        resolve(mentions, self.options.overlap)
    }
}

/// The likeliest candidate, and its share of the candidates' weight.
fn pick(candidates: &[Candidate], lang: Lang) -> (Candidate, f32) {
    let weight = |candidate: &Candidate| {
        let same = candidate.lang.is_none_or(|other| other.primary() == lang.primary());
        candidate.prior * (1.0 + candidate.popularity).ln().max(0.1) * if same { 1.0 } else { 0.5 }
    };
    let mut best = (candidates[0], weight(&candidates[0]));
    let mut total = best.1;
    for candidate in &candidates[1..] {
        let weight = weight(candidate);
        total += weight;
        if weight > best.1 {
            best = (*candidate, weight);
        }
    }
    (best.0, best.1 / total)
}
