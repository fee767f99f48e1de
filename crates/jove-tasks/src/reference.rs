//! The published scores of CLUE and CLUENER, to stand beside one's own.

use std::collections::BTreeMap;

use crate::metrics::interval::Interval;
use crate::table::Table;
use crate::task::Task;

/// The columns of the table of CLUE, in its order.
const COLUMNS: [(Task, &str); 6] = [
    (Task::Tnews, "TNEWS1.1"),
    (Task::Iflytek, "IFLYTEK"),
    (Task::Afqmc, "AFQMC"),
    (Task::Cmnli, "CMNLI"),
    (Task::Wsc, "WSC1.1"),
    (Task::Csl, "CSL"),
];

/// Model, mean, and the scores of [`COLUMNS`], as printed there.
#[rustfmt::skip]
const CLUE: [[&str; 8]; 15] = [
    ["BI-LSTM", "61.2", "49.53", "53.27", "69", "58.5", "61.1", "75.8"],
    ["Bert-base", "68.77", "56.58", "60.29", "73.7", "79.69", "62", "80.36"],
    ["Bert-wwm-ext", "68.75", "56.84", "59.43", "74.07", "80.42", "61.1", "80.63"],
    ["ERNIE-base", "68.55", "58.33", "58.96", "73.83", "80.29", "60.8", "79.1"],
    ["RoBERTa-large", "71.70", "57.86", "62.55", "74.02", "81.7", "72.7", "81.36"],
    ["XLNet-mid", "68.58", "56.24", "57.85", "70.5", "81.25", "64.4", "81.26"],
    ["ALBERT-XXlarge", "71.04", "59.46", "62.89", "75.6", "83.14", "61.54", "83.63"],
    ["ALBERT-Xlarge", "68.92", "57.36", "59.5", "69.96", "81.13", "64.34", "81.2"],
    ["ALBERT-large", "67.91", "55.16", "57", "74", "78.77", "62.24", "80.3"],
    ["ALBERT-base", "67.44", "55.06", "56.58", "72.55", "77.58", "64.34", "78.5"],
    ["ALBERT-tiny", "62.61", "53.35", "48.71", "69.92", "70.61", "58.5", "74.56"],
    ["RoBERTa-wwm-ext", "70.1", "56.94", "60.31", "74.04", "80.51", "67.8", "81"],
    ["RoBERTa-wwm-large", "72.83", "58.61", "62.98", "76.55", "82.12", "74.6", "82.13"],
    ["Mengzi-BERT-base", "74.71", "57.97", "60.68", "74.58", "82.12", "87.5", "85.4"],
    ["JoveBM-NLU-pd", "75.05", "59.41", "62.5", "76.39", "82.64", "84.54", "84.9"],
];

const CLUENER: [[&str; 2]; 4] =
    [["BI-LSTM", "70"], ["Bert-base", "78.82"], ["RoBERTa-wwm-large-ext", "80.42"], ["JoveBM-NLU-pd", "80.44"]];

const SOURCE: &str = "Published rows: test accuracy in % as printed in the README of JoveBM-NLU-pd, the baselines being those of the CLUE \
                      leaderboard. Means are as printed; the columns give 75.06 for the last row and 68.91 for ALBERT-Xlarge.";
const CLUENER_SOURCE: &str =
    "Published rows: F1 in % of the online evaluation, as printed in the README of JoveBM-NLU-pd.";

/// One's own scores of one model.
#[derive(Clone, Debug, PartialEq)]
pub struct ClueRow {
    /// The model.
    pub model: String,
    /// Its scores in [0, 1], by the name of the task.
    pub scores: BTreeMap<String, Interval>,
    /// Where and how they were measured, such as `dev, 3 seeds`.
    pub measured: String,
    /// Why they are not comparable with the published ones; `None` where they are.
    pub not_comparable: Option<String>,
}

/// The published scores with one's own below them.
pub struct ClueTable;

impl ClueTable {
    /// The tables of CLUE and of CLUENER.
    pub fn tables(own: &[ClueRow]) -> [Table; 2] {
        [clue(own), cluener(own)]
    }
}

fn owned(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|&cell| cell.to_owned()).collect()
}

fn clue(own: &[ClueRow]) -> Table {
    let names: Vec<&str> = ["model", "all"].into_iter().chain(COLUMNS.map(|(_, name)| name)).collect();
    let mut rows: Vec<Vec<String>> = CLUE.iter().map(|row| owned(row)).collect();
    for row in own.iter().filter(|row| COLUMNS.iter().any(|(task, _)| row.scores.contains_key(task.name()))) {
        let scores: Vec<Option<&Interval>> = COLUMNS.iter().map(|(task, _)| row.scores.get(task.name())).collect();
        let whole: Option<Vec<f64>> = scores.iter().map(|score| score.map(|score| score.score)).collect();
        let mean = whole.map(|all| format!("{:.2}", 100.0 * all.iter().sum::<f64>() / all.len() as f64));
        let cells = scores.iter().map(|score| score.map_or_else(|| "–".to_owned(), cell));
        rows.push([label(row), mean.unwrap_or_else(|| "–".to_owned())].into_iter().chain(cells).collect());
    }
    Table { title: "CLUE, accuracy in %".to_owned(), columns: owned(&names), rows, notes: notes(SOURCE, own) }
}

fn cluener(own: &[ClueRow]) -> Table {
    let mut rows: Vec<Vec<String>> = CLUENER.iter().map(|row| owned(row)).collect();
    let scored = own.iter().filter_map(|row| Some((row, row.scores.get(Task::Cluener.name())?)));
    rows.extend(scored.map(|(row, score)| vec![label(row), cell(score)]));
    let columns = owned(&["model", "CLUENER F1"]);
    Table { title: "CLUENER, F1 of entities in %".to_owned(), columns, rows, notes: notes(CLUENER_SOURCE, own) }
}

fn label(row: &ClueRow) -> String {
    let ClueRow { model, measured, .. } = row;
    row.not_comparable
        .as_ref()
        .map_or_else(|| format!("{model} ({measured})"), |why| format!("{model} ({measured}; not comparable: {why})"))
}

fn cell(interval: &Interval) -> String {
    let Interval { score, low, high } = interval;
    format!("{:.2} [{:.2}, {:.2}]", 100.0 * score, 100.0 * low, 100.0 * high)
}

fn notes(source: &str, own: &[ClueRow]) -> Vec<String> {
    let intervals = "Own rows: score on the development set with its 95% interval; published rows are of the test set.";
    [source].into_iter().chain((!own.is_empty()).then_some(intervals)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_means_are_those_of_their_columns_but_for_the_two_that_are_named() {
        let number = |cell: &str| cell.parse::<f64>().unwrap();
        for row in CLUE {
            let mean = row[2..].iter().map(|cell| number(cell)).sum::<f64>() / 6.0;
            let difference = (mean - number(row[1])).abs();
            assert!(difference < 0.0151, "{}: {mean} {}", row[0], row[1]);
        }
    }

    #[test]
    fn own_rows_say_why_they_are_not_comparable_and_have_a_mean_only_where_they_are_whole() {
        let interval = Interval { score: 0.5, low: 0.4, high: 0.6 };
        let one = |tasks: &[Task], why: Option<&str>| ClueRow {
            model: "own".to_owned(),
            scores: tasks.iter().map(|task| (task.name().to_owned(), interval)).collect(),
            measured: "dev, 3 seeds".to_owned(),
            not_comparable: why.map(str::to_owned),
        };
        let all: Vec<Task> = COLUMNS.iter().map(|(task, _)| *task).collect();
        let own = [one(&[Task::Afqmc], Some("re-split data")), one(&all, None), one(&[Task::Cluener], None)];
        let [clue, cluener] = ClueTable::tables(&own);
        assert_eq!((clue.rows.len(), cluener.rows.len()), (17, 5));
        assert_eq!(clue.rows[15][0], "own (dev, 3 seeds; not comparable: re-split data)");
        assert_eq!(clue.rows[15][1..5], ["–", "–", "–", "50.00 [40.00, 60.00]"]);
        assert_eq!((clue.rows[16][1].as_str(), clue.columns.len()), ("50.00", 8));
        assert_eq!(cluener.rows[4], ["own (dev, 3 seeds)", "50.00 [40.00, 60.00]"]);
    }
}
