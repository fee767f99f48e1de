//! Names that are not simply stated: those that keys are, and those that belong to something else.

use jove_core::Lang;

use super::collect::Intake;
use super::holders::Owner;
use super::key_name::{bare, is_id, name_of};
use super::rows::Tag;
use super::taken::Provisional;
use crate::error::Result;
use crate::keys::Keys;
use crate::roles::Role;
use crate::schema::{ALIAS, DERIVED, LABEL, WEAK};

impl Intake<'_> {
    /// A name of second choice: the label where a language has none, else an alias.
    pub(crate) fn weak_name(&mut self, entity: Provisional, lang: Option<Lang>, text: &str) -> Result<()> {
        self.name(entity, WEAK, lang, text, 1.0)
    }

    /// A name that was made of the entity's key: the label where no source states one.
    pub(crate) fn derived_name(&mut self, entity: Provisional, lang: Option<Lang>, text: &str) -> Result<()> {
        self.name(entity, DERIVED, lang, text, 1.0)
    }

    /// Names an entity by its key, unless that is an id.
    pub(crate) fn name_by_key(&mut self, entity: Provisional, lang: Option<Lang>, key: &str) -> Result<()> {
        let names_nothing = match self.keys {
            Keys::Auto => is_id(key),
            Keys::Names => false,
            Keys::Ids => true,
        };
        if names_nothing {
            self.counts.ids.add(key, "");
            return Ok(());
        }
        let name = name_of(key);
        self.derived_name(entity, lang, &name)?;
        match bare(&name) {
            Some(short) if name != key => self.alias(entity, lang, short, 1.0),
            _ => Ok(()),
        }
    }

    /// Whether a role of an attribute is known.
    pub(crate) fn has_role(&self, attribute: &str) -> bool {
        self.roles.roles.contains_key(attribute)
    }

    /// Whether an attribute stands between entities, or an entity and a value.
    pub(crate) fn is_fact(&self, attribute: &str) -> bool {
        matches!(self.roles.of(attribute), Role::Fact | Role::Literal)
    }

    /// Declares that a key is a relation's: names that it has as an entity are the relation's, and it is no entity.
    pub(crate) fn declare_relation(&mut self, key: &str) -> Result<()> {
        self.relation_names(key, key)
    }

    /// Declares that the names which `entity` has are those of a relation.
    pub(crate) fn relation_names(&mut self, entity: &str, relation: &str) -> Result<()> {
        let id = self.predicate(relation)?;
        let digest = self.entities.digest(entity);
        if entity != relation || self.declared.set(id) {
            self.relations.push((digest, id));
        }
        Ok(())
    }

    /// Declares that the labels of `holder`, an entity of its own, are names of `entity`.
    pub(crate) fn names_by(&mut self, entity: Provisional, holder: &str, is_label: bool) -> Result<()> {
        let (holder, _) = self.entity(holder)?;
        self.holders.add(holder.0, Owner::Entity(entity.0, if is_label { LABEL } else { ALIAS }));
        Ok(())
    }

    /// Makes `from` another key of the entity `to`, whose own key stays.
    pub(crate) fn redirect(&mut self, from: &str, to: &str) -> Result<()> {
        let ((source, _), (target, _)) = (self.entity(from)?, self.entity(to)?);
        self.merges.redirect(source.0, target.0);
        self.row.start(Tag::SameAs).text(to).text(from).u16(self.source);
        self.push()
    }

    /// Says that an entity is one, whatever else its key is.
    pub(crate) fn keep_entity(&mut self, entity: Provisional) {
        self.stated.set(entity.0);
    }

    /// The entities that are relations, now that all are known.
    pub(super) fn resolve_relations(&mut self) {
        for (digest, predicate) in std::mem::take(&mut self.relations) {
            if let Some(entity) = self.entities.number(digest).filter(|entity| !self.stated.contains(*entity)) {
                self.holders.add(entity, Owner::Predicate(predicate));
            }
        }
        self.holders.sort();
    }
}
