//! Checkpoints in and out: Hugging Face, TensorFlow, UER-Py.
//!
//! Everything here works on named tensors; nothing here knows of layers or training. Inside, tensors go by their Hugging
//! Face names (`bert.*`, `cls.*`, `roberta.*`, `lm_head.*`) and have PyTorch's shapes; each format is a view of that.
//! Files are read through memory maps and written one tensor at a time, so a conversion holds one tensor in memory.
//! Every file and folder appears whole or not at all, and every input is taken as hostile.

mod convert;
mod error;
mod folder;
mod hf;
mod hub;
mod layout;
mod mapped;
mod report;
mod safetensors;
mod tensor;
mod tf;
mod torch;
mod uer;
mod vocabulary;
mod weights;

pub use convert::{ExportOptions, Exported, Format, ImportOptions, ParityReport, TensorParity, export, import, verify};
pub use error::{Error, Result};
pub use folder::ExtraFile;
pub use hf::{Loaded, SaveOptions, config_from_json, config_to_json, load_hf, open_hf, save_hf, save_hf_with};
pub use hub::{HubModel, HubOptions, fetch};
pub use layout::{optional_tensors, required_tensors};
pub use report::{Allow, Difference, NameReport, Reshaped};
pub use safetensors::{TensorFile, write_tensor_file};
pub use tensor::{Dtype, NamedTensor, TensorSource, TensorSpec};
pub use tf::{TfBundle, TfExport, TfImport, write_tf_bundle};
pub use torch::{TorchFile, write_torch_file};
pub use uer::{UerExport, UerImport, uer_config_from_json, uer_config_to_json};
pub use vocabulary::{Resized, Row, TokenizerFile, kept_pieces};
pub use weights::Weights;

const _: () = assert!(cfg!(target_endian = "little"), "checkpoint files are little-endian and are not swapped");
