//! A hundred sentences labelled by hand, over the agriculture graph.

use std::collections::{BTreeMap, BTreeSet};

use jove_core::{AliasRecord, EntityId, Lang};
use jove_linker::{
    EntityLinkingOptions, Feature, Features, Knowledge, LinkClassifier, Linker, Normalization, ScoredMention, Tagger,
};

use crate::score::Score;

/// The labelled sentences, the base, and what the linker says.
pub(crate) struct Agri {
    linker: Linker,
    sentences: Vec<(String, BTreeSet<(u32, u32)>)>,
}

/// The sentence of a line of `agri_sentences.txt`.
fn sentence(line: &str) -> Option<&str> {
    Some(line.split('\t').nth(4)?.trim().trim_matches('"'))
}

impl Agri {
    /// Reads the graph and sentences under `data` (the data root), and the labels.
    pub(crate) fn read(data: &str, labels: &str, tagger: &Tagger) -> Self {
        let text = std::fs::read_to_string(format!("{data}/text/agri_sentences.txt")).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let labels = std::fs::read_to_string(labels).unwrap();
        let sentences: Vec<_> = labels
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| {
                let (number, spans) = line.split_once('\t').unwrap();
                let number: usize = number.parse().unwrap();
                let span = |span: &str| {
                    let (start, end) = span.split_once('-').unwrap();
                    (start.parse().unwrap(), end.parse().unwrap())
                };
                (sentence(lines[number - 1]).unwrap().to_owned(), spans.split_whitespace().map(span).collect())
            })
            .collect();
        let labelled: BTreeSet<&str> = sentences.iter().map(|(sentence, _): &(String, _)| sentence.as_str()).collect();
        let others: BTreeSet<&str> =
            lines.iter().filter_map(|line| sentence(line)).filter(|line| !labelled.contains(line)).collect();
        let linker = linker(data, others.into_iter(), tagger);
        Self { linker, sentences }
    }

    fn scored(&self, sentence: &str, tagger: &Tagger) -> Vec<ScoredMention> {
        self.linker.explain(sentence, Lang::ZH, Some(&tagger.segments(sentence, Lang::ZH)))
    }

    /// Scored mentions of every second sentence, those with even numbers.
    pub(crate) fn examples(&self, tagger: &Tagger) -> Vec<(Features, bool)> {
        let mut examples = Vec::new();
        for (sentence, gold) in self.sentences.iter().step_by(2) {
            for scored in self.scored(sentence, tagger) {
                let span = scored.mention.span;
                let whole = gold.contains(&(span.start, span.end));
                // A piece of a right name is neither right nor wrong for the score: the longest one wins anyway.
                if whole || !gold.iter().any(|(start, end)| *start <= span.start && span.end <= *end) {
                    examples.push((scored.features, whole));
                }
            }
        }
        examples
    }

    /// Scores the sentences with numbers that give `rest` modulo 2, or all.
    pub(crate) fn score(
        &self,
        tagger: &Tagger,
        classifier: LinkClassifier,
        score_min: f32,
        rest: Option<usize>,
        show: bool,
    ) {
        let mut score = Score::default();
        for (_, (sentence, gold)) in
            self.sentences.iter().enumerate().filter(|(number, _)| rest.is_none_or(|rest| number % 2 == rest))
        {
            let mut scored = self.scored(sentence, tagger);
            for scored in &mut scored {
                scored.mention.score = classifier.score(&scored.features);
            }
            let linked = crate::duie::linked(scored, score_min);
            let found: BTreeSet<(u32, u32)> =
                linked.iter().map(|scored| (scored.mention.span.start, scored.mention.span.end)).collect();
            for scored in &linked {
                let span = scored.mention.span;
                if gold.contains(&(span.start, span.end)) {
                    score.right += 1;
                    score.found += 1;
                } else {
                    let crosses = gold.iter().any(|(start, end)| *start < span.end && span.start < *end);
                    let class = if crosses {
                        "wrong borders"
                    } else if scored.features[Feature::CutsKnownWord] + scored.features[Feature::CutsNewWord] > 0.0 {
                        "cuts a word"
                    } else {
                        "other sense or part of a longer name"
                    };
                    score.wrong(class);
                    if show {
                        println!(
                            "WRONG {class}: {} {:.2} in {sentence}",
                            &sentence[span.range()],
                            scored.mention.score
                        );
                    }
                }
            }
            for (start, end) in gold.difference(&found) {
                score.missed("below the threshold or taken by another");
                if show {
                    println!("MISSED {} in {sentence}", &sentence[*start as usize..*end as usize]);
                }
            }
        }
        let part = rest.map_or("all", |rest| if rest == 0 { "even" } else { "odd" });
        score.print(&format!("agri by hand, {part} sentences, score >= {score_min}"));
    }
}

fn linker<'a>(data: &str, corpus: impl Iterator<Item = &'a str>, tagger: &Tagger) -> Linker {
    let relations = std::fs::read_to_string(format!("{data}/kg/agri/wikidata_relation.csv")).unwrap();
    let rows = relations.lines().skip(1).filter_map(|line| {
        let mut columns = line.trim_start_matches('\u{feff}').splitn(3, ',');
        Some((columns.next()?.trim(), columns.next()?.trim(), columns.next()?.trim()))
    });
    let rows: Vec<_> = rows.filter(|(a, _, b)| !a.is_empty() && !b.is_empty()).collect();
    let names: BTreeSet<&str> = rows.iter().flat_map(|(a, _, b)| [*a, *b]).collect();
    let ids: BTreeMap<&str, EntityId> = names.iter().copied().zip((0..).map(EntityId)).collect();
    let aliases = ids.iter().map(|(name, entity)| AliasRecord {
        alias: (*name).to_owned(),
        entity: *entity,
        lang: Some(Lang::ZH),
        prior: 1.0,
        popularity: 0.0,
    });
    let edges = rows.iter().map(|(a, _, b)| (ids[a], ids[b]));
    let texts: Vec<(EntityId, String)> =
        rows.iter().map(|(a, relation, b)| (ids[a], format!("{relation} {b}"))).collect();
    let knowledge =
        Knowledge::build(texts.iter().map(|(entity, text)| (*entity, text.as_str())), edges, Normalization::default());
    let options = EntityLinkingOptions { score_min: 0.0, ..EntityLinkingOptions::default() };
    let mut linker = Linker::build(aliases, &options).unwrap().with_knowledge(knowledge);
    linker.learn(corpus.map(|text| (text, Lang::ZH)), tagger);
    linker
}
