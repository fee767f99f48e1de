//! Sentences as each variant sees them in its first epoch, for the report.

use jove_core::script::writes_spaces;
use jove_core::{AnnotatedText, ByteSpan, Purpose, Seed, TokenId};
use jove_corpus::{AnnotatedReader, Tokenizer};
use jove_masking::{MaskAction, MaskConfig, MaskPlan, SameType, plan_with};

use crate::cache::Stage;
use crate::error::Result;
use crate::files::read_lines;
use crate::own_texts::own_texts;
use crate::prepared::Prepared;
use crate::report::content::{Piece, Preview};
use crate::stage::text::TextRecord;
use crate::stage::{StageContext, annotate, knowledge, text, tokenizer};
use crate::variant::Variant;

/// Sentences shown for each variant.
const SHOWN: usize = 3;

/// Sentences shorter than this, in characters, show too little.
const CHARS_MIN: usize = 12;

/// Held-out texts of the user's own, at random over sources and languages, masked as a variant would mask them; those with links
/// to the true graph first. Every variant gets the same texts.
pub(crate) fn previews(work: &StageContext<'_>, variant: &Variant, prepared: &Prepared) -> Result<Vec<Preview>> {
    let corpus = prepared.corpus(variant);
    let masker = Masker {
        tokenizer: tokenizer::open(&corpus.vocabulary)?,
        masking: variant.masking.clone(),
        replacements: knowledge::replacement_names(work, variant, &prepared.base, &corpus.vocabulary)?,
    };
    let read = |stage: &Stage| AnnotatedReader::open(&stage.file(annotate::DEV));
    let linked: Vec<AnnotatedText> = read(&prepared.annotated)?.collect::<Result<_, _>>()?;
    let sources =
        read_lines::<TextRecord>(&prepared.text.file(text::DEV))?.into_iter().map(|record| Some(record.source));
    let chosen: Vec<usize> = own_texts(sources.zip(linked), CHARS_MIN).into_iter().take(SHOWN).collect();
    let mut shown: Vec<(usize, AnnotatedText)> = Vec::new();
    for (number, own) in read(&corpus.annotated)?.enumerate() {
        if chosen.contains(&number) {
            shown.push((number, own?));
        }
    }
    let preview = |number: &usize| {
        let (_, own) = shown.iter().find(|(other, _)| other == number)?;
        let pieces = masker.pieces(own, *number as u64);
        Some(pieces.map(|pieces| Preview { variant: variant.name.clone(), pieces }))
    };
    chosen.iter().filter_map(preview).collect()
}

/// What a variant masks with.
struct Masker {
    tokenizer: Tokenizer,
    masking: MaskConfig,
    replacements: SameType,
}

/// A masked token's place in the text.
struct Masked {
    span: ByteSpan,
    kind: String,
    replaced_by: Option<String>,
}

impl Masker {
    /// A text in pieces, masked by the random stream of this example.
    fn pieces(&self, text: &AnnotatedText, example: u64) -> Result<Vec<Piece>> {
        let tokens = self.tokenizer.encode(text)?;
        let offsets = self.tokenizer.encode_text(&text.text)?.offsets;
        let mut rng = Seed(0).rng(Purpose::Mask, 0, example);
        let plan = plan_with(&tokens, &self.masking, &self.tokenizer.specials(), &self.replacements, &mut rng)?;
        let mut masked = Vec::new();
        for target in &plan.targets {
            if let Some(&span) = offsets.get(target.position as usize) {
                let replaced_by = self.replacement(text, &plan, target.position)?;
                masked.push(Masked { span, kind: target.kind.as_str().to_owned(), replaced_by });
            }
        }
        Ok(pieces(text, &masked))
    }

    /// The name that replaces the unit at a position, if one does.
    fn replacement(&self, text: &AnnotatedText, plan: &MaskPlan, position: u32) -> Result<Option<String>> {
        let Some(unit) = plan.units.iter().find(|unit| unit.span.range().contains(&(position as usize))) else {
            return Ok(None);
        };
        let of_unit = plan.targets.iter().filter(|target| unit.span.range().contains(&(target.position as usize)));
        let name: Vec<TokenId> =
            of_unit.filter(|target| target.action == MaskAction::Swap).map(|target| target.input).collect();
        if name.is_empty() {
            return Ok(None);
        }
        let name = self.tokenizer.decode(&name)?;
        Ok(Some(if writes_spaces(text.lang) { name } else { name.replace(' ', "") }))
    }
}

/// Cuts a text where masking or linking begins or ends; neighbours that look alike are joined.
fn pieces(text: &AnnotatedText, masked: &[Masked]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for (at, character) in text.text.char_indices() {
        let here = ByteSpan::new(at as u32, (at + character.len_utf8()) as u32);
        let found = masked.iter().find(|masked| masked.span.overlaps(here));
        let (masked_as, replaced_by) = found.map_or((None, None), |m| (Some(m.kind.clone()), m.replaced_by.clone()));
        let linked = text.mentions.iter().any(|mention| mention.span.overlaps(here));
        match pieces.last_mut() {
            Some(last) if (&last.masked_as, &last.replaced_by, last.linked) == (&masked_as, &replaced_by, linked) => {
                last.text.push(character);
            }
            _ => pieces.push(Piece { text: character.to_string(), masked_as, replaced_by, linked }),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use jove_core::{EntityId, Lang, Mention};
    use jove_corpus::TrainerKind;
    use jove_masking::{TypedName, UnitWeights};

    use super::*;

    fn text(lang: Lang, text: &str, end: u32) -> AnnotatedText {
        let mention = Mention { span: ByteSpan::new(0, end), entity: EntityId(1), score: 1.0 };
        AnnotatedText { text: text.into(), lang, words: vec![], mentions: vec![mention] }
    }

    #[test]
    fn pieces_make_up_the_text_again() {
        let text = text(Lang::ZH, "法国👍 is", 6);
        let masked =
            |start, end, kind: &str| Masked { span: ByteSpan::new(start, end), kind: kind.into(), replaced_by: None };
        let pieces = pieces(&text, &[masked(3, 6, "entity"), masked(11, 13, "word")]);
        let joined: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(joined, text.text);
        assert_eq!(pieces.len(), 4);
        let second = Piece { text: "国".into(), masked_as: Some("entity".into()), replaced_by: None, linked: true };
        assert_eq!(pieces[1], second);
        assert!(super::pieces(&AnnotatedText { text: String::new(), ..text }, &[]).is_empty());
    }

    /// What is shown of the first name of a text whose entities are masked and always, or never, replaced.
    fn check(lang: Lang, name: &str, other: &str, entity_swap: f64, expected: Option<&str>) {
        let words = vec![format!("{name} {other} , ， is large 很大"); 5];
        let tokenizer = Tokenizer::train(TrainerKind::WordPiece, words, 100).unwrap();
        let typed = |entity, name: &str| TypedName {
            entity: EntityId(entity),
            kind: 0,
            lang,
            tokens: tokenizer.encode_text(name).unwrap().tokens,
        };
        let replacements = SameType::new([typed(1, ""), typed(2, other)]);
        let weights = UnitWeights { entity: 1.0, pos: 0.0, word: 0.0, span: 0.0, token: 0.0 };
        let masking = MaskConfig { budget: 0.9, weights, entity_swap, ..MaskConfig::kg() };
        let masker = Masker { tokenizer, masking, replacements };
        let text = text(lang, &format!("{name} is large"), name.len() as u32);
        let pieces = masker.pieces(&text, 0).unwrap();
        let first = Piece {
            text: name.into(),
            masked_as: Some("entity".into()),
            replaced_by: expected.map(str::to_owned),
            linked: true,
        };
        assert_eq!(pieces[0], first, "{name}");
    }

    #[test]
    fn names_are_shown_with_what_replaces_them() {
        check(Lang::ZH, "法国", "德国", 1.0, Some("德国"));
        check(Lang::EN, "france", "poland", 1.0, Some("poland"));
        check(Lang::ZH, "法国", "德国", 0.0, None);
        check(Lang::ZH, "法国", "德意志", 1.0, None);
    }
}
