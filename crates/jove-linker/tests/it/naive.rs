//! The linker equals a naive one.

use jove_core::{AliasRecord, EntityId, Lang, Mention};
use jove_linker::{EngineKind, LinkOptions, Linker, Normalization, Overlap};
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

/// Every span whose form is an alias's, the longest at each place from the left.
fn naive(aliases: &[AliasRecord], text: &str, options: &LinkOptions) -> Vec<(u32, u32, u32)> {
    let forms: Vec<String> = aliases.iter().map(|record| form(record.alias.trim(), options.normalization)).collect();
    let cuts = cuts(text, options.normalization);
    let mut found = Vec::new();
    let mut next = 0;
    for start in &cuts {
        if *start < next {
            continue;
        }
        let longest = cuts.iter().rev().filter(|end| *end > start).find_map(|end| {
            let here = form(&text[*start..*end], options.normalization);
            let named = forms.iter().zip(aliases).filter(|(form, _)| **form == here).map(|(_, record)| record.entity.0);
            let entity = named.min()?;
            (here.chars().count() >= options.chars_min as usize).then_some((*start as u32, *end as u32, entity))
        });
        if let Some((_, end, _)) = longest {
            found.extend(longest);
            next = end as usize;
        }
    }
    found
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

fn any_options() -> impl Strategy<Value = LinkOptions> {
    (any::<[bool; 4]>(), 1..3u32).prop_map(|([daachorse, compatible, case, traditional], chars_min)| LinkOptions {
        engine: if daachorse { EngineKind::Daachorse } else { EngineKind::AhoCorasick },
        normalization: Normalization { compatible, case, traditional },
        boundaries: false,
        chars_min,
        ..LinkOptions::default()
    })
}

fn any_aliases() -> impl Strategy<Value = Vec<AliasRecord>> {
    prop::collection::vec((any_text(1..4), 0..9u32), 0..10).prop_map(|rows| {
        let visible = rows.into_iter().filter(|(alias, _)| !alias.trim().is_empty());
        visible.map(|(alias, entity)| record(&alias, entity)).collect()
    })
}

fn places(mentions: &[Mention]) -> Vec<(u32, u32, u32)> {
    mentions.iter().map(|mention| (mention.span.start, mention.span.end, mention.entity.0)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_linker_equals_a_naive_one(aliases in any_aliases(), text in any_text(0..20), options in any_options()) {
        let linker = Linker::build(aliases.clone(), &options).unwrap();
        let linked = places(&linker.link(&text, Lang::UND));
        prop_assert_eq!(linked, naive(&aliases, &text, &options));
    }

    #[test]
    fn spans_slice_to_the_alias_and_never_overlap(
        aliases in any_aliases(),
        text in any_text(0..20),
        options in any_options(),
        boundaries: bool,
        best: bool,
    ) {
        let overlap = if best { Overlap::Best } else { Overlap::Longest };
        let options = LinkOptions { boundaries, overlap, ..options };
        let linker = Linker::build(aliases.clone(), &options).unwrap();
        let mentions = linker.link(&text, Lang::ZH);
        prop_assert!(mentions.is_sorted_by(|a, b| a.span.end <= b.span.start));
        for mention in mentions {
            let here = form(mention.span.slice(&text).unwrap(), options.normalization);
            let named = aliases.iter().any(|record| {
                record.entity == mention.entity && form(record.alias.trim(), options.normalization) == here
            });
            prop_assert!(named, "{:?}", mention);
            prop_assert!((0.0..=1.0).contains(&mention.score));
        }
    }
}

#[test]
fn blank_aliases_are_refused() {
    for alias in ["", " ", "\u{3000}", "\t\n", "\u{200b}"] {
        let error = Linker::build([record("好的名字", 1), record(alias, 7)], &LinkOptions::default());
        let message = error.err().unwrap().to_string();
        assert!(message.starts_with("alias 2 of entity 7: expected a name, found"), "{message}");
    }
}

#[test]
fn overlong_aliases_are_refused() {
    let message = Linker::build([record(&"长".repeat(500), 3)], &LinkOptions::default()).err().unwrap().to_string();
    assert_eq!(message, "alias 1 of entity 3: expected at most 1024 bytes, found 1500");
}

#[test]
fn an_empty_table_links_nothing() {
    let linker = Linker::build([], &LinkOptions::default()).unwrap();
    assert!(linker.link("中国", Lang::ZH).is_empty());
    assert_eq!(linker.report().aliases, 0);
}
