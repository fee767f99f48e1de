//! What the CPU's fused operators are made of: slices in, slices out, no tensors.
//!
//! Work is always cut the same way, whatever the number of threads, and partial sums are added in a fixed order, so
//! results are the same bit for bit.

pub(crate) mod attention;
pub(crate) mod columns;
pub(crate) mod math;
pub(crate) mod matmul;
pub(crate) mod norm;
pub(crate) mod pool;
pub(crate) mod vocabulary;

/// Runs `f` compiled for the widest vectors that the processor has. Only what is inlined gains from it, so closures are
/// handed over as `#[inline(always)] || …`: without the attribute they stay functions of their own for the oldest
/// processor, and every `mul_add` a call of a library.
#[inline(always)]
pub(crate) fn vectorized<R>(f: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(f)
}
