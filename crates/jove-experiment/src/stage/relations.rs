//! Facts for the relation form of the knowledge link.

use jove_corpus::Tokenizer;
use jove_kb::Kb;
use jove_objectives::Descriptions;
use jove_trainer::Relations;

use crate::Result;
use crate::run_file::{DescribeSettings, Graph};
use crate::stage::annotate::HeldOutFacts;
use crate::stage::control::{rebinding, too_small};
use crate::stage::describe::{LANGS, add, described, is_secret};

/// Every fact that is not held out whose relation has a name, with its ends described by name, type and description alone: a
/// description that tells facts would tell the answer. With the graph shuffled every object is exchanged for another one, the
/// same throughout.
pub(crate) fn relations(
    kb: &Kb,
    secrets: &HeldOutFacts,
    tokenizer: &Tokenizer,
    settings: &DescribeSettings,
    graph: Graph,
) -> Result<Relations> {
    let plain = DescribeSettings { facts: 0, further_facts: 0, ..settings.clone() };
    let mut descriptions = Descriptions::new();
    for lang in LANGS {
        add(&mut descriptions, &described(kb, lang, secrets, &plain)?, lang, tokenizer)?;
    }
    let mut labels = Vec::new();
    for (number, info) in (0..).map(jove_kb::PredicateId).zip(kb.predicates()?) {
        let mut variants = Vec::new();
        for lang in LANGS {
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
    let mut facts = Vec::new();
    kb.visit_facts(|fact| {
        if fact.subject != fact.object && !is_secret(secrets, fact) {
            facts.push((fact.subject, fact.predicate.0, fact.object));
        }
    })?;
    if graph == Graph::Shuffled {
        let objects = facts.iter().map(|&(_, _, object)| object).collect();
        let others = rebinding(objects).ok_or_else(|| too_small("its facts have fewer than two objects"))?;
        for (_, _, object) in &mut facts {
            *object = others[object];
        }
        facts.retain(|(subject, _, object)| subject != object);
    }
    Ok(Relations::new(labels, facts, descriptions))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jove_corpus::TrainerKind;

    use super::*;
    use crate::stage::describe::tests::base;

    #[test]
    fn no_held_out_fact_is_among_the_relations() {
        let (_folder, kb) = base();
        let id = |key: &str| kb.entity_id(key).unwrap().unwrap();
        let (city, country) = (id("kabul"), id("afghanistan"));
        let words = ["kabul afghanistan asia iran herat kandahar city country capital of lies in borders; a river"; 3];
        let tokenizer = Tokenizer::train(TrainerKind::WordPiece, words, 200).unwrap();
        let of = |secrets: &HeldOutFacts, graph| {
            relations(&kb, secrets, &tokenizer, &DescribeSettings::default(), graph).unwrap()
        };
        let all = |secrets: &HeldOutFacts| of(secrets, Graph::Full);
        let between = |relations: &Relations| {
            let ends = [(city, country), (country, city)];
            relations.facts().iter().filter(|&&(subject, _, object)| ends.contains(&(subject, object))).count()
        };
        let open = all(&HeldOutFacts::new());
        assert_eq!(between(&open), 2, "told from both ends");
        let held = all(&HeldOutFacts::from([(city, BTreeSet::from([country]))]));
        assert_eq!(between(&held), 0);
        assert_eq!(held.facts().len(), open.facts().len() - 2, "all others stay");
        let shuffled = of(&HeldOutFacts::new(), Graph::Shuffled);
        let kept =
            shuffled.facts().iter().filter(|&&(subject, relation, object)| open.holds(subject, relation, object));
        assert!(shuffled.facts().len() >= open.facts().len() / 2 && kept.count() < open.facts().len() / 2);
    }
}
