//! A task's examples, checked.

use std::path::Path;

use jove_core::InvalidSetting;

use crate::answer_kind::AnswerKind;
use crate::error::Error;
use crate::example::{Answer, Example};
use crate::options::TaskOptions;
use crate::read::raw::Rows;
use crate::read::read;
use crate::resolve::{labels_of, resolve};
use crate::task::Task;

/// The examples of a task with its labels.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskData {
    /// Their format.
    pub task: Task,
    /// The labels; those of answers are indices into them. Empty where answers are numbers.
    pub labels: Vec<String>,
    /// To train on.
    pub train: Vec<Example>,
    /// To choose and measure by.
    pub dev: Vec<Example>,
    /// To predict.
    pub test: Option<Vec<Example>>,
    /// Rows of `train` and `dev` that were left out since annotators did not agree on them.
    pub undecided: [usize; 2],
}

impl TaskData {
    /// Reads and checks all files of a task.
    ///
    /// # Errors
    /// Where a file cannot be read; where rows are not of the format: a field is missing, an id occurs twice, a label is none of the
    /// task's, a span's text is not at its offsets; where the training file has no labels at all, as a test file; where a class
    /// has no training example; where one file is given twice.
    pub fn read(options: &TaskOptions) -> Result<Self, Error> {
        check_settings(options)?;
        let train = labelled(&options.train, options)?;
        let dev = labelled(&options.dev, options)?;
        let labels = options.labels.clone().or_else(|| options.format.labels());
        let labels = labels.unwrap_or_else(|| labels_of(&train));
        let undecided = [train.undecided, dev.undecided];
        let test =
            options.test.as_deref().map(|path| resolve(path, read(path, options, false)?, &labels)).transpose()?;
        let data = Self {
            task: options.format,
            train: resolve(&options.train, train, &labels)?,
            dev: resolve(&options.dev, dev, &labels)?,
            test,
            labels,
            undecided,
        };
        data.check_classes(&options.train)?;
        Ok(data)
    }

    /// How many examples of a split have each label; entities count one by one.
    pub(crate) fn label_counts(&self, examples: &[Example]) -> Vec<usize> {
        let mut counts = vec![0; self.labels.len()];
        for answer in examples.iter().filter_map(|example| example.answer.as_ref()) {
            match answer {
                Answer::Class(class) => counts[*class as usize] += 1,
                Answer::Entities(entities) => entities.iter().for_each(|entity| counts[entity.label as usize] += 1),
                Answer::Number(_) => {}
            }
        }
        counts
    }

    fn check_classes(&self, path: &Path) -> Result<(), Error> {
        let advice = "leave labels without examples out of task.labels, or add examples";
        if self.task.answers() == AnswerKind::Class && self.labels.len() < 2 {
            return Err(Error::file(path, "two classes or more", self.labels.join(", "), advice));
        }
        let empty: Vec<&str> = self
            .labels
            .iter()
            .zip(self.label_counts(&self.train))
            .filter(|(_, count)| *count == 0)
            .map(|(label, _)| label.as_str())
            .collect();
        if empty.is_empty() {
            return Ok(());
        }
        let found = format!("none of {}", empty.join(", "));
        Err(Error::file(path, "training examples of every label", found, advice))
    }
}

fn check_settings(options: &TaskOptions) -> Result<(), Error> {
    let distinct = |labels: &Vec<String>| labels.iter().enumerate().all(|(at, label)| !labels[..at].contains(label));
    let labels = options.labels.as_ref();
    let sound = labels.is_none_or(|labels| !labels.is_empty() && distinct(labels));
    InvalidSetting::check(
        sound,
        "task.labels",
        "labels, each once",
        labels.map_or_else(String::new, |all| all.join(", ")),
    )?;
    let (measure, answers) = (options.measure(), options.format.answers());
    let fits = measure.fits(answers);
    InvalidSetting::check(
        fits,
        "task.measure",
        format!("a measure of the answers of {}", options.format.name()),
        measure.name(),
    )?;
    let keywords = !options.keywords || options.format == Task::Tnews;
    InvalidSetting::check(keywords, "task.keywords", "true for tnews alone", "true")?;
    let same = |a: &Path, b: &Path| a.canonicalize().ok().is_some_and(|a| b.canonicalize().is_ok_and(|b| a == b));
    let files = [Some(&options.train), Some(&options.dev), options.test.as_ref()];
    for (at, (name, path)) in ["train", "dev", "test"].into_iter().zip(files).enumerate() {
        let twice = path.is_some_and(|path| files[..at].iter().flatten().any(|before| same(before, path)));
        InvalidSetting::check(
            !twice,
            &format!("task.{name}"),
            "a file of its own",
            path.map_or_else(String::new, |path| path.display().to_string()),
        )?;
    }
    Ok(())
}

/// The rows of a file that must have labels.
fn labelled(path: &Path, options: &TaskOptions) -> Result<Rows, Error> {
    let rows = read(path, options, true)?;
    if rows.without_label > 0 && rows.without_label == rows.problems.len() && rows.examples.is_empty() {
        let found = format!("no label in any of {} rows, as in a test file", rows.without_label);
        return Err(Error::file(
            path,
            "labelled examples",
            found,
            "give the labelled file; test files go to task.test",
        ));
    }
    Ok(rows)
}
