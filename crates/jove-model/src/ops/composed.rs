//! The composed forms by the names of their operators: what every fused form must equal, on any device.

pub use super::adamw_update::composed as adamw_update;
pub use super::attention::composed as attention;
pub use super::cross_entropy::composed as cross_entropy;
pub use super::dropout::composed as dropout;
pub use super::embedding::composed as embed;
pub use super::gelu::composed as gelu;
pub use super::gradient_square_sum::composed as gradient_square_sum;
pub use super::l2_normalize::composed as l2_normalize;
pub use super::layer_norm::composed as add_norm;
pub use super::linear::composed as linear;
pub use super::rows::composed as rows;
pub use super::similarity::composed as similarity;
pub use super::span_mean::composed as span_mean;
pub use super::sublayer::composed_attention as attention_sublayer;
pub use super::sublayer::composed_feed_forward as feed_forward_sublayer;
pub use super::vocabulary_cross_entropy::composed as vocabulary_cross_entropy;
