//! What a user gives.

use std::path::PathBuf;

use crate::budget::Size;
use crate::error::{Error, Result};

/// What there is to begin with. All paths are as they will stand in the run file: relative to the folder above its own.
pub struct Request<'a> {
    /// The experiment's name, and its folder's: 1 to 64 letters, digits, `+`, `-` and `_`.
    pub name: String,
    /// The graph: files or folders of any format.
    pub graph: Vec<PathBuf>,
    /// Files or folders of text.
    pub text: Vec<PathBuf>,
    /// Tables of sentences and their translations.
    pub pairs: Vec<PathBuf>,
    /// A Hugging Face folder to continue training from.
    pub from: Option<PathBuf>,
    /// Time for the training of all variants, in minutes; above 0.
    pub minutes: f64,
    /// Tokens a second that this machine trains a model of a size at.
    pub speed: &'a dyn Fn(Size) -> f64,
}

impl Request<'_> {
    pub(crate) fn check(&self) -> Result<()> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "+-_".contains(c);
        if !(1..=64).contains(&self.name.len()) || !self.name.chars().all(fits) {
            return Err(Error::Name(self.name.chars().take(80).collect()));
        }
        Ok(())
    }
}
