//! The metrics of a run: one JSON object a line.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// One objective's loss over some steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    /// Summed over its items, in nats.
    pub sum: f64,
    /// Number of items: masked tokens, linked mentions, pairs or words with a counterpart.
    pub count: u64,
}

impl Loss {
    /// The mean per item; 0 where there are none.
    pub fn mean(&self) -> f64 {
        self.sum / self.count.max(1) as f64
    }

    /// Adds another's items.
    pub fn add(&mut self, other: Self) {
        self.sum += other.sum;
        self.count += other.count;
    }
}

/// Losses by the objective's name: `mlm`, `link`, `tlm`, `translation`, `relation`, `word-alignment`.
pub type Losses = BTreeMap<String, Loss>;

/// Measures other than losses, by objective and name, such as `link.alignment`.
pub type Diagnostics = BTreeMap<String, f64>;

/// What one step did.
#[derive(Clone, Debug, PartialEq)]
pub struct StepReport {
    /// The step's number, counted from 1.
    pub step: u64,
    /// Tokens read by the model in this step.
    pub tokens: u64,
    /// The losses before the update.
    pub losses: Losses,
    /// The global gradient norm before clipping.
    pub gradient_norm: f64,
    /// Each loss's share in the encoder's gradient, see [`MetricsLine::gradient_shares`]; empty where not measured.
    pub gradient_shares: BTreeMap<String, f64>,
    /// The learning rate.
    pub learning_rate: f64,
}

/// Adds the losses of `from` to those of `into`.
pub(crate) fn add_losses(into: &mut Losses, from: &Losses) {
    for (name, loss) in from {
        into.entry(name.clone()).or_default().add(*loss);
    }
}

/// One line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsLine {
    /// Optimizer steps taken.
    pub step: u64,
    /// Tokens read by the model since the run began.
    pub tokens: u64,
    /// Losses over the steps since the line before.
    pub losses: Losses,
    /// Measures of the last step's last batch. For the contrasts `link` and `relation`: `alignment`, and `uniformity`
    /// and `effective-rank` of both sides (see [`jove_objectives::Spread`]); `filtered`, the part of all pairs that were
    /// left out as no negatives; `keys`, the descriptions that a mention was contrasted with; `temperature`, where it is learned.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[serde(alias = "gauges")]
    pub diagnostics: Diagnostics,
    /// Learning rate of the last step.
    pub learning_rate: f64,
    /// Global gradient norm of the last step, before clipping.
    pub gradient_norm: f64,
    /// For each objective, the norm of its weighted loss's gradient in the encoder as a part of the sum of all objectives'
    /// norms, in [0, 1]; in the last step's first forward pass. Empty on lines that do not report it, see
    /// [`TrainConfig::gradient_share_every`](crate::TrainConfig::gradient_share_every).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub gradient_shares: BTreeMap<String, f64>,
    /// Tokens read per second of wall time since the line before; the one field that differs between equal runs.
    pub tokens_per_second: f64,
}

/// The lines of metrics that a checkpoint's run had written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MetricsMark {
    /// How many.
    lines: u64,
    /// Their hash.
    blake3: String,
}

impl Default for MetricsMark {
    fn default() -> Self {
        Self { lines: 0, blake3: blake3::hash(b"").to_hex().to_string() }
    }
}

/// Appends lines to a metrics file.
#[derive(Debug)]
pub(crate) struct MetricsWriter {
    path: PathBuf,
    file: BufWriter<File>,
    lines: u64,
    hasher: blake3::Hasher,
}

impl MetricsWriter {
    /// Opens the file at `path` and cuts it after the lines of `mark`, so that a resumed run repeats none.
    ///
    /// # Errors
    /// Where its lines are not those of the mark: the metrics of another run, or none.
    pub(crate) fn open(path: &Path, mark: &MetricsMark) -> Result<Self, Error> {
        let io = |source| Error::Write { path: path.to_owned(), source };
        let file = OpenOptions::new().create(true).read(true).append(true).open(path).map_err(io)?;
        let (mut reader, mut hasher, mut line) = (BufReader::new(&file), blake3::Hasher::new(), Vec::new());
        let (mut lines, mut bytes) = (0, 0);
        while lines < mark.lines {
            line.clear();
            bytes += reader.read_until(b'\n', &mut line).map_err(io)? as u64;
            if line.last() != Some(&b'\n') {
                break;
            }
            hasher.update(&line);
            lines += 1;
        }
        if lines != mark.lines || hasher.finalize().to_hex().as_str() != mark.blake3 {
            let expected = format!("expected the {} lines that were written before the checkpoint", mark.lines);
            return Err(Error::damaged(path, format!("{expected}, found others")));
        }
        file.set_len(bytes).and_then(|()| file.sync_all()).map_err(io)?;
        let folder = path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all());
        if cfg!(unix) {
            folder.map_err(io)?;
        }
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file), lines, hasher })
    }

    /// Appends a line; it is in the file when this returns.
    pub(crate) fn append(&mut self, line: &MetricsLine) -> Result<(), Error> {
        let mut text = serde_json::to_vec(line).expect("a line of metrics is plain data");
        text.push(b'\n');
        let written = self.file.write_all(&text).and_then(|()| self.file.flush());
        written.map_err(|source| Error::Write { path: self.path.clone(), source })?;
        self.hasher.update(&text);
        self.lines += 1;
        Ok(())
    }

    /// Makes all lines durable, and tells which there are.
    pub(crate) fn mark(&self) -> Result<MetricsMark, Error> {
        self.file.get_ref().sync_all().map_err(|source| Error::Write { path: self.path.clone(), source })?;
        Ok(MetricsMark { lines: self.lines, blake3: self.hasher.finalize().to_hex().to_string() })
    }
}

/// Reads a metrics file; none is an empty one. A last line that was cut off by a crash is left out.
///
/// # Errors
/// Where the file cannot be read, or a line before the last is no metrics line.
pub fn read_metrics(path: &Path) -> Result<Vec<MetricsLine>, Error> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(Error::Read { path: path.to_owned(), source }),
    };
    let mut lines = Vec::new();
    let mut rows = text.lines().enumerate().peekable();
    while let Some((index, row)) = rows.next() {
        match serde_json::from_str(row) {
            Ok(line) => lines.push(line),
            Err(_) if rows.peek().is_none() => break,
            Err(source) => return Err(Error::Metrics { path: path.to_owned(), line: index as u64 + 1, source }),
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(step: u64) -> MetricsLine {
        MetricsLine {
            step,
            tokens: step * 10,
            losses: Losses::from([("mlm".to_owned(), Loss { sum: 2.5, count: 2 })]),
            diagnostics: Diagnostics::from([("link.filtered".to_owned(), 0.25)]),
            learning_rate: 1e-3,
            gradient_norm: 0.5,
            gradient_shares: BTreeMap::from([("mlm".to_owned(), 1.0)]),
            tokens_per_second: 9.0,
        }
    }

    #[test]
    fn a_resumed_run_repeats_no_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.jsonl");
        let mut writer = MetricsWriter::open(&path, &MetricsMark::default()).unwrap();
        let mut mark = MetricsMark::default();
        for step in [10, 20, 30] {
            writer.append(&line(step)).unwrap();
            if step == 20 {
                mark = writer.mark().unwrap();
            }
        }
        for _ in 0..2 {
            let mut resumed = MetricsWriter::open(&path, &mark).unwrap();
            resumed.append(&line(30)).unwrap();
            assert_eq!(read_metrics(&path).unwrap(), [line(10), line(20), line(30)]);
            assert_eq!(resumed.mark().unwrap(), writer.mark().unwrap());
        }
        MetricsWriter::open(&path, &MetricsMark::default()).unwrap();
        assert_eq!(read_metrics(&path).unwrap(), []);
    }

    #[test]
    fn metrics_of_another_run_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.jsonl");
        let mut writer = MetricsWriter::open(&path, &MetricsMark::default()).unwrap();
        for step in [10, 20] {
            writer.append(&line(step)).unwrap();
        }
        let mark = writer.mark().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        for other in ["", &text[..text.len() - 1], &text[..text.len() / 2 + 2], &text.replace("0.5", "0.6")] {
            std::fs::write(&path, other).unwrap();
            let message = MetricsWriter::open(&path, &mark).unwrap_err().to_string();
            assert!(message.contains("metrics.jsonl") && message.contains("the 2 lines"), "{message}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), other, "a file that is refused is not touched");
        }
        std::fs::remove_file(&path).unwrap();
        assert!(MetricsWriter::open(&path, &mark).is_err());
    }

    #[test]
    fn a_torn_last_line_is_left_out_and_a_torn_middle_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.jsonl");
        let whole = serde_json::to_string(&line(10)).unwrap();
        std::fs::write(&path, format!("{whole}\n{}", &whole[..20])).unwrap();
        assert_eq!(read_metrics(&path).unwrap(), [line(10)]);
        std::fs::write(&path, format!("nonsense\n{whole}\n")).unwrap();
        assert!(read_metrics(&path).unwrap_err().to_string().contains("metrics.jsonl:1"));
        assert_eq!(read_metrics(&dir.path().join("none")).unwrap(), []);
    }

    #[test]
    fn a_mean_of_nothing_is_nothing() {
        assert_eq!(Loss::default().mean().to_bits(), 0);
        let mut loss = Loss { sum: 3.0, count: 2 };
        loss.add(Loss { sum: 1.0, count: 2 });
        assert!((loss.mean() - 1.0).abs() < 1e-12);
    }
}
