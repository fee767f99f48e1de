//! Experiments: a run file, its stages, what came out.

mod cache;
mod error;
pub mod report;
pub mod results;
mod settings;

pub use error::{Error, Result};
