//! The momentum encoder, which makes the keys of queues.

use std::ops::Range;

use dfdx::prelude::{NoneTape, Shape, Tensor, TryAdd as _};
use jove_model::ops::tape;
use jove_model::{Backend, Encoder, Matrix, PackedBatch, Parameters, Pass, ValueMut, ValueRef, parameters};
use jove_objectives::LinkHead;

use crate::batch::Batch;
use crate::error::Error;
use jove_objectives::Model;

/// A copy of the encoder and of the link head that follows them slowly and is never trained itself, so that keys which were
/// made at different times are still alike. Momentum Contrast (MoCo), arXiv 1911.05722, equation 2; for encoders of two
/// languages InfoXLM, arXiv 2007.07834, section 3.3.
#[derive(Clone, Debug)]
pub struct MomentumEncoder<D: Backend> {
    encoder: Encoder<D>,
    link: Option<LinkHead<D>>,
    momentum: f64,
}

impl<D: Backend> MomentumEncoder<D> {
    /// A copy of a model as it stands, with `momentum` in [0, 1).
    pub fn new(model: &Model<D>, momentum: f64) -> Self {
        Self { encoder: model.lm.encoder.clone(), link: model.link.clone(), momentum }
    }

    /// Sets every parameter to `momentum · own + (1 − momentum) · model's`: to be called after each update of the model.
    ///
    /// # Errors
    /// Where the model has other parameters, or the device fails.
    pub(crate) fn follow(&mut self, model: &Model<D>) -> Result<(), Error> {
        let mut query = Vec::new();
        model.lm.encoder.visit(&mut |parameter| query.push(parameter));
        if let Some(link) = &model.link {
            link.visit(&mut |parameter| query.push(parameter));
        }
        let momentum = self.momentum as f32;
        let (mut next, mut result) = (query.into_iter(), Ok(()));
        self.visit_mut(&mut |key| {
            if result.is_ok() {
                result = match (key.value, next.next().map(|query| query.value)) {
                    (ValueMut::Matrix(key), Some(ValueRef::Matrix(query))) => approach(key, query, momentum),
                    (ValueMut::Vector(key), Some(ValueRef::Vector(query))) => approach(key, query, momentum),
                    _ => Err(jove_model::Error::MissingParameter { name: key.name, expected: 1 }.into()),
                };
            }
        });
        result
    }

    /// The means of rows of a batch, [ranges, hidden], after layer `layer` or the last one: encoded without a tape and with
    /// nothing dropped. Only the sequences that hold a range are read; each range lies within one sequence.
    ///
    /// # Errors
    /// Where a range is empty or outside the batch, there is no such layer, or the device fails.
    pub fn pooled(&self, batch: &Batch, ranges: &[Range<usize>], layer: Option<usize>) -> Result<Matrix<D>, Error> {
        let mut builder = PackedBatch::builder(self.encoder.config());
        // The sequence copied last, and where the rows before it went to.
        let (mut copied, mut length) = (None, 0);
        let mut spans = Vec::with_capacity(ranges.len());
        let mut order: Vec<usize> = (0..ranges.len()).collect();
        order.sort_by_key(|&index| ranges[index].start);
        let mut start_of = vec![0; ranges.len()];
        for index in order {
            let at = batch.cu_seqlens.partition_point(|&bound| bound <= ranges[index].start);
            let outside = || jove_model::Error::Shape {
                op: "pooled",
                expected: "ranges within the batch".to_owned(),
                found: format!("{:?}", ranges[index]),
            };
            let (Some(&from), Some(&to)) = (batch.cu_seqlens.get(at.wrapping_sub(1)), batch.cu_seqlens.get(at)) else {
                return Err(outside().into());
            };
            if ranges[index].end > to {
                return Err(outside().into());
            }
            if copied != Some(at) {
                builder.push_with_segments(&batch.tokens[from..to], &batch.segments[from..to])?;
                (copied, length) = (Some(at), length + to - from);
            }
            start_of[index] = length + ranges[index].start - to;
        }
        for (range, start) in ranges.iter().zip(start_of) {
            spans.push((start as u32, (start + range.len()) as u32));
        }
        let pass = Pass { layer, ..Pass::eval() };
        let hidden = self.encoder.forward(&builder.build(), NoneTape, &pass)?;
        Ok(D::span_mean(hidden.layer.unwrap_or(hidden.last), &spans)?)
    }

    /// The head of the knowledge link, where the model has one.
    pub(crate) fn link(&self) -> Option<&LinkHead<D>> {
        self.link.as_ref()
    }
}

fn approach<S: Shape, D: Backend>(
    key: &mut Tensor<S, f32, D>,
    query: &Tensor<S, f32, D>,
    momentum: f32,
) -> Result<(), Error> {
    let part = tape::scale(query.clone(), 1.0 - momentum)?;
    let whole = tape::scale(key.clone(), momentum)?.try_add(part);
    *key = whole.map_err(|error| jove_model::Error::Device(format!("{error:?}")))?;
    Ok(())
}

parameters!(impl<D: Backend> MomentumEncoder<D> { encoder, link });

#[cfg(test)]
mod tests {
    use dfdx::prelude::Cpu;
    use jove_core::{ModelConfig, Seed};
    use proptest::prelude::*;

    use super::*;

    fn model(seed: u64) -> Model<Cpu> {
        let config = ModelConfig { max_position_embeddings: 20, ..ModelConfig::bert(40, 8, 2, 2, 16) };
        Model::new(&config, &Cpu::default(), Seed(seed)).unwrap().with_link(4, Seed(seed)).unwrap()
    }

    fn numbers(parameters: &impl Parameters<Cpu>) -> Vec<f32> {
        let mut all = Vec::new();
        parameters.visit(&mut |parameter| all.extend(parameter.to_vec()));
        all
    }

    fn batch(lengths: &[usize]) -> Batch {
        let mut batch = Batch::new();
        for (index, &length) in lengths.iter().enumerate() {
            batch.push((0..length).map(|position| ((7 * index + 3 * position) % 40) as u32), |_| 0);
        }
        batch
    }

    #[test]
    fn it_follows_by_its_momentum() {
        let (start, goal) = (model(1), model(2));
        let mut key = MomentumEncoder::new(&start, 0.75);
        key.follow(&goal).unwrap();
        let before = numbers(&MomentumEncoder::new(&start, 0.0));
        let expected = numbers(&MomentumEncoder::new(&goal, 0.0));
        for ((now, before), goal) in numbers(&key).into_iter().zip(before).zip(&expected) {
            assert!((now - (0.75 * before + 0.25 * goal)).abs() < 1e-6);
        }
        let mut quick = MomentumEncoder::new(&start, 0.0);
        quick.follow(&goal).unwrap();
        assert_eq!(numbers(&quick), expected, "without momentum it is the model itself");
        assert!(quick.follow(&Model { link: None, ..goal }).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        /// Sequences do not see each other, so leaving others out changes nothing but rounding.
        #[test]
        fn ranges_are_pooled_as_in_the_whole_batch(
            lengths in prop::collection::vec(2usize..9, 1..6), picks in prop::collection::vec((0usize..6, 0usize..8, 1usize..5), 1..6),
        ) {
            let (model, batch) = (model(3), batch(&lengths));
            let ranges: Vec<Range<usize>> = picks
                .into_iter()
                .map(|(sequence, from, count)| {
                    let sequence = sequence % lengths.len();
                    let from = from % lengths[sequence];
                    let start = batch.cu_seqlens[sequence] + from;
                    start..start + count.min(lengths[sequence] - from)
                })
                .collect();
            let mut builder = PackedBatch::builder(model.config());
            for bounds in batch.cu_seqlens.windows(2) {
                builder.push(&batch.tokens[bounds[0]..bounds[1]]).unwrap();
            }
            let spans: Vec<(u32, u32)> = ranges.iter().map(|range| (range.start as u32, range.end as u32)).collect();
            let whole = Cpu::span_mean(model.hidden(&builder.build()).unwrap(), &spans).unwrap().as_vec();
            let parts = MomentumEncoder::new(&model, 0.9).pooled(&batch, &ranges, None).unwrap().as_vec();
            prop_assert!(whole.iter().zip(&parts).all(|(a, b)| (a - b).abs() < 1e-4));
        }
    }

    #[test]
    fn ranges_outside_are_refused() {
        let (key, batch) = (MomentumEncoder::new(&model(1), 0.9), batch(&[3, 4]));
        for range in [7..8, 2..4, 99..100] {
            assert!(key.pooled(&batch, &[range], None).is_err());
        }
        let range = std::slice::from_ref(&(1..2));
        assert!(key.pooled(&batch, range, Some(9)).is_err());
        let first = key.pooled(&batch, range, Some(1)).unwrap().as_vec();
        assert_ne!(first, key.pooled(&batch, range, None).unwrap().as_vec());
    }
}
