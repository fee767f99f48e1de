//! Sentences as each variant sees them in its first epoch, for the report.

use jove_core::{AnnotatedText, ByteSpan, Purpose, Seed};
use jove_corpus::{AnnotatedReader, Tokenizer};
use jove_masking::plan;

use crate::Result;
use crate::cache::Stage;
use crate::execute::TokenizedCorpus;
use crate::report::{Piece, Preview};
use crate::run::Variant;
use crate::stage::{annotate, tokenizer};

/// Sentences shown for each variant.
const SHOWN: usize = 3;

/// Sentences shorter than this, in characters, show too little.
const CHARS_MIN: usize = 12;

/// The first held-out sentences that name an entity by the true graph, masked as a variant would mask them.
pub(crate) fn previews(variant: &Variant, cut: &TokenizedCorpus, annotated: &Stage) -> Result<Vec<Preview>> {
    let tokenizer = tokenizer::open(&cut.vocabulary)?;
    let read = |stage: &Stage| AnnotatedReader::open(&stage.file(annotate::DEV));
    let mut previews = Vec::new();
    for (linked, own) in read(annotated)?.zip(read(&cut.annotated)?) {
        let (linked, own) = (linked?, own?);
        if previews.len() == SHOWN {
            break;
        }
        if linked.mentions.len() > 1 && linked.text.chars().count() >= CHARS_MIN {
            previews.push(preview(variant, &tokenizer, &own, previews.len() as u64)?);
        }
    }
    Ok(previews)
}

fn preview(variant: &Variant, tokenizer: &Tokenizer, text: &AnnotatedText, number: u64) -> Result<Preview> {
    let tokens = tokenizer.encode(text)?;
    let offsets = tokenizer.encode_text(&text.text)?.offsets;
    let mut rng = Seed(0).rng(Purpose::Mask, 0, number);
    let mask = plan(&tokens, &variant.masking, &tokenizer.specials(), &mut rng)?;
    let kinds = mask.targets.iter().map(|target| (target.position as usize, target.kind.as_str().to_owned()));
    let masked: Vec<(ByteSpan, String)> =
        kinds.filter_map(|(position, kind)| Some((*offsets.get(position)?, kind))).collect();
    Ok(Preview { variant: variant.name.clone(), pieces: pieces(text, &masked) })
}

/// Cuts a text where masking or linking begins or ends; neighbours that look alike are joined.
fn pieces(text: &AnnotatedText, masked: &[(ByteSpan, String)]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for (at, character) in text.text.char_indices() {
        let here = ByteSpan::new(at as u32, (at + character.len_utf8()) as u32);
        let masked_as = masked.iter().find(|(span, _)| span.overlaps(here)).map(|(_, kind)| kind.clone());
        let linked = text.mentions.iter().any(|mention| mention.span.overlaps(here));
        match pieces.last_mut() {
            Some(last) if last.masked_as == masked_as && last.linked == linked => last.text.push(character),
            _ => pieces.push(Piece { text: character.to_string(), masked_as, linked }),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use jove_core::{EntityId, Lang, Mention};

    use super::*;

    #[test]
    fn pieces_make_up_the_text_again() {
        let mention = Mention { span: ByteSpan::new(0, 6), entity: EntityId(1), score: 1.0 };
        let text =
            AnnotatedText { text: "法国👍 is".into(), lang: Lang::ZH, words: vec![], mentions: vec![mention] };
        let pieces = pieces(&text, &[(ByteSpan::new(3, 6), "entity".into()), (ByteSpan::new(11, 13), "word".into())]);
        let joined: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(joined, text.text);
        assert_eq!(pieces.len(), 4);
        assert_eq!(pieces[1], Piece { text: "国".into(), masked_as: Some("entity".into()), linked: true });
    }
}
