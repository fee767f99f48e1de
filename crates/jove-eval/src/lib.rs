//! Evaluation: knowledge probes, bitext retrieval, pseudo-perplexity, bootstrap intervals.
//!
//! Probes are asked in two steps. Questions are made in words, from the knowledge base and text, the same for every vocabulary
//! ([`relation_questions`], [`entity_questions`], [`mention_questions`], [`typing_questions`]): what cannot be asked is left
//! out first, and what is left is drawn from. A [`Probe`] then puts them to a model, wrapped in memory or loaded by [`open`] onto
//! a device that is chosen at run time, and gives an [`Answer`] to each. [`trivial_cloze`] and its kin answer the same questions
//! without a model. No model is trained here, except a linear head over entity types; all results are functions of the
//! model, the items and a seed.
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
//!     subject: None,
//! };
//! let answers = Probe::new(&model, specials, ProbeOptions::default(), &Silent).cloze(&[item])?;
//! assert_eq!((answers[0].rank.candidates, answers[0].top.len()), (3, 3));
//!
//! // The interval of the share of first ranks over items.
//! let hits: Vec<f64> = answers.iter().map(|answer| answer.rank.hit()).collect();
//! assert!(!Bootstrap::default().mean(&hits).excludes_zero(), "one item shows nothing");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod bag_of_words;
mod bitext_retrieval;
mod bootstrap;
mod cloze;
mod cloze_items;
mod entity_typing;
mod error;
mod evaluator;
mod linear_head;
mod mention;
mod mention_items;
mod mention_retrieval;
mod names;
mod perplexity;
mod probe;
mod question;
mod ranking;
mod string_match;
mod tatoeba;
mod training_counts;
mod trivial;
mod truths;
mod typing_items;
mod vectors;

pub use answer::Answer;
pub use bitext_retrieval::BitextAnswers;
pub use bootstrap::{Bootstrap, Estimate};
pub use cloze::ClozeItem;
pub use cloze_items::{ClozeOptions, entity_questions, relation_questions};
pub use entity_typing::{TypingItem, TypingItems};
pub use error::Error;
pub use evaluator::{Evaluator, Weights, open};
pub use mention::MentionItem;
pub use mention_items::{Description, MentionQuestion, MentionQuestions, mention_questions};
pub use mention_retrieval::{Comparison, DescriptionVectors};
pub use perplexity::{Perplexity, TokenCounts};
pub use probe::{Probe, ProbeOptions};
pub use question::{Candidate, ClozeQuestion};
pub use ranking::Rank;
pub use tatoeba::{read_tatoeba, tatoeba_files};
pub use training_counts::TrainingCounts;
pub use trivial::{
    ObjectCounts, TrivialAnswers, described_entities, told_by_name, trivial_bitext, trivial_cloze, trivial_mentions,
    trivial_typing,
};
pub use truths::{Cardinality, cardinalities};
pub use typing_items::{TypingQuestion, TypingQuestions, typing_questions};
