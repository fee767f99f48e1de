//! The fields of SentencePiece's protocol buffer that decide how a text is cut (`sentencepiece_model.proto`).

use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub(in super::super) struct ModelProto {
    #[prost(message, repeated, tag = "1")]
    pub(in super::super) pieces: Vec<Piece>,
    #[prost(message, optional, tag = "2")]
    pub(in super::super) trainer: Option<TrainerSpec>,
    #[prost(message, optional, tag = "3")]
    pub(in super::super) normalizer: Option<NormalizerSpec>,
}

#[derive(Clone, PartialEq, Message)]
pub(in super::super) struct Piece {
    #[prost(string, optional, tag = "1")]
    pub(in super::super) spelling: Option<String>,
    #[prost(float, optional, tag = "2")]
    pub(in super::super) score: Option<f32>,
    #[prost(enumeration = "Kind", optional, tag = "3")]
    pub(in super::super) kind: Option<i32>,
}

/// The kind of a piece; a file that states none means a normal one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
pub(in super::super) enum Kind {
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}

#[derive(Clone, PartialEq, Message)]
pub(in super::super) struct TrainerSpec {
    /// 1: Unigram, 2: BPE, 3: words, 4: characters.
    #[prost(int32, optional, tag = "3")]
    pub(in super::super) model_type: Option<i32>,
    #[prost(int32, optional, tag = "4")]
    pub(in super::super) vocab_size: Option<i32>,
    #[prost(bool, optional, tag = "24")]
    pub(in super::super) treat_whitespace_as_suffix: Option<bool>,
    #[prost(bool, optional, tag = "35")]
    pub(in super::super) byte_fallback: Option<bool>,
    #[prost(int32, optional, tag = "40")]
    pub(in super::super) unk_id: Option<i32>,
    #[prost(int32, optional, tag = "41")]
    pub(in super::super) bos_id: Option<i32>,
    #[prost(int32, optional, tag = "42")]
    pub(in super::super) eos_id: Option<i32>,
    #[prost(int32, optional, tag = "43")]
    pub(in super::super) pad_id: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
pub(in super::super) struct NormalizerSpec {
    #[prost(string, optional, tag = "1")]
    pub(in super::super) name: Option<String>,
    #[prost(bytes = "vec", optional, tag = "2")]
    pub(in super::super) precompiled_charsmap: Option<Vec<u8>>,
    #[prost(bool, optional, tag = "3")]
    pub(in super::super) add_dummy_prefix: Option<bool>,
    #[prost(bool, optional, tag = "4")]
    pub(in super::super) remove_extra_whitespaces: Option<bool>,
    #[prost(bool, optional, tag = "5")]
    pub(in super::super) escape_whitespaces: Option<bool>,
}
