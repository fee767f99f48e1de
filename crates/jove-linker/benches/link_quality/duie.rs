//! Silver: subjects and objects of triples, the base being built from the other sentences.

use std::collections::{BTreeMap, BTreeSet};

use jove_core::{AliasRecord, ByteSpan, EntityId, Lang};
use jove_linker::{
    EntityLinkingOptions, Features, Knowledge, LinkClassifier, Linker, Normalization, ScoredMention, Segment, Tagger,
};
use serde::Deserialize;

use crate::score::Score;

const FOLDS: usize = 10;

#[derive(Deserialize)]
pub(crate) struct Row {
    text: String,
    postag: Vec<Tagged>,
    spo_list: Vec<Triple>,
}

#[derive(Deserialize)]
struct Tagged {
    word: String,
    pos: String,
}

#[derive(Deserialize)]
struct Triple {
    subject: String,
    subject_type: String,
    predicate: String,
    object: String,
    object_type: String,
}

type Key = (String, &'static str);

/// Types that name the same things are one class; what is no entity has none.
fn class(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "人物" | "历史人物" => "person",
        "图书作品" | "书籍" | "网络小说" | "作品" => "book",
        "影视作品" | "电视综艺" => "film",
        "歌曲" => "song",
        "音乐专辑" => "album",
        "企业" | "机构" | "出版社" | "网站" | "学校" => "organisation",
        "地点" | "国家" | "城市" | "行政区" | "景点" => "place",
        "生物" | "目" => "species",
        "学科专业" | "语言" | "气候" => "other",
        _ => return None,
    })
}

/// The entities of a triple. The object of a property such as height is a value, whatever its type says.
fn entities(triple: &Triple) -> [Option<Key>; 2] {
    let key = |name: &String, kind: &str| {
        Some((name.to_lowercase(), class(kind)?)).filter(|(name, _)| name.chars().count() > 1)
    };
    [key(&triple.subject, &triple.subject_type), key(&triple.object, &triple.object_type)]
}

struct Base {
    linker: Linker,
    keys: Vec<Key>,
    ids: BTreeMap<Key, u32>,
}

fn base(rows: &[Row], held: usize, tagger: &Tagger, classifier: LinkClassifier) -> Base {
    let others = || rows.iter().enumerate().filter(|(row, _)| row % FOLDS != held).map(|(_, row)| row);
    let mut counts: BTreeMap<Key, u32> = BTreeMap::new();
    for key in others().flat_map(|row| row.spo_list.iter().flat_map(entities)).flatten() {
        *counts.entry(key).or_default() += 1;
    }
    let keys: Vec<Key> = counts.keys().cloned().collect();
    let ids: BTreeMap<Key, u32> = keys.iter().cloned().zip(0..).collect();
    let mut by_name: BTreeMap<&str, u32> = BTreeMap::new();
    for ((name, _), count) in &counts {
        *by_name.entry(name).or_default() += count;
    }
    let aliases = keys.iter().map(|key| AliasRecord {
        alias: key.0.clone(),
        entity: EntityId(ids[key]),
        lang: Some(Lang::ZH),
        prior: counts[key] as f32 / by_name[key.0.as_str()] as f32,
        popularity: counts[key] as f32,
    });
    let options = EntityLinkingOptions { score_min: 0.0, ..EntityLinkingOptions::default() };
    let (descriptions, edges) = facts(others(), &ids);
    let rows = descriptions.iter().map(|(entity, text)| (*entity, text.as_str()));
    let mut linker = Linker::build(aliases, &options)
        .unwrap()
        .with_knowledge(Knowledge::build(rows, edges, Normalization::default()))
        .with_classifier(classifier);
    linker.learn(others().map(|row| (row.text.as_str(), Lang::ZH)), tagger);
    Base { linker, keys, ids }
}

type Facts = (Vec<(EntityId, String)>, Vec<(EntityId, EntityId)>);

/// Each entity described by its relations and what they lead to.
fn facts<'a>(rows: impl Iterator<Item = &'a Row>, ids: &BTreeMap<Key, u32>) -> Facts {
    let (mut descriptions, mut edges) = (Vec::new(), Vec::new());
    for triple in rows.flat_map(|row| &row.spo_list) {
        let ends = entities(triple).map(|key| key.map(|key| EntityId(ids[&key])));
        let text = |kind: &str, other: &str| format!("{} {kind} {other}", triple.predicate);
        if let Some(subject) = ends[0] {
            descriptions.push((subject, text(&triple.subject_type, &triple.object)));
        }
        if let Some(object) = ends[1] {
            descriptions.push((object, text(&triple.object_type, &triple.subject)));
        }
        if let [Some(subject), Some(object)] = ends {
            edges.push((subject, object));
        }
    }
    (descriptions, edges)
}

/// The places of the data's own words, with their tags.
fn tagged_spans(row: &Row) -> BTreeMap<(u32, u32), &str> {
    let mut at = 0;
    let mut spans = BTreeMap::new();
    for tagged in &row.postag {
        if let Some(found) = row.text[at..].find(&tagged.word) {
            let start = at + found;
            at = start + tagged.word.len();
            spans.insert((start as u32, at as u32), tagged.pos.as_str());
        }
    }
    spans
}

/// Whether the data's own tag of exactly this span says that it is a name of this class.
fn is_tagged_name(spans: &BTreeMap<(u32, u32), &str>, span: ByteSpan, class: &str) -> bool {
    // A run of words that are all names of the class is a name too: `江苏太仓`.
    let inside: Vec<_> = spans.range((span.start, 0)..).take_while(|((_, end), _)| *end <= span.end).collect();
    let joined = inside.windows(2).all(|pair| pair[0].0.1 == pair[1].0.0);
    let whole = inside.first().is_some_and(|first| first.0.0 == span.start);
    let ends = inside.last().is_some_and(|last| last.0.1 == span.end);
    joined && whole && ends && inside.iter().all(|(_, tag)| names_class(tag, class))
}

fn names_class(tag: &str, class: &str) -> bool {
    match tag {
        "nr" => class == "person",
        "ns" => class == "place",
        "nt" => class == "organisation",
        "nw" => matches!(class, "book" | "film" | "song" | "album"),
        "nz" => class != "person",
        _ => false,
    }
}

struct Outcome<'a> {
    scored: ScoredMention,
    key: &'a Key,
    silver: bool,
    tagged: bool,
}

/// The mentions that are linked at this threshold, longest first from the left.
pub(crate) fn linked(scored: Vec<ScoredMention>, score_min: f32) -> Vec<ScoredMention> {
    let mut end = 0;
    let accepted = scored.into_iter().filter(|scored| scored.mention.score >= score_min);
    accepted
        .filter(|scored| {
            let free = scored.mention.span.start >= end;
            if free {
                end = scored.mention.span.end;
            }
            free
        })
        .collect()
}

fn error_class(outcome: &Outcome, gold: &BTreeSet<Key>, row: &Row, words: &[Segment]) -> &'static str {
    let span = outcome.scored.mention.span;
    if gold.iter().any(|(name, _)| *name == outcome.key.0) {
        return "right name, other type";
    }
    let inside = |name: &str| {
        row.text.match_indices(name).any(|(at, found)| {
            let whole = ByteSpan::new(at as u32, (at + found.len()) as u32);
            whole.overlaps(span) && whole != span
        })
    };
    if gold.iter().any(|(name, _)| inside(name)) {
        return "part of a longer name in a triple";
    }
    let cut = words.iter().any(|word| word.span.overlaps(span) && !span.contains(word.span));
    if cut { "cuts a word" } else { "whole word, no name by the tags" }
}

pub(crate) fn read(data: &str) -> Vec<Row> {
    let file = std::fs::read_to_string(format!("{data}/text/duie_train.jsonl")).unwrap();
    file.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Scores the second half of the folds, which no weight was fitted to.
pub(crate) fn run(rows: &[Row], tagger: &Tagger, classifier: LinkClassifier, thresholds: &[f32], show: usize) {
    let bases: Vec<Base> = (FOLDS / 2..FOLDS).map(|held| base(rows, held, tagger, classifier)).collect();
    for score_min in thresholds.iter().copied() {
        let (mut strict, mut adjudicated) = (Score::default(), Score::default());
        let mut shown = 0;
        for (held, base) in (FOLDS / 2..FOLDS).zip(&bases) {
            for (number, row) in rows.iter().enumerate().filter(|(number, _)| number % FOLDS == held) {
                let show = show > shown && number % 7 == 3;
                shown += score_row(row, base, tagger, score_min, &mut strict, &mut adjudicated, show);
            }
        }
        strict.print(&format!("duie, silver only, score >= {score_min}"));
        adjudicated.print(&format!("duie, silver or tagged name, score >= {score_min}"));
    }
}

fn gold(row: &Row, base: &Base) -> BTreeSet<Key> {
    let all = row.spo_list.iter().flat_map(entities).flatten();
    all.filter(|key| base.ids.contains_key(key) && row.text.to_lowercase().contains(&key.0)).collect()
}

fn score_row(
    row: &Row,
    base: &Base,
    tagger: &Tagger,
    score_min: f32,
    strict: &mut Score,
    adjudicated: &mut Score,
    show: bool,
) -> usize {
    let words = tagger.segments(&row.text, Lang::ZH);
    let all: BTreeSet<Key> = row.spo_list.iter().flat_map(entities).flatten().collect();
    let gold = gold(row, base);
    let outcomes = outcomes(row, base, &words, score_min, &all);
    let mut found = BTreeSet::new();
    let mut shown = 0;
    for outcome in &outcomes {
        let class = error_class(outcome, &all, row, &words);
        if outcome.silver {
            found.insert(outcome.key.clone());
            strict.right += 1;
            adjudicated.right += 1;
        } else if outcome.tagged {
            strict.wrong("a name by the tags, in no triple");
            adjudicated.right += 1;
        } else {
            strict.wrong(class);
            adjudicated.wrong(class);
        }
        if show && !outcome.silver && !outcome.tagged {
            shown += 1;
            let span = outcome.scored.mention.span;
            println!(
                "WRONG {class}: {:?} {:.2} {:?}\n   {}[{}]{}",
                outcome.key,
                outcome.scored.mention.score,
                outcome.scored.features,
                &row.text[..span.start as usize],
                &row.text[span.range()],
                &row.text[span.end as usize..]
            );
        }
    }
    for key in &gold {
        if found.contains(key) {
            strict.found += 1;
            adjudicated.found += 1;
            continue;
        }
        let other = outcomes.iter().any(|outcome| outcome.key.0 == key.0);
        let why = if other { "other type" } else { "below the threshold or inside a longer name" };
        strict.missed(why);
        adjudicated.missed(why);
        if show {
            println!("MISSED {key:?} in {}", row.text);
        }
    }
    shown
}

fn outcomes<'a>(
    row: &Row,
    base: &'a Base,
    words: &[Segment],
    score_min: f32,
    gold: &BTreeSet<Key>,
) -> Vec<Outcome<'a>> {
    let tags = tagged_spans(row);
    let scored = linked(base.linker.explain(&row.text, Lang::ZH, Some(words)), score_min);
    scored
        .into_iter()
        .map(|scored| {
            let key = &base.keys[scored.mention.entity.0 as usize];
            Outcome {
                silver: gold.contains(key),
                tagged: is_tagged_name(&tags, scored.mention.span, key.1),
                scored,
                key,
            }
        })
        .collect()
}

/// Scored mentions of the first half of the folds.
pub(crate) fn examples(rows: &[Row], tagger: &Tagger) -> Vec<(Features, bool)> {
    let mut examples: Vec<(Features, bool)> = Vec::new();
    for held in 0..FOLDS / 2 {
        let base = base(rows, held, tagger, LinkClassifier::default());
        for row in rows.iter().enumerate().filter(|(number, _)| number % FOLDS == held).map(|(_, row)| row) {
            let words = tagger.segments(&row.text, Lang::ZH);
            let all: BTreeSet<Key> = row.spo_list.iter().flat_map(entities).flatten().collect();
            let tags = tagged_spans(row);
            for scored in base.linker.explain(&row.text, Lang::ZH, Some(&words)) {
                let key = &base.keys[scored.mention.entity.0 as usize];
                let right = all.contains(key) || is_tagged_name(&tags, scored.mention.span, key.1);
                examples.push((scored.features, right));
            }
        }
    }
    examples
}
