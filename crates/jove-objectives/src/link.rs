//! The contrastive knowledge link.

use std::ops::Range;

use dfdx::prelude::{HasShape as _, Tape};
use jove_core::Seed;
use jove_model::ops::tape;
use jove_model::{Backend, Linear, LossSum, Matrix, ParameterMut, ParameterRef, Parameters};

use crate::contrast::check_length;
use crate::{Contrast, Error, info_nce};

/// Projects mentions and descriptions into one space; parameters `jove.link.mention.*` and `jove.link.description.*`.
#[derive(Clone, Debug)]
pub struct LinkHead<D: Backend> {
    mention: Linear<D>,
    description: Linear<D>,
}

impl<D: Backend> LinkHead<D> {
    /// A head from `hidden` to `width` columns with random weights of variance `1 / hidden`.
    ///
    /// # Errors
    /// If the device fails.
    pub fn new(dev: &D, hidden: usize, width: usize, seed: Seed) -> Result<Self, Error> {
        let deviation = (1.0 / hidden as f64).sqrt();
        let linear = |name| Linear::new(dev, format!("jove.link.{name}"), (hidden, width), deviation, seed);
        Ok(Self { mention: linear("mention")?, description: linear("description")? })
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

impl<D: Backend> Parameters<D> for LinkHead<D> {
    fn visit<'a>(&'a self, f: &mut dyn FnMut(ParameterRef<'a, D>)) {
        self.mention.visit(f);
        self.description.visit(f);
    }

    fn visit_mut<'a>(&'a mut self, f: &mut dyn FnMut(ParameterMut<'a, D>)) {
        self.mention.visit_mut(f);
        self.description.visit_mut(f);
    }
}

/// Which rows of a batch are mentions and which are descriptions.
#[derive(Clone, Copy, Debug)]
pub struct LinkItems<'a> {
    /// The rows of every linked mention.
    pub mentions: &'a [Range<usize>],
    /// For every mention, the index of its entity's description.
    pub positives: &'a [usize],
    /// The rows that stand for every description.
    pub descriptions: &'a [Range<usize>],
    /// The entity of every description: descriptions of one entity are no negatives of each other's mentions.
    pub entities: &'a [u32],
}

/// InfoNCE of mentions against descriptions of their entities, both mean-pooled from `hidden` [tokens, width] and projected;
/// the other descriptions of the batch are the negatives. With `symmetric`, the mean of this and of descriptions against
/// mentions, one term for every mention, where mentions of the same entity are no negatives.
///
/// The contrast of ERICA (arXiv 2012.15022, equation 1) between a mention and a text that describes its entity.
///
/// # Errors
/// Where there is no mention, lists do not fit together, a range is outside the rows, or the device fails.
pub fn knowledge_link<D: Backend, T: Tape<f32, D>>(
    head: &LinkHead<D>,
    hidden: Matrix<D, T>,
    items: &LinkItems<'_>,
    contrast: Contrast,
    symmetric: bool,
) -> Result<LossSum<D, T>, Error> {
    check_length("entities", items.descriptions.len(), items.entities.len())?;
    check_length("positives", items.mentions.len(), items.positives.len())?;
    let rows = items.descriptions.len();
    if items.mentions.is_empty() || rows == 0 {
        return Err(Error::Empty("knowledge link"));
    }
    if let Some(&found) = items.positives.iter().find(|&&positive| positive >= rows) {
        return Err(Error::Row { what: "positive", rows, found });
    }
    let (mention_hidden, description_hidden) = tape::fork(hidden);
    let mentions = head.mentions(D::span_mean(mention_hidden, &spans(items.mentions))?)?;
    let descriptions = head.descriptions(D::span_mean(description_hidden, &spans(items.descriptions))?)?;
    let entity_of = |mention: usize| items.entities[items.positives[mention]];
    if symmetric {
        let positives: Vec<u32> = items.positives.iter().map(|&positive| positive as u32).collect();
        let (unique, again) = tape::fork(descriptions);
        let (mentions, mentions_again) = tape::fork(mentions);
        let forth = info_nce(mentions, unique, items.positives, |m, d| items.entities[d] != entity_of(m), contrast)?;
        let aligned = D::rows(again, &positives)?;
        let identity: Vec<usize> = (0..positives.len()).collect();
        let differ = |a, b| entity_of(a) != entity_of(b);
        let back = info_nce(aligned, mentions_again, &identity, differ, contrast)?;
        Ok(LossSum { sum: tape::scale(tape::add(forth.sum, back.sum)?, 0.5)?, count: forth.count })
    } else {
        info_nce(mentions, descriptions, items.positives, |m, d| items.entities[d] != entity_of(m), contrast)
    }
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
        }
    }

    fn loss(x: &Matrix<Cpu>, head: &LinkHead<Cpu>, symmetric: bool) -> f32 {
        knowledge_link(head, x.clone(), &items(), Contrast::default(), symmetric).unwrap().sum.array()
    }

    #[test]
    fn gradients_equal_finite_differences() {
        let contrast = Contrast { temperature: 0.5, margin: 0.0 };
        let head = LinkHead::new(&Cpu::default(), 4, 3, Seed(1)).unwrap();
        let x = hidden(12);
        for symmetric in [false, true] {
            let traced = knowledge_link(&head, tape::start(&x), &items(), contrast, symmetric).unwrap();
            assert_eq!(traced.count, 3);
            let mut gradients = tape::backward(traced.sum).unwrap();
            let found = tape::gradient(&x, &mut gradients).unwrap();
            let numbers = x.as_vec();
            let shifted = |index: usize, by: f32| {
                let mut numbers = numbers.clone();
                numbers[index] += by;
                let x = Cpu::default().tensor_from_vec(numbers, (12, 4));
                f64::from(knowledge_link(&head, x, &items(), contrast, symmetric).unwrap().sum.array())
            };
            for (index, found) in found.into_iter().enumerate() {
                let expected = (shifted(index, 0.01) - shifted(index, -0.01)) / 0.02;
                assert!((f64::from(found) - expected).abs() < 2e-3 * (1.0 + expected.abs()), "{found} {expected}");
            }
        }
    }

    /// With one entity only there is no negative, so nothing is left to learn.
    #[test]
    fn descriptions_of_the_same_entity_are_no_negatives() {
        let head = LinkHead::new(&Cpu::default(), 4, 3, Seed(1)).unwrap();
        for symmetric in [false, true] {
            let items = LinkItems { entities: &[7, 7], ..items() };
            let loss = knowledge_link(&head, hidden(12), &items, Contrast::default(), symmetric).unwrap();
            assert!(loss.sum.array().abs() < 1e-5);
            assert!(self::loss(&hidden(12), &head, symmetric) > 1e-3);
        }
    }

    #[test]
    fn misfits_are_refused() {
        let head = LinkHead::new(&Cpu::default(), 4, 3, Seed(1)).unwrap();
        let refuse = |items: &LinkItems<'_>| {
            knowledge_link(&head, hidden(12), items, Contrast::default(), true).unwrap_err().to_string()
        };
        assert_eq!(refuse(&LinkItems { entities: &[1], ..items() }), "entities: expected 2, found 1");
        assert_eq!(refuse(&LinkItems { positives: &[0, 2, 0], ..items() }), "positive: expected rows below 2, found 2");
        assert!(refuse(&LinkItems { descriptions: &[6..9, 9..13], ..items() }).contains("13"));
        let none = LinkItems { mentions: &[], positives: &[], ..items() };
        assert_eq!(refuse(&none), "knowledge link: expected at least one item, found none");
    }
}
