//! A masked text can be put together again, in both families of tokenizers.

use std::sync::LazyLock;

use jove_core::{AnnotatedText, ByteSpan, EntityId, Lang, Mention, Pos, Purpose, Seed, Word};
use jove_corpus::{Tokenizer, TrainerKind};
use jove_masking::{MaskConfig, plan};
use proptest::prelude::*;

static BOTH: LazyLock<[Tokenizer; 2]> = LazyLock::new(|| {
    let texts = ["北京是中国的首都。", "Paris is the capital of France.", "東京タワー", "שלום 🦀 naïve"];
    [TrainerKind::WordPiece, TrainerKind::Unigram]
        .map(|kind| Tokenizer::train(kind, texts.iter().cycle().take(12), 120).unwrap())
});

/// A text cut at every `every`-th character; every other piece is a word, and every third one a mention.
fn annotated(text: String, every: usize) -> AnnotatedText {
    let mut bounds: Vec<u32> = text.char_indices().map(|(at, _)| at as u32).step_by(every).collect();
    bounds.push(text.len() as u32);
    let spans: Vec<ByteSpan> = bounds.windows(2).map(|pair| ByteSpan::new(pair[0], pair[1])).collect();
    let word = |span: &ByteSpan| Word { span: *span, pos: Pos::Noun };
    let mention = |span: &ByteSpan| Mention { span: *span, entity: EntityId(span.start), score: 1.0 };
    AnnotatedText {
        lang: Lang::UND,
        words: spans.iter().step_by(2).map(word).collect(),
        mentions: spans.iter().skip(1).step_by(3).map(mention).collect(),
        text,
    }
}

proptest! {
    #[test]
    fn unmasked_pieces_make_up_the_text(
        text in "(\\PC|[北京中国东éא🦀𠀀\u{301}\u{200d}ﬁ㎏\u{200b}\u{1}\n\t ]|the |China|\\[MASK\\]|<mask>){0,40}",
        every in 1..5usize,
        seed: u64,
        budget in 0.05..0.9f64,
    ) {
        let text = annotated(text, every);
        for tokenizer in BOTH.iter() {
            let encoding = tokenizer.encode_text(&text.text).unwrap();
            let tokens = tokenizer.encode(&text).unwrap();
            let (config, specials) = (MaskConfig { budget, ..MaskConfig::kg() }, tokenizer.specials());
            let mut rng = Seed(seed).rng(Purpose::Mask, 0, 0);
            let plan = plan(&tokens, &config, &specials, &mut rng).unwrap();

            let seen = plan.apply(&tokens.tokens);
            let restored = plan.restore(&seen);
            prop_assert_eq!(&restored, &encoding.tokens);
            prop_assert_eq!(tokenizer.decode(&restored).unwrap(), tokenizer.decode(&encoding.tokens).unwrap());
            // What is not hidden stands in the text as it did, unknown characters and white space included.
            let hidden: Vec<usize> = plan.targets.iter().map(|target| target.position as usize).collect();
            let mut whole = String::new();
            for (position, slice) in encoding.slices(&text.text).into_iter().enumerate() {
                prop_assert!(hidden.contains(&position) || seen[position] == encoding.tokens[position]);
                whole.push_str(slice);
            }
            prop_assert!(whole == text.text || encoding.tokens.is_empty());
        }
    }
}
