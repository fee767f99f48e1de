//! From text files to clean texts.

mod files;
mod options;
mod read;
mod records;

pub(crate) use files::list_all;
pub use options::{TextFormat, TextOptions, TextSource, WEIGHT_MAX};
pub use read::{CleanText, TextReport, read_texts};
pub(crate) use records::Texts;
