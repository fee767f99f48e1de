//! Realised mask rates and lengths, counted over plans.

use std::collections::BTreeMap;

use jove_core::{EntityId, SpecialTokens, TokenizedText};
use serde::Serialize;

use crate::plan::MaskPlan;
use crate::unit::UnitKind;

/// Counts over many plans.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MaskStats {
    /// Texts.
    pub texts: u64,
    /// Texts without a target.
    pub texts_without_target: u64,
    /// Tokens that are not special.
    pub tokens: u64,
    /// Special tokens inside the texts, unknown ones mostly.
    pub specials: u64,
    /// Targets.
    pub targets: u64,
    /// Targets by kind of unit.
    pub targets_by_kind: BTreeMap<&'static str, u64>,
    /// Targets by what the model sees in their place.
    pub targets_by_action: BTreeMap<&'static str, u64>,
    /// Units by kind, then by length in tokens.
    pub lengths: BTreeMap<&'static str, BTreeMap<u32, u64>>,
    /// Linked mentions in the texts.
    pub mentions: u64,
    /// Mentions that were masked whole as entities.
    pub mentions_masked: u64,
    /// Texts' mentions by entity.
    #[serde(skip)]
    pub mentions_by_entity: BTreeMap<EntityId, u64>,
}

impl MaskStats {
    /// Counts one text and its plan.
    pub fn add(&mut self, text: &TokenizedText, plan: &MaskPlan, specials: &SpecialTokens) {
        let special = text.tokens.iter().filter(|token| specials.contains(**token)).count() as u64;
        self.texts += 1;
        self.texts_without_target += u64::from(plan.targets.is_empty());
        self.specials += special;
        self.tokens += text.tokens.len() as u64 - special;
        self.targets += plan.targets.len() as u64;
        self.mentions += text.mentions.len() as u64;
        for target in &plan.targets {
            *self.targets_by_kind.entry(target.kind.as_str()).or_default() += 1;
            *self.targets_by_action.entry(target.action.as_str()).or_default() += 1;
        }
        for unit in &plan.units {
            *self.lengths.entry(unit.kind.as_str()).or_default().entry(unit.span.len() as u32).or_default() += 1;
            self.mentions_masked += u64::from(unit.kind == UnitKind::Entity);
        }
        for (_, entity) in &text.mentions {
            *self.mentions_by_entity.entry(*entity).or_default() += 1;
        }
    }

    /// Adds the counts of another.
    pub fn merge(&mut self, other: &Self) {
        self.texts += other.texts;
        self.texts_without_target += other.texts_without_target;
        self.tokens += other.tokens;
        self.specials += other.specials;
        self.targets += other.targets;
        self.mentions += other.mentions;
        self.mentions_masked += other.mentions_masked;
        merge(&mut self.targets_by_kind, &other.targets_by_kind);
        merge(&mut self.targets_by_action, &other.targets_by_action);
        merge(&mut self.mentions_by_entity, &other.mentions_by_entity);
        for (kind, lengths) in &other.lengths {
            merge(self.lengths.entry(kind).or_default(), lengths);
        }
    }

    /// Targets over tokens that are not special, in [0, 1].
    pub fn rate(&self) -> f64 {
        self.targets as f64 / self.tokens.max(1) as f64
    }

    /// The share of a kind among the targets, in [0, 1].
    pub fn share(&self, kind: UnitKind) -> f64 {
        let targets = self.targets_by_kind.get(kind.as_str()).copied().unwrap_or(0);
        targets as f64 / self.targets.max(1) as f64
    }
}

fn merge<K: Ord + Copy>(into: &mut BTreeMap<K, u64>, from: &BTreeMap<K, u64>) {
    for (key, count) in from {
        *into.entry(*key).or_default() += count;
    }
}
