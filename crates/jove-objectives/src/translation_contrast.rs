//! Translation contrast: sentences against their translations.

use std::ops::Range;

use dfdx::prelude::{HasShape as _, Tape};
use jove_model::ops::tape;
use jove_model::{Backend, LossSum, Matrix};

use crate::error::{Error, check_length};
use crate::info_nce::{Contrast, InfoNce, symmetric_info_nce};
use crate::spans::spans;

/// Which rows of a batch are sentences and which are their translations.
#[derive(Clone, Copy, Debug)]
pub struct TranslationItems<'a> {
    /// The rows of each sentence that are pooled.
    pub sources: &'a [Range<usize>],
    /// The rows of each sentence's translation that are pooled.
    pub targets: &'a [Range<usize>],
    /// For each pair an id of either side's text: pairs that share the text of a side are no negatives of each other.
    pub texts: &'a [(u64, u64)],
}

/// [`symmetric_info_nce`] of sentences `x_i = mean(hidden[source_i])` and translations `y_i = mean(hidden[target_i])`; the other
/// pairs of the batch are the negatives. The bidirectional translation ranking with additive margin of Language-agnostic BERT
/// Sentence Embedding (arXiv 2007.01852, equations 1 and 2).
///
/// # Shapes
/// `hidden` is `[tokens, width]`, packed; ranges of [`TranslationItems`] count its rows. The sum is a scalar in nats, its count
/// the number of pairs.
///
/// # Errors
/// Where there is no pair, lists differ in length, a range is outside the rows, or the device fails.
pub fn translation_contrast<D: Backend, T: Tape<f32, D>>(
    hidden: Matrix<D, T>,
    items: &TranslationItems<'_>,
    contrast: Contrast,
) -> Result<LossSum<D, T>, Error> {
    check(items)?;
    let (source_hidden, target_hidden) = tape::fork(hidden);
    let sources = D::span_mean(source_hidden, &spans(items.sources))?;
    let targets = D::span_mean(target_hidden, &spans(items.targets))?;
    let differ = |a: usize, b: usize| share_no_side(items.texts[a], items.texts[b]);
    symmetric_info_nce(sources, targets, differ, contrast)
}

/// The keys of [`cross_lingual_contrast`], made by another encoder, such as the momentum encoder: constants.
#[derive(Clone, Debug)]
pub struct TranslationKeys<'a, D: Backend> {
    /// Sentences of the batch, `[pairs, width]`.
    pub sources: &'a Matrix<D>,
    /// Their translations, `[pairs, width]`.
    pub targets: &'a Matrix<D>,
    /// Pairs of earlier batches, if any.
    pub queue: Option<QueuedTranslations<'a, D>>,
}

/// Pairs of earlier batches.
#[derive(Clone, Debug)]
pub struct QueuedTranslations<'a, D: Backend> {
    /// Their sentences, `[k, width]`, rows of length 1.
    pub sources: &'a Matrix<D>,
    /// Their translations, `[k, width]`, rows of length 1.
    pub targets: &'a Matrix<D>,
    /// For each pair an id of either side's text, as in [`TranslationItems::texts`].
    pub texts: &'a [(u64, u64)],
}

/// Cross-lingual contrast (XLCO): InfoNCE of sentences, mean-pooled from `hidden`, against the keys of their translations, and
/// of translations against the keys of their sentences, the mean of the two directions. The negatives are the other keys of
/// the batch and those of the queue. With keys pooled from `hidden` itself and no queue, its value is that of
/// [`translation_contrast`]; its gradient is not, since keys are constants.
///
/// InfoXLM (arXiv 2007.07834, section 3.3), with keys and queue of Momentum Contrast (arXiv 1911.05722). InfoXLM takes dot
/// products and the queue's negatives only.
///
/// # Shapes
/// `hidden` is `[tokens, width]`, packed; the keys are `[pairs, width]`, those of the queue `[k, width]`. The sum is a scalar in
/// nats, its count the number of pairs.
///
/// # Errors
/// Where there is no pair, lists or matrices differ in length, a range is outside the rows, or the device fails.
pub fn cross_lingual_contrast<D: Backend, T: Tape<f32, D>>(
    hidden: Matrix<D, T>,
    items: &TranslationItems<'_>,
    keys: &TranslationKeys<'_, D>,
    contrast: Contrast,
) -> Result<LossSum<D, T>, Error> {
    check(items)?;
    for side in [keys.sources, keys.targets] {
        check_length("keys of translations", items.sources.len(), side.shape().0)?;
    }
    let queued = keys.queue.as_ref().map_or(&[][..], |queue| queue.texts);
    for side in keys.queue.iter().flat_map(|queue| [queue.sources, queue.targets]) {
        check_length("texts of the queue", side.shape().0, queued.len())?;
    }
    let (source_hidden, target_hidden) = tape::fork(hidden);
    let sources = D::span_mean(source_hidden, &spans(items.sources))?;
    let targets = D::span_mean(target_hidden, &spans(items.targets))?;
    let positives: Vec<usize> = (0..items.sources.len()).collect();
    let text = |key: usize| items.texts.get(key).copied().unwrap_or_else(|| queued[key - items.texts.len()]);
    let differ = |query: usize, key: usize| share_no_side(items.texts[query], text(key));
    let towards = |queries, keys: &Matrix<D>, queue| {
        let form = InfoNce { contrast, queue, temperature: None };
        form.loss(queries, keys.retaped::<T>(), &positives, differ)
    };
    let forward = towards(sources, keys.targets, keys.queue.as_ref().map(|queue| queue.targets))?;
    let backward = towards(targets, keys.sources, keys.queue.as_ref().map(|queue| queue.sources))?;
    Ok(LossSum { sum: tape::scale(tape::add(forward.sum, backward.sum)?, 0.5)?, count: forward.count })
}

fn check(items: &TranslationItems<'_>) -> Result<(), Error> {
    check_length("translations", items.sources.len(), items.targets.len())?;
    check_length("texts", items.sources.len(), items.texts.len())?;
    if items.sources.is_empty() { Err(Error::Empty("translation contrast")) } else { Ok(()) }
}

fn share_no_side(a: (u64, u64), b: (u64, u64)) -> bool {
    a.0 != b.0 && a.1 != b.1
}
