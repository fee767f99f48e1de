//! Which names are linked in which language, and how they may be written there.

use jove_core::{AliasRecord, EntityId, Lang};
use jove_linker::{Annotator, EntityLinkingOptions, Knowledge, Linker, Normalization, Tagger, TaggerOptions};

/// A base of names with their languages (`""` for none) and the popularity of the entities that they are of.
fn annotator(names: &[(&str, &str, u32, f32)], options: &EntityLinkingOptions) -> Annotator {
    let records = names.iter().map(|(lang, alias, entity, popularity)| AliasRecord {
        alias: (*alias).to_owned(),
        entity: EntityId(*entity),
        lang: Lang::new(lang).ok(),
        prior: 1.0,
        popularity: *popularity,
    });
    let linker = Linker::build(records, options).unwrap();
    Annotator { linker, tagger: Tagger::new(&TaggerOptions::default(), []).unwrap() }
}

/// The mentions of a text, each with its entity.
fn links(annotator: &Annotator, text: &str, lang: &str) -> Vec<(String, u32)> {
    let annotated = annotator.annotate(text.to_owned(), Lang::new(lang).unwrap());
    annotated.mentions.iter().map(|m| (m.span.slice(text).unwrap().to_owned(), m.entity.0)).collect()
}

/// `marked` has brackets around each mention that is expected of one base of names in one language.
fn check(lang: &str, names: &[&str], marked: &str) {
    let rows: Vec<_> = (0..).zip(names).map(|(entity, name)| (lang, *name, entity, 0.0)).collect();
    let annotator = annotator(&rows, &EntityLinkingOptions::default());
    let text = marked.replace(['⟦', '⟧'], "");
    let found: Vec<String> = links(&annotator, &text, lang).into_iter().map(|(name, _)| name).collect();
    let parts = marked.split('⟦').skip(1);
    let expected: Vec<&str> = parts.map(|part| part.split_once('⟧').unwrap().0).collect();
    assert_eq!(found, expected, "{lang}: {marked}");
}

/// `expected` are the entities that a text is linked to, of names with their languages and popularities.
fn check_entities(names: &[(&str, &str, u32, f32)], (lang, text): (&str, &str), expected: &[u32]) {
    let found = links(&annotator(names, &EntityLinkingOptions::default()), text, lang);
    assert_eq!(found.iter().map(|(_, entity)| *entity).collect::<Vec<_>>(), expected, "{lang}: {text} {found:?}");
}

#[test]
fn a_name_of_another_language_is_none() {
    let names = [
        ("en", "Northmark", 1, 900.0),
        ("de", "Nordmark", 1, 900.0),
        ("cy", "Wir", 1, 900.0),
        ("de", "Seestadt", 2, 1.0),
    ];
    check_entities(&names, ("de", "Morgen sehen Wir uns in der Nordmark."), &[1]);
    check_entities(&names, ("cy", "Dyma Wir ni."), &[1]);
    check_entities(
        &[("zh", "湖城", 1, 0.0), ("cy", "Wir", 1, 0.0), ("en", "Lake", 2, 0.0)],
        ("zh", "湖城的 Wir"),
        &[1],
    );
    let foreign = EntityLinkingOptions { foreign_names: true, ..EntityLinkingOptions::default() };
    let scored = annotator(&names, &foreign).linker.explain("Wir", Lang::new("de").unwrap(), None);
    assert_eq!(scored.len(), 1, "it is looked for where the user asks");
}

#[test]
fn the_name_in_the_text_s_language_beats_a_more_popular_foreign_one() {
    let names =
        [("en", "Ostland", 1, 3e6), ("en", "Ostlandic", 2, 9e7), ("hu", "Ostland", 2, 9e7), ("fi", "Ostland", 3, 9e9)];
    check_entities(&names, ("en", "Ostland lies in the mountains."), &[1]);
    check_entities(&names, ("hu", "Ez Ostland."), &[2]);
}

#[test]
fn an_entity_without_a_name_in_the_language_keeps_its_usual_one() {
    let names =
        [("en", "Portville", 1, 0.0), ("de", "Seestadt", 2, 0.0), ("fr", "Ville", 3, 0.0), ("en", "Lake City", 2, 0.0)];
    check_entities(&names, ("de", "Sie wohnt in Portville."), &[1]);
    check_entities(&names, ("de", "Sie wohnt in Lake City."), &[]);
}

#[test]
fn names_of_every_or_no_known_language_count_in_all() {
    check_entities(&[("mul", "Zenobix", 1, 0.0), ("de", "Haus", 2, 0.0)], ("de", "Das ist Zenobix."), &[1]);
    check_entities(&[("", "Zenobix", 1, 0.0), ("de", "Haus", 2, 0.0)], ("de", "Das ist Zenobix."), &[1]);
    check_entities(&[("en", "Zenobix", 1, 0.0)], ("sw", "Hii ni Zenobix."), &[1]);
    check_entities(&[("cy", "Zenobix", 1, 0.0), ("de", "Haus", 2, 0.0)], ("und", "Zenobix"), &[1]);
}

/// Names of tables and of gazetteers have no language, and some are written like ordinary words.
#[test]
fn names_without_a_language_need_evidence_of_their_own() {
    let names = [
        ("", "Millbrook", 1, 1e5),
        ("", "GET", 2, 1e5),
        ("", "Since", 3, 1e5),
        ("", "fun", 4, 1e5),
        ("", "Re", 5, 1e5),
    ];
    check_entities(&names, ("en", "Since when do they get fun in Millbrook?"), &[1]);
    check_entities(&names, ("en", "re and Re and the code GET"), &[2]);
    // A graph of things, whose names are written small.
    check_entities(
        &[("", "barley", 1, 0.0), ("", "oats", 2, 0.0), ("", "rye", 3, 0.0)],
        ("en", "They sow barley and rye."),
        &[1, 3],
    );
}

#[test]
fn case_tells_names_of_the_same_letters_apart() {
    let names = [("fi", "Venska", 1, 5.0), ("fi", "venska", 2, 5e3)];
    check_entities(&names, ("fi", "Hän puhuu venskaa ja asuu Venskassa"), &[2, 1]);
}

#[test]
fn signs_beside_a_name_are_its_borders() {
    for (lang, name, marked) in [
        ("en", "Lakeville", "⟦Lakeville⟧'s mayor and ⟦Lakeville⟧’s port"),
        ("en", "Lakeville", "a ⟦Lakeville⟧-based firm, the non-⟦Lakeville⟧ part"),
        ("fr", "Ombrie", "Il aime l’⟦Ombrie⟧ et vient d'⟦Ombrie⟧."),
        ("it", "Asturia", "nell'⟦Asturia⟧ di oggi"),
        ("tr", "İzmitli", "Dün ⟦İzmitli⟧'de kar yağdı."),
        ("ko", "부산", "⟦부산⟧은 크다. ⟦부산⟧에서의 하루, ⟦부산⟧입니다. ⟦부산⟧에도 ⟦부산⟧이라는"),
        ("ko", "부산", "부산대학교"),
        ("en", "Lakeville", "in \u{200f}⟦Lakeville⟧\u{200e}, \u{feff}⟦Lakeville⟧"),
        ("he", "חיפה", "אני גר ליד \u{200f}⟦חיפה⟧\u{200f} כבר שנה"),
        ("en", "Lakeville", "lakeville.example/x Lakevilles"),
        ("en", "Lakeville", ""),
    ] {
        check(lang, &[name], marked);
    }
}

#[test]
fn spelling_variants_are_one_name() {
    for (lang, name, marked) in [
        ("en", "Côte d’Azur", "the ⟦Côte d'Azur⟧"),
        ("en", "O'Brien Bay", "at ⟦O’Brien  Bay⟧ now"),
        ("en", "Bissau-Nord", "from ⟦Bissau\u{2011}Nord⟧ or ⟦Bissau Nord⟧"),
        ("en", "Port Lake", "to ⟦Port\u{a0}La\u{ad}ke⟧ and ⟦Port\tLake⟧"),
        ("tr", "Kırıkkale", "⟦KIRIKKALE⟧ güzel"),
        ("el", "Λάρισα", "Η ⟦ΛΑΡΙΣΑ⟧ είναι εκεί"),
        ("ru", "Королёв", "⟦Королев⟧ далеко"),
        ("ro", "Timișoara", "la ⟦Timişoara⟧ ieri"),
        ("uk", "Слов'янськ", "місто ⟦Словʼянськ⟧"),
        ("ar", "الأقصر", "زرت ⟦الاقصر⟧ ثم ⟦الأُقْصُـر⟧"),
        ("fa", "یزد کرمان", "در ⟦يزد كرمان⟧ است"),
        ("he", "בית שאן", "ליד ⟦בֵּית־שְׁאָן⟧ כבר"),
        ("zh", "阿·托姆", "⟦阿・托姆⟧来了"),
        ("zh", "湾龙大桥", "⟦灣龍大橋⟧很長"),
        ("km", "បាត់ដំបង", "នៅ⟦បាត់\u{200b}ដំបង⟧។"),
    ] {
        check(lang, &[name], marked);
    }
}

#[test]
fn inflected_names_are_found() {
    for (lang, name, marked) in [
        ("ru", "Верона", "Он живёт в ⟦Вероне⟧."),
        ("fi", "Turenki", "Asun ⟦Turengissa⟧ nyt."),
        ("hu", "Szegvár", "⟦Szegvárban⟧ jártam."),
        ("de", "Seestadt", "⟦Seestadt⟧s Hafen"),
        ("he", "חיפה", "היא גרה ⟦בחיפה⟧ כבר"),
        ("ar", "القصيم", "وصلنا ⟦بالقصيم⟧ أمس"),
        ("ta", "மதுரை", "நான் ⟦மதுரையில்⟧ இருக்கிறேன்"),
        ("en", "Lakeville", "many Lakevilles"),
        ("ru", "Верона", "Веронами"),
    ] {
        check(lang, &[name], marked);
    }
}

#[test]
fn words_are_no_names() {
    check("en", &["May", "US", "Mobile"], "May I tell us? The ⟦US⟧ is mobile.");
    check("zh", &["...", "!?"], "他说……好!?");
    check("en", &["--", "-5", "?!"], "What?! It was -5 -- no.");
    check("de", &["Du", "Mann"], "Du bist hier.");
}

/// The advice of `jove kb lint` for an ambiguous name helps where it has one meaning in the graph, too.
#[test]
fn a_low_prior_keeps_a_name_from_being_linked() {
    for (prior, expected) in [(1.0, 1), (0.5, 1), (0.1, 0)] {
        let record =
            AliasRecord { alias: "Lakeville".to_owned(), entity: EntityId(1), lang: None, prior, popularity: 0.0 };
        let linker = Linker::build([record], &EntityLinkingOptions::default()).unwrap();
        let annotator = Annotator { linker, tagger: Tagger::new(&TaggerOptions::default(), []).unwrap() };
        assert_eq!(links(&annotator, "We went to Lakeville.", "en").len(), expected, "{prior}");
    }
}

/// What stands in other texts does not change the links of a text, unless the linker learned from them.
#[test]
fn links_do_not_depend_on_other_texts() {
    let annotator = annotator(&[("ko", "부산", 1, 0.0)], &EntityLinkingOptions::default());
    let alone = links(&annotator, "부산의 하루", "ko");
    links(&annotator, "부산은 크다. 부산은 넓다.", "ko");
    assert_eq!(links(&annotator, "부산의 하루", "ko"), alone);
    assert_eq!(alone.len(), 1);
}

#[test]
fn a_word_of_no_known_language_is_a_name_where_it_is_well_known() {
    let towns: Vec<String> = (0..100).map(|number| format!("Placeburg{number}")).collect();
    let mut names: Vec<(&str, &str, u32, f32)> =
        (0..).zip(&towns).map(|(number, town)| ("", town.as_str(), number, 1000.0 * number as f32)).collect();
    names.extend([("", "Maribel", 200, 500.0), ("", "Lakeville", 201, 95_000.0), ("", "Old Harbor", 202, 10.0)]);
    names.extend([("", "QTX", 203, 96_000.0), ("", "Greatport", 204, 1e7), ("en", "Maribel", 205, 500.0)]);
    for (text, expected) in [
        ("I was in Lakeville today.", &[201][..]),
        ("Lakeville is what I said.", &[]),
        ("Greatport is what I said.", &[204]),
        ("We saw Old Harbor today.", &[202]),
        ("We flew to QTX today.", &[]),
        ("I met Mrs. Lakeville today.", &[]),
        ("I met Maribel today.", &[205]),
    ] {
        check_entities(&names, ("en", text), expected);
    }
    names.pop();
    check_entities(&names, ("en", "I met Maribel today."), &[]);
    let unweighed: Vec<_> = names.iter().map(|(lang, name, entity, _)| (*lang, *name, *entity, 0.0)).collect();
    check_entities(&unweighed, ("en", "I met Maribel today."), &[200]);
}

#[test]
fn a_short_word_without_capitals_is_a_little_known_name_beside_its_neighbours_alone() {
    let names = [("he", "ימית", 1, 0.0), ("he", "כרמיה", 2, 9e6), ("en", "Aland", 3, 8e6), ("en", "Beland", 4, 7e6)];
    check_entities(&names, ("he", "הוא גר ליד ימית היום"), &[]);
    check_entities(&names, ("he", "הוא גר ליד כרמיה היום"), &[2]);
    let alone = annotator(&names, &EntityLinkingOptions::default());
    let neighbours = Knowledge::build([], [(EntityId(1), EntityId(2))], Normalization::default());
    let beside = Annotator { linker: alone.linker.with_knowledge(neighbours), tagger: alone.tagger };
    let found = links(&beside, "מן ימית אל כרמיה", "he");
    assert_eq!(found.iter().map(|(_, entity)| *entity).collect::<Vec<_>>(), [1, 2], "{found:?}");
}
