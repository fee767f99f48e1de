//! Writing the documents that are kept: Parquet files, each made by itself.

use std::collections::BTreeMap;

use jove_core::Lang;
use jove_corpus::{Document, DocumentWriter};
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use serde::{Deserialize, Serialize};

use super::duplicates::{Marks, Numbers};
use super::plan::{Decision, Plan};
use super::{Segment, StageContext};
use crate::clean::characters::{DIGIT, LETTER, class};
use crate::error::Result;
use crate::funnel::{Count, Counts};
use crate::inputs::Input;
use crate::reason::Reason;
use crate::rejects::{Reject, Rejects};
use crate::segment::{Entry, Stored, StoredDocument, entries};
use crate::work::Key;

/// A finished file.
#[derive(Clone, Debug)]
pub(crate) struct Shard {
    pub(crate) part: String,
    pub(crate) about: ShardInfo,
}

/// What is known of a file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ShardInfo {
    /// Documents that the plan keeps, those that are written, and those that are not for want of own paragraphs.
    pub(crate) counts: Counts,
    pub(crate) rejects: Vec<Reject>,
    /// Bytes by which texts were shortened.
    pub(crate) paragraph_bytes: u64,
    /// What is written, by language, by domain and by source.
    pub(crate) langs: BTreeMap<String, Count>,
    pub(crate) domains: BTreeMap<String, Count>,
    pub(crate) sources: BTreeMap<String, Count>,
}

/// The work of this stage.
pub(crate) struct Writing<'a> {
    pub(crate) context: &'a StageContext<'a>,
    pub(crate) inputs: &'a [Input],
    pub(crate) segments: &'a [Segment],
    pub(crate) marks: &'a Marks,
    pub(crate) plan: &'a Plan,
}

/// A document of a segment with all that is known of it.
struct Known<'a> {
    stored: StoredDocument,
    entry: &'a Entry,
    segment: &'a Segment,
}

impl Writing<'_> {
    /// Writes all files.
    pub(crate) fn run(&self) -> Result<Vec<Shard>> {
        let progress = self.context.progress;
        let starts = &self.plan.about.starts;
        progress.begin("write", Some(starts.len() as u64 - 1), "files");
        let clean = &self.context.recipe.clean;
        let settings = (&self.plan.part, clean.chars_min, self.context.recipe.shards.rejects, self.names());
        let key = self.context.work.key("shards", &settings, &[]);
        let one = |number: usize| {
            self.context.check()?;
            let shard = self.shard(&key, number, starts[number]..starts[number + 1]);
            progress.advance(1);
            shard
        };
        let shards =
            self.context.pool.install(|| (0..starts.len() - 1).into_par_iter().map(one).collect::<Result<Vec<_>>>());
        progress.end();
        shards
    }

    fn names(&self) -> Vec<String> {
        self.context.recipe.sources.iter().map(crate::recipe::SourceSettings::shown).collect()
    }

    fn shard(&self, key: &Key, number: usize, documents: std::ops::Range<u64>) -> Result<Shard> {
        let part = format!("shards/{}-{number:05}", key.as_str());
        let path = self.context.work.file(&part, "parquet")?;
        let about = self.context.work.part(&part, &["parquet"], || {
            let mut writer = DocumentWriter::create(&path)?;
            let mut filling = Filling {
                writing: self,
                info: ShardInfo::default(),
                rejects: Rejects::new(self.context.recipe.shards.rejects),
                repeated: Numbers::open(&self.marks.paragraphs, documents.start)?,
                names: self.names(),
            };
            filling.fill(documents.clone(), &mut writer)?;
            writer.finish()?;
            filling.info.counts.check("writing")?;
            filling.info.rejects = filling.rejects.into_vec();
            Ok(filling.info)
        })?;
        Ok(Shard { part, about })
    }
}

/// A file that is being filled.
struct Filling<'a> {
    writing: &'a Writing<'a>,
    info: ShardInfo,
    rejects: Rejects,
    repeated: Numbers,
    names: Vec<String>,
}

impl Filling<'_> {
    fn fill(&mut self, documents: std::ops::Range<u64>, writer: &mut DocumentWriter) -> Result<()> {
        let mut decisions = self.writing.plan.decisions(documents.start)?;
        let mut first = 0;
        for segment in self.writing.segments {
            let after = first + segment.documents();
            if after > documents.start && first < documents.end {
                let work = self.writing.context.work;
                let mut stored = Stored::open(work, &segment.part)?;
                for (document, entry) in (first..documents.end.min(after)).zip(entries(work, &segment.part)?) {
                    let (stored, entry) = (stored.next()?, entry?);
                    if document < documents.start {
                        continue;
                    }
                    let known = Known { stored, entry: &entry, segment };
                    if let Some(decision) = decisions.next().transpose()? {
                        self.document(document, &known, decision, writer)?;
                    }
                }
            }
            first = after;
        }
        Ok(())
    }

    fn document(
        &mut self,
        document: u64,
        known: &Known<'_>,
        decision: Decision,
        writer: &mut DocumentWriter,
    ) -> Result<()> {
        let repeated = self.repeated.of(document)?;
        let (weight, copies) = match decision {
            Decision::Keep { weight, copies } => (weight, copies),
            Decision::Remove(reason) => {
                self.reject(reason, known);
                return Ok(());
            }
        };
        let before = known.stored.text.len() as u64;
        self.info.counts.read.add(before);
        let source = self.names[self.writing.inputs[known.segment.input].source].clone();
        let (lang, domain) = (
            &known.segment.info.langs[usize::from(known.entry.lang)],
            &known.segment.info.domains[usize::from(known.entry.domain)],
        );
        let mut kept = Document {
            text: known.stored.text.clone(),
            lang: Lang::new(lang).ok(),
            domain: domain.clone(),
            source,
            copies,
            weight,
            links: known.stored.links.clone(),
        };
        without_lines(&mut kept, &repeated);
        let letters = kept.text.chars().filter(|c| class(*c) & (LETTER | DIGIT) != 0).count();
        if !repeated.is_empty() && letters < self.writing.context.recipe.clean.chars_min {
            self.info.counts.remove(Reason::RepeatedParagraphs, before);
            self.reject(Reason::RepeatedParagraphs, known);
            return Ok(());
        }
        let bytes = kept.text.len() as u64;
        self.info.paragraph_bytes += before - bytes;
        self.info.counts.keep(bytes);
        for (counts, name) in
            [(&mut self.info.langs, lang), (&mut self.info.domains, domain), (&mut self.info.sources, &kept.source)]
        {
            counts.entry(name.clone()).or_default().add(bytes);
        }
        Ok(writer.push(&kept)?)
    }

    fn reject(&mut self, reason: Reason, known: &Known<'_>) {
        let file = self.writing.inputs[known.segment.input].stamp.name();
        let lang = &known.segment.info.langs[usize::from(known.entry.lang)];
        let found = match reason {
            Reason::UnsureLanguage => {
                format!("{lang} with a confidence of {:.3}", f64::from(known.entry.confidence) / 1000.0)
            }
            Reason::OtherLanguage => lang.clone(),
            _ => String::new(),
        };
        self.rejects.add(Reject::new(reason, &found, &file, known.stored.place, &known.stored.text));
    }
}

/// Removes lines from a document; its links move along, and those in them are gone.
fn without_lines(document: &mut Document, gone: &[u32]) {
    if gone.is_empty() {
        return;
    }
    let mut text = String::with_capacity(document.text.len());
    let mut links = Vec::new();
    let mut rest = std::mem::take(&mut document.links).into_iter().peekable();
    let mut start = 0_usize;
    for (number, line) in (0_u32..).zip(document.text.split_inclusive('\n')) {
        let end = start + line.len();
        while let Some(mut link) = rest.next_if(|link| (link.start as usize) < end) {
            if gone.binary_search(&number).is_err() && link.end as usize <= end {
                let moved = |at: u32| at + text.len() as u32 - start as u32;
                (link.start, link.end) = (moved(link.start), moved(link.end));
                links.push(link);
            }
        }
        if gone.binary_search(&number).is_err() {
            text.push_str(line);
        }
        start = end;
    }
    text.truncate(text.trim_end().len());
    let blank = text.len() - text.trim_start().len();
    links.retain_mut(|link| {
        let inside = link.start as usize >= blank && link.end as usize <= text.len();
        (link.start, link.end) = (link.start.saturating_sub(blank as u32), link.end.saturating_sub(blank as u32));
        inside
    });
    document.text = text.split_off(blank);
    document.links = links;
}

#[cfg(test)]
mod tests {
    use jove_corpus::DocumentLink;

    use super::*;

    fn check(text: &str, gone: &[u32], expected: &str) {
        let words = |text: &str| -> Vec<DocumentLink> {
            let link = |word: &str| {
                let start = text.find(word)?;
                Some(DocumentLink { start: start as u32, end: (start + word.len()) as u32, target: word.to_owned() })
            };
            ["一", "b", "三"].iter().filter_map(|word| link(word)).collect()
        };
        let mut document = Document { text: text.to_owned(), links: words(text), ..Document::default() };
        without_lines(&mut document, gone);
        assert_eq!(
            (document.text.as_str(), &document.links),
            (expected, &words(expected)),
            "{text:?} without {gone:?}"
        );
    }

    #[test]
    fn lines_are_removed_and_links_keep_their_words() {
        let text = "一 a\nb c\n\n三";
        check(text, &[], text);
        check(text, &[0], "b c\n\n三");
        check(text, &[1], "一 a\n\n三");
        check(text, &[0, 1], "三");
        check(text, &[3], "一 a\nb c");
        check(text, &[0, 1, 2, 3], "");
    }
}
