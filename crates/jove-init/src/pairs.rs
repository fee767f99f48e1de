//! Tables of sentences and their translations.

use std::path::{Path, PathBuf};

use jove_core::Lang;
use jove_corpus::{TextLines, detect_language};

use crate::error::{Error, Result};

/// Rows that are looked at.
const ROWS_MAX: usize = 500;

/// A table of pairs and the languages of its two columns.
#[derive(Clone, Debug)]
pub(crate) struct Pairs {
    pub(crate) path: PathBuf,
    pub(crate) langs: [Lang; 2],
}

impl Pairs {
    /// Looks at a table; it must have two columns in two languages.
    pub(crate) fn look(path: &Path) -> Result<Self> {
        let mut lines = TextLines::open(path, u64::MAX, None)?;
        let mut columns = [Vec::new(), Vec::new()];
        let mut odd = 0;
        for _ in 0..ROWS_MAX {
            let Some(line) = lines.read()? else { break };
            match line.split_once('\t') {
                Some((left, right)) if !right.contains('\t') => {
                    columns[0].push(left.to_owned());
                    columns[1].push(right.to_owned());
                }
                _ => odd += 1,
            }
        }
        let nothing = |found: String| Error::Nothing {
            path: path.to_owned(),
            expected: "two columns by a tab, a sentence and its translation",
            found,
            hint: "cut other columns off first: cut -f1,2 FILE > NEW".to_owned(),
        };
        if odd * 10 > columns[0].len() {
            return Err(nothing(format!("{odd} of {} lines with another number of columns", odd + columns[0].len())));
        }
        match columns.map(|column| most_frequent(&column)) {
            [Some(left), Some(right)] if left != right => Ok(Self { path: path.to_owned(), langs: [left, right] }),
            [Some(left), Some(_)] => Err(nothing(format!("two columns in {left}"))),
            _ => Err(nothing("no sentence whose language is plain".to_owned())),
        }
    }
}

fn most_frequent(texts: &[String]) -> Option<Lang> {
    let mut counts = std::collections::BTreeMap::<Lang, usize>::new();
    for lang in texts.iter().filter_map(|text| detect_language(text).map(|(lang, _)| lang)) {
        *counts.entry(lang).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(lang, _)| lang)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rows: &str, expected: Result<[&str; 2], &str>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pairs.tsv");
        std::fs::write(&path, rows).unwrap();
        match (Pairs::look(&path), expected) {
            (Ok(pairs), Ok(expected)) => assert_eq!(pairs.langs.map(|lang| lang.to_string()), expected),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (found, _) => panic!("{rows}: {found:?}"),
        }
    }

    #[test]
    fn the_languages_of_both_columns_are_found() {
        let row = "The harvest was brought in before the rain came.\t下雨之前，庄稼就收进来了。\n";
        check(&row.repeat(3), Ok(["en", "zh"]));
        check(&"庄稼收进来了。\t庄稼已经收进来了。\n".repeat(3), Err("two columns in zh"));
        check(&row.replace('\t', "\t7\t").repeat(3), Err("3 of 3 lines"));
        check("", Err("no sentence"));
    }
}
