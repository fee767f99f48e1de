//! The objectives of a run: one file each, with its options, targets, sequences, loss and head.
//!
//! A new objective is a file here, an arm of [`Objective`] and of [`Objectives::get`], and a field of [`Objectives`].

pub(crate) mod contrast;
pub(crate) mod kind;
pub(crate) mod link;
pub(crate) mod mlm;
pub(crate) mod relation;
pub(crate) mod rules;
pub(crate) mod tlm;
pub(crate) mod translation;
pub(crate) mod word_alignment;

use jove_core::{ModelConfig, Seed};
use jove_model::{Backend, Cpu, parameter_count};
use jove_objectives::Model;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::kind::Objective;
use self::link::KnowledgeLinkOptions;
use self::mlm::MlmOptions;
use self::relation::RelationOptions;
use self::rules::{Rules, Train};
use self::tlm::TlmOptions;
use self::translation::TranslationOptions;
use self::word_alignment::WordAlignmentOptions;
use crate::error::{Error, check};
use crate::example::ExampleSource;

/// The objectives of a run. One with weight 0 is off: it costs nothing and adds no parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Objectives {
    /// Masked language modelling on text.
    pub mlm: MlmOptions,
    /// Contrast of linked mentions against descriptions of their entities.
    pub link: KnowledgeLinkOptions,
    /// Masked language modelling on translation pairs read as one sequence.
    pub tlm: TlmOptions,
    /// Contrast of sentences against their translations.
    pub translation: TranslationOptions,
    /// Contrast of subjects and relations against descriptions of objects.
    pub relation: RelationOptions,
    /// Pointing at the counterparts of hidden words in the translation.
    pub word_alignment: WordAlignmentOptions,
    /// Momentum coefficient m of the key encoder that fills queues: after every step key = m · key + (1 − m) · query, for
    /// each of its parameters; in [0, 1); without a queue there is no such encoder. (Momentum Contrast,
    /// arXiv 1911.05722, equation 2.)
    pub momentum: f64,
}

impl Default for Objectives {
    fn default() -> Self {
        Self {
            mlm: MlmOptions::default(),
            link: KnowledgeLinkOptions::default(),
            tlm: TlmOptions::default(),
            translation: TranslationOptions::default(),
            relation: RelationOptions::default(),
            word_alignment: WordAlignmentOptions::default(),
            momentum: 0.999,
        }
    }
}

impl Objectives {
    /// The options of an objective, as the trainer uses them.
    pub(crate) fn get<D: Backend>(&self, objective: Objective) -> &dyn Train<D> {
        match objective {
            Objective::Mlm => &self.mlm,
            Objective::Link => &self.link,
            Objective::Tlm => &self.tlm,
            Objective::Translation => &self.translation,
            Objective::Relation => &self.relation,
            Objective::WordAlignment => &self.word_alignment,
        }
    }

    /// The part of an objective that needs no device.
    pub(crate) fn rules(&self, objective: Objective) -> &dyn Rules {
        self.get::<Cpu>(objective)
    }

    /// The weight of an objective; 0 where it is off.
    pub fn weight(&self, objective: Objective) -> f64 {
        self.rules(objective).weight()
    }

    /// The objectives that are on, in order.
    pub(crate) fn active(&self) -> impl Iterator<Item = Objective> + '_ {
        Objective::ALL.into_iter().filter(|&objective| self.weight(objective) > 0.0)
    }

    /// Whether any objective reads examples of this source.
    pub(crate) fn reads(&self, source: ExampleSource) -> bool {
        self.active().any(|objective| self.rules(objective).reads() == source)
    }

    /// Whether any objective reads translation pairs.
    pub fn needs_pairs(&self) -> bool {
        self.reads(ExampleSource::Tlm) || self.reads(ExampleSource::Translation)
    }

    /// Whether any objective reads single texts.
    pub(crate) fn needs_text(&self) -> bool {
        self.reads(ExampleSource::Text)
    }

    /// The part of a batch's tokens for the sequences that an objective adds. Translation language modelling and word
    /// alignment read the same sequences: the larger of their parts counts, as the former's.
    pub(crate) fn fraction(&self, objective: Objective) -> f64 {
        match objective {
            Objective::Tlm => self.pair_sequence_fraction(),
            Objective::WordAlignment => 0.0,
            other => self.own_fraction(other),
        }
    }

    fn pair_sequence_fraction(&self) -> f64 {
        self.own_fraction(Objective::Tlm).max(self.own_fraction(Objective::WordAlignment))
    }

    fn own_fraction(&self, objective: Objective) -> f64 {
        let rules = self.rules(objective);
        if rules.weight() > 0.0 { rules.token_fraction().unwrap_or(0.0) } else { 0.0 }
    }

    /// Bytes of the momentum encoder and the queues that it fills, for a model of this shape; 0 where no objective has a
    /// queue.
    pub fn memory_bytes(&self, model: &ModelConfig) -> u64 {
        let numbers = |objective| self.rules(objective).queue_numbers(model.hidden_size);
        let queues: Vec<usize> = Objective::ALL.into_iter().filter_map(numbers).collect();
        if queues.is_empty() {
            return 0;
        }
        let numbers = queues.iter().fold(parameter_count(model), |sum, &queue| sum.saturating_add(queue as u64));
        numbers.saturating_mul(size_of::<f32>() as u64)
    }

    /// A model with the heads that the objectives need and it does not have yet.
    pub(crate) fn add_heads<D: Backend>(&self, model: Model<D>, seed: Seed) -> Result<Model<D>, Error> {
        self.active().try_fold(model, |model, objective| self.get(objective).add_head(model, seed))
    }

    /// Checks every field.
    ///
    /// # Errors
    /// `Error::Config` names the first field that is invalid, what it may be and what it is.
    pub fn validate(&self) -> Result<(), Error> {
        for objective in Objective::ALL {
            self.validate_common(objective)?;
        }
        check("objectives", "at least one weight above 0", "none", self.active().next().is_some())?;
        let sum: f64 = Objective::ALL.into_iter().map(|objective| self.fraction(objective)).sum();
        // Sums of decimal fractions are rounded.
        check("objectives", "token fractions that sum to at most 0.9", sum, sum <= 0.9 + 1e-9)?;
        for objective in Objective::ALL {
            self.rules(objective).validate()?;
        }
        check("objectives.momentum", "0 up to but not 1", self.momentum, (0.0..1.0).contains(&self.momentum))
    }

    /// Checks the fields that every objective has.
    fn validate_common(&self, objective: Objective) -> Result<(), Error> {
        let rules = self.rules(objective);
        let field = |field| format!("objectives.{}.{field}", objective.name());
        let weight = rules.weight();
        check(&field("weight"), "0 or more", weight, weight.is_finite() && weight >= 0.0)?;
        let Some(part) = rules.token_fraction().filter(|_| weight > 0.0) else { return Ok(()) };
        check(&field("token-fraction"), "a number above 0, at most 0.5", part, part > 0.0 && part <= 0.5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Fault = (&'static str, fn(&mut Objectives));

    #[test]
    fn faults_are_named() {
        let faults: [Fault; 18] = [
            ("objectives", |o| o.mlm.weight = 0.0),
            ("objectives.link.weight", |o| o.link.weight = -1.0),
            ("objectives.tlm.token-fraction", |o| o.tlm = TlmOptions { weight: 1.0, token_fraction: 0.0 }),
            ("objectives.link.temperature", |o| o.link.temperature = 0.0),
            ("objectives.translation.temperature", |o| o.translation.temperature = f64::NAN),
            ("objectives.translation.margin", |o| o.translation.margin = -0.1),
            ("objectives.link.hard-negatives", |o| o.link.hard_negatives = 17),
            ("objectives.relation.token-fraction", |o| {
                o.relation = RelationOptions { weight: 1.0, token_fraction: 0.6, ..Default::default() }
            }),
            ("objectives.relation.description-length", |o| o.relation.description_length = 2),
            ("objectives.momentum", |o| o.momentum = 1.0),
            ("objectives.link.queue", |o| o.link.queue = usize::MAX),
            ("objectives.translation.queue", |o| o.translation.queue = usize::MAX),
            ("objectives.translation.layer", |o| o.translation.layer = Some(0)),
            ("objectives.word-alignment.token-fraction", |o| {
                (o.word_alignment.weight, o.word_alignment.token_fraction) = (1.0, 0.6);
            }),
            ("objectives.word-alignment.iterations", |o| o.word_alignment.iterations = 0),
            ("objectives.word-alignment.regularization", |o| o.word_alignment.regularization = 0.0),
            ("objectives.link.mentions", |o| o.link.mentions = 1),
            ("objectives", |o| {
                (o.link.weight, o.link.token_fraction) = (1.0, 0.5);
                (o.tlm.weight, o.tlm.token_fraction) = (1.0, 0.5);
            }),
        ];
        Objectives::default().validate().unwrap();
        for (field, break_it) in faults {
            let mut objectives = Objectives::default();
            break_it(&mut objectives);
            let message = objectives.validate().unwrap_err().to_string();
            assert!(message.starts_with(&format!("train.{field}:")), "{message}");
        }
    }

    #[test]
    fn what_is_off_is_not_checked_for_its_token_fraction() {
        let mut objectives = Objectives::default();
        objectives.tlm.token_fraction = 7.0;
        objectives.validate().unwrap();
        assert!(objectives.needs_text() && !objectives.needs_pairs());
    }

    #[test]
    fn objectives_on_pair_sequences_share_them() {
        let mut objectives = Objectives::default();
        (objectives.tlm.weight, objectives.tlm.token_fraction) = (1.0, 0.3);
        (objectives.word_alignment.weight, objectives.word_alignment.token_fraction) = (1.0, 0.5);
        (objectives.translation.weight, objectives.translation.token_fraction) = (1.0, 0.4);
        assert!((objectives.pair_sequence_fraction() - 0.5).abs() < 1e-12);
        objectives.validate().unwrap();
        objectives.tlm.weight = 0.0;
        assert!((objectives.pair_sequence_fraction() - 0.5).abs() < 1e-12 && objectives.needs_pairs());
        objectives.word_alignment.weight = 0.0;
        assert!(objectives.pair_sequence_fraction().abs() < 1e-12);
    }
}
