//! Probes of one trained variant, and of a model that was not trained: each puts the same items to a model.

use jove_core::{EntityId, Lang, Layout, SpecialTokens, TokenId, TokenizedText};
use jove_corpus::{ShardReader, Tokenizer};
use jove_eval::{
    Answer, ClozeItem, Comparison, Evaluator, MentionItem, ProbeOptions, TokenCounts, TypingItem, TypingItems, Weights,
    described_entities,
};

use crate::cache::{Key, Leftover, Stage};
use crate::error::Result;
use crate::files::{read_lines, write_lines};
use crate::initial_checkpoint::InitialCheckpoint;
use crate::items::question::{Replies, Reply};
use crate::prepared::Prepared;
use crate::stage::items::{self, Bitext, HeldOutText, PRIOR_CORRECTED, SEED, loss_probe, plain, reply};
use crate::stage::{StageContext, kb, shards, tokenizer};
use crate::variant::Variant;

/// What was answered, item by item.
const REPLIES: &str = "replies.jsonl";

/// Who answers without training.
const UNTRAINED: &str = "untrained model";
const STARTING: &str = "model before training";
const FREQUENCY: &str = "token frequency";

/// Probes a trained variant.
pub(crate) fn probe(
    work: &StageContext<'_>,
    variant: &Variant,
    seed: u64,
    trained: &Stage,
    prepared: &Prepared,
) -> Result<Stage> {
    let items = items::items(work, prepared)?;
    let key = Key::new("probe", &max_length(work), &[&trained.key, &items.key]);
    work.cache.stage(&format!("probe-{}-{seed}", variant.name), key, Leftover::Discard, |folder| {
        let vocabulary = &prepared.corpus(variant).vocabulary;
        let options = ProbeOptions {
            max_length: max_length(work),
            description_pooling: variant.train.objectives.link.pooling,
            ..ProbeOptions::default()
        };
        let probed = Probed {
            weights: Weights::Trained(trained.file("checkpoint")),
            options,
            layout: variant.layout,
            comparison: comparison(variant, prepared)?,
        };
        let replies = probed.replies(work, variant, prepared, &items, &tokenizer::open(vocabulary)?)?;
        write_lines(&folder.join(REPLIES), &replies).map(drop)
    })
}

/// What an arm answered.
pub(crate) fn read_replies(probed: &Stage) -> Result<Vec<Reply>> {
    read_lines(&probed.file(REPLIES))
}

/// Probes a model as it is before training, of the shape that the variants of one layout have, and predicts tokens by their
/// frequency in training text.
pub(crate) fn untrained(work: &StageContext<'_>, variant: &Variant, prepared: &Prepared) -> Result<Stage> {
    let items = items::items(work, prepared)?;
    let corpus = prepared.true_corpus(variant);
    let seed = jove_core::Seed(work.run.file.seeds.first().copied().unwrap_or_default());
    let settings = (variant.layout, &work.run.file.model, seed, max_length(work));
    let weights = work.initial.as_ref().map(InitialCheckpoint::weights_key).transpose()?;
    let mut inputs = vec![&items.key, &corpus.vocabulary.key, &corpus.shards.key];
    inputs.extend(&weights);
    let key = Key::new("untrained", &settings, &inputs);
    work.cache.stage(&format!("untrained-{}", variant.layout), key, Leftover::Discard, |folder| {
        let tokenizer = tokenizer::open(&corpus.vocabulary)?;
        let pieces = tokenizer.specials().vocab_size as usize;
        let (by, weights) = match &work.initial {
            Some(initial) => (STARTING, Weights::Starting(initial.folder.clone(), seed)),
            None => (UNTRAINED, Weights::Random(work.run.model_config(variant.layout, pieces), seed)),
        };
        let options = ProbeOptions { max_length: max_length(work), ..ProbeOptions::default() };
        let probed = Probed { weights, options, layout: variant.layout, comparison: Comparison::HiddenStates };
        let replies = probed.replies(work, variant, prepared, &items, &tokenizer)?;
        let known = frequencies(&corpus.shards, tokenizer.specials())?;
        let frequency =
            losses(&items, &tokenizer, variant.layout, |texts| Ok(known.perplexity(texts, options.max_length)))?;
        let all = [(by, replies), (FREQUENCY, frequency)];
        let all = all.map(|(by, replies)| Replies { by: by.to_owned(), replies });
        write_lines(&folder.join(REPLIES), &all).map(drop)
    })
}

/// What was answered without training.
pub(crate) fn read_untrained(untrained: &Stage) -> Result<Vec<Replies>> {
    read_lines(&untrained.file(REPLIES))
}

/// All variants are probed at a length that each of them was trained at, so that all see the same.
fn max_length(work: &StageContext<'_>) -> usize {
    work.run.variants.iter().map(|variant| variant.train.max_length).min().unwrap_or_default()
}

/// A variant compares by its link head only where its training text had links for it: a head that nothing was trained by would
/// answer at random.
fn comparison(variant: &Variant, prepared: &Prepared) -> Result<Comparison> {
    if variant.train.objectives.link.weight <= 0.0 {
        return Ok(Comparison::HiddenStates);
    }
    let shard = ShardReader::open(&prepared.corpus(variant).shards.file(shards::TRAIN))?;
    for text in shard.iter() {
        if !text?.mentions.is_empty() {
            return Ok(Comparison::LinkHead);
        }
    }
    Ok(Comparison::HiddenStates)
}

fn frequencies(shards: &Stage, specials: SpecialTokens) -> Result<TokenCounts> {
    let mut counts = TokenCounts::new(specials);
    for text in ShardReader::open(&shards.file(shards::TRAIN))?.iter() {
        counts.add(&text?.tokens);
    }
    Ok(counts)
}

/// A model and how it is asked.
struct Probed {
    weights: Weights,
    options: ProbeOptions,
    layout: Layout,
    comparison: Comparison,
}

impl Probed {
    fn replies(
        &self,
        work: &StageContext<'_>,
        variant: &Variant,
        prepared: &Prepared,
        items: &Stage,
        tokenizer: &Tokenizer,
    ) -> Result<Vec<Reply>> {
        let (device, specials) = (variant.train.device, tokenizer.specials());
        let model = jove_eval::open(&self.weights, device, specials, self.options, work.progress)?;
        let asked = Asked { items, tokenizer, model: model.as_ref() };
        let mut replies = asked.clozes()?;
        replies.extend(asked.mentions(prepared, self.comparison)?);
        replies.extend(asked.typing()?);
        replies.extend(asked.bitexts()?);
        replies.extend(losses(items, tokenizer, self.layout, |texts| Ok(model.pseudo_perplexity(texts, SEED)?))?);
        Ok(replies)
    }
}

/// Items that are put to a model in the tokens of its vocabulary.
struct Asked<'a> {
    items: &'a Stage,
    tokenizer: &'a Tokenizer,
    model: &'a dyn Evaluator,
}

impl Asked<'_> {
    fn clozes(&self) -> Result<Vec<Reply>> {
        let mut replies = Vec::new();
        for (probe, questions) in items::read_clozes(self.items)? {
            let own: Vec<ClozeItem> =
                questions.iter().map(|question| question.item(self.tokenizer)).collect::<Result<_, _>>()?;
            let answers = match probe.as_str() {
                PRIOR_CORRECTED => self.model.prior_corrected_cloze(&own)?,
                _ => self.model.cloze(&own)?,
            };
            let name = |item: usize, candidate: usize| questions[item].candidates[candidate].name.clone();
            replies.extend(named(&probe, 0, &answers, name));
        }
        Ok(replies)
    }

    fn mentions(&self, prepared: &Prepared, comparison: Comparison) -> Result<Vec<Reply>> {
        let lists = items::read_mentions(self.items)?;
        if lists.iter().all(|(_, questions)| questions.is_empty()) {
            return Ok(Vec::new());
        }
        let descriptions = items::read_descriptions(self.items)?;
        let entities = described_entities(&descriptions);
        let names = items::entity_names(&kb::open(&prepared.base)?, &prepared.languages)?;
        let in_tokens = |one: jove_eval::Description| -> Result<(EntityId, Lang, Vec<TokenId>)> {
            Ok((one.entity, one.lang, self.tokenizer.encode_text(&one.text)?.tokens))
        };
        let descriptions: Vec<_> = descriptions.into_iter().map(in_tokens).collect::<Result<_>>()?;
        let described = self.model.describe(&descriptions, comparison)?;
        let mut replies = Vec::new();
        for (probe, questions) in &lists {
            let own: Vec<MentionItem> =
                questions.iter().map(|question| question.item(self.tokenizer)).collect::<Result<_, _>>()?;
            let own: Vec<_> = own.into_iter().zip(questions).collect();
            let answers = self.model.mention_retrieval(&own, &described)?;
            let name = |_, candidate: usize| names.get(&entities[candidate]).cloned().unwrap_or_default();
            replies.extend(named(probe, 0, &answers, name));
        }
        Ok(replies)
    }

    fn typing(&self) -> Result<Vec<Reply>> {
        let (probe, questions, types) = items::read_typing(self.items)?;
        let side = |questions: &[jove_eval::TypingQuestion]| -> Result<Vec<TypingItem>> {
            Ok(questions.iter().map(|question| question.item(self.tokenizer)).collect::<Result<_, _>>()?)
        };
        let own = TypingItems { train: side(&questions.train)?, test: side(&questions.test)?, types: types.len() };
        let answers = self.model.entity_typing(&own)?;
        Ok(named(&probe, 0, &answers, |_, candidate| types[candidate].clone()))
    }

    fn bitexts(&self) -> Result<Vec<Reply>> {
        let mut replies = Vec::new();
        for Bitext { probes, langs, pairs } in items::read_bitexts(self.items)? {
            let side = |text: &String, lang| whole(self.tokenizer, text, lang);
            let tokens: Vec<(TokenizedText, TokenizedText)> = pairs
                .iter()
                .map(|[left, right]| Ok((side(left, langs[0])?, side(right, langs[1])?)))
                .collect::<Result<_>>()?;
            let found = self.model.bitext_retrieval(&tokens)?;
            for ((probe, first), (answers, key)) in probes.iter().zip([(found.forward, 1), (found.backward, 0)]) {
                replies.extend(named(probe, *first, &answers, |_, candidate| pairs[candidate][key].clone()));
            }
        }
        Ok(replies)
    }
}

fn named(probe: &str, first: u32, answers: &[Answer], name: impl Fn(usize, usize) -> String) -> Vec<Reply> {
    let one = |(index, answer): (usize, &Answer)| {
        reply(probe, first + index as u32, answer, |candidate| name(index, candidate))
    };
    answers.iter().enumerate().map(one).collect()
}

/// A text in tokens; an unknown one where the vocabulary has none for it, so that every item is asked.
fn whole(tokenizer: &Tokenizer, text: &str, lang: Lang) -> Result<TokenizedText> {
    let mut tokens = tokenizer.encode(&plain(text.to_owned(), lang))?;
    if tokens.tokens.is_empty() {
        tokens.tokens.push(tokenizer.specials().unknown);
    }
    Ok(tokens)
}

/// The masked tokens of held-out texts, as `predict` does.
fn losses(
    items: &Stage,
    tokenizer: &Tokenizer,
    layout: Layout,
    predict: impl Fn(&[(u64, TokenizedText)]) -> Result<Vec<jove_eval::Perplexity>>,
) -> Result<Vec<Reply>> {
    let texts = items::read_texts(items)?;
    let tokens = |text: &HeldOutText| Ok((text.number, tokenizer.encode(&plain(text.text.clone(), text.lang))?));
    let scores = predict(&texts.iter().map(tokens).collect::<Result<Vec<_>>>()?)?;
    let mut replies: Vec<Reply> = Vec::with_capacity(texts.len());
    for (text, score) in texts.iter().zip(scores) {
        let probe = loss_probe(&text.probe, &layout);
        // Texts of a probe stand together, in the order of its items.
        let item = replies.last().filter(|last| last.probe == probe).map_or(0, |last| last.item + 1);
        let candidates = tokenizer.specials().vocab_size;
        let (nats, tokens) = (score.loss, score.tokens as u32);
        replies.push(Reply { probe, item, candidates, nats, tokens, ..Reply::default() });
    }
    Ok(replies)
}
