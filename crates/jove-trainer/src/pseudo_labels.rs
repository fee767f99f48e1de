//! The counterparts that word alignment is trained towards.

use dfdx::prelude::NoneTape;
use jove_model::{Backend, PackedBatch, Pass};
use jove_objectives::{PairRows, label_words};

use crate::alignment::WordAlignmentOptions;
use crate::batch::Batch;
use crate::error::Error;
use jove_objectives::Model;

/// Finds the counterparts of the hidden words of every batch's pairs, with the weights as they stand: the pairs are read
/// once more with nothing hidden, without a tape and without dropout. Nothing is read where the objective is off.
pub(crate) fn label<D: Backend>(
    model: &Model<D>,
    options: &WordAlignmentOptions,
    batches: &mut [Batch],
) -> Result<(), Error> {
    for batch in batches.iter_mut().filter(|batch| options.weight > 0.0 && !batch.pairs.is_empty()) {
        let (sequences, start) = unmasked(model, batch)?;
        let pass = Pass { layer: options.layer, ..Pass::eval() };
        let hidden = model.forward(&sequences, NoneTape, &pass)?;
        let hidden = hidden.layer.unwrap_or(hidden.last);
        let back = |range: &std::ops::Range<usize>| range.start - start..range.end - start;
        let pairs: Vec<PairRows> =
            batch.pairs.iter().map(|pair| PairRows { first: back(&pair.first), second: back(&pair.second) }).collect();
        let masked: Vec<usize> = batch.tlm.rows.iter().map(|row| row - start).collect();
        batch.pointers = label_words(&hidden, &pairs, &masked, &options.transport())?;
        for pointer in &mut batch.pointers {
            pointer.row += start;
            pointer.target += start;
            pointer.among = pointer.among.start + start..pointer.among.end + start;
        }
    }
    Ok(())
}

/// The sequences of a batch's pairs as they were before masking, and the row of the batch that they begin at; pairs stand
/// one behind the other.
fn unmasked<D: Backend>(model: &Model<D>, batch: &Batch) -> Result<(PackedBatch, usize), Error> {
    let first = batch.bounds.partition_point(|&bound| bound < batch.pairs[0].first.start) - 1;
    let bounds = &batch.bounds[first..=first + batch.pairs.len()];
    let (start, end) = (bounds[0], bounds[bounds.len() - 1]);
    let mut tokens = batch.tokens[start..end].to_vec();
    for (&row, &label) in batch.tlm.rows.iter().zip(&batch.tlm.labels) {
        tokens[row - start] = label;
    }
    let mut builder = PackedBatch::builder(model.config());
    for rows in bounds.windows(2) {
        builder.push_with_segments(&tokens[rows[0] - start..rows[1] - start], &batch.segments[rows[0]..rows[1]])?;
    }
    Ok((builder.build(), start))
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::Cpu;
    use jove_core::{ModelConfig, Seed};

    use super::*;
    use crate::batch::Targets;

    /// Two pairs behind a single text; the model sees 39 where a token is hidden.
    fn batch() -> Batch {
        let mut batch = Batch::new();
        batch.push([1, 20, 2], |_| 0);
        for pair in 0..2 {
            let start = batch.push([1, 5 + pair, 39, 7, 2, 7, 39, 5 + pair, 2], |_| 0);
            batch.pairs.push(PairRows { first: start + 1..start + 4, second: start + 5..start + 8 });
        }
        batch.tlm = Targets { rows: vec![5, 9, 14], labels: vec![6, 6, 6] };
        batch
    }

    fn model() -> Model<Cpu> {
        let config = ModelConfig { max_position_embeddings: 20, ..ModelConfig::bert(40, 16, 2, 2, 16) };
        Model::new(&config, &Cpu::default(), Seed(1)).unwrap()
    }

    #[test]
    fn pairs_are_read_with_nothing_hidden() {
        let (sequences, start) = unmasked(&model(), &batch()).unwrap();
        assert_eq!(start, 3);
        assert_eq!(sequences.tokens(), [1, 5, 6, 7, 2, 7, 6, 5, 2, 1, 6, 6, 7, 2, 7, 39, 6, 2]);
        assert_eq!(sequences.cu_seqlens(), [0, 9, 18]);
    }

    #[test]
    fn counterparts_lie_on_the_other_side() {
        let mut batches = [batch(), Batch::new()];
        let mut options = WordAlignmentOptions { rounds: 2, ..WordAlignmentOptions::default() };
        label(&model(), &options, &mut batches).unwrap();
        assert!(batches[0].pointers.is_empty(), "it is off");
        options.weight = 1.0;
        for layer in [None, Some(1)] {
            options.layer = layer;
            label(&model(), &options, &mut batches).unwrap();
            assert!(!batches[0].pointers.is_empty() && batches[1].pointers.is_empty());
            for pointer in &batches[0].pointers {
                let pairs = &batches[0].pairs;
                let pair = pairs.iter().find(|p| p.first.contains(&pointer.row) || p.second.contains(&pointer.row));
                let pair = pair.unwrap();
                let other = if pair.first.contains(&pointer.row) { &pair.second } else { &pair.first };
                assert_eq!(&pointer.among, other);
                assert!(other.contains(&pointer.target) && batches[0].tlm.rows.contains(&pointer.row));
            }
        }
    }
}
