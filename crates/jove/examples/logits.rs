//! The logits of a Hugging Face folder at every token of some sentences.
//!
//!     cargo run --release -p jove --example logits -- MODEL SENTENCES OUT
//!
//! SENTENCES is UTF-8 text, one a line; OUT.ids gets the ids of each, special tokens included, OUT the logits as 32-bit
//! floats, a row a token. `experiments/interop/trained.py` compares both with those of transformers.

use std::path::Path;

use jove_corpus::Tokenizer;
use jove_model::{Cpu, PackedBatch};
use jove_objectives::Model;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, sentences, out] = arguments.as_slice() else { anyhow::bail!("expected MODEL SENTENCES OUT") };
    let model = Model::open(Path::new(folder), &Cpu::default())?;
    let tokenizer = Tokenizer::load(Path::new(folder))?;
    let specials = tokenizer.specials();
    let (mut lines, mut bytes) = (String::new(), Vec::new());
    for line in std::fs::read_to_string(sentences)?.lines() {
        let mut ids = vec![specials.first.0];
        let room = model.config().max_sequence_length() - 2;
        ids.extend(tokenizer.encode_text(line)?.tokens.iter().map(|token| token.0).take(room));
        ids.push(specials.separator.0);
        let mut batch = PackedBatch::builder(model.config());
        batch.push(&ids)?;
        let hidden = model.hidden(&batch.build())?;
        let positions: Vec<u32> = (0..ids.len() as u32).collect();
        let logits = model.lm.logits(hidden, &positions)?.as_vec();
        bytes.extend(logits.iter().flat_map(|value| value.to_le_bytes()));
        let ids: Vec<String> = ids.iter().map(u32::to_string).collect();
        lines.push_str(&ids.join(" "));
        lines.push('\n');
    }
    std::fs::write(format!("{out}.ids"), lines)?;
    Ok(std::fs::write(out, bytes)?)
}
