//! The linker and the tagger of a knowledge base.

use jove_core::{AliasRecord, EntityId, Lang};
use jove_kb::Kb;
use jove_linker::{Annotator, EntityLinkingOptions, Knowledge, Linker, Tagger, TaggerOptions, UserWord};

use crate::error::Result;

/// The most texts that alias statistics are learned from, evenly spread over the corpus.
const LEARN_TEXTS_MAX: usize = 50_000;

/// The linker over the names of a knowledge base, which disambiguates by descriptions and facts and by how `corpus` uses the
/// names; and a tagger that has the names in its dictionary.
///
/// # Errors
/// When the knowledge base cannot be read, or its names cannot be indexed.
pub fn annotator(
    kb: &Kb,
    link: &EntityLinkingOptions,
    tagger: &TaggerOptions,
    corpus: &[(&str, Lang)],
) -> Result<Annotator> {
    let aliases = kb.aliases()?;
    let tagger = Tagger::new(tagger, words(&aliases))?;
    let mut linker = Linker::build(aliases, link)?.with_knowledge(knowledge(kb, link)?);
    let every = corpus.len().div_ceil(LEARN_TEXTS_MAX).max(1);
    linker.learn(corpus.iter().copied().step_by(every), &tagger);
    Ok(Annotator { linker, tagger })
}

/// The names as words of the tagger, without those that contain white space, which the linker finds by itself.
fn words(aliases: &[AliasRecord]) -> Vec<UserWord> {
    let whole = aliases.iter().filter(|record| !record.alias.contains(char::is_whitespace));
    whole.map(|record| UserWord { word: record.alias.clone(), tag: "nz".to_owned() }).collect()
}

/// Descriptions in every language, and every fact as an edge between its ends.
fn knowledge(kb: &Kb, link: &EntityLinkingOptions) -> Result<Knowledge> {
    let mut descriptions: Vec<(EntityId, String)> = Vec::new();
    for lang in kb.languages()?.iter().filter_map(|(tag, _)| Lang::new(tag).ok()) {
        descriptions.extend(kb.descriptions(lang)?);
    }
    let mut edges = Vec::new();
    kb.visit_facts(|fact| edges.push((fact.subject, fact.object)))?;
    let rows = descriptions.iter().map(|(entity, text)| (*entity, text.as_str()));
    Ok(Knowledge::build(rows, edges, link.normalization))
}
