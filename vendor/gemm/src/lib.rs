//! The face of `gemm` 0.15.5 that dfdx 0.13 calls, over the same kernel for `f32`.
//!
//! dfdx depends on all of `gemm`, whose kernels for half precision, double precision and complex numbers take longer to
//! compile than dfdx itself and are never called here. Products of `f32` go through the same steps to the same kernel
//! as in the original, so they are the same bit for bit; products of `f64`, which dfdx needs to compile, take plain loops.
//! Derived from gemm 0.15.5, copyright (c) 2021 sarah, under the MIT license in `LICENSE`.

use std::any::TypeId;

pub use gemm_common::Parallelism;

/// `dst := alpha dst + beta lhs rhs`, without the first term unless `read_dst`. Strides are of columns, then of rows.
///
/// # Safety
/// The pointers and strides must describe matrices of `[m, n]`, `[m, k]` and `[k, n]` elements, of which the first is not
/// shared.
///
/// # Panics
/// Where `T` is neither `f32` nor `f64`.
#[allow(clippy::too_many_arguments)]
pub unsafe fn gemm<T: 'static>(
    m: usize,
    n: usize,
    k: usize,
    mut dst: *mut T,
    dst_cs: isize,
    dst_rs: isize,
    read_dst: bool,
    lhs: *const T,
    lhs_cs: isize,
    lhs_rs: isize,
    rhs: *const T,
    rhs_cs: isize,
    rhs_rs: isize,
    alpha: T,
    beta: T,
    _conj_dst: bool,
    _conj_lhs: bool,
    _conj_rhs: bool,
    parallelism: Parallelism,
) {
    // The kernel writes columns, so a result whose rows are contiguous is computed as its transpose.
    let (m, n, mut dst_cs, mut dst_rs, mut lhs, lhs_cs, mut lhs_rs, mut rhs, mut rhs_cs, rhs_rs) =
        if dst_cs.abs() < dst_rs.abs() {
            (n, m, dst_rs, dst_cs, rhs, rhs_rs, rhs_cs, lhs, lhs_rs, lhs_cs)
        } else {
            (m, n, dst_cs, dst_rs, lhs, lhs_cs, lhs_rs, rhs, rhs_cs, rhs_rs)
        };
    if dst_rs < 0 && m > 0 {
        dst = dst.wrapping_offset((m - 1) as isize * dst_rs);
        dst_rs = -dst_rs;
        lhs = lhs.wrapping_offset((m - 1) as isize * lhs_rs);
        lhs_rs = -lhs_rs;
    }
    if dst_cs < 0 && n > 0 {
        dst = dst.wrapping_offset((n - 1) as isize * dst_cs);
        dst_cs = -dst_cs;
        rhs = rhs.wrapping_offset((n - 1) as isize * rhs_cs);
        rhs_cs = -rhs_cs;
    }
    if TypeId::of::<T>() == TypeId::of::<f32>() {
        // SAFETY: `T` is `f32`, and the caller vouches for the matrices.
        unsafe {
            gemm_f32::gemm::f32::GEMM(
                m,
                n,
                k,
                dst.cast(),
                dst_cs,
                dst_rs,
                read_dst,
                lhs.cast(),
                lhs_cs,
                lhs_rs,
                rhs.cast(),
                rhs_cs,
                rhs_rs,
                *(&raw const alpha).cast::<f32>(),
                *(&raw const beta).cast::<f32>(),
                false,
                false,
                false,
                parallelism,
            );
        }
        return;
    }
    assert!(TypeId::of::<T>() == TypeId::of::<f64>(), "products are of f32 or f64");
    let (dst, lhs, rhs) = (dst.cast::<f64>(), lhs.cast::<f64>(), rhs.cast::<f64>());
    // SAFETY: `T` is `f64`, and the caller vouches for the matrices.
    unsafe {
        let (alpha, beta) = (*(&raw const alpha).cast::<f64>(), *(&raw const beta).cast::<f64>());
        for row in 0..m as isize {
            for column in 0..n as isize {
                let product = |depth: isize| {
                    *lhs.offset(row * lhs_rs + depth * lhs_cs) * *rhs.offset(depth * rhs_rs + column * rhs_cs)
                };
                let sum: f64 = (0..k as isize).map(product).sum();
                let place = dst.offset(row * dst_rs + column * dst_cs);
                *place = if read_dst { alpha * *place + beta * sum } else { beta * sum };
            }
        }
    }
}
