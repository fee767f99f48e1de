//! The initial pieces: every character, and the substrings that cover most of the text.

use std::collections::HashMap;

use super::piece::{Piece, Run};

/// SentencePiece's bound on the length of a piece, in characters.
pub(super) const CHARACTERS_MAX: usize = 16;

/// A substring: the one without its last character, the last character, how often it occurs.
struct Gram {
    parent: u32,
    character: u32,
    length: u32,
    count: f64,
    /// Whether some longer substring occurs as often; then this one is only a part of it.
    is_part: bool,
}

/// All characters, then at most `most` substrings that occur twice or more, by occurrences times length.
pub(super) fn seeds(runs: &[Run], alphabet: usize, most: usize) -> Vec<Piece> {
    let grams = count(runs, alphabet);
    let mut order: Vec<usize> =
        (alphabet..grams.len()).filter(|&number| grams[number].count >= 2.0 && !grams[number].is_part).collect();
    let weight = |number: usize| grams[number].count * f64::from(grams[number].length);
    order.sort_by(|&a, &b| weight(b).total_cmp(&weight(a)).then(a.cmp(&b)));
    order.truncate(most);
    let chosen: Vec<usize> = (0..alphabet).chain(order).collect();
    let total: f64 = chosen.iter().map(|&number| weight(number).max(1.0)).sum();
    let piece =
        |number: usize| Piece { characters: spell(&grams, number), score: (weight(number).max(1.0) / total).ln() };
    chosen.into_iter().map(piece).collect()
}

/// Counts substrings, one character longer each time, and only longer ones of what occurs twice. Numbers are given in
/// the order of the first occurrence, so they do not depend on the hash map.
fn count(runs: &[Run], alphabet: usize) -> Vec<Gram> {
    let gram = |character| Gram { parent: 0, character, length: 1, count: 0.0, is_part: false };
    let mut grams: Vec<Gram> = (0..alphabet as u32).map(gram).collect();
    let mut here: Vec<Vec<u32>> = runs.iter().map(|run| run.characters.clone()).collect();
    for run in runs {
        for &number in &run.characters {
            grams[number as usize].count += run.count;
        }
    }
    for length in 2..=CHARACTERS_MAX {
        let longer = lengthen(runs, &mut here, &grams, length);
        let mut numbers = Vec::with_capacity(longer.len());
        let before = grams.len();
        for gram in longer {
            let parent = &mut grams[gram.parent as usize];
            parent.is_part |= parent.count <= gram.count;
            // What occurs once is dropped at once: there is far more of it.
            numbers.push(if gram.count < 2.0 { RARE } else { grams.len() as u32 });
            if gram.count >= 2.0 {
                grams.push(gram);
            }
        }
        if before == grams.len() {
            break;
        }
        for number in here.iter_mut().flatten().filter(|number| **number != RARE) {
            *number = numbers[*number as usize];
        }
    }
    grams
}

/// Counts the substrings of one length. `here` holds, for every place, the number of the substring that begins there:
/// of the one before among `grams`, and then of the new one among what is returned.
fn lengthen(runs: &[Run], here: &mut [Vec<u32>], grams: &[Gram], length: usize) -> Vec<Gram> {
    let mut known: HashMap<(u32, u32), u32> = HashMap::new();
    let mut longer: Vec<Gram> = Vec::new();
    for (run, numbers) in runs.iter().zip(here) {
        // What is too long for its place falls off the end.
        let places = if length > run.longest { 0 } else { (run.characters.len() + 1).saturating_sub(length) };
        numbers.truncate(places);
        for (start, number) in numbers.iter_mut().enumerate() {
            if *number == RARE || grams[*number as usize].count < 2.0 {
                *number = RARE;
                continue;
            }
            let (parent, character) = (*number, run.characters[start + length - 1]);
            let next = *known.entry((parent, character)).or_insert_with(|| {
                longer.push(Gram { parent, character, length: length as u32, count: 0.0, is_part: false });
                longer.len() as u32 - 1
            });
            longer[next as usize].count += run.count;
            *number = next;
        }
    }
    longer
}

/// A place where the substring occurs once, so that no longer one occurs twice.
const RARE: u32 = u32::MAX;

fn spell(grams: &[Gram], mut number: usize) -> Vec<u32> {
    let mut characters = vec![grams[number].character];
    while grams[number].length > 1 {
        number = grams[number].parent as usize;
        characters.push(grams[number].character);
    }
    characters.reverse();
    characters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_substrings_are_found_and_parts_left_out() {
        let run = |characters: &[u32], count| Run { characters: characters.to_vec(), count, longest: CHARACTERS_MAX };
        let runs = [run(&[0, 1, 2], 3.0), run(&[1, 2], 2.0), run(&[2, 0], 1.0), run(&[], 1.0)];
        let found: Vec<Vec<u32>> = seeds(&runs, 3, 10).into_iter().map(|piece| piece.characters).collect();
        // `01` occurs only within `012`.
        assert_eq!(found, [vec![0], vec![1], vec![2], vec![1, 2], vec![0, 1, 2]]);
        let short: Vec<Run> =
            runs.iter().map(|run| Run { characters: run.characters.clone(), longest: 2, ..*run }).collect();
        let found: Vec<Vec<u32>> = seeds(&short, 3, 10).into_iter().map(|piece| piece.characters).collect();
        assert_eq!(found, [vec![0], vec![1], vec![2], vec![1, 2], vec![0, 1]]);
        assert_eq!(seeds(&runs, 3, 1).len(), 4);
        let total: f64 = seeds(&runs, 3, 10).iter().map(|piece| piece.score.exp()).sum();
        assert!((total - 1.0).abs() < 1e-12);
    }
}
