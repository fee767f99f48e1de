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
        'ｶ' | 'ﾞ' | 'カ' | 'ガ' | '\u{3099}' => 'k',
        '각' | '가' | '\u{11a8}' => 'h',
        ' ' | '😀' | '👩' | '🔬' | '\u{200d}' => '.',
        _ => 'l',
    }
}

/// Whether a name may stand at `start..end`, by the rules that `docs/linking.md` tells, which are for the normal form.
fn stands(text: &str, start: usize, end: usize, normalization: Normalization) -> bool {
    let [before, name, rest] = [&text[..start], &text[start..end], &text[end..]].map(|part| form(part, normalization));
    let apart = |left: char, right: char| {
        let belongs = matches!(right, '\u{301}' | '\u{200d}' | 'ﾞ' | '\u{3099}') || left == '\u{200d}';
        !belongs && (matches!(kind(left), 'f' | '.') || kind(left) != kind(right))
    };
    let around = |left: &str, right: &str| left.chars().next_back().zip(right.chars().next());
    let particle = rest.strip_prefix('가').is_some_and(|rest| !rest.starts_with(|c| kind(c) == 'h'));
    around(&before, &name).is_none_or(|(before, first)| apart(before, first))
        && around(&name, &rest)
            .is_none_or(|(last, after)| apart(last, after) || (kind(last) == 'h' && kind(after) == 'h' && particle))
}

/// An entity that a form may mean, with all records that say so.
#[derive(Clone, Debug)]
struct Meaning {
    entity: EntityId,
    prior: f32,
    popularity: f32,
    records: Vec<AliasRecord>,
}

/// A base with the records that are long enough, to be asked as the linker's tables are.
struct Base<'a> {
    records: Vec<&'a AliasRecord>,
    options: &'a EntityLinkingOptions,
}

impl<'a> Base<'a> {
    fn new(aliases: &'a [AliasRecord], options: &'a EntityLinkingOptions) -> Self {
        let long_enough = |record: &&AliasRecord| {
            form(&record.alias, options.normalization).trim().chars().count() >= options.chars_min as usize
        };
        Self { records: aliases.iter().filter(long_enough).collect(), options }
    }

    /// Languages whose names are a stretch's own: by its first letter, and the text's.
    fn own(written: &str, text: Lang) -> Vec<Lang> {
        match written.chars().find(|c| c.is_alphabetic()) {
            Some('国' | '國' | '臺' | '台' | '𠀀') => vec![Lang::ZH, text],
            Some('a' | 'B' | 'Ａ' | 'b' | 'é' | 'e' | 'ß' | 's' | 'x' | 'ﬁ' | 'f' | 'i') => vec![Lang::EN, text],
            _ => vec![text],
        }
    }

    /// Whether the base has names in one of these languages: a twentieth of the most that it has in any.
    fn is_served(&self, langs: &[Lang]) -> bool {
        let count = |lang: Lang| self.records.iter().filter(|record| record.lang == Some(lang)).count();
        let most = [Lang::ZH, Lang::EN].map(count).into_iter().max().unwrap_or(0);
        langs.iter().any(|lang| count(*lang) > 0 && 20 * count(*lang) >= most)
    }

    /// 0 for a name of the stretch's own language, 1 for one whose language is open, 2 for one of another language.
    fn evidence(&self, meaning: &Meaning, own: &[Lang]) -> usize {
        let langs = || meaning.records.iter().map(|record| record.lang);
        if langs().any(|lang| lang.is_some_and(|lang| own.contains(&lang))) {
            0
        } else if !self.is_served(own) || langs().any(|lang| lang.is_none()) {
            1
        } else {
            2
        }
    }

    fn has_capital(&self, meaning: &Meaning, own: &[Lang]) -> bool {
        let capital = |record: &AliasRecord| record.alias.contains(char::is_uppercase);
        let of = |wanted: &dyn Fn(Option<Lang>) -> bool| -> Vec<&AliasRecord> {
            meaning.records.iter().filter(|record| wanted(record.lang)).collect()
        };
        let owned = of(&|lang| lang.is_some_and(|lang| own.contains(&lang)));
        if !owned.is_empty() {
            return owned.iter().all(|record| capital(record));
        }
        let unknown = of(&|lang| lang.is_none());
        // A language counts as without capitals as soon as one of its records is.
        let small = |lang: Option<Lang>| meaning.records.iter().any(|record| record.lang == lang && !capital(record));
        let all_small = meaning.records.iter().all(|record| small(record.lang));
        if !unknown.is_empty() && all_small {
            let cased = meaning.records.iter().any(is_cased);
            let rows = || self.records.iter().filter(|record| record.lang.is_none() && is_cased(record));
            return cased && 2 * rows().filter(|record| capital(record)).count() > rows().count();
        }
        !all_small
    }

    /// A meaning's weight; every factor is a power of two, so that nothing is rounded.
    fn weight(&self, meaning: &Meaning, own: &[Lang], (written, opens): (&str, bool)) -> f32 {
        let language = [1.0, 1.0 / 16.0, 1.0 / 65536.0][self.evidence(meaning, own)];
        let upper = written.contains(char::is_uppercase);
        let case = match (upper, written.contains(char::is_lowercase), self.has_capital(meaning, own)) {
            (true, _, false) => {
                if opens {
                    0.25
                } else {
                    1.0 / 64.0
                }
            }
            (false, true, true) => 1.0 / 64.0,
            _ => 1.0,
        };
        case * (meaning.prior * (1.0 + meaning.popularity).sqrt() * language)
    }

    /// What a form may mean in a stretch of text: names of its own language first, and of those the likeliest.
    fn meanings(&self, wanted: &str, own: &[Lang]) -> Vec<Meaning> {
        let mut found: Vec<Meaning> = Vec::new();
        let same = |record: &&&AliasRecord| form(&record.alias, self.options.normalization).trim() == wanted;
        for record in self.records.iter().filter(same) {
            let AliasRecord { entity, prior, popularity, .. } = **record;
            match found.iter_mut().find(|other| other.entity == entity) {
                None => found.push(Meaning { entity, prior, popularity, records: vec![(**record).clone()] }),
                Some(other) => {
                    other.prior = other.prior.max(prior);
                    other.popularity = other.popularity.max(popularity);
                    other.records.push((**record).clone());
                }
            }
        }
        found.retain(|meaning| self.options.foreign_names || self.evidence(meaning, own) < 2);
        found.sort_by(|a, b| {
            let language = self.evidence(a, own).cmp(&self.evidence(b, own));
            let known = b.popularity.total_cmp(&a.popularity);
            language.then(b.prior.total_cmp(&a.prior)).then(known).then(a.entity.cmp(&b.entity))
        });
        found
    }
}

fn is_cased(record: &AliasRecord) -> bool {
    record.alias.contains(|c: char| c.is_uppercase() || c.is_lowercase())
}

/// Every span whose form is an alias's, overlapping ones too, with the entities it may mean and their weights; by start, the
/// longest first.
fn naive(base: &Base, text: &str, lang: Lang) -> Vec<(ByteSpan, Vec<(EntityId, f32)>)> {
    let options = base.options;
    let cuts = cuts(text, options.normalization);
    let mut found = Vec::new();
    for start in &cuts {
        for end in cuts.iter().rev().take_while(|end| *end > start) {
            let written = &text[*start..*end];
            let own = Base::own(written, lang);
            let opens = text[..*start].trim().is_empty();
            let meanings = base.meanings(&form(written, options.normalization), &own);
            if !meanings.is_empty() && (!options.boundaries || stands(text, *start, *end, options.normalization)) {
                let weighed =
                    meanings.iter().map(|meaning| (meaning.entity, base.weight(meaning, &own, (written, opens))));
                found.push((ByteSpan::new(*start as u32, *end as u32), weighed.collect()));
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
    (engine, any::<[bool; 7]>(), 1..3u32, score_min).prop_map(
        |(
            engine,
            [compatible, case, traditional, boundaries, best, foreign_names, inflection],
            chars_min,
            score_min,
        )| {
            EntityLinkingOptions {
                engine,
                normalization: Normalization { compatible, case, traditional, ..OTHERS_OFF },
                boundaries,
                foreign_names,
                inflection,
                chars_min,
                score_min,
                overlap: if best { Overlap::Best } else { Overlap::Longest },
            }
        },
    )
}

/// The switches that the naive linker does not know.
const OTHERS_OFF: Normalization = Normalization {
    compatible: true,
    case: true,
    traditional: true,
    invisible: false,
    spaces: false,
    punctuation: false,
    points: false,
    accents: false,
    letters: false,
};

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
        let base = Base::new(&aliases, &options);
        let expected = naive(&base, &text, lang);
        prop_assert_eq!(scored.len(), expected.len(), "{:?}\n{:?}", &scored, &expected);
        for (scored, (span, weighed)) in scored.iter().zip(&expected) {
            prop_assert_eq!(scored.mention.span, *span);
            let total: f32 = weighed.iter().map(|(_, weight)| weight).sum();
            let mut shares: Vec<(EntityId, f32)> =
                weighed.iter().map(|(entity, weight)| (*entity, weight / total)).collect();
            let best = (0..shares.len()).rev().max_by(|a, b| weighed[*a].1.total_cmp(&weighed[*b].1)).unwrap();
            prop_assert_eq!(scored.mention.entity, shares[best].0);
            shares.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            prop_assert_eq!(&scored.candidates, &shares);
            prop_assert!((0.0..=1.0).contains(&scored.mention.score));
        }
        let places = scored.into_iter().map(|scored| scored.mention).collect();
        prop_assert_eq!(linker.link(&text, lang), resolved(places, &options));
    }
}

/// One bad record makes no base unlinkable.
#[test]
fn records_that_are_no_names_are_left_out_and_counted() {
    let bad = ["", " ", "\u{3000}", "\t\n", "\u{200b}", "\u{200e}\u{ad}", &"长".repeat(500)].map(str::to_owned);
    let records = bad.iter().map(|alias| record(alias, 7)).chain([record("好的名字", 1)]);
    let linker = Linker::build(records, &EntityLinkingOptions::default()).unwrap();
    assert_eq!((linker.report().unusable, linker.report().aliases), (7, 1));
    assert_eq!(linker.link("这是好的名字", Lang::ZH).len(), 1);
}

#[test]
fn a_table_that_makes_everything_a_mention_is_refused() {
    let letters = ('\u{4e00}'..='\u{9fff}').zip(0..).map(|(c, entity)| record(&c.to_string(), entity));
    let options = EntityLinkingOptions { chars_min: 1, ..EntityLinkingOptions::default() };
    let message = Linker::build(letters, &options).err().unwrap().to_string();
    assert!(message.starts_with("aliases: expected names, found 18139 aliases that cover 100 %"), "{message}");
}

#[test]
fn an_empty_table_links_nothing() {
    let linker = Linker::build([], &EntityLinkingOptions::default()).unwrap();
    assert!(linker.link("中国", Lang::ZH).is_empty());
    assert_eq!(linker.report().aliases, 0);
}
