//! TensorFlow checkpoints, format V2 ("tensor bundle"), as Google's BERT releases use it.
//!
//! `PREFIX.data-00000-of-00001` holds the tensors' bytes in the order of their names; `PREFIX.index` is a sorted table
//! from names to shapes, places and checksums. What is written here is byte for byte what TensorFlow's own `SaveV2`
//! writes.

mod bundle;
mod checksum;
mod export;
mod import;
mod index;
mod names;
mod proto;
mod table;
mod write;

pub use bundle::TfBundle;
pub(crate) use export::TfExport;
pub(crate) use import::TfImport;
pub use write::write_tf_bundle;
