//! Training objectives: masked language modelling, knowledge link, alignment of sentences and of words.
//!
//! An objective takes tensors and returns a [`LossSum`]: a sum over items and their number, so that a trainer divides once by
//! the count of a whole accumulated batch. Masked language modelling itself is
//! [`jove_model::MaskedLm::loss`]; translation language modelling is the same on a [`pair_sequence()`]. `docs/method.md` has the
//! equations of all objectives. [`Model`] is a masked language model with the heads that objectives add, and its files: what
//! a trainer trains and an evaluation measures.
//!
//! The knowledge link of two mentions to the descriptions of their entities, with its gradient:
//!
//! ```
//! use dfdx::prelude::TensorFromVec as _;
//! use jove_core::Seed;
//! use jove_model::{Cpu, ops::tape};
//! use jove_objectives::{LinkForm, LinkHead, LinkItems, knowledge_link};
//!
//! // Hidden states of eight tokens, [tokens, hidden]; an encoder would compute them.
//! let device = Cpu::default();
//! let hidden = device.tensor_from_vec((0..32).map(|i| (i as f32).sin()).collect(), (8, 4));
//! let items = LinkItems {
//!     mentions: &[0..2, 3..4],      // rows of either mention
//!     positives: &[0, 1],           // the description of its entity
//!     descriptions: &[4..6, 6..8],  // rows of either description
//!     entities: &[17, 42],          // the entities that are described
//!     excluded: &[],
//! };
//! let head = LinkHead::new(&device, 4, 3, Seed(1))?;
//! let link = knowledge_link(&head, tape::start(&hidden), &items, &LinkForm::default())?;
//! assert_eq!(link.loss.count, 2);
//! let mut gradients = tape::backward(link.loss.sum)?;
//! assert!(tape::gradient(&hidden, &mut gradients)?.iter().any(|&number| number != 0.0));
//! # Ok::<(), jove_objectives::Error>(())
//! ```

mod device;
mod error;
mod info_nce;
mod knowledge_link;
mod model;
mod pair_sequence;
mod pooling;
mod spans;
mod spread;
mod temperature;
mod tensors;
mod translation_contrast;
mod transport;
mod word_alignment;

pub use device::{Device, cuda};
pub use error::Error;
pub use info_nce::{Contrast, InfoNce, info_nce, symmetric_info_nce};
pub use jove_model::LossSum;
pub use knowledge_link::{LinkForm, LinkHead, LinkItems, LinkOutput, QueuedDescriptions, knowledge_link};
pub use model::Model;
pub use pair_sequence::{PairSequence, pair_sequence};
pub use pooling::{Descriptions, Pooling};
pub use spread::{Spread, alignment};
pub use temperature::Temperature;
pub use tensors::Tensors;
pub use translation_contrast::{
    QueuedTranslations, TranslationItems, TranslationKeys, cross_lingual_contrast, translation_contrast,
};
pub use transport::{Transport, align, sinkhorn};
pub use word_alignment::{PairRows, Pointer, PointerHead, label_words, word_alignment};
