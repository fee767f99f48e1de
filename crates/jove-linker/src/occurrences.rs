//! Which aliases occur where the search engine found a pattern.

use jove_core::Lang;

use crate::boundary::{begins_alone, ends_alone, is_spaced};
use crate::inflection::Inflection;
use crate::link_context::Form;
use crate::options::EntityLinkingOptions;
use crate::stems::{Stem, Stems};
use crate::table::AliasTable;

/// The shortest name that a prefix may stand before, in characters.
const PREFIXED_CHARS_MIN: usize = 3;

/// The longest prefix of a name, in characters.
const PREFIX_CHARS_MAX: usize = 3;

/// Borders and inflected forms of aliases.
pub(crate) struct Occurrences {
    boundaries: bool,
    inflected: bool,
    aliases: u32,
    inflection: Inflection,
    stems: Stems,
}

/// Where a pattern was found, in bytes of a text's normal form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) normal: &'a str,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Occurrences {
    /// For a table whose normal forms are `patterns`; what inflected forms begin with is added to the patterns.
    pub(crate) fn new(table: &AliasTable, patterns: &mut Vec<Box<str>>, options: &EntityLinkingOptions) -> Self {
        let aliases = patterns.len() as u32;
        let inflected = options.inflection && options.boundaries;
        let (inflection, stems) = if inflected {
            let inflection = Inflection::new(options.normalization);
            let stems = Stems::new(table, patterns, &inflection);
            (inflection, stems)
        } else {
            (Inflection::default(), Stems::default())
        };
        Self { boundaries: options.boundaries, inflected, aliases, inflection, stems }
    }

    /// Calls `visit` with each alias of a pattern that occurs at a place of a text in the language `lang`, its form, and where
    /// its mention begins and ends: with a prefix, and mostly with its ending.
    pub(crate) fn visit(
        &self,
        pattern: u32,
        place: Place,
        lang: impl Fn() -> Lang,
        mut visit: impl FnMut(u32, Form, (usize, usize)),
    ) {
        let Place { normal, start, end } = place;
        if !self.boundaries {
            return visit(pattern, Form::Exact, (start, end));
        }
        let is_alias = pattern < self.aliases;
        let alone = begins_alone(normal, start);
        if is_alias && alone && ends_alone(normal, end) {
            visit(pattern, Form::Exact, (start, end));
        }
        if !self.inflected || !(is_alias || self.stems.has(pattern)) {
            return;
        }
        let lang = lang();
        if lang == Lang::ZH {
            return; // The most frequent language without rules; a look-up would take a hundredth of all time.
        }
        let Some(first) = (if alone { Some(start) } else { self.before_prefix(place, lang) }) else { return };
        if is_alias && !alone && ends_alone(normal, end) {
            visit(pattern, Form::Inflected, (first, end));
        }
        self.visit_inflected((pattern, is_alias), place, lang, |alias, form, end| visit(alias, form, (first, end)));
    }

    /// Calls `visit` with each alias that has an inflected form beginning at a place, the form, and where its mention ends.
    fn visit_inflected(
        &self,
        (pattern, is_alias): (u32, bool),
        Place { normal, start, end }: Place,
        lang: Lang,
        mut visit: impl FnMut(u32, Form, usize),
    ) {
        let inflection = &self.inflection;
        let changed = self.stems.of(pattern).iter().filter(|stem| inflection.lang(stem.rule) == lang.as_str());
        let added = inflection.adding(lang.as_str(), &normal[start..end]).filter(|_| is_alias);
        for Stem { alias, rule } in changed.copied().chain(added.map(|rule| Stem { alias: pattern, rule })) {
            let mut lengths = inflection.endings(rule, &normal[end..]);
            if let Some(length) = lengths.find(|length| ends_alone(normal, end + length)) {
                let form = if inflection.allows_lowercase(rule) { Form::Uncapitalised } else { Form::Inflected };
                visit(alias, form, if inflection.is_outside(rule) { end } else { end + length });
            }
        }
    }

    /// Where the prefix before a name begins, which is in the same word; `None` where there is another part of a word.
    fn before_prefix(&self, Place { normal, start, end }: Place, lang: Lang) -> Option<usize> {
        let long_enough = normal[start..end].chars().nth(PREFIXED_CHARS_MIN - 1).is_some();
        if !self.inflection.has_prefixes(lang.as_str()) || !long_enough {
            return None;
        }
        let letters = normal[..start].chars().rev().take_while(|c| is_spaced(*c)).take(PREFIX_CHARS_MAX + 1);
        let first = start - letters.map(char::len_utf8).sum::<usize>();
        self.inflection.is_prefix(lang.as_str(), &normal[first..start]).then_some(first)
    }

    /// Bytes on the heap.
    pub(crate) fn memory(&self) -> usize {
        self.stems.memory()
    }
}
