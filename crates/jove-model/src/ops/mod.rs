//! The encoder's operators, one in a module: the composed form, which runs on every device and is the specification,
//! and the CPU's fused form.

pub mod adamw;
pub mod attention;
pub mod composed;
pub(crate) mod cross_entropy;
pub(crate) mod dropout;
pub mod embedding;
pub(crate) mod fused_attention_sublayer;
pub(crate) mod fused_feed_forward_sublayer;
pub(crate) mod gelu;
pub(crate) mod l2_normalize;
pub mod layer_norm;
pub(crate) mod linear;
pub mod norm;
pub(crate) mod rows;
pub(crate) mod similarity;
pub(crate) mod span_mean;
pub mod sublayer;
pub mod tape;
pub(crate) mod vocabulary;

/// Takes a gradient out of dfdx's map, which keeps an empty one in its place: its memory is free as soon as it has been
/// used, and several gradients can be worked on at once.
macro_rules! take_gradient {
    ($gradients:expr, $tensor:expr) => {
        std::mem::take(&mut **$gradients.get_or_alloc_mut($tensor)?)
    };
}
pub(crate) use take_gradient;

pub use attention::AttentionArgs;
pub use embedding::Tables;
pub use layer_norm::NormWeights;
pub use sublayer::{AttentionWeights, FeedForwardWeights, SublayerPass};
