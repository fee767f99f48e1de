//! What the tables of a UER checkpoint tell of its model.

use std::path::Path;

use jove_core::Layout;
use jove_core::parameter_names::Part;

use super::names::part_of;
use crate::error::{Error, Result};
use crate::spec::TensorSpec;
use crate::tensor::{NamedTensor, TensorSource};

/// The layout of a checkpoint that does not state it, from what sets XLM-R apart in UER: a SentencePiece model beside the
/// weights and no `vocab.txt`; no target of sentence pairs; and, as converters leave them, rows of zeros: the segment row of
/// first sentences until it is trained, and the last two of the position table, which no token reaches.
///
/// # Errors
/// Where a table cannot be read.
pub(crate) fn layout_of(source: &(impl TensorSource + ?Sized), folder: Option<&Path>) -> Result<Layout> {
    if has_pairs(&source.specs()) {
        return Ok(Layout::Bert);
    }
    let beside = |name: &str| folder.is_some_and(|folder| folder.join(name).is_file());
    let sentencepiece = ["sentencepiece.bpe.model", "sentencepiece.model", "spiece.model", "spm.model"];
    let pieces = sentencepiece.into_iter().any(beside) && !beside("vocab.txt");
    let segments = table(source, Part::TokenTypeEmbeddings)?;
    let zeros = segments.is_some_and(|table| rows(&table).nth(1).is_some_and(is_zero));
    Ok(if pieces || zeros || ends_in_zeros(source, 2)? { Layout::XlmRoberta } else { Layout::Bert })
}

/// Checks a layout that was given against the tensors.
///
/// # Errors
/// Where they are of the other one.
pub(super) fn check_layout(path: &Path, layout: Layout, specs: &[TensorSpec]) -> Result<Layout> {
    if layout == Layout::XlmRoberta && has_pairs(specs) {
        let reason =
            "the layout given is XLM-R, but the weights hold a target for sentence pairs, which BERT's have alone";
        return Err(Error::unsupported(path, reason, "give the layout bert, or leave it out"));
    }
    Ok(layout)
}

/// Whether the last `count` rows of the position table are zeros.
///
/// # Errors
/// Where the table cannot be read.
pub(super) fn ends_in_zeros(source: &(impl TensorSource + ?Sized), count: usize) -> Result<bool> {
    let Some(table) = table(source, Part::PositionEmbeddings)? else { return Ok(false) };
    let total = rows(&table).count();
    Ok(total > count && rows(&table).skip(total - count).all(is_zero))
}

fn table(source: &(impl TensorSource + ?Sized), part: Part) -> Result<Option<NamedTensor<'_>>> {
    let spec = source.specs().into_iter().find(|spec| part_of(&spec.name) == Some(part));
    spec.map(|spec| source.get(&spec.name)).transpose()
}

fn rows<'a>(table: &'a NamedTensor<'_>) -> impl Iterator<Item = &'a [f32]> {
    table.data.chunks(table.shape.get(1).copied().unwrap_or(0).max(1))
}

fn is_zero(row: &[f32]) -> bool {
    row.iter().all(|value| *value == 0.0)
}

/// Whether the checkpoint holds pooler and next-sentence head.
fn has_pairs(specs: &[TensorSpec]) -> bool {
    specs.iter().any(|spec| matches!(part_of(&spec.name), Some(Part::Pooler | Part::NextSentence)))
}
