//! Evaluation: knowledge probes, bitext retrieval, pseudo-perplexity, bootstrap intervals.
//!
//! [`open`] loads a checkpoint on a device that is chosen at run time; a [`Probe`] wraps a model in memory. Its methods measure
//! knowledge ([`Probe::cloze`], [`Probe::mention_retrieval`], [`Probe::entity_typing`]), the alignment of languages
//! ([`Probe::bitext_retrieval`]) and the language model itself ([`Probe::pseudo_perplexity`]). Each score comes with that of a
//! trivial answer. No model is trained here, except a linear head over entity types; all results are functions of the model,
//! the items and a seed.
//!
//! A cloze item on an untrained model:
//!
//! ```
//! use jove_core::{ModelConfig, Seed, Silent, SpecialTokens, TokenId, TokenSpan};
//! use jove_eval::{Bootstrap, ClozeItem, Probe, ProbeOptions};
//! use jove_model::Cpu;
//! use jove_objectives::Model;
//!
//! let model = Model::new(&ModelConfig::bert(100, 32, 2, 4, 64), &Cpu::default(), Seed(1))?;
//! let [pad, first, separator, unknown, mask] = [0, 1, 2, 3, 4].map(TokenId);
//! let specials = SpecialTokens { first, separator, pad, unknown, mask, vocab_size: 100 };
//! let item = ClozeItem {
//!     tokens: [17, 42, 43, 18].map(TokenId).to_vec(),
//!     gap: TokenSpan::new(1, 3), // 42 43, the name of the answer
//!     candidates: [&[42, 43][..], &[50], &[51, 52]].map(|ids| ids.iter().copied().map(TokenId).collect()).to_vec(),
//!     answer: 0,
//!     relation: None,
//! };
//! let ranking = Probe::new(&model, specials, ProbeOptions::default(), &Silent).cloze(&[item])?;
//! assert_eq!((ranking.ranks[0].candidates, ranking.scores.chance_recall_at_1), (3, 1.0 / 3.0));
//!
//! // The interval of recall@1 over items.
//! let hits: Vec<f64> = ranking.ranks.iter().map(|rank| rank.hit()).collect();
//! assert!(!Bootstrap::default().mean(&hits).excludes_zero(), "one item shows nothing");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bitext_retrieval;
mod bootstrap;
mod cloze;
mod cloze_items;
mod entity_typing;
mod error;
mod evaluator;
mod linear_head;
mod mention_items;
mod mention_retrieval;
mod perplexity;
mod probe;
mod ranking;
mod tatoeba;
mod vectors;

pub use bitext_retrieval::BitextScores;
pub use bootstrap::{Bootstrap, Estimate};
pub use cloze::ClozeItem;
pub use cloze_items::{ClozeOptions, entity_cloze_items, relation_cloze_items};
pub use entity_typing::{TypingItem, TypingItems, TypingScores};
pub use error::Error;
pub use evaluator::{Evaluator, open};
pub use mention_items::{mention_items, typing_items};
pub use mention_retrieval::{MentionItem, MentionScores};
pub use perplexity::Perplexity;
pub use probe::{Probe, ProbeOptions};
pub use ranking::{Rank, RankScores, Ranking};
pub use tatoeba::{read_tatoeba, tatoeba_files};
