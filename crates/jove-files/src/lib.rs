//! Files in and out: the one place that opens what a user names.
//!
//! An output replaces nothing or a regular file of the kind that is written, atomically; links are followed, permissions
//! are kept, pipes and devices are written as they are, and `-` is standard output. An input is never an output of
//! the same command ([`check_apart`]), never a folder, and never a device without an end.
//!
//! ```
//! use std::io::Write as _;
//! use jove_files::{Kind, Output};
//!
//! let folder = tempfile::tempdir()?;
//! let page = folder.path().join("page.html");
//! let mut output = Output::create(&page, Kind::HTML)?;
//! output.write_all(b"<!doctype html><p>one")?;
//! output.finish()?;
//!
//! // A file of another kind is no page of ours to replace.
//! let notes = folder.path().join("notes.txt");
//! std::fs::write(&notes, "years of work")?;
//! assert!(Output::create(&notes, Kind::HTML).is_err());
//! # Ok::<(), std::io::Error>(())
//! ```

mod apart;
mod destination;
mod folder;
mod input;
mod kind;
mod late;
mod output;
mod positioned;
mod refused;
mod replacement;
mod terminal;

pub use apart::{check_apart, check_outside};
pub use destination::{check_output, is_standard_output, replaceable};
pub use folder::files_below;
pub use input::{is_stream, open_file, open_stream, read_small, read_text, skip_line};
pub use kind::Kind;
pub use late::LateOutput;
pub use output::Output;
pub use positioned::PositionedFile;
pub use refused::Refused;
pub use replacement::still_leads_to;
