//! Training one variant under one seed.

use jove_checkpoint::ExtraFile;
use jove_core::{Seed, SpecialTokens};
use jove_corpus::{PairReader, ShardReader};
use jove_model::bench::{forget_peak_rss, peak_rss_mib};
use jove_trainer::{Output, Start, TrainingData, TrainingRun, read_metrics};
use serde::{Deserialize, Serialize};

use crate::cache::{Key, Leftover, Stage};
use crate::error::Result;
use crate::files::{read_json, write_json};
use crate::initial_checkpoint::InitialCheckpoint;
use crate::prepared::{Prepared, TokenizedCorpus};
use crate::results::CurvePoint;
use crate::stage::knowledge::Knowledge;
use crate::stage::{StageContext, knowledge, tokenizer};
use crate::variant::Variant;
use crate::wall_clock::WallClock;

/// What training cost, in its stage.
pub(crate) const SUMMARY: &str = "summary.json";

/// What training cost and how it went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Summary {
    /// Parameters of the model.
    pub(crate) parameters: u64,
    /// Tokens read.
    pub(crate) tokens: u64,
    /// Wall time, of all sessions together where the run was interrupted.
    pub(crate) seconds: f64,
    /// The most memory held, in MiB, where the system tells.
    pub(crate) memory_mib: Option<f64>,
    /// The learning curve.
    pub(crate) curve: Vec<CurvePoint>,
}

/// What a variant starts from.
pub(crate) fn start(work: &StageContext<'_>, variant: &Variant, specials: &SpecialTokens) -> Start {
    match &work.initial {
        Some(initial) => Start::Checkpoint(initial.folder.clone()),
        None => Start::Random(work.run.model_config(variant.layout, specials.vocab_size as usize)),
    }
}

/// What a variant reads; `fingerprint` becomes part of its checkpoints.
pub(crate) fn data(
    variant: &Variant,
    prepared: &Prepared,
    knowledge: &Knowledge,
    fingerprint: String,
) -> Result<TrainingData> {
    let shards = &prepared.corpus(variant).shards;
    Ok(TrainingData {
        text: Box::new(ShardReader::open(&shards.file(super::shards::TRAIN))?),
        weights: read_json(shards, super::shards::WEIGHTS)?,
        pairs: Box::new(PairReader::open(&shards.file(super::shards::PAIRS))?),
        descriptions: knowledge.descriptions()?,
        hard_negatives: knowledge.hard_negatives()?,
        relations: knowledge.relations()?,
        mask: variant.masking.clone(),
        replacements: knowledge.replacements()?,
        fingerprint,
    })
}

/// Trains a variant, or resumes where an earlier attempt stopped.
pub(crate) fn train(work: &StageContext<'_>, variant: &Variant, seed: u64, prepared: &Prepared) -> Result<Stage> {
    let TokenizedCorpus { vocabulary, shards, .. } = prepared.corpus(variant);
    let config = jove_trainer::TrainConfig { seed: Seed(seed), ..variant.train.clone() };
    let knowledge = knowledge::knowledge(work, variant, config.seed, prepared)?;
    let settings = (&config, &variant.masking, variant.layout, &work.run.file.model);
    let weights = work.initial.as_ref().map(InitialCheckpoint::weights_key).transpose()?;
    let mut inputs = vec![&vocabulary.key, &shards.key];
    inputs.extend(&weights);
    inputs.extend(knowledge.keys());
    let key = Key::new("train", &settings, &inputs);
    work.cache.stage(&format!("train-{}-{seed}", variant.name), key.clone(), Leftover::Keep, |folder| {
        let clock = WallClock::begin(folder, work.progress);
        forget_peak_rss();
        let tokenizer = tokenizer::open(vocabulary)?;
        let specials = tokenizer.specials();
        work.run.check_free_memory(variant, work.initial.as_ref(), specials.vocab_size as usize)?;
        let start = start(work, variant, &specials);
        let data = data(variant, prepared, &knowledge, key.as_str().to_owned())?;
        let files = tokenizer
            .files()?
            .into_iter()
            .map(|(name, bytes)| ExtraFile::new(&name, bytes))
            .collect::<Result<_, _>>()?;
        // A large vocabulary takes hundreds of megabytes that training does not need.
        drop(tokenizer);
        let output = Output { dir: folder.to_owned(), files };
        let metrics = output.metrics();
        // Nothing is read from outside the cache from here on.
        let inputs = key.clone();
        let started = Box::new(move || Ok(inputs.check_files()?));
        let training = TrainingRun { config: config.clone(), start, data, specials, output, started };
        let trained = match training.run(&clock) {
            Ok(trained) => trained,
            Err(error) => {
                clock.save()?;
                return Err(error.into());
            }
        };
        let lines = read_metrics(&metrics)?;
        let summary = Summary {
            parameters: trained.parameters,
            tokens: lines.last().map_or(0, |line| line.tokens),
            seconds: clock.seconds(),
            memory_mib: peak_rss_mib(),
            curve: lines
                .iter()
                .filter_map(|line| Some(CurvePoint { tokens: line.tokens, loss: line.losses.get("mlm")?.mean() }))
                .collect(),
        };
        write_json(&folder.join(SUMMARY), &summary)?;
        clock.finish();
        Ok(())
    })
}
