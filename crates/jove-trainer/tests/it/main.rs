//! Training a tiny model end to end.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic")]

mod batches;
mod classification;
#[cfg(feature = "cuda")]
mod cuda;
mod damage;
mod failures;
mod golden_curve;
mod learning;
mod resume;
mod world;
