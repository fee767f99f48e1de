//! The relation form of the knowledge link: subject and relation, read together, have to find the description of the object.

use jove_core::{EntityId, Seed, TokenId};
use jove_model::Backend;
use jove_objectives::{Contrast, LinkForm, Model, PairSequence, Pooling, pair_sequence};
use rand::RngExt as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::error::Error;
use crate::example::ExampleSource;
use crate::hard_negatives::Relations;
use crate::metrics::Diagnostics;
use crate::objective::contrast::{Chosen, LinkTargets, contrast};
use crate::objective::kind::Objective;
use crate::objective::rules::{LossInput, Part, Rules, Train, check_size, check_temperature, need};
use crate::packing::{Packing, ids};
use crate::source::TrainingData;

/// The relation form of the knowledge link: a fact's subject and relation, read together, find the description of its object
/// among those of the other facts of the batch. The idea of KEPLER (arXiv 1911.06136, section 3.2), text in place of entity
/// embeddings, as a contrast in place of its margin loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct RelationOptions {
    /// Loss weight: factor on the mean loss per fact; 0 is off.
    pub weight: f64,
    /// Part of a batch's tokens that facts may take, in (0, 0.5].
    #[serde(alias = "share")]
    pub token_fraction: f64,
    /// The longest description and the longest relation in tokens, special tokens included.
    pub description_length: usize,
    /// Softmax temperature: cosines are divided by it; above 0.
    pub temperature: f64,
    /// Whether objects also have to find their subjects and relations.
    pub symmetric: bool,
    /// Width of the space that both sides are projected into.
    pub projection: usize,
    /// How one vector is made of a text.
    pub pooling: Pooling,
}

impl Default for RelationOptions {
    fn default() -> Self {
        Self {
            weight: 0.0,
            token_fraction: 0.25,
            description_length: 32,
            temperature: 0.05,
            symmetric: true,
            projection: 128,
            pooling: Pooling::Mean,
        }
    }
}

impl Rules for RelationOptions {
    fn weight(&self) -> f64 {
        self.weight
    }

    fn token_fraction(&self) -> Option<f64> {
        Some(self.token_fraction)
    }

    fn validate(&self) -> Result<(), Error> {
        check_temperature("relation", self.temperature)?;
        check_size("relation.description-length", self.description_length, 3)?;
        check_size("relation.projection", self.projection, 1)
    }

    fn check_data(&self, data: &TrainingData) -> Result<(), Error> {
        need("relation", "at least two facts", data.relations.facts().len(), 2)
    }

    fn reads(&self) -> ExampleSource {
        ExampleSource::Relation
    }

    /// Two facts with two objects.
    fn tokens_min(&self, _: usize) -> usize {
        6 * self.description_length
    }

    /// Adds facts: `description of the subject [SEP] relation` as the query, the description of the object as its key, each
    /// object's once.
    fn fill(&self, packing: &mut Packing, batch: &mut Batch, budget: usize) -> Result<(), Error> {
        if self.weight == 0.0 {
            return Ok(());
        }
        let data = packing.data.clone();
        let relations = &data.relations;
        let mut chosen = Chosen::new(relations.descriptions(), self.description_length, budget);
        let mut targets = LinkTargets::default();
        let (mut queries, mut facts): (Vec<PairSequence>, Vec<usize>) = (Vec::new(), Vec::new());
        packing.draw_while(ExampleSource::Relation, |packing, example, rng| {
            let (subject, relation, object) = relations.facts()[example.index];
            let mut part = |variants: &[Vec<TokenId>]| {
                let tokens = &variants[rng.random_range(0..variants.len())];
                ids(&tokens[..tokens.len().min(self.description_length - 2)])
            };
            let (subject, relation) = (part(&relations.descriptions()[&subject]), part(relations.label(relation)));
            let query = pair_sequence(packing.layout, &packing.specials, &subject, &relation);
            // The object first: it may be there already, and then costs nothing.
            let fits = query.tokens.len() <= chosen.left();
            chosen.take(query.tokens.len());
            let Some(index) = chosen.add(object, rng).filter(|_| fits) else { return Ok(false) };
            targets.positives.push(index);
            queries.push(query);
            facts.push(example.index);
            batch.examples.push(example);
            Ok(true)
        })?;
        if targets.positives.is_empty() || chosen.tokens.len() < 2 {
            return Ok(());
        }
        for query in queries {
            let start = batch.push(query.tokens, |position| query.segments[position]);
            targets.mentions.push(match self.pooling {
                Pooling::First => start..start + 1,
                Pooling::Mean => start + query.first.start..start + query.second.end,
            });
        }
        chosen.push(packing, self.pooling, batch, &mut targets);
        targets.excluded = facts.iter().map(|&fact| also_true(relations, fact, &targets.entities)).collect();
        batch.targets.insert(Objective::Relation, Box::new(targets));
        Ok(())
    }
}

/// The entities of which the same fact is true as of its object: they are no negatives.
fn also_true(relations: &Relations, fact: usize, entities: &[EntityId]) -> Vec<EntityId> {
    let (subject, relation, _) = relations.facts()[fact];
    let mut also: Vec<_> =
        entities.iter().copied().filter(|&other| relations.holds(subject, relation, other)).collect();
    also.sort_unstable();
    also
}

impl<D: Backend> Train<D> for RelationOptions {
    fn add_head(&self, model: Model<D>, seed: Seed) -> Result<Model<D>, Error> {
        Ok(model.with_relation(self.projection, seed)?)
    }

    fn loss(&self, input: &LossInput<'_, D>, diagnostics: &mut Diagnostics) -> Part<D> {
        let form = LinkForm {
            contrast: Contrast { temperature: self.temperature as f32, margin: 0.0 },
            symmetric: self.symmetric,
            queue: None,
        };
        contrast("relation", input.model.relation.as_ref(), &form, input, diagnostics)
    }
}
