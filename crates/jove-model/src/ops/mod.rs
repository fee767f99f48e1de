//! The encoder's operators, one in a module: the composed form, which runs on every device and is the specification,
//! and the CPU's fused form.

pub mod adamw;
pub mod attention;
pub(crate) mod cross_entropy;
pub(crate) mod dropout;
pub mod embedding;
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

pub use attention::Attend;
pub use embedding::Tables;
pub use layer_norm::NormWeights;
pub use sublayer::{AttentionWeights, FeedForwardWeights, SublayerPass};
