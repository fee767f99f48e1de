//! Words and mentions together.

use jove_core::{AnnotatedText, Lang, Word};

use crate::linker::Linker;
use crate::tagger::Tagger;

/// Tags and links; shared by any number of threads.
pub struct Annotator {
    /// Finds the mentions.
    pub linker: Linker,
    /// Finds the words.
    pub tagger: Tagger,
}

impl Annotator {
    /// A text with its words and mentions.
    pub fn annotate(&self, text: String, lang: Lang) -> AnnotatedText {
        let segments = self.tagger.segments(&text, lang);
        let mentions = self.linker.link_words(&text, lang, Some(&segments));
        let words = segments.iter().map(|segment| Word { span: segment.span, pos: segment.pos }).collect();
        AnnotatedText { text, lang, words, mentions }
    }
}
