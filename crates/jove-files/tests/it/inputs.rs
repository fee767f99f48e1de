//! What is read, and what is refused.

use std::fs;
use std::io::{BufReader, Read as _};
use std::os::unix::fs::symlink;
use std::path::Path;

use jove_files::{files_below, is_stream, open_file, open_stream, read_small, read_text, skip_line};

fn check(path: &Path, stream: Option<&str>, file: Option<&str>) {
    for (found, expected) in [(open_stream(path).err(), stream), (open_file(path).err(), file)] {
        let said = found.map(|error| error.to_string());
        match expected {
            None => assert_eq!(said, None, "{}", path.display()),
            Some(part) => {
                assert!(said.as_ref().is_some_and(|said| said.contains(part)), "{}: {said:?}", path.display());
            }
        }
    }
}

#[test]
fn only_what_ends_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("中 文.txt");
    fs::write(&text, "a\n").unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    check(&text, None, None);
    check(folder.path(), Some("found a folder"), Some("found a folder"));
    check(Path::new("/dev/zero"), Some("found a device"), Some("found a device"));
    check(Path::new("/dev/null"), None, Some("found a device"));
    check(&folder.path().join("none"), Some("No such file"), Some("No such file"));
    assert!(open_file(&pipe).unwrap_err().to_string().contains("found a pipe"));
    assert!(is_stream(&pipe) && is_stream(Path::new("-")) && !is_stream(&text) && !is_stream(folder.path()));
}

#[test]
fn small_files_are_small() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    for (bytes, max, expected) in
        [(&b""[..], 0, true), (b"abc", 3, true), (b"abc", 2, false), ("中".as_bytes(), 3, true)]
    {
        fs::write(&path, bytes).unwrap();
        assert_eq!(read_small(&path, max).is_ok_and(|read| read == bytes), expected, "{bytes:?}");
    }
    fs::write(&path, b"ab\xff").unwrap();
    assert!(read_text(&path, 9).unwrap_err().to_string().contains("other bytes after byte 2"));
}

#[test]
fn a_line_is_skipped_up_to_its_end_and_one_without_end_is_refused() {
    for (text, left) in [("a\nb\n", "b\n"), ("中", ""), ("", ""), ("\n", "")] {
        let mut input = BufReader::with_capacity(2, text.as_bytes());
        skip_line(&mut input).unwrap();
        let mut rest = String::new();
        input.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, left, "{text:?}");
    }
    let error = skip_line(&mut BufReader::with_capacity(1 << 20, std::io::repeat(b'x'))).unwrap_err();
    assert!(error.to_string().contains("more than 1 GiB without a line end"), "{error}");
}

#[test]
fn links_in_a_circle_are_followed_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("b")).unwrap();
    for name in ["c.txt", "a.txt", "b/1.txt", ".hidden"] {
        fs::write(path(name), "").unwrap();
    }
    for (name, target) in [("x", "."), ("y", "."), ("b/z", ".."), ("lost", "nowhere"), ("d.txt", "a.txt")] {
        symlink(target, path(name)).unwrap();
    }
    let shown = |path: &Path| !path.file_name().unwrap().to_string_lossy().starts_with('.');
    let found = files_below(folder.path(), &shown).unwrap();
    assert_eq!(found, ["a.txt", "b/1.txt", "c.txt", "d.txt"].map(path));
    assert_eq!(files_below(&path("c.txt"), &|_| false).unwrap(), [path("c.txt")]);
    assert!(files_below(&path("none"), &|_| true).is_err());
}
