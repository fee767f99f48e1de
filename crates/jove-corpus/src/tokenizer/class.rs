//! Which class of `transformers` cuts as a tokenizer does.
//!
//! `transformers` 5 doesn't read the rules of a `tokenizer.json` for the classes of its models: it takes the pieces and builds
//! the class's own rules around them. So a class is named only where its rules are the tokenizer's; the general class
//! reads the file as it is.

use std::path::Path;

use jove_core::Layout;
use serde_json::{Value, json};
use tokenizers::models::ModelWrapper;
use tokenizers::normalizers::NormalizerWrapper;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;

use super::names::SpecialNames;
use super::parts::{self, BertRules};
use super::{Parts, Tokenizer};
use crate::error::Result;

/// A class whose rules are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// `BertTokenizer` with its flags.
    Bert(BertRules),
    /// `XLMRobertaTokenizer`, which keeps a character map.
    XlmRoberta,
    /// `PreTrainedTokenizerFast`, which follows `tokenizer.json`.
    General,
}

impl Class {
    /// The class that cuts as the tokenizer does.
    pub(super) fn of(tokenizer: &Tokenizer) -> Self {
        let plain = tokenizer.names == SpecialNames::of(tokenizer.layout) && !tokenizer.has_added();
        if !plain {
            return Self::General;
        }
        let inner = &tokenizer.inner;
        match (inner.get_model(), inner.get_pre_tokenizer()) {
            (ModelWrapper::WordPiece(model), Some(PreTokenizerWrapper::BertPreTokenizer(_)))
                if model.continuing_subword_prefix == "##" && model.max_input_chars_per_word == 100 =>
            {
                BertRules::of(inner.get_normalizer()).map_or(Self::General, Self::Bert)
            }
            (ModelWrapper::Unigram(model), words) if !model.byte_fallback() => {
                let mapped = matches!(inner.get_normalizer(), Some(NormalizerWrapper::Precompiled(_)));
                let numbered = tokenizer.specials.unknown.0 == 3;
                let spaced = words.is_some_and(|words| json!(words) == json!(parts::spaced_words()));
                if mapped && numbered && spaced { Self::XlmRoberta } else { Self::General }
            }
            _ => Self::General,
        }
    }

    /// The keys of `tokenizer_config.json` that make `transformers` choose the class.
    pub(super) fn configure(self, config: &mut Value) {
        match self {
            Self::Bert(rules) => {
                config["tokenizer_class"] = json!("BertTokenizer");
                config["do_lower_case"] = json!(rules.lowercase);
                config["tokenize_chinese_chars"] = json!(rules.han_apart);
                config["strip_accents"] = json!(rules.strip_accents);
            }
            Self::XlmRoberta => config["tokenizer_class"] = json!("XLMRobertaTokenizer"),
            Self::General => config["tokenizer_class"] = json!("PreTrainedTokenizerFast"),
        }
    }

    /// The tokenizer that the class builds around the pieces of a file; `None` for the class that follows the file.
    ///
    /// # Errors
    /// When the pieces don't make a tokenizer.
    pub(super) fn rebuild(self, file: &Tokenizer, origin: &Path) -> Result<Option<Tokenizer>> {
        let model = file.inner.get_model().clone();
        let names = SpecialNames::of(file.layout);
        let inner = match (self, file.layout) {
            (Self::General, _) | (Self::Bert(_), Layout::XlmRoberta) | (Self::XlmRoberta, Layout::Bert) => {
                return Ok(None);
            }
            (Self::Bert(rules), Layout::Bert) => parts::bert(model, rules.normalizer(), &names, origin)?,
            (Self::XlmRoberta, Layout::XlmRoberta) => {
                let map = file.inner.get_normalizer().cloned();
                parts::xlm_roberta(model, map, parts::spaced_words(), &names, origin)?
            }
        };
        Tokenizer::new(inner, Parts::new(names), origin).map(Some)
    }
}
