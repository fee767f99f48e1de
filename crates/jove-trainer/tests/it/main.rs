//! Training a tiny model end to end.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic")]

mod batches;

#[cfg(feature = "cuda")]
mod cuda;
mod damage;
mod failures;
mod fine_tuning;
mod golden_curve;
mod learning;
mod resume;
mod world;
