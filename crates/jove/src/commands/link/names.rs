//! Mentions in words, for readers without the base.

use std::collections::HashMap;

use jove_core::{AnnotatedText, EntityId, Lang};
use jove_corpus::MentionName;
use jove_kb::Kb;
use jove_linker::Annotator;

/// Entities whose key and label are remembered.
const KNOWN_MAX: usize = 1 << 18;

/// Names the mentions of linked texts.
pub(super) struct Names<'a> {
    kb: &'a Kb,
    pub(super) annotator: &'a Annotator,
    /// Key and label of entities, by the language that the label was asked for in.
    known: HashMap<(EntityId, Lang), (String, String)>,
}

impl<'a> Names<'a> {
    pub(super) fn new(kb: &'a Kb, annotator: &'a Annotator) -> Self {
        Self { kb, annotator, known: HashMap::new() }
    }

    /// One for each mention; an entity without a label is called by its key.
    pub(super) fn of(&mut self, text: &AnnotatedText) -> anyhow::Result<Vec<MentionName>> {
        let mut names = Vec::with_capacity(text.mentions.len());
        for mention in &text.mentions {
            let (key, label) = self.key_and_label(mention.entity, text.lang)?;
            let lang = self.annotator.linker.language_at(&text.text, text.lang, mention.span);
            let name = mention.span.slice(&text.text).unwrap_or_default().to_owned();
            names.push(MentionName { name, lang, key, label });
        }
        Ok(names)
    }

    fn key_and_label(&mut self, entity: EntityId, lang: Lang) -> anyhow::Result<(String, String)> {
        if let Some(known) = self.known.get(&(entity, lang)) {
            return Ok(known.clone());
        }
        let key = self.kb.key(entity)?;
        let label = self.kb.label(entity, lang)?.unwrap_or_else(|| key.clone());
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
        self.known.insert((entity, lang), (key.clone(), label.clone()));
        Ok((key, label))
    }
}
