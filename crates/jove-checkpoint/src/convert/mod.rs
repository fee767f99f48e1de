//! Conversion between checkpoint formats, and what it changes.

mod export;
mod format;
mod import;
mod parity;

pub use export::{ExportOptions, Exported, export};
pub use format::Format;
pub use import::{ImportOptions, import};
pub use parity::{ParityReport, TensorParity, verify};
