//! One batch through the model: the losses of all objectives on one tape.

use dfdx::prelude::{PutTape as _, SplitTape as _};
use jove_model::ops::tape;
use jove_model::{Backend, LossSum, Matrix, OwnedTape, Pass, Scalar, Sequences};
use jove_objectives::{
    Contrast, LinkForm, LinkItems, Remembered, TranslationItems, knowledge_link, translation_contrast,
};

use crate::memory::Queues;
use crate::metrics::add_losses;
use crate::{Batch, Error, Loss, Losses, Model, Objectives, Targets};

/// The number of items of each objective.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    mlm: usize,
    link: usize,
    tlm: usize,
    translation: usize,
}

impl Counts {
    /// Those of several batches together.
    pub(crate) fn of(batches: &[Batch]) -> Self {
        batches.iter().fold(Self::default(), |sum, batch| Self {
            mlm: sum.mlm + batch.mlm.rows.len(),
            link: sum.link + batch.link.mentions.len(),
            tlm: sum.tlm + batch.tlm.rows.len(),
            translation: sum.translation + batch.translation.sources.len(),
        })
    }
}

/// What every batch of a step shares.
pub(crate) struct Objective<'a, D: Backend> {
    pub(crate) options: &'a Objectives,
    /// Keys of former steps.
    pub(crate) queues: Queues<D>,
    /// The items of the whole step: each loss is divided by its count here, so that a step does not depend on how it is
    /// cut into batches.
    pub(crate) counts: Counts,
}

type Hidden<D> = Matrix<D>;

impl<D: Backend> Objective<'_, D> {
    /// The weighted loss of one batch, with its tape, and the plain losses; a loss of 0 where the batch asks nothing.
    pub(crate) fn evaluate(
        &self,
        model: &Model<D>,
        batch: &Batch,
        tape: OwnedTape<D>,
        pass: &Pass,
    ) -> Result<(Scalar<D, OwnedTape<D>>, Losses), Error> {
        let sequences = sequences(model, batch)?;
        let (hidden, tape) = model.forward(&sequences, tape, pass)?.last.split_tape();
        let parts = [
            ("mlm", self.options.mlm.weight, self.counts.mlm, masked(model, &hidden, &batch.mlm)?),
            ("link", self.options.link.weight, self.counts.link, self.link(model, &hidden, batch)?),
            ("tlm", self.options.tlm.weight, self.counts.tlm, masked(model, &hidden, &batch.tlm)?),
            (
                "translation",
                self.options.translation.weight,
                self.counts.translation,
                self.translation(&hidden, batch)?,
            ),
        ];
        let mut losses = Losses::new();
        let zero: Scalar<D> = model
            .device()
            .try_tensor_from_vec(vec![0.0], ())
            .map_err(|error| jove_model::Error::Device(format!("{error:?}")))?;
        let mut total = zero.put_tape(tape);
        for (name, weight, count, part) in parts {
            let Some(part) = part else { continue };
            let loss = Loss { sum: f64::from(tape::value(&part.sum)), count: part.count as u64 };
            add_losses(&mut losses, &Losses::from([(name.to_owned(), loss)]));
            let scaled = tape::scale(part.sum, (weight / count as f64) as f32)?;
            total = tape::add(total, scaled)?;
        }
        Ok((total, losses))
    }

    fn link(&self, model: &Model<D>, hidden: &Hidden<D>, batch: &Batch) -> Part<D> {
        let (Some(head), false) = (&model.link, batch.link.mentions.is_empty()) else { return Ok(None) };
        let options = &self.options.link;
        let entities: Vec<u32> = batch.link.entities.iter().map(|entity| entity.0).collect();
        let items = LinkItems {
            mentions: &batch.link.mentions,
            positives: &batch.link.positives,
            descriptions: &batch.link.descriptions,
            entities: &entities,
            excluded: &[],
        };
        let form = LinkForm {
            contrast: Contrast { temperature: options.temperature as f32, margin: 0.0 },
            symmetric: options.symmetric,
            queue: self.queues.link.as_ref().map(|(keys, entities)| Remembered { keys, entities }),
        };
        Ok(Some(knowledge_link(head, hidden.retaped(), &items, &form)?.loss))
    }

    fn translation(&self, hidden: &Hidden<D>, batch: &Batch) -> Part<D> {
        if batch.translation.sources.is_empty() {
            return Ok(None);
        }
        let options = &self.options.translation;
        let items = TranslationItems {
            sources: &batch.translation.sources,
            targets: &batch.translation.targets,
            texts: &batch.translation.texts,
        };
        let contrast = Contrast { temperature: options.temperature as f32, margin: options.margin as f32 };
        Ok(Some(translation_contrast(hidden.retaped(), &items, contrast)?))
    }
}

/// One objective's part of a batch, if it has one.
type Part<D> = Result<Option<LossSum<D, OwnedTape<D>>>, Error>;

fn masked<D: Backend>(model: &Model<D>, hidden: &Hidden<D>, targets: &Targets) -> Part<D> {
    if targets.rows.is_empty() {
        return Ok(None);
    }
    let rows: Vec<u32> = targets.rows.iter().map(|&row| row as u32).collect();
    Ok(Some(model.lm.loss(hidden.retaped(), &rows, &targets.labels)?))
}

fn sequences<D: Backend>(model: &Model<D>, batch: &Batch) -> Result<Sequences, Error> {
    let mut builder = Sequences::builder(model.config());
    for bounds in batch.bounds.windows(2) {
        let rows = bounds[0]..bounds[1];
        builder.push_with_segments(&batch.tokens[rows.clone()], &batch.segments[rows])?;
    }
    Ok(builder.build())
}
