//! The rules of each layout: normalisation, word boundaries, special tokens at the ends.

use std::path::Path;

use tokenizers::decoders::DecoderWrapper;
use tokenizers::models::ModelWrapper;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::replace::ReplacePattern;
use tokenizers::normalizers::{BertNormalizer, NFC, NFD, NFKC, Nmt, NormalizerWrapper, Precompiled, Replace, Sequence};
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::pre_tokenizers::metaspace::{Metaspace, PrependScheme};
use tokenizers::pre_tokenizers::sequence::Sequence as PreSequence;
use tokenizers::pre_tokenizers::whitespace::WhitespaceSplit;
use tokenizers::processors::PostProcessorWrapper;
use tokenizers::processors::bert::BertProcessing;
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{AddedToken, Tokenizer};

use super::names::SpecialNames;
use crate::error::{Error, Result};

/// What SentencePiece writes for a word's start.
pub(super) const SPACE: &str = "▁";

/// The marks that combine with Latin, Greek and Cyrillic letters, as a regular expression.
const ACCENTS: &str = "[\u{300}-\u{36f}]+";

/// BERT's normalisation of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BertRules {
    /// Whether letters are lower-cased.
    pub(super) lowercase: bool,
    /// Whether marks are removed; `None`: where letters are lower-cased.
    pub(super) strip_accents: Option<bool>,
    /// Whether each Han character is a word of its own.
    pub(super) han_apart: bool,
}

impl BertRules {
    /// As a normaliser.
    pub(super) fn normalizer(self) -> NormalizerWrapper {
        BertNormalizer::new(true, self.han_apart, self.strip_accents, self.lowercase).into()
    }

    /// The rules of a normaliser that is BERT's, with control characters removed; `None` for any other.
    pub(super) fn of(normalizer: Option<&NormalizerWrapper>) -> Option<Self> {
        match normalizer {
            Some(NormalizerWrapper::BertNormalizer(rules)) if rules.clean_text => Some(Self {
                lowercase: rules.lowercase,
                strip_accents: rules.strip_accents,
                han_apart: rules.handle_chinese_chars,
            }),
            _ => None,
        }
    }
}

/// The normaliser of a WordPiece vocabulary that is trained here. BERT's own rule removes every mark, also those that make
/// か a が; this one removes accents of Latin, Greek and Cyrillic letters alone.
pub(super) fn trained_bert(lowercase: bool, strip_accents: bool) -> Result<NormalizerWrapper> {
    let bert = BertRules { lowercase, strip_accents: Some(false), han_apart: true }.normalizer();
    if !strip_accents {
        return Ok(bert);
    }
    let accents = Replace::new(ReplacePattern::Regex(ACCENTS.to_owned()), "")
        .map_err(|error| Error::Tokenize(error.to_string()))?;
    Ok(Sequence::new(vec![bert, NFD.into(), accents.into(), NFC.into()]).into())
}

/// BERT's rules around a WordPiece model: words end at white space and punctuation.
pub(super) fn bert(
    model: ModelWrapper,
    normalizer: NormalizerWrapper,
    names: &SpecialNames,
    origin: &Path,
) -> Result<Tokenizer> {
    let rejected = |error| Error::malformed(origin, "a WordPiece vocabulary", error);
    let mut tokenizer = Tokenizer::new(model);
    tokenizer.with_normalizer(Some(normalizer)).map_err(rejected)?;
    tokenizer.with_pre_tokenizer(Some(BertPreTokenizer));
    tokenizer.with_decoder(Some(DecoderWrapper::WordPiece(tokenizers::decoders::wordpiece::WordPiece::default())));
    add_specials(&mut tokenizer, &names.all(), names, origin)?;
    let end = |piece: &str| tokenizer.token_to_id(piece).map(|id| (piece.to_owned(), id));
    if let (Some(separator), Some(first)) = (end(&names.separator), end(&names.first)) {
        tokenizer.with_post_processor(Some(BertProcessing::new(separator, first)));
    }
    Ok(tokenizer)
}

/// A WordPiece model of numbered pieces; of repeated spellings the last one counts.
pub(super) fn word_piece(
    pieces: impl IntoIterator<Item = (String, u32)>,
    names: &SpecialNames,
    origin: &Path,
) -> Result<ModelWrapper> {
    let rejected = |error| Error::malformed(origin, "a WordPiece vocabulary", error);
    // This is the only way to construct the crate's own map type without a further dependency.
    let mut vocab = WordPiece::read_bytes(&[]).map_err(rejected)?;
    vocab.extend(pieces);
    WordPiece::builder().vocab(vocab).unk_token(names.unknown.clone()).build().map(ModelWrapper::from).map_err(rejected)
}

/// XLM-R's rules around a Unigram model.
pub(super) fn xlm_roberta(
    model: ModelWrapper,
    normalizer: Option<NormalizerWrapper>,
    words: PreTokenizerWrapper,
    names: &SpecialNames,
    origin: &Path,
) -> Result<Tokenizer> {
    let rejected = |error| Error::malformed(origin, "a Unigram vocabulary", error);
    let mut tokenizer = Tokenizer::new(model);
    tokenizer.with_normalizer(normalizer).map_err(rejected)?;
    tokenizer.with_pre_tokenizer(Some(words));
    tokenizer.with_decoder(Some(DecoderWrapper::Metaspace(metaspace(PrependScheme::Always, true))));
    let [pad, unknown, first, separator, mask] = names.all();
    add_specials(&mut tokenizer, &[first, pad, separator, unknown, mask], names, origin)?;
    let ends = ends(&tokenizer, names, origin)?;
    tokenizer.with_post_processor(ends);
    Ok(tokenizer)
}

/// What puts XLM-R's special tokens at the ends; `None` where the vocabulary lacks one.
pub(super) fn ends(tokenizer: &Tokenizer, names: &SpecialNames, origin: &Path) -> Result<Option<PostProcessorWrapper>> {
    let malformed = |error: &dyn ToString| Error::malformed(origin, "a template", error.to_string());
    let (first, separator) = (&names.first, &names.separator);
    let ids: Option<Vec<(String, u32)>> = [first, separator]
        .map(|piece| tokenizer.token_to_id(piece).map(|id| (piece.clone(), id)))
        .into_iter()
        .collect();
    let Some(ids) = ids else { return Ok(None) };
    let template = TemplateProcessing::builder()
        .try_single(format!("{first} $A {separator}"))
        .and_then(|builder| builder.try_pair(format!("{first} $A {separator} {separator} $B {separator}")))
        .map_err(|error| malformed(&error))?
        .special_tokens(ids)
        .build()
        .map_err(|error| malformed(&error))?;
    Ok(Some(template.into()))
}

/// XLM-R's words: they end at white space, and begin with `▁`.
pub(super) fn spaced_words() -> PreTokenizerWrapper {
    PreSequence::new(vec![WhitespaceSplit.into(), metaspace(PrependScheme::Always, true).into()]).into()
}

/// Words that begin where a space is, which becomes `▁`; all text is kept together where `split` is false.
pub(super) fn marked_words(split: bool) -> PreTokenizerWrapper {
    metaspace(PrependScheme::Never, split).into()
}

/// The normaliser of a Unigram model that is trained here: NFKC and the white-space rules of SentencePiece's `nmt_nfkc`.
pub(super) fn trained_unigram() -> NormalizerWrapper {
    Sequence::new(vec![NormalizerWrapper::Nmt(Nmt), NormalizerWrapper::NFKC(NFKC)]).into()
}

/// The normaliser that is a character map alone, as in the published models.
pub(super) fn mapped(charsmap: Precompiled) -> NormalizerWrapper {
    NormalizerWrapper::Precompiled(charsmap)
}

fn metaspace(scheme: PrependScheme, split: bool) -> Metaspace {
    Metaspace::new('▁', scheme, split)
}

fn add_specials(tokenizer: &mut Tokenizer, pieces: &[&str], names: &SpecialNames, origin: &Path) -> Result<()> {
    // A missing piece would be added at the end of the vocabulary; the caller rejects it instead.
    let known = pieces.iter().filter(|name| tokenizer.token_to_id(name).is_some());
    let added: Vec<AddedToken> = known
        .map(|&name| {
            // XLM-R's mask takes the space before it, so that `a <mask>` is two tokens.
            AddedToken::from(name, true).lstrip(name == "<mask>" && name == names.mask)
        })
        .collect();
    tokenizer
        .add_special_tokens(added)
        .map(|_| ())
        .map_err(|error| Error::malformed(origin, "special pieces that can be added", error))
}
