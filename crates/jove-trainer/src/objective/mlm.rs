//! Masked language modelling on single texts. (BERT: Pre-training of Deep Bidirectional Transformers for Language
//! Understanding, arXiv 1810.04805, section 3.1.)

use jove_model::Backend;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::error::Error;
use crate::example::ExampleSource;
use crate::metrics::Diagnostics;
use crate::objective::kind::Objective;
use crate::objective::rules::{LossInput, Part, Rules, Train, need};
use crate::packing::{Packing, ids};
use crate::random_crop::cut;
use crate::source::TrainingData;
use crate::targets::MaskedTokens;

/// Masked language modelling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct MlmOptions {
    /// Loss weight: factor on the mean loss per masked token.
    pub weight: f64,
}

impl Default for MlmOptions {
    fn default() -> Self {
        Self { weight: 1.0 }
    }
}

impl Rules for MlmOptions {
    fn weight(&self) -> f64 {
        self.weight
    }

    fn token_fraction(&self) -> Option<f64> {
        None
    }

    fn validate(&self) -> Result<(), Error> {
        Ok(())
    }

    fn check_data(&self, data: &TrainingData) -> Result<(), Error> {
        need("mlm", "at least one text", data.text.len(), 1)
    }

    fn reads(&self) -> ExampleSource {
        ExampleSource::Text
    }

    fn tokens_min(&self, max_length: usize) -> usize {
        max_length
    }

    /// Adds texts, masked where the objective is on; the knowledge link reads the same texts.
    fn fill(&self, packing: &mut Packing, batch: &mut Batch, budget: usize) -> Result<(), Error> {
        if !packing.reads(ExampleSource::Text) {
            return Ok(());
        }
        let end = batch.len() + budget;
        packing.draw_while(ExampleSource::Text, |packing, example, rng| {
            let text = cut(packing.data.text(example.index)?, packing.max_length - 2, rng);
            if batch.len() + text.tokens.len() + 2 > end {
                return Ok(false);
            }
            let mut targets = MaskedTokens::default();
            let masked = self.weight > 0.0;
            let inputs = if masked { packing.mask(&text, rng, &mut targets)? } else { ids(&text.tokens) };
            let start = batch.push(packing.wrap(&inputs), |_| 0) + 1;
            batch.entry::<MaskedTokens>(Objective::Mlm).append(targets, |position| start + position);
            let described = text.mentions.iter().filter(|(_, entity)| packing.data.descriptions.contains_key(entity));
            let rows = described.map(|(span, entity)| (start + span.range().start..start + span.range().end, *entity));
            packing.mentions.extend(rows);
            batch.examples.push(example);
            Ok(true)
        })
    }
}

impl<D: Backend> Train<D> for MlmOptions {
    fn loss(&self, input: &LossInput<'_, D>, _: &mut Diagnostics) -> Part<D> {
        masked_tokens(input)
    }
}

/// Cross-entropy of the masked tokens, summed.
pub(crate) fn masked_tokens<D: Backend>(input: &LossInput<'_, D>) -> Part<D> {
    let Some(targets) = input.items::<MaskedTokens>() else { return Ok(None) };
    let rows: Vec<u32> = targets.rows.iter().map(|&row| row as u32).collect();
    Ok(Some(input.model.lm.loss(input.hidden.retaped(), &rows, &targets.labels)?))
}
