//! Token shards: Arrow IPC files with one tokenised text a row and random access to rows.

mod columns;
mod format;
mod pairs;
mod positioned;
mod reader;
mod writer;

pub use pairs::{PairReader, PairWriter};
pub use reader::ShardReader;
pub use writer::ShardWriter;

#[cfg(test)]
mod tests;
