//! PyTorch's own files (`pytorch_model.bin`, UER's `.bin`), read without ever running a pickle.
//!
//! A pickle is a program. The reader here knows the few instructions that build dictionaries of tensors, and the few
//! names that these refer to; anything else is an error. Compressed archive entries are rejected, so that a small file
//! cannot expand to a large one.

mod cursor;
mod format;
mod object;
mod pickle;
mod quiet;
mod read;
mod state;
mod strided;
mod write;

pub use read::TorchFile;
pub use write::write_torch_file;
pub(crate) use write::{Alias, write_torch};
