//! Training objectives: masked language modelling, knowledge link, alignment of sentences and of words.
//!
//! Tensors in, [`LossSum`] out: a sum over items and their number, so that a trainer can divide once by the count of a
//! whole accumulated batch. Nothing here reads data or holds an encoder. Masked language modelling itself is
//! [`jove_model::MaskedLm::loss`]; translation language modelling is the same on a [`pair_sequence`].

mod collapse;
mod contrast;
mod error;
mod link;
mod sequence;
mod temperature;
mod translation;
mod transport;
mod word_alignment;

pub use collapse::{Spread, alignment};
pub use contrast::{Contrast, InfoNce, info_nce, symmetric_info_nce};
pub use error::Error;
pub use jove_model::LossSum;
pub use link::{LinkForm, LinkHead, LinkItems, Linked, Remembered, knowledge_link};
pub use sequence::{PairSequence, pair_sequence};
pub use temperature::{SCALE_MAX, Temperature};
pub use translation::{
    QueuedTranslations, TranslationItems, TranslationKeys, cross_lingual_contrast, translation_contrast,
};
pub use transport::{Transport, align, sinkhorn};
pub use word_alignment::{PairRows, Pointer, PointerHead, label_words, word_alignment};
