//! Which files a task is read from.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::metrics::Measure;
use crate::task::Task;

/// The columns or fields of a file that are read, by name; the defaults are those of the task's format.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Columns {
    /// The text, or the first of two.
    pub text: Option<String>,
    /// The second text.
    pub second: Option<String>,
    /// The label.
    pub label: Option<String>,
    /// The id.
    pub id: Option<String>,
    /// Whether the first line of a table names the columns. Default: yes for `text`, `pair` and `regression`; the other formats
    /// tell by the names. Without names the columns are text, second text where there is one, label.
    pub header: Option<bool>,
}

/// A task with its files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TaskOptions {
    /// The format of the files, which also says what is asked: `tnews`, `iflytek`, `afqmc`, `cmnli`, `ocnli`, `wsc`, `csl`, `cluener`,
    /// `xnli`, `paws-x`, `text`, `pair`, `regression` or `ner`.
    pub format: Task,
    /// Labelled examples to train on: `.json` or `.jsonl`, `.tsv`, `.csv`; for `ner` also `.conll`, `.bio` or `.txt`.
    pub train: PathBuf,
    /// Labelled examples to choose and measure by.
    pub dev: PathBuf,
    /// Examples to predict; labels in it are not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<PathBuf>,
    /// The labels, in order. Default: those of the format; where it fixes none, those of `train`, sorted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
    /// What is reported and chosen by: `accuracy`, `macro-f1`, `entity-f1`, `pearson` or `spearman`. Default: that of the format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<Measure>,
    /// Whether the keywords of `tnews` are read as a second text. Those of `csl`, which are what is asked about, always are.
    #[serde(default)]
    pub keywords: bool,
    /// The language to read from files that hold several and say which in a column `language`, as those of XNLI do. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Why scores are not comparable with published ones, such as `re-split data`; shown beside every score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_comparable: Option<String>,
    /// The names of the columns or fields.
    #[serde(default)]
    pub columns: Columns,
}

impl TaskOptions {
    /// The task of two files, with everything else as usual.
    pub fn new(format: Task, train: PathBuf, dev: PathBuf) -> Self {
        Self {
            format,
            train,
            dev,
            test: None,
            labels: None,
            measure: None,
            keywords: false,
            language: None,
            not_comparable: None,
            columns: Columns::default(),
        }
    }

    /// What is reported.
    pub fn measure(&self) -> Measure {
        self.measure.unwrap_or_else(|| self.format.measure())
    }
}
