//! Cloze questions in words, the same for every vocabulary.

use jove_core::{AnnotatedText, ByteSpan, EntityId, Lang, Mention, TokenId, TokenSpan, TokenizedText};
use jove_corpus::Tokenizer;
use jove_kb::PredicateId;
use serde::{Deserialize, Serialize};

use crate::cloze::ClozeItem;
use crate::error::Error;

/// An entity under the name by which a question offers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The entity.
    pub entity: EntityId,
    /// Its name; it holds a letter or a digit.
    pub name: String,
}

/// A sentence with a gap, and names for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClozeQuestion {
    /// The sentence with the correct name in the gap.
    pub text: String,
    /// Its language.
    pub lang: Lang,
    /// The gap.
    pub gap: ByteSpan,
    /// The subject of the fact that the sentence states; `None` in text.
    pub subject: Option<ByteSpan>,
    /// The relation of that fact; `None` in text.
    pub relation: Option<PredicateId>,
    /// The entities that the rest of the sentence names.
    pub others: Vec<EntityId>,
    /// The candidates, in random order.
    pub candidates: Vec<Candidate>,
    /// The index of the correct one.
    pub answer: usize,
}

impl ClozeQuestion {
    /// The sentence around the gap.
    pub fn around(&self) -> [&str; 2] {
        [&self.text[..self.gap.range().start], &self.text[self.gap.range().end..]]
    }

    /// The correct candidate.
    pub fn gold(&self) -> &Candidate {
        &self.candidates[self.answer]
    }

    /// The question in tokens. Candidates are tokenized in the place of the gap; one that the vocabulary has no token for is
    /// an unknown token.
    ///
    /// # Errors
    /// Where a text cannot be tokenized.
    pub fn item(&self, tokenizer: &Tokenizer) -> Result<ClozeItem, Error> {
        let [before, after] = self.around();
        let unknown = tokenizer.specials().unknown;
        let tokens_of = |candidate: &Candidate| -> Result<Vec<TokenId>, Error> {
            let found = in_place([before, &candidate.name, after], self.lang, &[], tokenizer)?;
            Ok(found.map_or_else(|| vec![unknown], |(text, spans)| text.tokens[spans[0].range()].to_vec()))
        };
        let candidates = self.candidates.iter().map(tokens_of).collect::<Result<_, _>>()?;
        let other: Vec<ByteSpan> = self.subject.into_iter().collect();
        let own = self.gap.slice(&self.text).unwrap_or_default();
        let item = |tokens, gap, subject| ClozeItem { tokens, gap, subject, candidates, answer: self.answer };
        if let Some((text, spans)) = in_place([before, own, after], self.lang, &other, tokenizer)? {
            return Ok(item(text.tokens, spans[0], spans.get(1).copied()));
        }
        let [mut tokens, rest] = [tokenizer.encode_text(before)?.tokens, tokenizer.encode_text(after)?.tokens];
        let start = tokens.len() as u32;
        tokens.push(unknown);
        tokens.extend(rest);
        Ok(item(tokens, TokenSpan::new(start, start + 1), None))
    }
}

/// The tokens of three parts together, and the spans of the middle one and of `others`, which lie outside of it; `None` where
/// the middle one has no token. Others without a token are left out.
fn in_place(
    [before, name, after]: [&str; 3],
    lang: Lang,
    others: &[ByteSpan],
    tokenizer: &Tokenizer,
) -> Result<Option<(TokenizedText, Vec<TokenSpan>)>, Error> {
    let own = ByteSpan::new(before.len() as u32, (before.len() + name.len()) as u32);
    // The number of a span takes the place of its entity.
    let mut mentions: Vec<Mention> = [own]
        .iter()
        .chain(others)
        .zip(0..)
        .map(|(&span, number)| Mention { span, entity: EntityId(number), score: 1.0 })
        .collect();
    mentions.sort_by_key(|mention| mention.span);
    let text = AnnotatedText { text: format!("{before}{name}{after}"), lang, words: Vec::new(), mentions };
    let tokens = tokenizer.encode(&text)?;
    let mut spans: Vec<(TokenSpan, EntityId)> =
        tokens.mentions.iter().copied().filter(|(span, _)| !span.is_empty()).collect();
    spans.sort_by_key(|&(_, number)| number);
    let has_own = spans.first().is_some_and(|&(_, number)| number == EntityId(0));
    let spans = spans.into_iter().map(|(span, _)| span).collect();
    Ok(has_own.then_some((tokens, spans)))
}
