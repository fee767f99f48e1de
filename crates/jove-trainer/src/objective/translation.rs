//! The contrast of translations: a sentence has to find its translation among others.

use std::collections::BTreeMap;
use std::ops::Range;

use jove_core::{ModelConfig, TokenizedText};
use jove_model::{Backend, Matrix};
use jove_objectives::{
    Contrast, Model, Pooling, QueuedTranslations, TranslationItems, TranslationKeys, cross_lingual_contrast,
    translation_contrast,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::error::{Error, check};
use crate::example::ExampleSource;
use crate::matrix::to_rows;
use crate::metrics::Diagnostics;
use crate::momentum::MomentumEncoder;
use crate::objective::kind::Objective;
use crate::objective::rules::{LossInput, Part, Rules, Train, check_layer, check_temperature, need};
use crate::packing::{Packing, ids};
use crate::queue::{KeyQueue, QUEUE_MAX};
use crate::random_crop::cut;
use crate::source::TrainingData;
use crate::targets::Targets;

/// The names of its queues: first and second sides; the two hold the same pairs in the same order.
const QUEUES: [&str; 2] = ["translation-sources", "translation-targets"];

/// The negatives in the contrast of translations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TranslationForm {
    /// The other pairs of the batch, both sides encoded alike (Language-agnostic BERT Sentence Embedding, arXiv 2007.01852).
    #[default]
    InBatch,
    /// The other pairs of the batch and those of a queue; translations come from the momentum encoder, see `momentum`,
    /// which costs two more forward passes over the pairs (XLCO of InfoXLM, arXiv 2007.07834).
    Xlco,
}

/// The contrast of sentences with their translations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct TranslationOptions {
    /// Loss weight: factor on the mean loss per pair; 0 is off.
    pub weight: f64,
    /// Part of a batch's tokens that pairs may take, in (0, 0.5].
    #[serde(alias = "share")]
    pub token_fraction: f64,
    /// The negatives.
    pub form: TranslationForm,
    /// Pairs that the queue of `xlco` holds, 0 to 1048576; InfoXLM takes 131072.
    pub queue: usize,
    /// Softmax temperature: cosines are divided by it; above 0.
    pub temperature: f64,
    /// Subtracted from the cosine of a true pair, so that it has to win by that much; 0 or more; LaBSE takes 0.3. (Language-agnostic BERT Sentence Embedding, arXiv 2007.01852.)
    pub margin: f64,
    /// How one vector is made of a sentence.
    pub pooling: Pooling,
    /// The layer whose hidden states are contrasted, counted from 1; InfoXLM takes 8 of 12; default: the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<usize>,
}

impl Default for TranslationOptions {
    fn default() -> Self {
        Self {
            weight: 0.0,
            token_fraction: 0.25,
            form: TranslationForm::InBatch,
            queue: 4096,
            temperature: 0.05,
            margin: 0.0,
            pooling: Pooling::Mean,
            layer: None,
        }
    }
}

/// Sentences and their translations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TranslationTargets {
    /// The rows that stand for every first side.
    pub sources: Vec<Range<usize>>,
    /// The rows that stand for every second side.
    pub targets: Vec<Range<usize>>,
    /// For every pair two digests: equal first ones mean equal first sides, equal second ones equal second sides. Pairs
    /// that share a side are no negatives of each other.
    pub texts: Vec<(u64, u64)>,
}

impl Targets for TranslationTargets {
    fn count(&self) -> usize {
        self.sources.len()
    }

    fn for_each_range(&mut self, f: &mut dyn FnMut(&mut Range<usize>)) {
        self.sources.iter_mut().chain(&mut self.targets).for_each(f);
    }

    fn boxed(&self) -> Box<dyn Targets> {
        Box::new(self.clone())
    }
}

impl Rules for TranslationOptions {
    fn weight(&self) -> f64 {
        self.weight
    }

    fn token_fraction(&self) -> Option<f64> {
        Some(self.token_fraction)
    }

    fn validate(&self) -> Result<(), Error> {
        check_temperature("translation", self.temperature)?;
        let margin = self.margin;
        check("objectives.translation.margin", "0 to 2", margin, (0.0..=2.0).contains(&margin))?;
        let expected = format!("0 to {QUEUE_MAX}");
        check("objectives.translation.queue", expected, self.queue, self.queue <= QUEUE_MAX)?;
        check_layer("translation", self.layer, usize::MAX)
    }

    fn validate_for(&self, model: &ModelConfig) -> Result<(), Error> {
        check_layer("translation", self.layer, model.num_hidden_layers)
    }

    fn check_data(&self, data: &TrainingData) -> Result<(), Error> {
        need("translation", "at least two translation pairs", data.pairs.len(), 2)
    }

    fn reads(&self) -> ExampleSource {
        ExampleSource::Translation
    }

    fn tokens_min(&self, max_length: usize) -> usize {
        4 * max_length
    }

    /// Adds pairs as two sequences each.
    fn fill(&self, packing: &mut Packing, batch: &mut Batch, budget: usize) -> Result<(), Error> {
        if self.weight == 0.0 {
            return Ok(());
        }
        let end = batch.len() + budget;
        packing.draw_while(ExampleSource::Translation, |packing, example, rng| {
            let (first, second) = packing.data.pair(example.index)?;
            let length = packing.max_length - 2;
            let texts = (text_digest(&first), text_digest(&second));
            let [first, second] = [first, second].map(|side| ids(&cut(side, length, rng).tokens));
            if batch.len() + first.len() + second.len() + 4 > end {
                return Ok(false);
            }
            let mut add = |side: Vec<u32>| {
                let start = batch.push(packing.wrap(&side), |_| 0);
                self.pooling.rows(start, side.len())
            };
            let (source, target) = (add(first), add(second));
            let targets = batch.entry::<TranslationTargets>(Objective::Translation);
            targets.sources.push(source);
            targets.targets.push(target);
            targets.texts.push(texts);
            batch.examples.push(example);
            Ok(true)
        })
    }

    fn layer(&self) -> Option<usize> {
        self.layer
    }

    fn queue_numbers(&self, hidden: usize) -> Option<usize> {
        self.has_queue().then_some(2 * self.queue * hidden)
    }
}

impl TranslationOptions {
    fn has_queue(&self) -> bool {
        self.weight > 0.0 && self.form == TranslationForm::Xlco
    }
}

/// Tells texts apart, in a queue as in a batch: the same tokens, however they are cut, have the same digest.
fn text_digest(text: &TokenizedText) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for token in &text.tokens {
        hasher.update(&token.0.to_le_bytes());
    }
    u64::from_le_bytes(hasher.finalize().as_bytes()[..8].try_into().expect("a digest has 32 bytes"))
}

/// The first and the second sides of a batch's pairs as the momentum encoder encodes them, each [pairs, hidden].
fn encode<D: Backend>(
    encoder: &MomentumEncoder<D>,
    batch: &Batch,
    pairs: &TranslationTargets,
    layer: Option<usize>,
) -> Result<[Matrix<D>; 2], Error> {
    // One pass over both sides.
    let ranges: Vec<Range<usize>> = pairs.sources.iter().chain(&pairs.targets).cloned().collect();
    let whole = encoder.pooled(batch, &ranges, layer)?;
    let count = pairs.sources.len() as u32;
    let [first, second] = [0..count, count..2 * count].map(Iterator::collect::<Vec<u32>>);
    Ok([rows(whole.clone(), &first)?, rows(whole, &second)?])
}

fn rows<D: Backend>(x: Matrix<D>, rows: &[u32]) -> Result<Matrix<D>, Error> {
    Ok(D::rows(x, rows)?)
}

impl<D: Backend> Train<D> for TranslationOptions {
    fn queues(&self, model: &Model<D>) -> Vec<(&'static str, KeyQueue)> {
        let queue = |name| (name, KeyQueue::new(self.queue, model.config().hidden_size));
        if self.has_queue() { QUEUES.map(queue).into() } else { Vec::new() }
    }

    fn enqueue(
        &self,
        encoder: &MomentumEncoder<D>,
        batch: &Batch,
        queues: &mut BTreeMap<&'static str, KeyQueue>,
    ) -> Result<(), Error> {
        let pairs = batch.get::<TranslationTargets>(Objective::Translation);
        let Some(pairs) = pairs.filter(|pairs| self.has_queue() && pairs.count() > 0) else { return Ok(()) };
        let keys = encode(encoder, batch, pairs, self.layer)?;
        let (first, second): (Vec<u64>, Vec<u64>) = pairs.texts.iter().copied().unzip();
        for ((name, keys), texts) in QUEUES.into_iter().zip(&keys).zip([first, second]) {
            queues.entry(name).and_modify(|queue| queue.push(&to_rows(keys), &texts));
        }
        Ok(())
    }

    fn loss(&self, input: &LossInput<'_, D>, _: &mut Diagnostics) -> Part<D> {
        let Some(pairs) = input.items::<TranslationTargets>() else { return Ok(None) };
        let items = TranslationItems { sources: &pairs.sources, targets: &pairs.targets, texts: &pairs.texts };
        let contrast = Contrast { temperature: self.temperature as f32, margin: self.margin as f32 };
        let (TranslationForm::Xlco, Some(encoder)) = (self.form, input.momentum) else {
            return Ok(Some(translation_contrast(input.hidden.retaped(), &items, contrast)?));
        };
        // The momentum encoder reads the whole batch, so it counts rows there.
        let whole = input.batch.get::<TranslationTargets>(Objective::Translation).unwrap_or(pairs);
        let [sources, targets] = encode(encoder, input.batch, whole, self.layer)?;
        let queued = QUEUES.map(|name| input.queues.get(name));
        let texts: Vec<(u64, u64)> = match queued {
            [Some(first), Some(second)] => {
                first.identities.iter().copied().zip(second.identities.iter().copied()).collect()
            }
            _ => Vec::new(),
        };
        let queue = match queued {
            [Some(first), Some(second)] => {
                Some(QueuedTranslations { sources: &first.keys, targets: &second.keys, texts: &texts })
            }
            _ => None,
        };
        let keys = TranslationKeys { sources: &sources, targets: &targets, queue };
        Ok(Some(cross_lingual_contrast(input.hidden.retaped(), &items, &keys, contrast)?))
    }
}
