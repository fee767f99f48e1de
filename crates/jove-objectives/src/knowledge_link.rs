//! The knowledge link: mentions against descriptions of their entities.

use std::ops::Range;

use dfdx::prelude::{HasShape as _, Tape};
use jove_core::Seed;
use jove_model::ops::tape;
use jove_model::{Backend, Linear, LossSum, Matrix, parameters};

use crate::error::{Error, check_length};
use crate::info_nce::{Contrast, InfoNce};
use crate::spans::spans;
use crate::temperature::Temperature;

/// Two linear maps of mentions and descriptions into one space, and optionally a learned temperature. Its parameters are
/// `jove.link.mention.*`, `jove.link.description.*` and `jove.link.log_scale`.
#[derive(Clone, Debug)]
pub struct LinkHead<D: Backend> {
    mention: Linear<D>,
    description: Linear<D>,
    temperature: Option<Temperature<D>>,
}

impl<D: Backend> LinkHead<D> {
    /// A head from `hidden` to `width` columns, with normal weights of variance `1 / hidden` and biases of 0.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn new(dev: &D, hidden: usize, width: usize, seed: Seed) -> Result<Self, Error> {
        Self::named(dev, ["jove.link.mention", "jove.link.description"], (hidden, width), seed)
    }

    /// A head for the relation form: its queries are descriptions of subjects with a relation, `jove.relation.query.*`, its
    /// keys descriptions of objects, `jove.relation.object.*`. Sizes and weights as in [`LinkHead::new`].
    ///
    /// # Errors
    /// Where the device fails.
    pub fn relations(dev: &D, hidden: usize, width: usize, seed: Seed) -> Result<Self, Error> {
        Self::named(dev, ["jove.relation.query", "jove.relation.object"], (hidden, width), seed)
    }

    fn named(dev: &D, [mention, description]: [&str; 2], sizes: (usize, usize), seed: Seed) -> Result<Self, Error> {
        let deviation = (1.0 / sizes.0 as f64).sqrt();
        let linear = |name| Linear::new(dev, name, sizes, deviation, seed);
        Ok(Self { mention: linear(mention)?, description: linear(description)?, temperature: None })
    }

    /// The same head with a learned temperature that begins at `start`, in [0.01, 1]; a head that has one keeps it.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn with_temperature(mut self, dev: &D, start: f32) -> Result<Self, Error> {
        if self.temperature.is_none() {
            self.temperature = Some(Temperature::new(dev, "jove.link.log_scale", start)?);
        }
        Ok(self)
    }

    /// The learned temperature, if any.
    pub fn temperature(&self) -> Option<&Temperature<D>> {
        self.temperature.as_ref()
    }

    /// Clamps a learned temperature to its bounds; call it after every optimizer step.
    pub fn clamp(&mut self) {
        self.temperature.iter_mut().for_each(Temperature::clamp);
    }

    /// Columns of the common space.
    pub fn width(&self) -> usize {
        self.mention.weights().1.shape().0
    }

    /// Projects mentions.
    ///
    /// # Shapes
    /// `[m, hidden]` to `[m, width]`.
    ///
    /// # Errors
    /// Where the sizes differ or the device fails.
    pub fn mentions<T: Tape<f32, D>>(&self, x: Matrix<D, T>) -> Result<Matrix<D, T>, Error> {
        Ok(self.mention.forward(x)?)
    }

    /// Projects descriptions.
    ///
    /// # Shapes
    /// `[n, hidden]` to `[n, width]`.
    ///
    /// # Errors
    /// Where the sizes differ or the device fails.
    pub fn descriptions<T: Tape<f32, D>>(&self, x: Matrix<D, T>) -> Result<Matrix<D, T>, Error> {
        Ok(self.description.forward(x)?)
    }
}

parameters!(impl<D: Backend> LinkHead<D> { mention, description, temperature });

/// Which rows of a batch are mentions and which are descriptions, and what is known of their entities.
#[derive(Clone, Copy, Debug)]
pub struct LinkItems<'a> {
    /// The rows of each linked mention.
    pub mentions: &'a [Range<usize>],
    /// For each mention, the index of a description of its entity.
    pub positives: &'a [usize],
    /// The rows of each description that are pooled; a description that is no mention's positive is a negative only.
    pub descriptions: &'a [Range<usize>],
    /// The entity of each description. All descriptions of a mention's entity are left out of its negatives.
    pub entities: &'a [u32],
    /// For each mention further entities, ascending, whose descriptions are left out of its negatives, such as entities that
    /// share a name with its own; empty where no mention has any.
    pub excluded: &'a [&'a [u32]],
}

impl LinkItems<'_> {
    fn check(&self) -> Result<(), Error> {
        check_length("entities", self.descriptions.len(), self.entities.len())?;
        check_length("positives", self.mentions.len(), self.positives.len())?;
        if !self.excluded.is_empty() {
            check_length("excluded", self.mentions.len(), self.excluded.len())?;
        }
        let rows = self.descriptions.len();
        if self.mentions.is_empty() || rows == 0 {
            return Err(Error::Empty("knowledge link"));
        }
        match self.positives.iter().find(|&&positive| positive >= rows) {
            Some(&found) => Err(Error::Row { what: "positive", rows, found }),
            None => Ok(()),
        }
    }

    fn entity_of(&self, mention: usize) -> u32 {
        self.entities[self.positives[mention]]
    }

    /// The filter of false negatives: whether a description of `entity` is a negative of a mention.
    fn is_negative(&self, mention: usize, entity: u32) -> bool {
        let excluded = self.excluded.get(mention).is_some_and(|excluded| excluded.binary_search(&entity).is_ok());
        entity != self.entity_of(mention) && !excluded
    }
}

/// Descriptions of earlier batches.
#[derive(Clone, Debug)]
pub struct QueuedDescriptions<'a, D: Backend> {
    /// Their projections, `[k, width]`, rows of length 1.
    pub keys: &'a Matrix<D>,
    /// The entity of each.
    pub entities: &'a [u32],
}

/// The form of the contrast between mentions and descriptions.
#[derive(Clone, Debug)]
pub struct LinkForm<'a, D: Backend> {
    /// Temperature and margin; a learned temperature of the head replaces the former.
    pub contrast: Contrast,
    /// Whether the loss is the mean of both directions. Default false: mentions against descriptions only.
    pub symmetric: bool,
    /// Descriptions that are negatives in addition to those of the batch. Default none.
    pub queue: Option<QueuedDescriptions<'a, D>>,
}

impl<D: Backend> Default for LinkForm<'_, D> {
    fn default() -> Self {
        Self { contrast: Contrast::default(), symmetric: false, queue: None }
    }
}

/// The loss of the knowledge link with what diagnostics need.
#[derive(Debug)]
pub struct LinkOutput<D: Backend, T> {
    /// The loss, one term for each mention.
    pub loss: LossSum<D, T>,
    /// The projected mentions, `[m, width]`, not normalised.
    pub mentions: Matrix<D>,
    /// The projected descriptions of the batch, `[n, width]`, not normalised.
    pub descriptions: Matrix<D>,
    /// The number of keys n + k: descriptions of the batch and of the queue, filtered ones included.
    pub keys: usize,
    /// The fraction of all pairs of a mention and a key other than its positive that the false-negative filter leaves out,
    /// in [0, 1].
    pub filtered: f64,
}

/// InfoNCE ([`InfoNce`]) of mentions against descriptions of their entities: `q_i = W_m · mean(hidden[mention_i])`,
/// `k_j = W_d · mean(hidden[description_j])`. The negatives are the other descriptions of the batch and those of the queue,
/// without those that the false-negative filter leaves out, see [`LinkItems`]. With `symmetric` the loss is the mean of this
/// and of descriptions against the mentions of the batch, again one term for each mention; mentions of the same entity are
/// then no negatives of each other.
///
/// The contrast of ERICA (arXiv 2012.15022, equation 1) between a mention and a text that describes its entity; the queue is
/// that of Momentum Contrast (arXiv 1911.05722, equation 1).
///
/// # Shapes
/// `hidden` is `[tokens, hidden]`, packed; ranges of [`LinkItems`] count its rows. The sum is a scalar in nats, its count the
/// number of mentions.
///
/// # Errors
/// Where there is no mention, lists differ in length, a range is outside the rows, or the device fails.
pub fn knowledge_link<D: Backend, T: Tape<f32, D>>(
    head: &LinkHead<D>,
    hidden: Matrix<D, T>,
    items: &LinkItems<'_>,
    form: &LinkForm<'_, D>,
) -> Result<LinkOutput<D, T>, Error> {
    items.check()?;
    let queued = form.queue.as_ref().map_or(&[][..], |queue| queue.entities);
    check_length("entities of the queue", form.queue.as_ref().map_or(0, |queue| queue.keys.shape().0), queued.len())?;
    let (mention_hidden, description_hidden) = tape::fork(hidden);
    let mentions = head.mentions(D::span_mean(mention_hidden, &spans(items.mentions))?)?;
    let descriptions = head.descriptions(D::span_mean(description_hidden, &spans(items.descriptions))?)?;
    let projected = (mentions.retaped(), descriptions.retaped());

    let info_nce = InfoNce {
        contrast: form.contrast,
        queue: form.queue.as_ref().map(|queue| queue.keys),
        temperature: head.temperature(),
    };
    let entity_at = |d: usize| items.entities.get(d).copied().unwrap_or_else(|| queued[d - items.entities.len()]);
    let is_negative = |m: usize, d: usize| items.is_negative(m, entity_at(d));
    let keys = items.entities.len() + queued.len();
    let filtered = filtered_fraction(items.positives, keys, is_negative);
    let loss = if form.symmetric {
        both_directions(&info_nce, mentions, descriptions, items, is_negative)?
    } else {
        info_nce.loss(mentions, descriptions, items.positives, is_negative)?
    };
    Ok(LinkOutput { loss, mentions: projected.0, descriptions: projected.1, keys, filtered })
}

/// The mean of the loss of mentions against descriptions and of descriptions against mentions, one term for each mention.
fn both_directions<D: Backend, T: Tape<f32, D>>(
    info_nce: &InfoNce<'_, D>,
    mentions: Matrix<D, T>,
    descriptions: Matrix<D, T>,
    items: &LinkItems<'_>,
    is_negative: impl Fn(usize, usize) -> bool,
) -> Result<LossSum<D, T>, Error> {
    let rows: Vec<u32> = items.positives.iter().map(|&positive| positive as u32).collect();
    let (descriptions, aligned) = tape::fork(descriptions);
    let (mentions, mention_keys) = tape::fork(mentions);
    let forward = info_nce.loss(mentions, descriptions, items.positives, is_negative)?;
    let aligned = D::rows(aligned, &rows)?;
    let identity: Vec<usize> = (0..rows.len()).collect();
    let differ = |a, b| items.is_negative(b, items.entity_of(a)) && items.is_negative(a, items.entity_of(b));
    let backward = InfoNce { queue: None, ..*info_nce }.loss(aligned, mention_keys, &identity, differ)?;
    Ok(LossSum { sum: tape::scale(tape::add(forward.sum, backward.sum)?, 0.5)?, count: forward.count })
}

/// The fraction of all pairs but the positive ones that are no negatives.
fn filtered_fraction(positives: &[usize], keys: usize, is_negative: impl Fn(usize, usize) -> bool) -> f64 {
    let pairs = positives.len() * (keys - 1);
    let filtered = positives
        .iter()
        .enumerate()
        .map(|(query, &positive)| (0..keys).filter(|&key| key != positive && !is_negative(query, key)).count());
    filtered.sum::<usize>() as f64 / pairs.max(1) as f64
}
