//! A run file for somebody's own graph and text.
//!
//! [`propose`] looks at what is there, and gives the files of an experiment with the reasons beside each setting; [`Proposal::write`]
//! writes them into a folder of their own. Nothing that is there already is replaced.

mod budget;
mod error;
mod pairs;
mod patterns;
mod plan;
mod proposal;
mod request;
mod run_file;
mod text;

pub use budget::Size;
pub use error::{Error, Result};
pub use proposal::{Proposal, propose};
pub use request::Request;
