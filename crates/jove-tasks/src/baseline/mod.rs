//! Answers that take no language model: what any model should beat.

mod features;
mod linear;
pub(crate) mod majority;
pub(crate) mod ngram;
