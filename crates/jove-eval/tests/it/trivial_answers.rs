//! Cheats that are planted, and where they are caught: what answers without knowledge scores what the probes report for it.
#![allow(clippy::float_cmp, reason = "the expected numbers are exact")]

use jove_core::{EntityId, Lang, Seed, Silent, TokenId, TokenSpan};
use jove_eval::{
    Answer, ClozeItem, ClozeOptions, Comparison, MentionItem, MentionQuestion, ObjectCounts, Probe, ProbeOptions,
    TrainingCounts, TrivialAnswers, TypingItem, TypingItems, TypingQuestion, TypingQuestions, mention_questions,
    relation_questions, told_by_name, trivial_bitext, trivial_cloze, trivial_mentions, trivial_typing,
};
use jove_model::{Cpu, Parameters as _};
use jove_objectives::Model;

use crate::world::{World, of_rows, world};

/// A model whose parameters are all 0 but for the output's bias: it looks at nothing, and prefers the pieces of large bias.
fn blind(world: &World, bias: &[(TokenId, f32)]) -> Model<Cpu> {
    let mut model = world.untrained();
    let pieces = world.tokenizer.specials().vocab_size as usize;
    model.lm.visit_mut(&mut |mut parameter| {
        let mut values = vec![0.0; parameter.count()];
        if parameter.count() == pieces {
            for (token, value) in bias {
                values[token.0 as usize] = *value;
            }
        }
        parameter.copy_from(&values).unwrap();
    });
    model
}

fn hits(answers: &[Answer]) -> f64 {
    answers.iter().map(|answer| answer.rank.hit()).sum::<f64>() / answers.len().max(1) as f64
}

fn by(all: &[TrivialAnswers], name: &str) -> f64 {
    hits(&all.iter().find(|trivial| trivial.by == name).unwrap().answers)
}

#[test]
fn a_constant_model_gains_nothing_in_any_ranking() {
    let world = world();
    let model = blind(&world, &[]);
    let probe = Probe::new(&model, world.tokenizer.specials(), ProbeOptions::default(), &Silent);
    let described = probe.describe(&world.described(), Comparison::LinkHead).unwrap();
    let questions =
        mention_questions(&world.kb, &world.sentences, &world.texts_of_entities(), 100, Seed(0)).unwrap().hidden;
    let items: Vec<(MentionItem, &MentionQuestion)> =
        questions.iter().map(|question| (question.item(&world.tokenizer).unwrap(), question)).collect();
    let bitext = probe.bitext_retrieval(&world.pairs()).unwrap();
    for answers in [
        probe.cloze(&world.clozes()).unwrap(),
        probe.prior_corrected_cloze(&world.clozes()).unwrap(),
        probe.mention_retrieval(&items, &described).unwrap(),
        bitext.forward,
        bitext.backward,
    ] {
        assert!(!answers.is_empty() && hits(&answers) == 0.0);
        for Answer { rank, .. } in answers {
            assert_eq!(rank.rank, f64::midpoint(1.0, rank.candidates as f64), "all candidates tie");
        }
    }
    let texts: Vec<_> = (0..).zip(world.texts()).collect();
    let uniform = f64::from(world.tokenizer.specials().vocab_size).ln();
    for score in probe.pseudo_perplexity(&texts, Seed(1)).unwrap() {
        assert!((score.loss / score.tokens as f64 - uniform).abs() < 1e-4, "{score:?}");
    }
}

/// Places that lie in the east, but for every fourth one.
fn coasts() -> World {
    let place = |n: usize| {
        let coast = if n.is_multiple_of(4) { ["w", "n", "s"][n / 4 % 3] } else { "e" };
        let name: String = [n / 5, n % 5].map(|n| ["ba", "do", "ki", "lu", "me"][n]).concat();
        format!(r#"{{"id":"p{n}","labels":{{"en":"{name}"}},"facts":{{"coast":["{coast}"]}}}}"#) + "\n"
    };
    let coast = |(id, name)| format!(r#"{{"id":"{id}","labels":{{"en":"{name}"}}}}"#) + "\n";
    let rows: String =
        (0..24).map(place).chain([("e", "east"), ("w", "west"), ("n", "north"), ("s", "south")].map(coast)).collect();
    let patterns = "[relations.coast.sentences]\nen = [\"{subject} lies on the coast of the {object}.\"]\n";
    of_rows(tempfile::tempdir().unwrap(), &rows, patterns)
}

/// A model that always answers the commonest object reaches the answer that stands beside it, and nothing where what it
/// would say without the subject is taken off.
#[test]
fn a_model_that_always_answers_the_commonest_object_is_caught() {
    let world = coasts();
    let (held_out, known) = world.sentences.split_at(12);
    assert!(known.len() == 12);
    let questions = relation_questions(&world.kb, held_out, &ClozeOptions::default()).unwrap();
    let objects = ObjectCounts::new(&world.kb, held_out).unwrap();
    let trivial = trivial_cloze(&questions, &objects, &TrainingCounts::default());
    let east: Vec<TokenId> = world.tokenizer.encode_text("east").unwrap().tokens;
    let model = blind(&world, &east.iter().map(|&token| (token, 9.0)).collect::<Vec<_>>());
    let probe = Probe::new(&model, world.tokenizer.specials(), ProbeOptions::default(), &Silent);
    let items: Vec<ClozeItem> = questions.iter().map(|question| question.item(&world.tokenizer).unwrap()).collect();
    let cheat = hits(&probe.cloze(&items).unwrap());
    assert!(cheat > 0.6, "{cheat}");
    assert_eq!(cheat, by(&trivial, "commonest answer"));
    assert_eq!(hits(&probe.prior_corrected_cloze(&items).unwrap()), 0.0);
}

/// Strings find a name in a description that begins with it, and nothing where the probe hides the name or compares
/// descriptions in another language.
#[test]
fn who_compares_strings_finds_no_hidden_or_foreign_name() {
    let world = world();
    let descriptions = world.texts_of_entities();
    let asked = mention_questions(&world.kb, &world.sentences, &descriptions, 1000, Seed(0)).unwrap();
    let counts = TrainingCounts::default();
    let strings = |questions: &[MentionQuestion]| {
        by(&trivial_mentions(questions, &descriptions, &counts), "string match of the name")
    };
    let shown: Vec<MentionQuestion> =
        asked.other_name.iter().map(|question| MentionQuestion { skipped: None, ..question.clone() }).collect();
    assert!(strings(&shown) > 0.5, "{}", strings(&shown));
    let mut foreign = asked.other_name.clone();
    foreign.retain(|question| question.lang == Lang::ZH);
    assert!(!foreign.is_empty() && strings(&foreign) < 0.2, "{}", strings(&foreign));
    let hidden = trivial_mentions(&asked.hidden, &descriptions, &counts);
    assert!(hidden.iter().all(|trivial| trivial.by != "string match of the name"), "there is no name to compare");
}

#[test]
fn names_that_stand_together_and_strings_that_repeat_are_answers() {
    let world = world();
    let questions = relation_questions(&world.kb, &world.sentences, &ClozeOptions::default()).unwrap();
    let mut counts = TrainingCounts::default();
    // Training text that names both ends of every fact.
    for sentence in &world.sentences {
        counts.add(&[sentence.fact.subject, sentence.fact.object]);
    }
    let trivial = trivial_cloze(&questions, &ObjectCounts::default(), &counts);
    assert_eq!(by(&trivial, "co-occurrence"), 1.0);
    assert!(by(&trivial, "popularity") < 0.6);
    let pairs = [["我有3只猫", "I have 3 cats"], ["他有17只狗", "He has 17 dogs"], ["NATO 峰会", "the NATO summit"]];
    let (zh, en): (Vec<&str>, Vec<&str>) = pairs.iter().map(|[zh, en]| (*zh, *en)).unzip();
    assert_eq!(hits(&trivial_bitext(&zh, &en).answers), 1.0, "digits and names are the same in both languages");
}

#[test]
fn a_type_that_a_name_tells_is_told_apart() {
    let question = |(number, (name, class)): (usize, (&str, usize))| TypingQuestion {
        text: format!("去{name}。"),
        lang: Lang::ZH,
        span: jove_core::ByteSpan::new(3, 3 + name.len() as u32),
        entity: EntityId(number as u32),
        class,
    };
    let known = ["洛拉岛", "明塔岛", "克索岛", "长川河", "白水河", "黑龙河"];
    let train = known.iter().map(|&name| (name, usize::from(name.ends_with('河')))).enumerate().map(question).collect();
    // The last one is an island whose name is that of a river.
    let test = [("塔斯岛", 0), ("乌尔河", 1), ("银川河", 0)].into_iter().enumerate().map(question).collect();
    let questions = TypingQuestions { train, test, types: vec![0, 1] };
    let trivial = trivial_typing(&questions);
    assert_eq!(told_by_name(&trivial), [true, true, false]);
    assert_eq!(trivial.iter().map(|one| one.answers.len()).collect::<Vec<_>>(), [3, 3, 3]);
    assert!(trivial_typing(&TypingQuestions::default()).is_empty() && told_by_name(&[]).is_empty());
}

#[test]
fn a_constant_model_predicts_the_most_frequent_type() {
    let world = world();
    let model = blind(&world, &[]);
    let probe = Probe::new(&model, world.tokenizer.specials(), ProbeOptions::default(), &Silent);
    let side = |classes: &[usize], first: u32| -> Vec<TypingItem> {
        let mention = |entity: u32| MentionItem {
            tokens: vec![TokenId(9); 3],
            span: TokenSpan::new(1, 2),
            entity: EntityId(entity),
        };
        (first..).zip(classes).map(|(entity, &class)| TypingItem { mention: mention(entity), class }).collect()
    };
    let items = TypingItems { train: side(&[1, 0, 1, 1, 2], 0), test: side(&[0, 1, 1, 2], 10), types: 3 };
    let found = probe.entity_typing(&items).unwrap();
    assert_eq!(hits(&found), 0.5);
    assert!(found.iter().all(|answer| answer.top[0].0 == 1), "{found:?}");
}

#[test]
fn one_candidate_is_always_found() {
    let world = world();
    let model = world.untrained();
    let probe = Probe::new(&model, world.tokenizer.specials(), ProbeOptions::default(), &Silent);
    let item = ClozeItem {
        tokens: vec![TokenId(9); 3],
        gap: TokenSpan::new(1, 2),
        candidates: vec![vec![TokenId(8)]],
        answer: 0,
        subject: None,
    };
    assert_eq!(hits(&probe.cloze(&[item]).unwrap()), 1.0);
}
