//! The names of the objectives.

/// What a model is trained towards. Losses are summed in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Objective {
    /// Masked language modelling on single texts.
    Mlm,
    /// Contrast of linked mentions with descriptions of their entities.
    Link,
    /// Masked language modelling on translation pairs.
    Tlm,
    /// Contrast of sentences with their translations.
    Translation,
    /// Contrast of subjects and relations with descriptions of objects.
    Relation,
    /// Pointing at the counterparts of masked words in the translation.
    WordAlignment,
}

impl Objective {
    /// All objectives, in order.
    pub const ALL: [Self; 6] =
        [Self::Mlm, Self::Link, Self::Tlm, Self::Translation, Self::Relation, Self::WordAlignment];

    /// Its name in metrics, and the name of its table in a run file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mlm => "mlm",
            Self::Link => "link",
            Self::Tlm => "tlm",
            Self::Translation => "translation",
            Self::Relation => "relation",
            Self::WordAlignment => "word-alignment",
        }
    }
}
