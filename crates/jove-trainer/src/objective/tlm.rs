//! Translation language modelling: masked language modelling on a sentence and its translation, read as one sequence.
//! (Cross-lingual Language Model Pretraining, arXiv 1901.07291, section 3.3.)

use std::ops::Range;

use jove_model::Backend;
use jove_objectives::{PairRows, pair_sequence};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::error::Error;
use crate::example::ExampleSource;
use crate::metrics::Diagnostics;
use crate::objective::kind::Objective;
use crate::objective::mlm::masked_tokens;
use crate::objective::rules::{LossInput, Part, Rules, Train, need};
use crate::packing::Packing;
use crate::random_crop::cut;
use crate::source::TrainingData;
use crate::targets::MaskedTokens;

/// Translation language modelling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct TlmOptions {
    /// Loss weight: factor on the mean loss per masked token of a pair; 0 is off.
    pub weight: f64,
    /// Part of a batch's tokens that pairs may take, in (0, 0.5].
    #[serde(alias = "share")]
    pub token_fraction: f64,
}

impl Default for TlmOptions {
    fn default() -> Self {
        Self { weight: 0.0, token_fraction: 0.25 }
    }
}

impl Rules for TlmOptions {
    fn weight(&self) -> f64 {
        self.weight
    }

    fn token_fraction(&self) -> Option<f64> {
        Some(self.token_fraction)
    }

    fn validate(&self) -> Result<(), Error> {
        Ok(())
    }

    fn check_data(&self, data: &TrainingData) -> Result<(), Error> {
        need("tlm", "at least one translation pair", data.pairs.len(), 1)
    }

    fn reads(&self) -> ExampleSource {
        ExampleSource::Tlm
    }

    fn tokens_min(&self, max_length: usize) -> usize {
        max_length
    }

    /// Adds pairs as one sequence each, masked on both sides; word alignment reads the same sequences.
    fn fill(&self, packing: &mut Packing, batch: &mut Batch, budget: usize) -> Result<(), Error> {
        if !packing.reads(ExampleSource::Tlm) {
            return Ok(());
        }
        let end = batch.len() + budget;
        packing.draw_while(ExampleSource::Tlm, |packing, example, rng| {
            let (first, second) = packing.data.pair(example.index)?;
            let room = packing.max_length - 4;
            let (first_length, second_length) = fit(first.tokens.len(), second.tokens.len(), room);
            let (first, second) = (cut(first, first_length, rng), cut(second, second_length, rng));
            let (mut first_targets, mut second_targets) = (MaskedTokens::default(), MaskedTokens::default());
            let first = packing.mask(&first, rng, &mut first_targets)?;
            let second = packing.mask(&second, rng, &mut second_targets)?;
            let sequence = pair_sequence(packing.layout, &packing.specials, &first, &second);
            if batch.len() + sequence.tokens.len() > end {
                return Ok(false);
            }
            let start = batch.push(sequence.tokens, |position| sequence.segments[position]);
            let targets = batch.entry::<MaskedTokens>(Objective::Tlm);
            targets.append(first_targets, |position| start + sequence.first.start + position);
            targets.append(second_targets, |position| start + sequence.second.start + position);
            let rows = |side: Range<usize>| start + side.start..start + side.end;
            batch.pairs.push(PairRows { first: rows(sequence.first), second: rows(sequence.second) });
            batch.examples.push(example);
            Ok(true)
        })
    }
}

impl<D: Backend> Train<D> for TlmOptions {
    fn loss(&self, input: &LossInput<'_, D>, _: &mut Diagnostics) -> Part<D> {
        masked_tokens(input)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn two_sides_fill_the_room_and_the_shorter_is_cut_last(first in 0usize..90, second in 0usize..90, room in 2usize..60) {
            let (kept_first, kept_second) = fit(first, second, room);
            prop_assert!(kept_first <= first && kept_second <= second);
            prop_assert_eq!(kept_first + kept_second, room.min(first + second));
            if kept_first < first && kept_second < second {
                prop_assert!(kept_first.abs_diff(kept_second) <= 1);
            }
        }
    }
}
