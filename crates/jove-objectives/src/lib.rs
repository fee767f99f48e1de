//! Training objectives: masked language modelling, knowledge link, alignment of sentences and of words.
//!
//! Tensors in, [`LossSum`] out: a sum over items and their number, so that a trainer can divide once by the count of a
//! whole accumulated batch. Masked language modelling itself is [`jove_model::MaskedLm::loss`]; translation language
//! modelling is the same on a [`pair_sequence`]. [`Model`] is a masked language model with the heads that the objectives
//! add, and its files; it is what a trainer trains and what an evaluation reads.

mod collapse;
mod contrast;
mod device;
mod error;
mod link;
mod model;
mod pooling;
mod sequence;
mod temperature;
mod tensors;
mod translation;
mod transport;
mod word_alignment;

pub use collapse::{Spread, alignment};
pub use contrast::{Contrast, InfoNce, info_nce, symmetric_info_nce};
pub use device::{Device, cuda};
pub use error::Error;
pub use jove_model::LossSum;
pub use link::{LinkForm, LinkHead, LinkItems, Linked, Remembered, knowledge_link};
pub use model::Model;
pub use pooling::{Descriptions, Pooling};
pub use sequence::{PairSequence, pair_sequence};
pub use temperature::{SCALE_MAX, Temperature};
pub use tensors::Tensors;
pub use translation::{
    QueuedTranslations, TranslationItems, TranslationKeys, cross_lingual_contrast, translation_contrast,
};
pub use transport::{Transport, align, sinkhorn};
pub use word_alignment::{PairRows, Pointer, PointerHead, label_words, word_alignment};
