//! Evaluation: knowledge probes, bitext retrieval, significance.
//!
//! [`open`] reads a checkpoint; a [`Probe`] holds a model and asks it: [`Probe::cloze`], [`Probe::mention_retrieval`] and
//! [`Probe::entity_typing`] what it knows, [`Probe::bitext_retrieval`] how well languages align,
//! [`Probe::pseudo_perplexity`] how well it models text. Nothing is trained here but a linear head over types, and
//! everything is a function of the model, the items and a seed.

mod ask;
mod bitext;
mod cloze;
mod cloze_items;
mod error;
mod items;
mod linear;
mod mention;
mod perplexity;
mod probe;
mod ranking;
mod significance;
mod tatoeba;
mod typing;
mod vectors;

pub use ask::{Evaluator, open};
pub use bitext::BitextScores;
pub use cloze::ClozeItem;
pub use cloze_items::{ClozeOptions, entity_cloze_items, relation_cloze_items};
pub use error::Error;
pub use items::{mention_items, typing_items};
pub use mention::{MentionItem, MentionScores};
pub use perplexity::Perplexity;
pub use probe::{Probe, ProbeOptions};
pub use ranking::{Rank, RankScores, Ranking};
pub use significance::{Bootstrap, Estimate};
pub use tatoeba::{read_tatoeba, tatoeba_files};
pub use typing::{TypingItem, TypingItems, TypingScores};
