//! Training one variant under one seed.

use std::time::Instant;

use jove_checkpoint::ExtraFile;
use jove_core::Seed;
use jove_corpus::{PairReader, ShardReader, Tokenizer};
use jove_model::bench::{forget_peak_rss, peak_rss_mib};
use jove_objectives::Descriptions;
use jove_trainer::{HardNegatives, Objectives, Output, Relations, Start, TrainingData, TrainingRun, read_metrics};
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::cache::{Key, Leftover, Stage};
use crate::execute::{Prepared, TokenizedCorpus};
use crate::initial_checkpoint::InitialCheckpoint;
use crate::results::CurvePoint;
use crate::run::Variant;
use crate::stage::{StageContext, annotate, describe, kb, lookalikes, relations, swaps, tokenizer, write_json};

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
pub(crate) fn train(work: &StageContext<'_>, variant: &Variant, seed: u64, prepared: &Prepared) -> Result<Stage> {
    let TokenizedCorpus { vocabulary, shards, .. } = prepared.cut(variant);
    let base = &prepared.base;
    let config = jove_trainer::TrainConfig { seed: Seed(seed), ..variant.train.clone() };
    let knowledge = Knowledge::needs(&config.objectives).then_some(&work.run.file.describe);
    let settings = (&config, &variant.masking, variant.layout, &work.run.file.model, knowledge);
    let weights = work.origin.as_ref().map(InitialCheckpoint::weights_key).transpose()?;
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
        let knowledge = Knowledge::gather(work, variant, config.seed, prepared, &tokenizer)?;
        let data = TrainingData {
            text: Box::new(ShardReader::open(&shards.file(super::shards::TRAIN))?),
            pairs: Box::new(PairReader::open(&shards.file(super::shards::PAIRS))?),
            descriptions: knowledge.descriptions,
            lookalikes: knowledge.lookalikes,
            relations: knowledge.relations,
            mask: variant.masking.clone(),
            swaps: swaps::swaps(&kb::open(base)?, &tokenizer, &variant.masking)?,
            fingerprint: key.as_str().to_owned(),
        };
        let files = tokenizer
            .files()?
            .into_iter()
            .map(|(name, bytes)| ExtraFile::new(&name, bytes))
            .collect::<Result<_, _>>()?;
        let output = Output { dir: folder.to_owned(), files };
        let metrics = output.metrics();
        let job = TrainingRun { config: config.clone(), start, data, specials, output };
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

/// What the objectives on the graph read of it.
#[derive(Default)]
struct Knowledge {
    descriptions: Descriptions,
    lookalikes: HardNegatives,
    relations: Relations,
}

impl Knowledge {
    fn needs(objectives: &Objectives) -> bool {
        objectives.link.weight > 0.0 || objectives.relation.weight > 0.0
    }

    fn gather(
        work: &StageContext<'_>,
        variant: &Variant,
        seed: Seed,
        prepared: &Prepared,
        tokenizer: &Tokenizer,
    ) -> Result<Self> {
        let objectives = &variant.train.objectives;
        let mut knowledge = Self::default();
        if !Self::needs(objectives) {
            return Ok(knowledge);
        }
        let settings = &work.run.file.describe;
        let base = kb::open(&prepared.base)?;
        if objectives.link.weight > 0.0 {
            knowledge.descriptions = describe::descriptions(prepared, tokenizer, settings)?;
            let wanted = objectives.link.hard_negatives > 0;
            knowledge.lookalikes = lookalikes::lookalikes(&base, &knowledge.descriptions, wanted, seed)?;
        }
        if objectives.relation.weight > 0.0 {
            let secrets = annotate::secrets(&prepared.text)?;
            knowledge.relations = relations::relations(&base, &secrets, tokenizer, settings, variant.graph)?;
        }
        Ok(knowledge)
    }
}
