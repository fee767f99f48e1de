//! Facts for the relation form of the knowledge link.

use jove_core::{EntityId, Lang, TokenId};
use jove_corpus::Tokenizer;
use jove_kb::{Fact, Kb, PredicateId};
use jove_trainer::RelationFact;

use crate::error::Result;
use crate::held_out::facts::HeldOutFacts;
use crate::knowledge::shuffle::{shuffled, too_small};
use crate::run_file::Graph;

/// The tokens of every relation's labels, by the relation's number and in the order of `languages`; of its key where it has a
/// label in none of them.
///
/// # Errors
/// When the knowledge base cannot be read, or a label cannot be tokenised.
pub(crate) fn labels(kb: &Kb, languages: &[Lang], tokenizer: &Tokenizer) -> Result<Vec<Vec<Vec<TokenId>>>> {
    let mut labels = Vec::new();
    for (number, info) in (0..).map(PredicateId).zip(kb.predicates()?) {
        let mut variants = Vec::new();
        for &lang in languages {
            if let Some(label) = kb.predicate_label(number, lang)? {
                variants.push(tokenizer.encode_text(&label)?.tokens);
            }
        }
        if variants.is_empty() {
            variants.push(tokenizer.encode_text(&info.key.replace(['-', '_'], " "))?.tokens);
        }
        variants.retain(|tokens| !tokens.is_empty());
        labels.push(variants);
    }
    Ok(labels)
}

/// Every fact that is not held out and whose ends differ. With the graph shuffled each object is exchanged for another one,
/// the same throughout.
///
/// # Errors
/// When the knowledge base cannot be read, or has too few facts to be shuffled.
pub(crate) fn facts(kb: &Kb, held_out: &HeldOutFacts, graph: Graph) -> Result<Vec<RelationFact>> {
    let mut facts: Vec<(EntityId, u32, EntityId)> = Vec::new();
    kb.visit_facts(|fact| {
        if fact.subject != fact.object && !held_out.covers(fact) {
            facts.push((fact.subject, fact.predicate.0, fact.object));
        }
    })?;
    if graph == Graph::Shuffled {
        let objects = facts.iter().map(|&(_, _, object)| object).collect();
        let others = shuffled(objects).ok_or_else(|| too_small("its facts have fewer than two objects"))?;
        for (_, _, object) in &mut facts {
            *object = others[object];
        }
        // By chance an object may come to be that of a held-out fact.
        let covered = |&(subject, relation, object): &(EntityId, u32, EntityId)| {
            held_out.covers(Fact { subject, predicate: PredicateId(relation), object })
        };
        facts.retain(|fact| fact.0 != fact.2 && !covered(fact));
    }
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jove_corpus::TrainerKind;

    use super::*;
    use crate::knowledge::descriptions::tests::base;

    #[test]
    fn no_held_out_fact_is_among_the_relations() {
        let (_folder, kb) = base();
        let id = |key: &str| kb.entity_id(key).unwrap().unwrap();
        let (city, country) = (id("kabul"), id("afghanistan"));
        let of = |held_out: &HeldOutFacts, graph| facts(&kb, held_out, graph).unwrap();
        let between = |facts: &[RelationFact]| {
            let ends = [(city, country), (country, city)];
            facts.iter().filter(|&&(subject, _, object)| ends.contains(&(subject, object))).count()
        };
        let open = of(&HeldOutFacts::default(), Graph::Full);
        assert_eq!(between(&open), 2, "stated from both ends");
        let rest = of(&[(city, country)].into_iter().collect(), Graph::Full);
        assert_eq!(between(&rest), 0);
        assert_eq!(rest.len(), open.len() - 2, "all others stay");
        let shuffled = of(&HeldOutFacts::default(), Graph::Shuffled);
        let open: BTreeSet<RelationFact> = open.into_iter().collect();
        let kept = shuffled.iter().filter(|fact| open.contains(fact)).count();
        assert!(shuffled.len() >= open.len() / 2 && kept < open.len() / 2, "{shuffled:?}");
        assert!(shuffled.iter().all(|(subject, _, object)| subject != object));
    }

    #[test]
    fn a_relation_without_a_label_goes_by_its_key() {
        let (_folder, kb) = base();
        let words = ["capital of lies in borders 首都"; 3];
        let tokenizer = Tokenizer::train(TrainerKind::WordPiece, words, 100).unwrap();
        for languages in [&[Lang::ZH, Lang::EN][..], &[]] {
            let labels = labels(&kb, languages, &tokenizer).unwrap();
            assert_eq!(labels.len(), kb.predicates().unwrap().len());
            for (variants, info) in labels.iter().zip(kb.predicates().unwrap()) {
                let key = tokenizer.encode_text(&info.key.replace('-', " ")).unwrap().tokens;
                assert_eq!(variants, &[key], "{}", info.key);
            }
        }
    }
}
