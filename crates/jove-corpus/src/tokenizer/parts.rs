//! The rules of each layout: normalisation, word boundaries, special tokens at the ends.

use std::path::Path;

use jove_core::Layout;
use tokenizers::decoders::DecoderWrapper;
use tokenizers::models::ModelWrapper;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::{BertNormalizer, NFKC, Nmt, NormalizerWrapper, Precompiled, Sequence};
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::pre_tokenizers::metaspace::{Metaspace, PrependScheme};
use tokenizers::pre_tokenizers::sequence::Sequence as PreSequence;
use tokenizers::pre_tokenizers::whitespace::WhitespaceSplit;
use tokenizers::processors::bert::BertProcessing;
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{AddedToken, Tokenizer};

use crate::error::{Error, Result};

/// What SentencePiece writes for a word's start.
pub(super) const SPACE: &str = "▁";

/// The spelling of the special pieces.
pub(super) struct SpecialNames {
    pub(super) first: &'static str,
    pub(super) separator: &'static str,
    pub(super) pad: &'static str,
    pub(super) unknown: &'static str,
    pub(super) mask: &'static str,
}

pub(super) const fn special_names(layout: Layout) -> SpecialNames {
    match layout {
        Layout::Bert => {
            SpecialNames { first: "[CLS]", separator: "[SEP]", pad: "[PAD]", unknown: "[UNK]", mask: "[MASK]" }
        }
        Layout::XlmRoberta => {
            SpecialNames { first: "<s>", separator: "</s>", pad: "<pad>", unknown: "<unk>", mask: "<mask>" }
        }
    }
}

/// BERT's rules around a WordPiece model: Han characters are words of their own, others end at white space and
/// punctuation.
pub(super) fn bert(model: ModelWrapper, lowercase: bool, origin: &Path) -> Result<Tokenizer> {
    let rejected = |error| Error::malformed(origin, "a WordPiece vocabulary", error);
    let mut tokenizer = Tokenizer::new(model);
    // Accents are removed exactly where letters are lower-cased, as in the published models.
    tokenizer.with_normalizer(Some(BertNormalizer::new(true, true, None, lowercase))).map_err(rejected)?;
    tokenizer.with_pre_tokenizer(Some(BertPreTokenizer));
    tokenizer.with_decoder(Some(DecoderWrapper::WordPiece(tokenizers::decoders::wordpiece::WordPiece::default())));
    let names = special_names(Layout::Bert);
    add_specials(&mut tokenizer, &[names.pad, names.unknown, names.first, names.separator, names.mask], origin)?;
    let end = |piece: &'static str| tokenizer.token_to_id(piece).map(|id| (piece.to_owned(), id));
    if let (Some(separator), Some(first)) = (end(names.separator), end(names.first)) {
        tokenizer.with_post_processor(Some(BertProcessing::new(separator, first)));
    }
    Ok(tokenizer)
}

/// A WordPiece model of numbered pieces; of repeated spellings the last one counts.
pub(super) fn word_piece(pieces: impl IntoIterator<Item = (String, u32)>, origin: &Path) -> Result<ModelWrapper> {
    let rejected = |error| Error::malformed(origin, "a WordPiece vocabulary", error);
    // This is the only way to construct the crate's own map type without a further dependency.
    let mut vocab = WordPiece::read_bytes(&[]).map_err(rejected)?;
    vocab.extend(pieces);
    let unknown = special_names(Layout::Bert).unknown.to_owned();
    WordPiece::builder().vocab(vocab).unk_token(unknown).build().map(ModelWrapper::from).map_err(rejected)
}

/// XLM-R's rules around a Unigram model. Without a character map of its own the text is normalised by NFKC and the
/// white-space rules of SentencePiece's `nmt_nfkc`.
pub(super) fn xlm_roberta(model: ModelWrapper, charsmap: Option<Precompiled>, origin: &Path) -> Result<Tokenizer> {
    let rejected = |error| Error::malformed(origin, "a Unigram vocabulary", error);
    let mut tokenizer = Tokenizer::new(model);
    tokenizer.with_normalizer(Some(unigram_normalizer(charsmap))).map_err(rejected)?;
    tokenizer.with_pre_tokenizer(Some(PreSequence::new(vec![WhitespaceSplit.into(), metaspace().into()])));
    tokenizer.with_decoder(Some(DecoderWrapper::Metaspace(metaspace())));
    let names = special_names(Layout::XlmRoberta);
    add_specials(&mut tokenizer, &[names.first, names.pad, names.separator, names.unknown, names.mask], origin)?;
    let ends: Option<Vec<_>> = [names.first, names.separator]
        .map(|piece| tokenizer.token_to_id(piece).map(|id| (piece, id)))
        .into_iter()
        .collect();
    if let Some(ends) = ends {
        let template = TemplateProcessing::builder()
            .try_single("<s> $A </s>")
            .and_then(|builder| builder.try_pair("<s> $A </s> </s> $B </s>"))
            .map_err(|error| Error::malformed(origin, "a template", error))?
            .special_tokens(ends)
            .build()
            .map_err(|error| Error::malformed(origin, "a template", error))?;
        tokenizer.with_post_processor(Some(template));
    }
    Ok(tokenizer)
}

/// The normaliser of a Unigram model.
pub(super) fn unigram_normalizer(charsmap: Option<Precompiled>) -> NormalizerWrapper {
    match charsmap {
        Some(map) => NormalizerWrapper::Precompiled(map),
        None => Sequence::new(vec![NormalizerWrapper::Nmt(Nmt), NormalizerWrapper::NFKC(NFKC)]).into(),
    }
}

fn metaspace() -> Metaspace {
    Metaspace::new('▁', PrependScheme::Always, true)
}

fn add_specials(tokenizer: &mut Tokenizer, names: &[&str], origin: &Path) -> Result<()> {
    // A missing piece would be added at the end of the vocabulary; the caller rejects it instead.
    let known = names.iter().filter(|name| tokenizer.token_to_id(name).is_some());
    let added: Vec<AddedToken> = known
        .map(|&name| {
            // XLM-R's mask takes the space before it, so that `a <mask>` is two tokens.
            AddedToken::from(name, true).lstrip(name == "<mask>")
        })
        .collect();
    tokenizer
        .add_special_tokens(added)
        .map(|_| ())
        .map_err(|error| Error::malformed(origin, "special pieces that can be added", error))
}
