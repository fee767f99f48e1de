//! UER-Py and TencentPretrain: a PyTorch dictionary under names of their own, and a `config.json` of their own.
//!
//! "UER: An Open-Source Toolkit for Pre-training Models" (arXiv 1909.05658). Three things differ beyond names:
//! segment rows (row 0 is padding, sentence A has row 1), XLM-R's positions (they start at row 0), and a layer norm that
//! divides by the unbiased standard deviation plus epsilon.

mod config;
mod export;
mod import;
mod names;
mod tables;

pub(crate) use config::{uer_config_from_json, uer_config_to_json};
pub(crate) use export::UerExport;
pub(crate) use import::UerImport;
pub(crate) use tables::layout_of as uer_layout_of;

/// The epsilon of UER's layer norm; it is not in its configuration.
pub(crate) const LAYER_NORM_EPS: f64 = 1e-6;
