//! Pointers at counterparts, and the pseudo-labels that they learn from.

use jove_core::Seed;
use jove_model::ops::tape;
use jove_model::{Cpu, Parameters as _};
use jove_objectives::{PairRows, Pointer, PointerHead, Transport, label_words, word_alignment};
use proptest::prelude::*;

use crate::helpers::{
    check_input_gradient, check_parameter_gradients, gradient, hidden, matrix, orders, value, values,
};

fn head() -> PointerHead<Cpu> {
    PointerHead::new(&Cpu::default(), 4, Seed(5)).unwrap()
}

fn pointers() -> Vec<Pointer> {
    vec![
        Pointer { row: 1, among: 4..7, target: 5 },
        Pointer { row: 6, among: 1..3, target: 1 },
        Pointer { row: 9, among: 12..13, target: 12 },
        Pointer { row: 12, among: 8..11, target: 10 },
    ]
}

/// The definition, in f64 and plain loops.
fn naive(head: &PointerHead<Cpu>, x: &[f32], pointers: &[Pointer]) -> f64 {
    let parameter = |name: &str| {
        let mut found = Vec::new();
        head.visit(&mut |parameter| {
            if parameter.name == format!("jove.pointer.{name}") {
                found = parameter.to_vec();
            }
        });
        found
    };
    let map = |side: &str, row: usize| -> Vec<f64> {
        let (weight, bias) = (parameter(&format!("{side}.weight")), parameter(&format!("{side}.bias")));
        let product =
            |out: usize| (0..4).map(|i| f64::from(weight[out * 4 + i]) * f64::from(x[row * 4 + i])).sum::<f64>();
        (0..4).map(|out| product(out) + f64::from(bias[out])).collect()
    };
    let score = |row: usize, candidate: usize| {
        map("query", row).iter().zip(&map("key", candidate)).map(|(a, b)| a * b).sum::<f64>() / 2.0
    };
    let loss = |p: &Pointer| {
        p.among.clone().map(|candidate| score(p.row, candidate).exp()).sum::<f64>().ln() - score(p.row, p.target)
    };
    pointers.iter().map(loss).sum()
}

#[test]
fn equals_the_definition() {
    let (head, x) = (head(), hidden(13));
    let loss = word_alignment(&head, x.clone(), &pointers()).unwrap();
    assert_eq!(loss.count, 4);
    assert!((value(&loss) - naive(&head, &x.as_vec(), &pointers())).abs() < 1e-5);
}

#[test]
fn gradients_of_states_and_of_the_head_equal_finite_differences() {
    let (head, x) = (head(), hidden(13));
    check_input_gradient(&x, |x| word_alignment(&head, x, &pointers()).unwrap());
    check_parameter_gradients(&head, |head| word_alignment(head, tape::start(&x), &pointers()).unwrap());
}

/// Forty pairs with fifty candidates each are more than one product takes.
#[test]
fn many_candidates_equal_the_definition_and_all_get_gradients() {
    let head = head();
    let many: Vec<Pointer> = (0..40)
        .flat_map(|pair| {
            let among = pair * 60 + 10..pair * 60 + 60;
            [0, 1].map(|at| Pointer { row: pair * 60 + at, among: among.clone(), target: among.start + at })
        })
        .collect();
    let x = hidden(2400);
    let expected = naive(&head, &x.as_vec(), &many);
    assert!((value(&word_alignment(&head, x.clone(), &many).unwrap()) - expected).abs() < 1e-5 * expected);
    let gradient = gradient(&x, |x| word_alignment(&head, x, &many).unwrap());
    assert!(gradient.chunks(240).all(|part| part.iter().any(|&g| g != 0.0)), "every pair gets a gradient");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn order_of_pointers_and_further_rows_do_not_matter(numbers in values(52), order in orders(4), padding in values(8)) {
        let head = head();
        let loss = |numbers: &[f32], pointers: &[Pointer]| {
            value(&word_alignment(&head, matrix(numbers.len() / 4, numbers), pointers).unwrap())
        };
        let expected = loss(&numbers, &pointers());
        let mixed: Vec<Pointer> = order.iter().map(|&index| pointers()[index].clone()).collect();
        prop_assert!((loss(&numbers, &mixed) - expected).abs() < 1e-5 * (1.0 + expected));
        let padded = loss(&[&numbers[..], &padding].concat(), &pointers());
        prop_assert_eq!(padded.to_bits(), expected.to_bits());
    }

    /// Pseudo-labels point from masked rows to the other side of their own pair, in order, whatever the states.
    #[test]
    fn labels_stay_within_their_pair(numbers in values(56), masked in prop::collection::btree_set(0usize..14, 0..14), rounds in 1usize..3) {
        let pairs = [PairRows { first: 1..4, second: 5..7 }, PairRows { first: 8..9, second: 10..13 }];
        let masked: Vec<usize> = masked.into_iter().collect();
        let transport = Transport { rounds, ..Transport::default() };
        let found = label_words(&matrix(14, &numbers), &pairs, &masked, &transport).unwrap();
        prop_assert!(found.windows(2).all(|two| two[0].row < two[1].row));
        for pointer in found {
            prop_assert!(masked.contains(&pointer.row) && pointer.among.contains(&pointer.target));
            let pair = pairs.iter().find(|pair| pair.first.start <= pointer.row && pointer.row < pair.second.end).unwrap();
            let other = if pair.first.contains(&pointer.row) { &pair.second } else { &pair.first };
            prop_assert_eq!(&pointer.among, other);
        }
    }
}

#[test]
fn labels_find_equal_words() {
    // Two pairs whose second side says the same in reverse, around rows that belong to no side.
    let words = [[0.0, 3.0], [2.0, 0.0], [0.0, -1.0]];
    let mut values = vec![[1.0, 1.0]];
    for _ in 0..2 {
        values.extend(words);
        values.push([1.0, 1.0]);
        values.extend(words.iter().rev());
        values.push([1.0, 1.0]);
    }
    let x = matrix(values.len(), &values.concat());
    let pairs = [PairRows { first: 1..4, second: 5..8 }, PairRows { first: 9..12, second: 13..16 }];
    let found = label_words(&x, &pairs, &[1, 6, 8, 11], &Transport::default()).unwrap();
    let expected = [(1, 5..8, 7), (6, 1..4, 2), (11, 13..16, 13)];
    let expected: Vec<Pointer> =
        expected.into_iter().map(|(row, among, target)| Pointer { row, among, target }).collect();
    assert_eq!(found, expected, "row 8 is no word");
    assert_eq!(label_words(&x, &pairs, &[], &Transport::default()).unwrap(), []);
    let empty = [PairRows { first: 1..1, second: 5..8 }];
    assert_eq!(label_words(&x, &empty, &[5], &Transport::default()).unwrap(), []);
}

#[test]
fn inputs_that_do_not_fit_are_refused() {
    let head = head();
    let refuse = |pointers: &[Pointer]| word_alignment(&head, hidden(13), pointers).unwrap_err().to_string();
    assert_eq!(refuse(&[]), "word alignment: expected at least one item, found none");
    let outside = Pointer { row: 1, among: 4..7, target: 7 };
    assert_eq!(refuse(&[outside]), "counterpart: expected rows below 7, found 7");
    let beyond = Pointer { row: 1, among: 4..14, target: 5 };
    assert_eq!(refuse(&[beyond]), "pointer: expected rows below 13, found 13");
    let pair = PairRows { first: 1..4, second: 5..14 };
    assert!(label_words(&hidden(13), &[pair], &[], &Transport::default()).is_err());
}
