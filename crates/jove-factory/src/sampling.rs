//! How much is kept of each language and domain: exponent-smoothed shares with caps.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clean::mix;
use crate::recipe::SamplingSettings;

/// Bytes of text by language and domain.
pub(crate) type Available = BTreeMap<(String, String), u64>;

/// A line of the table: what there is of a domain of a language, and what training reads of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The language.
    pub lang: String,
    /// The domain; empty for documents without one.
    pub domain: String,
    /// Bytes of text that are left after the earlier stages.
    pub bytes: u64,
    /// How often its text is read, on average: below 1 some documents are left out, above 1 they get this weight.
    pub rate: f64,
    /// Its share of all bytes that training reads.
    pub share: f64,
}

/// The table of shares, by language and domain.
pub(crate) fn table(available: &Available, settings: &SamplingSettings) -> Vec<Share> {
    let mut languages: BTreeMap<&str, u64> = BTreeMap::new();
    for ((lang, _), bytes) in available {
        *languages.entry(lang).or_default() += bytes;
    }
    let sizes: Vec<u64> = languages.values().copied().collect();
    let shares = capped(smoothed(&sizes, settings.language_exponent), settings.language_share_max);
    let mut wanted = Vec::new();
    for (lang, share) in languages.keys().zip(shares) {
        let domains: Vec<(&(String, String), u64)> =
            available.iter().filter(|((of, _), _)| of == lang).map(|(key, bytes)| (key, *bytes)).collect();
        let sizes: Vec<u64> = domains.iter().map(|(_, bytes)| *bytes).collect();
        let within = smoothed(&sizes, settings.domain_exponent);
        wanted.extend(domains.iter().zip(within).map(|((key, bytes), domain)| (*key, *bytes, share * domain)));
    }
    let rates = rates(&wanted.iter().map(|(_, bytes, share)| (*bytes, *share)).collect::<Vec<_>>(), settings);
    let read: f64 = wanted.iter().zip(&rates).map(|((_, bytes, _), rate)| *bytes as f64 * rate).sum();
    let line = |((key, bytes, _), rate): (&(&(String, String), u64, f64), &f64)| Share {
        lang: key.0.clone(),
        domain: key.1.clone(),
        bytes: *bytes,
        rate: *rate,
        share: *bytes as f64 * rate / read.max(1.0),
    };
    wanted.iter().zip(&rates).map(line).collect()
}

/// Shares to the power of an exponent, which add up to 1.
fn smoothed(sizes: &[u64], exponent: f64) -> Vec<f64> {
    let all = sizes.iter().sum::<u64>().max(1) as f64;
    let lifted: Vec<f64> =
        sizes.iter().map(|&size| if size == 0 { 0.0 } else { (size as f64 / all).powf(exponent) }).collect();
    let sum: f64 = lifted.iter().sum();
    lifted.iter().map(|share| share / sum.max(f64::MIN_POSITIVE)).collect()
}

/// Cuts shares above the cap, and gives what they lose to the others in proportion.
fn capped(mut shares: Vec<f64>, most: f64) -> Vec<f64> {
    // With fewer shares than fill the whole at the cap, nothing can be cut.
    if most * shares.iter().filter(|share| **share > 0.0).count() as f64 <= 1.0 {
        return shares;
    }
    for _ in 0..shares.len() {
        let over: f64 = shares.iter().map(|share| (share - most).max(0.0)).sum();
        let room: f64 = shares.iter().filter(|share| **share < most).sum();
        if over <= 1e-12 || room <= 0.0 {
            break;
        }
        for share in &mut shares {
            *share = if *share >= most { most } else { *share * (1.0 + over / room) };
        }
    }
    shares
}

/// How often each text is read: towards its share of the budget, at most `repeats-max` times; what the small ones can't fill goes to the
/// others. Without a budget, nothing is left out: the least rate is 1.
fn rates(wanted: &[(u64, f64)], settings: &SamplingSettings) -> Vec<f64> {
    let raw: Vec<f64> = wanted.iter().map(|(bytes, share)| share / (*bytes).max(1) as f64).collect();
    let rate = |budget: f64| raw.iter().map(|raw| (raw * budget).min(settings.repeats_max)).collect::<Vec<f64>>();
    let Some(bytes) = settings.bytes else {
        let least = raw.iter().copied().filter(|raw| *raw > 0.0).fold(f64::INFINITY, f64::min);
        return rate(1.0 / least).into_iter().map(exact).collect();
    };
    let read = |rates: &[f64]| rates.iter().zip(wanted).map(|(rate, (bytes, _))| rate * *bytes as f64).sum::<f64>();
    // What is read grows with the budget, so that halving finds the one that reads the bytes asked for.
    let (mut low, mut high) = (0.0, bytes as f64);
    while read(&rate(high)) < bytes as f64 && high < 1e30 {
        high *= 2.0;
    }
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if read(&rate(middle)) < bytes as f64 { low = middle } else { high = middle }
    }
    rate(high)
}

/// 1 where a rate is that but for rounding.
fn exact(rate: f64) -> f64 {
    if (rate - 1.0).abs() < 1e-9 { 1.0 } else { rate }
}

/// The weight of a document under a rate: the rate itself where it is 1 or more; else 1 for as many documents as it says, chosen by their
/// contents, and `None` for the others.
pub(crate) fn weight(rate: f64, exact: u128, seed: u64) -> Option<f64> {
    if rate >= 1.0 {
        return Some(rate);
    }
    let draw = mix(mix(seed) ^ (exact >> 64) as u64 ^ exact as u64) >> 11;
    ((draw as f64) < rate * (1_u64 << 53) as f64).then_some(1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn available(all: &[(&str, &str, u64)]) -> Available {
        all.iter().map(|(lang, domain, bytes)| (((*lang).to_owned(), (*domain).to_owned()), *bytes)).collect()
    }

    fn check(change: impl FnOnce(&mut SamplingSettings), expected: &[f64]) {
        let all = available(&[("en", "", 8000), ("sw", "", 500), ("zh", "news", 1200), ("zh", "law", 300)]);
        let mut settings = SamplingSettings { repeats_max: 100.0, ..SamplingSettings::default() };
        change(&mut settings);
        let rates: Vec<f64> = table(&all, &settings).iter().map(|share| share.rate).collect();
        let near = rates.iter().zip(expected).all(|(found, wanted)| (found - wanted).abs() < 1e-3);
        assert!(near && rates.len() == expected.len(), "{rates:?}, expected {expected:?}");
    }

    #[test]
    fn shares_follow_exponents_caps_and_budgets() {
        // Lines: en, sw, zh law, zh news.
        check(|_| (), &[1.0; 4]);
        check(|settings| settings.language_exponent = 0.0, &[1.0, 16.0, 5.333, 5.333]);
        check(|settings| settings.domain_exponent = 0.0, &[1.6, 1.6, 4.0, 1.0]);
        check(|settings| settings.bytes = Some(5000), &[0.5; 4]);
        check(|settings| (settings.language_exponent, settings.repeats_max) = (0.0, 2.0), &[1.0, 2.0, 2.0, 2.0]);
        let capped =
            |settings: &mut SamplingSettings| (settings.bytes, settings.language_share_max) = (Some(4000), 0.5);
        check(capped, &[0.25, 1.0, 1.0, 1.0]);
        let full = |settings: &mut SamplingSettings| (settings.bytes, settings.repeats_max) = (Some(1_000_000), 3.0);
        check(full, &[3.0; 4]);
    }

    #[test]
    fn a_rate_below_one_keeps_that_share_of_documents_whatever_their_order() {
        let kept = |seed| (0..20_000_u128).filter(|n| weight(0.3, blake3_like(*n), seed).is_some()).count();
        assert!((5700..6300).contains(&kept(1)), "{}", kept(1));
        assert_ne!(kept(1), kept(2));
        assert_eq!((weight(1.0, 7, 1), weight(2.5, 7, 1), weight(0.0, 7, 1)), (Some(1.0), Some(2.5), None));
    }

    fn blake3_like(number: u128) -> u128 {
        u128::from_le_bytes(blake3::hash(&number.to_le_bytes()).as_bytes()[..16].try_into().unwrap())
    }

    proptest! {
        #[test]
        fn a_budget_is_met_as_far_as_repeats_allow(
            sizes in proptest::collection::vec(1_u64..100_000, 1..8), budget in 1_u64..1_000_000, exponent in 0.0_f64..1.0,
        ) {
            let all = sizes.iter().enumerate().map(|(n, size)| ((n.to_string(), String::new()), *size)).collect();
            let settings = SamplingSettings { bytes: Some(budget), language_exponent: exponent, ..SamplingSettings::default() };
            let table = table(&all, &settings);
            let read: f64 = table.iter().map(|share| share.bytes as f64 * share.rate).sum();
            let most = sizes.iter().sum::<u64>() as f64 * settings.repeats_max;
            prop_assert!((read - (budget as f64).min(most)).abs() < 1e-3 * read.max(1.0), "{read} {budget} {most}");
            prop_assert!(table.iter().all(|share| share.rate <= settings.repeats_max + 1e-9));
            prop_assert!((table.iter().map(|share| share.share).sum::<f64>() - 1.0).abs() < 1e-6);
        }
    }
}
