//! What arms answered, read from `items.parquet`.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, UInt32Type, UInt64Type};
use arrow_array::{Array as _, RecordBatch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::error::{Error, Result};

/// The file, in the folder of the results.
const ITEMS: &str = "items.parquet";
/// Questions of a probe that are shown.
const SHOWN: u32 = 60;
/// Answers of an arm that are shown.
const TOP: usize = 3;

/// A question and what everyone answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Answered {
    pub(crate) probe: String,
    pub(crate) part: String,
    pub(crate) question: String,
    pub(crate) gold: String,
    /// By who answered: an arm, or a way to answer without training.
    pub(crate) by: BTreeMap<String, Answers>,
}

/// What one answerer says under all seeds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Answers {
    /// The best answers under the first seed.
    pub(crate) top: Vec<String>,
    /// The rank of the right one there.
    pub(crate) rank: f64,
    /// Seeds, and those under which the right one has rank 1.
    pub(crate) seeds: usize,
    pub(crate) right: usize,
    /// That seed; none for answers without training.
    pub(crate) first: Option<u64>,
}

impl Answers {
    /// Whether it is right under more than half of the seeds.
    pub(crate) fn is_right(&self) -> bool {
        2 * self.right > self.seeds
    }

    fn add(&mut self, seed: Option<u64>, rank: f64, top: impl FnOnce() -> Vec<String>) {
        self.seeds += 1;
        self.right += usize::from(rank <= 1.0);
        if self.seeds == 1 || seed < self.first {
            (self.first, self.rank, self.top) = (seed, rank, top());
        }
    }
}

/// The questions of all probes with ranked answers, evenly drawn where there are many; none where the run kept none.
///
/// # Errors
/// When the file is there and cannot be read.
pub(crate) fn answered(folder: &Path) -> Result<Vec<Answered>> {
    let path = folder.join(ITEMS);
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let mut most: BTreeMap<String, u32> = BTreeMap::new();
    visit(&path, |row| {
        let last = most.entry(row.text("probe").to_owned()).or_default();
        *last = (*last).max(row.item());
    })?;
    let mut found: BTreeMap<(String, u32), Answered> = BTreeMap::new();
    visit(&path, |row| {
        let Some(rank) = row.rank() else { return };
        let (probe, item) = (row.text("probe"), row.item());
        if item % (most.get(probe).copied().unwrap_or(0) / SHOWN + 1) != 0 {
            return;
        }
        let entry = found.entry((probe.to_owned(), item)).or_insert_with(|| Answered {
            probe: probe.to_owned(),
            part: row.text("part").to_owned(),
            question: row.text("question").to_owned(),
            gold: row.text("gold").to_owned(),
            by: BTreeMap::new(),
        });
        let answers = entry.by.entry(row.text("answered_by").to_owned()).or_default();
        answers.add(row.seed(), rank, || row.top());
    })?;
    Ok(found.into_values().collect())
}

/// One row of the file.
struct Row<'a> {
    batch: &'a RecordBatch,
    at: usize,
}

impl Row<'_> {
    /// Empty where there is no such text.
    fn text(&self, name: &str) -> &str {
        let column = self.batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
        column.filter(|column| column.is_valid(self.at)).map_or("", |column| column.value(self.at))
    }

    fn item(&self) -> u32 {
        let column = self.batch.column_by_name("item").and_then(|column| column.as_primitive_opt::<UInt32Type>());
        column.map_or(0, |column| column.value(self.at))
    }

    fn seed(&self) -> Option<u64> {
        let column = self.batch.column_by_name("seed")?.as_primitive_opt::<UInt64Type>()?;
        column.is_valid(self.at).then(|| column.value(self.at))
    }

    fn rank(&self) -> Option<f64> {
        let column = self.batch.column_by_name("rank")?.as_primitive_opt::<Float64Type>()?;
        column.is_valid(self.at).then(|| column.value(self.at))
    }

    fn top(&self) -> Vec<String> {
        let column = self.batch.column_by_name("top").and_then(|column| column.as_list_opt::<i32>());
        let Some(column) = column.filter(|column| column.is_valid(self.at)) else { return Vec::new() };
        let names = column.value(self.at);
        let Some(names) = names.as_string_opt::<i32>() else { return Vec::new() };
        names.iter().flatten().take(TOP).map(str::to_owned).collect()
    }
}

fn visit(path: &Path, mut look: impl FnMut(&Row<'_>)) -> Result<()> {
    let file = File::open(path).map_err(|source| Error::io("read", path, source))?;
    let failed = |error: String| Error::io("read", path, std::io::Error::other(error));
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(ParquetRecordBatchReaderBuilder::build);
    for batch in reader.map_err(|error| failed(error.to_string()))? {
        let batch = batch.map_err(|error| failed(error.to_string()))?;
        (0..batch.num_rows()).for_each(|at| look(&Row { batch: &batch, at }));
    }
    Ok(())
}
