//! The knowledge link and its filter of false negatives.

use dfdx::prelude::AsArray as _;
use jove_core::Seed;
use jove_model::ops::tape;
use jove_model::{Backend as _, Cpu, Matrix, Parameters as _};
use jove_objectives::{Contrast, LinkForm, LinkHead, LinkItems, QueuedDescriptions, info_nce, knowledge_link};
use proptest::prelude::*;

use crate::helpers::{
    check_input_gradient, check_parameter_gradients, gradient, hidden, matrix, orders, pooled, value, values,
};

fn items() -> LinkItems<'static> {
    LinkItems {
        mentions: &[0..2, 2..3, 4..6],
        positives: &[0, 1, 0],
        descriptions: &[6..9, 9..12],
        entities: &[7, 8],
        excluded: &[],
    }
}

fn head() -> LinkHead<Cpu> {
    LinkHead::new(&Cpu::default(), 4, 3, Seed(1)).unwrap()
}

fn form(symmetric: bool) -> LinkForm<'static, Cpu> {
    LinkForm { symmetric, ..LinkForm::default() }
}

fn loss(x: &Matrix<Cpu>, head: &LinkHead<Cpu>, symmetric: bool) -> f32 {
    knowledge_link(head, x.clone(), &items(), &form(symmetric)).unwrap().loss.sum.array()
}

/// Three descriptions of earlier batches.
fn queue() -> Matrix<Cpu> {
    Cpu::l2_normalize(matrix(3, &(0..9).map(|i| ((i * 5 % 7) as f32 - 3.0) / 3.0).collect::<Vec<_>>())).unwrap()
}

/// The plain form, the symmetric one, one with a queue and exclusions, and one with everything.
fn variants(keys: &Matrix<Cpu>) -> Vec<(LinkHead<Cpu>, LinkItems<'static>, LinkForm<'_, Cpu>)> {
    let head = head();
    let contrast = Contrast { temperature: 0.5, margin: 0.0 };
    let learned = head.clone().with_temperature(&Cpu::default(), 0.4).unwrap();
    let queue = Some(QueuedDescriptions { keys, entities: &[8, 9, 3] });
    let excluded = LinkItems { excluded: &[&[3], &[], &[5, 9]], ..items() };
    let plain = |symmetric| LinkForm { contrast, symmetric, queue: None };
    vec![
        (head.clone(), items(), plain(false)),
        (head.clone(), items(), plain(true)),
        (head, excluded, LinkForm { queue: queue.clone(), ..plain(false) }),
        (learned, excluded, LinkForm { queue, ..plain(true) }),
    ]
}

#[test]
fn gradients_of_states_and_of_the_head_equal_finite_differences() {
    let (x, keys) = (hidden(12), queue());
    for (head, items, form) in variants(&keys) {
        let loss = |head: &LinkHead<Cpu>, x| knowledge_link(head, x, &items, &form).unwrap().loss;
        assert_eq!(loss(&head, tape::start(&x)).count, 3);
        check_input_gradient(&x, |x| loss(&head, x));
        check_parameter_gradients(&head, |head| loss(head, tape::start(&x)));
    }
}

#[test]
fn a_description_in_the_queue_counts_as_one_in_the_batch() {
    let head = head();
    let x = hidden(12);
    let whole = LinkItems { descriptions: &[6..9, 9..12, 1..4], entities: &[7, 8, 9], ..items() };
    let keys = Cpu::l2_normalize(head.descriptions(pooled(&x, std::slice::from_ref(&(1..4)))).unwrap()).unwrap();
    let loss = |items: &LinkItems<'_>, queue| {
        let link = knowledge_link(&head, x.clone(), items, &LinkForm { queue, ..form(false) }).unwrap();
        assert_eq!(link.keys, 3);
        (link.loss.sum.array(), link.filtered)
    };
    let queue = Some(QueuedDescriptions { keys: &keys, entities: &[9] });
    let (in_batch, queued) = (loss(&whole, None), loss(&items(), queue));
    assert!((in_batch.0 - queued.0).abs() < 1e-5 * in_batch.0.abs().max(1.0), "{in_batch:?} {queued:?}");
    assert_eq!(in_batch.1.to_bits(), queued.1.to_bits());
}

#[test]
fn the_queue_holds_no_negative_of_the_own_entity_or_of_excluded_ones() {
    let head = head();
    let keys = queue();
    let link = |entities: &[u32], excluded: &[&[u32]]| {
        let items = LinkItems { mentions: std::slice::from_ref(&(0..2)), positives: &[0], excluded, ..items() };
        let form = LinkForm { queue: Some(QueuedDescriptions { keys: &keys, entities }), ..form(false) };
        knowledge_link(&head, hidden(12), &items, &form).unwrap()
    };
    let value = |entities: &[u32], excluded: &[&[u32]]| link(entities, excluded).loss.sum.array();
    assert_eq!(value(&[7, 7, 7], &[]).to_bits(), value(&[1, 2, 3], &[&[1, 2, 3]]).to_bits());
    assert!(value(&[1, 2, 3], &[]) > value(&[7, 2, 3], &[]));
    assert!((link(&[7, 7, 3], &[&[3]]).filtered - 0.75).abs() < 1e-12, "three of four are filtered");
}

/// With one entity only there is no negative, so nothing is left to learn.
#[test]
fn descriptions_of_the_same_entity_are_no_negatives() {
    let head = head();
    for symmetric in [false, true] {
        let items = LinkItems { entities: &[7, 7], ..items() };
        let loss = knowledge_link(&head, hidden(12), &items, &form(symmetric)).unwrap().loss;
        assert!(loss.sum.array().abs() < 1e-5);
        assert!(self::loss(&hidden(12), &head, symmetric) > 1e-3);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The loss is InfoNCE of the projections under a filter that is written down as a loop over entities.
    #[test]
    fn the_filter_equals_a_naive_loop(
        numbers in values(48), entities in prop::collection::vec(0u32..4, 4), positives in prop::collection::vec(0usize..4, 3),
        excluded in prop::collection::vec(prop::collection::btree_set(0u32..4, 0..3), 3),
    ) {
        let x = matrix(12, &numbers);
        let excluded: Vec<Vec<u32>> = excluded.into_iter().map(|set| set.into_iter().collect()).collect();
        let excluded: Vec<&[u32]> = excluded.iter().map(Vec::as_slice).collect();
        let items = LinkItems {
            mentions: &[0..2, 2..3, 3..5],
            positives: &positives,
            descriptions: &[5..7, 7..8, 8..11, 11..12],
            entities: &entities,
            excluded: &excluded,
        };
        let link = knowledge_link(&head(), x, &items, &form(false)).unwrap();
        let mut table = [[true; 4]; 3];
        let mut filtered = 0;
        for mention in 0..3 {
            for description in 0..4 {
                let entity = entities[description];
                table[mention][description] =
                    entity != entities[positives[mention]] && !excluded[mention].contains(&entity);
                filtered += usize::from(!table[mention][description] && description != positives[mention]);
            }
        }
        let expected =
            info_nce(link.mentions, link.descriptions, &positives, |m, d| table[m][d], Contrast::default()).unwrap();
        prop_assert!((value(&link.loss) - value(&expected)).abs() < 1e-5 * (1.0 + value(&expected)));
        prop_assert!((link.filtered - filtered as f64 / 9.0).abs() < 1e-12);
    }

    #[test]
    fn the_order_of_mentions_does_not_matter(numbers in values(48), order in orders(3), symmetric: bool) {
        let x = matrix(12, &numbers);
        let plain = knowledge_link(&head(), x.clone(), &items(), &form(symmetric)).unwrap().loss;
        let mentions: Vec<_> = order.iter().map(|&mention| items().mentions[mention].clone()).collect();
        let positives: Vec<usize> = order.iter().map(|&mention| items().positives[mention]).collect();
        let mixed = LinkItems { mentions: &mentions, positives: &positives, ..items() };
        let mixed = knowledge_link(&head(), x, &mixed, &form(symmetric)).unwrap().loss;
        prop_assert!((value(&plain) - value(&mixed)).abs() < 1e-5 * (1.0 + value(&plain)));
    }
}

/// Rows that belong to no range, such as other sequences of the batch, change no bit and get no gradient.
#[test]
fn rows_outside_the_ranges_have_no_part() {
    let (head, x) = (head(), hidden(12));
    let more = hidden(17);
    assert_eq!(loss(&x, &head, true).to_bits(), loss(&more, &head, true).to_bits());
    let gradient = gradient(&more, |x| knowledge_link(&head, x, &items(), &form(true)).unwrap().loss);
    assert!(gradient[12 * 4..].iter().chain(&gradient[3 * 4..4 * 4]).all(|number| number.to_bits() << 1 == 0));
    assert!(gradient[..8].iter().any(|&number| number != 0.0));
}

#[test]
fn heads_name_their_parameters() {
    let names = |head: &LinkHead<Cpu>| {
        let mut names = Vec::new();
        head.visit(&mut |parameter| names.push(parameter.name));
        names
    };
    let device = Cpu::default();
    let [weights, learned] = [head(), head().with_temperature(&device, 0.05).unwrap()].map(|head| names(&head));
    assert_eq!(weights.len(), 4);
    assert!(weights.iter().all(|name| name.starts_with("jove.link.")), "{weights:?}");
    assert_eq!(learned[..4], weights[..]);
    assert_eq!(learned[4], "jove.link.log_scale");
    let relations = names(&LinkHead::relations(&device, 4, 3, Seed(1)).unwrap());
    assert!(relations.iter().all(|name| name.starts_with("jove.relation.")), "{relations:?}");
    let kept = head().with_temperature(&device, 0.05).unwrap().with_temperature(&device, 0.5).unwrap();
    assert!((kept.temperature().unwrap().value() - 0.05).abs() < 1e-6);
    assert_eq!(kept.width(), 3);
}

#[test]
fn inputs_that_do_not_fit_are_refused() {
    let head = head();
    let refuse = |items: &LinkItems<'_>| knowledge_link(&head, hidden(12), items, &form(true)).unwrap_err().to_string();
    assert_eq!(refuse(&LinkItems { entities: &[1], ..items() }), "entities: expected 2, found 1");
    assert_eq!(refuse(&LinkItems { excluded: &[&[1]], ..items() }), "excluded: expected 3, found 1");
    assert_eq!(refuse(&LinkItems { positives: &[0, 2, 0], ..items() }), "positive: expected rows below 2, found 2");
    assert!(refuse(&LinkItems { descriptions: &[6..9, 9..13], ..items() }).contains("13"));
    let none = LinkItems { mentions: &[], positives: &[], ..items() };
    assert_eq!(refuse(&none), "knowledge link: expected at least one item, found none");
    let keys = queue();
    let form = LinkForm { queue: Some(QueuedDescriptions { keys: &keys, entities: &[1] }), ..form(false) };
    let error = knowledge_link(&head, hidden(12), &items(), &form).unwrap_err().to_string();
    assert_eq!(error, "entities of the queue: expected 3, found 1");
}
