//! Checking a corpus for what spoils training, before it costs a day of it.

use std::path::{Path, PathBuf};

use jove_core::{Lang, Problem, Progress};
use serde::Serialize;

use crate::clean::{self, ends_sentence};
use crate::duplicate::{DuplicateFilter, Occurrence};
use crate::error::{Error, Result};
use crate::language;
use crate::pairs::{PairOptions, Pairs, ratio};
use crate::reject::Rejects;
use crate::text::{TextOptions, Texts, list_all};

/// How many failing rows a check shows.
const EXAMPLES_MAX: usize = 5;

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The name of the check, such as `text/encoding`.
    pub name: &'static str,
    /// Whether a corpus that fails should not be used; the others are warnings.
    pub grave: bool,
    /// Rows checked.
    pub rows: u64,
    /// Rows that fail.
    pub found: u64,
    /// The first five that fail.
    pub examples: Vec<Problem>,
}

impl Check {
    fn new(name: &'static str, grave: bool) -> Self {
        Self { name, grave, rows: 0, found: 0, examples: Vec::new() }
    }

    fn count(&mut self, problem: Option<Problem>) {
        self.rows += 1;
        self.found += u64::from(problem.is_some());
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.extend(problem);
        }
    }

    /// Whether the corpus may be used, as far as this check goes.
    pub fn passed(&self) -> bool {
        !self.grave || self.found == 0
    }
}

/// Checks texts and pairs for what spoils training: bytes that are not UTF-8, text decoded with the wrong encoding,
/// texts without sentence ends, duplicates, texts in another language than the given one, and pairs that cannot be
/// translations.
///
/// # Errors
/// When a file cannot be read, or the user interrupts ([`Error::Interrupted`]).
pub fn doctor(text: &TextOptions, pairs: &PairOptions, progress: &dyn Progress) -> Result<Vec<Check>> {
    let files = list_all(&text.sources)?;
    progress.begin("examine", Some((files.len() + pairs.sources.len()) as u64), "files");
    let mut all = check_texts(text, &files, progress)?;
    all.extend(check_pairs(pairs, progress)?);
    progress.end();
    Ok(all)
}

/// The checks of texts; none where there are no sources.
fn check_texts(options: &TextOptions, files: &[(usize, PathBuf)], progress: &dyn Progress) -> Result<Vec<Check>> {
    let mut checks = TextChecks::new(options);
    for (source, path) in files {
        let source = &options.sources[*source];
        let mut rejects = Rejects::new(None, u64::MAX, [])?;
        let mut texts = Texts::open(path, source)?;
        while let Some(raw) = texts.next(&mut rejects)? {
            check_interrupt(progress)?;
            checks.check(path, raw.line, &raw.text, source.lang);
        }
        checks.encoding.add_rejects(rejects)?;
        progress.advance(1);
    }
    Ok(if options.sources.is_empty() { Vec::new() } else { checks.finish() })
}

/// The checks of pairs; none where there are no sources.
fn check_pairs(options: &PairOptions, progress: &dyn Progress) -> Result<Vec<Check>> {
    let mut checks = PairChecks::new(options);
    for source in &options.sources {
        let mut rejects = Rejects::new(None, u64::MAX, [])?;
        let mut rows = Pairs::open(&source.path)?;
        while let Some((texts, line)) = rows.next(&mut rejects)? {
            check_interrupt(progress)?;
            checks.check(&source.path, line, &texts, source.langs);
        }
        checks.columns.add_rejects(rejects)?;
        progress.advance(1);
    }
    Ok(if options.sources.is_empty() { Vec::new() } else { checks.finish() })
}

fn check_interrupt(progress: &dyn Progress) -> Result<()> {
    if progress.cancelled() { Err(Error::Interrupted) } else { Ok(()) }
}

impl Check {
    /// Counts rejected rows as failures.
    fn add_rejects(&mut self, rejects: Rejects) -> Result<()> {
        let (count, samples) = rejects.finish()?;
        self.rows += count;
        self.found += count;
        self.examples.extend(samples);
        self.examples.truncate(EXAMPLES_MAX);
        Ok(())
    }
}

/// A text with more characters than this between two sentence ends has lost its punctuation.
const UNBROKEN_CHARS_MAX: usize = 300;

struct TextChecks {
    encoding: Check,
    damage: Check,
    sentences: Check,
    copies: Check,
    language: Check,
    duplicates: DuplicateFilter,
}

impl TextChecks {
    fn new(options: &TextOptions) -> Self {
        Self {
            encoding: Check::new("text/encoding", true),
            damage: Check::new("text/damage", false),
            sentences: Check::new("text/sentence-ends", false),
            copies: Check::new("text/copies", false),
            language: Check::new("text/language", false),
            duplicates: DuplicateFilter::new(true, options.clean.near_duplicates),
        }
    }

    fn check(&mut self, path: &Path, line: u64, text: &str, lang: Option<Lang>) {
        let problem = |expected: &str| Some(Problem::new(path, Some(line), expected, text));
        self.encoding.count(None);
        self.damage.count(if damaged(text) { problem("text decoded with the right encoding") } else { None });
        let unbroken = longest_unbroken(text) > UNBROKEN_CHARS_MAX;
        self.sentences.count(if unbroken { problem("a sentence end every 300 characters") } else { None });
        let copy = self.duplicates.insert(text) != Occurrence::First;
        self.copies.count(if copy { problem("a text that did not occur before") } else { None });
        self.language.count(other_language(text, lang).and_then(|found| problem(&found)));
    }

    fn finish(self) -> Vec<Check> {
        vec![self.encoding, self.damage, self.sentences, self.copies, self.language]
    }
}

struct PairChecks {
    columns: Check,
    lengths: Check,
    same: Check,
    copies: Check,
    language: Check,
    duplicates: DuplicateFilter,
    ratio_max: f64,
}

impl PairChecks {
    fn new(options: &PairOptions) -> Self {
        Self {
            columns: Check::new("pairs/columns", true),
            lengths: Check::new("pairs/lengths", false),
            same: Check::new("pairs/untranslated", false),
            copies: Check::new("pairs/copies", false),
            language: Check::new("pairs/language", false),
            duplicates: DuplicateFilter::new(true, 1.0),
            ratio_max: options.ratio_max,
        }
    }

    fn check(&mut self, path: &Path, line: u64, texts: &[String; 2], langs: [Lang; 2]) {
        let row = texts.join("\t");
        let problem = |expected: &str| Some(Problem::new(path, Some(line), expected, &row));
        self.columns.count(None);
        let uneven = ratio(texts) > self.ratio_max;
        self.lengths.count(if uneven { problem("sides of similar length") } else { None });
        self.same.count(if texts[0] == texts[1] { problem("two different sides") } else { None });
        let copy = self.duplicates.insert(&row) != Occurrence::First;
        self.copies.count(if copy { problem("a pair that did not occur before") } else { None });
        let found = texts.iter().zip(langs).find_map(|(text, lang)| other_language(text, Some(lang)));
        self.language.count(found.and_then(|found| problem(&found)));
    }

    fn finish(self) -> Vec<Check> {
        vec![self.columns, self.lengths, self.same, self.copies, self.language]
    }
}

/// Replacement characters, or UTF-8 that was read as Latin-1 (`Ã©` for `é`).
fn damaged(text: &str) -> bool {
    let mut before = ' ';
    for character in text.chars() {
        let latin_pair = matches!(before, 'Ã' | 'Â' | 'â') && matches!(character, '\u{80}'..='\u{bf}' | '€' | '™');
        if character == '\u{fffd}' || latin_pair {
            return true;
        }
        before = character;
    }
    false
}

fn longest_unbroken(text: &str) -> usize {
    let mut characters = text.chars().peekable();
    let (mut longest, mut run) = (0, 0);
    while let Some(character) = characters.next() {
        run += 1;
        if character == '\n' || ends_sentence(character, characters.peek().copied()) {
            run = 0;
        }
        longest = longest.max(run);
    }
    longest
}

/// What was expected of a text that is reliably identified as another language.
fn other_language(text: &str, lang: Option<Lang>) -> Option<String> {
    let (lang, found) = (lang?, language::identify_reliably(&clean::normalize(text))?);
    (found.primary() != lang.primary()).then(|| format!("a text in `{lang}` (identified as `{found}`)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrongly_decoded_text_is_found() {
        for (text, expected) in
            [("cafÃ©", true), ("caf\u{fffd}", true), ("café Ã la", false), ("中文🦀", false), ("", false)]
        {
            assert_eq!(damaged(text), expected, "{text}");
        }
    }

    #[test]
    fn runs_without_an_end_are_measured() {
        assert_eq!(longest_unbroken("一二三。四五"), 3);
        assert_eq!(longest_unbroken("3.14 is pi. Yes"), 10);
        assert_eq!(longest_unbroken(""), 0);
    }

    #[test]
    fn only_sure_differences_count() {
        assert!(other_language("这是中文", Some(Lang::EN)).is_some());
        assert!(other_language("ok", Some(Lang::EN)).is_none());
        assert!(other_language("ok", None).is_none());
        assert!(other_language("12345", Some(Lang::ZH)).is_none());
    }
}
