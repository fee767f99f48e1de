//! The base that comes with the project.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jove_core::{Lang, Silent};
use jove_kb::{BuildOptions, Format, Kb, Patterns, Source, VerbalizeOptions, build, verbalize};

use crate::common::Place;

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../kb").join(name)
}

fn world(place: &Place) -> Kb {
    let source = Source::new(Format::Jsonl, folder("world"));
    let options = BuildOptions { max_bad: 0, ..BuildOptions::new(place.path("world.sqlite"), vec![source]) };
    build(&options, &Silent).unwrap();
    Kb::open(&options.out).unwrap()
}

#[test]
fn every_entity_is_named_described_and_typed() {
    let place = Place::new();
    let kb = world(&place);
    let entities = kb.entity_count().unwrap();
    // The numbers that `kb/README.md` gives.
    assert_eq!((entities, kb.fact_count().unwrap(), kb.literal_count().unwrap()), (745, 2_217, 2_234));
    let languages = kb.languages().unwrap();
    let tagged: Vec<_> = languages.iter().filter(|(tag, _)| !tag.is_empty()).collect();
    // Names without a language are no language.
    assert_eq!((tagged.len(), kb.language_count().unwrap(), languages.len()), (141, 141, 142));
    assert!(tagged.iter().all(|(_, names)| *names > 300), "{languages:?}");
    // A dangling reference would be an entity without a name.
    for lang in [Lang::ZH, Lang::EN] {
        assert_eq!(kb.labels_in(lang).unwrap().len() as u64, entities, "{lang}");
        let descriptions: Vec<_> = kb.descriptions(lang).unwrap();
        let different: BTreeSet<_> = descriptions.iter().map(|(_, text)| text).collect();
        assert_eq!(different.len() as u64, entities, "descriptions in {lang}");
    }
    assert!(kb.type_of_all().unwrap().iter().all(Option::is_some));
    let kinds: BTreeSet<_> = kb.type_names().unwrap().into_iter().collect();
    for kind in ["country", "city", "currency", "language", "continent", "region"] {
        assert!(kinds.contains(kind), "{kind}");
    }
}

#[test]
fn descriptions_do_not_tell_what_is_held_out() {
    let place = Place::new();
    let kb = world(&place);
    let patterns = Patterns::read(&folder("patterns")).unwrap();
    let held: BTreeSet<_> = kb
        .predicates()
        .unwrap()
        .iter()
        .filter(|info| patterns.relations.get(&info.key).is_some_and(|relation| relation.hold_out))
        .map(|info| kb.predicate_id(&info.key).unwrap().unwrap())
        .collect();
    for lang in [Lang::ZH, Lang::EN] {
        let descriptions: BTreeMap<_, _> = kb.descriptions(lang).unwrap().into_iter().collect();
        let labels = kb.labels_in(lang).unwrap();
        for fact in kb.facts().unwrap().into_iter().filter(|fact| held.contains(&fact.predicate)) {
            let (text, told) = (&descriptions[&fact.subject], &labels[&fact.object]);
            // In English, whole words: `Europe` does not tell the `Euro`.
            let words =
                |text: &str| format!(" {} ", text.split(|c: char| !c.is_alphanumeric()).collect::<Vec<_>>().join(" "));
            let tells =
                if lang == Lang::ZH { text.contains(told.as_str()) } else { words(text).contains(&words(told)) };
            assert!(!tells, "{} tells {told}: {text}", labels[&fact.subject]);
        }
    }
}

#[test]
fn patterns_are_many_and_no_one_wins() {
    let place = Place::new();
    let kb = world(&place);
    let patterns = Patterns::read(&folder("patterns")).unwrap();
    let options = VerbalizeOptions { per_fact: 3, ..VerbalizeOptions::default() };
    let out = verbalize(&kb, &patterns, &options).unwrap();
    for lang in [Lang::ZH, Lang::EN] {
        assert!(patterns.count(lang) >= 20);
        let mut uses: BTreeMap<u32, usize> = BTreeMap::new();
        for sentence in out.train.iter().filter(|sentence| sentence.lang == lang) {
            *uses.entry(sentence.pattern).or_default() += 1;
        }
        let total: usize = uses.values().sum();
        assert!(uses.values().all(|count| count * 10 < total), "{uses:?}");
    }
    for (key, relation) in &patterns.relations {
        assert!(kb.predicate_id(key).unwrap().is_some(), "no predicate {key}");
        assert!(relation.sentences.values().all(|texts| texts.len() >= 3), "{key}");
    }
    let share = out.held_out.len() as f64 / (out.train.len() + out.held_out.len()) as f64;
    assert!((0.03..0.15).contains(&share), "{share}");
}
