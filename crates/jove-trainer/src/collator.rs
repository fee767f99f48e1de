//! Fills batches with examples: masks, windows, descriptions and pairs, all drawn from the seed.

mod link;
mod relation;

use std::ops::Range;

use jove_core::{Lang, Layout, ModelConfig, Purpose, Rng, SpecialTokens, TokenId, TokenizedText};
use jove_objectives::{PairRows, pair_sequence};

use self::link::LinkedMention;
use crate::alignment::check_layer;
use crate::batch::{Batch, Targets};
use crate::config::TrainConfig;
use crate::error::Error;
use crate::objectives::Objectives;
use crate::random_crop::cut;
use crate::sampler::{Sampler, SamplerState};
use crate::source::{Example, ExampleSource, TrainingData};

/// Turns examples into batches. The batches of a step depend on the seed, the step and the streams' states alone.
#[derive(Debug)]
pub struct Collator {
    config: TrainConfig,
    data: TrainingData,
    specials: SpecialTokens,
    layout: Layout,
    text: Sampler,
    tlm: Sampler,
    translation: Sampler,
    relation: Sampler,
}

/// Where an assembler stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CollatorState {
    text: SamplerState,
    tlm: SamplerState,
    translation: SamplerState,
    #[serde(default)]
    relation: SamplerState,
}

impl Collator {
    /// An assembler at the beginning of a run.
    ///
    /// # Errors
    /// Where a setting cannot hold, an objective that is on has no data, or an example cannot be read.
    pub fn new(
        config: &TrainConfig,
        data: TrainingData,
        specials: SpecialTokens,
        model: &ModelConfig,
    ) -> Result<Self, Error> {
        config.validate()?;
        data.mask.validate()?;
        data.check(&config.objectives)?;
        let longest = model.max_sequence_length();
        let expected = format!("at most {longest}, the positions that the model has");
        crate::config::check("max-length", expected, config.max_length, config.max_length <= longest)?;
        let Objectives { translation, word_alignment, .. } = &config.objectives;
        for (name, layer) in [("translation", translation.layer), ("word-alignment", word_alignment.layer)] {
            check_layer(name, layer, model.num_hidden_layers)?;
        }
        let text_langs = if config.objectives.needs_text() { data.text_langs()? } else { Vec::new() };
        let pair_langs = if config.objectives.needs_pairs() { data.pair_langs()? } else { Vec::new() };
        let fact_count = if config.objectives.relation.weight > 0.0 { data.relations.facts().len() } else { 0 };
        let stream = |origin, langs| Sampler::new(config.seed, origin as u64, langs, config.language_exponent);
        Ok(Self {
            text: stream(ExampleSource::Text, &text_langs),
            tlm: stream(ExampleSource::Tlm, &pair_langs),
            translation: stream(ExampleSource::Translation, &pair_langs),
            // Facts are of no language.
            relation: stream(ExampleSource::Relation, &vec![Lang::EN; fact_count]),
            config: config.clone(),
            data,
            specials,
            layout: model.layout,
        })
    }

    /// Where it stands.
    pub fn state(&self) -> CollatorState {
        CollatorState {
            text: self.text.state().clone(),
            tlm: self.tlm.state().clone(),
            translation: self.translation.state().clone(),
            relation: self.relation.state().clone(),
        }
    }

    /// Goes to where `state` says; `false` where it belongs to other data.
    #[must_use]
    pub fn restore(&mut self, state: &CollatorState) -> bool {
        self.text.restore(&state.text)
            && self.tlm.restore(&state.tlm)
            && self.translation.restore(&state.translation)
            && self.relation.restore(&state.relation)
    }

    /// Digest of the data and of how it is masked.
    pub(crate) fn data_fingerprint(&self) -> String {
        let mask = serde_json::to_string(&self.data.mask).expect("settings are plain data");
        let sizes = (self.data.text.len(), self.data.pairs.len(), self.data.descriptions.len());
        blake3::hash(format!("{}\n{mask}\n{sizes:?}", self.data.fingerprint).as_bytes()).to_hex().to_string()
    }

    /// The batches of step `step`, one for every forward pass.
    ///
    /// # Errors
    /// Where an example cannot be read.
    pub fn step(&mut self, step: u64) -> Result<Vec<Batch>, Error> {
        let passes = self.config.accumulation as u64;
        (0..passes).map(|pass| self.batch(step * passes + pass)).collect()
    }

    /// The batch of the forward pass number `pass` of the run.
    fn batch(&mut self, pass: u64) -> Result<Batch, Error> {
        let shares = Shares::of(&self.config);
        let mut batch = Batch::new();
        if self.config.objectives.needs_text() {
            let mentions = self.fill_text(&mut batch, shares.text)?;
            self.fill_link(&mut batch, mentions, shares.link, pass);
        }
        self.fill_tlm(&mut batch, shares.tlm)?;
        self.fill_translation(&mut batch, shares.translation)?;
        self.fill_relation(&mut batch, shares.relation);
        if self.config.objectives.needs_text() {
            // An objective that found less than its share, as the link does where text links nothing, leaves no tokens
            // unread: all runs of one budget read as much.
            let room = self.config.batch_tokens.saturating_sub(batch.len());
            self.fill_text(&mut batch, room)?;
        }
        Ok(batch)
    }

    /// Adds masked texts; returns their mentions that have descriptions.
    fn fill_text(&mut self, batch: &mut Batch, budget: usize) -> Result<Vec<LinkedMention>, Error> {
        let end = batch.len() + budget;
        let mut mentions = Vec::new();
        while let Some(drawn) = self.text.draw() {
            let example = Example { origin: ExampleSource::Text, index: drawn.index, epoch: drawn.epoch };
            let mut rng = self.rng(example);
            let text = cut(self.data.text(drawn.index)?, self.config.max_length - 2, &mut rng);
            if batch.len() + text.tokens.len() + 2 > end {
                self.text.put_back(drawn);
                break;
            }
            let mut targets = Targets::default();
            let inputs = self.mask(&text, self.config.objectives.mlm.weight > 0.0, &mut rng, &mut targets)?;
            let start = batch.push(self.wrap(&inputs), |_| 0) + 1;
            batch.mlm.append(targets, |position| start + position);
            let known = text.mentions.iter().filter(|(_, entity)| self.data.descriptions.contains_key(entity));
            mentions
                .extend(known.map(|(span, entity)| (start + span.range().start..start + span.range().end, *entity)));
            batch.examples.push(example);
        }
        Ok(mentions)
    }

    /// Adds pairs read as one sequence, masked on both sides.
    fn fill_tlm(&mut self, batch: &mut Batch, budget: usize) -> Result<(), Error> {
        if !self.config.objectives.needs_pair_sequences() {
            return Ok(());
        }
        let end = batch.len() + budget;
        while let Some(drawn) = self.tlm.draw() {
            let example = Example { origin: ExampleSource::Tlm, index: drawn.index, epoch: drawn.epoch };
            let mut rng = self.rng(example);
            let (first, second) = self.data.pair(drawn.index)?;
            let (first_length, second_length) =
                fit(first.tokens.len(), second.tokens.len(), self.config.max_length - 4);
            let (first, second) = (cut(first, first_length, &mut rng), cut(second, second_length, &mut rng));
            let (mut first_targets, mut second_targets) = (Targets::default(), Targets::default());
            let first = self.mask(&first, true, &mut rng, &mut first_targets)?;
            let second = self.mask(&second, true, &mut rng, &mut second_targets)?;
            let sequence = pair_sequence(self.layout, &self.specials, &first, &second);
            if batch.len() + sequence.tokens.len() > end {
                self.tlm.put_back(drawn);
                break;
            }
            let start = batch.push(sequence.tokens, |position| sequence.segments[position]);
            batch.tlm.append(first_targets, |position| start + sequence.first.start + position);
            batch.tlm.append(second_targets, |position| start + sequence.second.start + position);
            let rows = |side: Range<usize>| start + side.start..start + side.end;
            batch.pairs.push(PairRows { first: rows(sequence.first), second: rows(sequence.second) });
            batch.examples.push(example);
        }
        Ok(())
    }

    /// Adds pairs read as two sequences.
    fn fill_translation(&mut self, batch: &mut Batch, budget: usize) -> Result<(), Error> {
        let options = &self.config.objectives.translation;
        if options.weight == 0.0 {
            return Ok(());
        }
        let end = batch.len() + budget;
        while let Some(drawn) = self.translation.draw() {
            let example = Example { origin: ExampleSource::Translation, index: drawn.index, epoch: drawn.epoch };
            let mut rng = self.rng(example);
            let (first, second) = self.data.pair(drawn.index)?;
            let length = self.config.max_length - 2;
            let texts = (text_digest(&first), text_digest(&second));
            let [first, second] = [first, second].map(|side| ids(&cut(side, length, &mut rng).tokens));
            if batch.len() + first.len() + second.len() + 4 > end {
                self.translation.put_back(drawn);
                break;
            }
            let mut add = |side: Vec<u32>| {
                let start = batch.push(self.wrap(&side), |_| 0);
                options.pooling.rows(start, side.len())
            };
            let (source, target) = (add(first), add(second));
            batch.translation.sources.push(source);
            batch.translation.targets.push(target);
            batch.translation.texts.push(texts);
            batch.examples.push(example);
        }
        Ok(())
    }

    /// Masks `text`; returns what the model sees, and adds what was hidden to `targets`.
    fn mask(
        &self,
        text: &TokenizedText,
        masked: bool,
        rng: &mut Rng,
        targets: &mut Targets,
    ) -> Result<Vec<u32>, Error> {
        if !masked {
            return Ok(ids(&text.tokens));
        }
        let plan = jove_masking::plan_with(text, &self.data.mask, &self.specials, &self.data.swaps, rng)?;
        targets.rows.extend(plan.targets.iter().map(|target| target.position as usize));
        targets.labels.extend(plan.targets.iter().map(|target| target.original.0));
        Ok(ids(&plan.apply(&text.tokens)))
    }

    fn wrap(&self, tokens: &[u32]) -> Vec<u32> {
        let mut whole = Vec::with_capacity(tokens.len() + 2);
        whole.push(self.specials.first.0);
        whole.extend_from_slice(tokens);
        whole.push(self.specials.separator.0);
        whole
    }

    fn rng(&self, example: Example) -> Rng {
        self.config.seed.rng(Purpose::Mask, example.epoch, example.key())
    }
}

impl Targets {
    fn append(&mut self, other: Self, row: impl Fn(usize) -> usize) {
        self.rows.extend(other.rows.into_iter().map(row));
        self.labels.extend(other.labels);
    }
}

/// How many tokens of two sides fit into `room`: both whole where they do; else the longer one is cut first.
fn fit(first: usize, second: usize, room: usize) -> (usize, usize) {
    if first + second <= room {
        return (first, second);
    }
    let half = room / 2;
    if first <= half {
        (first, room - first)
    } else if second <= half {
        (room - second, second)
    } else {
        (half, room - half)
    }
}

/// Tells texts apart, in a queue as in a batch: the same tokens, however they are cut, have the same digest.
fn text_digest(text: &TokenizedText) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for token in &text.tokens {
        hasher.update(&token.0.to_le_bytes());
    }
    u64::from_le_bytes(hasher.finalize().as_bytes()[..8].try_into().expect("a digest has 32 bytes"))
}

fn ids(tokens: &[TokenId]) -> Vec<u32> {
    tokens.iter().map(|token| token.0).collect()
}

/// Tokens of a batch that each kind of sequence may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shares {
    pub(crate) text: usize,
    pub(crate) link: usize,
    /// Of pairs read as one sequence, for every objective on them.
    pub(crate) tlm: usize,
    pub(crate) translation: usize,
    pub(crate) relation: usize,
}

impl Shares {
    /// What the run file says; without objectives on text the pairs take the whole batch.
    pub(crate) fn of(config: &TrainConfig) -> Self {
        let objectives = &config.objectives;
        let share = |weight: f64, share: f64| if weight > 0.0 { share } else { 0.0 };
        let link = share(objectives.link.weight, objectives.link.share);
        let tlm = objectives.pair_sequence_share();
        let translation = share(objectives.translation.weight, objectives.translation.share);
        let relation = share(objectives.relation.weight, objectives.relation.share);
        let scale = if objectives.needs_text() { 1.0 } else { 1.0 / (tlm + translation + relation) };
        let tokens = |share: f64| (config.batch_tokens as f64 * share * scale).floor() as usize;
        let (link, tlm, translation) = (tokens(link), tokens(tlm), tokens(translation));
        let relation = tokens(relation);
        let rest = config.batch_tokens - link - tlm - translation - relation;
        Self { text: if objectives.needs_text() { rest } else { 0 }, link, tlm, translation, relation }
    }
}
