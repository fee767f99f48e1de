//! Names that may replace a masked one of the same type.

use std::collections::BTreeMap;

use jove_core::script::writes_spaces;
use jove_core::{AnnotatedText, ByteSpan, EntityId, Lang, Mention, SpecialTokens, TokenId};
use jove_corpus::Tokenizer;
use jove_kb::Kb;
use jove_masking::TypedName;

use crate::error::Result;

/// The labels of all entities that have a type, in every language, ordered by language, label and entity.
///
/// # Errors
/// When the knowledge base cannot be read, or a name cannot be tokenised.
pub(crate) fn replacements(kb: &Kb, tokenizer: &Tokenizer) -> Result<Vec<TypedName>> {
    let (types, specials) = (kb.type_of_all()?, tokenizer.specials());
    let mut names = Vec::new();
    for lang in kb.languages()?.iter().filter_map(|(tag, _)| Lang::new(tag).ok()) {
        // By name, so that the draws do not depend on the order in which the sources were read.
        let labels: BTreeMap<(String, EntityId), u32> = kb
            .labels_in(lang)?
            .into_iter()
            .filter_map(|(entity, label)| Some(((label, entity), types.get(entity.0 as usize).copied().flatten()?)))
            .collect();
        for ((label, entity), kind) in labels {
            if let Some(tokens) = tokens(tokenizer, &specials, &label, lang, entity)? {
                names.push(TypedName { entity, kind, lang, tokens });
            }
        }
    }
    Ok(names)
}

/// The tokens of a name as it is inside a text of its language, or `None` where the vocabulary does not know all of it
/// or a piece holds more than the name.
fn tokens(
    tokenizer: &Tokenizer,
    specials: &SpecialTokens,
    name: &str,
    lang: Lang,
    entity: EntityId,
) -> Result<Option<Vec<TokenId>>> {
    // After a comma, and a space where the script has them: the first piece of a text is cut otherwise than one inside.
    let (comma, before) = if writes_spaces(lang) { (',', ", ") } else { ('，', "，") };
    let text = format!("{before}{name}");
    let Ok(end) = u32::try_from(text.len()) else { return Ok(None) };
    let mention = Mention { span: ByteSpan::new(before.len() as u32, end), entity, score: 1.0 };
    let encoded = tokenizer.encode(&AnnotatedText { text, lang, words: Vec::new(), mentions: vec![mention] })?;
    let Some((span, _)) = encoded.mentions.first() else { return Ok(None) };
    let tokens = &encoded.tokens[span.range()];
    let first = tokens.first().and_then(|token| tokenizer.piece(*token)).unwrap_or_default();
    let whole = !first.contains(comma) && !tokens.iter().any(|token| specials.contains(*token));
    Ok(whole.then(|| tokens.to_vec()))
}

#[cfg(test)]
mod tests {
    use jove_corpus::TrainerKind;
    use jove_masking::SameType;

    use super::*;
    use crate::knowledge::descriptions::tests::base;

    #[test]
    fn only_names_of_typed_entities_that_the_vocabulary_knows_replace_others() {
        let (_folder, kb) = base();
        let words = [", kabul herat kandahar , afghanistan iran , asia"; 5];
        let tokenizer = Tokenizer::train(TrainerKind::WordPiece, words, 200).unwrap();
        let names = replacements(&kb, &tokenizer).unwrap();
        let of = |tag: &str| -> Vec<String> {
            let lang = Lang::new(tag).unwrap();
            names.iter().filter(|name| name.lang == lang).map(|name| kb.key(name.entity).unwrap()).collect()
        };
        assert_eq!(of("en"), ["afghanistan", "herat", "iran", "kabul", "kandahar"], "Asia has no type");
        assert!(of("zh").is_empty(), "the vocabulary knows no Chinese name");
        assert!(names.iter().all(|name| tokenizer.decode(&name.tokens).is_ok_and(|text| !text.contains(','))));
        assert!(!SameType::new(names).is_empty());
    }
}
