//! TensorFlow checkpoints, format V2 ("tensor bundle"), as Google's BERT releases use it.
//!
//! `PREFIX.data-00000-of-00001` holds the tensors' bytes in the order of their names; `PREFIX.index` is a sorted table
//! from names to shapes, places and checksums. What is written here is byte for byte what TensorFlow's own `SaveV2`
//! writes.

mod bundle;
mod export;
mod import;
mod names;
mod proto;
mod table;
mod write;

pub use bundle::TfBundle;
pub use export::TfExport;
pub use import::TfImport;
pub use write::write_tf_bundle;

const FORMAT: &str = "TensorFlow checkpoint";

/// TensorFlow's masked CRC-32C: a checksum that may itself be stored where checksums are computed.
fn masked(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}
