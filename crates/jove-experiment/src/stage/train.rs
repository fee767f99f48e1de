//! Training one variant under one seed.

use std::time::Instant;

use jove_checkpoint::ExtraFile;
use jove_core::Seed;
use jove_corpus::{PairReader, ShardReader};
use jove_model::bench::{forget_peak_rss, peak_rss_mib};
use jove_trainer::{Descriptions, Job, Output, Start, TrainingData, read_metrics};
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::cache::{Key, Leftover, Stage};
use crate::execute::{Cut, Prepared};
use crate::origin::Origin;
use crate::results::CurvePoint;
use crate::run::Variant;
use crate::stage::{Work, describe, tokenizer, write_json};

/// What training cost, in its stage.
pub(crate) const SUMMARY: &str = "summary.json";

/// What training cost and how it went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Summary {
    /// Parameters of the model.
    pub(crate) parameters: u64,
    /// Tokens read.
    pub(crate) tokens: u64,
    /// Wall time, of the last session where the run was interrupted.
    pub(crate) seconds: f64,
    /// The most memory held, in MiB, where the system tells.
    pub(crate) memory_mib: Option<f64>,
    /// The learning curve.
    pub(crate) curve: Vec<CurvePoint>,
}

/// Trains a variant, or goes on where an earlier attempt stopped.
pub(crate) fn train(work: &Work<'_>, variant: &Variant, seed: u64, prepared: &Prepared) -> Result<Stage> {
    let Cut { vocabulary, shards, .. } = prepared.cut(variant);
    let base = &prepared.base;
    let config = jove_trainer::TrainConfig { seed: Seed(seed), ..variant.train.clone() };
    let settings = (&config, &variant.masking, variant.layout, &work.run.file.model);
    let weights = work.origin.as_ref().map(Origin::weights_key).transpose()?;
    let mut inputs = vec![&base.key, &vocabulary.key, &shards.key];
    inputs.extend(&weights);
    let key = Key::new("train", &settings, &inputs);
    work.cache.stage(&format!("train-{}-{seed}", variant.name), key.clone(), Leftover::Keep, |folder| {
        let begun = Instant::now();
        forget_peak_rss();
        let tokenizer = tokenizer::open(vocabulary)?;
        let specials = tokenizer.specials();
        let start = match &work.origin {
            Some(origin) => Start::Checkpoint(origin.folder.clone()),
            None => Start::Random(work.run.model_config(variant.layout, specials.vocab_size as usize)),
        };
        let data = TrainingData {
            text: Box::new(ShardReader::open(&shards.file(super::shards::TRAIN))?),
            pairs: Box::new(PairReader::open(&shards.file(super::shards::PAIRS))?),
            descriptions: if config.objectives.link.weight > 0.0 {
                describe::descriptions(prepared, &tokenizer)?
            } else {
                Descriptions::new()
            },
            mask: variant.masking.clone(),
            fingerprint: key.as_str().to_owned(),
        };
        let files = tokenizer
            .files()?
            .into_iter()
            .map(|(name, bytes)| ExtraFile::new(&name, bytes))
            .collect::<Result<_, _>>()?;
        let output = Output { dir: folder.to_owned(), files };
        let metrics = output.metrics();
        let job = Job { config: config.clone(), start, data, specials, output };
        let trained = job.run(work.progress)?;
        let lines = read_metrics(&metrics)?;
        let summary = Summary {
            parameters: trained.parameters,
            tokens: lines.last().map_or(0, |line| line.tokens),
            seconds: begun.elapsed().as_secs_f64(),
            memory_mib: peak_rss_mib(),
            curve: lines
                .iter()
                .filter_map(|line| Some(CurvePoint { tokens: line.tokens, loss: line.losses.get("mlm")?.mean() }))
                .collect(),
        };
        write_json(&folder.join(SUMMARY), &summary)
    })
}
