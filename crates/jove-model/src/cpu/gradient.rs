//! Gradients out of dfdx's map.

/// Takes a gradient out of dfdx's map, which keeps an empty one in its place: its memory is free as soon as it has been
/// used, and several gradients can be worked on at once.
macro_rules! take_gradient {
    ($gradients:expr, $tensor:expr) => {
        std::mem::take(&mut **$gradients.get_or_alloc_mut($tensor)?)
    };
}
pub(crate) use take_gradient;
