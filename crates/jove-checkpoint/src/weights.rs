//! The weights of a model, from a file of any format.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use jove_core::ModelConfig;

use crate::error::{Error, Result};
use crate::report::{Allow, Difference, NameReport};
use crate::spec::TensorSpec;
use crate::tensor::{NamedTensor, TensorSource};

/// The weights of a model under their Hugging Face names, with the shapes of its configuration. Values are read from
/// their source when requested.
pub struct Weights {
    path: PathBuf,
    source: Box<dyn TensorSource + Send + Sync>,
    names: BTreeSet<String>,
    non_finite_allowed: bool,
}

impl Weights {
    /// Selects the tensors of `source` that match `config`, and reports the others; `path` is for messages.
    ///
    /// # Errors
    /// [`Error::Mismatch`] where tensors are missing, unexpected or reshaped and `allow` does not tolerate it.
    pub(crate) fn fit(
        path: &Path,
        source: impl TensorSource + Send + Sync + 'static,
        config: &ModelConfig,
        allow: &Allow,
    ) -> Result<(Self, NameReport)> {
        let report = NameReport::compare(source.specs(), config);
        if !report.is_allowed(allow) {
            return Err(Error::Mismatch { path: path.to_owned(), report: Box::new(report) });
        }
        let left = report.unexpected.iter().map(|spec| &spec.name).chain(report.reshaped.iter().map(|r| &r.name));
        let left: BTreeSet<&String> = left.collect();
        let names = source.specs().into_iter().map(|spec| spec.name).filter(|name| !left.contains(name)).collect();
        let non_finite_allowed = allow.has(Difference::NonFinite);
        Ok((Self { path: path.to_owned(), source: Box::new(source), names, non_finite_allowed }, report))
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Whether a tensor of this name is there.
    pub fn contains(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// One tensor, with the shape that the configuration requires.
    ///
    /// # Errors
    /// [`Error::NoTensor`], an error of its file, or [`Error::NonFinite`] where it holds NaN or infinite values that are not
    /// allowed.
    pub fn get(&self, name: &str) -> Result<NamedTensor<'_>> {
        if !self.contains(name) {
            return Err(Error::NoTensor { path: self.path.clone(), name: name.to_owned() });
        }
        let tensor = self.source.get(name)?;
        let count = tensor.non_finite();
        if count > 0 && self.non_finite_allowed {
            tracing::warn!(tensor = name, count, "NaN or infinite weights");
        } else if count > 0 {
            let total = tensor.data.len();
            return Err(Error::NonFinite { path: self.path.clone(), name: name.to_owned(), count, total });
        }
        Ok(tensor)
    }

    /// The file or folder of the weights.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl TensorSource for Weights {
    fn specs(&self) -> Vec<TensorSpec> {
        self.source.specs().into_iter().filter(|spec| self.names.contains(&spec.name)).collect()
    }

    fn get(&self, name: &str) -> Result<NamedTensor<'_>> {
        Self::get(self, name)
    }
}

impl fmt::Debug for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Weights({}, {} tensors)", self.path.display(), self.names.len())
    }
}
