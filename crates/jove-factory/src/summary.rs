//! What a corpus holds and how it came about: the contents of `corpus.json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::classifier::Evaluation;
use crate::funnel::{Count, FunnelStage};
use crate::sampling::Share;
use crate::stage::duplicates::DuplicateCounts;

/// A corpus in numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Documents read.
    pub read: Count,
    /// What each stage removed and kept. Bytes are as they were read up to cleaning, and of clean text after that.
    pub funnel: Vec<FunnelStage>,
    /// Documents written.
    pub kept: Count,
    /// Duplicates.
    pub duplicates: DuplicateCounts,
    /// Bytes of repeated paragraphs that were cut out of documents that are kept.
    pub paragraph_bytes: u64,
    /// What is written, by language.
    pub langs: BTreeMap<String, Count>,
    /// What is written, by domain; those without one are under the empty name.
    pub domains: BTreeMap<String, Count>,
    /// What is written, by source.
    pub sources: BTreeMap<String, Count>,
    /// How much is read of each language and domain in training.
    pub shares: Vec<Share>,
    /// The least confidence with which a document's language must be identified, by language.
    pub thresholds: BTreeMap<String, f64>,
    /// How the classifiers do on examples that they were not trained on: `language`, `domain`, `quality`.
    pub classifiers: BTreeMap<String, Evaluation>,
    /// The files, in order, with their documents.
    pub files: BTreeMap<String, Count>,
}
