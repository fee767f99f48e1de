//! Damaged and odd inputs: nothing is lost in silence.

use std::io::Write as _;

use jove_factory::{Error, Reason, Summary};
use serde_json::json;

use super::{Draw, Project, removed};

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).expect("memory");
    encoder.finish().expect("memory")
}

fn project() -> Project {
    Project::new(json!({
        "sources": [{ "path": "data", "lang": "en" }],
        "clean": { "chars-min": 4, "rules": false, "bytes-max": 100_000, "letters-min": 0.1 },
    }))
}

fn everything(summary: &Summary) -> u64 {
    summary.kept.documents
        + summary.funnel.iter().flat_map(|stage| stage.removed.values()).map(|count| count.documents).sum::<u64>()
}

#[test]
fn files_of_every_odd_kind_are_read_as_far_as_they_hold_text() {
    let project = project();
    let mut draw = Draw(1);
    let damaged = gzip(&(0..3000).map(|_| draw.word()).collect::<Vec<_>>().join(" "));
    let members = [gzip("first text\n\n"), damaged[..damaged.len() / 2].to_vec(), gzip("last text\n\n")].concat();
    project
        .write("data/empty.txt", "")
        .write("data/blank.txt", "\n \n\t\n")
        .write("data/members.txt.gz", members)
        .write(
            "data/bytes.txt",
            [&b"good text before\n\n"[..], &[0xff, 0xfe, 0x01, 0x80, 0x81, 0x9d], b"\n\ngood text after"].concat(),
        )
        .write("data/line.txt", "x".repeat(3_000_000) + "\n\nafter the long line")
        .write("data/rows.jsonl", "{\"text\": \"a row of text\"}\n{\"text\": 1}\n{bad\n\n{\"text\": \"another row\"}")
        .write("data/.hidden", "not read");
    let summary = project.build(2).unwrap();
    let mut texts = project.texts();
    texts.sort();
    let expected = [
        "a row of text",
        "after the long line",
        "another row",
        "first text",
        "good text after",
        "good text before",
        "last text",
    ];
    assert_eq!(texts, expected);
    assert_eq!(
        (removed(&summary, Reason::Damaged), removed(&summary, Reason::Oversized), removed(&summary, Reason::BadRow)),
        (1, 1, 2)
    );
    assert_eq!(everything(&summary), summary.read.documents);
    let rejects = std::fs::read_to_string(project.corpus().join("rejects.jsonl")).unwrap();
    let line = |part: &str| rejects.lines().any(|line| line.contains(part));
    assert!(line("\"bad-row\"") && line("rows.jsonl") && line("\"place\":3"), "{rejects}");
}

#[test]
fn a_corpus_of_which_nothing_stays_is_an_error_that_leaves_its_page() {
    let project = project();
    project.write("data/a.txt", "1\n\n2");
    assert!(matches!(project.build(1), Err(Error::Empty { .. })));
    let page = std::fs::read_to_string(project.corpus().join("corpus.html")).unwrap();
    assert!(page.contains("It is shorter than clean.chars-min."));
}

#[test]
fn two_builds_of_one_corpus_do_not_meet() {
    let project = project();
    project.write("data/a.txt", "some text");
    std::fs::create_dir_all(project.corpus().join("work")).unwrap();
    let lock = std::fs::File::create(project.corpus().join("work/build.lock")).unwrap();
    lock.lock().unwrap();
    assert!(matches!(project.build(1), Err(Error::Busy { .. })));
    drop(lock);
    project.build(1).unwrap();
}

#[test]
fn texts_of_all_scripts_pass_through_unchanged() {
    let texts = [
        "北京是中国的首都。",
        "שלום עולם, מה שלומך?",
        "नमस्ते दुनिया, कैसे हो?",
        "مرحبا بالعالم كيف حالك",
        "สวัสดีชาวโลก",
        "e\u{301}te\u{301} 🦀 x",
        "👩\u{200d}👩\u{200d}👧 family of letters",
    ];
    let project = project();
    project.write("data/a.txt", texts.join("\n\n"));
    project.build(2).unwrap();
    let expected: Vec<String> = texts.iter().map(|text| text.replace("e\u{301}", "é")).collect();
    assert_eq!(project.texts(), expected);
}
