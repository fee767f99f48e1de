//! Differences between the tensors of a checkpoint and its configuration.

use std::fmt;

use jove_core::ModelConfig;

use crate::layout::{optional_tensors, required_tensors};
use crate::spec::TensorSpec;

/// A kind of difference between a checkpoint and its configuration, or of invalid weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Tensors that the model needs are missing.
    Missing,
    /// Tensors are present that no part of the model uses.
    Unexpected,
    /// Tensors have another shape; they are left out.
    Reshaped,
    /// Weights are NaN or infinite.
    NonFinite,
    /// The head's last layer has weights of its own instead of the word table's; the head is left out.
    Untied,
}

/// Which differences are tolerated; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allow(Vec<Difference>);

impl Allow {
    /// Tolerates the given differences.
    pub fn these(differences: impl IntoIterator<Item = Difference>) -> Self {
        Self(differences.into_iter().collect())
    }

    /// Whether a difference is tolerated.
    pub(crate) fn has(&self, difference: Difference) -> bool {
        self.0.contains(&difference)
    }
}

/// A tensor of another shape than the configuration requires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reshaped {
    /// The tensor's Hugging Face name.
    pub name: String,
    /// The shape that the configuration requires.
    pub expected: Vec<usize>,
    /// The shape found.
    pub found: Vec<usize>,
}

/// All differences between a checkpoint's tensors and its configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameReport {
    /// Missing tensors of encoder and head.
    pub missing: Vec<TensorSpec>,
    /// Tensors that no part of the model uses.
    pub unexpected: Vec<TensorSpec>,
    /// Tensors of another shape.
    pub reshaped: Vec<Reshaped>,
    /// Names that were left out on purpose, with the reason.
    pub left_out: Vec<(String, &'static str)>,
}

impl NameReport {
    /// Compares tensors, under their Hugging Face names, with the configuration.
    pub(crate) fn compare(mut found: Vec<TensorSpec>, config: &ModelConfig) -> Self {
        found.sort_by(|a, b| a.name.cmp(&b.name));
        let find = |name: &str| found.binary_search_by(|spec| spec.name.as_str().cmp(name)).ok();
        let (required, optional) = (required_tensors(config), optional_tensors(config));
        let mut report = Self::default();
        let mut known = vec![false; found.len()];
        for (spec, needed) in required.iter().map(|spec| (spec, true)).chain(optional.iter().map(|spec| (spec, false)))
        {
            match find(&spec.name) {
                Some(at) => {
                    known[at] = true;
                    if found[at].shape != spec.shape {
                        let (name, expected) = (spec.name.clone(), spec.shape.clone());
                        report.reshaped.push(Reshaped { name, expected, found: found[at].shape.clone() });
                    }
                }
                None if needed => report.missing.push(spec.clone()),
                None => {}
            }
        }
        report.unexpected = found.into_iter().zip(known).filter(|(_, known)| !known).map(|(spec, _)| spec).collect();
        report
    }

    /// Whether every difference is tolerated.
    pub(crate) fn is_allowed(&self, allow: &Allow) -> bool {
        (self.missing.is_empty() || allow.has(Difference::Missing))
            && (self.unexpected.is_empty() || allow.has(Difference::Unexpected))
            && (self.reshaped.is_empty() || allow.has(Difference::Reshaped))
    }
}

impl NameReport {
    /// Whether the head is missing, and nothing else differs.
    pub(crate) fn lacks_head_alone(&self) -> bool {
        let of_head =
            |spec: &TensorSpec| spec.name.starts_with("cls.predictions.") || spec.name.starts_with("lm_head.");
        let others = self.unexpected.len() + self.reshaped.len();
        others == 0 && self.missing.len() == HEAD_TENSORS && self.missing.iter().all(of_head)
    }

    /// The rows of the word table where the configuration states another number of pieces and nothing else differs, as a
    /// table has that was padded for the hardware it was trained on.
    pub(crate) fn other_vocabulary(&self) -> Option<usize> {
        let words = self.reshaped.iter().find(|reshaped| reshaped.name.ends_with("word_embeddings.weight"))?;
        let (stated, found) = (*words.expected.first()?, *words.found.first()?);
        let by_rows = |one: &Reshaped| {
            let others_agree = one.expected.get(1..) == one.found.get(1..);
            others_agree && one.expected.first() == Some(&stated) && one.found.first() == Some(&found)
        };
        let alone = self.missing.is_empty() && self.unexpected.is_empty();
        (alone && self.reshaped.iter().all(by_rows)).then_some(found)
    }
}

/// Dense layer and norm, weight and bias each, and the bias of the prediction.
const HEAD_TENSORS: usize = 5;

impl fmt::Display for NameReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed = |specs: &[TensorSpec]| names(specs.iter().map(|spec| format!("`{}` {:?}", spec.name, spec.shape)));
        let reshaped = self.reshaped.iter().map(|r| format!("`{}` {:?}, expected {:?}", r.name, r.found, r.expected));
        write!(f, "{} missing{}", self.missing.len(), listed(&self.missing))?;
        write!(f, "; {} unexpected{}", self.unexpected.len(), listed(&self.unexpected))?;
        write!(f, "; {} reshaped{}", self.reshaped.len(), names(reshaped))
    }
}

/// The first few names, and how many more there are.
fn names(all: impl ExactSizeIterator<Item = String>) -> String {
    const SHOWN: usize = 5;
    let more = all.len().saturating_sub(SHOWN);
    let shown: Vec<String> = all.take(SHOWN).map(|name| crate::message::shortened(&name)).collect();
    match (shown.is_empty(), more) {
        (true, _) => String::new(),
        (_, 0) => format!(" ({})", shown.join(", ")),
        _ => format!(" ({} and {more} more)", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::{NamedTensor, TensorSource as _};

    fn tensors(config: &ModelConfig) -> Vec<NamedTensor<'static>> {
        let zeros = |spec: TensorSpec| {
            NamedTensor::new(spec.name.clone(), spec.shape.clone(), vec![0.0; spec.count().unwrap()])
        };
        required_tensors(config).into_iter().map(|spec| zeros(spec).unwrap()).collect()
    }

    #[test]
    fn a_padded_word_table_and_a_missing_head_are_told_from_other_differences() {
        let config = ModelConfig::bert(9, 4, 1, 2, 8);
        let padded = NameReport::compare(tensors(&ModelConfig::bert(16, 4, 1, 2, 8)).specs(), &config);
        assert_eq!((padded.other_vocabulary(), padded.lacks_head_alone()), (Some(16), false));
        let wider = NameReport::compare(tensors(&ModelConfig::bert(16, 6, 1, 2, 8)).specs(), &config);
        assert_eq!((wider.other_vocabulary(), wider.lacks_head_alone()), (None, false));
        let mut encoder = tensors(&config);
        encoder.retain(|tensor| tensor.name.starts_with("bert."));
        let headless = NameReport::compare(encoder.specs(), &config);
        assert_eq!((headless.other_vocabulary(), headless.lacks_head_alone()), (None, true));
        encoder.pop();
        assert!(!NameReport::compare(encoder.specs(), &config).lacks_head_alone());
    }

    #[test]
    fn each_kind_of_difference_is_reported() {
        let config = ModelConfig::bert(9, 4, 1, 2, 8);
        let mut found = tensors(&config);
        assert_eq!(NameReport::compare(found.specs(), &config), NameReport::default());
        found.retain(|tensor| tensor.name != "cls.predictions.bias");
        found[0] = NamedTensor::new(found[0].name.clone(), [5], vec![0.0; 5]).unwrap();
        found.push(NamedTensor::new("classifier.weight", [2, 4], vec![0.0; 8]).unwrap());
        found.push(NamedTensor::new("bert.pooler.dense.bias", [4], vec![0.0; 4]).unwrap());
        let report = NameReport::compare(found.specs(), &config);
        let text = "1 missing (`cls.predictions.bias` [9]); 1 unexpected (`classifier.weight` [2, 4]); \
                    1 reshaped (`bert.embeddings.LayerNorm.bias` [5], expected [4])";
        assert_eq!(report.to_string(), text);
        assert!(!report.is_allowed(&Allow::these([Difference::Missing, Difference::Unexpected])));
        let all = Allow::these([Difference::Missing, Difference::Unexpected, Difference::Reshaped]);
        assert!(report.is_allowed(&all));
    }
}
