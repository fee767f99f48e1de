//! The report of a build.

use std::path::PathBuf;

use jove_core::Problem;
use serde::Serialize;

use super::source::Read;
use super::written::Written;
use crate::intake::Rejects;
use crate::options::BuildOptions;

/// Counts of one source.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SourceReport {
    /// Its name.
    pub name: String,
    /// Rows or lines read, bad ones included.
    pub rows: u64,
    /// Facts and literals taken.
    pub facts: u64,
    /// Names, facts and literals excluded by the selection.
    pub unselected: u64,
    /// Texts that stood where names do and were left out: without a letter or digit, or longer than a name can be.
    pub no_names: u64,
    /// The first of these texts, shortened, with what is wrong.
    pub no_name_examples: Vec<String>,
    /// Keys that look like ids and are no names.
    pub ids: u64,
    /// The first of these keys.
    pub id_examples: Vec<String>,
    /// What else should be known of it, in sentences.
    pub notes: Vec<String>,
}

/// Counts of a build.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct BuildReport {
    /// The knowledge base.
    pub out: PathBuf,
    /// Each source in order.
    pub sources: Vec<SourceReport>,
    /// Entities in the knowledge base.
    pub entities: u64,
    /// Different facts in the knowledge base.
    pub facts: u64,
    /// Literals in the knowledge base.
    pub literals: u64,
    /// Labels and aliases in the knowledge base.
    pub names: u64,
    /// Rows that repeat another row of the same source.
    pub duplicates: u64,
    /// Entities that were merged into others.
    pub merged: u64,
    /// Entities excluded by the selection.
    pub unselected_entities: u64,
    /// Bad rows.
    pub bad: u64,
    /// The first bad rows.
    pub problems: Vec<Problem>,
    /// Where all bad rows are kept, when there are any.
    pub reject_file: Option<PathBuf>,
}

pub(super) fn report(
    options: &BuildOptions,
    read: &[Read],
    merged: u64,
    written: &Written,
    rejects: &Rejects,
) -> BuildReport {
    let sources = read.iter().map(|read| SourceReport {
        name: read.info.name.clone(),
        rows: read.info.rows,
        facts: read.counts.facts,
        unselected: read.counts.unselected,
        no_names: read.counts.no_names.count,
        no_name_examples: read.counts.no_names.examples.clone(),
        ids: read.counts.ids.count,
        id_examples: read.counts.ids.examples.clone(),
        notes: read.counts.notes.clone(),
    });
    BuildReport {
        out: options.out.clone(),
        sources: sources.collect(),
        entities: written.entities,
        facts: written.facts,
        literals: written.literals,
        names: written.names,
        duplicates: written.duplicates,
        merged,
        unselected_entities: written.unselected_entities,
        bad: rejects.count(),
        problems: rejects.shown().to_vec(),
        reject_file: rejects.path(),
    }
}
