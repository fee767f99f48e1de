//! Parallel files of the Tatoeba set.

use std::path::Path;

use jove_core::Advise as _;
use jove_eval::{Error, read_tatoeba, tatoeba_files};

#[test]
fn names_are_those_of_laser() {
    let files = tatoeba_files(Path::new("v1"), "cmn").map(|path| path.to_string_lossy().replace('\\', "/"));
    assert_eq!(files, ["v1/tatoeba.cmn-eng.cmn", "v1/tatoeba.cmn-eng.eng"]);
}

#[test]
fn lines_are_paired() {
    let check = |left: &str, right: &str, expected: &[[&str; 2]]| {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in tatoeba_files(folder.path(), "cmn").iter().zip([left, right]) {
            std::fs::write(path, text).unwrap();
        }
        assert_eq!(read_tatoeba(folder.path(), "cmn").unwrap(), expected, "{left:?} {right:?}");
    };
    check("", "", &[]);
    check("你好。\n", "Hello.", &[["你好。", "Hello."]]);
    check("你好。\n\n再见。\n", "Hello.\nNothing.\nGood-bye.", &[["你好。", "Hello."], ["再见。", "Good-bye."]]);
    check("  \n你好。", "Hello.\n\t", &[]);
    check("你好。\r\n👋🏽\r\n", "Hello.\r\n👋🏽 \r\n", &[["你好。", "Hello."], ["👋🏽", "👋🏽"]]);
    check("שלום\ne\u{301}tude", "peace\nstudy", &[["שלום", "peace"], ["e\u{301}tude", "study"]]);
}

#[test]
fn files_that_do_not_fit_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let [chinese, english] = tatoeba_files(folder.path(), "cmn");
    let refuse = || read_tatoeba(folder.path(), "cmn").unwrap_err();
    std::fs::write(&chinese, "你好。\n\n再见。\n").unwrap();
    let missing = refuse().to_string();
    assert!(missing.contains("tatoeba.cmn-eng.eng"), "{missing}");
    std::fs::write(&english, "Hello.\n").unwrap();
    let uneven = refuse();
    assert!(uneven.to_string().contains("3 lines") && uneven.to_string().contains("1 line"), "{uneven}");
    assert!(uneven.hint().unwrap().contains("LASER"));
    std::fs::write(&english, b"\xff\n").unwrap();
    assert!(matches!(refuse(), Error::Read { path, .. } if path == english));
}
