//! Fine-tuning a linear classifier of texts on the states of an encoder, which is trained along or frozen.

use std::collections::BTreeMap;
use std::path::Path;

use dfdx::prelude::{NoneTape, PutTape as _};
use jove_checkpoint::{ExtraFile, TensorFile, write_tensor_file};
use jove_core::{Lang, Silent, SpecialTokens, TokenId};
use jove_model::ops::tape;
use jove_model::{
    Backend, Linear, Matrix, OwnedTape, PackedBatch, ParameterMut, ParameterRef, Parameters, Pass, Scalar,
};
use jove_objectives::{Model, Pooling, Tensors};
use serde::Serialize;

use crate::error::{Error, check};
use crate::example::{Example, ExampleSource};
use crate::loop_options::LoopOptions;
use crate::matrix::to_rows;
use crate::metrics::{Diagnostics, Loss, Losses};
use crate::sampler::{Sampler, SamplerState};
use crate::step::{BatchLosses, Step, same};

/// The loss's name in metrics.
const NAME: &str = "classification";
/// The classifier's parameters in a checkpoint.
const FILE: &str = "classifier.safetensors";
/// Parts its sampler's random numbers from those of pretraining.
const SAMPLER: u64 = 128;

/// A text and its class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelledText {
    /// Its tokens, without special tokens.
    pub tokens: Vec<TokenId>,
    /// Its class, below [`TextClassificationOptions::classes`].
    pub label: u32,
}

/// How a classifier of texts is trained.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TextClassificationOptions {
    /// Number of classes, at least 2.
    pub classes: usize,
    /// How one vector is made of a text.
    pub pooling: Pooling,
    /// Whether the encoder stays as it is: the classifier alone is trained, on states without dropout.
    pub frozen: bool,
    /// The most tokens in one forward pass, special tokens included; at least `max_length`.
    pub batch_tokens: usize,
    /// The longest text in tokens, special tokens included; the rest of a longer text is left out.
    pub max_length: usize,
}

/// An encoder with a linear classifier on it; its parameters are those that are trained.
#[derive(Clone, Debug)]
pub struct Classifier<D: Backend> {
    model: Model<D>,
    head: Linear<D>,
    options: TextClassificationOptions,
}

impl<D: Backend> Parameters<D> for Classifier<D> {
    fn visit<'a>(&'a self, f: &mut dyn FnMut(ParameterRef<'a, D>)) {
        if !self.options.frozen {
            self.model.lm.encoder.visit(f);
        }
        self.head.visit(f);
    }

    fn visit_mut<'a>(&'a mut self, f: &mut dyn FnMut(ParameterMut<'a, D>)) {
        if !self.options.frozen {
            self.model.lm.encoder.visit_mut(f);
        }
        self.head.visit_mut(f);
    }
}

impl<D: Backend> Classifier<D> {
    /// Scores of every class for every sequence, [sequences, classes].
    fn logits(&self, batch: &ClassificationBatch, tape: OwnedTape<D>, pass: &Pass) -> Result<Logits<D>, Error> {
        let sequences = self.packed(batch)?;
        let hidden = if self.options.frozen {
            self.model.hidden(&sequences)?.put_tape(tape)
        } else {
            self.model.lm.encoder.forward(&sequences, tape, pass)?.last
        };
        Ok(self.head.forward(D::span_mean(hidden, &self.spans(batch))?)?)
    }

    /// The class of every text.
    ///
    /// # Errors
    /// Where a token is none of the vocabulary or the device fails.
    pub fn predict(&self, specials: &SpecialTokens, texts: &[Vec<TokenId>]) -> Result<Vec<u32>, Error> {
        let mut classes = Vec::with_capacity(texts.len());
        for text in texts {
            let batch = ClassificationBatch { texts: vec![self.sequence(specials, text)], ..Default::default() };
            let hidden = self.model.forward(&self.packed(&batch)?, NoneTape, &Pass::eval())?.last;
            let scores = self.head.forward(D::span_mean(hidden, &self.spans(&batch))?)?;
            classes.extend(largest(&to_rows(&scores), self.options.classes));
        }
        Ok(classes)
    }

    /// `[CLS] tokens [SEP]`, at most as long as the options say.
    fn sequence(&self, specials: &SpecialTokens, tokens: &[TokenId]) -> Vec<u32> {
        let kept = &tokens[..tokens.len().min(self.options.max_length - 2)];
        let inside = kept.iter().map(|token| token.0);
        [specials.first.0].into_iter().chain(inside).chain([specials.separator.0]).collect()
    }

    fn packed(&self, batch: &ClassificationBatch) -> Result<PackedBatch, Error> {
        let mut builder = PackedBatch::builder(self.model.config());
        for text in &batch.texts {
            builder.push(text)?;
        }
        Ok(builder.build())
    }

    fn spans(&self, batch: &ClassificationBatch) -> Vec<(u32, u32)> {
        let mut start = 0;
        let span = |text: &Vec<u32>| {
            let rows = self.options.pooling.rows(start, text.len() - 2);
            start += text.len();
            (rows.start as u32, rows.end as u32)
        };
        batch.texts.iter().map(span).collect()
    }
}

type Logits<D> = Matrix<D, OwnedTape<D>>;

/// Texts of one forward pass.
#[derive(Clone, Debug, Default)]
pub struct ClassificationBatch {
    texts: Vec<Vec<u32>>,
    labels: Vec<u32>,
    examples: Vec<Example>,
}

/// Fine-tuning of a classifier, as a [`Step`].
#[derive(Debug)]
pub struct TextClassification<D: Backend> {
    classifier: Classifier<D>,
    specials: SpecialTokens,
    accumulation: usize,
    texts: Vec<LabelledText>,
    sampler: Sampler,
}

impl<D: Backend> TextClassification<D> {
    /// A new classifier on the encoder of `model`, to be trained on `texts` in the loop that `options` describe.
    ///
    /// # Errors
    /// Where a setting is invalid, there is no text, or a label is none of the classes.
    pub fn new(
        (options, own): (&LoopOptions, TextClassificationOptions),
        model: Model<D>,
        texts: Vec<LabelledText>,
        specials: SpecialTokens,
    ) -> Result<Self, Error> {
        let TextClassificationOptions { classes, max_length, batch_tokens, .. } = own;
        check("classes", "2 or more", classes, classes >= 2)?;
        let longest = model.config().max_sequence_length();
        check("max-length", format!("3 to {longest}"), max_length, (3..=longest).contains(&max_length))?;
        check("batch-tokens", format!("{max_length} (max-length) or more"), batch_tokens, batch_tokens >= max_length)?;
        check("texts", "at least one", texts.len(), !texts.is_empty())?;
        let beyond = texts.iter().find(|text| text.label as usize >= classes);
        check("label", format!("below {classes}"), beyond.map_or(0, |text| text.label), beyond.is_none())?;
        let width = model.config().hidden_size;
        let deviation = model.config().initializer_range;
        let head = Linear::new(model.device(), "classifier", (width, classes), deviation, options.seed)?;
        // In one group every text is read once an epoch.
        let sampler = Sampler::new(options.seed, SAMPLER, &vec![Lang::EN; texts.len()], 1.0, std::iter::empty());
        let classifier = Classifier { model, head, options: own };
        Ok(Self { classifier, specials, accumulation: options.gradient_accumulation_steps, texts, sampler })
    }

    fn batch(&mut self) -> ClassificationBatch {
        let mut batch = ClassificationBatch::default();
        let mut tokens = 0;
        while let Some(sample) = self.sampler.draw() {
            let LabelledText { tokens: text, label } = &self.texts[sample.index];
            let sequence = self.classifier.sequence(&self.specials, text);
            tokens += sequence.len();
            if tokens > self.classifier.options.batch_tokens {
                self.sampler.put_back(sample);
                break;
            }
            batch.texts.push(sequence);
            batch.labels.push(*label);
            batch.examples.push(Example { origin: ExampleSource::Text, index: sample.index, epoch: sample.epoch });
        }
        batch
    }
}

impl<D: Backend> Step for TextClassification<D> {
    type Device = D;
    type Model = Classifier<D>;
    type Batch = ClassificationBatch;
    /// Texts of the step.
    type Shared = usize;
    type State = BTreeMap<String, SamplerState>;

    fn model(&self) -> &Classifier<D> {
        &self.classifier
    }

    fn model_mut(&mut self) -> &mut Classifier<D> {
        &mut self.classifier
    }

    fn device(&self) -> &D {
        self.classifier.model.device()
    }

    fn batches(&mut self, _: u64) -> Result<Vec<ClassificationBatch>, Error> {
        Ok((0..self.accumulation).map(|_| self.batch()).collect())
    }

    fn share(&self, batches: &[ClassificationBatch], _: bool) -> Result<usize, Error> {
        Ok(batches.iter().map(|batch| batch.texts.len()).sum())
    }

    fn losses(
        &self,
        count: &usize,
        batch: &ClassificationBatch,
        tape: OwnedTape<D>,
        pass: &Pass,
    ) -> Result<BatchLosses<D>, Error> {
        let logits = self.classifier.logits(batch, tape, pass)?;
        let scores = to_rows(&logits.retaped::<NoneTape>());
        let predicted = largest(&scores, self.classifier.options.classes);
        let correct = predicted.zip(&batch.labels).filter(|(found, expected)| found == *expected).count();
        let accuracy = correct as f64 / batch.labels.len() as f64;
        let sum: Scalar<D, OwnedTape<D>> = D::cross_entropy(logits, &batch.labels)?;
        let loss = Loss { sum: f64::from(tape::value(&sum)), count: batch.labels.len() as u64 };
        Ok(BatchLosses {
            loss: tape::scale(sum, 1.0 / *count as f32)?,
            losses: Losses::from([(NAME.to_owned(), loss)]),
            diagnostics: Diagnostics::from([(format!("{NAME}.accuracy"), accuracy)]),
        })
    }

    fn tokens(batch: &ClassificationBatch) -> u64 {
        batch.texts.iter().map(|text| text.len() as u64).sum()
    }

    fn examples(batch: &ClassificationBatch) -> &[Example] {
        &batch.examples
    }

    fn settings_digest(&self, options: &LoopOptions) -> String {
        digest(&(options.outcome(), self.classifier.options))
    }

    fn data_digest(&self) -> String {
        let texts: Vec<_> = self.texts.iter().map(|text| (&text.tokens, text.label)).collect();
        digest(&texts)
    }

    fn state(&self) -> BTreeMap<String, SamplerState> {
        BTreeMap::from([(NAME.to_owned(), self.sampler.state().clone())])
    }

    fn restore(&mut self, dir: &Path, state: &BTreeMap<String, SamplerState>) -> Result<(), Error> {
        let fits = state.get(NAME).is_some_and(|state| self.sampler.restore(state));
        if fits { Ok(()) } else { Err(Error::damaged(dir, "expected a position within the data")) }
    }

    fn save(&self, dir: &Path, files: &[ExtraFile]) -> Result<(), Error> {
        self.classifier.model.save(dir, files)?;
        let head = Tensors::of(&self.classifier.head);
        Ok(write_tensor_file(&dir.join(FILE), &head, &BTreeMap::new(), &Silent)?)
    }

    fn load_model(&mut self, dir: &Path) -> Result<(), Error> {
        let model = Model::open(dir, self.device())?;
        let shape = |model: &Model<D>| format!("{:?}", model.config());
        same(dir, "model", shape(&self.classifier.model), shape(&model))?;
        let file = TensorFile::open(&dir.join(FILE))?;
        let classes = file.get("classifier.bias")?.data.len();
        same(dir, "number of classes", self.classifier.options.classes.to_string(), classes.to_string())?;
        let mut failure = None;
        let mut find =
            |name: &str| file.get(name).map(|tensor| tensor.data).map_err(|error| failure = Some(error)).ok();
        let loaded = self.classifier.head.load(&mut find);
        failure.map_or(Ok(()), Err)?;
        loaded?;
        self.classifier.model = model;
        Ok(())
    }
}

/// The column of the largest number in every row; the first of several.
fn largest(scores: &[f32], classes: usize) -> impl Iterator<Item = u32> + '_ {
    scores.chunks_exact(classes).map(move |row| {
        let better = |best: usize, column: usize| if row[column] > row[best] { column } else { best };
        (1..classes).fold(0, better) as u32
    })
}

fn digest(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).expect("settings are plain data");
    blake3::hash(text.as_bytes()).to_hex().to_string()
}
