//! Whether keys are names.

use std::str::FromStr;

use jove_core::InvalidSetting;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Whether the keys of a source are names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Keys {
    /// Keys are names, unless they look like ids: numbers, `Q42`, `/m/0aaa1`, `n02084071`, IRIs.
    #[default]
    Auto,
    /// Every key is a name.
    Names,
    /// No key is a name.
    Ids,
}

impl FromStr for Keys {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "auto" => Ok(Self::Auto),
            "names" => Ok(Self::Names),
            "ids" => Ok(Self::Ids),
            _ => Err(InvalidSetting::new("keys", "auto, names or ids", name).into()),
        }
    }
}
