//! The linker equals a naive one.

use jove_core::{AliasRecord, ByteSpan, EntityId, Lang, Mention};
use jove_linker::{EngineKind, EntityLinkingOptions, Linker, Normalization, Overlap};
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

fn record(alias: &str, entity: u32) -> AliasRecord {
    AliasRecord { alias: alias.to_owned(), entity: EntityId(entity), lang: None, prior: 1.0, popularity: 0.0 }
}

fn form(text: &str, normalization: Normalization) -> String {
    let composed: String = if normalization.compatible { text.nfkc().collect() } else { text.to_owned() };
    let folded =
        if normalization.case { composed.to_lowercase().replace('ß', "ss").replace('ς', "σ") } else { composed };
    if normalization.traditional { folded.replace('國', "国").replace('臺', "台") } else { folded }
}

/// Where NFKC may cut a text: both parts keep their form when joined, whatever stands before and after.
fn cuts(text: &str, normalization: Normalization) -> Vec<usize> {
    let bounds = (0..=text.len()).filter(|at| text.is_char_boundary(*at));
    bounds
        .filter(|at| {
            let (left, right) = text.split_at(*at);
            let whole = form(text, normalization);
            *at == 0
                || !normalization.compatible
                || (whole == form(left, normalization) + &form(right, normalization) && !begins_with_a_mark(right))
        })
        .collect()
}

fn begins_with_a_mark(text: &str) -> bool {
    text.starts_with(['\u{301}', '\u{ff9e}', '\u{11a8}'])
}

/// How the characters of the tests' alphabet stand together: free, Katakana, Hangul, apart, or letters with spaces.
fn kind(c: char) -> char {
    match c {
        '国' | '國' | '臺' | '台' | '𠀀' => 'f',
        'ｶ' | 'ﾞ' => 'k',
        '각' | '가' | '\u{11a8}' => 'h',
        ' ' | '😀' | '👩' | '🔬' | '\u{200d}' => '.',
        _ => 'l',
    }
}

/// Whether a name may stand at `start..end`, by the rules that `docs/linking.md` tells.
fn stands(text: &str, start: usize, end: usize) -> bool {
    let apart = |left: char, right: char| {
        let belongs = matches!(right, '\u{301}' | '\u{200d}' | 'ﾞ') || left == '\u{200d}';
        !belongs && (matches!(kind(left), 'f' | '.') || kind(left) != kind(right))
    };
    let around = |at: usize| text[..at].chars().next_back().zip(text[at..].chars().next());
    let particle = text[end..].strip_prefix('가').is_some_and(|rest| !rest.starts_with(|c| kind(c) == 'h'));
    around(start).is_none_or(|(before, first)| apart(before, first))
        && around(end).is_none_or(|(last, after)| apart(last, after) || (kind(last) == 'h' && particle))
}

/// A candidate's weight; every factor is a power of two, so that nothing is rounded.
fn weight(record: &AliasRecord, lang: Lang) -> f32 {
    let language = if record.lang.is_none_or(|other| other == lang) { 1.0 } else { 0.5 };
    record.prior * (1.0 + record.popularity).sqrt() * language
}

/// What a form may mean: one record an entity, the likeliest first.
fn candidates(aliases: &[AliasRecord], wanted: &str, options: &EntityLinkingOptions) -> Vec<AliasRecord> {
    let mut found: Vec<AliasRecord> = Vec::new();
    for record in aliases.iter().filter(|record| form(record.alias.trim(), options.normalization) == wanted) {
        match found.iter_mut().find(|other| other.entity == record.entity) {
            None => found.push(record.clone()),
            Some(other) => {
                other.prior = other.prior.max(record.prior);
                other.popularity = other.popularity.max(record.popularity);
                other.lang = other.lang.filter(|lang| Some(*lang) == record.lang);
            }
        }
    }
    found.sort_by(|a, b| {
        let known = b.popularity.total_cmp(&a.popularity);
        b.prior.total_cmp(&a.prior).then(known).then(a.entity.cmp(&b.entity))
    });
    found
}

/// Every span whose form is an alias's, overlapping ones too, with its candidates; by start, the longest first.
fn naive(aliases: &[AliasRecord], text: &str, options: &EntityLinkingOptions) -> Vec<(ByteSpan, Vec<AliasRecord>)> {
    let cuts = cuts(text, options.normalization);
    let mut found = Vec::new();
    for start in &cuts {
        for end in cuts.iter().rev().take_while(|end| *end > start) {
            let here = form(&text[*start..*end], options.normalization);
            let long_enough = here.chars().count() >= options.chars_min as usize;
            let candidates = candidates(aliases, &here, options);
            if !candidates.is_empty() && long_enough && (!options.boundaries || stands(text, *start, *end)) {
                found.push((ByteSpan::new(*start as u32, *end as u32), candidates));
            }
        }
    }
    found
}

/// The best of what overlaps, looked for one by one.
fn resolved(mut places: Vec<Mention>, options: &EntityLinkingOptions) -> Vec<Mention> {
    places.retain(|place| place.score >= options.score_min);
    let mut kept: Vec<Mention> = Vec::new();
    while !places.is_empty() {
        let better = |a: &Mention, b: &Mention| {
            let longer = a.span.len().cmp(&b.span.len());
            let earlier = b.span.start.cmp(&a.span.start);
            match options.overlap {
                Overlap::Longest => earlier.then(longer),
                Overlap::Best => a.score.total_cmp(&b.score).then(longer).then(earlier),
            }
        };
        let best = *places.iter().max_by(|a, b| better(a, b)).unwrap();
        places.retain(|place| !place.span.overlaps(best.span));
        kept.push(best);
    }
    kept.sort_by_key(|mention| mention.span);
    kept
}

fn any_piece() -> impl Strategy<Value = String> {
    let pieces = [
        "a",
        "B",
        "Ａ",
        "b",
        " ",
        "é",
        "e\u{301}",
        "国",
        "國",
        "臺",
        "台",
        "😀",
        "👩\u{200d}🔬",
        "ש",
        "ß",
        "ss",
        "𝒳",
        "x",
        "ﬁ",
        "fi",
        "ｶ",
        "ﾞ",
        "1",
        "①",
        "𠀀",
        "각",
        "가",
        "\u{11a8}",
    ];
    prop::sample::select(pieces.to_vec()).prop_map(str::to_owned)
}

fn any_text(pieces: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    prop::collection::vec(any_piece(), pieces).prop_map(|pieces| pieces.concat())
}

fn any_options() -> impl Strategy<Value = EntityLinkingOptions> {
    let score_min = prop::sample::select(vec![0.0, 0.5, 0.7, 0.8, 1.0]);
    let engine = prop::sample::select(vec![EngineKind::Auto, EngineKind::AhoCorasick, EngineKind::Daachorse]);
    (engine, any::<[bool; 5]>(), 1..3u32, score_min).prop_map(
        |(engine, [compatible, case, traditional, boundaries, best], chars_min, score_min)| EntityLinkingOptions {
            engine,
            normalization: Normalization { compatible, case, traditional },
            boundaries,
            chars_min,
            score_min,
            overlap: if best { Overlap::Best } else { Overlap::Longest },
        },
    )
}

fn any_record() -> impl Strategy<Value = AliasRecord> {
    let lang = prop::sample::select(vec![None, Some(Lang::ZH), Some(Lang::EN)]);
    (any_text(1..4), 0..8u32, lang, any::<[bool; 2]>()).prop_map(|(alias, entity, lang, [rare, known])| AliasRecord {
        alias,
        entity: EntityId(entity),
        lang,
        prior: if rare { 0.25 } else { 1.0 },
        popularity: if known { 3.0 } else { 0.0 },
    })
}

fn any_aliases() -> impl Strategy<Value = Vec<AliasRecord>> {
    prop::collection::vec(any_record(), 0..10)
        .prop_map(|rows| rows.into_iter().filter(|record| !record.alias.trim().is_empty()).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Places, candidates and their shares are checked one by one; of the linker's own numbers only the score is taken.
    #[test]
    fn the_linker_equals_a_naive_one(
        aliases in any_aliases(),
        text in any_text(0..20),
        options in any_options(),
        lang in prop::sample::select(vec![Lang::ZH, Lang::EN]),
    ) {
        let linker = Linker::build(aliases.clone(), &options).unwrap();
        let scored = linker.explain(&text, lang, None);
        let expected = naive(&aliases, &text, &options);
        prop_assert_eq!(scored.len(), expected.len(), "{:?}", &scored);
        for (scored, (span, candidates)) in scored.iter().zip(&expected) {
            prop_assert_eq!(scored.mention.span, *span);
            let weights: Vec<f32> = candidates.iter().map(|record| weight(record, lang)).collect();
            let total: f32 = weights.iter().sum();
            let mut shares: Vec<(EntityId, f32)> =
                candidates.iter().zip(&weights).map(|(record, weight)| (record.entity, weight / total)).collect();
            let best = (0..shares.len()).rev().max_by(|a, b| shares[*a].1.total_cmp(&shares[*b].1)).unwrap();
            prop_assert_eq!(scored.mention.entity, shares[best].0);
            shares.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            prop_assert_eq!(&scored.candidates, &shares);
            prop_assert!((0.0..=1.0).contains(&scored.mention.score));
        }
        let places = scored.into_iter().map(|scored| scored.mention).collect();
        prop_assert_eq!(linker.link(&text, lang), resolved(places, &options));
    }
}

#[test]
fn blank_aliases_are_refused() {
    for alias in ["", " ", "\u{3000}", "\t\n", "\u{200b}"] {
        let error = Linker::build([record("好的名字", 1), record(alias, 7)], &EntityLinkingOptions::default());
        let message = error.err().unwrap().to_string();
        assert!(message.starts_with("alias 2 of entity 7: expected a name, found"), "{message}");
    }
}

#[test]
fn overlong_aliases_are_refused() {
    let message =
        Linker::build([record(&"长".repeat(500), 3)], &EntityLinkingOptions::default()).err().unwrap().to_string();
    assert_eq!(message, "alias 1 of entity 3: expected at most 1024 bytes, found 1500");
}

#[test]
fn a_table_that_makes_everything_a_mention_is_refused() {
    let letters = ('\u{4e00}'..='\u{9fff}').zip(0..).map(|(c, entity)| record(&c.to_string(), entity));
    let options = EntityLinkingOptions { chars_min: 1, ..EntityLinkingOptions::default() };
    let message = Linker::build(letters, &options).err().unwrap().to_string();
    assert!(message.starts_with("aliases: expected names, found 20992 aliases that cover 100 %"), "{message}");
}

#[test]
fn an_empty_table_links_nothing() {
    let linker = Linker::build([], &EntityLinkingOptions::default()).unwrap();
    assert!(linker.link("中国", Lang::ZH).is_empty());
    assert_eq!(linker.report().aliases, 0);
}
