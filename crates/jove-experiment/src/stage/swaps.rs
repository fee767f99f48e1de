//! Names that may stand in for a masked one of the same type.

use std::collections::BTreeMap;

use jove_core::{AnnotatedText, ByteSpan, EntityId, Lang, Mention, SpecialTokens, TokenId};
use jove_corpus::Tokenizer;
use jove_kb::Kb;
use jove_masking::{MaskConfig, SameType, TypedName};

use crate::{Error, Result};

/// The labels of all entities that have a type, by type and language; no table where the masks ask for none.
///
/// # Errors
/// When the base cannot be read, or no name could ever stand in for another.
pub(crate) fn swaps(kb: &Kb, tokenizer: &Tokenizer, masking: &MaskConfig) -> Result<SameType> {
    if masking.entity_swap == 0.0 || masking.weights.entity == 0.0 {
        return Ok(SameType::default());
    }
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
    let table = SameType::new(names);
    if table.is_empty() {
        return Err(Error::Data {
            what: format!(
                "masking.entity-swap is {}, but no two names of one type and language have equally many tokens",
                masking.entity_swap
            ),
            hint: "give the graph's entities types, or set masking.entity-swap to 0".to_owned(),
        });
    }
    Ok(table)
}

/// The tokens of a name as it stands inside a text of its language, or `None` where the vocabulary does not know all of it
/// or a piece holds more than the name.
fn tokens(
    tokenizer: &Tokenizer,
    specials: &SpecialTokens,
    name: &str,
    lang: Lang,
    entity: EntityId,
) -> Result<Option<Vec<TokenId>>> {
    // After a comma, and a space where the script has them: the first piece of a text is cut otherwise than one inside.
    let spaced = !matches!(lang.primary(), "zh" | "ja" | "th" | "lo" | "km" | "my");
    let (comma, before) = if spaced { (',', ", ") } else { ('，', "，") };
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
