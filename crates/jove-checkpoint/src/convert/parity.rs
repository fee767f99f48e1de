//! Comparison of an exported checkpoint with its source.

use std::path::Path;

use jove_core::{Layout, ModelConfig};
use serde::Serialize;

use super::export::Exported;
use super::format::Format;
use super::import::{ImportOptions, import};
use crate::error::Result;
use crate::layout::prefix;
use crate::report::Allow;
use crate::tensor::{NamedTensor, TensorSource};
use crate::uer::LAYER_NORM_EPS;

/// A tensor that differs after a conversion and back.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TensorParity {
    /// The Hugging Face name.
    pub name: String,
    /// How many values differ.
    pub values_different: usize,
    /// The largest absolute difference.
    pub difference_max: f64,
    /// The reason, where the format explains the difference; without one, the conversion is wrong.
    pub explanation: Option<String>,
}

/// The result of reading an exported checkpoint back.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParityReport {
    /// How many tensors are identical, bit for bit.
    pub identical: usize,
    /// Tensors that differ.
    pub different: Vec<TensorParity>,
    /// Tensors that are missing after the conversion, with the reason where there is one.
    pub lost: Vec<(String, Option<String>)>,
    /// Differences in the code of the other tool that no weight shows.
    pub notes: Vec<String>,
}

impl ParityReport {
    /// Whether every difference has an explanation.
    pub fn is_explained(&self) -> bool {
        self.different.iter().all(|tensor| tensor.explanation.is_some())
            && self.lost.iter().all(|(_, reason)| reason.is_some())
    }
}

/// Reads the checkpoint in `dir`, which was exported from `tensors`, and compares every tensor.
///
/// # Errors
/// Where the checkpoint cannot be read back.
pub fn verify(
    dir: &Path,
    format: Format,
    config: &ModelConfig,
    tensors: &(impl TensorSource + ?Sized),
    exported: &Exported,
    allow: &Allow,
) -> Result<ParityReport> {
    let options = ImportOptions { layout: Some(config.layout), allow: allow.clone(), ..ImportOptions::new(format) };
    let back = import(dir, &options)?;
    let mut report =
        ParityReport { identical: 0, different: Vec::new(), lost: Vec::new(), notes: notes(format, config, exported) };
    for spec in tensors.specs() {
        if !back.weights.contains(&spec.name) {
            let reason =
                exported.left_out.contains(&spec.name).then(|| "the format has no counterpart for it".to_owned());
            report.lost.push((spec.name, reason));
            continue;
        }
        let (before, after) = (tensors.get(&spec.name)?, back.weights.get(&spec.name)?);
        match compare(&before, &after) {
            None => report.identical += 1,
            Some(parity) => {
                let explanation = explain(format, config, exported, &before, &after);
                report.different.push(TensorParity { explanation, ..parity });
            }
        }
    }
    Ok(report)
}

fn compare(before: &NamedTensor<'_>, after: &NamedTensor<'_>) -> Option<TensorParity> {
    let pairs = || before.data.iter().zip(&*after.data);
    let different = pairs().filter(|(a, b)| a.to_bits() != b.to_bits()).count();
    if different == 0 && before.shape == after.shape {
        return None;
    }
    let largest = pairs().map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs()).fold(0.0, f64::max);
    Some(TensorParity {
        name: before.name.clone(),
        values_different: different,
        difference_max: largest,
        explanation: None,
    })
}

/// The reason of a difference, if the format explains it. Each reason is verified with the values.
fn explain(
    format: Format,
    config: &ModelConfig,
    exported: &Exported,
    before: &NamedTensor<'_>,
    after: &NamedTensor<'_>,
) -> Option<String> {
    if config.layout != Layout::XlmRoberta || before.shape != after.shape {
        return None;
    }
    let (at, width) = (prefix(config.layout), config.hidden_size);
    let unused = config.first_position() * width;
    let rows = config.first_position();
    if before.name == format!("{at}embeddings.token_type_embeddings.weight") {
        let zeros = after.data.iter().all(|value| *value == 0.0);
        return (exported.folded_token_type && zeros).then(|| {
            "added to every row of the position table: UER gives real tokens a segment row of zeros".to_owned()
        });
    }
    if before.name != format!("{at}embeddings.position_embeddings.weight") || format == Format::Hf {
        return None;
    }
    let used_equal = before.data[unused..].iter().zip(&after.data[unused..]).all(|(a, b)| a.to_bits() == b.to_bits());
    let zeroed = after.data[..unused].iter().all(|value| *value == 0.0);
    match (zeroed, used_equal, exported.folded_token_type) {
        (true, true, _) => Some(format!(
            "rows 0 to {} are never used (positions start at {rows}) and are zeros after an import",
            rows - 1
        )),
        (true, false, true) => Some(format!(
            "the token-type row was added to every row in use; rows 0 to {} are never used and are zeros after an import",
            rows - 1
        )),
        _ => None,
    }
}

fn notes(format: Format, config: &ModelConfig, exported: &Exported) -> Vec<String> {
    let mut notes = Vec::new();
    if format == Format::Uer {
        // sqrt(n / (n - 1)) - 1, by which the unbiased deviation is larger than the biased one.
        let width = config.hidden_size as f64;
        let gap = 100.0 * ((width / (width - 1.0).max(1.0)).sqrt() - 1.0);
        notes.push(format!(
            "UER's layer norm divides by the unbiased standard deviation + {LAYER_NORM_EPS:e}, Hugging Face by \
             sqrt(biased variance + {:e}): at width {width} each norm comes out {gap:.3} % smaller in UER, so outputs agree \
             to about that, not to rounding",
            config.layer_norm_eps
        ));
        notes.push(match config.layout {
            Layout::Bert => "UER's segment table has a row of zeros for padding before Hugging Face's rows".to_owned(),
            Layout::XlmRoberta => "UER counts positions from row 0 where Hugging Face starts at row 2".to_owned(),
        });
        if exported.folded_token_type {
            notes.push("the token-type row was folded into the position table; outputs stay the same".to_owned());
        }
    }
    if format == Format::Tf && config.layout == Layout::XlmRoberta {
        notes.push(format!(
            "Google's code has no XLM-R: the variables carry BERT's names, positions start at 0, and its layer norm fixes \
             epsilon at 1e-12 where this model has {:e}",
            config.layer_norm_eps
        ));
    }
    notes
}
