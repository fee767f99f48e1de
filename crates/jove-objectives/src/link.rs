//! The contrastive knowledge link.

use std::ops::Range;

use dfdx::prelude::{HasShape as _, Tape};
use jove_core::Seed;
use jove_model::ops::tape;
use jove_model::{Backend, Linear, LossSum, Matrix, parameters};

use crate::contrast::check_length;
use crate::{Contrast, Error, InfoNce, Temperature};

/// Projects mentions and descriptions into one space; parameters `jove.link.mention.*` and `jove.link.description.*`, and
/// `jove.link.log_scale` where the temperature is learned.
#[derive(Clone, Debug)]
pub struct LinkHead<D: Backend> {
    mention: Linear<D>,
    description: Linear<D>,
    temperature: Option<Temperature<D>>,
}

impl<D: Backend> LinkHead<D> {
    /// A head from `hidden` to `width` columns with random weights of variance `1 / hidden`.
    ///
    /// # Errors
    /// If the device fails.
    pub fn new(dev: &D, hidden: usize, width: usize, seed: Seed) -> Result<Self, Error> {
        Self::named(dev, ["jove.link.mention", "jove.link.description"], (hidden, width), seed)
    }

    /// A head for the relation form: its mentions are subjects with relations, `jove.relation.query.*`, and its descriptions
    /// those of objects, `jove.relation.object.*`.
    ///
    /// # Errors
    /// If the device fails.
    pub fn relations(dev: &D, hidden: usize, width: usize, seed: Seed) -> Result<Self, Error> {
        Self::named(dev, ["jove.relation.query", "jove.relation.object"], (hidden, width), seed)
    }

    fn named(dev: &D, [mention, description]: [&str; 2], sizes: (usize, usize), seed: Seed) -> Result<Self, Error> {
        let deviation = (1.0 / sizes.0 as f64).sqrt();
        let linear = |name| Linear::new(dev, name, sizes, deviation, seed);
        Ok(Self { mention: linear(mention)?, description: linear(description)?, temperature: None })
    }

    /// The same head with a temperature that is learned from `start` on, unless it has one.
    ///
    /// # Errors
    /// If the device fails.
    pub fn with_temperature(mut self, dev: &D, start: f32) -> Result<Self, Error> {
        if self.temperature.is_none() {
            self.temperature = Some(Temperature::new(dev, "jove.link.log_scale", start)?);
        }
        Ok(self)
    }

    /// The learned temperature, where there is one.
    pub fn temperature(&self) -> Option<&Temperature<D>> {
        self.temperature.as_ref()
    }

    /// Brings a learned temperature back into its bounds; to be called after every update.
    pub fn clamp(&mut self) {
        self.temperature.iter_mut().for_each(Temperature::clamp);
    }

    /// Columns of the space that both are projected into.
    pub fn width(&self) -> usize {
        self.mention.weights().1.shape().0
    }

    /// Mentions `[m, hidden]` to `[m, width]`.
    ///
    /// # Errors
    /// If the sizes do not fit or the device fails.
    pub fn mentions<T: Tape<f32, D>>(&self, x: Matrix<D, T>) -> Result<Matrix<D, T>, Error> {
        Ok(self.mention.forward(x)?)
    }

    /// Descriptions `[n, hidden]` to `[n, width]`.
    ///
    /// # Errors
    /// If the sizes do not fit or the device fails.
    pub fn descriptions<T: Tape<f32, D>>(&self, x: Matrix<D, T>) -> Result<Matrix<D, T>, Error> {
        Ok(self.description.forward(x)?)
    }
}

parameters!(impl<D: Backend> LinkHead<D> { mention, description, temperature });

/// Which rows of a batch are mentions and which are descriptions.
#[derive(Clone, Copy, Debug)]
pub struct LinkItems<'a> {
    /// The rows of every linked mention.
    pub mentions: &'a [Range<usize>],
    /// For every mention, the index of its entity's description.
    pub positives: &'a [usize],
    /// The rows that stand for every description; those that no mention belongs to are negatives alone.
    pub descriptions: &'a [Range<usize>],
    /// The entity of every description: descriptions of one entity are no negatives of each other's mentions.
    pub entities: &'a [u32],
    /// For every mention the further entities, ascending, whose descriptions are no negatives of it, such as those that
    /// share a name with its entity; empty where no mention has any.
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

    /// Whether a description of `entity` is a negative of a mention.
    fn differs(&self, mention: usize, entity: u32) -> bool {
        let excluded = self.excluded.get(mention).is_some_and(|excluded| excluded.binary_search(&entity).is_ok());
        entity != self.entity_of(mention) && !excluded
    }
}

/// Descriptions of former batches.
#[derive(Clone, Debug)]
pub struct Remembered<'a, D: Backend> {
    /// Their projections, [k, width], rows of length 1.
    pub keys: &'a Matrix<D>,
    /// The entity of each.
    pub entities: &'a [u32],
}

/// How mentions are contrasted with descriptions.
#[derive(Clone, Debug)]
pub struct LinkForm<'a, D: Backend> {
    /// Temperature and margin; a learned temperature of the head takes the place of the former.
    pub contrast: Contrast,
    /// Whether descriptions also have to find their mentions.
    pub symmetric: bool,
    /// Descriptions that every mention is held against beside those of the batch.
    pub queue: Option<Remembered<'a, D>>,
}

impl<D: Backend> Default for LinkForm<'_, D> {
    fn default() -> Self {
        Self { contrast: Contrast::default(), symmetric: false, queue: None }
    }
}

/// What the knowledge link came to.
#[derive(Debug)]
pub struct Linked<D: Backend, T> {
    /// The loss, one term for every mention.
    pub loss: LossSum<D, T>,
    /// The mentions as projected, [m, width], not normalised.
    pub mentions: Matrix<D>,
    /// The descriptions of the batch as projected, [n, width], not normalised.
    pub descriptions: Matrix<D>,
    /// How many descriptions every mention was held against, its own and those left out included.
    pub keys: usize,
    /// The part of all pairs of a mention and a description of another row or the queue that are no negatives, in [0, 1].
    pub filtered: f64,
}

/// InfoNCE of mentions against descriptions of their entities, both mean-pooled from `hidden` [tokens, width] and projected;
/// the other descriptions of the batch and those of the queue are the negatives. With `symmetric`, the mean of this and of
/// descriptions against the mentions of the batch, one term for every mention, where mentions of the same entity are no
/// negatives.
///
/// The contrast of ERICA (arXiv 2012.15022, equation 1) between a mention and a text that describes its entity; the queue is
/// that of Momentum Contrast (arXiv 1911.05722, equation 1).
///
/// # Errors
/// Where there is no mention, lists do not fit together, a range is outside the rows, or the device fails.
pub fn knowledge_link<D: Backend, T: Tape<f32, D>>(
    head: &LinkHead<D>,
    hidden: Matrix<D, T>,
    items: &LinkItems<'_>,
    form: &LinkForm<'_, D>,
) -> Result<Linked<D, T>, Error> {
    items.check()?;
    let remembered = form.queue.as_ref().map_or(&[][..], |queue| queue.entities);
    check_length(
        "entities of the queue",
        form.queue.as_ref().map_or(0, |queue| queue.keys.shape().0),
        remembered.len(),
    )?;
    let (mention_hidden, description_hidden) = tape::fork(hidden);
    let mentions = head.mentions(D::span_mean(mention_hidden, &spans(items.mentions))?)?;
    let descriptions = head.descriptions(D::span_mean(description_hidden, &spans(items.descriptions))?)?;
    let rows: Vec<u32> = items.positives.iter().map(|&positive| positive as u32).collect();
    let linked = (mentions.retaped(), descriptions.retaped());

    let info_nce = InfoNce {
        contrast: form.contrast,
        queue: form.queue.as_ref().map(|queue| queue.keys),
        temperature: head.temperature(),
    };
    let entity_at = |d: usize| items.entities.get(d).copied().unwrap_or_else(|| remembered[d - items.entities.len()]);
    let is_negative = |m: usize, d: usize| items.differs(m, entity_at(d));
    let keys = items.entities.len() + remembered.len();
    let filtered = filtered(items.positives, keys, is_negative);
    let loss = if form.symmetric {
        let (unique, again) = tape::fork(descriptions);
        let (mentions, mentions_again) = tape::fork(mentions);
        let forth = info_nce.loss(mentions, unique, items.positives, is_negative)?;
        let aligned = D::rows(again, &rows)?;
        let identity: Vec<usize> = (0..rows.len()).collect();
        let differ = |a, b| items.differs(b, items.entity_of(a)) && items.differs(a, items.entity_of(b));
        let back = InfoNce { queue: None, ..info_nce }.loss(aligned, mentions_again, &identity, differ)?;
        LossSum { sum: tape::scale(tape::add(forth.sum, back.sum)?, 0.5)?, count: forth.count }
    } else {
        info_nce.loss(mentions, descriptions, items.positives, is_negative)?
    };
    Ok(Linked { loss, mentions: linked.0, descriptions: linked.1, keys, filtered })
}

/// The part of all pairs that are neither positive nor negative.
fn filtered(positives: &[usize], keys: usize, is_negative: impl Fn(usize, usize) -> bool) -> f64 {
    let pairs = positives.len() * (keys - 1);
    let left_out = positives
        .iter()
        .enumerate()
        .map(|(query, &positive)| (0..keys).filter(|&key| key != positive && !is_negative(query, key)).count());
    left_out.sum::<usize>() as f64 / pairs.max(1) as f64
}

/// Ranges as the model's operators take them.
pub(crate) fn spans(ranges: &[Range<usize>]) -> Vec<(u32, u32)> {
    ranges.iter().map(|range| (range.start as u32, range.end as u32)).collect()
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::{AsArray as _, Cpu, TensorFromVec as _};

    use super::*;

    fn hidden(rows: usize) -> Matrix<Cpu> {
        Cpu::default().tensor_from_vec((0..rows * 4).map(|i| ((i * 37 % 19) as f32 - 9.0) / 9.0).collect(), (rows, 4))
    }

    fn items() -> LinkItems<'static> {
        LinkItems {
            mentions: &[0..2, 2..3, 4..6],
            positives: &[0, 1, 0],
            descriptions: &[6..9, 9..12],
            entities: &[7, 8],
            excluded: &[],
        }
    }

    fn loss(x: &Matrix<Cpu>, head: &LinkHead<Cpu>, symmetric: bool) -> f32 {
        knowledge_link(head, x.clone(), &items(), &form(symmetric)).unwrap().loss.sum.array()
    }

    fn form(symmetric: bool) -> LinkForm<'static, Cpu> {
        LinkForm { symmetric, ..LinkForm::default() }
    }

    /// Three descriptions of former batches.
    fn remembered() -> Matrix<Cpu> {
        let keys = (0..9).map(|i| ((i * 5 % 7) as f32 - 3.0) / 3.0).collect();
        Cpu::l2_normalize(Cpu::default().tensor_from_vec(keys, (3, 3))).unwrap()
    }

    /// The plain form, and one with all that it can have.
    fn variants(keys: &Matrix<Cpu>) -> Vec<(LinkHead<Cpu>, LinkItems<'static>, LinkForm<'_, Cpu>)> {
        let head = LinkHead::new(&Cpu::default(), 4, 3, Seed(1)).unwrap();
        let contrast = Contrast { temperature: 0.5, margin: 0.0 };
        let learned = head.clone().with_temperature(&Cpu::default(), 0.4).unwrap();
        let queue = Some(Remembered { keys, entities: &[8, 9, 3] });
        let excluded = LinkItems { excluded: &[&[3], &[], &[5, 9]], ..items() };
        let plain = |symmetric| LinkForm { contrast, symmetric, queue: None };
        vec![
            (head.clone(), items(), plain(false)),
            (head.clone(), items(), plain(true)),
            (head, excluded, LinkForm { queue: queue.clone(), ..plain(false) }),
            (learned, excluded, LinkForm { queue, ..plain(true) }),
        ]
    }

    #[test]
    fn gradients_equal_finite_differences() {
        let (x, keys) = (hidden(12), remembered());
        for (head, items, form) in variants(&keys) {
            let traced = knowledge_link(&head, tape::start(&x), &items, &form).unwrap();
            assert_eq!(traced.loss.count, 3);
            let mut gradients = tape::backward(traced.loss.sum).unwrap();
            let found = tape::gradient(&x, &mut gradients).unwrap();
            let numbers = x.as_vec();
            let shifted = |index: usize, by: f32| {
                let mut numbers = numbers.clone();
                numbers[index] += by;
                let x = Cpu::default().tensor_from_vec(numbers, (12, 4));
                f64::from(knowledge_link(&head, x, &items, &form).unwrap().loss.sum.array())
            };
            for (index, found) in found.into_iter().enumerate() {
                let expected = (shifted(index, 0.01) - shifted(index, -0.01)) / 0.02;
                assert!((f64::from(found) - expected).abs() < 2e-3 * (1.0 + expected.abs()), "{found} {expected}");
            }
        }
    }

    /// Whether a description is in the batch or comes from the queue, a mention is held against it in the same way.
    #[test]
    fn a_description_in_the_queue_counts_as_one_in_the_batch() {
        let head = LinkHead::new(&Cpu::default(), 4, 3, Seed(1)).unwrap();
        let x = hidden(12);
        let whole = LinkItems { descriptions: &[6..9, 9..12, 1..4], entities: &[7, 8, 9], ..items() };
        let keys =
            Cpu::l2_normalize(head.descriptions(Cpu::span_mean(x.clone(), &[(1, 4)]).unwrap()).unwrap()).unwrap();
        let loss = |items: &LinkItems<'_>, queue| {
            let linked = knowledge_link(&head, x.clone(), items, &LinkForm { queue, ..form(false) }).unwrap();
            (linked.loss.sum.array(), linked.filtered)
        };
        let (in_batch, queued) = (loss(&whole, None), loss(&items(), Some(Remembered { keys: &keys, entities: &[9] })));
        assert!((in_batch.0 - queued.0).abs() < 1e-5 * in_batch.0.abs().max(1.0), "{in_batch:?} {queued:?}");
        assert_eq!(in_batch.1.to_bits(), queued.1.to_bits());
    }

    #[test]
    fn what_the_queue_holds_of_the_own_entity_or_of_excluded_ones_is_no_negative() {
        let head = LinkHead::new(&Cpu::default(), 4, 3, Seed(1)).unwrap();
        let keys = remembered();
        let linked = |entities: &[u32], excluded: &[&[u32]]| {
            let items = LinkItems { mentions: std::slice::from_ref(&(0..2)), positives: &[0], excluded, ..items() };
            let form = LinkForm { queue: Some(Remembered { keys: &keys, entities }), ..form(false) };
            knowledge_link(&head, hidden(12), &items, &form).unwrap()
        };
        let value = |entities: &[u32], excluded: &[&[u32]]| linked(entities, excluded).loss.sum.array();
        assert_eq!(value(&[7, 7, 7], &[]).to_bits(), value(&[1, 2, 3], &[&[1, 2, 3]]).to_bits());
        assert!(value(&[1, 2, 3], &[]) > value(&[7, 2, 3], &[]));
        assert!((linked(&[7, 7, 3], &[&[3]]).filtered - 0.75).abs() < 1e-12, "three of four are left out");
    }

    /// With one entity only there is no negative, so nothing is left to learn.
    #[test]
    fn descriptions_of_the_same_entity_are_no_negatives() {
        let head = LinkHead::new(&Cpu::default(), 4, 3, Seed(1)).unwrap();
        for symmetric in [false, true] {
            let items = LinkItems { entities: &[7, 7], ..items() };
            let loss = knowledge_link(&head, hidden(12), &items, &form(symmetric)).unwrap().loss;
            assert!(loss.sum.array().abs() < 1e-5);
            assert!(self::loss(&hidden(12), &head, symmetric) > 1e-3);
        }
    }

    #[test]
    fn misfits_are_refused() {
        let head = LinkHead::new(&Cpu::default(), 4, 3, Seed(1)).unwrap();
        let refuse =
            |items: &LinkItems<'_>| knowledge_link(&head, hidden(12), items, &form(true)).unwrap_err().to_string();
        assert_eq!(refuse(&LinkItems { entities: &[1], ..items() }), "entities: expected 2, found 1");
        assert_eq!(refuse(&LinkItems { excluded: &[&[1]], ..items() }), "excluded: expected 3, found 1");
        assert_eq!(refuse(&LinkItems { positives: &[0, 2, 0], ..items() }), "positive: expected rows below 2, found 2");
        assert!(refuse(&LinkItems { descriptions: &[6..9, 9..13], ..items() }).contains("13"));
        let none = LinkItems { mentions: &[], positives: &[], ..items() };
        assert_eq!(refuse(&none), "knowledge link: expected at least one item, found none");
    }
}
