//! The composed forms by name: what every fused operator must equal, on any device.

pub use super::adamw::composed as adamw;
pub use super::attention::composed as attention;
pub use super::cross_entropy::composed as cross_entropy;
pub use super::dropout::composed as dropout;
pub use super::embedding::composed as embedding;
pub use super::gelu::composed as gelu;
pub use super::l2_normalize::composed as l2_normalize;
pub use super::layer_norm::composed as layer_norm;
pub use super::linear::composed as linear;
pub use super::rows::composed as rows;
pub use super::similarity::composed as similarity;
pub use super::span_mean::composed as span_mean;
pub use super::sublayer::composed_attention as attention_sublayer;
pub use super::sublayer::composed_feed_forward as feed_forward_sublayer;
pub use super::vocabulary::composed as vocabulary_cross_entropy;
