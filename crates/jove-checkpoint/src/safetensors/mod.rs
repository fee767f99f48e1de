//! The safetensors format: a JSON header, then all tensors one after the other.
//!
//! Files written here carry a CRC-32C of every tensor in their metadata, under [`CHECKSUM_KEY`]. Other tools skip it;
//! the reader here checks it, since the format itself has no way to tell a flipped bit.

mod read;
mod write;

pub use read::TensorFile;
pub(crate) use write::write_sorted_to;
pub use write::write_tensor_file;

/// The metadata key of the checksums: eight hex digits a tensor, in the order of the data.
const CHECKSUM_KEY: &str = "jove.crc32c";

const FORMAT: &str = "safetensors";
