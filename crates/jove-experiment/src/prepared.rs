//! The finished stages that training and probing read.

use jove_core::{Lang, Layout};

use crate::cache::Stage;
use crate::stage::text;
use crate::variant::{GraphUse, Variant};

/// The finished stages that all variants share.
pub(crate) struct Prepared {
    /// The knowledge base.
    pub(crate) base: Stage,
    /// All text, and what is held out of it.
    pub(crate) text: Stage,
    /// What the text stage counted.
    pub(crate) texts: text::Summary,
    /// The languages in which entities are described.
    pub(crate) languages: Vec<Lang>,
    /// The text with words and links.
    pub(crate) annotated: Stage,
    /// The text as tokens, for each layout and what is in it of the graph.
    pub(crate) corpora: Vec<TokenizedCorpus>,
    /// What each of these is made of.
    pub(crate) arm_texts: Stage,
}

/// The training text with what is in it of the graph, tokenised by the vocabulary of one layout.
pub(crate) struct TokenizedCorpus {
    pub(crate) layout: Layout,
    pub(crate) graph: GraphUse,
    pub(crate) annotated: Stage,
    pub(crate) vocabulary: Stage,
    pub(crate) shards: Stage,
}

impl Prepared {
    /// What a variant learns from.
    pub(crate) fn corpus(&self, variant: &Variant) -> &TokenizedCorpus {
        self.find(variant.layout, variant.graph)
    }

    /// What a variant is probed with: the true graph, also where it was trained on a control.
    pub(crate) fn true_corpus(&self, variant: &Variant) -> &TokenizedCorpus {
        self.find(variant.layout, GraphUse::TRUE)
    }

    fn find(&self, layout: Layout, graph: GraphUse) -> &TokenizedCorpus {
        let found = self.corpora.iter().find(|corpus| (corpus.layout, corpus.graph) == (layout, graph));
        found.expect("every variant's text was prepared")
    }
}
