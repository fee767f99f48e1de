//! Probing one trained variant: what it knows, how well its languages align, how well it models text.

use std::collections::BTreeSet;

use jove_core::{AnnotatedText, EntityId, Mention, Seed, TokenizedText};
use jove_corpus::{ShardReader, Tokenizer};
use jove_eval::{Ask, ClozeOptions, MentionScores, Perplexity, ProbeOptions, RankScores, cloze_items, mention_items};
use jove_kb::Sentence;

use crate::Result;
use crate::cache::{Key, Leftover, Stage};
use crate::execute::Prepared;
use crate::results::Measure;
use crate::run::Variant;
use crate::stage::text::PairRecord;
use crate::stage::{Work, describe, kb, read_lines, shards, text, tokenizer, write_json};

/// What the probes measured, in their stage.
pub(crate) const MEASURES: &str = "measures.json";

/// Where all choices of the probes come from: every model is asked the same questions.
const SEED: Seed = Seed(0);

/// Probes a trained variant.
pub(crate) fn probe(
    work: &Work<'_>,
    variant: &Variant,
    seed: u64,
    trained: &Stage,
    prepared: &Prepared,
) -> Result<Stage> {
    let key = Key::new("probe", &work.run.file.probes, &[&trained.key, &prepared.text.key]);
    work.cache.stage(&format!("probe-{}-{seed}", variant.name), key, Leftover::Discard, |folder| {
        let tokenizer = tokenizer::open(&prepared.cut(variant).vocabulary)?;
        let options = ProbeOptions {
            max_length: variant.train.max_length,
            description_pooling: variant.train.objectives.link.pooling,
            ..ProbeOptions::default()
        };
        let (checkpoint, device) = (trained.file("checkpoint"), variant.train.device);
        let model = jove_eval::open(&checkpoint, device, tokenizer.specials(), options, work.progress)?;
        let asker = Asker { work, prepared, variant, tokenizer: &tokenizer, model };
        let mut measures = Vec::new();
        measures.extend(asker.knowledge()?);
        measures.extend(asker.bitext()?);
        measures.extend(asker.perplexity()?);
        write_json(&folder.join(MEASURES), &measures)
    })
}

/// A model and what it is asked about.
struct Asker<'a> {
    work: &'a Work<'a>,
    prepared: &'a Prepared,
    variant: &'a Variant,
    tokenizer: &'a Tokenizer,
    model: Box<dyn Ask + 'a>,
}

impl Asker<'_> {
    /// Entity cloze and mention retrieval, on sentences of held-out facts.
    fn knowledge(&self) -> Result<Vec<Measure>> {
        let sentences: Vec<Sentence> = read_lines(&self.prepared.text.file(text::FACTS))?;
        if sentences.is_empty() {
            return Ok(Vec::new());
        }
        let settings = &self.work.run.file.probes;
        let base = kb::open(&self.prepared.base)?;
        let options = ClozeOptions { items_max: settings.items_max, candidates: settings.candidates, seed: SEED };
        let items = cloze_items(&base, &sentences, self.tokenizer, &options)?;
        let cloze = self.model.entity_cloze(&items)?;

        let texts: Vec<TokenizedText> =
            sentences.iter().map(|sentence| Ok(self.tokenizer.encode(&gold(sentence))?)).collect::<Result<_>>()?;
        let items = mention_items(&texts, settings.items_max, SEED);
        let descriptions = describe::descriptions(self.prepared, self.tokenizer)?;
        let mentions = self.model.mention_retrieval(&items, &descriptions, &self.linked_in_training()?)?;
        let MentionScores { all, unseen, .. } = mentions;
        let mut measures = ranked("entity cloze", &cloze.scores);
        measures.extend(ranked("mention → entity", &all.scores));
        if unseen.scores.items > 0 {
            measures.extend(ranked("mention → unseen entity", &unseen.scores));
        }
        Ok(measures)
    }

    /// The entities that training text links to.
    fn linked_in_training(&self) -> Result<BTreeSet<EntityId>> {
        let shard = ShardReader::open(&self.prepared.cut(self.variant).shards.file(shards::TRAIN))?;
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
        let side = |pair: &PairRecord, index: usize| -> Result<TokenizedText> {
            Ok(self.tokenizer.encode(&plain(pair.texts[index].clone(), pair.langs[index]))?)
        };
        let tokens: Vec<(TokenizedText, TokenizedText)> =
            pairs.iter().map(|pair| Ok((side(pair, 0)?, side(pair, 1)?))).collect::<Result<_>>()?;
        let scores = self.model.bitext_retrieval(&tokens)?;
        let mut measures = ranked(&format!("bitext {left} → {right}"), &scores.forward.scores);
        measures.extend(ranked(&format!("bitext {right} → {left}"), &scores.backward.scores));
        measures.retain(|measure| measure.measure == "R@1");
        Ok(measures)
    }

    /// The mean loss of masked tokens of held-out text, by language.
    fn perplexity(&self) -> Result<Vec<Measure>> {
        let shard = ShardReader::open(&self.prepared.cut(self.variant).shards.file(shards::DEV))?;
        let count = shard.len().min(self.work.run.file.probes.items_max);
        let texts: Vec<TokenizedText> = (0..count).map(|index| Ok(shard.get(index)?)).collect::<Result<_>>()?;
        let scores = self.model.pseudo_perplexity(&texts, SEED)?;
        let layout = self.variant.layout;
        let measure = |(lang, score): (_, Perplexity)| Measure {
            probe: format!("masked tokens {lang}, {layout:?} vocabulary"),
            measure: "nats".to_owned(),
            value: score.mean(),
            chance: None,
            items: score.tokens,
            higher_is_better: false,
        };
        Ok(scores.into_iter().filter(|(_, score)| score.tokens > 0).map(measure).collect())
    }
}

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
    };
    vec![
        measure("R@1", scores.recall_at_1, scores.chance_recall_at_1),
        measure("MRR", scores.mean_reciprocal_rank, scores.chance_mean_reciprocal_rank),
    ]
}
