//! Fine-tuning of tiny models on toy tasks, from run files to answers.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic")]
#![allow(clippy::float_cmp, reason = "the expected numbers are exact")]

mod answers;
mod learning;
mod refusals;
mod resume;
mod world;
