//! What a run of fine-tuning found.

use std::path::{Path, PathBuf};

use jove_files::{Kind, Output, read_small};
use jove_tasks::{ClueRow, Interval, Measure, Table, Task};
use serde::{Deserialize, Serialize};

use crate::error::Error;

const BYTES_MAX: u64 = 64 << 20;

/// The scores of all models and baselines of a run; `results.json` of its folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FineTuneResults {
    /// The task.
    pub task: Task,
    /// What is scored.
    pub measure: Measure,
    /// Why scores are not comparable with published ones.
    pub not_comparable: Option<String>,
    /// Examples of `train` and `dev`.
    pub examples: [usize; 2],
    /// Baselines, then models.
    pub rows: Vec<ResultRow>,
}

/// A model or a baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResultRow {
    /// Its name.
    pub name: String,
    /// The score of each seed on `dev`.
    pub scores: Vec<f64>,
    /// Their mean with its 95% interval over examples and seeds.
    pub interval: Interval,
    /// For models, the step of each seed's best measurement.
    pub steps: Vec<u64>,
    /// For models, the folder of each seed's best model.
    pub checkpoints: Vec<PathBuf>,
}

impl FineTuneResults {
    /// Reads `results.json`.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = read_small(path, BYTES_MAX).map_err(Error::io(path))?;
        let advice = "name results.json of a folder that jove finetune wrote";
        serde_json::from_slice(&bytes)
            .map_err(|error| Error::file(path, "results of jove finetune", error.to_string(), advice))
    }

    /// Writes `results.json`, and the table as `results.md` and `results.csv`, into a folder.
    pub(crate) fn write(&self, dir: &Path) -> Result<(), Error> {
        let json = serde_json::to_string_pretty(self).expect("results are plain data");
        let table = [self.table()];
        let [markdown, csv] = [jove_tasks::TableFormat::Markdown, jove_tasks::TableFormat::Csv]
            .map(|format| Table::render(&table, format));
        for (name, text) in [("results.json", json), ("results.md", markdown), ("results.csv", csv)] {
            let path = dir.join(name);
            Output::write(&path, Kind::ANY, text.as_bytes()).map_err(Error::io(&path))?;
        }
        Ok(())
    }

    /// The results as a table.
    pub fn table(&self) -> Table {
        let seeds = self.rows.iter().map(|row| row.scores.len()).max().unwrap_or(0);
        let columns = ["model", "mean", "95% interval", "deviation"].map(str::to_owned).into_iter();
        let columns = columns.chain((1..=seeds).map(|seed| format!("run {seed}"))).collect();
        let row = |row: &ResultRow| {
            let Interval { score, low, high } = row.interval;
            let deviation =
                deviation(&row.scores).map_or_else(|| "–".to_owned(), |deviation| format!("{deviation:.4}"));
            let fixed = [row.name.clone(), format!("{score:.4}"), format!("{low:.4} to {high:.4}"), deviation];
            let scores =
                (0..seeds).map(|at| row.scores.get(at).map_or_else(|| "–".to_owned(), |score| format!("{score:.4}")));
            fixed.into_iter().chain(scores).collect()
        };
        let [train, dev] = self.examples;
        let why = self.not_comparable.iter().map(|why| format!("Not comparable with published scores: {why}."));
        let what = format!("{dev} examples of dev, {train} of train; the best measurement of each run is reported.");
        Table {
            title: format!("{}, {} on dev", self.task.name(), self.measure.name()),
            columns,
            rows: self.rows.iter().map(row).collect(),
            notes: [what].into_iter().chain(why).collect(),
        }
    }

    /// The models' rows for the table of published scores.
    pub fn clue_rows(&self) -> Vec<ClueRow> {
        let models = self.rows.iter().filter(|row| !row.checkpoints.is_empty());
        let row = |row: &ResultRow| ClueRow {
            model: row.name.clone(),
            scores: [(self.task.name().to_owned(), row.interval)].into(),
            measured: format!("dev, {} {}", row.scores.len(), if row.scores.len() == 1 { "run" } else { "runs" }),
            not_comparable: self.not_comparable.clone(),
        };
        models.map(row).collect()
    }
}

/// The sample's standard deviation; `None` for fewer than two.
fn deviation(scores: &[f64]) -> Option<f64> {
    let mean = scores.iter().sum::<f64>() / scores.len().max(1) as f64;
    let squares: f64 = scores.iter().map(|score| (score - mean).powi(2)).sum();
    (scores.len() > 1).then(|| (squares / (scores.len() - 1) as f64).sqrt())
}
