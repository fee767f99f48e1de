//! What an output replaces, and what it leaves alone.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use jove_files::{Kind, LateOutput, Output, check_apart, check_output, check_outside, replaceable};

const PAGE: &str = "<!doctype html><p>old";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("page.html"), PAGE).unwrap();
    fs::write(folder.path().join("notes.txt"), "笔记 שלום e\u{301} 😀").unwrap();
    fs::create_dir(folder.path().join("folder")).unwrap();
    folder
}

/// Writes a page to a path; what went wrong, if anything. A check beforehand says the same.
fn write(path: &Path) -> Result<(), String> {
    let checked = check_output(path, Kind::HTML).map_err(|error| error.to_string());
    assert!(checked.is_ok() || Output::create(path, Kind::HTML).is_err(), "{checked:?}");
    Output::write(path, Kind::HTML, b"<!doctype html><p>new").map_err(|error| error.to_string())
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn only_nothing_and_files_of_the_kind_are_replaced() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("empty.txt"), "").unwrap();
    for name in ["new.html", "page.html", "empty.txt"] {
        write(&path(name)).unwrap();
        assert_eq!(fs::read_to_string(path(name)).unwrap(), "<!doctype html><p>new", "{name}");
    }
    let before = names(folder.path());
    for (name, part) in [
        ("notes.txt", "expected nothing there or an HTML page, found another file"),
        ("folder", "found a folder"),
        ("none/page.html", "No such file"),
        ("..", "found a folder"),
        ("", "found a folder"),
    ] {
        let said = write(&path(name)).unwrap_err();
        assert!(said.contains(part), "{name}: {said}");
    }
    assert_eq!(fs::read_to_string(path("notes.txt")).unwrap(), "笔记 שלום e\u{301} 😀");
    assert_eq!(names(folder.path()), before, "no temporary file is left");
}

#[test]
fn an_output_that_is_dropped_changes_nothing() {
    let folder = folder();
    let path = folder.path().join("page.html");
    let mut output = Output::create(&path, Kind::HTML).unwrap();
    output.write_all(b"<!doctype html>half").unwrap();
    drop(output);
    assert_eq!(fs::read_to_string(&path).unwrap(), PAGE);
}

#[test]
fn a_link_stays_a_link_and_permissions_stay() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    fs::set_permissions(path("page.html"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("page.html", path("one")).unwrap();
    symlink("folder/../one", path("two")).unwrap();
    symlink("folder/made.html", path("dangling")).unwrap();
    symlink("circle", path("circle")).unwrap();
    for link in ["two", "dangling"] {
        write(&path(link)).unwrap();
        assert!(fs::symlink_metadata(path(link)).unwrap().is_symlink(), "{link}");
        assert_eq!(fs::read_to_string(path(link)).unwrap(), "<!doctype html><p>new");
    }
    assert_eq!(fs::metadata(path("page.html")).unwrap().mode() & 0o7777, 0o640);
    assert!(path("folder/made.html").is_file());
    assert!(write(&path("circle")).is_err());
}

#[test]
fn pipes_and_devices_are_written_as_they_are() {
    let folder = folder();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || {
            let mut text = String::new();
            fs::File::open(pipe).unwrap().read_to_string(&mut text).unwrap();
            text
        }
    });
    write(&pipe).unwrap();
    assert_eq!(reader.join().unwrap(), "<!doctype html><p>new");
    write(Path::new("/dev/null")).unwrap();
    assert!(replaceable(&pipe, Kind::HTML).unwrap_err().to_string().contains("found a pipe or a device"));
    assert!(replaceable(Path::new("-"), Kind::HTML).unwrap_err().to_string().contains("standard output"));
    let socket = folder.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    assert!(write(&socket).unwrap_err().contains("found a socket"));
}

#[test]
fn an_output_is_none_of_the_inputs_under_any_name() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    fs::hard_link(path("notes.txt"), path("second.txt")).unwrap();
    symlink("notes.txt", path("link.txt")).unwrap();
    symlink("folder", path("way")).unwrap();
    fs::write(path("folder/inside.txt"), "中").unwrap();
    for (output, input) in [
        ("notes.txt", "notes.txt"),
        ("folder/../notes.txt", "notes.txt"),
        ("second.txt", "notes.txt"),
        ("link.txt", "notes.txt"),
        ("notes.txt", "link.txt"),
        ("folder/inside.txt", "folder"),
        ("way/inside.txt", "folder"),
        ("none.txt", "none.txt"),
        ("way/none.txt", "folder/none.txt"),
    ] {
        let said = check_apart(&path(output), [path(input).as_path()]).unwrap_err().to_string();
        assert!(said.contains("this command uses the same file as"), "{output}, {input}: {said}");
    }
    for (output, input) in [("new.txt", "notes.txt"), ("notes.txt", "page.html"), ("notes.txt", "folder")] {
        check_apart(&path(output), [path(input).as_path()]).unwrap();
    }
    let null = Path::new("/dev/null");
    check_apart(null, [null]).unwrap();
    check_apart(Path::new("-"), [Path::new("-")]).unwrap();
}

#[test]
fn a_folder_that_holds_an_input_is_not_replaced() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("folder/bert_model.ckpt.index"), "").unwrap();
    symlink("folder", path("way")).unwrap();
    for (output, input) in [
        ("folder", "folder"),
        ("way", "folder/bert_model.ckpt"),
        ("folder", "way/bert_model.ckpt.index"),
        (".", "notes.txt"),
    ] {
        assert!(check_outside(&path(output), [path(input).as_path()]).is_err(), "{output}, {input}");
    }
    for (output, input) in [("new", "folder"), ("folder", "notes.txt"), ("folder", "none/at/all")] {
        check_outside(&path(output), [path(input).as_path()]).unwrap();
    }
}

#[test]
fn a_late_output_is_made_by_its_first_line() {
    let folder = folder();
    let path = folder.path().join("rejects.jsonl");
    let line = "{\"file\":\"x\",\"expected\":\"y\"}";
    fs::write(&path, format!("{line}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let mut late = LateOutput::new(&path, Kind::REJECTS).unwrap();
    assert!(!path.exists(), "the file of an earlier run is forgotten");
    late.write_line(line.as_bytes()).unwrap();
    late.flush().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("{line}\n"));
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    let notes = folder.path().join("notes.txt");
    assert!(LateOutput::new(&notes, Kind::REJECTS).is_err() && notes.exists());
}
