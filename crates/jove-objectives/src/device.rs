//! Devices of a model.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The device of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Device {
    /// The CPU.
    #[default]
    Cpu,
    /// The first NVIDIA card; needs a program built with `--features cuda`, see `docs/cuda.md`.
    Cuda,
}

/// The first NVIDIA card.
///
/// # Errors
/// Where the driver or the card is missing.
#[cfg(feature = "cuda")]
pub fn cuda() -> Result<jove_model::Cuda, Error> {
    jove_model::Cuda::try_seed_from_u64(0).map_err(|error| Error::NoDevice { reason: format!("{error:?}") })
}

/// Reports that this program was built without support for cards.
///
/// # Errors
/// Always.
#[cfg(not(feature = "cuda"))]
pub fn cuda() -> Result<jove_model::Cpu, Error> {
    Err(Error::NoDevice { reason: "this program was built without `--features cuda`".to_owned() })
}
