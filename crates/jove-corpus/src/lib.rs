//! Text to token shards: cleaning, de-duplication, tokenisation, annotated Parquet, sentence pairs.
//!
//! Text files of any quality become tokens that refer back to the text: every token, word and mention keeps its byte
//! offsets in the cleaned text, which is never rewritten. This crate knows nothing of masks or models.
//!
//! ```
//! use jove_core::{AnnotatedText, Silent};
//! use jove_corpus::{ShardReader, ShardWriter, TextOptions, TextSource, Tokenizer, TrainerKind, read_texts};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let file = folder.path().join("raw.txt");
//! std::fs::write(&file, "北京是\u{3000}中国的首都。\n北京是 中国的首都！\n东京是日本的首都。\n")?;
//!
//! // Clean the texts; the second line is a duplicate of the first.
//! let source = TextSource { path: file, ..TextSource::default() };
//! let mut texts = Vec::new();
//! let report = read_texts(&TextOptions { sources: vec![source], ..TextOptions::default() }, &Silent, |text| {
//!     texts.push(text);
//!     Ok::<(), jove_corpus::Error>(())
//! })?;
//! assert_eq!((report.read, report.kept, report.duplicates), (3, 2, 1));
//! assert_eq!((texts[0].text.as_str(), texts[0].lang.as_str()), ("北京是 中国的首都。", "zh"));
//!
//! // Train a tokenizer. Tokens slice the text they came from.
//! let tokenizer = Tokenizer::train(TrainerKind::WordPiece, texts.iter().map(|text| &text.text), 64)?;
//! let encoding = tokenizer.encode_text(&texts[1].text)?;
//! assert_eq!(encoding.slices(&texts[1].text).concat(), "东京是日本的首都。");
//!
//! // Write a shard and read single rows of it.
//! let shard = folder.path().join("tokens.arrow");
//! let mut writer = ShardWriter::create(&shard)?;
//! writer.note("tokenizer", &tokenizer.fingerprint()?);
//! for text in &texts {
//!     let (words, mentions) = (Vec::new(), Vec::new());
//!     writer.push(&tokenizer.encode(&AnnotatedText { text: text.text.clone(), lang: text.lang, words, mentions })?)?;
//! }
//! assert_eq!(writer.finish()?, 2);
//! let reader = ShardReader::open(&shard)?;
//! assert_eq!(reader.get(1)?.tokens, encoding.tokens);
//! # Ok(())
//! # }
//! ```

mod annotated;
mod clean;
mod doctor;
mod documents;
mod duplicate;
mod error;
mod language;
mod lines;
mod pairs;
mod reject;
mod rows;
mod shard;
mod spans;
mod stats;
mod text;
mod tokenizer;

pub use annotated::{AnnotatedReader, AnnotatedWriter, MentionName};
pub use clean::CleanOptions;
pub use doctor::{Check, doctor};
pub use documents::{Document, DocumentLink, DocumentReader, DocumentWriter};
pub use error::{Error, Result};
pub use language::{detect_language, identify_language};
pub use lines::TextLines;
pub use pairs::{PairOptions, PairReport, PairSource, SentencePair, read_pairs};
pub use shard::{PairReader, PairWriter, ShardReader, ShardWriter};
pub use stats::{Group, Stats, stats};
pub use text::{CleanText, TextFormat, TextOptions, TextReport, TextSource, WEIGHT_MAX, read_texts};
pub use tokenizer::{Encoding, Tokenizer, TrainOptions, TrainerKind};
