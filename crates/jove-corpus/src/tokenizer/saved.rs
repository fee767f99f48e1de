//! Reading back what was written for a tokenizer, and comparing how it cuts odd texts.

use std::path::Path;

use tokenizers::normalizers::NormalizerWrapper;
use unicode_normalization::is_nfc;

use super::Tokenizer;
use super::class::Class;
use super::load::{from_sentencepiece, parse_json};
use super::sentencepiece::Family;
use crate::error::{Error, Result};

/// Texts on which rules differ: case, accents, Han, marks that combine, white space, controls, full-width forms, several scripts,
/// words that are long, and spellings of special tokens.
const ODD_TEXTS: [&str; 22] = [
    "",
    " ",
    "The cat sat on the mat.  Twice, too\u{a0}far —",
    "Schön, naïve Ångström: ÉCOLE, garçon, İstanbul, ΣΊΣΥΦΟΣ",
    "scho\u{308}n, e\u{301}cole, A\u{30a}, tie\u{302}\u{301}ng Vie\u{323}\u{302}t",
    "中国北京 2024年，人口超过900万！？（全角）",
    "パンダとか、が・か\u{3099}・ハ\u{309a}・ｶﾞ・ﾊﾟ",
    "각각 \u{1100}\u{1161}\u{11a8}",
    "अपने घर में, नहीं; বাংলা ভাষা",
    "ภาษาไทยไม่มีช่องว่าง ၊ ខ្មែរ",
    "قَالَ مُحَمَّدٌ \u{645}\u{651}\u{64e}؛ שָׁלוֹם \u{5e9}\u{5c1}\u{5bc}\u{5b8}",
    "👩\u{200d}👩\u{200d}👧 and 🦀\u{fe0f} #1️⃣",
    "tab\tline\nfeed\r\nnext\u{85}line\u{3000}wide\u{2003}em",
    "zero\u{200b}width\u{feff}bom\u{ad}soft\u{1}control\u{fffd}",
    "ﬁ ㎏ ① ² ½ ™ Å ～〜 Ｆｕｌｌ",
    "  leading and trailing  ",
    "▁low▁line _under_ a▁ ▁",
    "[CLS] [MASK] <s> <mask> </s> <pad> [UNK]",
    "don't e.g. U.S.A. 3.14 1,000 C++ #tag @user http://x.y/z?q=1",
    "Привет, мир! Ёлка й и\u{306}",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b",
    "𝔘𝔫𝔦 𠀀𠀁 \u{e000}\u{10ffff}",
];

/// How many pieces of the vocabulary are read as text besides.
const PIECES: usize = 200;

/// The texts that a tokenizer is compared on: odd ones, and pieces of its own vocabulary.
fn texts(tokenizer: &Tokenizer) -> Vec<String> {
    let size = tokenizer.specials().vocab_size as usize;
    let step = (size / PIECES).max(1);
    let ids = (0..size).step_by(step).filter_map(|id| tokenizer.inner.id_to_token(id as u32));
    let pieces: Vec<String> = ids.map(|piece| piece.trim_start_matches("##").replace('▁', " ")).collect();
    let joined =
        pieces.chunks(8).flat_map(|pieces| [pieces.join(" "), pieces.concat(), pieces.join("").to_uppercase()]);
    ODD_TEXTS.iter().map(|text| (*text).to_owned()).chain(joined).collect()
}

/// A text on which the two give different tokens, of those that `takes` accepts.
fn difference(one: &Tokenizer, other: &Tokenizer, takes: impl Fn(&str) -> bool) -> Result<Option<String>> {
    for text in texts(one).into_iter().filter(|text| takes(text)) {
        if one.encode_text(&text)?.tokens != other.encode_text(&text)?.tokens {
            return Ok(Some(text));
        }
    }
    Ok(None)
}

/// Fails where the text of a `tokenizer.json`, read alone or by the class that its configuration names, cuts otherwise.
pub(super) fn check_json(tokenizer: &Tokenizer, json: &[u8], class: Class) -> Result<()> {
    let origin = Path::new("tokenizer.json");
    let unfaithful = |file, text| Err(Error::Unfaithful { file, text });
    let read = parse_json(json, &tokenizer.names, origin)?;
    if let Some(text) = difference(tokenizer, &read, |_| true)? {
        return unfaithful("tokenizer.json", text);
    }
    if let Some(rebuilt) = class.rebuild(&read, origin)?
        && let Some(text) = difference(tokenizer, &rebuilt, |_| true)?
    {
        return unfaithful("tokenizer_config.json", text);
    }
    Ok(())
}

/// Whether a SentencePiece model, numbered as XLM-R's or CamemBERT's, cuts as the tokenizer does. A published `tokenizer.json`
/// doesn't compose characters where its SentencePiece model does, so decomposed text tells nothing of those two.
pub(super) fn is_told_by(tokenizer: &Tokenizer, model: &[u8]) -> bool {
    let mapped = matches!(tokenizer.inner.get_normalizer(), Some(NormalizerWrapper::Precompiled(_)));
    let takes = |text: &str| !mapped || is_nfc(text);
    let families = [Family::XlmRoberta, Family::Camembert];
    families.into_iter().any(|family| {
        let read = from_sentencepiece(model.to_vec(), family, &tokenizer.names, Path::new("sentencepiece.bpe.model"));
        read.is_ok_and(|read| {
            read.specials == tokenizer.specials && matches!(difference(tokenizer, &read, takes), Ok(None))
        })
    })
}
