//! The sorted table in LevelDB's format that is the index of a bundle: blocks of prefix-compressed keys, an index of the
//! blocks, and a footer.

mod format;
mod read;
mod write;

pub(super) use read::read;
pub(super) use write::TableWriter;

#[cfg(test)]
mod tests;
