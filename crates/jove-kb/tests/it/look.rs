//! Counts, lint, the page.

use jove_browser::{dom, faults};
use jove_core::Silent;
use jove_kb::{BuildOptions, Format, Kb, Level, LintOptions, Source, ViewOptions, build, lint, view};

use crate::common::Place;

#[test]
fn lint_finds_what_was_put_in() {
    let place = Place::new();
    let mut rows: String = (0..6)
        .map(|n| format!("{{\"id\":\"s{n}\",\"labels\":{{\"en\":\"Springfield\"}}}}"))
        .collect::<Vec<_>>()
        .join("\n");
    rows += r#"
{"id":"a","labels":{"zh":"的","en":"time"},"aliases":{"zh":["London","中国學校"],"en":["ä¸å"]},"facts":{"p":["a","b"]}}
{"id":"t","labels":{"zh":"中國"}}
{"id":"u","labels":{"zh":"学习"},"aliases":{"zh":["长江"]}}
{"id":"c","labels":{"zh":"好名字","he":"שלום","en":"🙂 e\u0301"},"descriptions":{"en":"fine"}}
"#;
    let path = place.file("x.jsonl", rows.replace("ä¸å", "Ã©"));
    let again = place.file("again.tsv", "a\tp\tb\n");
    let options = BuildOptions::new(
        place.path("kb.sqlite"),
        vec![Source::new(Format::Jsonl, path), Source::new(Format::Tsv, again)],
    );
    build(&options, &Silent).unwrap();
    let kb = Kb::open(&options.out).unwrap();
    let findings = lint(&kb, &LintOptions::default()).unwrap();
    let count = |name: &str| findings.iter().find(|finding| finding.name == name).map_or(0, |finding| finding.count);
    assert_eq!(count("one-character-alias"), 3, "的 and the two names of the table");
    assert_eq!(count("common-word-alias"), 2);
    assert_eq!(count("shared-alias"), 1);
    assert_eq!(count("self-loop"), 1);
    assert_eq!(count("duplicate-fact"), 1);
    assert_eq!(count("traditional-and-simplified"), 1);
    assert_eq!(count("damaged-text"), 1);
    assert_eq!(count("language-disagrees-with-script"), 1);
    assert_eq!(count("entity-without-name"), 0);
    assert_eq!(count("both-chinese-forms"), 1, "中國 beside 学习 and 长江");
    assert_eq!(count("entity-without-description"), 10);
    assert_eq!(findings[0].level, Level::Error, "the worst first");
    assert!(findings.iter().all(|finding| !finding.advice.is_empty() && !finding.examples.is_empty()));
}

#[test]
fn counts_add_up() {
    let (kb, _) = Place::new().build(Format::Tsv, "a\tr\tb\na\tr\tc\nd\t描述\t没有事实\n");
    let stats = kb.stats().unwrap();
    assert_eq!((stats.entities, stats.facts, stats.names, stats.isolated, stats.degree_max), (4, 2, 4, 1, 2));
    assert_eq!((stats.undescribed, stats.unnamed, stats.integrity.as_str()), (3, 0, "ok"));
    assert_eq!(stats.predicates, [("r".to_owned(), 2)]);
    assert_eq!(stats.degree_histogram.iter().map(|bar| bar.1).sum::<u64>(), 4);
}

#[test]
fn the_page_holds_the_base_and_nothing_of_it_ends_the_script() {
    let place = Place::new();
    let (kb, _) = place.build(Format::Jsonl, r#"{"id":"x","labels":{"zh":"</script><b>🙂"},"facts":{"p":"y"}}"#);
    let page = place.path("page.html");
    view(&kb, &ViewOptions::default(), &page, &Silent).unwrap();
    let text = std::fs::read_to_string(&page).unwrap();
    assert_eq!(text.matches("</script>").count(), 1);
    assert!(text.contains("\\u003c/script>") && !text.contains("/*DATA*/"));
    assert!(!text.contains("https://"), "nothing is fetched");
}

#[test]
fn a_browser_draws_the_page_and_searches_it() {
    let place = Place::new();
    let rows = "水稻\t产地\t湖南\n水稻\t别名\t稻子\n<i>小麦</i>\t产地\t河南\n🙂\t产地\t湖南\n";
    let (kb, _) = place.build(Format::Tsv, rows);
    let page = place.path("page.html");
    view(&kb, &ViewOptions::default(), &page, &Silent).unwrap();
    let Some(text) = dom(&page, "稻子") else { return };
    let part = |id: &str| {
        let rest = &text[text.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("no {id} in {text}"))..];
        rest[..rest.find("</section>").unwrap_or(rest.len())].to_owned()
    };
    assert!(part("hits").contains("<button>水稻<small>稻子</small></button>"), "{}", part("hits"));
    assert!(part("graph").contains("湖南") && !part("graph").contains("河南"), "{}", part("graph"));
    assert!(part("degrees").contains("<rect") && part("counts").contains("entities"));
    let text = dom(&page, "小麦").unwrap();
    assert!(text.contains("&lt;i&gt;小麦&lt;/i&gt;</text>") && !text.contains("<i>小麦"), "{text}");
    assert!(dom(&page, "玉米").unwrap().contains("nothing here"));
    for width in [1280, 500] {
        let faults = faults(&page, width).unwrap();
        assert!(faults.is_empty(), "{width}: {faults:?}");
    }
}
