//! A tiny world: twelve countries, each with a capital, in sentences of two languages.

use jove_core::{EntityId, Lang, ModelConfig, Pos, Seed, SpecialTokens, TokenId, TokenSpan, TokenizedText};
use jove_model::{Backend, Parameters as _};
use jove_objectives::Model;
use jove_trainer::{HardNegatives, Output, Pretraining, Relations, TrainConfig, Trainer, TrainingData};

use dfdx::prelude::Cpu;

pub(crate) const COUNTRIES: u32 = 12;
const FIRST_COUNTRY: u32 = 10;
const FIRST_CAPITAL: u32 = FIRST_COUNTRY + COUNTRIES;
/// Added to a token to say the same in the other language.
const OTHER_LANGUAGE: u32 = 2 * COUNTRIES + 10;
const VOCABULARY: u32 = 2 * OTHER_LANGUAGE;

pub(crate) fn specials() -> SpecialTokens {
    let [pad, first, separator, unknown, mask] = [0, 1, 2, 3, 4].map(TokenId);
    SpecialTokens { first, separator, pad, unknown, mask, vocab_size: VOCABULARY }
}

/// `CAPITAL is the capital of COUNTRY`, in one of two orders and languages.
pub(crate) fn sentence(country: u32, order: bool, other: bool) -> TokenizedText {
    let (country_token, capital) = (FIRST_COUNTRY + country, FIRST_CAPITAL + country);
    let plain = if order { [5, capital, 6, 7, country_token] } else { [8, country_token, 9, 5, capital] };
    let shift = if other { OTHER_LANGUAGE - 5 } else { 0 };
    let position = if order { 4 } else { 1 };
    TokenizedText {
        lang: if other { Lang::EN } else { Lang::ZH },
        tokens: plain.iter().map(|&token| TokenId(token + shift)).collect(),
        words: (0..5).map(|at| (TokenSpan::new(at, at + 1), Pos::Noun)).collect(),
        mentions: vec![(TokenSpan::new(position, position + 1), EntityId(country))],
    }
}

pub(crate) fn data() -> TrainingData {
    let all = |other| (0..COUNTRIES).flat_map(move |c| [true, false].map(|order| sentence(c, order, other)));
    TrainingData {
        text: Box::new(all(false).chain(all(true)).collect::<Vec<_>>()),
        pairs: Box::new(all(false).zip(all(true)).collect::<Vec<_>>()),
        descriptions: (0..COUNTRIES)
            .map(|c| {
                (EntityId(c), vec![vec![TokenId(FIRST_CAPITAL + c), TokenId(7)], vec![TokenId(FIRST_COUNTRY + c)]])
            })
            .collect(),
        hard_negatives: hard_negatives(),
        relations: relations(),
        ..TrainingData::default()
    }
}

/// Every country is taken for the next two; the first two share a name.
fn hard_negatives() -> HardNegatives {
    let mut hard_negatives = HardNegatives::sharing([vec![EntityId(0), EntityId(1)]]);
    for country in 0..COUNTRIES {
        let next = (1..3).map(|by| EntityId((country + by) % COUNTRIES));
        let others = next.filter(|&other| !hard_negatives.share_a_name(EntityId(country), other)).collect();
        hard_negatives.negatives.insert(EntityId(country), others);
    }
    hard_negatives
}

/// Every country borders the next and, by another relation, trades with the three after it.
fn relations() -> Relations {
    let labels = vec![vec![vec![TokenId(6)]], vec![vec![TokenId(7), TokenId(8)]]];
    let fact = |from: u32, relation, by| (EntityId(from), relation, EntityId((from + by) % COUNTRIES));
    let facts = (0..COUNTRIES).flat_map(|c| [fact(c, 0, 1), fact(c, 1, 1), fact(c, 1, 2), fact(c, 1, 3)]);
    let descriptions = (0..COUNTRIES).map(|c| (EntityId(c), vec![vec![TokenId(FIRST_COUNTRY + c), TokenId(9)]]));
    Relations::new(labels, facts.collect(), descriptions.collect())
}

/// All that the knowledge link can have: a queue, a learned temperature, hard negatives, and the relation form beside it.
pub(crate) fn linking(steps: u64) -> TrainConfig {
    let mut config = remembering(steps);
    config.objectives.tlm.weight = 0.0;
    config.objectives.translation.weight = 0.0;
    config.objectives.link.learned_temperature = true;
    config.objectives.link.hard_negatives = 2;
    config.objectives.relation.weight = 0.5;
    config.objectives.relation.description_length = 8;
    config.objectives.relation.projection = 16;
    config
}

/// All objectives on.
pub(crate) fn everything(steps: u64) -> TrainConfig {
    let mut config = plain(steps);
    config.objectives.link.weight = 0.5;
    config.objectives.link.description_length = 8;
    config.objectives.link.projection = 16;
    config.objectives.tlm.weight = 0.5;
    config.objectives.translation.weight = 0.5;
    config.objectives.word_alignment.weight = 0.5;
    config
}

/// All objectives, and a queue of descriptions beside the batch's.
pub(crate) fn remembering(steps: u64) -> TrainConfig {
    let mut config = everything(steps);
    config.objectives.momentum = 0.9;
    config.objectives.link.queue = 17;
    config
}

/// Masked language modelling alone.
pub(crate) fn plain(steps: u64) -> TrainConfig {
    TrainConfig {
        steps: Some(steps),
        batch_tokens: 256,
        max_length: 16,
        learning_rate: 5e-3,
        save_every: 0,
        log_every: 2,
        ..TrainConfig::default()
    }
}

pub(crate) fn model() -> Model<Cpu> {
    model_on(&Cpu::default())
}

pub(crate) fn model_on<D: Backend>(device: &D) -> Model<D> {
    let config = ModelConfig { max_position_embeddings: 20, ..ModelConfig::bert(VOCABULARY as usize, 32, 2, 2, 64) };
    Model::new(&config, device, Seed(3)).unwrap()
}

pub(crate) fn output(dir: &std::path::Path) -> Output {
    Output { dir: dir.to_owned(), files: Vec::new() }
}

pub(crate) fn pretraining(config: &TrainConfig) -> Pretraining<Cpu> {
    Pretraining::new(config, model(), data(), specials()).unwrap()
}

pub(crate) fn trainer(config: &TrainConfig, dir: &std::path::Path) -> Trainer<Pretraining<Cpu>> {
    Trainer::new(config.loop_options(), pretraining(config), output(dir)).unwrap()
}

/// Every parameter's bits.
pub(crate) fn bits(model: &Model<Cpu>) -> Vec<(String, Vec<u32>)> {
    let mut all = Vec::new();
    model.visit(&mut |parameter| {
        all.push((parameter.name.clone(), parameter.to_vec().iter().map(|value| value.to_bits()).collect()));
    });
    all
}
