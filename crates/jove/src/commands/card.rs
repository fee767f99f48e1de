//! The card of an entity on HTML pages.

use jove_core::{EntityId, Lang};
use jove_kb::Kb;
use jove_linker::html::Card;

/// Facts on a card that has no description.
const FACTS_MAX: usize = 4;

/// Label, description and types of an entity; what cannot be read stays empty.
pub(crate) fn card(kb: &Kb, entity: EntityId, lang: Lang) -> Card {
    let key = kb.key(entity).unwrap_or_default();
    let description = kb.description(entity, lang).ok().flatten();
    Card {
        label: label(kb, entity, lang),
        description: description.unwrap_or_else(|| facts(kb, entity, lang)),
        types: kb.types(entity).unwrap_or_default(),
        key,
    }
}

fn label(kb: &Kb, entity: EntityId, lang: Lang) -> String {
    let label = kb.label(entity, lang).ok().flatten();
    label.unwrap_or_else(|| kb.key(entity).unwrap_or_default())
}

/// The first facts, as `relation object`.
fn facts(kb: &Kb, entity: EntityId, lang: Lang) -> String {
    let facts = kb.facts_of(entity, FACTS_MAX).unwrap_or_default();
    let shown = facts.iter().map(|fact| {
        let relation = kb.predicate_label(fact.predicate, lang).ok().flatten();
        let relation = relation.or_else(|| kb.predicate_name(fact.predicate).ok().flatten().map(str::to_owned));
        format!("{} {}", relation.unwrap_or_default(), label(kb, fact.object, lang))
    });
    shown.collect::<Vec<_>>().join("; ")
}
