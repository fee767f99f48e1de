//! Cutting text into words with universal parts of speech.

mod english;
mod script;
mod universal;

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, MatchKind};
use jieba_rs::Jieba;
use jove_core::{ByteSpan, Lang, Pos, Word};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use english::is_closed_class;
pub use universal::universal_pos;

use crate::boundary::stands_alone;
use crate::error::Error;
use crate::segments::Segment;

/// How text is cut into words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct TaggerOptions {
    /// Whether a hidden Markov model joins runs of Chinese characters that are not in the dictionary into new words.
    pub new_words: bool,
    /// Priority of the user's words over the dictionary's.
    pub user_words: UserWords,
}

impl Default for TaggerOptions {
    fn default() -> Self {
        Self { new_words: true, user_words: UserWords::Prefer }
    }
}

/// Priority of the user's words over the dictionary's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UserWords {
    /// A user's word is a word wherever its characters occur; the longest match wins.
    Force,
    /// A user's word gets the frequency at which it wins against the words it consists of.
    Prefer,
    /// A user's word is used only where the dictionary would leave single characters.
    Fallback,
}

/// A word that the user adds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserWord {
    /// The word.
    pub word: String,
    /// Its tag, in the Peking University set (`nr`, `v`, …) or the universal one (`PROPN`, `VERB`, …).
    pub tag: String,
}

/// Cuts text into words; shared by any number of threads.
pub struct Tagger {
    jieba: Jieba,
    new_words: bool,
    forced: Option<(AhoCorasick, Vec<Pos>)>,
    unknown_tags: BTreeMap<String, u64>,
}

impl Tagger {
    /// Loads the dictionary and adds the user's words to it.
    ///
    /// # Errors
    /// When a user's word is empty or holds white space.
    pub fn new(options: &TaggerOptions, words: impl IntoIterator<Item = UserWord>) -> Result<Self, Error> {
        let mut tagger =
            Self { jieba: Jieba::new(), new_words: options.new_words, forced: None, unknown_tags: BTreeMap::new() };
        let mut forced = Vec::new();
        for (row, user) in (1..).zip(words) {
            if user.word.is_empty() || user.word.contains(char::is_whitespace) {
                return Err(Error::BadWord { row, word: user.word });
            }
            let pos = universal_pos(&user.tag).unwrap_or_else(|| {
                *tagger.unknown_tags.entry(user.tag.clone()).or_default() += 1;
                Pos::X
            });
            match options.user_words {
                UserWords::Force => forced.push((user.word, pos)),
                UserWords::Prefer => tagger.prefer(&user.word, pos),
                UserWords::Fallback if !tagger.jieba.has_word(&user.word) => {
                    tagger.jieba.add_word(&user.word, Some(1), Some(pos.as_str()));
                }
                UserWords::Fallback => {}
            }
        }
        tagger.force(forced)?;
        Ok(tagger)
    }

    /// Unknown tags of user words with their counts; such words are tagged `X`.
    pub fn unknown_tags(&self) -> &BTreeMap<String, u64> {
        &self.unknown_tags
    }

    /// The words of a text, sorted, without overlaps; white space is in none. A text of 2^32 bytes or more has none.
    pub fn tag(&self, text: &str, lang: Lang) -> Vec<Word> {
        self.segments(text, lang).iter().map(|segment| Word { span: segment.span, pos: segment.pos }).collect()
    }

    /// As [`Tagger::tag`], also saying whether the dictionary has each word.
    pub fn segments(&self, text: &str, lang: Lang) -> Vec<Segment> {
        let mut words = Vec::new();
        if u32::try_from(text.len()).is_err() {
            tracing::warn!(bytes = text.len(), "a text of 4 GiB or more is not tagged: split it");
            return words;
        }
        let Some((automaton, tags)) = &self.forced else {
            self.tag_free(text, 0, lang, &mut words);
            return words;
        };
        let mut next = 0;
        for found in automaton.find_iter(text) {
            if !stands_alone(text, found.start(), found.end()) {
                continue;
            }
            self.tag_free(&text[next..found.start()], next, lang, &mut words);
            let span = ByteSpan::new(found.start() as u32, found.end() as u32);
            words.push(Segment { span, pos: tags[found.pattern().as_usize()], known: true });
            next = found.end();
        }
        self.tag_free(&text[next..], next, lang, &mut words);
        words
    }

    /// Raises a word's frequency until it wins; a word that the dictionary already has keeps its tag.
    fn prefer(&mut self, word: &str, pos: Pos) {
        let frequency = self.jieba.suggest_freq(word);
        let own = self.jieba.has_word(word).then(|| self.jieba.tag(word, false));
        let tag = own.filter(|tags| tags.len() == 1).map(|tags| tags[0].tag.to_owned());
        self.jieba.add_word(word, Some(frequency), Some(tag.as_deref().unwrap_or(pos.as_str())));
    }

    fn force(&mut self, words: Vec<(String, Pos)>) -> Result<(), Error> {
        if words.is_empty() {
            return Ok(());
        }
        let (names, tags): (Vec<String>, Vec<Pos>) = words.into_iter().unzip();
        let built = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&names);
        let automaton = built.map_err(|error| Error::Engine {
            engine: "aho-corasick",
            aliases: names.len(),
            reason: error.to_string(),
        })?;
        self.forced = Some((automaton, tags));
        Ok(())
    }

    /// Tags text without forced words; `offset` is its start in the whole text.
    fn tag_free(&self, text: &str, offset: usize, lang: Lang, words: &mut Vec<Segment>) {
        if script::is_chinese(text, lang) {
            for tag in self.jieba.tag(text, self.new_words) {
                if tag.word.chars().all(char::is_whitespace) {
                    continue;
                }
                let span = ByteSpan::new((offset + tag.byte_start) as u32, (offset + tag.byte_end) as u32);
                let pos = universal::of_chinese(tag.word, tag.tag);
                words.push(Segment { span, pos, known: self.jieba.has_word(tag.word) });
            }
        } else {
            script::tag(text, offset, lang, words);
        }
    }
}
