//! Code for the widest vectors of the processor at hand.

/// Runs `f` compiled for the widest vectors that the processor has. Only code that is inlined gains from it, so
/// closures are written as `#[inline(always)] || …`: without the attribute they stay functions of their own, compiled for the
/// oldest processor, and every `mul_add` becomes a call of a library.
#[inline(always)]
pub(crate) fn vectorized<R>(f: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(f)
}
