//! What is wrong with a corpus, before it costs a day of training.

use std::path::Path;

use jove_core::{Lang, Problem, Progress};
use serde::Serialize;

use crate::clean::{self, ends_sentence};
use crate::duplicate::{Memory, Seen};
use crate::pairs::{PairOptions, Pairs, ratio};
use crate::reject::Rejects;
use crate::text::{TextOptions, Texts, list_all};
use crate::{Error, Result, language};

/// One thing that was looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked for, such as `text/encoding`.
    pub name: &'static str,
    /// Whether a corpus with this should not be used as it is. Others are worth a look.
    pub grave: bool,
    /// Rows that were looked at.
    pub rows: u64,
    /// Rows that have it.
    pub found: u64,
    /// The first ones.
    pub examples: Vec<Problem>,
}

impl Check {
    fn new(name: &'static str, grave: bool) -> Self {
        Self { name, grave, rows: 0, found: 0, examples: Vec::new() }
    }

    fn see(&mut self, problem: Option<Problem>) {
        const EXAMPLES: usize = 5;
        self.rows += 1;
        self.found += u64::from(problem.is_some());
        if self.examples.len() < EXAMPLES {
            self.examples.extend(problem);
        }
    }

    /// Whether the corpus may be used, as far as this goes.
    pub fn passed(&self) -> bool {
        !self.grave || self.found == 0
    }
}

/// Looks through texts and pairs for what spoils training: bytes that are not UTF-8, characters that another encoding
/// left behind, texts without sentence ends, copies, texts and sides in another language than the given one, and pairs
/// that cannot be translations.
///
/// # Errors
/// When a file cannot be read, or the user stopped the work.
pub fn doctor(text: &TextOptions, pairs: &PairOptions, progress: &dyn Progress) -> Result<Vec<Check>> {
    let mut checks = TextChecks::new(text);
    let files = list_all(&text.sources)?;
    progress.begin("examine", Some((files.len() + pairs.sources.len()) as u64), "files");
    for (source, path) in &files {
        let source = &text.sources[*source];
        let mut rejects = Rejects::new(None, u64::MAX);
        let mut texts = Texts::open(path, source)?;
        while let Some(raw) = texts.next(&mut rejects)? {
            stop_if_asked(progress)?;
            checks.see(path, raw.line, &raw.text, source.lang);
        }
        checks.encoding.take(rejects)?;
        progress.advance(1);
    }
    let mut pair_checks = PairChecks::new(pairs);
    for source in &pairs.sources {
        let mut rejects = Rejects::new(None, u64::MAX);
        let mut rows = Pairs::open(&source.path)?;
        while let Some((texts, line)) = rows.next(&mut rejects)? {
            stop_if_asked(progress)?;
            pair_checks.see(&source.path, line, &texts, source.langs);
        }
        pair_checks.columns.take(rejects)?;
        progress.advance(1);
    }
    progress.end();
    let mut all = Vec::new();
    if !text.sources.is_empty() {
        all.extend(checks.finish());
    }
    if !pairs.sources.is_empty() {
        all.extend(pair_checks.finish());
    }
    Ok(all)
}

fn stop_if_asked(progress: &dyn Progress) -> Result<()> {
    if progress.cancelled() { Err(Error::Interrupted) } else { Ok(()) }
}

impl Check {
    fn take(&mut self, rejects: Rejects) -> Result<()> {
        let (count, samples) = rejects.finish()?;
        self.rows += count;
        self.found += count;
        self.examples.extend(samples);
        self.examples.truncate(5);
        Ok(())
    }
}

/// A text of this many characters without the end of a sentence has lost its sentence ends.
const UNBROKEN_CHARS_MAX: usize = 300;

struct TextChecks {
    encoding: Check,
    damage: Check,
    sentences: Check,
    copies: Check,
    language: Check,
    memory: Memory,
}

impl TextChecks {
    fn new(options: &TextOptions) -> Self {
        Self {
            encoding: Check::new("text/encoding", true),
            damage: Check::new("text/damage", false),
            sentences: Check::new("text/sentence-ends", false),
            copies: Check::new("text/copies", false),
            language: Check::new("text/language", false),
            memory: Memory::new(true, options.clean.near_duplicates),
        }
    }

    fn see(&mut self, path: &Path, line: u64, text: &str, lang: Option<Lang>) {
        let problem = |expected: &str| Some(Problem::new(path, Some(line), expected, text));
        self.encoding.see(None);
        self.damage.see(if damaged(text) { problem("text that was not decoded wrongly") } else { None });
        let unbroken = longest_unbroken(text) > UNBROKEN_CHARS_MAX;
        self.sentences.see(if unbroken { problem("the end of a sentence now and then") } else { None });
        let copy = self.memory.see(text) != Seen::New;
        self.copies.see(if copy { problem("a text that was not there before") } else { None });
        self.language.see(other_language(text, lang).and_then(|found| problem(&found)));
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
    memory: Memory,
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
            memory: Memory::new(true, 1.0),
            ratio_max: options.ratio_max,
        }
    }

    fn see(&mut self, path: &Path, line: u64, texts: &[String; 2], langs: [Lang; 2]) {
        let row = texts.join("\t");
        let problem = |expected: &str| Some(Problem::new(path, Some(line), expected, &row));
        self.columns.see(None);
        let uneven = ratio(texts) > self.ratio_max;
        self.lengths.see(if uneven { problem("sides of about one length") } else { None });
        self.same.see(if texts[0] == texts[1] { problem("two different sides") } else { None });
        let copy = self.memory.see(&row) != Seen::New;
        self.copies.see(if copy { problem("a pair that was not there before") } else { None });
        let found = texts.iter().zip(langs).find_map(|(text, lang)| other_language(text, Some(lang)));
        self.language.see(found.and_then(|found| problem(&found)));
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

/// What was expected where a text is surely in another language.
fn other_language(text: &str, lang: Option<Lang>) -> Option<String> {
    let (lang, found) = (lang?, language::surely(&clean::tidy(text))?);
    (found.primary() != lang.primary()).then(|| format!("a text in `{lang}` (this looks like `{found}`)"))
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
