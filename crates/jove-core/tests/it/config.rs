//! Model shapes and special tokens.

use jove_core::{ModelConfig, SpecialTokens, TokenId};

fn refused(change: impl Fn(&mut ModelConfig), expected: &str) {
    let mut config = ModelConfig::bert(100, 32, 2, 4, 64);
    config.validate().unwrap();
    change(&mut config);
    let message = config.validate().unwrap_err().to_string();
    assert!(message.starts_with(expected), "{message}");
}

#[test]
fn shapes_outside_their_range_are_refused_by_name() {
    refused(|c| c.vocab_size = 0, "model.vocab-size: expected a whole number from 1");
    refused(|c| c.hidden_size = 1 << 31, "model.hidden-size");
    refused(|c| c.num_hidden_layers = 0, "model.num-hidden-layers");
    refused(|c| c.num_attention_heads = 0, "model.num-attention-heads: expected a whole number");
    refused(|c| c.num_attention_heads = 3, "model.num-attention-heads: expected a divisor of hidden-size 32, found 3");
    refused(|c| c.intermediate_size = 0, "model.intermediate-size");
    refused(|c| c.max_position_embeddings = 0, "model.max-position-embeddings");
    refused(|c| c.type_vocab_size = 0, "model.type-vocab-size");
    refused(|c| c.hidden_dropout_prob = 1.0, "model.hidden-dropout-prob: expected a number from 0 to below 1, found 1");
    refused(|c| c.attention_probs_dropout_prob = -0.1, "model.attention-probs-dropout-prob");
    refused(|c| c.layer_norm_eps = f64::NAN, "model.layer-norm-eps");
    refused(|c| c.initializer_range = f64::INFINITY, "model.initializer-range");
    refused(|c| c.pad_token_id = 100, "model.pad-token-id: expected an id of the vocabulary, found 100");
}

#[test]
fn positions_start_where_each_family_starts_them() {
    let (bert, xlm) = (ModelConfig::bert(100, 32, 2, 4, 64), ModelConfig::xlm_roberta(100, 32, 2, 4, 64));
    xlm.validate().unwrap();
    assert_eq!([bert.first_position(), xlm.first_position()], [0, 2]);
    let short = ModelConfig { max_position_embeddings: 2, ..xlm };
    assert_eq!(short.max_sequence_length(), 0);
    assert!(short.validate().is_err());
}

#[test]
fn only_the_five_special_tokens_are_special() {
    let [first, separator, pad, unknown, mask] = [101, 102, 0, 100, 103].map(TokenId);
    let specials = SpecialTokens { first, separator, pad, unknown, mask, vocab_size: 200 };
    let found: Vec<u32> = (0..200).filter(|id| specials.contains(TokenId(*id))).collect();
    assert_eq!(found, [0, 100, 101, 102, 103]);
}
