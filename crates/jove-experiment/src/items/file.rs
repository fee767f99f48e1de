//! `items.parquet`: every question with what every arm answered.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::{Float32Builder, Float64Builder, ListBuilder, StringBuilder, UInt32Builder, UInt64Builder};
use arrow_array::{ArrayRef, RecordBatch};
use jove_core::Layout;
use jove_files::{Kind, Output};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::error::{Error, Result};
use crate::items::question::{Question, Questions, Reply};

/// Who answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answerer<'a> {
    /// The variant, or the way to answer without training.
    pub(crate) name: &'a str,
    /// Whether it was trained.
    pub(crate) trained: bool,
    /// The layout of its vocabulary, where it has one.
    pub(crate) layout: Option<Layout>,
    /// The seed of its training, where it was trained.
    pub(crate) seed: Option<u64>,
}

/// Writes the file, a row group for each answerer. An existing file stays until the end.
pub(crate) struct ItemsWriter {
    file: Option<ArrowWriter<Output>>,
    path: PathBuf,
}

impl ItemsWriter {
    /// Nothing is created before the first answers.
    pub(crate) fn new(path: &Path) -> Self {
        Self { file: None, path: path.to_owned() }
    }

    /// Adds what someone answered, in the order of the answers; of questions that are not known nothing is kept.
    pub(crate) fn write(&mut self, answerer: Answerer<'_>, questions: &Questions, replies: &[Reply]) -> Result<()> {
        let mut columns = Columns::default();
        for reply in replies {
            if let Some(question) = questions.of(&reply.probe).get(reply.item as usize) {
                columns.push(answerer, question, reply);
            }
        }
        let batch = columns.finish();
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let failed = |error| failed(&self.path, error);
        if self.file.is_none() {
            let output =
                Output::create(&self.path, Kind::PARQUET).map_err(|source| Error::io("write", &self.path, source))?;
            let level = ZstdLevel::try_new(3).map_err(failed)?;
            let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
            self.file = Some(ArrowWriter::try_new(output, batch.schema(), Some(properties)).map_err(failed)?);
        }
        let file = self.file.as_mut().expect("it was just opened");
        file.write(&batch).and_then(|()| file.flush()).map_err(failed)
    }

    /// Moves the file to its place.
    pub(crate) fn finish(self) -> Result<()> {
        let Some(file) = self.file else { return Ok(()) };
        let output = file.into_inner().map_err(|error| failed(&self.path, error))?;
        output.finish().map_err(|source| Error::io("write", &self.path, source))
    }
}

fn failed(path: &Path, error: parquet::errors::ParquetError) -> Error {
    Error::io("write", path, std::io::Error::other(error))
}

#[derive(Default)]
struct Columns {
    probe: StringBuilder,
    item: UInt32Builder,
    part: StringBuilder,
    group: StringBuilder,
    question: StringBuilder,
    gold: StringBuilder,
    answered_by: StringBuilder,
    kind: StringBuilder,
    layout: StringBuilder,
    seed: UInt64Builder,
    rank: Float64Builder,
    candidates: UInt32Builder,
    score: Float32Builder,
    nats: Float64Builder,
    tokens: UInt32Builder,
    top: ListBuilder<StringBuilder>,
    top_scores: ListBuilder<Float32Builder>,
}

impl Columns {
    fn push(&mut self, answerer: Answerer<'_>, question: &Question, reply: &Reply) {
        self.probe.append_value(&question.probe);
        self.item.append_value(question.item);
        self.part.append_value(&question.part);
        self.group.append_value(&question.group);
        self.question.append_value(&question.words);
        self.gold.append_value(&question.gold);
        self.answered_by.append_value(answerer.name);
        self.kind.append_value(if answerer.trained { "arm" } else { "trivial" });
        self.layout.append_option(answerer.layout.map(|layout| layout.to_string()));
        self.seed.append_option(answerer.seed);
        let ranked = reply.rank > 0.0;
        self.rank.append_option(ranked.then_some(reply.rank));
        self.candidates.append_value(reply.candidates);
        self.score.append_option(ranked.then_some(reply.score));
        self.nats.append_option((!ranked).then_some(reply.nats));
        self.tokens.append_option((!ranked).then_some(reply.tokens));
        for (name, score) in &reply.top {
            self.top.values().append_value(name);
            self.top_scores.values().append_value(*score);
        }
        self.top.append(true);
        self.top_scores.append(true);
    }

    fn finish(mut self) -> RecordBatch {
        let columns: [(&str, ArrayRef); 17] = [
            ("probe", Arc::new(self.probe.finish())),
            ("item", Arc::new(self.item.finish())),
            ("part", Arc::new(self.part.finish())),
            ("group", Arc::new(self.group.finish())),
            ("question", Arc::new(self.question.finish())),
            ("gold", Arc::new(self.gold.finish())),
            ("answered_by", Arc::new(self.answered_by.finish())),
            ("kind", Arc::new(self.kind.finish())),
            ("layout", Arc::new(self.layout.finish())),
            ("seed", Arc::new(self.seed.finish())),
            ("rank", Arc::new(self.rank.finish())),
            ("candidates", Arc::new(self.candidates.finish())),
            ("score", Arc::new(self.score.finish())),
            ("nats", Arc::new(self.nats.finish())),
            ("tokens", Arc::new(self.tokens.finish())),
            ("top", Arc::new(self.top.finish())),
            ("top_scores", Arc::new(self.top_scores.finish())),
        ];
        // All are nullable, so that every row group has the same schema.
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))
            .expect("all columns have a value for each row")
    }
}
