//! Training WordPiece: merge the most frequent pair of neighbouring pieces until the vocabulary is full.
//!
//! The trainer of the `tokenizers` crate numbers continued characters and breaks ties in the order of a hash map that
//! differs from process to process. This one breaks ties by the order in which pieces were added, and that order by
//! spelling, so that the same words give the same vocabulary.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};

use super::options::TrainOptions;
use super::words::WordCount;

const CONTINUED: &str = "##";

type Pair = (u32, u32);

/// The pieces in the order of their ids: special ones, characters, continued characters, merged pieces. Words with a
/// character outside the alphabet are ignored.
pub(super) fn train(
    words: &[WordCount],
    alphabet: &BTreeSet<char>,
    specials: &[&str],
    options: &TrainOptions,
) -> Vec<String> {
    let mut trainer = Trainer::new(words, alphabet, specials);
    while trainer.pieces.len() < options.vocab_size as usize {
        let Some((count, pair)) = trainer.most_frequent() else { break };
        if count < options.min_frequency.max(1) as i64 {
            break;
        }
        trainer.merge(pair);
    }
    trainer.pieces
}

struct Word {
    pieces: Vec<u32>,
    count: i64,
}

struct Trainer {
    words: Vec<Word>,
    pieces: Vec<String>,
    ids: HashMap<String, u32>,
    counts: HashMap<Pair, i64>,
    /// Words that held a pair at some time; some may hold it no more.
    places: HashMap<Pair, Vec<u32>>,
    /// Upper bounds of the counts: a bound is corrected when it reaches the top.
    queue: BinaryHeap<(i64, Reverse<Pair>)>,
}

impl Trainer {
    fn new(words: &[WordCount], alphabet: &BTreeSet<char>, specials: &[&str]) -> Self {
        let known: Vec<&WordCount> =
            words.iter().filter(|(word, _)| word.chars().all(|character| alphabet.contains(&character))).collect();
        let continued: BTreeSet<char> = known.iter().flat_map(|(word, _)| word.chars().skip(1)).collect();
        let mut trainer = Self {
            words: Vec::with_capacity(known.len()),
            pieces: Vec::new(),
            ids: HashMap::new(),
            counts: HashMap::new(),
            places: HashMap::new(),
            queue: BinaryHeap::new(),
        };
        let characters = alphabet.iter().map(char::to_string);
        let continued = continued.iter().map(|character| format!("{CONTINUED}{character}"));
        for piece in specials.iter().map(|special| (*special).to_owned()).chain(characters).chain(continued) {
            trainer.id(piece);
        }
        for (word, count) in known {
            let spell = |(place, character): (usize, char)| match place {
                0 => character.to_string(),
                _ => format!("{CONTINUED}{character}"),
            };
            let pieces = word.chars().enumerate().map(|letter| trainer.ids[&spell(letter)]).collect();
            trainer.words.push(Word { pieces, count: *count as i64 });
        }
        trainer.count_all();
        trainer
    }

    fn id(&mut self, piece: String) -> u32 {
        if let Some(&id) = self.ids.get(&piece) {
            return id;
        }
        let id = self.pieces.len() as u32;
        self.pieces.push(piece.clone());
        self.ids.insert(piece, id);
        id
    }

    fn count_all(&mut self) {
        let mut first: BTreeMap<Pair, i64> = BTreeMap::new();
        for (place, word) in self.words.iter().enumerate() {
            for pair in pairs(&word.pieces) {
                *first.entry(pair).or_default() += word.count;
                self.places.entry(pair).or_default().push(place as u32);
            }
        }
        for (pair, count) in first {
            self.counts.insert(pair, count);
            self.queue.push((count, Reverse(pair)));
        }
    }

    fn most_frequent(&mut self) -> Option<(i64, Pair)> {
        while let Some((bound, Reverse(pair))) = self.queue.pop() {
            let count = self.counts.get(&pair).copied().unwrap_or(0);
            if count == bound && count > 0 {
                return Some((count, pair));
            }
            if count > 0 && count < bound {
                self.queue.push((count, Reverse(pair)));
            }
        }
        None
    }

    fn merge(&mut self, pair: Pair) {
        let (left, right) = (&self.pieces[pair.0 as usize], &self.pieces[pair.1 as usize]);
        let merged = format!("{left}{}", right.strip_prefix(CONTINUED).unwrap_or(right));
        let merged = self.id(merged);
        let mut places = self.places.remove(&pair).unwrap_or_default();
        places.dedup();
        let mut grown = BTreeSet::new();
        for place in places {
            let word = &mut self.words[place as usize];
            let after = replace(&word.pieces, pair, merged);
            if after.len() == word.pieces.len() {
                continue;
            }
            for old in pairs(&word.pieces) {
                *self.counts.entry(old).or_default() -= word.count;
            }
            for new in pairs(&after) {
                *self.counts.entry(new).or_default() += word.count;
                if new.0 == merged || new.1 == merged {
                    self.places.entry(new).or_default().push(place);
                    grown.insert(new);
                }
            }
            word.pieces = after;
        }
        for new in grown {
            self.queue.push((self.counts[&new], Reverse(new)));
        }
    }
}

fn pairs(pieces: &[u32]) -> impl Iterator<Item = Pair> + '_ {
    pieces.windows(2).map(|pair| (pair[0], pair[1]))
}

fn replace(pieces: &[u32], pair: Pair, merged: u32) -> Vec<u32> {
    let mut after = Vec::with_capacity(pieces.len());
    let mut at = 0;
    while at < pieces.len() {
        if at + 1 < pieces.len() && (pieces[at], pieces[at + 1]) == pair {
            after.push(merged);
            at += 2;
        } else {
            after.push(pieces[at]);
            at += 1;
        }
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces_of(words: &[(&str, u64)], vocab_size: u32) -> Vec<String> {
        let words: Vec<WordCount> = words.iter().map(|(word, count)| ((*word).to_owned(), *count)).collect();
        let alphabet = words.iter().flat_map(|(word, _)| word.chars()).collect();
        train(&words, &alphabet, &["[PAD]"], &TrainOptions { vocab_size, ..TrainOptions::default() })
    }

    #[test]
    fn frequent_pairs_are_merged_first() {
        let pieces = pieces_of(&[("low", 5), ("lower", 2), ("new", 6), ("中", 9)], 13);
        assert_eq!(pieces, ["[PAD]", "e", "l", "n", "o", "r", "w", "中", "##e", "##o", "##r", "##w", "lo"]);
    }

    #[test]
    fn rare_pairs_are_left_alone() {
        assert_eq!(pieces_of(&[("ab", 1)], 99), ["[PAD]", "a", "b", "##b"]);
    }

    #[test]
    fn a_pair_that_overlaps_itself_is_merged_from_the_left() {
        assert_eq!(replace(&[1, 1, 1], (1, 1), 2), [2, 1]);
        let pieces = pieces_of(&[("aaaaa", 4)], 99);
        assert!(pieces.contains(&"aaaaa".to_owned()), "{pieces:?}");
    }

    /// The plain algorithm: count everything again before each join.
    fn naive(words: &[(String, u64)], vocab_size: usize) -> BTreeSet<String> {
        let mut split: Vec<(Vec<String>, u64)> = words
            .iter()
            .map(|(word, count)| {
                let spell = |(i, c): (usize, char)| if i == 0 { c.to_string() } else { format!("##{c}") };
                (word.chars().enumerate().map(spell).collect(), *count)
            })
            .collect();
        let mut pieces: Vec<String> = vec!["[PAD]".to_owned()];
        let alphabet: BTreeSet<char> = words.iter().flat_map(|(word, _)| word.chars()).collect();
        let continued: BTreeSet<char> = words.iter().flat_map(|(word, _)| word.chars().skip(1)).collect();
        pieces.extend(alphabet.iter().map(char::to_string));
        pieces.extend(continued.iter().map(|c| format!("##{c}")));
        while pieces.len() < vocab_size {
            let mut counts: BTreeMap<(usize, usize), u64> = BTreeMap::new();
            let id = |piece: &String| pieces.iter().position(|known| known == piece).expect("known");
            for (word, count) in &split {
                for pair in word.windows(2) {
                    *counts.entry((id(&pair[0]), id(&pair[1]))).or_default() += count;
                }
            }
            let Some((pair, count)) = counts.into_iter().max_by_key(|(pair, count)| (*count, Reverse(*pair))) else {
                break;
            };
            if count < 2 {
                break;
            }
            let (left, right) = (pieces[pair.0].clone(), pieces[pair.1].clone());
            let merged = format!("{left}{}", right.trim_start_matches("##"));
            for (word, _) in &mut split {
                let mut at = 0;
                while at + 1 < word.len() {
                    if word[at] == left && word[at + 1] == right {
                        word.splice(at..at + 2, [merged.clone()]);
                    }
                    at += 1;
                }
            }
            if !pieces.contains(&merged) {
                pieces.push(merged);
            }
        }
        pieces.into_iter().collect()
    }

    proptest::proptest! {
        #[test]
        fn merges_equal_the_plain_algorithm(
            words in proptest::collection::btree_map("[ab中é]{1,7}", 1..9_u64, 1..12),
            extra in 0..30_usize,
        ) {
            let words: Vec<WordCount> = words.into_iter().collect();
            let alphabet: BTreeSet<char> = words.iter().flat_map(|(word, _)| word.chars()).collect();
            let vocab_size = 9 + extra;
            let options = TrainOptions { vocab_size: vocab_size as u32, ..TrainOptions::default() };
            let fast: BTreeSet<String> = train(&words, &alphabet, &["[PAD]"], &options).into_iter().collect();
            proptest::prop_assert_eq!(fast, naive(&words, vocab_size));
        }
    }
}
