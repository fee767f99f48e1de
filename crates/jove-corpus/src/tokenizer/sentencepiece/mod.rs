//! SentencePiece `.model` files: the protocol buffer, its character map, and what its settings mean for words.

mod array;
mod charsmap;
mod compose;
mod proto;
mod read;
mod rules;
mod write;

pub(super) use charsmap::check as check_charsmap;
pub(super) use read::{Family, read};
pub(super) use write::write;

#[cfg(test)]
mod tests;
