//! Sentence vectors of a Hugging Face folder: the mean over the encoder's last hidden states.
//!
//!     cargo run --release -p jove --example embed -- MODEL SENTENCES OUT [PREFIX]
//!
//! SENTENCES is UTF-8 text, one a line; OUT gets the vectors as 32-bit floats, row by row. `experiments/interop/embed.py`
//! compares them with those of transformers.

use std::path::Path;

use jove_core::Seed;
use jove_corpus::Tokenizer;
use jove_model::{Cpu, PackedBatch};
use jove_objectives::Model;

/// Tokens in a batch, about.
const BATCH_TOKENS: usize = 4096;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, sentences, out, prefix @ ..] = arguments.as_slice() else {
        anyhow::bail!("expected MODEL SENTENCES OUT [PREFIX]");
    };
    let prefix = prefix.first().map_or("", String::as_str);
    // A sentence encoder has no head; a new one takes its place, and is not asked.
    let model = Model::start(Path::new(folder), &Cpu::default(), Seed(0))?;
    let tokenizer = Tokenizer::load(Path::new(folder))?;
    let text = std::fs::read_to_string(sentences)?;
    let length_max = model.config().max_sequence_length();
    let row = |line: &str| ids(&tokenizer, &format!("{prefix}{line}"), length_max);
    let rows: Vec<Vec<u32>> = text.lines().map(row).collect::<anyhow::Result<_>>()?;
    let mut bytes: Vec<u8> = Vec::new();
    let mut batch = PackedBatch::builder(model.config());
    let mut tokens = 0;
    for (number, row) in rows.iter().enumerate() {
        batch.push(row)?;
        tokens += row.len();
        if tokens >= BATCH_TOKENS || number + 1 == rows.len() {
            let full = std::mem::replace(&mut batch, PackedBatch::builder(model.config())).build();
            let hidden = model.hidden(&full)?.as_vec();
            for sequence in 0..full.len() {
                let vector = mean(&hidden, full.rows(sequence), model.config().hidden_size);
                bytes.extend(vector.iter().flat_map(|value| value.to_le_bytes()));
            }
            tokens = 0;
        }
    }
    Ok(std::fs::write(out, bytes)?)
}

fn ids(tokenizer: &Tokenizer, text: &str, length_max: usize) -> anyhow::Result<Vec<u32>> {
    let specials = tokenizer.specials();
    let mut ids = vec![specials.first.0];
    ids.extend(tokenizer.encode_text(text)?.tokens.iter().map(|token| token.0).take(length_max - 2));
    ids.push(specials.separator.0);
    Ok(ids)
}

fn mean(hidden: &[f32], rows: std::ops::Range<usize>, width: usize) -> Vec<f32> {
    let count = rows.len() as f32;
    let sum = |at: usize| rows.clone().map(|row| hidden[row * width + at]).sum::<f32>();
    (0..width).map(|at| sum(at) / count).collect()
}
