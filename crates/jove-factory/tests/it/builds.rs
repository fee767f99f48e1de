//! What a build promises: the same bytes, whatever the threads, the files and the interruptions.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use jove_core::Progress;
use jove_corpus::{TextOptions, TextSource, read_texts};
use jove_factory::{BuildOptions, Error, Reason, build, clean_partition};
use serde_json::json;

use super::{Draw, Project, contents, removed};

/// Documents of several lines, some of them copies of others, some nearly so, some too short.
fn documents(count: usize) -> Vec<String> {
    let mut draw = Draw(7);
    let mut all: Vec<String> = Vec::new();
    for number in 0..count {
        let text = match number % 7 {
            3 if number > 10 => all[draw.below(number)].to_uppercase(),
            5 if number > 10 => format!("{} {}", all[draw.below(number)], draw.word()),
            6 => "short".to_owned(),
            _ => (0..4).map(|_| draw.words(30).join(" ")).collect::<Vec<_>>().join("\n"),
        };
        all.push(text);
    }
    all
}

fn project(files: usize) -> Project {
    let project = Project::new(json!({
        "sources": [{ "path": "data", "name": "all", "lang": "en" }],
        "shards": { "mib": 1, "rejects": 5 },
        "duplicates": { "sort-mib": 1 },
        "sampling": { "bytes": 900_000 },
    }));
    let documents = documents(3000);
    for (number, part) in documents.chunks(documents.len().div_ceil(files)).enumerate() {
        project.write(&format!("data/{number:03}.txt"), part.join("\n\n"));
    }
    project
}

#[test]
fn the_same_bytes_come_out_on_any_number_of_threads_and_files() {
    let one = project(1);
    let summary = one.build(1).unwrap();
    assert!(
        removed(&summary, Reason::ExactDuplicate) > 300 && removed(&summary, Reason::NearDuplicate) > 300,
        "{summary:?}"
    );
    assert!(removed(&summary, Reason::NotSampled) > 100);
    let short = documents(3000).iter().filter(|text| text.len() < 30).count() as u64;
    assert_eq!(removed(&summary, Reason::TooShort), short);
    let texts = contents(&one.corpus().join("text"));
    for (files, threads) in [(1, 4), (5, 3), (40, 2)] {
        let other = project(files);
        assert_eq!(other.build(threads).unwrap(), summary, "{files} files, {threads} threads");
        assert!(contents(&other.corpus().join("text")) == texts, "{files} files, {threads} threads");
    }
}

#[test]
fn a_second_build_uses_what_is_there_and_a_changed_setting_only_what_it_can() {
    let mut project = project(3);
    let first = project.build(2).unwrap();
    let before = contents(&project.corpus().join("text"));
    let parts = |project: &Project| walk(&project.corpus().join("work/clean"));
    let cleaned = parts(&project);
    assert_eq!(project.build(2).unwrap(), first);
    assert!(contents(&project.corpus().join("text")) == before && parts(&project) == cleaned);
    project.settings["sampling"] = json!({});
    let second = project.build(2).unwrap();
    assert!(second.kept.documents > first.kept.documents);
    assert!(parts(&project) == cleaned, "cleaning is not done again");
    project
        .write("data/001.txt", "A new text that is long enough to be kept, since it has many more words than that.\n");
    project.settings["clean"] = json!({ "words-min": 5 });
    assert!(project.build(2).unwrap().read.documents < first.read.documents);
}

/// The files below a folder with the times when they were written.
fn walk(folder: &std::path::Path) -> Vec<(std::path::PathBuf, std::time::SystemTime)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(walk(&path));
        } else {
            let time = path.metadata().and_then(|about| about.modified()).expect("a file with a time");
            found.push((path, time));
        }
    }
    found.sort();
    found
}

#[test]
fn a_run_file_reads_what_was_written() {
    let project = Project::new(json!({
        "sources": [{ "path": "a.txt", "lang": "zh", "domain": "news" }],
        "clean": { "chars-min": 4 },
    }));
    project.write("a.txt", "北京是中国的首都。\n\n上海在东边。\n\n北京是中国的首都！");
    project.build(1).unwrap();
    let source = TextSource { path: project.corpus().join("text"), ..TextSource::default() };
    let options = TextOptions { sources: vec![source], ..TextOptions::default() };
    let mut texts = Vec::new();
    let report = read_texts(&options, &jove_core::Silent, |text| {
        texts.push((text.text, text.lang.to_string(), text.domain));
        Ok::<(), jove_corpus::Error>(())
    });
    assert_eq!(report.unwrap().kept, 2);
    let news = || Some("news".to_owned());
    let expected = [("北京是中国的首都。", news()), ("上海在东边。", news())];
    assert_eq!(texts, expected.map(|(text, domain)| (text.to_owned(), "zh".to_owned(), domain)));
    assert_eq!(project.documents()[0].copies, 2);
}

/// Asks to stop after some looks.
struct Impatient(AtomicU64);

impl Progress for Impatient {
    fn begin(&self, _: &str, _: Option<u64>, _: &'static str) {}
    fn advance(&self, _: u64) {}
    fn note(&self, _: &str) {}
    fn end(&self) {}
    fn cancelled(&self) -> bool {
        self.0.fetch_sub(1, Ordering::SeqCst) <= 1
    }
}

#[test]
fn an_interrupted_build_goes_on_to_the_same_bytes() {
    let whole = project(4);
    let summary = whole.build(2).unwrap();
    let stopped = project(4);
    let mut times = 0;
    for looks in 1.. {
        let patience = Impatient(AtomicU64::new(looks));
        match build(&stopped.recipe(), stopped.options(2), &patience) {
            Ok(found) => {
                assert_eq!(found, summary);
                break;
            }
            Err(Error::Interrupted) => times += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(times > 3, "{times}");
    assert!(contents(&stopped.corpus().join("text")) == contents(&whole.corpus().join("text")));
}

/// Only does something where another test starts it in a process of its own.
#[test]
fn child_that_is_killed() {
    let Ok(folder) = std::env::var("FACTORY_TEST_FOLDER") else { return };
    let recipe = serde_json::from_str(&std::env::var("FACTORY_TEST_RECIPE").unwrap()).unwrap();
    build(&recipe, BuildOptions { base: folder.as_ref(), code: "test", threads: 2 }, &jove_core::Silent).unwrap();
}

#[test]
fn a_killed_build_goes_on_to_the_same_bytes() {
    let whole = project(4);
    whole.build(2).unwrap();
    let killed = project(4);
    let start = || {
        Command::new(std::env::current_exe().unwrap())
            .args(["builds::child_that_is_killed", "--exact"])
            .env("FACTORY_TEST_FOLDER", killed.folder.path())
            .env("FACTORY_TEST_RECIPE", killed.settings.to_string())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut draw = Draw(3);
    let mut kills = 0;
    for round in 0..12 {
        let mut child = start();
        std::thread::sleep(std::time::Duration::from_millis(20 + draw.below(60 * (round + 1)) as u64));
        kills += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(kills > 3, "{kills}");
    assert!(start().wait().unwrap().success());
    assert!(contents(&killed.corpus().join("text")) == contents(&whole.corpus().join("text")));
    assert!(
        std::fs::read(killed.corpus().join("corpus.json")).unwrap()
            == std::fs::read(whole.corpus().join("corpus.json")).unwrap()
    );
    let left = |name: &str| name.starts_with('.') || name.contains(".new");
    assert!(walk(&killed.corpus()).iter().all(|(path, _)| !left(&path.file_name().unwrap().to_string_lossy())));
}

#[test]
fn partitions_in_any_order_and_twice_give_the_same_bytes() {
    let whole = project(5);
    let summary = whole.build(2).unwrap();
    let spread = project(5);
    for number in [2, 0, 1, 0] {
        let files = clean_partition(&spread.recipe(), spread.options(1), (number, 3), &jove_core::Silent).unwrap();
        assert_eq!(files, if number == 2 { 1 } else { 2 });
    }
    let cleaned = walk(&spread.corpus().join("work/clean"));
    assert_eq!(spread.build(2).unwrap(), summary);
    assert!(walk(&spread.corpus().join("work/clean")) == cleaned, "nothing is cleaned again");
    assert!(contents(&spread.corpus().join("text")) == contents(&whole.corpus().join("text")));
    let none = clean_partition(&spread.recipe(), spread.options(1), (3, 3), &jove_core::Silent);
    assert!(none.unwrap_err().to_string().contains("found 3/3"));
}

#[test]
fn a_folder_of_the_user_is_never_replaced() {
    let project = Project::new(json!({ "sources": [{ "path": "a.txt", "lang": "en" }], "clean": { "rules": false } }));
    project.write("a.txt", "A text that is long enough to be kept.").write("out/corpus/text/mine.txt", "keep");
    assert!(project.build(1).unwrap_err().to_string().contains("`mine.txt`"));
    assert_eq!(std::fs::read_to_string(project.corpus().join("text/mine.txt")).unwrap(), "keep");
    let inside = Project::new(json!({ "sources": [{ "path": "out/corpus/a.txt" }] }));
    inside.write("out/corpus/a.txt", "text");
    assert!(inside.build(1).unwrap_err().to_string().contains("which this command reads"));
}

#[test]
fn weights_copies_and_domains_reach_the_files() {
    let project = Project::new(json!({
        "sources": [
            { "path": "zh.txt", "lang": "zh", "domain": "新闻" },
            { "path": "en.txt", "lang": "en", "name": "english" },
        ],
        "clean": { "chars-min": 4, "words-min": 3 },
        "sampling": { "language-exponent": 0.0, "repeats-max": 3.0 },
    }));
    let mut draw = Draw(5);
    let english: Vec<String> = (0..60).map(|_| draw.words(40).join(" ")).collect();
    project.write("en.txt", english.join("\n\n")).write("zh.txt", "北京是中国的首都。\n\n北京，是中国的首都");
    let summary = project.build(2).unwrap();
    let documents = project.documents();
    let chinese = &documents[0];
    assert_eq!((chinese.copies, chinese.domain.as_str(), chinese.source.as_str()), (2, "新闻", "zh.txt"));
    assert!((chinese.weight - 3.0).abs() < 1e-6 && (documents[1].weight - 1.0).abs() < 1e-6);
    assert_eq!((documents.len(), summary.sources["english"].documents), (61, 60));
}
