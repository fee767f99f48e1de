//! Text and pair files, valid and invalid, through the public functions.

#![allow(clippy::unwrap_used, reason = "a helper of a test may panic as the test itself may")]

mod sentencepiece;

use std::path::{Path, PathBuf};

use jove_core::{Lang, Silent};
use jove_corpus::{
    CleanOptions, CleanText, Error, PairOptions, PairSource, TextFormat, TextOptions, TextReport, TextSource, doctor,
    read_pairs, read_texts, stats,
};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, bytes) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, bytes).expect("a file");
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn texts(&self, name: &str) -> TextOptions {
        let source = TextSource { path: self.path(name), ..TextSource::default() };
        let reject_file = Some(self.path("rejects.jsonl"));
        TextOptions { sources: vec![source], reject_file, max_bad: 100, ..TextOptions::default() }
    }

    fn pairs(&self, name: &str) -> PairOptions {
        let source = PairSource { path: self.path(name), langs: [Lang::ZH, Lang::EN] };
        PairOptions { sources: vec![source], max_bad: 100, ..PairOptions::default() }
    }
}

fn read(options: &TextOptions) -> Result<(Vec<CleanText>, TextReport), Error> {
    let mut texts = Vec::new();
    let report = read_texts(options, &Silent, |text| {
        texts.push(text);
        Ok::<(), Error>(())
    })?;
    Ok((texts, report))
}

fn lines(texts: &[CleanText]) -> Vec<(&str, &str, u64)> {
    texts.iter().map(|text| (text.text.as_str(), text.lang.as_str(), text.line)).collect()
}

#[test]
fn lines_of_a_folder_are_read_in_order() {
    let folder = Folder::new(&[
        ("text/b.txt", "The second file is in English, as anyone can see.\n".as_bytes()),
        ("text/a.txt", "第一个文件。\r\n\r\n  第二行文字。 ".as_bytes()),
        ("text/deep/c.jsonl", "{\"text\": \"最后一个文件。\"}\n".as_bytes()),
        ("text/notes.md", b"not a text file"),
    ]);
    let (texts, report) = read(&folder.texts("text")).unwrap();
    let expected = [
        ("第一个文件。", "zh", 1),
        ("第二行文字。", "zh", 3),
        ("The second file is in English, as anyone can see.", "en", 1),
        ("最后一个文件。", "zh", 1),
    ];
    assert_eq!(lines(&texts), expected);
    assert_eq!((report.files, report.read, report.kept, report.rejected), (3, 4, 4, 0));
}

#[test]
fn blocks_are_joined_up_to_a_blank_line() {
    let folder = Folder::new(&[("a.txt", "一行文字，\n又一行。\n\n\n第二段文字。".as_bytes())]);
    let mut options = folder.texts("a.txt");
    options.sources[0].format = TextFormat::Blocks;
    let (texts, _) = read(&options).unwrap();
    assert_eq!(lines(&texts), [("一行文字， 又一行。", "zh", 1), ("第二段文字。", "zh", 5)]);
}

#[test]
fn bad_rows_are_named_written_and_limited() {
    let bad =
        [b"good line one\nbad \xff line\nnul \0 line\n".to_vec(), vec![b'x'; 3 << 20], b"\ngood line two\n".to_vec()];
    let folder = Folder::new(&[("a.txt", &bad.concat())]);
    let mut options = folder.texts("a.txt");
    let (texts, report) = read(&options).unwrap();
    assert_eq!(texts.iter().map(|text| text.line).collect::<Vec<_>>(), [1, 5]);
    assert_eq!(report.rejected, 3);
    let places: Vec<Option<u64>> = report.problems.iter().map(|problem| problem.line).collect();
    assert_eq!(places, [Some(2), Some(3), Some(4)]);
    assert_eq!(std::fs::read_to_string(folder.path("rejects.jsonl")).unwrap().lines().count(), 3);
    options.max_bad = 1;
    let error = read(&options).unwrap_err();
    assert!(matches!(error, Error::TooManyProblems { limit: 1, found: 2, .. }), "{error}");
    assert!(error.to_string().contains("a.txt:3"), "{error}");
}

#[test]
fn json_lines_need_their_field() {
    let rows = "{\"body\": \"有正文的一行\"}\n{\"text\": \"no body\"}\n{broken\n{\"body\": 7}\n";
    let folder = Folder::new(&[("a.jsonl", rows.as_bytes())]);
    let mut options = folder.texts("a.jsonl");
    options.sources[0].field = "body".to_owned();
    let (texts, report) = read(&options).unwrap();
    assert_eq!(lines(&texts), [("有正文的一行", "zh", 1)]);
    assert_eq!(report.rejected, 3);
}

#[test]
fn a_table_gives_one_column_without_its_quotes() {
    let rows =
        "3\t“小麦”\t\"小麦是一种\"\"谷物\"\"。\"\n4\t玉米\t玉米也是谷物，没有引号。\tzh\n5\t缺一列\n6\t空\t\"\"\n";
    let folder = Folder::new(&[("a.txt", rows.as_bytes())]);
    let mut options = folder.texts("a.txt");
    options.sources[0].format = TextFormat::Table;
    options.sources[0].field = "3".to_owned();
    let (texts, report) = read(&options).unwrap();
    assert_eq!(lines(&texts), [("小麦是一种\"谷物\"。", "zh", 1), ("玉米也是谷物，没有引号。", "zh", 2)]);
    assert_eq!(report.rejected, 2);
    for field in ["0", "-1", "three", "99"] {
        options.sources[0].field = field.to_owned();
        assert!(
            matches!(read(&options), Err(Error::EmptyCorpus { left_out, .. }) if left_out == ["4 rejected as bad rows"]),
            "{field}"
        );
    }
}

#[test]
fn an_empty_corpus_is_an_error() {
    let folder = Folder::new(&[("a.txt", b""), ("b.txt", b"\n \n\t\n"), ("c.txt", b"\xff\n"), ("d/e.md", b"x")]);
    for name in ["a.txt", "b.txt", "c.txt", "d"] {
        assert!(matches!(read(&folder.texts(name)), Err(Error::EmptyCorpus { .. })), "{name}");
    }
    assert!(matches!(read(&folder.texts("none.txt")), Err(Error::Io { .. })));
    assert!(matches!(read(&TextOptions::default()), Err(Error::EmptyCorpus { .. })));
}

#[test]
fn duplicates_are_skipped_across_files() {
    let folder = Folder::new(&[
        ("t/a.txt", "北京是中国的首都。\n北京是中国的首都！\n".as_bytes()),
        ("t/b.txt", "北京是中国的首都\n东京是日本的首都。\n".as_bytes()),
    ]);
    let mut options = folder.texts("t");
    assert_eq!(read(&options).unwrap().1.duplicates, 2);
    options.clean = CleanOptions { duplicates: false, ..CleanOptions::default() };
    assert_eq!(read(&options).unwrap().1.kept, 4);
}

#[test]
fn an_interrupt_stops_reading() {
    struct Stop;
    impl jove_core::Progress for Stop {
        fn begin(&self, _: &str, _: Option<u64>, _: &'static str) {}
        fn advance(&self, _: u64) {}
        fn note(&self, _: &str) {}
        fn end(&self) {}
        fn cancelled(&self) -> bool {
            true
        }
    }
    let folder = Folder::new(&[("a.txt", "北京是中国的首都。".as_bytes()), ("p.tsv", "一\tone\n".as_bytes())]);
    let stopped = read_texts(&folder.texts("a.txt"), &Stop, |_| Ok::<(), Error>(()));
    assert!(matches!(stopped, Err(Error::Interrupted)));
    let stopped = read_pairs(&folder.pairs("p.tsv"), &Stop, |_| Ok::<(), Error>(()));
    assert!(matches!(stopped, Err(Error::Interrupted)));
}

#[test]
fn pairs_are_read_and_bad_rows_named() {
    let rows = "# zh\ten\n你好。\tHello.\nno tab here\n\n三\t列\tthree\n\tempty left\n你好！\thello\n短\t".to_owned()
        + &"long ".repeat(40)
        + "\n再见。\tGoodbye.\n";
    let folder = Folder::new(&[("p.tsv", rows.as_bytes())]);
    let mut pairs = Vec::new();
    let report = read_pairs(&folder.pairs("p.tsv"), &Silent, |pair| {
        pairs.push((pair.texts, pair.line));
        Ok::<(), Error>(())
    })
    .unwrap();
    let text = |left: &str, right: &str| [left.to_owned(), right.to_owned()];
    assert_eq!(pairs, [(text("你好。", "Hello."), 2), (text("再见。", "Goodbye."), 9)]);
    assert_eq!((report.rejected, report.duplicates, report.misaligned), (3, 1, 1));
    assert_eq!(
        report.problems[0].to_string().split(": ").nth(1),
        Some("expected 2 columns separated by a tab, found `no tab here`")
    );
}

#[test]
fn the_doctor_counts_each_kind_of_problem() {
    let long = "没有句号".repeat(100);
    let text =
        [b"bad \xff\n".to_vec(), format!("cafÃ© is damaged\n{long}\nこれは日本語です。\n").into_bytes()].concat();
    let folder =
        Folder::new(&[("a.txt", &text), ("p.tsv", "你好\t你好\n一\tone\n一\tone\nx\n再见\tGoodbye\n".as_bytes())]);
    let mut texts = folder.texts("a.txt");
    texts.sources[0].lang = Some(Lang::ZH);
    let checks = doctor(&texts, &folder.pairs("p.tsv"), &Silent).unwrap();
    let found = |name: &str| checks.iter().find(|check| check.name == name).map(|check| (check.found, check.passed()));
    assert_eq!(found("text/encoding"), Some((1, false)));
    assert_eq!(found("text/damage"), Some((1, true)));
    assert_eq!(found("text/sentence-ends"), Some((1, true)));
    assert_eq!(found("text/copies"), Some((0, true)));
    assert_eq!(found("text/language").map(|(found, _)| found >= 1), Some(true));
    assert_eq!(found("pairs/columns"), Some((1, false)));
    assert_eq!(found("pairs/untranslated"), Some((1, true)));
    assert_eq!(found("pairs/copies"), Some((1, true)));
    assert!(checks.iter().all(|check| check.rows >= check.found));
}

#[test]
fn stats_count_by_language_and_domain() {
    let folder = Folder::new(&[("a.txt", "北京是首都。\n东京也是首都。\n".as_bytes())]);
    let mut options = folder.texts("a.txt");
    options.sources[0].domain = Some("geography".to_owned());
    let stats = stats(&options, &Silent).unwrap();
    assert_eq!(stats.langs["zh"].texts, 2);
    assert_eq!(stats.domains["geography"].chars, 13);
    assert_eq!((stats.chars[0], stats.chars[10]), (6, 7));
}

/// The rules for files of users hold for those of the repository.
#[test]
fn the_data_of_the_repository_passes_every_check() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
    let source =
        |name: &str, lang| TextSource { path: data.join("text").join(name), lang: Some(lang), ..TextSource::default() };
    let texts = TextOptions { sources: vec![source("zh", Lang::ZH), source("en", Lang::EN)], ..TextOptions::default() };
    let pair = |name: &str| PairSource { path: data.join("pairs").join(name), langs: [Lang::ZH, Lang::EN] };
    let pairs = PairOptions { sources: vec![pair("zh-en.tsv"), pair("zh-en.dev.tsv")], ..PairOptions::default() };
    for check in doctor(&texts, &pairs, &Silent).unwrap() {
        assert_eq!(check.found, 0, "{check:#?}");
        assert!(check.rows > 500, "{check:#?}");
    }
}

/// What reading says of a source with the given options changed.
fn invalid_text(change: impl FnOnce(&mut TextOptions)) -> String {
    let folder = Folder::new(&[("a.txt", "北京是中国的首都。".as_bytes())]);
    let mut options = folder.texts("a.txt");
    change(&mut options);
    read(&options).unwrap_err().to_string()
}

#[test]
fn invalid_options_are_rejected_before_anything_is_read() {
    let check = |message: String, expected: &str| assert_eq!(message, expected);
    check(
        invalid_text(|options| options.clean.chars_max = 0),
        "chars-max: expected 16 or more, and at least chars-min, found 0",
    );
    check(
        invalid_text(|options| options.clean.symbols_max = 1.5),
        "symbols-max: expected a number from 0 to 1, found 1.5",
    );
    let folder = Folder::new(&[("p.tsv", "一\tone\n".as_bytes())]);
    for (ratio_max, found) in [(0.5, "0.5"), (f64::NAN, "NaN"), (f64::NEG_INFINITY, "-inf")] {
        let options = PairOptions { ratio_max, ..folder.pairs("p.tsv") };
        let error = read_pairs(&options, &Silent, |_| Ok::<(), Error>(())).unwrap_err();
        check(error.to_string(), &format!("ratio-max: expected a number, 1 or more, found {found}"));
    }
}

#[test]
fn an_error_of_the_caller_stops_reading() {
    let folder = Folder::new(&[("a.txt", "第一行文字。\n第二行文字。\n第三行文字。\n".as_bytes())]);
    let mut seen = 0;
    let result = read_texts(&folder.texts("a.txt"), &Silent, |_| {
        seen += 1;
        if seen == 2 { Err(Error::Interrupted) } else { Ok(()) }
    });
    assert!(matches!(result, Err(Error::Interrupted)));
    assert_eq!(seen, 2);
}

/// The texts kept of one file of lines, with how many were skipped as too short, symbols, and duplicates.
fn check_kept(lines: &[&str], expected: &[&str], skipped: [u64; 4]) {
    let folder = Folder::new(&[("a.txt", lines.join("\n").as_bytes())]);
    let (texts, report) = read(&folder.texts("a.txt")).unwrap();
    assert_eq!(texts.iter().map(|text| text.text.as_str()).collect::<Vec<_>>(), expected);
    assert_eq!([report.too_short, report.symbols, report.duplicates, report.near_duplicates], skipped, "{lines:?}");
    assert_eq!(report.bytes, expected.iter().map(|text| text.len() as u64).sum::<u64>());
}

#[test]
fn every_text_is_kept_or_counted_as_skipped() {
    check_kept(&["中文", "北京是首都"], &["北京是首都"], [1, 0, 0, 0]);
    check_kept(&["🦀🦀🦀🦀", "12345678", "e\u{301}te\u{301}"], &["e\u{301}te\u{301}"], [0, 2, 0, 0]);
    check_kept(&["שלום עולם", "שלום, עולם!", "مرحبا بالعالم"], &["שלום עולם", "مرحبا بالعالم"], [0, 0, 1, 0]);
    let long = "今天天气很好，我们一起去公园散步，看到了许多美丽的花朵和高大的树木，孩子们在草地上奔跑玩耍，老人们坐在长椅上聊天，\
        湖边有人在钓鱼，远处的山上有一座古老的寺庙，钟声在空气中回荡，让人感到宁静。";
    check_kept(&[long, &long.replace("宁静", "安静")], &[long], [0, 0, 0, 1]);
}

#[test]
fn languages_are_identified_only_where_none_is_given() {
    let folder = Folder::new(&[("a.txt", "これは日本語の文です。\n123 456 ab\n".as_bytes())]);
    let mut options = folder.texts("a.txt");
    assert_eq!(lines(&read(&options).unwrap().0)[0].1, "ja");
    options.sources[0].lang = Some(Lang::EN);
    assert!(read(&options).unwrap().0.iter().all(|text| text.lang == Lang::EN));
}

#[test]
fn sources_and_files_are_numbered_in_their_order() {
    let folder = Folder::new(&[
        ("b/2.txt", "北京是中国的首都。\n".as_bytes()),
        ("b/1.txt", "东京是日本的首都。\n".as_bytes()),
        ("a.txt", "巴黎是法国的首都。\n".as_bytes()),
    ]);
    let mut options = folder.texts("b");
    options.sources.push(TextSource { path: folder.path("a.txt"), ..TextSource::default() });
    let (texts, report) = read(&options).unwrap();
    let found: Vec<_> = texts.iter().map(|text| (text.text.chars().next().unwrap(), text.source, text.file)).collect();
    assert_eq!(found, [('东', 0, 0), ('北', 0, 1), ('巴', 1, 2)]);
    assert_eq!(report.files, 3);
}

#[test]
fn pairs_keep_their_source_and_duplicates_are_optional() {
    let folder = Folder::new(&[
        ("p.tsv", "你好\thello\n你好！\tHello!\n".as_bytes()),
        ("q.tsv", "\u{feff}再见\tgoodbye\r\nעולם\tworld 🦀\r\n".as_bytes()),
    ]);
    let mut options = folder.pairs("p.tsv");
    options.sources.push(PairSource { path: folder.path("q.tsv"), langs: [Lang::ZH, Lang::EN] });
    for (duplicates, expected) in [(true, vec![(0, 1), (1, 1), (1, 2)]), (false, vec![(0, 1), (0, 2), (1, 1), (1, 2)])]
    {
        options.duplicates = duplicates;
        let mut found = Vec::new();
        let report = read_pairs(&options, &Silent, |pair| {
            assert!(!pair.texts.iter().any(|text| text.contains(['\r', '\u{feff}'])));
            found.push((pair.source, pair.line));
            Ok::<(), Error>(())
        });
        assert_eq!(report.unwrap().kept, expected.len() as u64);
        assert_eq!(found, expected);
    }
}
