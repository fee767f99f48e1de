//! From raw text of any size to a clean corpus.
//!
//! A [`Recipe`] names files and rules; [`build`] reads, cleans, removes duplicates, identifies languages, classifies domains, samples,
//! and writes Parquet files that a run file's `[text]` reads. Memory is bounded, every removal is counted by its reason, and the
//! bytes that are written depend neither on threads nor on interruptions, nor on how the input is spread over files.

mod bits;
mod build;
mod classifier;
mod clean;
mod error;
mod funnel;
mod inputs;
mod minhash;
mod models;
mod page;
mod read;
mod reason;
mod recipe;
mod rejects;
mod sampling;
mod segment;
mod sort;
mod stage;
mod summary;
mod work;

pub use build::{BuildOptions, build, clean_partition, corpus_folder, read_summary};
pub use classifier::Evaluation;
pub use error::{Error, Result};
pub use funnel::{Count, FunnelStage};
pub use reason::{Reason, StageName};
pub use recipe::Recipe;
pub use sampling::Share;
pub use stage::duplicates::DuplicateCounts;
pub use summary::Summary;
