//! Facts: an entity and a relation against what the fact says of them.

use jove_core::TokenId;
use jove_objectives::{PairSequence, pair_sequence};
use rand::RngExt as _;

use super::link::Chosen;
use super::{Collator, ids};
use crate::batch::{Batch, LinkTargets};
use crate::source::{Example, ExampleSource};
use jove_objectives::Pooling;

impl Collator {
    /// Adds facts: `description of the subject [SEP] relation` as the query, the description of the object as its key, each
    /// object's once.
    pub(super) fn fill_relation(&mut self, batch: &mut Batch, budget: usize) {
        let options = self.config.objectives.relation.clone();
        if options.weight == 0.0 {
            return;
        }
        let relations = &self.data.relations;
        let mut chosen = Chosen::new(relations.descriptions(), options.description_length, budget);
        let mut targets = LinkTargets::default();
        let (mut queries, mut asked): (Vec<PairSequence>, Vec<usize>) = (Vec::new(), Vec::new());
        while let Some(drawn) = self.relation.draw() {
            let example = Example { origin: ExampleSource::Relation, index: drawn.index, epoch: drawn.epoch };
            let mut rng = self.config.seed.rng(jove_core::Purpose::Mask, example.epoch, example.key());
            let (subject, relation, object) = relations.facts()[drawn.index];
            let mut part = |variants: &[Vec<TokenId>]| {
                let tokens = &variants[rng.random_range(0..variants.len())];
                ids(&tokens[..tokens.len().min(options.description_length - 2)])
            };
            let (subject, relation) = (part(&relations.descriptions()[&subject]), part(relations.label(relation)));
            let query = pair_sequence(self.layout, &self.specials, &subject, &relation);
            // The object first: it may be there already, and then costs nothing.
            let fits = query.tokens.len() <= chosen.left();
            chosen.take(query.tokens.len());
            let Some(index) = chosen.add(object, &mut rng).filter(|_| fits) else {
                self.relation.put_back(drawn);
                break;
            };
            targets.positives.push(index);
            queries.push(query);
            asked.push(drawn.index);
            batch.examples.push(example);
        }
        if targets.positives.is_empty() || chosen.tokens.len() < 2 {
            return;
        }
        for query in queries {
            let start = batch.push(query.tokens, |position| query.segments[position]);
            targets.mentions.push(match options.pooling {
                Pooling::First => start..start + 1,
                Pooling::Mean => start + query.first.start..start + query.second.end,
            });
        }
        for description in &chosen.tokens {
            let start = batch.push(self.wrap(&ids(description)), |_| 0);
            targets.descriptions.push(options.pooling.rows(start, description.len()));
        }
        targets.entities = chosen.entities;
        // What else is true of the subject is no mistake.
        targets.excluded = asked
            .into_iter()
            .map(|fact| {
                let (subject, relation, _) = relations.facts()[fact];
                let mut also: Vec<_> = targets
                    .entities
                    .iter()
                    .copied()
                    .filter(|&other| relations.holds(subject, relation, other))
                    .collect();
                also.sort_unstable();
                also
            })
            .collect();
        batch.relation = targets;
    }
}
