//! One batch through the model: the losses of all objectives on one tape.

use dfdx::prelude::{PutTape as _, SplitTape as _};
use jove_core::EntityId;
use jove_model::ops::tape;
use jove_model::{Backend, LossSum, Matrix, OwnedTape, Pass, Scalar, Sequences};
use jove_objectives::{
    Contrast, LinkForm, LinkHead, LinkItems, Remembered, TranslationItems, knowledge_link, translation_contrast,
};

use crate::memory::Queues;
use crate::metrics::{Gauges, add_losses};
use crate::{Batch, Error, LinkTargets, Loss, Losses, Model, Objectives, Targets, watch};

/// The number of items of each objective.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    mlm: usize,
    link: usize,
    tlm: usize,
    translation: usize,
    relation: usize,
}

impl Counts {
    /// Those of several batches together.
    pub(crate) fn of(batches: &[Batch]) -> Self {
        batches.iter().fold(Self::default(), |sum, batch| Self {
            mlm: sum.mlm + batch.mlm.rows.len(),
            link: sum.link + batch.link.mentions.len(),
            tlm: sum.tlm + batch.tlm.rows.len(),
            translation: sum.translation + batch.translation.sources.len(),
            relation: sum.relation + batch.relation.mentions.len(),
        })
    }
}

/// What every batch of a step shares.
pub(crate) struct Objective<'a, D: Backend> {
    pub(crate) options: &'a Objectives,
    /// Whether gauges are read.
    pub(crate) watched: bool,
    /// Keys of former steps.
    pub(crate) queues: Queues<D>,
    /// The items of the whole step: each loss is divided by its count here, so that a step does not depend on how it is
    /// cut into batches.
    pub(crate) counts: Counts,
}

type Hidden<D> = Matrix<D>;

/// What one batch came to.
pub(crate) struct Evaluated<D: Backend> {
    /// The weighted loss with its tape; 0 where the batch asks nothing.
    pub(crate) loss: Scalar<D, OwnedTape<D>>,
    /// The plain losses.
    pub(crate) losses: Losses,
    /// What was watched.
    pub(crate) gauges: Gauges,
}

impl<D: Backend> Objective<'_, D> {
    /// The losses of one batch.
    pub(crate) fn evaluate(
        &self,
        model: &Model<D>,
        batch: &Batch,
        tape: OwnedTape<D>,
        pass: &Pass,
    ) -> Result<Evaluated<D>, Error> {
        let sequences = sequences(model, batch)?;
        let (hidden, tape) = model.forward(&sequences, tape, pass)?.last.split_tape();
        let mut gauges = Gauges::new();
        let link = self.link(model, &hidden, batch, &mut gauges)?;
        let relation = self.relation(model, &hidden, batch, &mut gauges)?;
        let parts = [
            ("mlm", self.options.mlm.weight, self.counts.mlm, masked(model, &hidden, &batch.mlm)?),
            ("link", self.options.link.weight, self.counts.link, link),
            ("tlm", self.options.tlm.weight, self.counts.tlm, masked(model, &hidden, &batch.tlm)?),
            (
                "translation",
                self.options.translation.weight,
                self.counts.translation,
                self.translation(&hidden, batch)?,
            ),
            ("relation", self.options.relation.weight, self.counts.relation, relation),
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
        Ok(Evaluated { loss: total, losses, gauges })
    }

    fn link(&self, model: &Model<D>, hidden: &Hidden<D>, batch: &Batch, gauges: &mut Gauges) -> Part<D> {
        let options = &self.options.link;
        let form = LinkForm {
            contrast: Contrast { temperature: options.temperature as f32, margin: 0.0 },
            symmetric: options.symmetric,
            queue: self.queues.link.as_ref().map(|(keys, entities)| Remembered { keys, entities }),
        };
        self.contrast("link", model.link.as_ref(), hidden, &batch.link, &form, gauges)
    }

    fn relation(&self, model: &Model<D>, hidden: &Hidden<D>, batch: &Batch, gauges: &mut Gauges) -> Part<D> {
        let options = &self.options.relation;
        let form = LinkForm {
            contrast: Contrast { temperature: options.temperature as f32, margin: 0.0 },
            symmetric: options.symmetric,
            queue: None,
        };
        self.contrast("relation", model.relation.as_ref(), hidden, &batch.relation, &form, gauges)
    }

    fn contrast(
        &self,
        name: &str,
        head: Option<&LinkHead<D>>,
        hidden: &Hidden<D>,
        targets: &LinkTargets,
        form: &LinkForm<'_, D>,
        gauges: &mut Gauges,
    ) -> Part<D> {
        let (Some(head), false) = (head, targets.mentions.is_empty()) else { return Ok(None) };
        let number = |entities: &Vec<EntityId>| entities.iter().map(|entity| entity.0).collect::<Vec<u32>>();
        let (entities, excluded) = (number(&targets.entities), targets.excluded.iter().map(number).collect::<Vec<_>>());
        let excluded: Vec<&[u32]> = excluded.iter().map(Vec::as_slice).collect();
        let items = LinkItems {
            mentions: &targets.mentions,
            positives: &targets.positives,
            descriptions: &targets.descriptions,
            entities: &entities,
            excluded: &excluded,
        };
        let linked = knowledge_link(head, hidden.retaped(), &items, form)?;
        if self.watched {
            watch::read(name, &linked, &items, head, gauges);
        }
        Ok(Some(linked.loss))
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
