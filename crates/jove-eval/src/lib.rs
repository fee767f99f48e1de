//! Evaluation: knowledge probes, bitext retrieval, significance.

mod ranking;
mod significance;

pub use ranking::{Rank, RankScores};
pub use significance::{Bootstrap, Estimate};
