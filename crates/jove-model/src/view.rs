//! The crate's only `unsafe` code: views of CPU tensors and of parts of matrices without a copy, and the serial matrix
//! product on them.
//!
//! Everything here has a safe face: a [`Part`] can only be made from a slice that covers it, and parts that are split
//! off one another never overlap.
#![allow(unsafe_code)]

use std::marker::PhantomData;

use dfdx::prelude::{Cpu, HasShape, Shape, Tensor};

/// The numbers of a contiguous CPU tensor, row by row.
pub(crate) fn slice<S: Shape, T>(x: &Tensor<S, f32, Cpu, T>) -> &[f32] {
    let count = x.shape().num_elements();
    if count == 0 {
        return &[];
    }
    assert_contiguous(x);
    let first: *const f32 = &raw const x[S::Concrete::default()];
    // SAFETY: the tensor is contiguous and has `count` elements, so they lie behind the first one in the vector that
    // holds it; the borrow of `x` keeps that vector from changing.
    unsafe { std::slice::from_raw_parts(first, count) }
}

/// The numbers of a contiguous CPU tensor, to be changed in place; copies them first if they are shared.
pub(crate) fn slice_mut<S: Shape>(x: &mut Tensor<S, f32, Cpu>) -> &mut [f32] {
    let count = x.shape().num_elements();
    if count == 0 {
        return &mut [];
    }
    assert_contiguous(x);
    let first: *mut f32 = &raw mut x[S::Concrete::default()];
    // SAFETY: as in `slice`; indexing made the vector unique, and the borrow of `x` keeps it so.
    unsafe { std::slice::from_raw_parts_mut(first, count) }
}

/// dfdx keeps strides private, so they are read off the addresses of elements.
fn assert_contiguous<S: Shape, T>(x: &Tensor<S, f32, Cpu, T>) {
    let (dims, strides) = (x.shape().concrete(), x.shape().strides());
    let origin = S::Concrete::default();
    let base = &raw const x[origin] as usize;
    for axis in 0..S::NUM_DIMS {
        if dims[axis] > 1 {
            let mut next = origin;
            next[axis] = 1;
            let stride = (&raw const x[next] as usize).wrapping_sub(base) / size_of::<f32>();
            assert_eq!(stride, strides[axis], "the tensor is contiguous");
        }
    }
}

/// A matrix to be read: any strides.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> View<'a> {
    /// A whole row-major matrix.
    pub(crate) fn new(data: &'a [f32], rows: usize, columns: usize) -> Self {
        assert_eq!(data.len(), rows * columns, "data covers {rows} by {columns}");
        Self { data, rows, columns, row_stride: columns, column_stride: 1 }
    }

    /// With rows and columns exchanged.
    pub(crate) fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    /// A block of it.
    pub(crate) fn block(self, rows: std::ops::Range<usize>, columns: std::ops::Range<usize>) -> Self {
        assert!(rows.end <= self.rows && columns.end <= self.columns && rows.start <= rows.end);
        assert!(columns.start <= columns.end);
        let start = rows.start * self.row_stride + columns.start * self.column_stride;
        let data = if rows.is_empty() || columns.is_empty() { &[] } else { &self.data[start..] };
        Self { data, rows: rows.len(), columns: columns.len(), ..self }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// What the matrix was made of.
    pub(crate) fn data(&self) -> &'a [f32] {
        self.data
    }

    /// A row of a matrix whose rows are contiguous.
    #[inline(always)]
    pub(crate) fn row(&self, index: usize) -> &'a [f32] {
        debug_assert_eq!(self.column_stride, 1);
        &self.data[index * self.row_stride..][..self.columns]
    }

    fn covered(&self) -> bool {
        self.rows == 0
            || self.columns == 0
            || (self.rows - 1) * self.row_stride + (self.columns - 1) * self.column_stride < self.data.len()
    }
}

/// A part of a row-major matrix to be written: nothing else can reach its elements.
pub(crate) struct Part<'a> {
    start: *mut f32,
    rows: usize,
    columns: usize,
    stride: usize,
    owner: PhantomData<&'a mut [f32]>,
}

// SAFETY: a part is an exclusive borrow of its elements, like `&mut [f32]`, which is Send.
unsafe impl Send for Part<'_> {}

impl<'a> Part<'a> {
    /// A whole matrix.
    pub(crate) fn new(data: &'a mut [f32], rows: usize, columns: usize) -> Self {
        assert_eq!(data.len(), rows * columns, "data covers {rows} by {columns}");
        Self { start: data.as_mut_ptr(), rows, columns, stride: columns, owner: PhantomData }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    #[inline(always)]
    pub(crate) fn row_mut(&mut self, index: usize) -> &mut [f32] {
        assert!(index < self.rows);
        // SAFETY: the row lies within this part, which nothing else can reach while `self` is borrowed.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(index * self.stride), self.columns) }
    }

    /// Cuts the matrix along the given ascending bounds, which begin at 0 and end at its size; row of blocks by row.
    pub(crate) fn split(self, row_bounds: &[usize], column_bounds: &[usize]) -> Vec<Part<'a>> {
        assert!(row_bounds.is_sorted() && row_bounds.last() == Some(&self.rows));
        assert!(column_bounds.is_sorted() && column_bounds.last() == Some(&self.columns));
        let mut parts = Vec::with_capacity((row_bounds.len() - 1) * (column_bounds.len() - 1));
        for r in row_bounds.windows(2) {
            for c in column_bounds.windows(2) {
                let offset = if r[0] == r[1] || c[0] == c[1] { 0 } else { r[0] * self.stride + c[0] };
                parts.push(Part {
                    // SAFETY: the block is not empty and within this part, so its first element is as well.
                    start: unsafe { self.start.add(offset) },
                    rows: r[1] - r[0],
                    columns: c[1] - c[0],
                    stride: self.stride,
                    owner: PhantomData,
                });
            }
        }
        parts
    }
}

/// `c = scale a b`, or `c += scale a b` where `add`. One thread; the same numbers for the same shapes and strides.
pub(crate) fn multiply(c: &mut Part<'_>, a: View<'_>, b: View<'_>, scale: f32, add: bool) {
    assert_eq!((c.rows, c.columns, a.columns), (a.rows, b.columns, b.rows), "sizes of a product fit");
    assert!(a.covered() && b.covered());
    if c.rows == 0 || c.columns == 0 {
        return;
    }
    if a.columns == 0 {
        if !add {
            (0..c.rows).for_each(|r| c.row_mut(r).fill(0.0));
        }
        return;
    }
    // The kernels want the columns of the result side by side, so one whose rows are so is computed as its transpose,
    // the product of the transposes.
    let transposed = c.stride > 1;
    let (left, right) = if transposed { (b.transposed(), a.transposed()) } else { (a, b) };
    let (rows, columns) = if transposed { (c.columns, c.rows) } else { (c.rows, c.columns) };
    let (row_stride, column_stride) = if transposed { (1, c.stride) } else { (c.stride, 1) };
    // SAFETY: all three matrices are covered by memory that they borrow, as asserted; `c` is borrowed exclusively, so
    // it does not overlap the others. The library reads `c` only where `add`.
    unsafe {
        gemm_f32::gemm::f32::get_gemm_fn()(
            rows,
            columns,
            left.columns,
            c.start,
            column_stride as isize,
            row_stride as isize,
            add,
            left.data.as_ptr(),
            left.column_stride as isize,
            left.row_stride as isize,
            right.data.as_ptr(),
            right.column_stride as isize,
            right.row_stride as isize,
            1.0,
            scale,
            false,
            false,
            false,
            gemm_common::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::{Axes2, PermuteTo, TensorFromVec};

    use super::*;

    #[test]
    fn tensors_are_read_and_written_in_place() {
        let dev = Cpu::default();
        let mut x = dev.tensor_from_vec(vec![1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0], (2, 3));
        let before = slice(&x).as_ptr();
        slice_mut(&mut x)[4] = 50.0;
        assert_eq!(slice(&x), [1.0, 2.0, 3.0, 4.0, 50.0, 6.0]);
        assert_eq!(slice(&x).as_ptr(), before);
    }

    #[test]
    fn a_shared_tensor_is_copied_before_it_changes() {
        let dev = Cpu::default();
        let x = dev.tensor_from_vec(vec![1.0f32, 2.0], (2,));
        let mut y = x.clone();
        slice_mut(&mut y)[0] = 7.0;
        assert_eq!((slice(&x)[0], slice(&y)[0]), (1.0, 7.0));
    }

    #[test]
    #[should_panic(expected = "the tensor is contiguous")]
    fn a_transposed_tensor_is_refused() {
        let x = Cpu::default().tensor_from_vec(vec![0.0f32; 6], (2, 3));
        let y: Tensor<(usize, usize), f32, Cpu> = x.permute::<_, Axes2<1, 0>>();
        slice(&y);
    }

    #[test]
    fn products_respect_strides_and_blocks() {
        let a: Vec<f32> = (0..12).map(|i| i as f32).collect();
        let view = View::new(&a, 3, 4);
        let mut c = vec![1.0; 16];
        multiply(&mut Part::new(&mut c, 4, 4), view.transposed(), view, 1.0, false);
        assert_eq!(&c[..4], [80.0, 92.0, 104.0, 116.0]);
        let mut parts = Part::new(&mut c, 4, 4).split(&[0, 1, 4], &[0, 2, 4]);
        multiply(&mut parts[1], view.block(1..2, 0..3), view.block(0..3, 2..4), 2.0, true);
        assert_eq!(&c[..5], [80.0, 92.0, 104.0 + 196.0, 116.0 + 226.0, 92.0]);
    }
}
