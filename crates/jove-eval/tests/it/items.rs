//! Questions can be answered, and not by copying or by another truth.

use std::collections::BTreeSet;

use jove_core::{AnnotatedText, ByteSpan, EntityId, Lang, Mention, Seed};
use jove_eval::{
    Cardinality, ClozeOptions, ClozeQuestion, TrainingCounts, cardinalities, entity_questions, mention_questions,
    relation_questions, typing_questions,
};

use crate::world::{World, world};

/// The names of all candidates, the correct one first; in tokens they are the same.
fn candidates(world: &World, question: &ClozeQuestion) -> Vec<String> {
    let mut names: Vec<String> = question.candidates.iter().map(|candidate| candidate.name.clone()).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    assert_eq!(Some(names[question.answer].as_str()), question.gap.slice(&question.text));
    let item = question.item(&world.tokenizer).unwrap();
    assert_eq!((item.answer, item.candidates.len()), (question.answer, names.len()));
    assert_eq!(item.tokens[item.gap.range()], item.candidates[item.answer][..]);
    let gold = names.remove(question.answer);
    [vec![gold], names].concat()
}

#[test]
fn no_candidate_of_a_relation_is_another_truth_or_of_another_relation() {
    let world = world();
    let questions = relation_questions(&world.kb, &world.sentences, &ClozeOptions::default()).unwrap();
    assert_eq!(questions.len(), world.sentences.len());
    for question in &questions {
        let (names, text) = (candidates(&world, question), &question.text);
        if text.contains("接壤") || text.contains("borders") {
            // Eight countries, less the subject and its other neighbour.
            assert_eq!(names.len(), 6, "{text} {names:?}");
        } else {
            assert_eq!(names.len(), 8, "{text} {names:?}");
        }
        let subject = question.item(&world.tokenizer).unwrap().subject.unwrap();
        assert!(!subject.is_empty());
    }
    let relations: BTreeSet<_> = questions.iter().map(|question| question.relation).collect();
    assert!(relations.len() == 2 && !relations.contains(&None), "{relations:?}");
    let answers: BTreeSet<usize> = questions.iter().map(|question| question.answer).collect();
    assert!(answers.len() > 3, "the correct candidate has no place of its own: {answers:?}");
    let kinds: BTreeSet<Cardinality> = cardinalities(&world.kb).unwrap().into_values().collect();
    assert_eq!(kinds, BTreeSet::from([Cardinality::OneToOne, Cardinality::ManyToMany]));
}

/// A text that follows no pattern, with links from its names.
fn text(world: &World, text: &str, lang: Lang, names: &[&str]) -> AnnotatedText {
    let labels = world.kb.labels_in(lang).unwrap();
    let mention = |name: &&str| {
        let start = text.find(name).unwrap() as u32;
        let entity = labels.iter().find(|(_, label)| label == name).map(|(&entity, _)| entity).unwrap();
        Mention { span: ByteSpan::new(start, start + name.len() as u32), entity, score: 1.0 }
    };
    AnnotatedText { text: text.to_owned(), lang, words: vec![], mentions: names.iter().map(mention).collect() }
}

#[test]
fn no_candidate_in_text_is_as_true_as_the_answer() {
    let world = world();
    let questions = |texts: &[AnnotatedText]| {
        entity_questions(&world.kb, texts, &TrainingCounts::default(), &ClozeOptions::default()).unwrap()
    };
    // 日本 lies between 德国 and 埃及: where one is the answer, the other is equally true, and 日本 is in the text.
    let asked = questions(&[text(&world, "日本和埃及一起过节。", Lang::ZH, &["日本", "埃及"])]);
    assert_eq!(asked.len(), 2);
    for question in &asked {
        let names = candidates(&world, question);
        assert_eq!((question.relation, question.others.len()), (None, 1));
        assert_eq!(names.len(), 6, "{names:?}");
        let absent = if names[0] == "埃及" { ["日本", "德国"] } else { ["埃及", "秘鲁"] };
        assert!(names.iter().all(|name| !absent.contains(&name.as_str())), "{names:?}");
    }
    let alone = questions(&[text(&world, "昨天我们从秘鲁回来。", Lang::ZH, &["秘鲁"])]);
    assert_eq!(candidates(&world, &alone[0]).len(), 8);
    for copied in ["秘鲁是秘鲁。", "秘鲁（Peru）在南美洲。", "我们从秘鲁回来，PERU!"] {
        assert_eq!(questions(&[text(&world, copied, Lang::ZH, &["秘鲁"])]), [], "{copied}");
    }
    let part = questions(&[text(&world, "Peru and Perugia are far apart.", Lang::EN, &["Peru"])]);
    assert_eq!(part.len(), 1, "a longer word is another one");
}

#[test]
fn half_of_the_candidates_are_the_commonest() {
    let world = world();
    let mut counts = TrainingCounts::default();
    let id = |key: &str| world.kb.entity_id(key).unwrap().unwrap();
    for key in [["l3"; 5].as_slice(), &["l5"; 9]].concat() {
        counts.add(&[id(key)]);
    }
    let texts = [text(&world, "昨天我们从秘鲁回来。", Lang::ZH, &["秘鲁"])];
    for seed in 0..9 {
        let options = ClozeOptions { candidates: 4, seed: Seed(seed), ..ClozeOptions::default() };
        let asked = entity_questions(&world.kb, &texts, &counts, &options).unwrap();
        let names = candidates(&world, &asked[0]);
        assert!(names.len() == 4 && names.contains(&"古巴".into()) && names.contains(&"埃及".into()), "{names:?}");
    }
}

#[test]
fn limits_hold_and_seeds_sample() {
    let world = world();
    let questions = |seed| {
        let options = ClozeOptions { items_max: 5, candidates: 3, seed: Seed(seed) };
        relation_questions(&world.kb, &world.sentences, &options).unwrap()
    };
    assert_eq!(questions(1), questions(1));
    assert_ne!(questions(1), questions(2));
    assert!(questions(1).len() == 5 && questions(1).iter().all(|question| question.candidates.len() <= 3));
}

/// What cannot be asked is left out before a sample is drawn, so that a sample is as large as it can be.
#[test]
fn items_are_drawn_from_those_that_can_be_asked() {
    let world = world();
    let mut descriptions = world.texts_of_entities();
    // Two entities alone are described; most mentions are of others.
    descriptions.retain(|description| [0, 2].contains(&description.entity.0));
    for seed in 0..5 {
        let asked = mention_questions(&world.kb, &world.sentences, &descriptions, 4, Seed(seed)).unwrap();
        assert_eq!(asked.hidden.len(), 4);
        assert!(asked.hidden.iter().all(|question| [0, 2].contains(&question.entity.0)));
    }
    let none = mention_questions(&world.kb, &world.sentences, &[], 4, Seed(0)).unwrap();
    assert!(none.hidden.is_empty() && none.other_name.is_empty() && none.ambiguous.is_empty());
}

#[test]
fn a_shown_name_stands_in_no_compared_description_and_a_hidden_one_has_one_true_answer() {
    let world = world();
    let descriptions = world.texts_of_entities();
    let asked = mention_questions(&world.kb, &world.sentences, &descriptions, 1000, Seed(0)).unwrap();
    assert!(asked.other_name.len() > 10 && asked.ambiguous.is_empty());
    for question in &asked.other_name {
        let name = question.name().unwrap().to_lowercase();
        let own = descriptions.iter().filter(|one| one.entity == question.entity);
        let compared: Vec<_> = own.filter(|one| question.compares(one.entity, one.lang)).collect();
        assert!(!compared.is_empty() && compared.iter().all(|one| !one.text.to_lowercase().contains(&name)));
    }
    for question in asked.hidden.iter().filter(|question| question.text.contains("borders")) {
        assert!(!question.shown().contains(question.span.slice(&question.text).unwrap()));
        assert_eq!(question.excluded.len(), 2, "the other end, and its other neighbour");
    }
}

#[test]
fn no_entity_is_on_both_sides_of_the_types() {
    let world = world();
    let mention = |span, entity| Mention { span, entity, score: 1.0 };
    let texts: Vec<AnnotatedText> = world
        .sentences
        .iter()
        .map(|sentence| {
            let ends = [(sentence.subject, sentence.fact.subject), (sentence.object, sentence.fact.object)];
            let mentions = ends.map(|(span, entity)| mention(span, entity)).to_vec();
            AnnotatedText { text: sentence.text.clone(), lang: sentence.lang, words: vec![], mentions }
        })
        .collect();
    for seed in 0..5 {
        let asked = typing_questions(&world.kb, &texts, 1000, Seed(seed)).unwrap();
        let entities = |questions: &[jove_eval::TypingQuestion]| -> BTreeSet<EntityId> {
            questions.iter().map(|question| question.entity).collect()
        };
        assert!(entities(&asked.train).is_disjoint(&entities(&asked.test)));
        if asked.types.is_empty() {
            // Of 16 entities, a type has too few on one side under some draws.
            assert!(asked.train.is_empty() && asked.test.is_empty());
        } else {
            assert!(asked.types.len() == 2 && entities(&asked.test).len() >= 8, "{:?}", asked.types);
        }
    }
    assert!(typing_questions(&world.kb, &[], 10, Seed(0)).unwrap().types.is_empty());
}
