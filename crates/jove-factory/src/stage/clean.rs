//! Reading, cleaning and examining every document: one file beside another, and the documents of a batch beside each other.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use super::{Segment, StageContext};
use crate::clean::{Removal, Scratch, clean, hash_bytes};
use crate::error::{Error, Result};
use crate::inputs::Input;
use crate::minhash::{Fingerprint, plain};
use crate::models::Models;
use crate::read::{Documents, RawDocument};
use crate::reason::Reason;
use crate::recipe::SourceSettings;
use crate::rejects::{Reject, Rejects};
use crate::segment::{Examined, SegmentInfo, SegmentWriter, frame};
use crate::work::Key;

/// Raw bytes after which a segment ends: what a killed build does again at most.
const SEGMENT_BYTES: u64 = 64 << 20;
/// Raw bytes and documents that are worked on at once, of one file.
const BATCH_BYTES: usize = 4 << 20;
const BATCH_DOCUMENTS: usize = 4096;
/// The language is told from this much of a text, in bytes.
const LANGUAGE_BYTES: usize = 1200;
/// The confidence of a language that was given, in thousandths.
pub(crate) const GIVEN: u16 = 1001;

/// The work of this stage.
pub(crate) struct Cleaning<'a> {
    pub(crate) context: &'a StageContext<'a>,
    pub(crate) models: &'a Models,
    pub(crate) inputs: &'a [Input],
}

/// Memory that is used again for each document.
#[derive(Default)]
struct Memory {
    scratch: Scratch,
    plain: String,
}

/// What becomes of a document.
enum Outcome {
    Kept(Box<Examined>, u64),
    Removed(Reject, u64),
}

impl Cleaning<'_> {
    /// Cleans all files; the segments are in the order of the files, whichever is finished first.
    pub(crate) fn run(&self) -> Result<Vec<Segment>> {
        let progress = self.context.progress;
        progress.begin("read and clean", Some(self.inputs.len() as u64), "files");
        let done: Mutex<Vec<Option<Result<Vec<Segment>>>>> = Mutex::new(self.inputs.iter().map(|_| None).collect());
        let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
        let work = || {
            while !failed.load(Ordering::Relaxed) {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(input) = self.inputs.get(number) else { break };
                let found = self.file(number, input);
                failed.fetch_or(found.is_err(), Ordering::Relaxed);
                done.lock().unwrap_or_else(PoisonError::into_inner)[number] = Some(found);
                progress.advance(1);
            }
        };
        // Threads beside the pool: one of its own that waits for a batch would begin another file meanwhile, and hold ever more.
        let threads = self.context.pool.current_num_threads().min(self.inputs.len());
        std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
        progress.end();
        let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        let segments: Result<Vec<Vec<Segment>>> = done.into_iter().flatten().collect();
        Ok(segments?.into_iter().flatten().collect())
    }

    fn key(&self, input: &Input) -> Key {
        let recipe = self.context.recipe;
        let source = &recipe.sources[input.source];
        let paragraphs = recipe.duplicates.paragraphs.then_some(recipe.duplicates.paragraph_chars);
        let settings =
            (&input.stamp, source, &recipe.clean, paragraphs, recipe.domains.probability_min, recipe.shards.rejects);
        self.context.work.key("clean", &settings, &[&self.models.key])
    }

    fn file(&self, number: usize, input: &Input) -> Result<Vec<Segment>> {
        let key = self.key(input);
        let part = |segment: usize| format!("clean/{}/{segment:05}", key.as_str());
        let (mut segments, mut read) = (Vec::new(), 0);
        while let Some(info) = self.context.work.finished::<SegmentInfo>(&part(segments.len()))? {
            read += info.counts.read.documents;
            let is_last = info.is_last;
            segments.push(Segment { part: part(segments.len()), input: number, info });
            if is_last {
                return Ok(segments);
            }
        }
        let source = &self.context.recipe.sources[input.source];
        let mut documents = Documents::open(input.stamp.path(), source, self.context.recipe.clean.bytes_max)?;
        for _ in 0..read {
            documents.next(input.stamp.path())?;
        }
        loop {
            let part = part(segments.len());
            let info = self.segment(&part, input, &mut documents)?;
            let is_last = info.is_last;
            segments.push(Segment { part, input: number, info });
            if is_last {
                return Ok(segments);
            }
        }
    }

    fn segment(&self, part: &str, input: &Input, documents: &mut Documents) -> Result<SegmentInfo> {
        let work = self.context.work;
        let mut writer = SegmentWriter::create(work, part)?;
        let mut info = SegmentInfo::default();
        let mut rejects = Rejects::new(self.context.recipe.shards.rejects);
        while info.counts.read.bytes < SEGMENT_BYTES && !info.is_last {
            self.context.check()?;
            let (batch, is_last) = read_batch(documents, input)?;
            info.is_last = is_last;
            let mut kept = Vec::new();
            for outcome in self.examine_all(batch, input) {
                match outcome {
                    Outcome::Kept(document, bytes) => {
                        info.counts.read.add(bytes);
                        info.counts.keep(document.clean.text.len() as u64);
                        kept.push(*document);
                    }
                    Outcome::Removed(reject, bytes) => {
                        info.counts.read.add(bytes);
                        info.counts.remove(reject.reason, bytes);
                        rejects.add(reject);
                    }
                }
            }
            writer.push(work, &kept, &frame(&kept).map_err(Error::io(input.stamp.path()))?)?;
        }
        info.counts.check("reading and cleaning")?;
        input.stamp.check()?;
        info.rejects = rejects.into_vec();
        writer.finish(work, info)
    }

    fn examine_all(&self, batch: Vec<RawDocument>, input: &Input) -> Vec<Outcome> {
        let source = &self.context.recipe.sources[input.source];
        let file = input.stamp.name();
        let examine = |memory: &mut Memory, raw: RawDocument| {
            let (place, bytes) = (raw.place, raw.bytes.len() as u64);
            let begin: Vec<u8> = raw.bytes.iter().take(1500).copied().collect();
            match self.examine(raw, source, memory) {
                Ok(document) => Outcome::Kept(Box::new(document), bytes),
                Err((reason, found)) => {
                    let text = String::from_utf8_lossy(&begin);
                    Outcome::Removed(Reject::new(reason, &found, &file, place, &text), bytes)
                }
            }
        };
        self.context.pool.install(|| batch.into_par_iter().map_init(Memory::default, examine).collect())
    }

    fn examine(&self, raw: RawDocument, source: &SourceSettings, memory: &mut Memory) -> Result<Examined, Removal> {
        let recipe = self.context.recipe;
        let (place, given, domain) = (raw.place, source.lang.or(raw.lang), raw.domain.clone());
        let clean = clean(raw, &recipe.clean, &mut memory.scratch)?;
        if let Some(good) = self.models.goodness(&clean.text).filter(|good| *good < recipe.clean.quality.good_min) {
            return Err((Reason::LowQuality, format!("good with a probability of {good:.3}")));
        }
        let (lang, confidence) = match given {
            Some(lang) => (lang.to_string(), GIVEN),
            None => match self.models.identify(start(&clean.text, LANGUAGE_BYTES)) {
                Some((lang, confidence)) => (lang.to_string(), (confidence * 1000.0) as u16),
                None => (String::new(), 0),
            },
        };
        let classified = || self.models.domain(&clean.text).filter(|(_, sure)| *sure >= recipe.domains.probability_min);
        let domain = match &source.domain {
            Some(domain) => domain.clone(),
            None if !domain.is_empty() => domain,
            None => classified().map_or_else(String::new, |(domain, _)| domain.to_owned()),
        };
        let paragraphs = if recipe.duplicates.paragraphs {
            paragraphs(&clean.text, recipe.duplicates.paragraph_chars, &mut memory.plain)
        } else {
            Vec::new()
        };
        let fingerprint = Fingerprint::of(&clean.text, &mut memory.plain);
        Ok(Examined { clean, place, fingerprint, paragraphs, lang, confidence, domain })
    }
}

/// The documents of a batch, and whether none follow.
fn read_batch(documents: &mut Documents, input: &Input) -> Result<(Vec<RawDocument>, bool)> {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while bytes < BATCH_BYTES && batch.len() < BATCH_DOCUMENTS {
        let Some(document) = documents.next(input.stamp.path())? else { return Ok((batch, true)) };
        bytes += document.bytes.len();
        batch.push(document);
    }
    Ok((batch, false))
}

/// The start of a text, up to a character's end.
fn start(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// The hashes of the lines that are long enough, with their numbers; a text of one line has no other paragraphs.
fn paragraphs(text: &str, chars_min: usize, buffer: &mut String) -> Vec<(u64, u32)> {
    let mut found = Vec::new();
    if !text.contains('\n') {
        return found;
    }
    for (number, line) in text.lines().enumerate().filter(|(_, line)| line.len() >= chars_min) {
        plain(line, buffer);
        if buffer.chars().count() >= chars_min {
            found.push((hash_bytes(buffer.as_bytes()), number as u32));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_lines_of_some_length() {
        let mut buffer = String::new();
        let mut count = |text: &str| paragraphs(text, 4, &mut buffer).iter().map(|(_, line)| *line).collect::<Vec<_>>();
        assert_eq!(count("一二三四五"), Vec::<u32>::new(), "the whole text is a document, not a paragraph");
        assert_eq!(count("一二三四\n一，二\n\nabcd efgh\nשלוםם"), [0, 3, 4]);
        let hash = |text: &str| paragraphs(&format!("x\n{text}"), 4, &mut String::new())[0].0;
        assert_eq!(hash("Ab, cd!"), hash("abcd"));
        assert_eq!(start("中文", 4), "中");
    }
}
