//! The safetensors format: a JSON header, then all tensors one after the other.
//!
//! Files written here hold a CRC-32C of every tensor in their metadata, under `jove.crc32c`. Other tools ignore it; the
//! reader here verifies it, since the format itself cannot detect a flipped bit.

mod format;
mod read;
mod write;

pub use read::TensorFile;
pub(crate) use write::write_sorted_to;
pub use write::write_tensor_file;
