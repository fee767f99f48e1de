//! Checkpoints in and out: Hugging Face, TensorFlow, UER-Py.
//!
//! Everything here works on named tensors; nothing here knows of layers or training. In memory, tensors have their
//! Hugging Face names (`bert.*`, `cls.*`, `roberta.*`, `lm_head.*`) and PyTorch's shapes; each other format is a view of
//! these. Files are read and written one tensor at a time, so a conversion holds one tensor in memory. Files and folders are written atomically (temporary sibling, fsync, rename), and no input is trusted.
//!
//! ```
//! use jove_checkpoint::{Allow, ExportOptions, ExtraFile, Format, ImportOptions, NamedTensor};
//! use jove_checkpoint::{export, import, load_hf, required_tensors, save_hf, verify};
//! use jove_core::{ModelConfig, Silent};
//!
//! # fn main() -> jove_checkpoint::Result<()> {
//! # let root = tempfile::tempdir().expect("a temporary folder");
//! // A BERT of 9 pieces, width 4, one layer, two heads and feed-forward width 8.
//! let config = ModelConfig::bert(9, 4, 1, 2, 8);
//! let mut model = Vec::new();
//! for spec in required_tensors(&config) {
//!     let values: Vec<f32> = (0..spec.shape.iter().product()).map(|value: usize| value as f32).collect();
//!     model.push(NamedTensor::new(spec.name, spec.shape, values)?);
//! }
//!
//! // Write a Hugging Face folder and read it back.
//! let folder = root.path().join("hf");
//! save_hf(&folder, &config, &model, &[ExtraFile::new("vocab.txt", "[PAD]\n[UNK]\n")?])?;
//! let (loaded, weights) = load_hf(&folder)?;
//! assert_eq!(loaded, config);
//! assert_eq!(weights.get("cls.predictions.bias")?.data[8], 8.0);
//!
//! // Export it for TensorFlow, compare every tensor, and import it again.
//! let tf = root.path().join("tf");
//! let exported = export(&tf, Format::Tf, &config, &weights, &[], &ExportOptions::default(), &Silent)?;
//! let report = verify(&tf, Format::Tf, &config, &weights, &exported, &Allow::default())?;
//! assert_eq!((report.identical, report.different.len()), (model.len(), 0));
//! let back = import(&tf, &ImportOptions::new(Format::Tf))?;
//! assert_eq!(back.weights.get("cls.predictions.bias")?, weights.get("cls.predictions.bias")?);
//! # Ok(())
//! # }
//! ```

mod atomic_folder;
mod content;
mod convert;
mod error;
mod extra;
mod folder;
mod hf;
mod hub;
mod layout;
mod message;
mod report;
mod safetensors;
mod spec;
mod tensor;
mod tf;
mod torch;
mod uer;
mod vocabulary;
mod weights;
mod weights_file;

pub use atomic_folder::AtomicFolder;
pub use convert::{ExportOptions, Exported, Format, ImportOptions, ParityReport, TensorParity, export, import, verify};
pub use error::{Error, Result};
pub use extra::ExtraFile;
pub use hf::{Loaded, SaveOptions, config_to_json, load_hf, open_hf, save_hf, save_hf_with};
pub use hub::{HubModel, HubOptions, fetch};
pub use layout::{optional_tensors, required_tensors};
pub use report::{Allow, Difference, NameReport, Reshaped};
pub use safetensors::{TensorFile, write_tensor_file};
pub use spec::{Dtype, TensorSpec};
pub use tensor::{NamedTensor, TensorSource};
pub use tf::{TfBundle, write_tf_bundle};
pub use torch::{TorchFile, write_torch_file};
pub use vocabulary::{Resized, Row, TokenizerFile, kept_pieces};
pub use weights::Weights;

const _: () = assert!(cfg!(target_endian = "little"), "checkpoint files are little-endian, and bytes are not swapped");
