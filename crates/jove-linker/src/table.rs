//! The alias table: candidates by normal form.

use std::collections::HashMap;

use jove_core::{AliasRecord, EntityId};

use crate::language::{LangSet, LangSets, Stretch};
use crate::normal::is_invisible;
use crate::options::EntityLinkingOptions;
use crate::prominence::Prominence;

/// The longest name that is taken, in bytes.
const ALIAS_BYTES_MAX: usize = 1024;

/// The longest abbreviation, in letters: a longer name in capitals is only written so.
const ABBREVIATION_MAX: usize = 5;

/// How many records without a name are shown.
const SHOWN_MAX: u64 = 5;

/// Weight of a name with a capital for a mention without, and the other way round.
const OTHER_CASE_WEIGHT: f32 = 1.0 / 64.0;

/// Weight of a name without a capital for a mention with one that opens a sentence.
const OPENING_WEIGHT: f32 = 0.25;

/// The case of a mention in a script that has two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// It has no capital.
    Lower,
    /// It has one.
    Upper,
    /// It has one, and opens a sentence, where any word has.
    Opening,
}

/// One entity that an alias may mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) entity: EntityId,
    pub(crate) prior: f32,
    pub(crate) popularity: f32,
    /// Languages of the name.
    pub(crate) langs: LangSet,
    /// Those in which it is written without a capital.
    pub(crate) lowercase: LangSet,
    /// Languages in which the entity has any name.
    pub(crate) entity_langs: LangSet,
    /// Whether it is an abbreviation in capitals.
    pub(crate) abbreviation: bool,
    /// Whether it has letters that come in two cases.
    cased: bool,
}

/// The candidates of each alias; aliases are numbered in the order of their normal forms.
#[derive(Debug, Default)]
pub(crate) struct AliasTable {
    /// Where each alias's candidates begin; one more entry than aliases.
    starts: Vec<u32>,
    /// By alias, the most likely first.
    candidates: Vec<Candidate>,
    /// Languages of the names.
    pub(crate) langs: LangSets,
    /// Whether most names whose language is not known have a capital.
    capitalised: bool,
    /// How well known its entities are.
    prominence: Prominence,
    /// Records shorter than `chars-min`.
    pub(crate) short: u64,
    /// Records without a visible character, or longer than any name.
    pub(crate) unusable: u64,
}

/// One record with its normal form.
struct Row {
    form: Box<str>,
    candidate: Candidate,
    lang: u16,
    capital: bool,
}

impl AliasTable {
    /// Builds the table from all records; returns it with the normal forms in order.
    pub(crate) fn build(
        records: impl IntoIterator<Item = AliasRecord>,
        options: &EntityLinkingOptions,
    ) -> (Self, Vec<Box<str>>) {
        let mut table = Self::default();
        let mut rows: Vec<Row> = Vec::new();
        for record in records {
            let Some(form) = normal_form(&record, options) else {
                table.refuse(&record);
                continue;
            };
            if form.chars().take(options.chars_min as usize).count() < options.chars_min as usize {
                table.short += 1;
                continue;
            }
            rows.push(Row::new(form, &record, &mut table.langs));
        }
        rows.sort_by(|a, b| a.form.cmp(&b.form).then(a.candidate.entity.cmp(&b.candidate.entity)));
        let unknown = rows.iter().filter(|row| row.lang == LangSets::UNKNOWN && row.candidate.cased);
        let (capital, lowercase): (Vec<&Row>, Vec<&Row>) = unknown.partition(|row| row.capital);
        table.capitalised = capital.len() > lowercase.len();
        table.fill(rows)
    }

    fn refuse(&mut self, record: &AliasRecord) {
        self.unusable += 1;
        if self.unusable <= SHOWN_MAX {
            let start: String = record.alias.chars().take(40).collect();
            tracing::warn!(entity = record.entity.0, bytes = record.alias.len(), "not a name, left out: {start:?}");
        }
    }

    fn fill(mut self, rows: Vec<Row>) -> (Self, Vec<Box<str>>) {
        let mut forms: Vec<Box<str>> = Vec::with_capacity(rows.len());
        let entity_langs = entity_langs(&rows, &mut self.langs);
        let (mut all, mut lowercase) = (Vec::new(), Vec::new());
        let mut rows = rows.into_iter().peekable();
        while let Some(Row { form, mut candidate, lang, capital }) = rows.next() {
            all.clear();
            lowercase.clear();
            all.push(lang);
            lowercase.extend((!capital).then_some(lang));
            while let Some(same) = rows.next_if(|row| row.candidate.entity == candidate.entity && row.form == form) {
                all.push(same.lang);
                lowercase.extend((!same.capital).then_some(same.lang));
                candidate.merge(same.candidate);
            }
            candidate.langs = self.langs.intern(&mut all);
            candidate.lowercase = self.langs.intern(&mut lowercase);
            candidate.entity_langs = entity_langs.get(&candidate.entity).copied().unwrap_or_default();
            if forms.last() != Some(&form) {
                forms.push(form);
                self.starts.push(self.candidates.len() as u32);
            }
            self.candidates.push(candidate);
        }
        self.starts.push(self.candidates.len() as u32);
        self.candidates.shrink_to_fit();
        let known = self.candidates.iter().map(|c| (c.entity, c.popularity, c.cased && self.is_unknown(c)));
        self.prominence = Prominence::new(known.collect());
        self.rank();
        (self, forms)
    }

    /// Puts the most likely candidate of each alias first.
    fn rank(&mut self) {
        for bounds in self.starts.windows(2) {
            self.candidates[bounds[0] as usize..bounds[1] as usize].sort_by(|a, b| {
                let known = b.popularity.total_cmp(&a.popularity);
                b.prior.total_cmp(&a.prior).then(known).then(a.entity.cmp(&b.entity))
            });
        }
    }

    /// The candidates of an alias, the most likely first.
    pub(crate) fn candidates(&self, alias: u32) -> &[Candidate] {
        let alias = alias as usize;
        &self.candidates[self.starts[alias] as usize..self.starts[alias + 1] as usize]
    }

    /// The languages that an alias is a name in, as canonical tags.
    pub(crate) fn languages(&self, alias: u32) -> impl Iterator<Item = &str> {
        self.candidates(alias).iter().flat_map(|candidate| self.langs.tags(candidate.langs))
    }

    /// Whether a candidate's name is written with a capital in a stretch's language; of a name that has none there, whether it
    /// is in any; of one whose language is not known, whether most such names are.
    pub(crate) fn has_capital(&self, candidate: &Candidate, stretch: &Stretch) -> bool {
        let langs = &self.langs;
        if stretch.owns(candidate.langs, langs) {
            return !stretch.owns(candidate.lowercase, langs);
        }
        let lowercase = langs.len(candidate.lowercase);
        if langs.contains(candidate.langs, LangSets::UNKNOWN) && lowercase == langs.len(candidate.langs) {
            return self.capitalised && candidate.cased;
        }
        lowercase < langs.len(candidate.langs)
    }

    /// How likely a candidate is meant by the case of a mention, next to others of the same letters.
    pub(crate) fn case_weight(&self, candidate: &Candidate, stretch: &Stretch, case: Option<Case>) -> f32 {
        match case {
            Some(Case::Lower) if self.has_capital(candidate, stretch) => OTHER_CASE_WEIGHT,
            Some(Case::Upper) if !self.has_capital(candidate, stretch) => OTHER_CASE_WEIGHT,
            Some(Case::Opening) if !self.has_capital(candidate, stretch) => OPENING_WEIGHT,
            _ => 1.0,
        }
    }

    /// Whether the language of a candidate's name is not known.
    pub(crate) fn is_unknown(&self, candidate: &Candidate) -> bool {
        self.langs.contains(candidate.langs, LangSets::UNKNOWN)
    }

    /// Whether a candidate is too little known for a short name in the text's language to mean it without other evidence.
    pub(crate) fn is_little_known(&self, candidate: &Candidate) -> bool {
        candidate.popularity < self.prominence.little_known
    }

    /// Whether a candidate, whose name is of no known language, needs other evidence: abbreviations always do, and the others
    /// where they are not among the best known; most do where a sentence opens, whose first word has a capital anyway. Where
    /// the base tells no popularity, none does.
    pub(crate) fn needs_context(&self, candidate: &Candidate, case: Option<Case>) -> bool {
        let Prominence { well_known, famous, .. } = self.prominence;
        let asked = if case == Some(Case::Opening) { famous } else { well_known };
        candidate.popularity < asked || (candidate.abbreviation && well_known > 0.0)
    }

    /// Brings the first candidate of each alias into the cache: here the loads overlap, during disambiguation each would
    /// stall on its own.
    pub(crate) fn fetch(&self, aliases: impl Iterator<Item = u32>) {
        let firsts = aliases.map(|alias| self.candidates[self.starts[alias as usize] as usize].entity.0);
        std::hint::black_box(firsts.fold(0, |all, entity| all ^ entity));
    }

    /// Number of (name, entity) pairs.
    pub(crate) fn pairs(&self) -> usize {
        self.candidates.len()
    }

    /// Bytes on the heap.
    pub(crate) fn memory(&self) -> usize {
        self.starts.capacity() * size_of::<u32>()
            + self.candidates.capacity() * size_of::<Candidate>()
            + self.langs.memory()
    }
}

/// The languages in which each entity has names.
fn entity_langs(rows: &[Row], langs: &mut LangSets) -> HashMap<EntityId, LangSet> {
    let mut pairs: Vec<(EntityId, u16)> = rows.iter().map(|row| (row.candidate.entity, row.lang)).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let mut numbers = Vec::new();
    let set = |pairs: &[(EntityId, u16)]| {
        numbers.clear();
        numbers.extend(pairs.iter().map(|(_, lang)| *lang));
        (pairs[0].0, langs.intern(&mut numbers))
    };
    pairs.chunk_by(|a, b| a.0 == b.0).map(set).collect()
}

impl Candidate {
    /// Joins two records that differ only in the writing or the language of the name.
    fn merge(&mut self, other: Self) {
        self.prior = self.prior.max(other.prior);
        self.popularity = self.popularity.max(other.popularity);
        self.abbreviation &= other.abbreviation;
        self.cased |= other.cased;
    }
}

impl Row {
    fn new(form: String, record: &AliasRecord, langs: &mut LangSets) -> Self {
        let capital = record.alias.contains(char::is_uppercase);
        let candidate = Candidate {
            entity: record.entity,
            // A prior outside (0, 1] and a popularity that is no number from 0 count as unknown.
            prior: if record.prior > 0.0 && record.prior <= 1.0 { record.prior } else { 1.0 },
            popularity: if record.popularity.is_finite() { record.popularity.max(0.0) } else { 0.0 },
            langs: LangSet::default(),
            lowercase: LangSet::default(),
            entity_langs: LangSet::default(),
            abbreviation: is_abbreviation(&record.alias),
            cased: capital || record.alias.contains(char::is_lowercase),
        };
        Self { form: form.into_boxed_str(), candidate, lang: langs.insert(record.lang), capital }
    }
}

/// Whether a name is two to five capitals, with nothing else but full stops between them.
fn is_abbreviation(name: &str) -> bool {
    let letters = name.chars().filter(|c| *c != '.').count();
    (2..=ABBREVIATION_MAX).contains(&letters) && name.chars().all(|c| c == '.' || c.is_uppercase())
}

/// The normal form of a name; `None` for one that is blank or longer than any name.
fn normal_form(record: &AliasRecord, options: &EntityLinkingOptions) -> Option<String> {
    if record.alias.len() > ALIAS_BYTES_MAX {
        return None;
    }
    let form = options.normalization.form(&record.alias);
    let visible = form.chars().any(|c| !(c.is_whitespace() || c.is_control() || is_invisible(c)));
    visible.then(|| form.trim().to_owned())
}
