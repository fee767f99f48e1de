//! Trains the small Unigram vocabulary of `tests/it/sentencepiece.rs` and writes its files to a folder:
//!
//!     cargo run -p jove-corpus --example learnt_model -- FOLDER
//!     python crates/jove-corpus/tests/fixtures/sentencepiece_figures.py FOLDER/sentencepiece.bpe.model

use std::error::Error;
use std::path::Path;

use jove_corpus::{Tokenizer, TrainerKind};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("expected a folder to write")?;
    let texts = include_str!("../tests/fixtures/texts.txt");
    Tokenizer::train(TrainerKind::Unigram, texts.lines(), 420)?.save(Path::new(&folder))?;
    Ok(())
}
