//! Which objectives a run mixes, and how much of each batch they get.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use jove_core::{ModelConfig, Seed};
use jove_model::{Backend, parameter_count};
use jove_objectives::{Model, Pooling};

use crate::alignment::TranslationForm;
use crate::alignment::{TranslationOptions, WordAlignmentOptions};
use crate::config::check;
use crate::error::Error;

/// The most keys of a queue.
pub(crate) const QUEUE_MAX: usize = 1 << 20;

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
    /// How slowly the encoder that fills queues follows the trained one: after every step each of its parameters is this
    /// part its own and the rest the trained one's; in [0, 1); without a queue there is no such encoder; default 0.999.
    /// (Momentum Contrast, arXiv 1911.05722, equation 2.)
    pub momentum: f64,
}

/// Masked language modelling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct MlmOptions {
    /// Factor on the mean loss per masked token; default 1.
    pub weight: f64,
}

/// The contrastive knowledge link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct KnowledgeLinkOptions {
    /// Factor on the mean loss per linked mention; 0 is off; default 0.
    pub weight: f64,
    /// Part of a batch's tokens that descriptions may take, in (0, 0.5]; default 0.25.
    pub share: f64,
    /// The most mentions contrasted in one forward pass; default 128.
    pub mentions: usize,
    /// The longest description in tokens, special tokens included; default 48.
    pub description_length: usize,
    /// What the cosines are divided by; above 0; default 0.05.
    pub temperature: f64,
    /// Whether descriptions also have to find their mentions; default true.
    pub symmetric: bool,
    /// Width of the space that mentions and descriptions are projected into; default 128.
    pub projection: usize,
    /// How one vector is made of a description; default mean.
    pub pooling: Pooling,
    /// Descriptions of former batches, as a slow copy of the encoder saw them, that every mention is held against besides
    /// those of its batch; 0 is none, and then there is no second encoder; see `objectives.momentum`; default 0.
    pub queue: usize,
    /// Whether the temperature is a parameter that begins at `temperature` and is kept between 0.01 and 1; default false.
    /// (Learning Transferable Visual Models From Natural Language Supervision, arXiv 2103.00020, section 2.3.)
    pub learned_temperature: bool,
    /// Descriptions of entities that look like a mention's in the graph, of the same type or with a shared neighbour, that
    /// are added to a batch for each linked entity as further negatives, within `share`; 0 to 16; default 0.
    pub hard_negatives: usize,
}

/// The relation form of the knowledge link: a fact's subject and relation, read together, find the description of its object
/// among those of the other facts of the batch. The idea of KEPLER (arXiv 1911.06136, section 3.2), text in place of entity
/// embeddings, as a contrast in place of its margin loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct RelationOptions {
    /// Factor on the mean loss per fact; 0 is off; default 0.
    pub weight: f64,
    /// Part of a batch's tokens that facts may take, in (0, 0.5]; default 0.25.
    pub share: f64,
    /// The longest description and the longest relation in tokens, special tokens included; default 32.
    pub description_length: usize,
    /// What the cosines are divided by; above 0; default 0.05.
    pub temperature: f64,
    /// Whether objects also have to find their subjects and relations; default true.
    pub symmetric: bool,
    /// Width of the space that both sides are projected into; default 128.
    pub projection: usize,
    /// How one vector is made of a text; default mean.
    pub pooling: Pooling,
}

/// Translation language modelling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct TlmOptions {
    /// Factor on the mean loss per masked token of a pair; 0 is off; default 0.
    pub weight: f64,
    /// Part of a batch's tokens that pairs may take, in (0, 0.5]; default 0.25.
    pub share: f64,
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

impl Default for MlmOptions {
    fn default() -> Self {
        Self { weight: 1.0 }
    }
}

impl Default for KnowledgeLinkOptions {
    fn default() -> Self {
        Self {
            weight: 0.0,
            share: 0.25,
            mentions: 128,
            description_length: 48,
            temperature: 0.05,
            symmetric: true,
            projection: 128,
            pooling: Pooling::Mean,
            queue: 0,
            learned_temperature: false,
            hard_negatives: 0,
        }
    }
}

impl Default for RelationOptions {
    fn default() -> Self {
        Self {
            weight: 0.0,
            share: 0.25,
            description_length: 32,
            temperature: 0.05,
            symmetric: true,
            projection: 128,
            pooling: Pooling::Mean,
        }
    }
}

impl Default for TlmOptions {
    fn default() -> Self {
        Self { weight: 0.0, share: 0.25 }
    }
}

impl Objectives {
    /// Whether any objective reads translation pairs.
    pub fn needs_pairs(&self) -> bool {
        self.needs_pair_sequences() || self.translation.weight > 0.0
    }

    /// Whether any objective reads translation pairs as one sequence.
    pub(crate) fn needs_pair_sequences(&self) -> bool {
        self.tlm.weight > 0.0 || self.word_alignment.weight > 0.0
    }

    /// The part of a batch for pairs read as one sequence: the largest that an objective on them asks for, since they
    /// share them; 0 where there is none.
    pub(crate) fn pair_sequence_share(&self) -> f64 {
        let share = |weight: f64, share: f64| if weight > 0.0 { share } else { 0.0 };
        let words = share(self.word_alignment.weight, self.word_alignment.share);
        share(self.tlm.weight, self.tlm.share).max(words)
    }

    /// Keys that the knowledge link remembers; 0 where it remembers none.
    pub(crate) fn link_queue(&self) -> usize {
        if self.link.weight > 0.0 { self.link.queue } else { 0 }
    }

    /// Pairs that the contrast of translations remembers; `None` where it is not of that form.
    pub(crate) fn translation_queue(&self) -> Option<usize> {
        let options = &self.translation;
        (options.weight > 0.0 && options.form == TranslationForm::Xlco).then_some(options.queue)
    }

    /// Bytes of the slow encoder and the queues that it fills, for a model of this shape; 0 where no objective has a queue.
    pub fn memory_bytes(&self, model: &ModelConfig) -> u64 {
        let (link, pairs) = (self.link_queue(), self.translation_queue());
        if link == 0 && pairs.is_none() {
            return 0;
        }
        let keys = link * self.link.projection + 2 * pairs.unwrap_or(0) * model.hidden_size;
        size_of::<f32>() as u64 * (parameter_count(model) + keys as u64)
    }

    /// Whether any objective reads single texts.
    pub fn needs_text(&self) -> bool {
        self.mlm.weight > 0.0 || self.link.weight > 0.0
    }

    /// A model with the heads that the objectives need and it does not have yet.
    pub(crate) fn add_heads<D: Backend>(&self, model: Model<D>, seed: Seed) -> Result<Model<D>, Error> {
        let (link, relation) = (&self.link, &self.relation);
        let mut model = model;
        if link.weight > 0.0 {
            model = model.with_link(link.projection, seed)?;
        }
        if link.weight > 0.0 && link.learned_temperature {
            model = model.with_learned_temperature(link.temperature as f32)?;
        }
        if self.word_alignment.weight > 0.0 {
            model = model.with_pointer(seed)?;
        }
        Ok(if relation.weight > 0.0 { model.with_relation(relation.projection, seed)? } else { model })
    }

    /// Checks every field.
    ///
    /// # Errors
    /// `Error::Config` names the first field that cannot hold, what it may hold and what it holds.
    pub fn validate(&self) -> Result<(), Error> {
        let Self { mlm, link, tlm, translation, relation, word_alignment, momentum } = self;
        let weights = [
            ("mlm", mlm.weight, 0.0),
            ("link", link.weight, link.share),
            ("tlm", tlm.weight, tlm.share),
            ("translation", translation.weight, translation.share),
            ("relation", relation.weight, relation.share),
            ("word-alignment", word_alignment.weight, word_alignment.share),
        ];
        for (name, weight, share) in weights {
            let field = |field| format!("objectives.{name}.{field}");
            check(&field("weight"), "0 or more", weight, weight.is_finite() && weight >= 0.0)?;
            if weight > 0.0 && name != "mlm" {
                check(&field("share"), "a number above 0, at most 0.5", share, share > 0.0 && share <= 0.5)?;
            }
        }
        check("objectives", "at least one weight above 0", "none", weights.iter().any(|&(_, weight, _)| weight > 0.0))?;
        let share = |weight: f64, share: f64| if weight > 0.0 { share } else { 0.0 };
        let shares = share(link.weight, link.share) + share(translation.weight, translation.share);
        let shares = shares + share(relation.weight, relation.share) + self.pair_sequence_share();
        check("objectives", "shares that sum to at most 0.9", shares, shares <= 0.9)?;
        translation.validate()?;
        word_alignment.validate()?;
        for (name, temperature) in [("link", link.temperature), ("relation", relation.temperature)] {
            let holds = (0.001..=100.0).contains(&temperature);
            check(&format!("objectives.{name}.temperature"), "0.001 to 100", temperature, holds)?;
        }
        check("objectives.momentum", "0 up to but not 1", momentum, (0.0..1.0).contains(momentum))?;
        check("objectives.link.queue", format!("0 to {QUEUE_MAX}"), link.queue, link.queue <= QUEUE_MAX)?;
        check("objectives.link.hard-negatives", "0 to 16", link.hard_negatives, link.hard_negatives <= 16)?;
        for (name, size, least) in [
            ("link.mentions", link.mentions, 2),
            ("link.description-length", link.description_length, 3),
            ("link.projection", link.projection, 1),
            ("relation.description-length", relation.description_length, 3),
            ("relation.projection", relation.projection, 1),
        ] {
            let expected = format!("{least} to 65536");
            check(&format!("objectives.{name}"), expected, size, (least..=65536).contains(&size))?;
        }
        Ok(())
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
            ("objectives.tlm.share", |o| o.tlm = TlmOptions { weight: 1.0, share: 0.0 }),
            ("objectives.link.temperature", |o| o.link.temperature = 0.0),
            ("objectives.translation.temperature", |o| o.translation.temperature = f64::NAN),
            ("objectives.translation.margin", |o| o.translation.margin = -0.1),
            ("objectives.link.hard-negatives", |o| o.link.hard_negatives = 17),
            ("objectives.relation.share", |o| {
                o.relation = RelationOptions { weight: 1.0, share: 0.6, ..Default::default() }
            }),
            ("objectives.relation.description-length", |o| o.relation.description_length = 2),
            ("objectives.momentum", |o| o.momentum = 1.0),
            ("objectives.link.queue", |o| o.link.queue = usize::MAX),
            ("objectives.translation.queue", |o| o.translation.queue = usize::MAX),
            ("objectives.translation.layer", |o| o.translation.layer = Some(0)),
            ("objectives.word-alignment.share", |o| (o.word_alignment.weight, o.word_alignment.share) = (1.0, 0.6)),
            ("objectives.word-alignment.iterations", |o| o.word_alignment.iterations = 0),
            ("objectives.word-alignment.regularization", |o| o.word_alignment.regularization = 0.0),
            ("objectives.link.mentions", |o| o.link.mentions = 1),
            ("objectives", |o| {
                (o.link.weight, o.link.share) = (1.0, 0.5);
                (o.tlm.weight, o.tlm.share) = (1.0, 0.5);
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
    fn what_is_off_is_not_checked_for_its_share() {
        let mut objectives = Objectives::default();
        objectives.tlm.share = 7.0;
        objectives.validate().unwrap();
        assert!(objectives.needs_text() && !objectives.needs_pairs());
    }

    #[test]
    fn objectives_on_pair_sequences_share_them() {
        let mut objectives = Objectives::default();
        (objectives.tlm.weight, objectives.tlm.share) = (1.0, 0.3);
        (objectives.word_alignment.weight, objectives.word_alignment.share) = (1.0, 0.5);
        (objectives.translation.weight, objectives.translation.share) = (1.0, 0.4);
        assert!((objectives.pair_sequence_share() - 0.5).abs() < 1e-12);
        objectives.validate().unwrap();
        objectives.tlm.weight = 0.0;
        assert!((objectives.pair_sequence_share() - 0.5).abs() < 1e-12 && objectives.needs_pairs());
        objectives.word_alignment.weight = 0.0;
        assert!(objectives.pair_sequence_share().abs() < 1e-12);
    }
}
