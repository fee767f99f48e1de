//! Evaluation: knowledge probes, bitext retrieval, significance.
//!
//! [`open`] reads a checkpoint; a [`Probe`] holds a model and asks it: [`Probe::entity_cloze`] and [`Probe::mention_retrieval`] what it knows,
//! [`Probe::bitext_retrieval`] how well languages align, [`Probe::pseudo_perplexity`] how well it models text. Nothing is
//! trained here, and everything is a function of the model, the items and a seed.

mod ask;
mod bitext;
mod cloze;
mod error;
mod items;
mod mention;
mod perplexity;
mod probe;
mod ranking;
mod significance;
mod vectors;

pub use ask::{Ask, open};
pub use bitext::BitextScores;
pub use cloze::ClozeItem;
pub use error::Error;
pub use items::{ClozeOptions, cloze_items, mention_items};
pub use mention::{MentionItem, MentionScores};
pub use perplexity::Perplexity;
pub use probe::{Probe, ProbeOptions};
pub use ranking::{Rank, RankScores, Ranking};
pub use significance::{Bootstrap, Estimate};
