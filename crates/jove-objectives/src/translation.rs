//! The contrast of sentences against their translations.

use std::ops::Range;

use dfdx::prelude::Tape;
use jove_model::ops::tape;
use jove_model::{Backend, LossSum, Matrix};

use crate::contrast::check_length;
use crate::link::spans;
use crate::{Contrast, Error, symmetric_info_nce};

/// Which rows of a batch are sentences and which are their translations.
#[derive(Clone, Copy, Debug)]
pub struct TranslationItems<'a> {
    /// The rows that stand for every sentence.
    pub sources: &'a [Range<usize>],
    /// The rows that stand for the translation of each.
    pub targets: &'a [Range<usize>],
    /// For every pair a number for each side: pairs with an equal number are no negatives of each other.
    pub texts: &'a [(usize, usize)],
}

/// InfoNCE of sentences against their translations and back, mean-pooled from `hidden` [tokens, width]; the other
/// sentences of the batch are the negatives. The bidirectional translation ranking with additive margin of Language-agnostic BERT
/// Sentence Embedding (arXiv 2007.01852, equations 1 and 2).
///
/// # Errors
/// Where there is no pair, lists differ in length, a range is outside the rows, or the device fails.
pub fn translation_contrast<D: Backend, T: Tape<f32, D>>(
    hidden: Matrix<D, T>,
    items: &TranslationItems<'_>,
    contrast: Contrast,
) -> Result<LossSum<D, T>, Error> {
    check_length("translations", items.sources.len(), items.targets.len())?;
    check_length("texts", items.sources.len(), items.texts.len())?;
    if items.sources.is_empty() {
        return Err(Error::Empty("translation contrast"));
    }
    let (source_hidden, target_hidden) = tape::fork(hidden);
    let sources = D::span_mean(source_hidden, &spans(items.sources))?;
    let targets = D::span_mean(target_hidden, &spans(items.targets))?;
    let differ = |a: usize, b: usize| items.texts[a].0 != items.texts[b].0 && items.texts[a].1 != items.texts[b].1;
    symmetric_info_nce(sources, targets, differ, contrast)
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::{AsArray as _, Cpu, TensorFromVec as _};

    use super::*;

    /// Two pairs in two dimensions, each pair along its own axis.
    fn hidden(second: [f32; 2]) -> Matrix<Cpu> {
        Cpu::default().tensor_from_vec(vec![1.0, 0.0, 0.0, 1.0, 2.0, 0.0, second[0], second[1]], (4, 2))
    }

    fn loss(second: [f32; 2], texts: &[(usize, usize)], margin: f32) -> f32 {
        let items = TranslationItems { sources: &[0..1, 1..2], targets: &[2..3, 3..4], texts };
        let contrast = Contrast { temperature: 0.1, margin };
        translation_contrast(hidden(second), &items, contrast).unwrap().sum.array()
    }

    #[test]
    fn aligned_pairs_cost_little_and_a_margin_asks_for_more() {
        let texts = [(0, 1), (2, 3)];
        let aligned = loss([0.0, 1.0], &texts, 0.0);
        assert!(aligned < 1e-3);
        assert!(loss([0.0, 1.0], &texts, 0.9) > 100.0 * aligned);
        assert!(loss([1.0, 0.0], &texts, 0.0) > 1.0);
    }

    #[test]
    fn misfits_are_refused() {
        let refuse = |sources: &[Range<usize>], texts: &[(usize, usize)]| {
            let items = TranslationItems { sources, targets: &[2..3, 3..4][..sources.len().min(2)], texts };
            translation_contrast(hidden([0.0, 1.0]), &items, Contrast::default()).unwrap_err().to_string()
        };
        assert_eq!(refuse(&[], &[]), "translation contrast: expected at least one item, found none");
        assert_eq!(refuse(&[0..1, 1..2], &[]), "texts: expected 2, found 0");
        assert!(refuse(&[0..1, 1..9], &[(0, 1), (2, 3)]).contains('9'));
    }

    #[test]
    fn pairs_that_share_a_side_are_no_negatives() {
        assert!(loss([1.0, 0.0], &[(0, 1), (2, 1)], 0.0).abs() < 1e-5);
        assert!(loss([1.0, 0.0], &[(0, 1), (0, 3)], 0.0).abs() < 1e-5);
    }
}
