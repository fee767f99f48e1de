//! Token shards: Arrow IPC files with one tokenised text a row, read a row at a time from anywhere.

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
