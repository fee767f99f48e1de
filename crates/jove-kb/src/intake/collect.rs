//! Collects what importers read: numbers entities and predicates, and turns names and facts into rows.

use std::cell::RefCell;
use std::rc::Rc;

use jove_core::{Lang, Problem, Progress};

use super::bits::Bits;
use super::facts::FactRow;
use super::holders::Holders;
use super::intern::{Digest, Interner};
use super::merge::Merges;
use super::name_text::clean;
use super::reject::Rejects;
use super::rows::{Row, Tag};
use super::taken::{CellLang, Counts, Provisional, Rows, Taken};
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::options::{BuildOptions, Selection};
use crate::roles::Roles;
use crate::schema::{ALIAS, LABEL};

/// Wikidata's tag of names that hold in every language.
const ALL_LANGUAGES: &str = "mul";

/// Collects the rows of all sources of one build.
pub(crate) struct Intake<'a> {
    pub(crate) progress: &'a dyn Progress,
    pub(crate) rejects: &'a mut Rejects,
    pub(crate) counts: Counts,
    select: &'a Selection,
    pub(super) entities: Interner,
    predicates: Interner,
    types: Interner,
    rows: Rows,
    pub(super) row: Row,
    pub(super) source: u16,
    pub(super) keys: Keys,
    /// The encoding that the current source is said to have.
    pub(crate) encoding: Option<&'static encoding_rs::Encoding>,
    pub(super) roles: Roles,
    pub(super) cell_lang: CellLang,
    /// Entities that the current source has named.
    seen: Bits,
    /// The subject of the previous triple.
    pub(super) last_subject: Option<(String, Provisional)>,
    selected: Bits,
    pub(super) merges: Merges,
    pub(super) holders: Holders,
    /// Keys that are relations, as entities and as relations.
    pub(super) relations: Vec<(Digest, u32)>,
    /// Relations whose own key is in `relations`.
    pub(super) declared: Bits,
    /// Entities that an export says to be entities.
    pub(super) stated: Bits,
    popularity: Vec<f32>,
    path: std::path::PathBuf,
    hash: Rc<RefCell<blake3::Hasher>>,
}

impl<'a> Intake<'a> {
    pub(crate) fn new(
        folder: &std::path::Path,
        options: &'a BuildOptions,
        rejects: &'a mut Rejects,
        progress: &'a dyn Progress,
    ) -> Self {
        Self {
            progress,
            rejects,
            counts: Counts::default(),
            select: &options.select,
            entities: Interner::new(),
            predicates: Interner::new(),
            types: Interner::new(),
            rows: Rows::new(folder, options.sort_memory()),
            row: Row::default(),
            source: 0,
            keys: Keys::Auto,
            encoding: None,
            roles: Roles::default(),
            cell_lang: CellLang::Said,
            seen: Bits::default(),
            last_subject: None,
            selected: Bits::default(),
            merges: Merges::default(),
            holders: Holders::default(),
            relations: Vec::new(),
            declared: Bits::default(),
            stated: Bits::default(),
            popularity: Vec::new(),
            path: options.out.clone(),
            hash: Rc::default(),
        }
    }

    /// Begins a source: its number, the roles of its attributes, and, for formats whose cells do not say their
    /// language, how to find it.
    pub(crate) fn begin(&mut self, source: u16, roles: Roles, keys: Keys, cell_lang: CellLang) {
        self.source = source;
        self.keys = keys;
        self.roles = roles;
        self.cell_lang = cell_lang;
        self.seen = Bits::default();
        self.last_subject = None;
        self.counts = Counts::default();
    }

    pub(crate) fn finish(mut self) -> Taken {
        self.resolve_relations();
        Taken {
            holders: self.holders,
            rows: self.rows,
            merges: self.merges,
            entities: self.entities.len(),
            popularity: self.popularity,
            selected: (!self.select.types.is_empty()).then_some(self.selected),
        }
    }

    /// The hasher of the current source's bytes.
    pub(crate) fn hash(&self) -> Rc<RefCell<blake3::Hasher>> {
        Rc::clone(&self.hash)
    }

    /// The hash of the current source's files; starts a new one.
    pub(crate) fn take_hash(&mut self) -> String {
        std::mem::take(&mut self.hash).borrow().finalize().to_hex().to_string()
    }

    /// Rows collected so far from all sources.
    pub(crate) fn taken(&self) -> u64 {
        self.rows.count
    }

    /// Counts and keeps a bad row.
    pub(crate) fn reject(&mut self, problem: Problem, row: &[u8]) -> Result<()> {
        self.rejects.add(problem, row)
    }

    pub(super) fn push(&mut self) -> Result<()> {
        self.rows.count += 1;
        self.rows.records.push(self.row.bytes()).map_err(Error::io(&self.path))
    }

    fn full(&self, what: &'static str) -> Error {
        Error::Full { path: self.path.clone(), what, max: u64::from(u32::MAX) }
    }

    /// The entity of a key, and whether this source names it for the first time.
    pub(crate) fn entity(&mut self, key: &str) -> Result<(Provisional, bool)> {
        let (id, new) = self.entities.intern(key).ok_or_else(|| self.full("entities"))?;
        if new {
            self.row.start(Tag::Name).u32(id).u8(0).text(key);
            self.push()?;
        }
        let first = self.seen.set(id);
        if first {
            self.row.start(Tag::EntityKey).text(key).u16(self.source).u8(1).u32(id);
            self.push()?;
        }
        Ok((Provisional(id), first))
    }

    pub(super) fn predicate(&mut self, key: &str) -> Result<u32> {
        let (id, new) = self.predicates.intern(key).ok_or_else(|| self.full("predicates"))?;
        if new {
            self.row.start(Tag::PredicateName).u32(id).text(key);
            self.push()?;
        }
        Ok(id)
    }

    fn language_is_selected(&mut self, lang: Option<Lang>) -> bool {
        let Some(lang) = lang else { return true };
        let languages = &self.select.languages;
        let kept = languages.is_empty()
            || lang.as_str() == ALL_LANGUAGES
            || languages
                .iter()
                .any(|one| *one == lang || (one.as_str() == one.primary() && one.as_str() == lang.primary()));
        self.counts.unselected += u64::from(!kept);
        kept
    }

    pub(crate) fn label(&mut self, entity: Provisional, lang: Option<Lang>, text: &str) -> Result<()> {
        self.name(entity, LABEL, lang, text, 1.0)
    }

    pub(crate) fn alias(&mut self, entity: Provisional, lang: Option<Lang>, text: &str, prior: f32) -> Result<()> {
        self.name(entity, ALIAS, lang, text, prior)
    }

    pub(super) fn name(
        &mut self,
        entity: Provisional,
        role: u8,
        lang: Option<Lang>,
        text: &str,
        prior: f32,
    ) -> Result<()> {
        if text.trim().is_empty() || !self.language_is_selected(lang) {
            return Ok(());
        }
        let name = match clean(text) {
            Ok(name) => name,
            Err(why) => {
                self.counts.no_names.add(text, why.as_str());
                return Ok(());
            }
        };
        if !(prior > 0.0 && prior <= 1.0) {
            self.counts.no_names.add(text, "its prior is not above 0 and at most 1");
            return Ok(());
        }
        self.row.start(Tag::Name).u32(entity.0).u8(role).text(lang.as_ref().map_or("", Lang::as_str)).text(&name);
        // The order of bits is the order of values in (0, 1]: the greatest comes first.
        self.row.u16(self.source).u32(!prior.to_bits());
        self.push()
    }

    pub(crate) fn description(&mut self, entity: Provisional, lang: Option<Lang>, text: &str) -> Result<()> {
        let text = text.trim();
        if text.is_empty() || !self.language_is_selected(lang) {
            return Ok(());
        }
        self.row.start(Tag::Description).u32(entity.0).text(lang.as_ref().map_or("", Lang::as_str)).text(text);
        self.row.u16(self.source);
        self.push()
    }

    pub(crate) fn entity_type(&mut self, entity: Provisional, name: &str) -> Result<()> {
        let (id, new) = self.types.intern(name).ok_or_else(|| self.full("types"))?;
        if new {
            self.row.start(Tag::TypeName).u32(id).text(name);
            self.push()?;
        }
        if self.select.types.iter().any(|one| one == name) {
            self.selected.set(entity.0);
        }
        self.row.start(Tag::EntityType).u32(entity.0).u32(id).u16(self.source);
        self.push()
    }

    pub(crate) fn popularity(&mut self, entity: Provisional, value: f32) -> Result<()> {
        if !value.is_finite() || value < 0.0 {
            return Ok(());
        }
        let index = entity.0 as usize;
        if self.popularity.len() <= index {
            self.popularity.resize(index + 1, 0.0);
        }
        self.popularity[index] = self.popularity[index].max(value);
        self.row.start(Tag::Popularity).u32(entity.0).u16(self.source).u32(value.to_bits());
        self.push()
    }

    pub(crate) fn same_as(&mut self, a: &str, b: &str) -> Result<()> {
        let (first, _) = self.entity(a)?;
        let (second, _) = self.entity(b)?;
        self.merges.join(first.0, second.0);
        self.row.start(Tag::SameAs).text(a).text(b).u16(self.source);
        self.push()
    }

    pub(crate) fn predicate_label(&mut self, predicate: &str, lang: Option<Lang>, text: &str) -> Result<()> {
        let id = self.predicate(predicate)?;
        self.row.start(Tag::PredicateLabel).u32(id).text(lang.as_ref().map_or("", Lang::as_str)).text(text.trim());
        self.row.u16(self.source);
        self.push()
    }

    /// Declares `inverse` the inverse of `predicate`; a symmetric predicate is its own inverse.
    pub(crate) fn predicate_inverse(&mut self, predicate: &str, inverse: &str) -> Result<()> {
        let (id, other) = (self.predicate(predicate)?, self.predicate(inverse)?);
        self.row.start(Tag::PredicateInverse).u32(id).u32(other).u16(self.source);
        self.push()?;
        self.row.start(Tag::PredicateInverse).u32(other).u32(id).u16(self.source);
        self.push()
    }

    fn predicate_is_selected(&mut self, key: &str) -> bool {
        let kept = self.select.predicates.is_empty() || self.select.predicates.iter().any(|one| one == key);
        self.counts.unselected += u64::from(!kept);
        kept
    }

    pub(crate) fn fact(&mut self, subject: Provisional, predicate: &str, object: Provisional) -> Result<()> {
        if !self.predicate_is_selected(predicate) {
            return Ok(());
        }
        let id = self.predicate(predicate)?;
        self.counts.facts += 1;
        self.rows.count += 1;
        let row = FactRow::new(subject.0, id, object.0, self.source);
        self.rows.facts.push(row).map_err(Error::io(&self.path))
    }

    pub(crate) fn literal(
        &mut self,
        subject: Provisional,
        predicate: &str,
        value: &str,
        lang: Option<Lang>,
        datatype: &str,
    ) -> Result<()> {
        if !self.predicate_is_selected(predicate) || !self.language_is_selected(lang) {
            return Ok(());
        }
        // A language says what kind of text it is; plain strings need no datatype.
        let plain = lang.is_some() || datatype == "http://www.w3.org/2001/XMLSchema#string";
        let datatype = if plain { "" } else { datatype };
        let id = self.predicate(predicate)?;
        self.counts.facts += 1;
        self.row.start(Tag::Literal).u32(subject.0).u32(id).text(value);
        self.row.text(lang.as_ref().map_or("", Lang::as_str)).text(datatype).u16(self.source);
        self.push()
    }
}
