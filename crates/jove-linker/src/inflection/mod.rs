//! Inflected forms of names: endings by language, and prefixes that are written together with a name.

use std::collections::HashMap;

use crate::normal::Normalization;

/// The rules, with a note on how they are written.
const ENDINGS: &str = include_str!("endings.txt");

/// The shortest part of a name that endings follow, in characters.
const STEM_CHARS_MIN: usize = 3;

/// Prepositions and conjunctions that are written together with the word after them. The Hebrew article is none of them: names
/// stand without it, and words that look like names with it.
const PREFIXES: [(&str, &str); 3] =
    [("he", "ו ב ל מ ש כ וב ול ומ וש וכ שב של שמ"), ("ar", "و ف ب ل ك وب ول وك فب فل س"), ("ckb", "ل ب و")];

/// How an ending differs from the name itself.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    lang: &'static str,
    /// Whether the beginning of the name is replaced, not its end.
    initial: bool,
    cut: Box<str>,
    insert: Box<str>,
    endings: Range,
    /// Whether a form may be written without the name's capital.
    lowercase: bool,
    /// Whether the ending is no part of the mention.
    outside: bool,
}

/// Where a rule's endings are in the list of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    start: u32,
    end: u32,
}

/// The number of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RuleId(u16);

/// The rules in one normal form.
#[derive(Debug, Default)]
pub(crate) struct Inflection {
    rules: Vec<Rule>,
    /// Rules that change the end of a name, by language.
    changing: HashMap<&'static str, Vec<RuleId>>,
    /// Rules that only add endings, by language.
    adding: HashMap<&'static str, Vec<RuleId>>,
    /// Endings of first words of names, the one that names are listed with first, by language.
    first_words: HashMap<&'static str, Vec<Vec<Box<str>>>>,
    /// A rule for what needs no ending, by language.
    bare: HashMap<&'static str, RuleId>,
    /// Endings of all rules, each rule's longest first.
    endings: Vec<Box<str>>,
    prefixes: HashMap<&'static str, Vec<Box<str>>>,
}

impl Inflection {
    /// The rules for text and names in this normal form.
    pub(crate) fn new(normalization: Normalization) -> Self {
        let mut inflection = Self::default();
        let mut groups: HashMap<&str, Vec<&str>> = HashMap::new();
        for line in ENDINGS.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
            let mut words = line.split_whitespace();
            let (Some(lang), Some(second)) = (words.next(), words.next()) else { continue };
            if lang == "=" {
                groups.insert(second, words.collect());
            } else if lang == "+" {
                inflection.read_first_word(second, words, normalization);
            } else if let Some(parts) = second.split_once('/') {
                let all = words.flat_map(|word| match word.strip_prefix('@') {
                    Some(name) => groups.get(name).cloned().unwrap_or_default(),
                    None => vec![word],
                });
                inflection.read(lang, parts, &all.collect::<Vec<_>>(), normalization);
            }
        }
        for (lang, prefixes) in PREFIXES {
            let forms = prefixes.split(' ').map(|prefix| normalization.form(prefix).into_boxed_str());
            inflection.prefixes.insert(lang, forms.collect());
        }
        inflection
    }

    /// Adds the rule of a line: what it replaces by what, and its endings and flags.
    fn read(&mut self, lang: &'static str, (cut, insert): (&str, &str), words: &[&str], normalization: Normalization) {
        let form = |text: &str| normalization.form(&written(text)).into_boxed_str();
        let mut endings: Vec<Box<str>> =
            words.iter().filter(|word| !matches!(**word, "~" | "|")).map(|word| form(word)).collect();
        endings.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        endings.dedup();
        let start = self.endings.len() as u32;
        self.endings.extend(endings);
        self.add(Rule {
            lang,
            initial: cut.starts_with('^'),
            cut: form(cut.trim_start_matches('^')),
            insert: form(insert),
            endings: Range { start, end: self.endings.len() as u32 },
            lowercase: words.contains(&"~"),
            outside: words.contains(&"|"),
        });
    }

    /// Adds the endings of first words of names.
    fn read_first_word(
        &mut self,
        lang: &'static str,
        endings: impl Iterator<Item = &'static str>,
        normalization: Normalization,
    ) {
        let forms = endings.map(|ending| normalization.form(&written(ending)).into_boxed_str());
        self.first_words.entry(lang).or_default().push(forms.collect());
        if !self.bare.contains_key(lang) {
            self.bare.insert(lang, RuleId(self.rules.len() as u16));
            let start = self.endings.len() as u32;
            self.endings.push(Box::default());
            let (cut, insert, endings) = (Box::default(), Box::default(), Range { start, end: start + 1 });
            self.rules.push(Rule { lang, initial: false, cut, insert, endings, lowercase: false, outside: false });
        }
    }

    fn add(&mut self, rule: Rule) {
        let id = RuleId(self.rules.len() as u16);
        let adds = !rule.initial && rule.cut == rule.insert;
        let rules = if adds { &mut self.adding } else { &mut self.changing };
        rules.entry(rule.lang).or_default().push(id);
        self.rules.push(rule);
    }

    /// The rules of a language by which endings follow a name, in its normal form, that itself stays as it is.
    pub(crate) fn adding<'a>(&'a self, lang: &str, name: &'a str) -> impl Iterator<Item = RuleId> + 'a {
        let rules = self.adding.get(lang).into_iter().flatten();
        let long_enough = move || name.chars().nth(STEM_CHARS_MIN - 1).is_some();
        rules.copied().filter(move |id| name.ends_with(&*self.rules[usize::from(id.0)].cut) && long_enough())
    }

    /// What the forms of a name, in its normal form, have in common where its end changes, with the rule of each.
    pub(crate) fn stems<'a>(&'a self, lang: &str, name: &'a str) -> impl Iterator<Item = (RuleId, String)> + 'a {
        let rules = self.changing.get(lang).into_iter().flatten();
        rules.filter_map(move |id| {
            let stem = self.rules[usize::from(id.0)].stem(name)?;
            (stem.chars().nth(STEM_CHARS_MIN - 1).is_some()).then_some((*id, stem))
        })
    }

    /// As [`Inflection::stems`], of forms of the name that differ in its first word.
    pub(crate) fn first_word_stems(&self, lang: &str, name: &str) -> Vec<(RuleId, String)> {
        let (Some(all), Some(bare), Some((first, rest))) =
            (self.first_words.get(lang), self.bare.get(lang), name.split_once(' '))
        else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for endings in all {
            let Some((stem, others)) =
                endings.split_first().and_then(|(ending, others)| Some((first.strip_suffix(&**ending)?, others)))
            else {
                continue;
            };
            for other in others {
                let form = format!("{stem}{other} {rest}");
                found.extend(self.stems(lang, &form));
                found.extend(self.adding(lang, &form).map(|rule| (rule, form.clone())));
                found.push((*bare, form));
            }
        }
        found
    }

    /// The language of a rule.
    pub(crate) fn lang(&self, rule: RuleId) -> &'static str {
        self.rules[usize::from(rule.0)].lang
    }

    /// Whether a form may be written without the name's capital.
    pub(crate) fn allows_lowercase(&self, rule: RuleId) -> bool {
        self.rules[usize::from(rule.0)].lowercase
    }

    /// Whether the endings of a rule are no part of the mention.
    pub(crate) fn is_outside(&self, rule: RuleId) -> bool {
        self.rules[usize::from(rule.0)].outside
    }

    /// The lengths in bytes of the endings of a rule that `rest` begins with, the longest first.
    pub(crate) fn endings<'a>(&'a self, rule: RuleId, rest: &'a str) -> impl Iterator<Item = usize> + 'a {
        let Range { start, end } = self.rules[usize::from(rule.0)].endings;
        let endings = &self.endings[start as usize..end as usize];
        endings.iter().filter(move |ending| rest.starts_with(&***ending)).map(|ending| ending.len())
    }

    /// Whether what a word has before a name is a prefix of the language, as its prepositions are.
    pub(crate) fn is_prefix(&self, lang: &str, before: &str) -> bool {
        self.prefixes.get(lang).is_some_and(|prefixes| prefixes.iter().any(|prefix| **prefix == *before))
    }

    /// Whether a language writes prefixes together with names.
    pub(crate) fn has_prefixes(&self, lang: &str) -> bool {
        self.prefixes.contains_key(lang)
    }
}

impl Rule {
    fn stem(&self, name: &str) -> Option<String> {
        if self.initial {
            return Some(format!("{}{}", self.insert, name.strip_prefix(&*self.cut)?));
        }
        Some(format!("{}{}", name.strip_suffix(&*self.cut)?, self.insert))
    }
}

/// A part of a line as it is written in text: `-` and `0` stand for nothing, `_` for a space.
fn written(part: &str) -> String {
    if matches!(part, "-" | "0") { String::new() } else { part.replace('_', " ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether `form` is a form of `name`.
    fn check(lang: &str, name: &str, form: &str, expected: bool) {
        let normalization = Normalization::default();
        let (inflection, form) = (Inflection::new(normalization), normalization.form(form));
        let name = normalization.form(name);
        let added = inflection.adding(lang, &name).map(|rule| (rule, name.clone()));
        let first = inflection.first_word_stems(lang, &name);
        let found = inflection.stems(lang, &name).chain(added).chain(first).any(|(rule, stem)| {
            let rest = form.strip_prefix(stem.as_str());
            rest.is_some_and(|rest| inflection.endings(rule, rest).any(|length| length == rest.len()))
        });
        assert_eq!(found, expected, "{lang} {name} {form}");
    }

    #[test]
    fn forms_of_names_are_known() {
        for (lang, name, form) in [
            ("ru", "Москва", "Москве"),
            ("ru", "Франция", "Франции"),
            ("ru", "английский", "английском"),
            ("fi", "Helsinki", "Helsingissä"),
            ("fi", "Suomi", "Suomessa"),
            ("fi", "Ranska", "Ranskaan"),
            ("hu", "Budapest", "Budapesten"),
            ("hu", "Afrika", "Afrikában"),
            ("hu", "Japán", "Japánnal"),
            ("ru", "Южная Вания", "Южной Вании"),
            ("de", "Vereinte Inseln", "Vereinten Inseln"),
            ("cs", "Spojené ostrovy", "Spojených ostrovech"),
            ("de", "Rheinburg", "Rheinburgs"),
            ("de", "Japanisch", "japanische"),
            ("pl", "Polska", "Polsce"),
            ("cs", "Německo", "Německu"),
            ("ta", "சென்னை", "சென்னையில்"),
            ("el", "Αθήνα", "Αθήνας"),
            ("ka", "საფრანგეთი", "საფრანგეთში"),
            ("ar", "الأردن", "للأردن"),
        ] {
            check(lang, name, form, true);
        }
    }

    #[test]
    fn other_words_are_no_forms() {
        for (lang, name, form) in [
            ("ru", "Мали", "Малина"),
            ("de", "Rheinburg", "Rheinburger"),
            ("en", "Rivertown", "Rivertowns"),
            ("ru", "Обь", "Обе"),
            ("fi", "", "n"),
            ("xx", "Москва", "Москве"),
            ("he", "😀", "😀"),
        ] {
            check(lang, name, form, false);
        }
    }

    #[test]
    fn rules_and_prefixes_are_well_formed() {
        let inflection = Inflection::new(Normalization::default());
        assert!(inflection.rules.len() > 150);
        let lines = ENDINGS.lines().filter(|line| !line.starts_with(['#', '=', '+']) && !line.trim().is_empty());
        for line in lines {
            let second = line.split_whitespace().nth(1).unwrap();
            assert_eq!(second.matches('/').count(), 1, "{line}");
        }
        assert!(
            inflection.is_prefix("he", "ב") && !inflection.is_prefix("he", "א") && !inflection.is_prefix("de", "ב")
        );
        assert!(inflection.has_prefixes("ar") && !inflection.has_prefixes("en"));
    }
}
