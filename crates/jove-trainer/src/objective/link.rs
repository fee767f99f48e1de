//! The knowledge link: a linked mention has to find the description of its entity among others.

use std::collections::BTreeMap;

use jove_core::{EntityId, Purpose, Rng, Seed};
use jove_model::Backend;
use jove_objectives::{Contrast, LinkForm, LinkHead, Model, Pooling, QueuedDescriptions};
use rand::seq::SliceRandom as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::error::{Error, check};
use crate::example::ExampleSource;
use crate::hard_negatives::HardNegatives;
use crate::matrix::to_rows;
use crate::metrics::Diagnostics;
use crate::momentum::MomentumEncoder;
use crate::objective::contrast::{Chosen, LinkTargets, contrast};
use crate::objective::kind::Objective;
use crate::objective::rules::{LossInput, Part, Rules, Train, check_size, check_temperature, need};
use crate::packing::Packing;
use crate::queue::{KeyQueue, QUEUE_MAX};
use crate::source::TrainingData;

/// The name of its queue.
const QUEUE: &str = "link";

/// The contrastive knowledge link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct KnowledgeLinkOptions {
    /// Loss weight: factor on the mean loss per linked mention; 0 is off.
    pub weight: f64,
    /// Part of a batch's tokens that descriptions may take, in (0, 0.5].
    #[serde(alias = "share")]
    pub token_fraction: f64,
    /// The most mentions contrasted in one forward pass.
    pub mentions: usize,
    /// The longest description in tokens, special tokens included.
    pub description_length: usize,
    /// Softmax temperature: cosines are divided by it; above 0.
    pub temperature: f64,
    /// Whether descriptions also have to find their mentions.
    pub symmetric: bool,
    /// Width of the space that mentions and descriptions are projected into.
    pub projection: usize,
    /// How one vector is made of a description.
    pub pooling: Pooling,
    /// Descriptions of former batches, as the momentum encoder encoded them, that every mention is contrasted with besides
    /// those of its batch; 0 is none, and then there is no momentum encoder; see `objectives.momentum`.
    pub queue: usize,
    /// Whether the temperature is a parameter that begins at `temperature` and is kept between 0.01 and 1.
    /// (Learning Transferable Visual Models From Natural Language Supervision, arXiv 2103.00020, section 2.3.)
    pub learned_temperature: bool,
    /// Hard negatives per linked entity: descriptions of entities of the same type or with a shared neighbour in the graph,
    /// added to the batch within `token-fraction`; 0 to 16.
    pub hard_negatives: usize,
}

impl Default for KnowledgeLinkOptions {
    fn default() -> Self {
        Self {
            weight: 0.0,
            token_fraction: 0.25,
            mentions: 128,
            description_length: 48,
            temperature: 0.05,
            symmetric: true,
            projection: 128,
            pooling: Pooling::Mean,
            queue: 0,
            learned_temperature: false,
            hard_negatives: 0,
        }
    }
}

impl Rules for KnowledgeLinkOptions {
    fn weight(&self) -> f64 {
        self.weight
    }

    fn token_fraction(&self) -> Option<f64> {
        Some(self.token_fraction)
    }

    fn validate(&self) -> Result<(), Error> {
        check_temperature("link", self.temperature)?;
        let queue = self.queue;
        check("objectives.link.queue", format!("0 to {QUEUE_MAX}"), queue, queue <= QUEUE_MAX)?;
        check("objectives.link.hard-negatives", "0 to 16", self.hard_negatives, self.hard_negatives <= 16)?;
        check_size("link.mentions", self.mentions, 2)?;
        check_size("link.description-length", self.description_length, 3)?;
        check_size("link.projection", self.projection, 1)
    }

    fn check_data(&self, data: &TrainingData) -> Result<(), Error> {
        need("link", "at least one text", data.text.len(), 1)?;
        need("link", "descriptions of at least two entities", data.descriptions.len(), 2)
    }

    fn reads(&self) -> ExampleSource {
        ExampleSource::Text
    }

    fn tokens_min(&self, _: usize) -> usize {
        2 * self.description_length
    }

    /// Chooses mentions of the packed texts and adds their entities' descriptions, each once, and hard negatives.
    fn fill(&self, packing: &mut Packing, batch: &mut Batch, budget: usize) -> Result<(), Error> {
        let mut mentions = std::mem::take(&mut packing.mentions);
        if self.weight == 0.0 {
            return Ok(());
        }
        let mut rng = packing.seed.rng(Purpose::Negatives, 0, packing.pass);
        mentions.shuffle(&mut rng);
        let mut chosen = Chosen::new(&packing.data.descriptions, self.description_length, budget);
        let mut targets = LinkTargets::default();
        for (rows, entity) in mentions {
            if targets.mentions.len() == self.mentions {
                break;
            }
            let new = !chosen.contains(entity);
            let Some(index) = chosen.add(entity, &mut rng) else { continue };
            targets.mentions.push(rows);
            targets.positives.push(index);
            if new {
                self.add_hard_negatives(&packing.data.hard_negatives, &mut chosen, entity, &mut rng);
            }
        }
        if chosen.tokens.len() < 2 {
            return Ok(());
        }
        chosen.push(packing, self.pooling, batch, &mut targets);
        targets.excluded = sharing_names(&packing.data.hard_negatives, &targets);
        batch.targets.insert(Objective::Link, Box::new(targets));
        Ok(())
    }

    fn queue_numbers(&self, _: usize) -> Option<usize> {
        self.has_queue().then_some(self.queue * self.projection)
    }
}

impl KnowledgeLinkOptions {
    fn has_queue(&self) -> bool {
        self.weight > 0.0 && self.queue > 0
    }

    /// Adds descriptions of entities that are like `entity` in the graph; drawn anew every time.
    fn add_hard_negatives(&self, like: &HardNegatives, chosen: &mut Chosen<'_>, entity: EntityId, rng: &mut Rng) {
        let mut left = self.hard_negatives;
        let Some(candidates) = like.negatives.get(&entity).filter(|_| left > 0) else { return };
        let mut candidates = candidates.clone();
        candidates.shuffle(rng);
        for other in candidates.into_iter().filter(|&other| other != entity) {
            if left == 0 {
                break;
            }
            if !chosen.contains(other) && chosen.add(other, rng).is_some() {
                left -= 1;
            }
        }
    }
}

/// For every mention the entities that share a name with its own, as far as any do; empty where there are none.
fn sharing_names(like: &HardNegatives, targets: &LinkTargets) -> Vec<Vec<EntityId>> {
    let of = |&positive: &usize| like.namesakes(targets.entities[positive]);
    if like.is_unambiguous() { Vec::new() } else { targets.positives.iter().map(of).collect() }
}

impl<D: Backend> Train<D> for KnowledgeLinkOptions {
    fn add_head(&self, model: Model<D>, seed: Seed) -> Result<Model<D>, Error> {
        let model = model.with_link(self.projection, seed)?;
        Ok(if self.learned_temperature { model.with_learned_temperature(self.temperature as f32)? } else { model })
    }

    fn queues(&self, model: &Model<D>) -> Vec<(&'static str, KeyQueue)> {
        let width = model.link.as_ref().map_or(1, LinkHead::width);
        if self.has_queue() { vec![(QUEUE, KeyQueue::new(self.queue, width))] } else { Vec::new() }
    }

    fn enqueue(
        &self,
        encoder: &MomentumEncoder<D>,
        batch: &Batch,
        queues: &mut BTreeMap<&'static str, KeyQueue>,
    ) -> Result<(), Error> {
        let Some(queue) = queues.get_mut(QUEUE) else { return Ok(()) };
        let Some(targets) = batch.get::<LinkTargets>(Objective::Link) else { return Ok(()) };
        if let (Some(head), false) = (encoder.link(), targets.descriptions.is_empty()) {
            let keys = head.descriptions(encoder.pooled(batch, &targets.descriptions, None)?)?;
            let entities: Vec<u64> = targets.entities.iter().map(|entity| u64::from(entity.0)).collect();
            queue.push(&to_rows(&keys), &entities);
        }
        Ok(())
    }

    fn loss(&self, input: &LossInput<'_, D>, diagnostics: &mut Diagnostics) -> Part<D> {
        let queued = input.queues.get(QUEUE);
        let entities: Vec<u32> =
            queued.iter().flat_map(|queued| &queued.identities).map(|&entity| entity as u32).collect();
        let form = LinkForm {
            contrast: Contrast { temperature: self.temperature as f32, margin: 0.0 },
            symmetric: self.symmetric,
            queue: queued.map(|queued| QueuedDescriptions { keys: &queued.keys, entities: &entities }),
        };
        contrast("link", input.model.link.as_ref(), &form, input, diagnostics)
    }
}
