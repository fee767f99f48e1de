//! How large a model, and how many tokens, fit into a time.

/// Sizes of an encoder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// Transformer layers.
    pub layers: usize,
    /// Hidden size; the feed-forward layer is four times as wide.
    pub hidden: usize,
    /// Attention heads.
    pub heads: usize,
    /// Pieces in the vocabulary.
    pub vocabulary: usize,
    /// The peak learning rate that suits the size.
    pub learning_rate: f64,
}

impl Size {
    /// From the smallest that learns anything to the size of BERT's base model. Learning rates fall with the width, as published
    /// recipes' do.
    const LADDER: [Self; 4] = [
        Self { layers: 2, hidden: 128, heads: 4, vocabulary: 0, learning_rate: 2e-3 },
        Self { layers: 4, hidden: 256, heads: 4, vocabulary: 0, learning_rate: 1e-3 },
        Self { layers: 6, hidden: 384, heads: 6, vocabulary: 0, learning_rate: 7e-4 },
        Self { layers: 12, hidden: 768, heads: 12, vocabulary: 0, learning_rate: 4e-4 },
    ];
}

/// What a time allows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Budget {
    pub(crate) size: Size,
    /// Tokens that each variant reads.
    pub(crate) tokens: u64,
    /// How often each variant reads the text.
    pub(crate) epochs: f64,
    /// Tokens a second.
    pub(crate) speed: f64,
}

/// Part of the time that training has; the rest is for links, vocabularies and probes.
const TRAINING: f64 = 0.8;

/// Reading a text more often teaches a small model little.
const EPOCHS_MAX: f64 = 40.0;

/// A larger model is worth its price where it still reads the text this often.
const EPOCHS_MIN: f64 = 3.0;

/// And this many tokens: with fewer, no model learns words.
const TOKENS_MIN: f64 = 1e6;

/// The largest size that reads the text a few times in the time that `arms` variants share, and for how many tokens.
pub(crate) fn budget(
    minutes: f64,
    arms: usize,
    text_tokens: f64,
    vocabulary: usize,
    speed: &dyn Fn(Size) -> f64,
) -> Budget {
    let seconds = minutes * 60.0 * TRAINING / arms.max(1) as f64;
    let text_tokens = text_tokens.max(1.0);
    let mut best = None;
    for size in Size::LADDER.map(|size| Size { vocabulary, ..size }) {
        let speed = speed(size);
        let affordable = speed * seconds;
        if best.is_some() && affordable < (EPOCHS_MIN * text_tokens).max(TOKENS_MIN) {
            break;
        }
        let tokens = rounded(affordable.min(EPOCHS_MAX * text_tokens));
        best = Some(Budget { size, tokens, epochs: tokens as f64 / text_tokens, speed });
        // Nothing is gained by a larger one that has next to nothing to read.
        if affordable < EPOCHS_MAX * text_tokens * 0.1 {
            break;
        }
    }
    best.expect("there is a smallest size")
}

/// Two digits, and at least one batch.
fn rounded(tokens: f64) -> u64 {
    let tokens = tokens.max(2048.0);
    let unit = 10f64.powf(tokens.log10().floor() - 1.0);
    ((tokens / unit).floor() * unit) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine that does this many multiplications a second.
    fn machine(flops: f64) -> impl Fn(Size) -> f64 {
        move |size| flops / (72.0 * (size.layers * size.hidden * size.hidden) as f64)
    }

    fn check(minutes: f64, text_tokens: f64, flops: f64, layers: usize) {
        let budget = budget(minutes, 2, text_tokens, 6000, &machine(flops));
        assert_eq!(budget.size.layers, layers, "{budget:?}");
        let seconds = 2.0 * budget.tokens as f64 / budget.speed;
        assert!(seconds <= minutes * 60.0, "{budget:?}");
        assert!(budget.epochs <= 40.0 || budget.tokens < 3000, "{budget:?}");
    }

    #[test]
    fn the_model_grows_with_the_time_and_shrinks_with_the_text() {
        check(1.0, 1e6, 6e10, 2);
        check(60.0, 1e6, 6e10, 4);
        check(60.0 * 24.0, 1e6, 6e11, 12);
        check(10.0, 1e8, 6e10, 2);
        check(10.0, 100.0, 6e10, 2);
    }

    #[test]
    fn tokens_have_two_digits() {
        for (tokens, expected) in [(0.0, 2000), (2599.0, 2500), (1_234_567.0, 1_200_000), (9.99e9, 9_900_000_000)] {
            assert_eq!(rounded(tokens), expected);
        }
    }
}
