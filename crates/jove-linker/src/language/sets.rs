//! Sets of languages, each kept once.

use std::collections::HashMap;

use jove_core::Lang;

use super::tags::canonical;

/// From this many languages on, a name that is the same in all of them counts as one of any language.
const INTERNATIONAL: usize = 12;

/// A language has names in a base if it has this share of the names of the language with the most.
const SERVED_SHARE: f64 = 0.05;

/// A set of languages: the number of one language alone with [`ALONE`], else the number of a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LangSet(u32);

/// Marks a set of one language, which needs no look-up.
const ALONE: u32 = 1 << 31;

/// The languages of a base's names, and the sets of them that names have.
#[derive(Debug, Default)]
pub(crate) struct LangSets {
    /// Numbers of languages, by their canonical tags.
    numbers: HashMap<Box<str>, u16>,
    /// Tags by number; empty for the two numbers that are no language.
    tags: Vec<Box<str>>,
    /// How many names each language has.
    names: Vec<u64>,
    /// How many the language with the most has.
    most: u64,
    /// The sets, each sorted.
    sets: Vec<Box<[u16]>>,
    by_content: HashMap<Box<[u16]>, u32>,
}

impl LangSet {
    /// The language of a set of one.
    fn alone(self) -> Option<u16> {
        (self.0 & ALONE != 0).then_some(self.0 as u16)
    }
}

impl LangSets {
    /// The number of names in every language (`mul`).
    pub(crate) const ALL: u16 = 0;
    /// The number of names whose language is not known.
    pub(crate) const UNKNOWN: u16 = 1;

    /// Counts a name of a language, and gives the language's number.
    pub(crate) fn insert(&mut self, lang: Option<Lang>) -> u16 {
        if self.names.is_empty() {
            self.names = vec![0; 2];
            self.tags = vec![Box::default(); 2];
        }
        let number = match lang.as_ref().map(Lang::primary) {
            Some("mul") => Self::ALL,
            None | Some("und" | "zxx" | "mis") => Self::UNKNOWN,
            Some(primary) => self.add(canonical(primary)),
        };
        self.names[usize::from(number)] += 1;
        if number > Self::UNKNOWN {
            self.most = self.most.max(self.names[usize::from(number)]);
        }
        number
    }

    fn add(&mut self, tag: &str) -> u16 {
        if let Some(number) = self.numbers.get(tag) {
            return *number;
        }
        // A base with 65,535 languages has none that matters: further ones count as not known.
        let Ok(number) = u16::try_from(self.names.len()) else { return Self::UNKNOWN };
        self.names.push(0);
        self.tags.push(tag.into());
        self.numbers.insert(tag.into(), number);
        number
    }

    /// The set of these languages, in any order, with repetitions.
    pub(crate) fn intern(&mut self, languages: &mut Vec<u16>) -> LangSet {
        languages.sort_unstable();
        languages.dedup();
        if let [only] = languages.as_slice() {
            return LangSet(ALONE | u32::from(*only));
        }
        if let Some(set) = self.by_content.get(languages.as_slice()) {
            return LangSet(*set);
        }
        let set = self.sets.len() as u32;
        self.sets.push(languages.as_slice().into());
        self.by_content.insert(languages.as_slice().into(), set);
        LangSet(set)
    }

    /// The number of a language by its canonical tag; `None` where no name has it.
    pub(crate) fn number(&self, tag: &str) -> Option<u16> {
        self.numbers.get(tag).copied()
    }

    /// Whether the base has names in a language, compared with the language that it has most names in.
    pub(crate) fn is_served(&self, number: u16) -> bool {
        self.names[usize::from(number)] as f64 >= SERVED_SHARE * self.most as f64
    }

    /// Whether a set holds a language.
    pub(crate) fn contains(&self, set: LangSet, number: u16) -> bool {
        match set.alone() {
            Some(only) => only == number,
            None => self.sets[set.0 as usize].binary_search(&number).is_ok(),
        }
    }

    /// Whether names of these languages may be of any other: no language is known, or very many share the name.
    pub(crate) fn is_open(&self, set: LangSet) -> bool {
        self.contains(set, Self::UNKNOWN) || self.len(set) >= INTERNATIONAL
    }

    /// The languages of a set, as canonical tags; empty ones stand for no language.
    pub(crate) fn tags(&self, set: LangSet) -> impl Iterator<Item = &str> {
        let several = set.alone().is_none().then(|| &*self.sets[set.0 as usize]).into_iter().flatten();
        set.alone().into_iter().chain(several.copied()).map(|number| &*self.tags[usize::from(number)])
    }

    /// How many languages a set has.
    pub(crate) fn len(&self, set: LangSet) -> usize {
        if set.alone().is_some() { 1 } else { self.sets[set.0 as usize].len() }
    }

    /// Bytes on the heap, about.
    pub(crate) fn memory(&self) -> usize {
        self.sets.iter().map(|set| 2 * size_of_val(&**set) + 48).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_kept_once() {
        let mut sets = LangSets::default();
        let [zh, yue, none, mul] = ["zh", "yue", "und", "mul"].map(|tag| sets.insert(Lang::new(tag).ok()));
        assert_eq!((zh, none, mul), (yue, LangSets::UNKNOWN, LangSets::ALL));
        assert_eq!(sets.intern(&mut vec![zh, none]), sets.intern(&mut vec![none, yue, zh]));
        assert_ne!(sets.intern(&mut vec![zh]), sets.intern(&mut vec![zh, none]));
        let set = sets.intern(&mut vec![zh]);
        assert!(sets.contains(set, zh) && !sets.contains(set, none) && !sets.is_open(set));
        assert_eq!((sets.number("zh"), sets.number("yue"), sets.number("de")), (Some(zh), None, None));
    }

    #[test]
    fn a_stray_name_is_no_language_of_the_base() {
        let mut sets = LangSets::default();
        let en = sets.insert(Some(Lang::EN));
        for _ in 0..99 {
            sets.insert(Some(Lang::EN));
        }
        let stray = sets.insert(Lang::new("cy").ok());
        assert!(sets.is_served(en) && !sets.is_served(stray));
    }

    #[test]
    fn a_name_of_many_languages_is_open() {
        let mut sets = LangSets::default();
        let tags = ["en", "de", "fr", "es", "it", "nl", "sv", "da", "no", "pl", "cs", "sk"];
        let all: Vec<u16> = tags.iter().map(|tag| sets.insert(Lang::new(tag).ok())).collect();
        let (many, few) = (sets.intern(&mut all.clone()), sets.intern(&mut all[..11].to_vec()));
        assert!(sets.is_open(many) && !sets.is_open(few));
        assert_eq!((sets.len(few), sets.tags(few).next()), (11, Some("en")));
    }
}
