//! Probes of one trained variant: facts, alignment of languages, modelling of text.

use std::collections::{BTreeMap, BTreeSet};

use jove_core::{AnnotatedText, EntityId, Lang, Mention, Purpose, Seed, TokenizedText};
use jove_corpus::{AnnotatedReader, ShardReader, Tokenizer};
use jove_eval::{
    BitextScores, ClozeOptions, Evaluator, MentionScores, Perplexity, ProbeOptions, RankScores, entity_cloze_items,
    mention_items, relation_cloze_items, typing_items,
};
use jove_kb::Sentence;
use rand::seq::SliceRandom as _;

use crate::cache::{Key, Leftover, Stage};
use crate::error::Result;
use crate::files::{read_lines, write_json};
use crate::prepared::Prepared;
use crate::results::Measure;
use crate::stage::text::{PairRecord, TatoebaRecord};
use crate::stage::{StageContext, annotate, kb, knowledge, shards, text, tokenizer};
use crate::variant::Variant;

/// What the probes measured, in their stage.
pub(crate) const MEASURES: &str = "measures.json";

/// The seed of all choices of the probes: every model gets the same items.
const SEED: Seed = Seed(0);

/// Probes a trained variant.
pub(crate) fn probe(
    work: &StageContext<'_>,
    variant: &Variant,
    seed: u64,
    trained: &Stage,
    prepared: &Prepared,
) -> Result<Stage> {
    // All variants are probed at a length that each of them was trained at, so that all see the same.
    let lengths = work.run.variants.iter().map(|variant| variant.train.max_length);
    let max_length = lengths.min().unwrap_or(variant.train.max_length);
    let descriptions = knowledge::probed(work, variant, prepared)?;
    let mut inputs = vec![&trained.key, &prepared.text.key, &prepared.annotated.key];
    inputs.extend(descriptions.as_ref().map(|part| &part.key));
    let key = Key::new("probe", &(&work.run.file.probes, max_length), &inputs);
    work.cache.stage(&format!("probe-{}-{seed}", variant.name), key, Leftover::Discard, |folder| {
        let tokenizer = tokenizer::open(&prepared.corpus(variant).vocabulary)?;
        let options = ProbeOptions {
            max_length,
            description_pooling: variant.train.objectives.link.pooling,
            ..ProbeOptions::default()
        };
        let (checkpoint, device) = (trained.file("checkpoint"), variant.train.device);
        let model = jove_eval::open(&checkpoint, device, tokenizer.specials(), options, work.progress)?;
        let runner = ProbeRunner { work, prepared, variant, tokenizer: &tokenizer, descriptions, model };
        let mut measures = Vec::new();
        measures.extend(runner.text()?);
        measures.extend(runner.facts()?);
        measures.extend(runner.typing()?);
        measures.extend(runner.bitext()?);
        measures.extend(runner.tatoeba()?);
        measures.extend(runner.perplexity()?);
        let items_min = work.run.file.probes.items_min;
        measures.iter_mut().for_each(|measure| measure.few_items = measure.items < items_min);
        write_json(&folder.join(MEASURES), &measures)
    })
}

/// A model and the data of its probes.
struct ProbeRunner<'a> {
    work: &'a StageContext<'a>,
    prepared: &'a Prepared,
    variant: &'a Variant,
    tokenizer: &'a Tokenizer,
    /// Of entities, where facts are held out.
    descriptions: Option<Stage>,
    model: Box<dyn Evaluator + 'a>,
}

impl ProbeRunner<'_> {
    /// Entity cloze, on linked names of text that no variant was trained on.
    fn text(&self) -> Result<Vec<Measure>> {
        let texts = self.probe_text()?;
        let items = entity_cloze_items(&kb::open(&self.prepared.base)?, &texts, self.tokenizer, &self.cloze_options())?;
        if items.is_empty() {
            return Ok(Vec::new());
        }
        Ok(ranked("entity cloze", &self.model.cloze(&items)?.scores))
    }

    /// Relation cloze and mention retrieval, on sentences of held-out facts.
    fn facts(&self) -> Result<Vec<Measure>> {
        let sentences: Vec<Sentence> = read_lines(&self.prepared.text.file(text::FACTS))?;
        let Some(descriptions) = &self.descriptions else { return Ok(Vec::new()) };
        let items_max = self.work.run.file.probes.items_max;
        let base = kb::open(&self.prepared.base)?;
        let items = relation_cloze_items(&base, &sentences, self.tokenizer, &self.cloze_options())?;
        let cloze = self.model.cloze(&items)?;
        let relations: Vec<Option<u32>> = items.iter().map(|item| item.relation.map(|relation| relation.0)).collect();
        let mut measures = ranked("relation cloze", &cloze.scores);
        measures.extend(ranked("relation cloze, mean over relations", &cloze.macro_scores(&relations)));
        measures.retain(|measure| measure.items > 0);

        let texts = self.gold(&sentences)?;
        let items = mention_items(&texts, items_max, SEED);
        let descriptions = knowledge::read_descriptions(descriptions)?;
        let mentions = self.model.mention_retrieval(&items, &descriptions, &self.linked_in_training()?)?;
        let MentionScores { all, unseen, .. } = mentions;
        measures.extend(ranked("mention → entity", &all.scores));
        if unseen.scores.items > 0 {
            measures.extend(ranked("mention → unseen entity", &unseen.scores));
        }
        Ok(measures)
    }

    /// Entity typing, on the names of held-out facts' sentences and of text.
    fn typing(&self) -> Result<Vec<Measure>> {
        let mut texts = self.gold(&read_lines::<Sentence>(&self.prepared.text.file(text::FACTS))?)?;
        for text in self.probe_text()? {
            texts.push(self.tokenizer.encode(&text)?);
        }
        let items = typing_items(&kb::open(&self.prepared.base)?, &texts, self.work.run.file.probes.items_max, SEED)?;
        let scores = self.model.entity_typing(&items)?;
        let measure = |name: &str, value, chance| Measure {
            probe: format!("entity typing, {} types", items.types),
            measure: name.to_owned(),
            value,
            chance: Some(chance),
            items: scores.items,
            higher_is_better: true,
            ..Measure::default()
        };
        let measures = vec![
            measure("accuracy", scores.accuracy, scores.chance_accuracy),
            measure("macro-F1", scores.macro_f1, scores.chance_macro_f1),
        ];
        Ok(measures.into_iter().filter(|measure| measure.items > 0).collect())
    }

    /// Sentences in tokens, with their two ends as mentions.
    fn gold(&self, sentences: &[Sentence]) -> Result<Vec<TokenizedText>> {
        sentences.iter().map(|sentence| Ok(self.tokenizer.encode(&gold(sentence))?)).collect()
    }

    /// Linked text that no variant was trained on, with the links of the true graph, whatever graph a variant was trained with.
    fn probe_text(&self) -> Result<Vec<AnnotatedText>> {
        Ok(AnnotatedReader::open(&self.prepared.annotated.file(annotate::PROBE_TEXT))?.collect::<Result<_, _>>()?)
    }

    fn cloze_options(&self) -> ClozeOptions {
        let settings = &self.work.run.file.probes;
        ClozeOptions { items_max: settings.items_max, candidates: settings.candidates, seed: SEED }
    }

    /// The entities that training text links to.
    fn linked_in_training(&self) -> Result<BTreeSet<EntityId>> {
        let shard = ShardReader::open(&self.prepared.true_corpus(self.variant).shards.file(shards::TRAIN))?;
        let mut linked = BTreeSet::new();
        for index in 0..shard.len() {
            linked.extend(shard.get(index)?.mentions.into_iter().map(|(_, entity)| entity));
        }
        Ok(linked)
    }

    /// Bitext retrieval, both ways.
    fn bitext(&self) -> Result<Vec<Measure>> {
        let pairs: Vec<PairRecord> = read_lines(&self.prepared.text.file(text::PROBE_PAIRS))?;
        let Some(first) = pairs.first() else { return Ok(Vec::new()) };
        let [left, right] = first.langs;
        let scores = self.retrieved(pairs.iter().map(|pair| (&pair.texts, pair.langs)))?;
        let mut measures = ranked(&format!("bitext {left} → {right}"), &scores.forward.scores);
        measures.extend(ranked(&format!("bitext {right} → {left}"), &scores.backward.scores));
        measures.retain(|measure| measure.measure == "R@1");
        Ok(measures)
    }

    /// Accuracy on the Tatoeba set, for each language both ways, and the mean of all.
    fn tatoeba(&self) -> Result<Vec<Measure>> {
        let mut by_language: BTreeMap<String, Vec<[String; 2]>> = BTreeMap::new();
        for record in read_lines::<TatoebaRecord>(&self.prepared.text.file(text::TATOEBA))? {
            by_language.entry(record.language).or_default().push(record.texts);
        }
        let mut measures = Vec::new();
        for (language, pairs) in by_language {
            let lang = Lang::new(&language).unwrap_or(Lang::UND);
            let scores = self.retrieved(pairs.iter().map(|texts| (texts, [lang, Lang::EN])))?;
            let ways = [(format!("{language} → eng"), scores.forward), (format!("eng → {language}"), scores.backward)];
            measures.extend(ways.map(|(way, ranking)| Measure {
                probe: format!("Tatoeba {way}"),
                measure: "accuracy".to_owned(),
                value: ranking.scores.recall_at_1,
                chance: Some(ranking.scores.chance_recall_at_1),
                items: ranking.scores.items,
                higher_is_better: true,
                ..Measure::default()
            }));
        }
        if let Some(first) = measures.first().cloned() {
            let mean = |of: fn(&Measure) -> f64| measures.iter().map(of).sum::<f64>() / measures.len() as f64;
            let (value, chance) = (mean(|m| m.value), mean(|m| m.chance.unwrap_or_default()));
            let items = measures.iter().map(|measure| measure.items).sum();
            measures.push(Measure { probe: "Tatoeba, mean".to_owned(), value, chance: Some(chance), items, ..first });
        }
        Ok(measures)
    }

    fn retrieved<'b>(&self, pairs: impl Iterator<Item = (&'b [String; 2], [Lang; 2])>) -> Result<BitextScores> {
        let side =
            |text: &String, lang| -> Result<TokenizedText> { Ok(self.tokenizer.encode(&plain(text.clone(), lang))?) };
        let tokens: Vec<(TokenizedText, TokenizedText)> = pairs
            .map(|([left, right], langs)| Ok((side(left, langs[0])?, side(right, langs[1])?)))
            .collect::<Result<_>>()?;
        Ok(self.model.bitext_retrieval(&tokens)?)
    }

    /// The mean loss of masked tokens of held-out text, and its exponential, by language.
    fn perplexity(&self) -> Result<Vec<Measure>> {
        let shard = ShardReader::open(&self.prepared.true_corpus(self.variant).shards.file(shards::DEV))?;
        let mut by_lang: BTreeMap<Lang, Vec<(u64, TokenizedText)>> = BTreeMap::new();
        for index in 0..shard.len() {
            let text = shard.get(index)?;
            by_lang.entry(text.lang).or_default().push((index as u64, text));
        }
        let mut texts = Vec::new();
        for (stream, mut own) in (PERPLEXITY_ORDER..).zip(by_lang.into_values()) {
            own.shuffle(&mut SEED.rng(Purpose::Probe, stream, 0));
            own.truncate(self.work.run.file.probes.items_max);
            own.sort_unstable_by_key(|(index, _)| *index);
            texts.extend(own);
        }
        let layout = self.variant.layout;
        let measures = |(lang, score): (_, Perplexity)| {
            let measure = |name: &str, value| Measure {
                probe: format!("masked tokens {lang}, {layout} vocabulary"),
                measure: name.to_owned(),
                value,
                chance: None,
                items: score.tokens,
                higher_is_better: false,
                ..Measure::default()
            };
            [measure("nats", score.mean()), measure("perplexity", score.perplexity())]
        };
        let scores = self.model.pseudo_perplexity(&texts, SEED)?;
        Ok(scores.into_iter().filter(|(_, score)| score.tokens > 0).flat_map(measures).collect())
    }
}

/// The first of the streams of [`Purpose::Probe`] that the texts of the pseudo-perplexity are drawn from, a language each.
const PERPLEXITY_ORDER: u64 = 100;

/// A sentence with its two ends as mentions, as the graph knows them.
fn gold(sentence: &Sentence) -> AnnotatedText {
    let mut mentions = vec![
        Mention { span: sentence.subject, entity: sentence.fact.subject, score: 1.0 },
        Mention { span: sentence.object, entity: sentence.fact.object, score: 1.0 },
    ];
    mentions.sort_by_key(|mention| mention.span);
    AnnotatedText { mentions, ..plain(sentence.text.clone(), sentence.lang) }
}

fn plain(text: String, lang: jove_core::Lang) -> AnnotatedText {
    AnnotatedText { text, lang, words: Vec::new(), mentions: Vec::new() }
}

fn ranked(probe: &str, scores: &RankScores) -> Vec<Measure> {
    let measure = |name: &str, value, chance| Measure {
        probe: probe.to_owned(),
        measure: name.to_owned(),
        value,
        chance: Some(chance),
        items: scores.items,
        higher_is_better: true,
        ..Measure::default()
    };
    vec![
        measure("R@1", scores.recall_at_1, scores.chance_recall_at_1),
        measure("MRR", scores.mean_reciprocal_rank, scores.chance_mean_reciprocal_rank),
    ]
}
