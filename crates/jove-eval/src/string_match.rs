//! How alike two texts are as strings.

use std::collections::{BTreeSet, HashMap};

use jove_core::script::is_spaced;
use rayon::prelude::*;

/// The parts of a text that strings are compared by: trigrams of words of spaced scripts, with their ends marked, bigrams
/// of all other letters, and single letters that stand alone; in lower case.
pub(crate) fn grams(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for word in text.to_lowercase().split(|character: char| !character.is_alphanumeric()) {
        let characters: Vec<char> = word.chars().collect();
        for run in characters.chunk_by(|&a, &b| is_spaced(a) == is_spaced(b)) {
            if is_spaced(run[0]) {
                let marked: Vec<char> = ['^'].into_iter().chain(run.iter().copied()).chain(['$']).collect();
                found.extend(marked.windows(3).map(String::from_iter));
            } else if run.len() == 1 {
                found.insert(run[0].to_string());
            } else {
                found.extend(run.windows(2).map(String::from_iter));
            }
        }
    }
    found
}

/// The share of a name's parts that a context holds, in [0, 1].
pub(crate) fn overlap(name: &str, context: &BTreeSet<String>) -> f32 {
    let parts = grams(name);
    parts.iter().filter(|part| context.contains(*part)).count() as f32 / parts.len().max(1) as f32
}

/// Texts to compare others to.
pub(crate) struct StringIndex {
    /// By part: the texts that hold it.
    holders: HashMap<String, Vec<u32>>,
    /// The length of each text's vector.
    norms: Vec<f64>,
}

impl StringIndex {
    pub(crate) fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let parts: Vec<BTreeSet<String>> = texts.into_iter().map(grams).collect();
        let mut holders: HashMap<String, Vec<u32>> = HashMap::new();
        for (text, parts) in (0u32..).zip(&parts) {
            for part in parts {
                holders.entry(part.clone()).or_default().push(text);
            }
        }
        let mut index = Self { holders, norms: Vec::new() };
        let count = parts.len();
        let norm =
            |parts: &BTreeSet<String>| parts.iter().map(|part| index.weight(part, count).powi(2)).sum::<f64>().sqrt();
        index.norms = parts.par_iter().map(norm).collect();
        index
    }

    /// The inverse document frequency of a part.
    fn weight(&self, part: &str, count: usize) -> f64 {
        self.holders.get(part).map_or(0.0, |holders| (1.0 + count as f64 / holders.len() as f64).ln())
    }

    /// The cosine of each text to `query`, up to a factor that all texts share.
    pub(crate) fn scores(&self, query: &str) -> Vec<f32> {
        let count = self.norms.len();
        let mut sums = vec![0.0f64; count];
        for part in grams(query) {
            let weight = self.weight(&part, count);
            for &text in self.holders.get(&part).map_or(&[][..], Vec::as_slice) {
                sums[text as usize] += weight * weight;
            }
        }
        sums.iter().zip(&self.norms).map(|(sum, norm)| if *norm > 0.0 { (sum / norm) as f32 } else { 0.0 }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_those_of_words_and_letters() {
        let check = |text: &str, expected: &[&str]| {
            assert_eq!(grams(text), expected.iter().map(|part| (*part).to_owned()).collect(), "{text}");
        };
        check("", &[]);
        check("法国的", &["法国", "国的"]);
        check("法", &["法"]);
        check("Oman!", &["^om", "oma", "man", "an$"]);
        check("a 中国b", &["^a$", "中国", "^b$"]);
        check("😀 ✔", &[]);
        check("שלום", &["^של", "שלו", "לום", "ום$"]);
    }

    #[test]
    fn the_text_with_the_same_name_comes_first() {
        let index = StringIndex::new(["巴黎：法国的城市", "柏林：德国的城市", "Paris: a city", ""]);
        let best = |query: &str| {
            let scores = index.scores(query);
            (0..scores.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap()
        };
        assert_eq!([best("我去过柏林。"), best("巴黎"), best("In paris it rains")], [1, 0, 2]);
        assert!(index.scores("").iter().all(|score| *score <= 0.0));
        assert!((overlap("几内亚", &grams("几内亚比绍的首都")) - 1.0).abs() < 1e-6);
        assert!(overlap("", &grams("x")) <= 0.0);
    }
}
