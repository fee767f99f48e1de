//! The encoder's operators, one in a module: the types of its arguments, the check of their sizes, and the composed
//! form, which runs on every device and is the specification. [`backend`] has all signatures.
//!
//! [`adamw`], [`norm`] and [`tape`] are what a training step does with them.

pub mod adamw;
pub mod adamw_update;
pub mod attention;
pub mod backend;
pub mod composed;
pub mod cross_entropy;
pub mod dropout;
pub mod embedding;
pub mod gelu;
pub mod gradient_square_sum;
pub mod l2_normalize;
pub mod layer_norm;
pub mod linear;
pub mod norm;
pub mod rows;
pub mod similarity;
pub mod span_mean;
pub mod sublayer;
pub mod tape;
pub mod vocabulary_cross_entropy;

pub use attention::AttentionArgs;
pub use embedding::Tables;
pub use layer_norm::NormWeights;
pub use sublayer::{AttentionWeights, FeedForwardWeights, SublayerPass};
