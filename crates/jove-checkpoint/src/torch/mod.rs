//! PyTorch's own files (`pytorch_model.bin`, UER's `.bin`), read without ever running a pickle.
//!
//! A pickle is a program. The reader here knows the few instructions that build dictionaries of tensors, and the few
//! names those refer to; at anything else it stops. Archives hold their entries uncompressed, so nothing can blow up.

mod pickle;
mod read;
mod state;
mod write;

pub use read::TorchFile;
pub use write::write_torch_file;
pub(crate) use write::{Alias, write_torch};

const FORMAT: &str = "PyTorch";
