//! Words and mentions together.

use jove_core::{AnnotatedText, Lang};

use crate::{Linker, Tagger};

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
        let words = self.tagger.tag(&text, lang);
        let mentions = self.linker.link(&text, lang);
        AnnotatedText { text, lang, words, mentions }
    }
}
