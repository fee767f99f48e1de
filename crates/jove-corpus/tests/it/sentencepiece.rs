//! A vocabulary trained here, written as a SentencePiece model, against the figures of SentencePiece itself
//! (`fixtures/sentencepiece_figures.py` made them).

use jove_corpus::{Tokenizer, TrainerKind};
use serde::Deserialize;

#[derive(Deserialize)]
struct Figure {
    text: String,
    ids: Vec<u32>,
}

#[test]
fn sentencepiece_cuts_as_a_vocabulary_that_was_trained_here() {
    let figures: Vec<Figure> = serde_json::from_str(include_str!("../fixtures/sentencepiece.json")).unwrap();
    let texts = include_str!("../fixtures/texts.txt");
    let trained = Tokenizer::train(TrainerKind::Unigram, texts.lines(), 420).unwrap();
    let folder = tempfile::tempdir().unwrap();
    trained.save(folder.path()).unwrap();
    let reread = Tokenizer::load(&folder.path().join("sentencepiece.bpe.model")).unwrap();
    assert_eq!(reread.specials(), trained.specials());
    for Figure { text, ids } in figures {
        for tokenizer in [&trained, &reread] {
            let found: Vec<u32> = tokenizer.encode_text(&text).unwrap().tokens.iter().map(|token| token.0).collect();
            assert_eq!(found, ids, "{text:?}");
        }
    }
}
