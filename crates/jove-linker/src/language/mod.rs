//! Which language a stretch of text is in, and which languages a name belongs to.

mod scripts;
mod sets;
mod tags;

use jove_core::Lang;
use unicode_script::{Script, UnicodeScript};

pub(crate) use scripts::{default_language, writes};
pub(crate) use sets::{LangSet, LangSets};
use tags::canonical;

use crate::boundary::is_han;

/// From this many languages on, a name may be that of an entity that has none in the language of the text.
const SEVERAL: usize = 3;

/// What a name's languages say about a place of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// It is a name in the language of the place, or in every language (`mul`).
    Own,
    /// Its language is not known, or it is the same in many languages, or the place's language is not known, or the base
    /// has no names in it, for this entity or at all.
    Open,
    /// It is a name in other languages only.
    Other,
}

/// The language of a stretch of text in one script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// The language as a canonical tag; `und` where it is not known.
    pub(crate) lang: Lang,
    /// Numbers of the languages whose names are its own: the stretch's, and the text's where it is another.
    own: [Option<u16>; 2],
    /// The language that most text in its script is in.
    usual: Option<u16>,
    /// Whether the base has names in one of them.
    served: bool,
}

/// A text's language, and from it the language of each stretch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TextLanguage {
    /// In the text's own script.
    native: Stretch,
    /// In Latin letters; the same where the language is written in them.
    latin: Stretch,
}

impl TextLanguage {
    /// The language `lang` of a text, for names of `sets`.
    pub(crate) fn new(lang: Lang, sets: &LangSets) -> Self {
        let native = Stretch::new(lang, None, sets);
        let foreign = !scripts::writes(native.lang.as_str(), Script::Latin);
        let latin = if foreign { Stretch::new(Lang::EN, native.own[0], sets) } else { native };
        Self { native, latin }
    }

    /// The language of the text, as a canonical tag.
    pub(crate) fn lang(&self) -> Lang {
        self.native.lang
    }

    /// The language of the stretch that a name lies in, by its first letter.
    pub(crate) fn stretch(&self, name: &str, sets: &LangSets) -> Stretch {
        // Han is alphabetic; to ask the table of all letters takes longer than the rest.
        let Some(first) = name.chars().find(|c| is_han(*c) || c.is_alphabetic()) else { return self.native };
        if first.is_ascii() {
            return self.latin;
        }
        let lang = self.native.lang;
        if is_han(first) && lang == Lang::ZH {
            return self.native;
        }
        match first.script() {
            Script::Latin => self.latin,
            Script::Common | Script::Inherited => self.native,
            script if scripts::writes(lang.as_str(), script) => self.native,
            script => Stretch::new(scripts::default_language(script), self.native.own[0], sets),
        }
    }
}

impl Stretch {
    fn new(lang: Lang, text: Option<u16>, sets: &LangSets) -> Self {
        let lang = Lang::new(canonical(lang.primary())).unwrap_or(Lang::UND);
        let own = [sets.number(lang.as_str()), text];
        let usual = sets.number(scripts::usual(lang.as_str()));
        Self { lang, own, usual, served: own.iter().flatten().any(|number| sets.is_served(*number)) }
    }

    /// What a name of the languages `set` is worth here, of an entity that has names in the languages `entity`.
    pub(crate) fn evidence(&self, set: LangSet, entity: LangSet, sets: &LangSets) -> Evidence {
        if self.owns(set, sets) {
            Evidence::Own
        } else if !self.served || sets.is_open(set) || (self.is_usual(set, sets) && !self.owns(entity, sets)) {
            Evidence::Open
        } else {
            Evidence::Other
        }
    }

    /// Whether names of these languages stand for an entity in others: it is the script's usual language, or there are
    /// several.
    fn is_usual(&self, set: LangSet, sets: &LangSets) -> bool {
        sets.len(set) >= SEVERAL || self.usual.is_some_and(|usual| sets.contains(set, usual))
    }

    /// Whether a set of languages holds one of the stretch's own, or all.
    pub(crate) fn owns(&self, set: LangSet, sets: &LangSets) -> bool {
        self.own.iter().flatten().any(|number| sets.contains(set, *number)) || sets.contains(set, LangSets::ALL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lang(tag: &str) -> Lang {
        Lang::new(tag).unwrap()
    }

    /// `names` are the languages of one name each; every language has several names in the base.
    fn check(text: &str, name: &str, names: &[Option<&str>], expected: Evidence) {
        let mut sets = LangSets::default();
        for tag in ["en", "zh", "de", "cy", "ru", "fil", "nb"] {
            for _ in 0..9 {
                sets.insert(Some(lang(tag)));
            }
        }
        let mut numbers: Vec<u16> = names.iter().map(|tag| sets.insert(tag.map(lang))).collect();
        let set = sets.intern(&mut numbers);
        let stretch = TextLanguage::new(lang(text), &sets).stretch(name, &sets);
        let named =
            sets.intern(&mut vec![sets.number("de").unwrap(), sets.number("en").unwrap(), sets.number("zh").unwrap()]);
        assert_eq!(stretch.evidence(set, named, &sets), expected, "{name} of {names:?} in {text}");
    }

    #[test]
    fn a_name_is_worth_most_in_its_own_language() {
        check("de", "Du", &[Some("cy")], Evidence::Other);
        check("cy", "Du", &[Some("cy")], Evidence::Own);
        check("de", "Köln", &[None], Evidence::Open);
        check("de", "Köln", &[None, Some("de")], Evidence::Own);
        check("de-AT", "Köln", &[Some("de")], Evidence::Own);
        check("de", "Köln", &[Some("mul")], Evidence::Own);
        check("tl", "Alemanya", &[Some("fil")], Evidence::Own);
        check("nn", "Tyskland", &[Some("nb")], Evidence::Own);
        check("und", "Du", &[Some("cy")], Evidence::Open);
    }

    #[test]
    fn a_language_that_the_base_lacks_takes_other_names() {
        check("xh", "Berlin", &[Some("en")], Evidence::Open);
        check("xh", "Berlin", &[], Evidence::Open);
    }

    #[test]
    fn an_entity_without_a_name_in_the_language_takes_usual_ones() {
        let mut sets = LangSets::default();
        let [en, de, cy] = ["en", "de", "cy"].map(|tag| sets.insert(Some(lang(tag))));
        let stretch = TextLanguage::new(lang("de"), &sets).stretch("London", &sets);
        let [english, welsh, german] = [en, cy, de].map(|number| sets.intern(&mut vec![number]));
        assert_eq!(stretch.evidence(english, english, &sets), Evidence::Open);
        assert_eq!(stretch.evidence(welsh, welsh, &sets), Evidence::Other);
        assert_eq!(stretch.evidence(english, german, &sets), Evidence::Other);
    }

    #[test]
    fn mixed_text_is_judged_by_the_script_of_the_stretch() {
        check("zh", "Berlin", &[Some("en")], Evidence::Own);
        check("zh", "Berlin", &[Some("zh")], Evidence::Own);
        check("zh", "Du", &[Some("cy")], Evidence::Other);
        check("zh-Hant", "柏林", &[Some("zh")], Evidence::Own);
        check("en", "柏林", &[Some("zh")], Evidence::Own);
        check("en", "Берлин", &[Some("ru")], Evidence::Own);
        check("ru", "Берлин", &[Some("ru")], Evidence::Own);
        check("en", "5\u{301}", &[Some("en")], Evidence::Own);
        check("en", "", &[Some("en")], Evidence::Own);
        check("en", "😀", &[Some("zh")], Evidence::Other);
    }
}
