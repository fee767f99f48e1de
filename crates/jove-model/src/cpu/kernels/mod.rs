//! What the CPU's fused operators are made of: slices in, slices out, no tensors.
//!
//! Work is always cut the same way, whatever the number of threads, and partial sums are added in a fixed order, so
//! results are the same bit for bit.

pub(crate) mod attention;
pub(crate) mod columns;
pub(crate) mod layer_norm;
pub(crate) mod math;
pub(crate) mod matmul;
pub(crate) mod pool;
pub(crate) mod vectorized;
pub(crate) mod vocabulary_loss;
