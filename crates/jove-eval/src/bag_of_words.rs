//! A linear classifier over the letters of texts: what can be told without a model.

use std::collections::BTreeSet;

use jove_core::script::is_spaced;

use crate::linear_head::LinearHead;
use crate::string_match::grams;

/// Features; parts of texts share them by their hash.
const WIDTH: usize = 256;

/// The scores of all classes for texts, by a multinomial logistic regression on bags of their parts.
pub(crate) fn scores(train: &[(&str, usize)], test: &[&str], classes: usize) -> Vec<Vec<f32>> {
    let values: Vec<f32> = train.iter().flat_map(|(text, _)| bag(text)).collect();
    let correct: Vec<usize> = train.iter().map(|&(_, class)| class).collect();
    let head = LinearHead::fit(&values, WIDTH, &correct, classes);
    head.scores(&test.iter().flat_map(|text| bag(text)).collect::<Vec<f32>>())
}

/// The parts that strings are compared by, single letters of scripts without spaces, and the last letter as such: it is what
/// tells most in names like 青海湖.
fn parts(text: &str) -> BTreeSet<String> {
    let letters: Vec<char> = text.chars().filter(|letter| letter.is_alphanumeric() && !is_spaced(*letter)).collect();
    let last = letters.last().map(|letter| format!("{letter}$"));
    grams(text).into_iter().chain(letters.iter().map(char::to_string)).chain(last).collect()
}

fn bag(text: &str) -> Vec<f32> {
    let mut bag = vec![0.0; WIDTH];
    for part in parts(text) {
        bag[(hash(&part) % WIDTH as u64) as usize] += 1.0;
    }
    bag
}

/// FNV-1a in 64 bits: the same in every version and on every machine.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_of_a_name_tells_its_class() {
        let names = [("洛拉岛", 0), ("明塔岛", 0), ("克索岛", 0), ("长川河", 1), ("白水河", 1), ("黑龙河", 1)];
        let found = scores(&names, &["塔斯马岛", "乌尔河"], 2);
        assert!(found[0][0] > found[0][1] && found[1][1] > found[1][0], "{found:?}");
        assert_eq!(hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash("a"), 0xaf63_dc4c_8601_ec8c);
    }
}
