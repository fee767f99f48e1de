//! What the processor can do at most: what measurements are compared with.

use std::time::Instant;

use rayon::prelude::*;

use super::kernels::matmul::matmul;
use crate::view::{Part, View};

/// The fastest matrix product seen on all threads, in GF/s: what the arithmetic of a step is measured against.
pub fn matrix_peak_gflops() -> f64 {
    let (m, k, n) = (1024, 768, 3072);
    let (a, b, mut c) = (vec![0.5f32; m * k], vec![0.25f32; k * n], vec![0.0f32; m * n]);
    let seconds = fastest(8, || matmul(Part::new(&mut c, m, n), View::new(&a, m, k), View::new(&b, k, n), false));
    2.0 * (m * k * n) as f64 / seconds / 1e9
}

/// How fast memory is copied on all threads, in GB/s read and written.
pub fn memory_gb_per_s() -> f64 {
    const BLOCK: usize = 1 << 16;
    let source = vec![1.0f32; 1 << 25];
    let mut target = vec![0.0f32; source.len()];
    let seconds = fastest(6, || {
        let blocks = target.par_chunks_mut(BLOCK).zip(source.par_chunks(BLOCK));
        blocks.for_each(|(target, source)| target.copy_from_slice(source));
    });
    8.0 * source.len() as f64 / seconds / 1e9
}

/// The widest vectors that kernels are compiled for here.
pub(crate) fn instruction_set() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        use pulp::x86::{V3, V4};
        if V4::try_new().is_some() {
            return "AVX-512";
        }
        if V3::try_new().is_some() {
            return "AVX2";
        }
    }
    "the processor's oldest"
}

/// The shortest of some runs, in seconds.
fn fastest(runs: usize, mut f: impl FnMut()) -> f64 {
    let times = (0..runs).map(|_| {
        let start = Instant::now();
        f();
        start.elapsed().as_secs_f64()
    });
    times.fold(f64::INFINITY, f64::min)
}
