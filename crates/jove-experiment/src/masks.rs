//! The text and settings from which a run's masks are drawn, to inspect them before training.

use std::path::PathBuf;

use jove_core::{AnnotatedText, Progress, Seed};
use jove_corpus::{AnnotatedReader, Tokenizer};
use jove_kb::Kb;
use jove_masking::{MaskConfig, SameType};

use crate::error::Result;
use crate::files::read_json;
use crate::own_texts::own_texts;
use crate::run::Run;
use crate::stage::{StageContext, annotate, control, kb, knowledge, text, tokenizer};
use crate::text_sources::TextSources;
use crate::variant::Variant;

/// The training text of a variant, and how it is masked.
pub struct MaskSource {
    /// The name of the variant.
    pub variant: String,
    /// The knowledge base.
    pub kb: Kb,
    /// The vocabulary.
    pub tokenizer: Tokenizer,
    /// How tokens are chosen and hidden.
    pub masking: MaskConfig,
    /// Names that may stand in for masked ones.
    pub replacements: SameType,
    /// The run's first seed.
    pub seed: Seed,
    annotated: PathBuf,
    sources: TextSources,
}

impl MaskSource {
    /// The training texts with words and mentions, in the order of their example numbers.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn texts(&self) -> Result<AnnotatedReader> {
        Ok(AnnotatedReader::open(&self.annotated)?)
    }

    /// The numbers of the texts to look at: the user's own, at random over sources and languages, those with links first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn own_texts(&self) -> Result<Vec<usize>> {
        let texts: Vec<AnnotatedText> = self.texts()?.collect::<Result<_, _>>()?;
        Ok(own_texts(self.sources.iter().map(Some).zip(texts), 1))
    }
}

impl Run {
    /// Runs the stages up to the vocabulary, each skipped where it is finished. Without a name, the variant is the first
    /// one that masks entities, or else the first one.
    ///
    /// # Errors
    /// When no variant has this name, or a stage fails.
    pub fn masks(&self, variant: Option<&str>, progress: &dyn Progress) -> Result<MaskSource> {
        let variant = if let Some(name) = variant {
            self.variant(name)?
        } else {
            let masks_entities = |variant: &&Variant| variant.masking.weights.entity > 0.0;
            // A run without variants was refused when its file was read.
            self.variants.iter().find(masks_entities).unwrap_or(&self.variants[0])
        };
        let cache = self.cache(progress);
        let work = StageContext::new(self, &cache, progress)?;
        let base = kb::build_kb(&work)?;
        let text = text::gather(&work, &base)?;
        let annotated = annotate::annotate(&work, &base, &text)?;
        let vocabulary = tokenizer::tokenizer(&work, variant.layout, &annotated)?;
        let annotated = control::control(&work, variant.graph, &base, &text, &annotated)?;
        let replacements = knowledge::replacement_names(&work, variant, &base, &vocabulary)?;
        let (kb, tokenizer) = (kb::open(&base)?, tokenizer::open(&vocabulary)?);
        Ok(MaskSource {
            variant: variant.name.clone(),
            replacements,
            kb,
            tokenizer,
            masking: variant.masking.clone(),
            seed: Seed(self.file.seeds[0]),
            sources: read_json(&annotated, annotate::SOURCES)?,
            annotated: annotated.file(annotate::TRAIN),
        })
    }
}
