//! The languages in which entities are described.

use std::collections::BTreeMap;

use jove_core::Lang;
use jove_kb::Kb;

use crate::error::Result;
use crate::run_file::RunFile;

/// A language that the run file does not name counts from this share of the training texts on: of fewer, most were guessed
/// wrongly.
const GUESSED_SHARE_MIN: f64 = 0.01;

/// The languages of a run's training texts that the graph has names in, in the order in which the run file names them, then
/// guessed ones, the most frequent first; all languages of the graph where there are none of these.
///
/// `texts` counts the training texts of each language.
///
/// # Errors
/// When the knowledge base cannot be read.
pub(crate) fn languages(file: &RunFile, texts: &BTreeMap<Lang, u64>, kb: &Kb) -> Result<Vec<Lang>> {
    let graph: Vec<Lang> = kb.languages()?.iter().filter_map(|(tag, _)| Lang::new(tag).ok()).collect();
    Ok(chosen(&named(file), texts, &graph))
}

/// The languages that the run file names for its training texts, pairs and verbalised facts, in its order.
fn named(file: &RunFile) -> Vec<Lang> {
    let texts = file.text.sources.iter().filter_map(|source| source.lang);
    let pairs = file.pairs.train.iter().flat_map(|source| source.langs);
    let facts = file.verbalize.iter().flat_map(|verbalize| verbalize.sentences.langs.iter().copied());
    texts.chain(pairs).chain(facts).collect()
}

fn chosen(named: &[Lang], texts: &BTreeMap<Lang, u64>, graph: &[Lang]) -> Vec<Lang> {
    let total: u64 = texts.values().sum();
    let mut guessed: Vec<(&Lang, &u64)> =
        texts.iter().filter(|(_, count)| **count as f64 >= GUESSED_SHARE_MIN * total as f64).collect();
    guessed.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let of_texts =
        named.iter().filter(|lang| texts.contains_key(lang)).chain(guessed.into_iter().map(|(lang, _)| lang));
    let mut languages: Vec<Lang> = Vec::new();
    for lang in of_texts.filter(|lang| graph.contains(lang)) {
        if !languages.contains(lang) {
            languages.push(*lang);
        }
    }
    if languages.is_empty() { graph.to_vec() } else { languages }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn langs(tags: &str) -> Vec<Lang> {
        tags.split_whitespace().map(|tag| Lang::new(tag).unwrap()).collect()
    }

    fn check(named: &str, texts: &[(&str, u64)], graph: &str, expected: &str) {
        let texts = texts.iter().map(|&(tag, count)| (Lang::new(tag).unwrap(), count)).collect();
        assert_eq!(chosen(&langs(named), &texts, &langs(graph)), langs(expected), "{named} {texts:?} {graph}");
    }

    #[test]
    fn languages_are_those_of_texts_and_graph_in_the_order_of_the_run_file() {
        check("zh en zh en", &[("en", 900), ("zh", 100)], "ar de en ja zh", "zh en");
        check("en zh", &[("en", 900), ("zh", 100)], "ar de en ja zh", "en zh");
        check("ja de", &[("de", 5), ("ja", 5)], "de en ja zh", "ja de");
        check("zh", &[("zh", 5)], "zh", "zh");
        check("zh en", &[("zh", 5)], "en zh", "zh");
        check("zh fr", &[("fr", 5), ("zh", 5)], "en zh", "zh");
        check("pt-BR", &[("pt-BR", 5)], "pt pt-BR", "pt-BR");
    }

    #[test]
    fn guessed_languages_count_where_they_are_frequent() {
        check("", &[("de", 300), ("ja", 690), ("la", 9)], "de ja la", "ja de");
        check("de", &[("de", 1), ("ja", 990), ("la", 9)], "de ja la", "de ja");
        check("", &[("und", 99), ("ru", 1)], "de ru", "ru");
    }

    #[test]
    fn all_languages_of_the_graph_where_the_texts_have_none_of_them() {
        check("und", &[("und", 9)], "de ja", "de ja");
        check("", &[], "en zh", "en zh");
        check("zh", &[("zh", 9)], "", "");
    }
}
