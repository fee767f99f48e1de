//! All text in one place: files, sentences made from the graph, both sides of translation pairs; and what is held out.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use jove_core::{Lang, Purpose, Seed};
use jove_corpus::{CleanText, PairOptions, PairSource, SentencePair, TextOptions, TextSource, read_pairs, read_texts};
use jove_eval::{read_tatoeba, tatoeba_files};
use jove_kb::{Kb, Patterns, Sentence, verbalize};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use crate::cache::{Hash, InputFile, Key, Leftover, Stage};
use crate::disk::files_below;
use crate::error::{Error, Result};
use crate::files::{write_json, write_lines};
use crate::held_out::sentences::HeldOutSentences;
use crate::run_file::{Leaks, TextSettings};
use crate::stage::{StageContext, kb};

/// Text to train on.
pub(crate) const TRAIN: &str = "train.jsonl";
/// Text for the pseudo-perplexity.
pub(crate) const DEV: &str = "dev.jsonl";
/// Sentences of held-out facts.
pub(crate) const FACTS: &str = "facts.jsonl";
/// Pairs to train on.
pub(crate) const PAIRS: &str = "pairs.jsonl";
/// Pairs for the bitext probe.
pub(crate) const PROBE_PAIRS: &str = "probe-pairs.jsonl";
/// Sentences of the Tatoeba probe.
pub(crate) const TATOEBA: &str = "tatoeba.jsonl";
/// Counts.
pub(crate) const SUMMARY: &str = "summary.json";

/// A text and its language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TextRecord {
    pub(crate) text: String,
    pub(crate) lang: Lang,
    pub(crate) source: Source,
    /// How often it is read in training, compared to a text of weight 1.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub(crate) weight: f64,
    /// Of a text from a file: its domain, where it has one.
    #[serde(skip)]
    pub(crate) domain: Option<String>,
}

fn one() -> f64 {
    1.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_one(weight: &f64) -> bool {
    weight.to_bits() == one().to_bits()
}

/// Where a text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Source {
    /// A file of text.
    File,
    /// A side of a translation pair.
    Pair,
    /// A fact and a pattern.
    Fact,
}

/// A sentence of the Tatoeba set and its English translation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TatoebaRecord {
    /// The language's code in the set.
    pub(crate) language: String,
    pub(crate) texts: [String; 2],
}

/// A sentence and its translation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PairRecord {
    pub(crate) texts: [String; 2],
    pub(crate) langs: [Lang; 2],
}

/// What was gathered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Summary {
    /// Texts from files that may be trained on.
    pub(crate) from_files: u64,
    /// Sentences made from facts.
    pub(crate) from_facts: u64,
    /// Sides of pairs.
    pub(crate) from_pairs: u64,
    /// Sentences of held-out facts.
    pub(crate) held_out_sentences: u64,
    /// Pairs to train on.
    pub(crate) pairs: u64,
    /// Pairs of the bitext probe.
    pub(crate) probe_pairs: u64,
    /// Sentences of the Tatoeba probe.
    pub(crate) tatoeba: u64,
    /// Texts and pairs that were left out because they contain a sentence of a probe.
    pub(crate) excluded: u64,
    /// Repeated texts that were left out.
    pub(crate) duplicates: u64,
    /// Bad lines, kept in the reject file.
    pub(crate) rejected: u64,
    /// Training texts of each language.
    pub(crate) languages: BTreeMap<Lang, u64>,
}

/// Gathers all text.
pub(crate) fn gather(work: &StageContext<'_>, base: &Stage) -> Result<Stage> {
    let file = &work.run.file;
    let (training, probed) = (read_all(&training_files(work)?)?, read_all(&probe_files(work)?)?);
    let patterns = match &file.verbalize {
        Some(verbalize) => read_all(&files_below(&work.run.folder.join(&verbalize.patterns))?)?,
        None => Vec::new(),
    };
    let contents = Key::of_files([&training[..], &probed, &patterns].concat());
    let probes = (&file.probes.tatoeba, file.probes.leaks);
    let key = Key::new("text", &(&file.text, &file.pairs, &file.verbalize, probes), &[&base.key, &contents]);
    work.cache.stage("text", key, Leftover::Discard, |folder| {
        refuse_shared_files(&training, &probed)?;
        let mut gathered = Gathered::default();
        gathered.read_probed(work)?;
        gathered.verbalize(work, base)?;
        gathered.read_texts(work)?;
        gathered.read_pairs(work)?;
        gathered.split(file.text.held_out);
        balance(&mut gathered.train, &file.text);
        gathered.write(folder)
    })
}

/// The files that are trained on.
fn training_files(work: &StageContext<'_>) -> Result<Vec<PathBuf>> {
    let file = &work.run.file;
    let paths = file.text.sources.iter().map(|source| &source.path);
    let mut files = Vec::new();
    for path in paths.chain(file.pairs.train.iter().map(|source| &source.path)) {
        files.extend(files_below(&work.run.data(path))?);
    }
    Ok(files)
}

/// The files that probes read.
fn probe_files(work: &StageContext<'_>) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for source in &work.run.file.pairs.probe {
        files.extend(files_below(&work.run.data(&source.path))?);
    }
    if let Some(tatoeba) = &work.run.file.probes.tatoeba {
        let folder = work.run.data(&tatoeba.folder);
        files.extend(tatoeba.languages.iter().flat_map(|language| tatoeba_files(&folder, language)));
    }
    Ok(files)
}

fn read_all(paths: &[PathBuf]) -> Result<Vec<InputFile>> {
    paths.iter().map(|path| InputFile::read(path)).collect()
}

/// Refuses a file that is both trained on and read by a probe, whatever its name.
fn refuse_shared_files(training: &[InputFile], probed: &[InputFile]) -> Result<()> {
    let by_hash: HashMap<Hash, &Path> = training.iter().rev().map(|file| (file.hash, file.path.as_path())).collect();
    let shared = probed.iter().find_map(|probe| Some((&probe.path, by_hash.get(&probe.hash)?)));
    shared.map_or(Ok(()), |(probe, path)| {
        Err(Error::Leak {
            probe: "bitext".to_owned(),
            item: format!("the file {}", probe.display()),
            place: format!("what is trained on, as {}", path.display()),
            hint: "name another file under `pairs.probe`, or take this one out of training".to_owned(),
        })
    })
}

/// Text on its way into the stage.
#[derive(Default)]
struct Gathered {
    train: Vec<TextRecord>,
    dev: Vec<TextRecord>,
    facts: Vec<Sentence>,
    pairs: Vec<PairRecord>,
    probe_pairs: Vec<PairRecord>,
    tatoeba: Vec<TatoebaRecord>,
    /// What probes are about.
    probed: HeldOutSentences,
    summary: Summary,
}

impl Gathered {
    /// The sentences of the bitext probes.
    fn read_probed(&mut self, work: &StageContext<'_>) -> Result<()> {
        for pair in self.pairs_of(work, &work.run.file.pairs.probe, "probe-pairs")? {
            pair.texts.iter().for_each(|text| self.probed.insert("bitext", text));
            self.probe_pairs.push(PairRecord { texts: pair.texts, langs: pair.langs });
        }
        let Some(settings) = &work.run.file.probes.tatoeba else { return Ok(()) };
        for language in &settings.languages {
            for texts in read_tatoeba(&work.run.data(&settings.folder), language)? {
                for text in &texts {
                    self.probed.insert("Tatoeba", text);
                }
                self.tatoeba.push(TatoebaRecord { language: language.clone(), texts });
            }
        }
        Ok(())
    }

    /// Sentences from facts; those of held-out facts are for probes alone.
    fn verbalize(&mut self, work: &StageContext<'_>, base: &Stage) -> Result<()> {
        let Some(settings) = &work.run.file.verbalize else { return Ok(()) };
        let patterns = Patterns::read(&work.run.folder.join(&settings.patterns))?;
        let sentences = verbalize(&kb::open(base)?, &patterns, &settings.sentences)?;
        if sentences.train.is_empty() && sentences.held_out.is_empty() {
            return Err(no_sentences(&kb::open(base)?, &settings.sentences.langs)?);
        }
        sentences.held_out.iter().for_each(|sentence| self.probed.insert("relation cloze", &sentence.text));
        self.facts = sentences.held_out;
        // Two facts may read the same, as where two entities share a name.
        let unseen = sentences.train.into_iter().filter(|sentence| self.probed.found_in(&sentence.text).is_none());
        let (source, weight) = (Source::Fact, settings.weight);
        self.train.extend(unseen.map(|s| TextRecord { text: s.text, lang: s.lang, source, weight, domain: None }));
        self.summary.from_facts = self.train.len() as u64;
        Ok(())
    }

    fn read_texts(&mut self, work: &StageContext<'_>) -> Result<()> {
        let settings = &work.run.file.text;
        if settings.sources.is_empty() {
            return Ok(());
        }
        let source = |source: &TextSource| TextSource { path: work.run.data(&source.path), ..source.clone() };
        let options = TextOptions {
            sources: settings.sources.iter().map(source).collect(),
            clean: settings.clean.clone(),
            max_bad: settings.max_bad,
            reject_file: Some(work.rejects("text")?),
        };
        let report = read_texts(&options, work.progress, |clean| -> Result<()> {
            let place = || options.sources[clean.source].path.clone();
            if !self.leaves_out(work, &[&clean.text], place, clean.line)? {
                self.summary.from_files += 1;
                let CleanText { text, lang, domain, weight, .. } = clean;
                self.train.push(TextRecord { text, lang, source: Source::File, weight, domain });
            }
            Ok(())
        })?;
        self.summary.duplicates += report.duplicates + report.near_duplicates;
        self.summary.rejected += report.rejected;
        Ok(())
    }

    fn read_pairs(&mut self, work: &StageContext<'_>) -> Result<()> {
        let sources = &work.run.file.pairs.train;
        for pair in self.pairs_of(work, sources, "pairs")? {
            let place = || work.run.data(&sources[pair.source].path);
            let [left, right] = &pair.texts;
            if !self.leaves_out(work, &[left, right], place, pair.line)? {
                self.pairs.push(PairRecord { texts: pair.texts, langs: pair.langs });
            }
        }
        Ok(())
    }

    /// Whether one of some texts contains a sentence of a probe, so that they may not be trained on.
    fn leaves_out(
        &mut self,
        work: &StageContext<'_>,
        texts: &[&str],
        place: impl Fn() -> PathBuf,
        line: u64,
    ) -> Result<bool> {
        let Some((probe, item)) = texts.iter().find_map(|text| self.probed.found_in(text)) else { return Ok(false) };
        if work.run.file.probes.leaks == Leaks::Refuse {
            return Err(Error::Leak {
                probe: probe.to_owned(),
                item: format!("`{item}`"),
                place: format!("what is trained on, at {}:{line}", place().display()),
                hint: "take the line out, or let such lines be left out with probes.leaks = \"exclude\"".to_owned(),
            });
        }
        self.summary.excluded += 1;
        Ok(true)
    }

    fn pairs_of(&mut self, work: &StageContext<'_>, sources: &[PairSource], name: &str) -> Result<Vec<SentencePair>> {
        let mut pairs = Vec::new();
        if sources.is_empty() {
            return Ok(pairs);
        }
        let source = |source: &PairSource| PairSource { path: work.run.data(&source.path), ..source.clone() };
        let options = PairOptions {
            sources: sources.iter().map(source).collect(),
            max_bad: work.run.file.pairs.max_bad,
            reject_file: Some(work.rejects(name)?),
            ..PairOptions::default()
        };
        let report = read_pairs(&options, work.progress, |pair| -> Result<()> {
            pairs.push(pair);
            Ok(())
        })?;
        self.summary.duplicates += report.duplicates;
        self.summary.rejected += report.rejected;
        Ok(pairs)
    }

    /// Moves a share of the texts to the held-out side, each by its own draw, a pair with both its sides; then leaves out
    /// of training what holds one of them.
    fn split(&mut self, share: f64) {
        let held_out =
            |kind: u64, index: usize| Seed(0).rng(Purpose::Split, kind, index as u64).random::<f64>() < share;
        let (mut train, mut dev, mut facts) = (Vec::new(), Vec::new(), Vec::new());
        for (index, record) in std::mem::take(&mut self.train).into_iter().enumerate() {
            match (held_out(1, index), record.source) {
                (false, _) => train.push(record),
                (true, Source::Fact) => facts.push(record),
                (true, _) => dev.push(record),
            }
        }
        let mut pairs = Vec::new();
        let sides = |pair: &PairRecord| {
            let [left, right] = pair.texts.clone();
            [(left, pair.langs[0]), (right, pair.langs[1])].map(|(text, lang)| TextRecord {
                text,
                lang,
                source: Source::Pair,
                weight: one(),
                domain: None,
            })
        };
        for (index, pair) in std::mem::take(&mut self.pairs).into_iter().enumerate() {
            if held_out(2, index) { dev.extend(sides(&pair)) } else { pairs.push(pair) }
        }
        dev.extend(facts);

        let mut seen = HeldOutSentences::default();
        for record in &dev {
            seen.insert("pseudo-perplexity", &record.text);
        }
        let before = train.len() + pairs.len();
        train.retain(|record| seen.found_in(&record.text).is_none());
        pairs.retain(|pair| pair.texts.iter().all(|text| seen.found_in(text).is_none()));
        self.summary.excluded += (before - train.len() - pairs.len()) as u64;
        train.extend(pairs.iter().flat_map(sides));
        self.summary.from_pairs = 2 * pairs.len() as u64;
        (self.train, self.dev, self.pairs) = (train, dev, pairs);
    }

    fn write(mut self, folder: &Path) -> Result<()> {
        for record in &self.train {
            *self.summary.languages.entry(record.lang).or_default() += 1;
        }
        write_lines(&folder.join(TRAIN), &self.train)?;
        write_lines(&folder.join(DEV), &self.dev)?;
        self.summary.held_out_sentences = write_lines(&folder.join(FACTS), &self.facts)?;
        self.summary.pairs = write_lines(&folder.join(PAIRS), &self.pairs)?;
        self.summary.probe_pairs = write_lines(&folder.join(PROBE_PAIRS), &self.probe_pairs)?;
        self.summary.tatoeba = write_lines(&folder.join(TATOEBA), &self.tatoeba)?;
        write_json(&folder.join(SUMMARY), &self.summary)
    }
}

/// Why no fact can be written, with the line of the run file that mends it.
fn no_sentences(kb: &Kb, langs: &[Lang]) -> Result<Error> {
    let asked: Vec<&str> = langs.iter().map(Lang::as_str).collect();
    let known = kb.languages()?;
    let in_words: Vec<String> = known.iter().take(9).map(|(tag, names)| format!("{tag} ({names} names)")).collect();
    let found = if in_words.is_empty() { "none".to_owned() } else { in_words.join(", ") };
    let facts = kb.fact_count()?;
    let first = known.iter().find(|(tag, _)| !tag.is_empty() && tag != "und").map_or("LANGUAGE", |(tag, _)| tag);
    let hint = if facts == 0 {
        "the graph has no facts between entities: leave the section [verbalize] out".to_owned()
    } else if known.iter().any(|(tag, _)| asked.contains(&tag.as_str())) {
        "verbalize.patterns needs sentences for the graph's relations, or a section [fallback] with some for any relation; \
         `jove kb stats` lists the relations"
            .to_owned()
    } else {
        format!(
            "verbalize = {{ sentences = {{ langs = [\"{first}\"] }} }} writes in a language of the graph; its patterns need that language, too"
        )
    };
    let what = format!(
        "verbalize: expected facts with names in {} and patterns for their relations, found {facts} facts, and names in {found}",
        asked.join(" or ")
    );
    Ok(Error::Data { what, hint })
}

/// Balances the domains of texts from files: what `text.domain-exponent` makes of a domain's share among the texts of its
/// language, its texts' weights make up for.
fn balance(train: &mut [TextRecord], settings: &TextSettings) {
    let mut sizes: BTreeMap<Lang, BTreeMap<Option<String>, u64>> = BTreeMap::new();
    for record in train.iter().filter(|record| record.source == Source::File) {
        *sizes.entry(record.lang).or_default().entry(record.domain.clone()).or_default() += 1;
    }
    for record in train.iter_mut().filter(|record| record.source == Source::File) {
        let domains = &sizes[&record.lang];
        // One domain alone, or the exponent 1, leaves every weight as it is, to the last bit.
        if domains.len() > 1 && settings.domain_exponent < 1.0 {
            let all = domains.values().sum::<u64>() as f64;
            let lifted = |size: u64| (size as f64 / all).powf(settings.domain_exponent);
            // What the domains have together stays what it was, so that no language is read more often for it.
            let together: f64 = domains.values().map(|&size| lifted(size)).sum();
            let size = domains[&record.domain];
            record.weight *= lifted(size) / together * all / size as f64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashed(folder: &Path, files: &[(&str, u8)]) -> Vec<InputFile> {
        let file = |&(name, content): &(&str, u8)| {
            std::fs::write(folder.join(name), [content]).unwrap();
            InputFile::read(&folder.join(name)).unwrap()
        };
        files.iter().map(file).collect()
    }

    fn check(training: &[(&str, u8)], probed: &[(&str, u8)], expected: Option<[&str; 2]>) {
        let folder = tempfile::tempdir().unwrap();
        let (training, probed) = (hashed(folder.path(), training), hashed(folder.path(), probed));
        let refused = refuse_shared_files(&training, &probed).err().map(|error| error.to_string());
        let refused = refused.map(|message| message.replace(&format!("{}/", folder.path().display()), ""));
        assert_eq!(refused.is_some(), expected.is_some(), "{refused:?}");
        for part in expected.into_iter().flatten() {
            assert!(refused.as_ref().unwrap().contains(part), "{refused:?}");
        }
    }

    #[test]
    fn a_file_for_training_and_probes_is_refused_whatever_its_name() {
        check(&[("a", 1), ("b", 2)], &[("c", 3)], None);
        check(&[], &[("c", 3)], None);
        check(&[("a", 1)], &[], None);
        check(&[("a", 1), ("b", 2)], &[("c", 3), ("d", 2)], Some(["the file d", "as b"]));
        check(&[("a", 2), ("b", 2)], &[("a", 2)], Some(["the file a", "as a"]));
    }

    fn record(text: &str, source: Source) -> TextRecord {
        TextRecord { text: text.to_owned(), lang: Lang::EN, source, weight: 1.0, domain: None }
    }

    #[test]
    fn domains_are_balanced_within_their_language() {
        let mut settings = TextSettings::default();
        // English: 6 news, 2 without; Chinese: 4 law alone; and a sentence of the graph.
        let domains = [["news"; 6].as_slice(), &[""; 2], &["law"; 4]].concat();
        let file = |&domain: &&str| {
            let lang = if domain == "law" { Lang::ZH } else { Lang::EN };
            let domain = Some(domain).filter(|domain| !domain.is_empty()).map(str::to_owned);
            TextRecord { lang, domain, ..record("text", Source::File) }
        };
        let mut train: Vec<TextRecord> = domains.iter().map(file).chain([record("text", Source::Fact)]).collect();
        balance(&mut train, &settings);
        assert!(train.iter().all(|record| is_one(&record.weight)));
        settings.domain_exponent = 0.0;
        balance(&mut train, &settings);
        let mass = |from: usize, to: usize| train[from..to].iter().map(|record| record.weight).sum::<f64>();
        assert!((mass(0, 6) - 4.0).abs() < 1e-9 && (mass(6, 8) - 4.0).abs() < 1e-9, "{} {}", mass(0, 6), mass(6, 8));
        assert!(train[8..].iter().all(|record| is_one(&record.weight)), "one domain alone, and none");
    }

    #[test]
    fn what_is_held_out_is_in_no_training_text() {
        let file = |n: usize| record(&format!("Sentence number {n} of the file."), Source::File);
        let pair = |n: usize| PairRecord {
            texts: [format!("第{n}句。"), format!("Sentence {n} of a pair.")],
            langs: [Lang::ZH, Lang::EN],
        };
        for share in [0.0, 0.2, 1.0] {
            let mut gathered = Gathered {
                train: (0..100).map(file).collect(),
                pairs: (0..50).map(pair).collect(),
                ..Gathered::default()
            };
            gathered.split(share);
            let held_out: Vec<&str> = gathered.dev.iter().map(|record| record.text.as_str()).collect();
            assert!(gathered.train.iter().all(|record| !held_out.contains(&record.text.as_str())));
            assert!(gathered.pairs.iter().flat_map(|pair| &pair.texts).all(|text| !held_out.contains(&text.as_str())));
            assert_eq!(gathered.train.len() + gathered.dev.len(), 200, "every text, and both sides of every pair");
            assert_eq!(gathered.dev.is_empty(), share <= 0.0);
            assert_eq!(gathered.pairs.is_empty(), share >= 1.0);
        }
    }
}
