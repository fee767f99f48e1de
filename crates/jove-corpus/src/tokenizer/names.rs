//! The spelling of the special pieces.

use jove_core::Layout;

/// The spelling of the five special pieces that a layout needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SpecialNames {
    pub(super) first: String,
    pub(super) separator: String,
    pub(super) pad: String,
    pub(super) unknown: String,
    pub(super) mask: String,
}

impl SpecialNames {
    /// The spelling in the published models of a layout.
    pub(super) fn of(layout: Layout) -> Self {
        let [first, separator, pad, unknown, mask] = match layout {
            Layout::Bert => ["[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]"],
            Layout::XlmRoberta => ["<s>", "</s>", "<pad>", "<unk>", "<mask>"],
        }
        .map(str::to_owned);
        Self { first, separator, pad, unknown, mask }
    }

    /// All five, in the order in which BERT numbers them.
    pub(super) fn all(&self) -> [&str; 5] {
        [&self.pad, &self.unknown, &self.first, &self.separator, &self.mask]
    }
}
