//! Tensors whose values lie in their storage in any order, as PyTorch's strides describe it.

use super::state::Stored;

/// The values of all tensors of a file together that repeat values of their storage, as `expand` leaves them. A short file
/// could otherwise describe more than memory holds; 2^28 values take 1 GiB, as the word table of the largest XLM-R does.
pub(super) const REPEATED_VALUES_MAX: usize = 1 << 28;

/// How a tensor's values lie in its storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Row by row, without gaps.
    Rows,
    /// In another order, with gaps, or several times.
    Strided,
}

impl Stored {
    /// The order of the values.
    pub(super) fn order(&self) -> Order {
        let mut step = 1usize;
        let mut in_rows = |(size, stride): (&usize, &usize)| {
            let fits = *size <= 1 || *stride == step;
            step = step.saturating_mul(*size);
            fits
        };
        let rows = self.shape.contains(&0) || self.shape.iter().zip(&self.stride).rev().all(&mut in_rows);
        if rows { Order::Rows } else { Order::Strided }
    }

    /// The number of values; `None` where it overflows.
    pub(super) fn count(&self) -> Option<usize> {
        self.shape.iter().try_fold(1usize, |product, size| product.checked_mul(*size))
    }

    /// The number of values in the storage up to the last that the tensor takes; `None` where that overflows.
    pub(super) fn end(&self) -> Option<usize> {
        if self.shape.contains(&0) {
            return Some(self.offset);
        }
        let step = |last: usize, (size, stride): (&usize, &usize)| last.checked_add((size - 1).checked_mul(*stride)?);
        self.shape.iter().zip(&self.stride).try_fold(self.offset, step)?.checked_add(1)
    }

    /// The values row by row, picked out of those between the tensor's first and its last in the storage.
    pub(super) fn gathered(&self, between: &[f32]) -> Vec<f32> {
        let Some(((&columns, outer), (&step, outer_steps))) = self.shape.split_last().zip(self.stride.split_last())
        else {
            return between.to_vec();
        };
        let mut values = Vec::with_capacity(self.count().unwrap_or(0));
        if self.shape.contains(&0) {
            return values;
        }
        let mut index = vec![0; outer.len()];
        let mut start = 0;
        loop {
            values.extend((0..columns).map(|column| between[start + column * step]));
            // The next row: the last index that is not at its end grows, those after it begin again.
            let Some(at) = (0..outer.len()).rev().find(|at| index[*at] + 1 < outer[*at]) else { return values };
            for later in at + 1..outer.len() {
                start -= index[later] * outer_steps[later];
                index[later] = 0;
            }
            index[at] += 1;
            start += outer_steps[at];
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::state::Storage;
    use super::*;
    use crate::spec::Dtype;

    fn stored(shape: &[usize], stride: &[usize], offset: usize) -> Stored {
        let storage = Storage { key: "0".to_owned(), dtype: Dtype::F32, count: 0 };
        Stored { name: "x".to_owned(), shape: shape.to_vec(), stride: stride.to_vec(), storage, offset }
    }

    #[test]
    fn rows_in_order_are_told_from_others() {
        for (shape, stride) in
            [(&[][..], &[][..]), (&[3], &[1]), (&[2, 3], &[3, 1]), (&[1, 3], &[77, 1]), (&[0, 3], &[1, 1])]
        {
            assert_eq!(stored(shape, stride, 0).order(), Order::Rows, "{shape:?} {stride:?}");
        }
        for (shape, stride) in [(&[2, 3][..], &[1, 2][..]), (&[3], &[2]), (&[3], &[0]), (&[2, 3], &[4, 1])] {
            assert_eq!(stored(shape, stride, 0).order(), Order::Strided, "{shape:?} {stride:?}");
        }
    }

    #[test]
    fn the_last_value_decides_how_far_a_tensor_reaches() {
        for (shape, stride, offset, expected) in [
            (&[][..], &[][..], 3, Some(4)),
            (&[2, 3], &[1, 2], 0, Some(6)),
            (&[2, 3], &[0, 0], 5, Some(6)),
            (&[0, 9], &[9, 1], 7, Some(7)),
            (&[2], &[usize::MAX], 1, None),
            (&[usize::MAX], &[1], 2, None),
            (&[usize::MAX, usize::MAX], &[1, 1], 0, None),
        ] {
            assert_eq!(stored(shape, stride, offset).end(), expected, "{shape:?} {stride:?} {offset}");
        }
    }

    /// The value at each index, by its definition.
    fn naive(tensor: &Stored, storage: &[f32]) -> Vec<f32> {
        let mut places = vec![tensor.offset];
        for (size, stride) in tensor.shape.iter().zip(&tensor.stride) {
            places = places.iter().flat_map(|place| (0..*size).map(move |index| place + index * stride)).collect();
        }
        places.into_iter().map(|place| storage[place]).collect()
    }

    proptest! {
        #[test]
        fn gathering_is_indexing(
            sizes in proptest::collection::vec((0..4_usize, 0..9_usize), 0..5), offset in 0..5_usize,
        ) {
            let (shape, stride): (Vec<usize>, Vec<usize>) = sizes.into_iter().unzip();
            let tensor = stored(&shape, &stride, offset);
            let storage: Vec<f32> = (0..tensor.end().unwrap()).map(|value| value as f32).collect();
            prop_assert_eq!(tensor.gathered(&storage[offset..]), naive(&tensor, &storage));
        }
    }
}
