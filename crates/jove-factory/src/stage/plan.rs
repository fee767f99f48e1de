//! The decision on every document: by marks, language, sampling; and which file it goes to.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::clean::GIVEN;
use super::duplicates::{Marks, Numbers};
use super::{Segment, StageContext};
use crate::error::Result;
use crate::funnel::Counts;
use crate::reason::Reason;
use crate::recipe::LanguageSettings;
use crate::sampling::{Available, Share, table, weight};
use crate::segment::{Entry, entries};
use crate::work::{RecordReader, RecordWriter};

/// Bytes of a decision: the number of a reason or 0, a weight, copies.
const DECISION: usize = 13;

/// Where the decisions are, and what is known of them.
pub(crate) struct Plan {
    pub(crate) decisions: PathBuf,
    pub(crate) about: PlanInfo,
    pub(crate) part: String,
}

/// What is known of the decisions.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct PlanInfo {
    /// Bytes are those of clean text.
    pub(crate) counts: Counts,
    /// The least confidence of each language, in thousandths.
    pub(crate) thresholds: BTreeMap<String, u16>,
    pub(crate) shares: Vec<Share>,
    /// The first document of each file, and after the last one the number of all documents.
    pub(crate) starts: Vec<u64>,
}

/// What becomes of a document.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Decision {
    Keep { weight: f64, copies: u32 },
    Remove(Reason),
}

impl Decision {
    fn to_bytes(self) -> [u8; DECISION] {
        let (reason, weight, copies) = match self {
            Self::Keep { weight, copies } => (0, weight, copies),
            Self::Remove(reason) => (reason.number(), 0.0, 0),
        };
        let mut bytes = [0; DECISION];
        bytes[0] = reason;
        bytes[1..9].copy_from_slice(&weight.to_be_bytes());
        bytes[9..].copy_from_slice(&copies.to_be_bytes());
        bytes
    }

    fn of_bytes(bytes: &[u8; DECISION]) -> Self {
        let part = |from: usize| std::array::from_fn(|byte| bytes[from + byte]);
        let weight = f64::from_be_bytes(part(1));
        let copies = u32::from_be_bytes(std::array::from_fn(|byte| bytes[9 + byte]));
        Reason::of_number(bytes[0]).map_or(Self::Keep { weight, copies }, Self::Remove)
    }
}

impl Plan {
    /// The decisions from document `first` on.
    pub(crate) fn decisions(&self, first: u64) -> Result<impl Iterator<Item = Result<Decision>> + use<>> {
        Ok(RecordReader::<DECISION>::at(&self.decisions, first)?.map(|found| Ok(Decision::of_bytes(&found?))))
    }
}

/// Decides on every document.
pub(crate) fn plan(context: &StageContext<'_>, segments: &[Segment], marks: &Marks) -> Result<Plan> {
    let recipe = context.recipe;
    let key = context.work.key("plan", &(&recipe.language, &recipe.sampling, recipe.shards.mib, &marks.part), &[]);
    let part = format!("plan/{}", key.as_str());
    let decisions = context.work.file(&part, "decisions")?;
    let about = context.work.part(&part, &["decisions"], || {
        let planning = Planning { context, segments, marks };
        let mut about = PlanInfo { thresholds: planning.thresholds()?, ..PlanInfo::default() };
        about.shares = table(&planning.available(&about.thresholds)?, &recipe.sampling);
        planning.decide(&mut about, &decisions)?;
        about.counts.check("duplicates, languages and sampling")?;
        Ok(about)
    })?;
    Ok(Plan { decisions, about, part })
}

struct Planning<'a> {
    context: &'a StageContext<'a>,
    segments: &'a [Segment],
    marks: &'a Marks,
}

impl Planning<'_> {
    /// Calls `each` for every document with its entry, its segment and the mark of duplicates.
    fn for_each(&self, mut each: impl FnMut(&Entry, &Segment, Option<Reason>) -> Result<()>) -> Result<()> {
        let mut marks = RecordReader::<1>::open(&self.marks.of_documents)?;
        for segment in self.segments {
            self.context.check()?;
            for entry in entries(self.context.work, &segment.part)? {
                let mark = marks.next().transpose()?.map_or(0, |[mark]| mark);
                each(&entry?, segment, Reason::of_number(mark))?;
            }
        }
        Ok(())
    }

    /// The least confidence of each language: the median of its documents' less one standard deviation, within bounds (FineWeb2, Penedo et
    /// al., arXiv:2506.20920).
    fn thresholds(&self) -> Result<BTreeMap<String, u16>> {
        const STEPS: usize = 1001;
        let mut histograms: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        self.for_each(|entry, segment, mark| {
            if mark.is_none() && entry.confidence != GIVEN {
                let lang = &segment.info.langs[usize::from(entry.lang)];
                let histogram = histograms.entry(lang.clone()).or_insert_with(|| vec![0; STEPS]);
                histogram[usize::from(entry.confidence).min(STEPS - 1)] += 1;
            }
            Ok(())
        })?;
        let settings = &self.context.recipe.language;
        Ok(histograms.into_iter().map(|(lang, histogram)| (lang, threshold(&histogram, settings))).collect())
    }

    /// Why a document is left out before sampling.
    fn removal(&self, entry: &Entry, segment: &Segment, thresholds: &BTreeMap<String, u16>) -> Option<Reason> {
        let lang = segment.info.langs[usize::from(entry.lang)].as_str();
        let keep = &self.context.recipe.language.keep;
        if lang.is_empty() {
            return Some(Reason::NoLanguage);
        }
        if !keep.is_empty() && !keep.iter().any(|kept| kept.as_str() == lang) {
            return Some(Reason::OtherLanguage);
        }
        let least = thresholds.get(lang).copied().unwrap_or_default();
        (entry.confidence < least).then_some(Reason::UnsureLanguage)
    }

    fn available(&self, thresholds: &BTreeMap<String, u16>) -> Result<Available> {
        let mut available = Available::new();
        self.for_each(|entry, segment, mark| {
            if mark.is_none() && self.removal(entry, segment, thresholds).is_none() {
                *available.entry(names(entry, segment)).or_default() += u64::from(entry.bytes);
            }
            Ok(())
        })?;
        Ok(available)
    }

    fn decide(&self, about: &mut PlanInfo, path: &std::path::Path) -> Result<()> {
        let rates: BTreeMap<(String, String), f64> =
            about.shares.iter().map(|share| ((share.lang.clone(), share.domain.clone()), share.rate)).collect();
        let (seed, shard_bytes) = (self.context.recipe.sampling.seed.0, self.context.recipe.shards.mib << 20);
        let mut copies = Numbers::open(&self.marks.copies, 0)?;
        let mut writer = RecordWriter::<DECISION>::create(path)?;
        let (mut document, mut in_shard) = (0_u64, shard_bytes);
        self.for_each(|entry, segment, mark| {
            let bytes = u64::from(entry.bytes);
            let removal = mark.or_else(|| self.removal(entry, segment, &about.thresholds));
            let decision = if let Some(reason) = removal {
                Decision::Remove(reason)
            } else {
                let rate = rates.get(&names(entry, segment)).copied().unwrap_or(1.0);
                let copies = copies.of(document)?.first().map_or(1, |others| others.saturating_add(1));
                let kept = weight(rate, entry.exact, seed).map(|weight| Decision::Keep { weight, copies });
                kept.unwrap_or(Decision::Remove(Reason::NotSampled))
            };
            about.counts.read.add(bytes);
            match decision {
                Decision::Keep { .. } => {
                    if in_shard >= shard_bytes {
                        about.starts.push(document);
                        in_shard = 0;
                    }
                    in_shard += bytes;
                    about.counts.keep(bytes);
                }
                Decision::Remove(reason) => about.counts.remove(reason, bytes),
            }
            document += 1;
            writer.push(&decision.to_bytes())
        })?;
        // What precedes the first kept document belongs to the first file, so that every removal is seen once.
        about.starts.first_mut().map(|first| *first = 0).unwrap_or_else(|| about.starts.push(0));
        about.starts.push(document);
        writer.finish()
    }
}

fn names(entry: &Entry, segment: &Segment) -> (String, String) {
    (segment.info.langs[usize::from(entry.lang)].clone(), segment.info.domains[usize::from(entry.domain)].clone())
}

/// The threshold of a language by the histogram of its documents' confidence, in thousandths.
fn threshold(histogram: &[u64], settings: &LanguageSettings) -> u16 {
    let least = (settings.confidence_min * 1000.0).round();
    let most = settings.confidence_adapted_max * 1000.0;
    let all: u64 = histogram.iter().sum();
    if most <= least || all == 0 {
        return least as u16;
    }
    let mut below = 0;
    let median = histogram.iter().position(|count| {
        below += count;
        below * 2 >= all
    });
    let moment = |power: i32| -> f64 {
        histogram.iter().enumerate().map(|(at, count)| (at as f64).powi(power) * *count as f64).sum::<f64>()
            / all as f64
    };
    let deviation = (moment(2) - moment(1) * moment(1)).max(0.0).sqrt();
    (median.unwrap_or_default() as f64 - deviation).clamp(least, most).round() as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_follow_the_confidence_of_the_language_within_bounds() {
        let histogram = |all: &[(usize, u64)]| {
            let mut histogram = vec![0; 1001];
            for (at, count) in all {
                histogram[*at] = *count;
            }
            histogram
        };
        let settings = |least: f64, most: f64| LanguageSettings {
            confidence_min: least,
            confidence_adapted_max: most,
            ..LanguageSettings::default()
        };
        for (all, least, most, expected) in [
            (&[][..], 0.3, 0.9, 300),
            (&[(800, 10)][..], 0.3, 0.0, 300),
            (&[(800, 10)][..], 0.3, 0.9, 800),
            (&[(800, 10)][..], 0.3, 0.7, 700),
            (&[(400, 5), (800, 5)][..], 0.1, 0.9, 200),
            (&[(100, 5), (900, 5)][..], 0.3, 0.9, 300),
        ] {
            assert_eq!(threshold(&histogram(all), &settings(least, most)), expected, "{all:?} {least} {most}");
        }
    }

    #[test]
    fn decisions_are_read_as_they_were_written() {
        for decision in [Decision::Keep { weight: 1.5, copies: 7 }, Decision::Remove(Reason::NotSampled)] {
            assert_eq!(Decision::of_bytes(&decision.to_bytes()), decision);
        }
    }
}
