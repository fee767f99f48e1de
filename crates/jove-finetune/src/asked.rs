//! A pretrained model as it is: sentence vectors and masked words.

use std::path::Path;

use jove_core::{Seed, TokenId};
use jove_corpus::Tokenizer;
use jove_model::{Backend, Cpu, PackedBatch};
use jove_objectives::{Device, Model, Pooling, cuda};
use serde::Serialize;

use crate::decode::softmax;
use crate::encode::{TextEncoder, to_rows};
use crate::error::Error;

const BATCH_TOKENS: usize = 4096;

/// A pretrained model, ready to be asked.
pub struct Asked {
    encoder: TextEncoder,
    model: Box<dyn Pretrained>,
}

/// A model whose device is not named.
trait Pretrained {
    /// One vector for each sequence, by the rows of each that are pooled.
    fn vectors(&self, sequences: &[Vec<u32>], pooling: Pooling) -> Result<Vec<Vec<f32>>, Error>;
    /// The logits of the vocabulary at some positions of a sequence.
    fn logits(&self, sequence: &[u32], positions: &[u32]) -> Result<Vec<Vec<f32>>, Error>;
}

impl<D: Backend> Pretrained for Model<D> {
    fn vectors(&self, sequences: &[Vec<u32>], pooling: Pooling) -> Result<Vec<Vec<f32>>, Error> {
        let mut batch = PackedBatch::builder(self.config());
        sequences.iter().try_for_each(|sequence| batch.push(sequence).map(drop))?;
        let batch = batch.build();
        let span = |index: usize| {
            let rows = batch.rows(index);
            let pooled = pooling.rows(rows.start, rows.len().saturating_sub(2));
            (pooled.start as u32, pooled.end as u32)
        };
        let spans: Vec<(u32, u32)> = (0..batch.len()).map(span).collect();
        let width = self.config().hidden_size;
        let rows = to_rows(&D::span_mean(self.hidden(&batch)?, &spans)?, spans.len() * width);
        Ok(rows.chunks_exact(width).map(<[f32]>::to_vec).collect())
    }

    fn logits(&self, sequence: &[u32], positions: &[u32]) -> Result<Vec<Vec<f32>>, Error> {
        let mut batch = PackedBatch::builder(self.config());
        batch.push(sequence)?;
        let width = self.config().vocab_size;
        let logits = self.lm.logits(self.hidden(&batch.build())?, positions)?;
        let rows = to_rows(&logits, positions.len() * width);
        Ok(rows.chunks_exact(width).map(<[f32]>::to_vec).collect())
    }
}

/// A piece in place of a mask.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Filled {
    /// Its id.
    pub id: u32,
    /// Its spelling in the vocabulary.
    pub piece: String,
    /// Its probability.
    pub probability: f64,
}

impl Asked {
    /// Opens a Hugging Face folder. Without `head` an encoder alone will do.
    ///
    /// # Errors
    /// Where a file is missing or damaged.
    pub fn open(dir: &Path, device: Device, head: bool) -> Result<Self, Error> {
        let (model, shape) = match device {
            Device::Cpu => open_on(dir, &Cpu::default(), head)?,
            Device::Cuda => open_on(dir, &cuda()?, head)?,
        };
        let [longest, token_types] = shape;
        Ok(Self { encoder: TextEncoder::new(Tokenizer::load(dir)?, longest, token_types), model })
    }

    /// One vector for each text, in their order; of a text that is too long the end is left out.
    ///
    /// # Errors
    /// Where a text cannot be tokenized, or the device fails.
    pub fn vectors(&self, texts: &[String], pooling: Pooling, normalize: bool) -> Result<Vec<Vec<f32>>, Error> {
        let mut vectors = Vec::with_capacity(texts.len());
        let (mut batch, mut tokens) = (Vec::new(), 0);
        for (at, text) in texts.iter().enumerate() {
            let encoded = self.encoder.encode(text, None)?.sequence.tokens;
            tokens += encoded.len();
            batch.push(encoded.iter().map(|token| token.0).collect());
            if tokens >= BATCH_TOKENS || at + 1 == texts.len() {
                vectors.extend(self.model.vectors(&std::mem::take(&mut batch), pooling)?);
                tokens = 0;
            }
        }
        if normalize {
            for vector in &mut vectors {
                unit(vector);
            }
        }
        Ok(vectors)
    }

    /// How a text spells a mask.
    pub fn mask(&self) -> String {
        self.encoder.tokenizer.piece(self.encoder.tokenizer.specials().mask).unwrap_or_default()
    }

    /// The likeliest pieces in place of every mask of a text, `count` for each.
    ///
    /// # Errors
    /// Where the text has no mask, is too long, or cannot be tokenized.
    pub fn fill(&self, text: &str, count: usize) -> Result<Vec<Vec<Filled>>, Error> {
        let specials = self.encoder.tokenizer.specials();
        let mask = self.mask();
        let mut sequence = vec![specials.first.0];
        let mut positions = Vec::new();
        for (at, part) in text.split(mask.as_str()).enumerate() {
            if at > 0 {
                positions.push(sequence.len() as u32);
                sequence.push(specials.mask.0);
            }
            sequence.extend(self.encoder.tokenizer.encode_text(part)?.tokens.iter().map(|token| token.0));
        }
        sequence.push(specials.separator.0);
        if positions.is_empty() {
            let expected = format!("a text with {mask}");
            return Err(jove_core::InvalidSetting::new("text", expected, "none").into());
        }
        let logits = self.model.logits(&sequence, &positions)?;
        Ok(logits.iter().map(|row| self.likeliest(row, count)).collect())
    }

    fn likeliest(&self, row: &[f32], count: usize) -> Vec<Filled> {
        let probabilities = softmax(row);
        let mut order: Vec<usize> = (0..row.len()).collect();
        order.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
        let filled = |&id: &usize| {
            let piece = self.encoder.tokenizer.piece(TokenId(id as u32)).unwrap_or_default();
            Filled { id: id as u32, piece, probability: probabilities[id] }
        };
        order.iter().take(count).map(filled).collect()
    }
}

/// A model with its longest sequence and the number of its token types.
type Opened = (Box<dyn Pretrained>, [usize; 2]);

fn open_on<D: Backend>(dir: &Path, device: &D, head: bool) -> Result<Opened, Error> {
    let model = if head { Model::open(dir, device)? } else { Model::start(dir, device, Seed(0))? };
    let config = model.config();
    let shape = [config.max_sequence_length(), config.type_vocab_size];
    Ok((Box::new(model), shape))
}

/// Scales a vector to length 1; one of zeros stays.
fn unit(vector: &mut [f32]) {
    let length = vector.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
    if length > 0.0 {
        for value in vector {
            *value = (f64::from(*value) / length) as f32;
        }
    }
}
