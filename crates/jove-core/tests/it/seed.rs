//! Random streams.

use std::collections::BTreeSet;

use jove_core::{Purpose, Seed};
use rand::Rng as _;

const PURPOSES: [Purpose; 11] = [
    Purpose::Init,
    Purpose::Shuffle,
    Purpose::Mask,
    Purpose::Dropout,
    Purpose::Negatives,
    Purpose::Sampling,
    Purpose::Split,
    Purpose::Verbalize,
    Purpose::Bootstrap,
    Purpose::Probe,
    Purpose::Control,
];

#[test]
fn no_two_keys_share_a_stream() {
    let mut firsts = BTreeSet::new();
    let mut count = 0;
    for seed in [0, 1, u64::MAX] {
        for purpose in PURPOSES {
            for epoch in 0..3 {
                for example in [0, 1, 1 << 40] {
                    firsts.insert(Seed(seed).rng(purpose, epoch, example).next_u64());
                    count += 1;
                }
            }
        }
    }
    assert_eq!(firsts.len(), count);
}

#[test]
fn a_stream_does_not_depend_on_what_was_drawn_before() {
    let draw = || Seed(3).rng(Purpose::Mask, 1, 2).next_u64();
    let first = draw();
    let mut other = Seed(3).rng(Purpose::Mask, 1, 3);
    for _ in 0..100 {
        other.next_u64();
    }
    assert_eq!(draw(), first);
}
