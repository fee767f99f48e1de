//! A linear classifier of texts on hashed n-grams of characters and words, trained here from examples.
//!
//! Multinomial logistic regression ("Bag of Tricks for Efficient Text Classification" (Joulin et al., 2016), without its hidden
//! layer), by stochastic gradient descent with AdaGrad's step sizes. Probabilities are calibrated on a tenth of the examples
//! that are held out ("On Calibration of Modern Neural Networks" (Guo et al., 2017): one temperature).

use crate::clean::characters::{DIGIT, LETTER, UNSPACED, class_in, table};
use crate::clean::{hash_bytes, mix};

/// Buckets of features, as a power of two.
const BUCKET_BITS: u32 = 17;
const BUCKETS: usize = 1 << BUCKET_BITS;
/// The longest n-gram of characters.
const ORDER: usize = 4;
/// What is looked at of a text, in characters.
const CHARS_MAX: usize = 1200;
const EPOCHS: u64 = 8;
const RATE: f32 = 0.5;
/// One example in this many is held out.
const HELD_OUT_ONE_IN: u64 = 10;

/// A trained classifier.
#[derive(Clone, Debug)]
pub(crate) struct Classifier {
    classes: Vec<String>,
    /// Weights by bucket, then by class.
    weights: Vec<f32>,
    bias: Vec<f32>,
    /// What scores are divided by.
    temperature: f32,
}

/// How a classifier does on the examples that it was not trained on.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Evaluation {
    /// The classes.
    pub classes: Vec<String>,
    /// Held-out examples by their class, then by the class that was found.
    pub confusion: Vec<Vec<u64>>,
    /// The difference between confidence and accuracy, on average (expected calibration error, ten bins).
    pub calibration_error: f64,
}

impl Evaluation {
    /// The share of held-out examples that are classified rightly; 0 without any.
    pub(crate) fn accuracy(&self) -> f64 {
        let right: u64 = (0..self.classes.len()).map(|class| self.confusion[class][class]).sum();
        right as f64 / self.total().max(1) as f64
    }

    /// The share of the class with most held-out examples: what always answering it would give.
    pub(crate) fn majority(&self) -> f64 {
        let most = self.confusion.iter().map(|row| row.iter().sum::<u64>()).max().unwrap_or_default();
        most as f64 / self.total().max(1) as f64
    }

    fn total(&self) -> u64 {
        self.confusion.iter().flatten().sum()
    }
}

impl Classifier {
    /// Trains on texts with the numbers of their classes. The same examples in the same order give the same classifier.
    pub(crate) fn train(classes: Vec<String>, examples: &[(String, usize)]) -> (Self, Evaluation) {
        let width = classes.len();
        let mut model = Self { classes, weights: vec![0.0; BUCKETS * width], bias: vec![0.0; width], temperature: 1.0 };
        let is_held_out = |text: &str| hash_bytes(text.as_bytes()).is_multiple_of(HELD_OUT_ONE_IN);
        let (held_out, training): (Vec<_>, Vec<_>) = examples.iter().partition(|(text, _)| is_held_out(text));
        let mut squares = vec![1e-4_f32; BUCKETS];
        let mut order: Vec<usize> = (0..training.len()).collect();
        for epoch in 0..EPOCHS {
            order.sort_by_key(|&example| mix((epoch << 40) ^ example as u64));
            for &example in &order {
                let (text, class) = training[example];
                model.step(text, *class, &mut squares);
            }
        }
        model.calibrate(&held_out);
        let evaluation = model.evaluate(&held_out);
        (model, evaluation)
    }

    /// The classes, in the order of their numbers.
    pub(crate) fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The most probable class of a text with its probability; none for a text without letters.
    pub(crate) fn classify(&self, text: &str) -> Option<(usize, f64)> {
        let probabilities = self.probabilities(text)?;
        let best = (0..probabilities.len()).rev().max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]))?;
        Some((best, f64::from(probabilities[best])))
    }

    /// The probability of each class; none for a text without letters.
    pub(crate) fn probabilities(&self, text: &str) -> Option<Vec<f32>> {
        let features = features(text);
        let scores = self.scores(&features).into_iter().map(|score| score / self.temperature).collect();
        (!features.is_empty()).then(|| softmax(scores))
    }

    fn scores(&self, features: &[u32]) -> Vec<f32> {
        let width = self.bias.len();
        let mut sums = vec![0.0; width];
        for &feature in features {
            let row = &self.weights[feature as usize * width..][..width];
            sums.iter_mut().zip(row).for_each(|(sum, weight)| *sum += weight);
        }
        let scale = scale(features);
        sums.iter().zip(&self.bias).map(|(sum, bias)| sum * scale + bias).collect()
    }

    fn step(&mut self, text: &str, class: usize, squares: &mut [f32]) {
        let features = features(text);
        let width = self.bias.len();
        let mut errors = softmax(self.scores(&features));
        errors[class] -= 1.0;
        let scale = scale(&features);
        let norm: f32 = errors.iter().map(|error| error * error).sum::<f32>() * scale * scale;
        for &feature in &features {
            let square = &mut squares[feature as usize];
            *square += norm;
            let rate = RATE * scale / square.sqrt();
            let row = &mut self.weights[feature as usize * width..][..width];
            row.iter_mut().zip(&errors).for_each(|(weight, error)| *weight -= rate * error);
        }
        self.bias.iter_mut().zip(&errors).for_each(|(bias, error)| *bias -= 0.01 * error);
    }

    /// Finds the temperature under which the held-out examples are most probable.
    fn calibrate(&mut self, held_out: &[&(String, usize)]) {
        const TEMPERATURES: [f32; 25] = {
            let mut all = [0.0; 25];
            let mut at = 0;
            while at < 25 {
                all[at] = 0.25 * (at as f32 + 1.0);
                at += 1;
            }
            all
        };
        let scores: Vec<Vec<f32>> = held_out.iter().map(|(text, _)| self.scores(&features(text))).collect();
        let loss = |temperature: f32| -> f64 {
            let one = |(scores, (_, class)): (&Vec<f32>, &&(String, usize))| {
                let divided = scores.iter().map(|score| score / temperature).collect();
                -f64::from(softmax(divided)[*class].max(1e-9).ln())
            };
            scores.iter().zip(held_out).map(one).sum()
        };
        if held_out.is_empty() {
            return;
        }
        let losses: Vec<(f32, f64)> =
            TEMPERATURES.iter().map(|&temperature| (temperature, loss(temperature))).collect();
        let best = losses.iter().min_by(|a, b| a.1.total_cmp(&b.1));
        self.temperature = best.map_or(1.0, |(temperature, _)| *temperature);
    }

    fn evaluate(&self, held_out: &[&(String, usize)]) -> Evaluation {
        const BINS: usize = 10;
        let mut confusion = vec![vec![0; self.classes.len()]; self.classes.len()];
        let mut bins = [(0_u64, 0.0_f64, 0_u64); BINS];
        for (text, class) in held_out {
            let Some((found, probability)) = self.classify(text) else { continue };
            confusion[*class][found] += 1;
            let bin = &mut bins[((probability * BINS as f64) as usize).min(BINS - 1)];
            *bin = (bin.0 + 1, bin.1 + probability, bin.2 + u64::from(found == *class));
        }
        let total: u64 = bins.iter().map(|bin| bin.0).sum();
        let error: f64 = bins.iter().map(|(_, sum, right)| (sum - *right as f64).abs()).sum();
        Evaluation { classes: self.classes.clone(), confusion, calibration_error: error / total.max(1) as f64 }
    }

    /// Its bytes, for a file.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let numbers =
            [self.temperature].into_iter().chain(self.bias.iter().copied()).chain(self.weights.iter().copied());
        let classes = serde_json::to_vec(&self.classes).expect("names are plain data");
        let mut bytes = (classes.len() as u64).to_le_bytes().to_vec();
        bytes.extend(classes);
        numbers.for_each(|number| bytes.extend(number.to_le_bytes()));
        bytes
    }

    /// The classifier in the bytes of a file; none where they are something else.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk::<8>()?;
        let (classes, numbers) = rest.split_at_checked(u64::from_le_bytes(*length) as usize)?;
        let classes: Vec<String> = serde_json::from_slice(classes).ok()?;
        let width = classes.len();
        let numbers: Vec<f32> =
            numbers.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect();
        let (temperature, rest) = numbers.split_first()?;
        let (bias, weights) = rest.split_at_checked(width)?;
        let fits = weights.len() == BUCKETS * width;
        fits.then(|| Self { classes, weights: weights.to_vec(), bias: bias.to_vec(), temperature: *temperature })
    }
}

/// What the sum of a text's weights is multiplied by.
fn scale(features: &[u32]) -> f32 {
    1.0 / (features.len().max(1) as f32).sqrt()
}

fn softmax(scores: Vec<f32>) -> Vec<f32> {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let lifted: Vec<f32> = scores.into_iter().map(|score| (score - most).exp()).collect();
    let sum: f32 = lifted.iter().sum();
    lifted.into_iter().map(|score| score / sum).collect()
}

/// The buckets of a text's n-grams of one to four characters, with a space at the borders of words, and of its words.
fn features(text: &str) -> Vec<u32> {
    let table = table();
    let mut features = Vec::with_capacity(text.len().min(CHARS_MAX) * ORDER);
    let mut window = [u32::from(b' '); ORDER];
    let mut word = 0_u64;
    let mut has_letter = false;
    let mut push = |hash: u64| features.push((mix(hash) >> (64 - BUCKET_BITS)) as u32);
    for character in text.chars().take(CHARS_MAX).chain([' ']) {
        let class = class_in(table, character);
        let is_word = class & (LETTER | DIGIT) != 0;
        let plain = if class & LETTER != 0 {
            lower(character)
        } else if is_word {
            '0'
        } else {
            ' '
        };
        has_letter |= class & LETTER != 0;
        if plain == ' ' && window[ORDER - 1] == u32::from(b' ') {
            continue;
        }
        window.rotate_left(1);
        window[ORDER - 1] = plain as u32;
        let mut hash = 0_u64;
        for (length, &unit) in window.iter().rev().enumerate() {
            hash = (hash ^ u64::from(unit)).wrapping_mul(0x0100_0000_01b3).rotate_left(17);
            push(hash ^ length as u64);
        }
        if class & UNSPACED == 0 && plain != ' ' {
            word = (word ^ u64::from(plain as u32)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        } else if word != 0 {
            push(word);
            word = 0;
        }
    }
    if has_letter { features } else { Vec::new() }
}

/// The first character of the lower case: what a feature needs of it.
fn lower(character: char) -> char {
    if character.is_ascii() {
        character.to_ascii_lowercase()
    } else {
        character.to_lowercase().next().unwrap_or(character)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples() -> Vec<(String, usize)> {
        let sport = ["球队", "比赛", "冠军", "进球", "教练"];
        let money = ["股票", "银行", "市场", "价格", "投资"];
        let make = |words: &[&str; 5], class: usize| {
            let mut all = Vec::new();
            for a in words {
                for b in words {
                    for number in 0..4 {
                        all.push((format!("今天{a}和{b}的新闻{number}"), class));
                    }
                }
            }
            all
        };
        [make(&sport, 0), make(&money, 1)].concat()
    }

    fn classifier() -> (Classifier, Evaluation) {
        Classifier::train(vec!["体育".to_owned(), "财经".to_owned()], &examples())
    }

    #[test]
    fn classes_are_learnt_and_held_out_examples_are_counted() {
        let (model, evaluation) = classifier();
        assert!(evaluation.accuracy() > 0.95 && evaluation.majority() < 0.8, "{evaluation:?}");
        assert!(evaluation.calibration_error < 0.2, "{}", evaluation.calibration_error);
        assert_eq!(model.classify("冠军球队的教练").map(|(class, _)| class), Some(0));
        assert_eq!(model.classify("银行的投资").map(|(class, _)| class), Some(1));
        for text in ["", "123", "🦀", " \n"] {
            assert_eq!(model.classify(text), None, "{text}");
        }
        let sum: f32 = model.probabilities("שלום e\u{301}").unwrap().iter().sum();
        assert!((sum - 1.0).abs() < 1e-5);
    }

    #[test]
    fn the_same_examples_give_the_same_classifier_and_files_hold_it() {
        let (model, _) = classifier();
        let bytes = model.to_bytes();
        assert!(bytes == classifier().0.to_bytes());
        let read = Classifier::of_bytes(&bytes).unwrap();
        assert_eq!(read.probabilities("比赛"), model.probabilities("比赛"));
        for cut in [0, 7, 20, bytes.len() - 4] {
            assert!(Classifier::of_bytes(&bytes[..cut]).is_none(), "{cut}");
        }
    }

    #[test]
    fn features_ignore_case_and_repeated_spaces() {
        assert_eq!(features("Ab  c, D"), features("ab c d"));
        assert_ne!(features("ab c"), features("abc"));
    }
}
