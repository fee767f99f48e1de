//! Building a corpus, stage by stage.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jove_core::{InvalidSetting, Progress};
use jove_files::{Kind, Output};

use crate::error::{Error, Result};
use crate::funnel::{Counts, funnel};
use crate::inputs::{Input, inputs};
use crate::models::Models;
use crate::page::page;
use crate::recipe::Recipe;
use crate::rejects::{Reject, Rejects};
use crate::stage::clean::Cleaning;
use crate::stage::duplicates::{Marks, duplicates};
use crate::stage::plan::{Plan, plan};
use crate::stage::shards::{Shard, Writing};
use crate::stage::{Segment, StageContext};
use crate::summary::Summary;
use crate::work::{Sharing, Work};

/// The files and the folder of a finished corpus.
const SUMMARY: &str = "corpus.json";
const PAGE: &str = "corpus.html";
const REJECTS: &str = "rejects.jsonl";
const TEXT: &str = "text";

/// What says that a file is a summary.
const SUMMARY_KIND: Kind = Kind::new("a summary of a corpus", |head| Kind::has_json_fields(head, &["name", "funnel"]));

/// How a corpus is built, beside its recipe.
#[derive(Clone, Copy, Debug)]
pub struct BuildOptions<'a> {
    /// The folder of the recipe, which its paths start from.
    pub base: &'a Path,
    /// A digest of the program's code: parts that other code made are made again.
    pub code: &'a str,
    /// Threads at work, or 0 for one a processor. Results do not depend on it.
    pub threads: usize,
}

/// The folder of a recipe's corpus.
pub fn corpus_folder(recipe: &Recipe, base: &Path) -> PathBuf {
    base.join(&recipe.output).join(&recipe.name)
}

/// The summary of a corpus that was built.
///
/// # Errors
/// When there is none, or it is damaged.
pub fn read_summary(recipe: &Recipe, base: &Path) -> Result<Summary> {
    let path = corpus_folder(recipe, base).join(SUMMARY);
    let text = fs::read(&path).map_err(Error::io(&path))?;
    serde_json::from_slice(&text).map_err(|error| Error::malformed(&path, "a summary of a corpus", error))
}

/// Builds a corpus: reads, cleans, removes duplicates, identifies languages, classifies domains, samples, and writes documents to
/// `text/` in its folder, with `corpus.json`, `corpus.html` and `rejects.jsonl` beside it. Finished parts are kept in `work/`, and
/// used again by a build that is repeated, or goes on after an interruption.
///
/// # Resource usage
/// Memory does not grow with the input: some MiB for each thread, `duplicates.sort-mib` for sorting, and two bits for each document.
///
/// # Errors
/// When a setting is invalid, a file cannot be read or written, an input changes meanwhile, another process builds into the same
/// folder ([`Error::Busy`]), no document is kept ([`Error::Empty`]), or the user interrupts ([`Error::Interrupted`]).
pub fn build(recipe: &Recipe, options: BuildOptions<'_>, progress: &dyn Progress) -> Result<Summary> {
    let site = Site::open(recipe, options, Sharing::Alone)?;
    let Site { folder, inputs, work, pool, models } = &site;
    let context = StageContext { recipe, work, progress, pool };
    let segments = Cleaning { context: &context, models, inputs }.run()?;
    let marks = duplicates(&context, &segments)?;
    let plan = plan(&context, &segments, &marks)?;
    let writing = Writing { context: &context, inputs, segments: &segments, marks: &marks, plan: &plan };
    let shards = writing.run()?;
    let built = Built { recipe, models, segments: &segments, marks: &marks, plan: &plan, shards: &shards };
    let summary = built.summary()?;
    publish(folder, work, &shards)?;
    built.write(folder, &summary)?;
    if summary.kept.documents == 0 { Err(Error::Empty { path: folder.clone() }) } else { Ok(summary) }
}

/// Reads and cleans the files of one of several partitions, and no more: file number `n` belongs to partition `n` modulo `of`. Any
/// number of processes may do so at once on a file system that they share; a [`build`] of the same recipe afterwards finds all files
/// cleaned. Returns how many files the partition has.
///
/// # Errors
/// As [`build`]; where `number` is not below `of`.
pub fn clean_partition(
    recipe: &Recipe,
    options: BuildOptions<'_>,
    (number, of): (usize, usize),
    progress: &dyn Progress,
) -> Result<usize> {
    InvalidSetting::check(number < of, "partition", "I/N with I below N", format!("{number}/{of}"))?;
    let Site { inputs, work, pool, models, .. } = Site::open(recipe, options, Sharing::Partition)?;
    let context = StageContext { recipe, work: &work, progress, pool: &pool };
    let inputs: Vec<Input> = inputs.into_iter().skip(number).step_by(of).collect();
    Cleaning { context: &context, models: &models, inputs: &inputs }.run()?;
    Ok(inputs.len())
}

/// What a build starts from.
struct Site {
    folder: PathBuf,
    inputs: Vec<Input>,
    work: Work,
    pool: rayon::ThreadPool,
    models: Models,
}

impl Site {
    fn open(recipe: &Recipe, options: BuildOptions<'_>, sharing: Sharing) -> Result<Self> {
        recipe.validate()?;
        let folder = corpus_folder(recipe, options.base);
        let root = options.base.join(&recipe.data.root);
        let inputs = inputs(recipe, &root)?;
        check_apart(&folder, &inputs)?;
        let work = Work::open(&folder, options.code, sharing)?;
        let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build();
        let pool = pool.map_err(|error| Error::io(&folder)(std::io::Error::other(error)))?;
        let models = Models::get(recipe, &root, &work)?;
        Ok(Self { folder, inputs, work, pool, models })
    }
}

/// Refuses inputs in the folder that is written to.
fn check_apart(folder: &Path, inputs: &[Input]) -> Result<()> {
    let paths = inputs.iter().map(|input| input.stamp.path());
    jove_files::check_outside(folder, paths).map_err(Error::io(folder))
}

/// All that a build found.
struct Built<'a> {
    recipe: &'a Recipe,
    models: &'a Models,
    segments: &'a [Segment],
    marks: &'a Marks,
    plan: &'a Plan,
    shards: &'a [Shard],
}

impl Built<'_> {
    fn summary(&self) -> Result<Summary> {
        let (mut cleaned, mut written) = (Counts::default(), Counts::default());
        self.segments.iter().for_each(|segment| cleaned.join(&segment.info.counts));
        self.shards.iter().for_each(|shard| written.join(&shard.about.counts));
        let planned = &self.plan.about.counts;
        // What one stage gives is what the next one takes.
        for (given, taken) in [(cleaned.kept, planned.read), (planned.kept, written.read)] {
            let (read, kept) = (given.documents, taken.documents);
            if given != taken {
                return Err(Error::Uneven { stage: "between two stages".to_owned(), read, kept, removed: 0 });
            }
        }
        let mut removed = cleaned.removed.clone();
        removed.extend(planned.removed.iter().chain(&written.removed));
        let models =
            [("language", &self.models.language), ("domain", &self.models.domain), ("quality", &self.models.quality)];
        let classifiers =
            models.into_iter().filter_map(|(name, model)| Some((name.to_owned(), model.as_ref()?.evaluation.clone())));
        let mut summary = Summary {
            name: self.recipe.name.clone(),
            description: self.recipe.description.clone(),
            read: cleaned.read,
            funnel: funnel(cleaned.read, &removed, written.kept)?,
            kept: written.kept,
            duplicates: self.marks.found,
            shares: self.plan.about.shares.clone(),
            thresholds: self
                .plan
                .about
                .thresholds
                .iter()
                .map(|(lang, least)| (lang.clone(), f64::from(*least) / 1000.0))
                .collect(),
            classifiers: classifiers.collect(),
            ..Summary::default()
        };
        for (number, shard) in self.shards.iter().enumerate() {
            let about = &shard.about;
            summary.paragraph_bytes += about.paragraph_bytes;
            summary.files.insert(file_name(number), about.counts.kept);
            for (all, some) in [
                (&mut summary.langs, &about.langs),
                (&mut summary.domains, &about.domains),
                (&mut summary.sources, &about.sources),
            ] {
                join(all, some);
            }
        }
        Ok(summary)
    }

    /// Writes the summary, the page and the examples of removed documents.
    fn write(&self, folder: &Path, summary: &Summary) -> Result<()> {
        let mut rejects = Rejects::new(self.recipe.shards.rejects);
        let all = self.segments.iter().map(|segment| &segment.info.rejects);
        all.chain(self.shards.iter().map(|shard| &shard.about.rejects))
            .flatten()
            .for_each(|reject| rejects.add(reject.clone()));
        let rejects = rejects.into_vec();
        let line = |reject: &Reject| {
            serde_json::to_string(reject).map(|line| line + "\n").expect("texts and numbers are plain data")
        };
        let json = serde_json::to_vec(summary).expect("names and numbers are plain data");
        let files = [
            (REJECTS, Kind::REJECTS, rejects.iter().map(line).collect::<String>().into_bytes()),
            (PAGE, Kind::HTML, page(summary, &rejects).into_bytes()),
            (SUMMARY, SUMMARY_KIND, json),
        ];
        for (name, kind, bytes) in files {
            let path = folder.join(name);
            Output::write(&path, kind, &bytes).map_err(Error::io(&path))?;
        }
        Ok(())
    }
}

fn join(all: &mut BTreeMap<String, crate::funnel::Count>, some: &BTreeMap<String, crate::funnel::Count>) {
    for (name, count) in some {
        let sum = all.entry(name.clone()).or_default();
        sum.documents += count.documents;
        sum.bytes += count.bytes;
    }
}

fn file_name(number: usize) -> String {
    format!("part-{number:05}.parquet")
}

/// Puts the finished files into the corpus's folder: all of them, or those that were there before.
fn publish(folder: &Path, work: &Work, shards: &[Shard]) -> Result<()> {
    let (text, new, old) = (folder.join(TEXT), folder.join("text.new"), folder.join("text.old"));
    for path in [&text, &new, &old] {
        check_ours(path)?;
    }
    for left in [&new, &old] {
        remove(left)?;
    }
    fs::create_dir(&new).map_err(Error::io(&new))?;
    for (number, shard) in shards.iter().enumerate() {
        let (from, to) = (work.file(&shard.part, "parquet")?, new.join(file_name(number)));
        // Where the file system has no links, the file is there twice.
        fs::hard_link(&from, &to).or_else(|_| fs::copy(&from, &to).map(drop)).map_err(Error::io(&to))?;
    }
    if text.exists() {
        fs::rename(&text, &old).map_err(Error::io(&text))?;
    }
    fs::rename(&new, &text).map_err(Error::io(&text))?;
    remove(&old)
}

/// Fails where a folder holds anything but files that a build writes.
fn check_ours(folder: &Path) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let name = entry.map_err(Error::io(folder))?.file_name().to_string_lossy().into_owned();
        let number = name.strip_prefix("part-").and_then(|rest| rest.strip_suffix(".parquet"));
        if !number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit())) {
            return Err(Error::malformed(folder, "a folder with nothing but files of a build", format!("`{name}`")));
        }
    }
    Ok(())
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() { fs::remove_dir_all(folder).map_err(Error::io(folder)) } else { Ok(()) }
}
