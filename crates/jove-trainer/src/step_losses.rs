//! One batch through the model: the losses of all objectives on one tape.

use dfdx::prelude::{PutTape as _, SplitTape as _};
use jove_core::EntityId;
use jove_model::ops::tape;
use jove_model::{Backend, LossSum, Matrix, OwnedTape, PackedBatch, Pass, Scalar};
use jove_objectives::{
    Contrast, LinkForm, LinkHead, LinkItems, Pointer, QueuedDescriptions, TranslationItems, TranslationKeys,
    cross_lingual_contrast, knowledge_link, translation_contrast, word_alignment,
};

use crate::alignment::TranslationForm;
use crate::batch::{Batch, LinkTargets, Targets, TranslationTargets};
use crate::contrastive_state::{QueuedPairs, Queues};
use crate::diagnostics;
use crate::error::Error;
use crate::loss_rows::LossRows;
use crate::metrics::{Diagnostics, add_losses};
use crate::metrics::{Loss, Losses};
use crate::momentum::MomentumEncoder;
use crate::objectives::Objectives;
use jove_objectives::Model;

/// An objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ObjectiveKind {
    Mlm,
    Link,
    Tlm,
    Translation,
    Relation,
    WordAlignment,
}

impl ObjectiveKind {
    pub(crate) const ALL: [Self; 6] =
        [Self::Mlm, Self::Link, Self::Tlm, Self::Translation, Self::Relation, Self::WordAlignment];

    /// Its name in metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mlm => "mlm",
            Self::Link => "link",
            Self::Tlm => "tlm",
            Self::Translation => "translation",
            Self::Relation => "relation",
            Self::WordAlignment => "word-alignment",
        }
    }
}

/// The number of items of each objective.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    mlm: usize,
    link: usize,
    tlm: usize,
    translation: usize,
    relation: usize,
    word_alignment: usize,
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
            word_alignment: sum.word_alignment + batch.pointers.len(),
        })
    }
}

/// What every batch of a step shares.
pub(crate) struct StepLosses<'a, D: Backend> {
    pub(crate) options: &'a Objectives,
    /// Whether diagnostics are read.
    pub(crate) watched: bool,
    /// Keys of former steps.
    pub(crate) queues: Queues<D>,
    /// The encoder of keys that are remembered, where there is one.
    pub(crate) slow: Option<&'a MomentumEncoder<D>>,
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
    pub(crate) diagnostics: Diagnostics,
}

impl<D: Backend> StepLosses<'_, D> {
    /// The losses of one batch. Only the objectives in `kinds` are looked at.
    pub(crate) fn evaluate(
        &self,
        model: &Model<D>,
        batch: &Batch,
        tape: OwnedTape<D>,
        pass: &Pass,
        kinds: &[ObjectiveKind],
    ) -> Result<Evaluated<D>, Error> {
        let sequences = sequences(model, batch)?;
        let pass = Pass { layer: self.options.translation.layer, ..*pass };
        let asked = LossRows::of(batch, pass.layer.is_some());
        let hidden = model.lm.forward_rows(&sequences, &asked.rows, tape, &pass)?;
        let inner = hidden.layer.map(|inner| inner.split_tape().0);
        let (hidden, tape) = hidden.last.split_tape();
        let mut diagnostics = Diagnostics::new();
        let mut losses = Losses::new();
        let zero: Scalar<D> = model
            .device()
            .try_tensor_from_vec(vec![0.0], ())
            .map_err(|error| jove_model::Error::Device(format!("{error:?}")))?;
        let mut total = zero.put_tape(tape);
        for &kind in kinds {
            let (weight, count) = self.weight_and_count(kind);
            if !self.is_on(kind) {
                continue;
            }
            let part = match kind {
                ObjectiveKind::Mlm => masked(model, &hidden, &asked.mlm)?,
                ObjectiveKind::Link => self.link(model, &hidden, &asked.link, &mut diagnostics)?,
                ObjectiveKind::Tlm => masked(model, &hidden, &asked.tlm)?,
                ObjectiveKind::Translation => {
                    let targets = asked.translation.as_ref().unwrap_or(&batch.translation);
                    self.translation(inner.as_ref().unwrap_or(&hidden), targets, batch)?
                }
                ObjectiveKind::Relation => self.relation(model, &hidden, &asked.relation, &mut diagnostics)?,
                ObjectiveKind::WordAlignment => words(model, &hidden, &asked.pointers)?,
            };
            let Some(part) = part else { continue };
            let loss = Loss { sum: f64::from(tape::value(&part.sum)), count: part.count as u64 };
            add_losses(&mut losses, &Losses::from([(kind.name().to_owned(), loss)]));
            let scaled = tape::scale(part.sum, (weight / count as f64) as f32)?;
            total = tape::add(total, scaled)?;
        }
        Ok(Evaluated { loss: total, losses, diagnostics })
    }

    /// Whether an objective has a weight and items in this step.
    pub(crate) fn is_on(&self, kind: ObjectiveKind) -> bool {
        let (weight, count) = self.weight_and_count(kind);
        weight > 0.0 && count > 0
    }

    /// An objective's weight, and its items in the whole step.
    fn weight_and_count(&self, kind: ObjectiveKind) -> (f64, usize) {
        let (options, counts) = (self.options, &self.counts);
        match kind {
            ObjectiveKind::Mlm => (options.mlm.weight, counts.mlm),
            ObjectiveKind::Link => (options.link.weight, counts.link),
            ObjectiveKind::Tlm => (options.tlm.weight, counts.tlm),
            ObjectiveKind::Translation => (options.translation.weight, counts.translation),
            ObjectiveKind::Relation => (options.relation.weight, counts.relation),
            ObjectiveKind::WordAlignment => (options.word_alignment.weight, counts.word_alignment),
        }
    }

    fn link(
        &self,
        model: &Model<D>,
        hidden: &Hidden<D>,
        targets: &LinkTargets,
        diagnostics: &mut Diagnostics,
    ) -> Part<D> {
        let options = &self.options.link;
        let form = LinkForm {
            contrast: Contrast { temperature: options.temperature as f32, margin: 0.0 },
            symmetric: options.symmetric,
            queue: self.queues.link.as_ref().map(|(keys, entities)| QueuedDescriptions { keys, entities }),
        };
        self.contrast("link", model.link.as_ref(), hidden, targets, &form, diagnostics)
    }

    fn relation(
        &self,
        model: &Model<D>,
        hidden: &Hidden<D>,
        targets: &LinkTargets,
        diagnostics: &mut Diagnostics,
    ) -> Part<D> {
        let options = &self.options.relation;
        let form = LinkForm {
            contrast: Contrast { temperature: options.temperature as f32, margin: 0.0 },
            symmetric: options.symmetric,
            queue: None,
        };
        self.contrast("relation", model.relation.as_ref(), hidden, targets, &form, diagnostics)
    }

    fn contrast(
        &self,
        name: &str,
        head: Option<&LinkHead<D>>,
        hidden: &Hidden<D>,
        targets: &LinkTargets,
        form: &LinkForm<'_, D>,
        diagnostics: &mut Diagnostics,
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
            diagnostics::read(name, &linked, &items, head, diagnostics);
        }
        Ok(Some(linked.loss))
    }

    /// `hidden` is what `targets` counts rows of; the slow encoder reads the whole batch.
    fn translation(&self, hidden: &Hidden<D>, targets: &TranslationTargets, batch: &Batch) -> Part<D> {
        if targets.sources.is_empty() {
            return Ok(None);
        }
        let options = &self.options.translation;
        let items = TranslationItems { sources: &targets.sources, targets: &targets.targets, texts: &targets.texts };
        let contrast = Contrast { temperature: options.temperature as f32, margin: options.margin as f32 };
        let (TranslationForm::Xlco, Some(slow)) = (options.form, self.slow) else {
            return Ok(Some(translation_contrast(hidden.retaped(), &items, contrast)?));
        };
        let [sources, targets] = slow.translations(batch, options.layer)?;
        let queue = self.queues.translation.as_ref();
        let keys = TranslationKeys { sources: &sources, targets: &targets, queue: queue.map(QueuedPairs::borrow) };
        Ok(Some(cross_lingual_contrast(hidden.retaped(), &items, &keys, contrast)?))
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

fn words<D: Backend>(model: &Model<D>, hidden: &Hidden<D>, pointers: &[Pointer]) -> Part<D> {
    let (Some(head), false) = (&model.pointer, pointers.is_empty()) else { return Ok(None) };
    Ok(Some(word_alignment(head, hidden.retaped(), pointers)?))
}

fn sequences<D: Backend>(model: &Model<D>, batch: &Batch) -> Result<PackedBatch, Error> {
    let mut builder = PackedBatch::builder(model.config());
    for bounds in batch.bounds.windows(2) {
        let rows = bounds[0]..bounds[1];
        builder.push_with_segments(&batch.tokens[rows.clone()], &batch.segments[rows])?;
    }
    Ok(builder.build())
}
