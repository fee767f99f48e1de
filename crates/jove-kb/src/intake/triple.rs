//! Triples: what each means by the role of its predicate.

use jove_core::Lang;

use super::collect::Intake;
use super::taken::{CellLang, Object, Provisional};
use crate::error::Result;
use crate::roles::Role;

impl Intake<'_> {
    /// The subject of a triple; most dumps have all triples of a subject in a row.
    fn subject(
        &mut self,
        key: &str,
        names: impl Fn(&mut Self, Provisional, &str) -> Result<()>,
    ) -> Result<Provisional> {
        if let Some((last, entity)) = &self.last_subject
            && last == key
        {
            return Ok(*entity);
        }
        let (entity, first) = self.entity(key)?;
        if first {
            names(self, entity, key)?;
        }
        let mut last = self.last_subject.take().map_or_else(String::new, |(last, _)| last);
        last.clear();
        last.push_str(key);
        self.last_subject = Some((last, entity));
        Ok(entity)
    }

    /// Adds a triple according to the role of its predicate. `names` adds the label of an entity that is new to the source.
    pub(crate) fn triple(
        &mut self,
        subject: &str,
        predicate: &str,
        object: Object<'_>,
        names: impl Fn(&mut Self, Provisional, &str) -> Result<()>,
    ) -> Result<()> {
        let role = self.roles.of(predicate);
        if role == Role::Ignore {
            return Ok(());
        }
        let entity = self.subject(subject, &names)?;
        let (text, lang) = match object {
            Object::Entity(key) => match self.cell_lang {
                CellLang::Said => (key, None),
                CellLang::Guessed(lang) => (key, Self::guess_lang(lang, key)),
            },
            Object::Name { key, lang } | Object::Value { text: key, lang, .. } => (key, lang),
        };
        match role {
            Role::Ignore => Ok(()),
            Role::Label => self.label(entity, lang, text),
            Role::Alias => self.alias(entity, lang, text, 1.0),
            Role::Name => self.weak_name(entity, lang, text),
            Role::Description => self.description(entity, lang, text),
            Role::Type => self.entity_type(entity, text),
            Role::SameAs | Role::Redirect => {
                // Whichever comes first, both keep their names.
                let (other, first) = self.entity(text)?;
                if first {
                    names(self, other, text)?;
                }
                if role == Role::SameAs { self.same_as(subject, text) } else { self.redirect(subject, text) }
            }
            Role::Popularity => match text.trim().parse() {
                Ok(value) => self.popularity(entity, value),
                Err(_) => self.literal(entity, predicate, text, lang, ""),
            },
            Role::Literal => match object {
                Object::Entity(text) => self.literal(entity, predicate, text, None, ""),
                Object::Name { key, lang } => self.literal(entity, predicate, key, lang, ""),
                Object::Value { text, lang, datatype } => self.literal(entity, predicate, text, lang, datatype),
            },
            Role::Fact => match object {
                Object::Entity(key) | Object::Name { key, .. } => {
                    let (object, first) = self.entity(key)?;
                    if first {
                        names(self, object, key)?;
                    }
                    self.fact(entity, predicate, object)
                }
                Object::Value { text, lang, datatype } => self.literal(entity, predicate, text, lang, datatype),
            },
        }
    }

    /// The language of a name in a format that does not say it.
    pub(crate) fn guess_lang(given: Option<Lang>, text: &str) -> Option<Lang> {
        given.or_else(|| text.chars().any(|c| matches!(c, '\u{3400}'..='\u{9fff}')).then_some(Lang::ZH))
    }
}
