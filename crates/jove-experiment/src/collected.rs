//! What the arms of a run answered, as they finish: measures, intervals, and the file of items.

use std::path::Path;

use jove_core::Layout;

use crate::cache::Stage;
use crate::error::Result;
use crate::files::read_json;
use crate::items::file::{Answerer, ItemsWriter};
use crate::items::measures::measures;
use crate::items::question::{Questions, Replies};
use crate::items::resampling::Samples;
use crate::prepared::Prepared;
use crate::resampled::Resampled;
use crate::results::ArmResult;
use crate::stage::{StageContext, items, probe, train};
use crate::variant::Variant;

/// The file of items, in the folder of the results.
const ITEMS: &str = "items.parquet";

/// What has been answered so far.
pub(crate) struct Collected {
    questions: Questions,
    /// Who answers without training, and the only layout whose arms are compared to it, if it has one.
    trivial: Vec<(Option<Layout>, Replies)>,
    items_min: usize,
    results: Vec<ArmResult>,
    samples: Samples,
    file: ItemsWriter,
}

impl Collected {
    /// Answers without training alone; makes them where they are not there yet.
    pub(crate) fn new(work: &StageContext<'_>, prepared: &Prepared, folder: &Path) -> Result<Self> {
        let items = items::items(work, prepared)?;
        items::check_primary(work, &items)?;
        let questions = items::questions(&items)?;
        let mut trivial: Vec<(Option<Layout>, Replies)> =
            items::trivial(&items)?.into_iter().map(|replies| (None, replies)).collect();
        for variant in &work.run.variants {
            if trivial.iter().all(|(layout, _)| *layout != Some(variant.layout)) {
                let untrained = probe::untrained(work, variant, prepared)?;
                let replies = probe::read_untrained(&untrained)?.into_iter();
                trivial.extend(replies.map(|replies| (Some(variant.layout), replies)));
            }
        }
        let mut file = ItemsWriter::new(&folder.join(ITEMS));
        for (layout, Replies { by, replies }) in &trivial {
            file.write(Answerer { name: by, trained: false, layout: *layout, seed: None }, &questions, replies)?;
        }
        let items_min = work.run.file.probes.items_min;
        Ok(Self { samples: Samples::new(&questions), questions, trivial, items_min, results: Vec::new(), file })
    }

    /// Adds a finished arm, the variant of this number.
    pub(crate) fn add(&mut self, number: usize, variant: &Variant, seed: u64, arm: [&Stage; 2]) -> Result<()> {
        let [trained, probed] = arm;
        let replies = probe::read_replies(probed)?;
        self.samples.add(number, seed, &self.questions, &replies);
        let answerer = Answerer { name: &variant.name, trained: true, layout: Some(variant.layout), seed: Some(seed) };
        self.file.write(answerer, &self.questions, &replies)?;
        let fits = |layout: &Option<Layout>| layout.is_none_or(|layout| layout == variant.layout);
        let trivial: Vec<&Replies> =
            self.trivial.iter().filter(|(layout, _)| fits(layout)).map(|(_, replies)| replies).collect();
        let summary: train::Summary = read_json(trained, train::SUMMARY)?;
        self.results.push(ArmResult {
            variant: variant.name.clone(),
            seed,
            parameters: summary.parameters,
            tokens: summary.tokens,
            seconds: summary.seconds,
            memory_mib: summary.memory_mib,
            curve: summary.curve,
            measures: measures(&self.questions, &replies, &trivial, self.items_min),
        });
        Ok(())
    }

    /// The results of all arms and the intervals of their differences; the file of items is moved to its place.
    pub(crate) fn finish(self, variants: &[Variant]) -> Result<(Vec<ArmResult>, Vec<Resampled>)> {
        self.file.finish()?;
        let names: Vec<String> = variants.iter().map(|variant| variant.name.clone()).collect();
        Ok((self.results, self.samples.resampled(&names)))
    }
}
