//! Changing the vocabulary of a model: removing and adding pieces together with their weights.
//!
//! Most of a multilingual encoder is its word table: 192 of XLM-R's 278 million parameters. Trimming it to the pieces
//! that a corpus uses changes no output on that corpus ("Load What You Need: Smaller Versions of Multilingual BERT",
//! arXiv 2010.05609). Tokenizer, word table and the head's bias change together.

mod edit;
mod rows;
mod tokenizer;
mod trim;

pub use rows::{Resized, Row};
pub use tokenizer::TokenizerFile;
pub use trim::kept_pieces;
