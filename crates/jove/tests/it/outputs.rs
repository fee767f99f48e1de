//! What commands write, and what they leave alone.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use assert_cmd::Command;

use crate::shell::Folder;

const GRAPH: &str = r#"{"id":"lora","labels":{"zh":"洛拉岛","en":"Lora"}}
{"id":"keso","labels":{"zh":"克索岛"},"facts":{"twin":["lora"]}}
"#;

const NOTES: &str = "我们坐船去洛拉岛。\nשלום e\u{301} 😀\n";

fn folder() -> Folder {
    let folder = Folder::new(&[
        ("graph.jsonl", GRAPH),
        ("text.txt", NOTES),
        ("roles.toml", "[roles]\n\"别名\" = \"alias\"\n"),
        ("kb.toml", "sources = [{ path = \"graph.jsonl\" }]\n"),
        ("words.txt", "岛\n"),
        ("other.html", "my own notes"),
    ]);
    folder.works("kb build --out kb.sqlite --source jsonl:graph.jsonl");
    folder
}

/// All that a folder holds, by name.
fn contents(folder: &Folder) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = fs::read_dir(folder.path("."))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()))
        .collect();
    all.sort();
    all
}

#[test]
fn no_command_writes_over_what_is_not_its_to_replace() {
    let folder = folder();
    fs::hard_link(folder.path("graph.jsonl"), folder.path("second.jsonl")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("graph.jsonl", folder.path("link.jsonl")).unwrap();
    fs::create_dir(folder.path("dir")).unwrap();
    let before = contents(&folder);
    let build = "kb build --source jsonl:graph.jsonl --out";
    let link = "link --kb kb.sqlite --input text.txt --output";
    let mut commands = Vec::new();
    for out in ["graph.jsonl", "./dir/../graph.jsonl", "second.jsonl", "link.jsonl", "text.txt", "dir"] {
        commands.push(format!("{build} {out}"));
        commands.push(format!("{build} new.sqlite --reject-file {out}"));
        commands.push(format!("{link} {out}"));
        commands.push(format!("{link} new.jsonl --html {out}"));
        commands.push(format!("{link} new.jsonl --reject-file {out}"));
        commands.push(format!("kb view kb.sqlite --out {out}"));
        commands.push(format!("kb export kb.sqlite --out {out}"));
    }
    commands.extend([
        format!("{build} new.sqlite --reject-file new.sqlite"),
        format!("{build} new.sqlite --roles roles.toml --reject-file roles.toml"),
        "kb build --config kb.toml --out kb.toml".to_owned(),
        format!("{build} -"),
        format!("{link} kb.sqlite"),
        format!("{link} new.jsonl --html new.jsonl"),
        format!("{link} new.parquet --html text.txt"),
        format!("{link} other.html"),
        "kb view kb.sqlite --out kb.sqlite".to_owned(),
        "kb view kb.sqlite --out other.html".to_owned(),
        "kb export kb.sqlite --format tsv --out words.txt".to_owned(),
        "kb export kb.sqlite --format ntriples --out graph.jsonl".to_owned(),
    ]);
    folder.refuses(&format!("{link} - --html /dev/stdout"), &["expected one output on standard output at most"]);
    for command in commands {
        folder.refuses(&command, &["error: ", "hint: "]);
        assert!(contents(&folder) == before, "{command} changed something");
    }
}

#[cfg(unix)]
#[test]
fn links_and_permissions_outlive_a_replacement() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = folder();
    let kept = |name: &str, command: &str| {
        folder.works(&format!("{command} {name}"));
        fs::set_permissions(folder.path(name), fs::Permissions::from_mode(0o640)).unwrap();
        symlink(name, folder.path(&format!("to-{name}"))).unwrap();
        let old = fs::metadata(folder.path(name)).unwrap();
        folder.works(&format!("{command} to-{name}"));
        assert!(fs::symlink_metadata(folder.path(&format!("to-{name}"))).unwrap().is_symlink(), "{command}");
        let new = fs::metadata(folder.path(name)).unwrap();
        assert_eq!(new.permissions().mode() & 0o7777, 0o640, "{command}");
        assert_ne!(std::os::unix::fs::MetadataExt::ino(&old), std::os::unix::fs::MetadataExt::ino(&new), "{command}");
    };
    kept("base.sqlite", "kb build --source jsonl:graph.jsonl --out");
    kept("view.html", "kb view kb.sqlite --out");
    kept("export.jsonl", "kb export kb.sqlite --out");
    kept("linked.jsonl", "link --kb kb.sqlite --input text.txt --output");
    kept("linked.parquet", "link --kb kb.sqlite --input text.txt --output");
    assert_eq!(folder.works("kb export base.sqlite"), folder.works("kb export kb.sqlite"));
}

/// Runs a command with text on its standard input; its standard output and error.
fn piped(folder: &Folder, arguments: &str, text: &str) -> (i32, String, String) {
    let output = Command::cargo_bin("jove")
        .unwrap()
        .current_dir(folder.path("."))
        .arg("--quiet")
        .args(arguments.split(' '))
        .write_stdin(text)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_dash_is_standard_input_and_output() {
    let folder = folder();
    folder.works("link --kb kb.sqlite --input text.txt --output linked.jsonl");
    let (code, out, err) = piped(&folder, "link --kb kb.sqlite --input - --output -", NOTES);
    assert_eq!((code, out), (0, folder.read("linked.jsonl")));
    assert!(err.starts_with("1 mentions in 1 of 2 texts\n"), "{err}");
    let (code, out, err) = piped(&folder, "kb view kb.sqlite --out -", "");
    assert!(code == 0 && out.starts_with("<!doctype html") && err.is_empty(), "{err}");
    let (code, out, _) = piped(&folder, "kb build --source jsonl:- --out piped.sqlite", GRAPH);
    assert_eq!(code, 0, "{out}");
    assert_eq!(folder.works("kb export piped.sqlite"), folder.works("kb export kb.sqlite --out -"));
    assert!(!folder.path("-").exists());
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_enough_ends_the_work() {
    let folder = folder();
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("jove"))
        .current_dir(folder.path("."))
        .args(["--quiet", "link", "--kb", "kb.sqlite", "--input", "-", "--output", "/dev/stdout"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        // The text never ends; the other side does.
        while input.write_all(&NOTES.repeat(1000).into_bytes()).is_ok() {}
    });
    let mut first = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut first).unwrap();
    assert!(first.contains("洛拉岛"), "{first}");
    assert!(child.wait().unwrap().success());
    writer.join().unwrap();
}

#[test]
fn bad_rows_of_a_linked_text_are_kept_aside() {
    let folder = folder();
    let long = "x".repeat((1 << 20) + 1);
    fs::write(folder.path("bad.txt"), [b"\xff\n".as_slice(), long.as_bytes(), b"\n", NOTES.as_bytes()].concat())
        .unwrap();
    let link = "link --kb kb.sqlite --input bad.txt --output out.jsonl";
    folder.refuses(link, &["expected at most 0 bad rows, found 1; the last: bad.txt:1: expected UTF-8", "hint: "]);
    assert!(!folder.path("out.jsonl").exists());
    let said = folder.works(&format!("{link} --max-bad 2 --reject-file bad.jsonl"));
    assert!(said.contains("bad.txt:2: expected at most 1048576 bytes in a line"), "{said}");
    assert!(said.contains("2 bad rows are kept in bad.jsonl"), "{said}");
    assert_eq!(folder.read("out.jsonl").lines().count(), 2);
    assert_eq!(folder.read("bad.jsonl").lines().count(), 2);
}

#[cfg(unix)]
#[test]
fn what_never_ends_is_refused_by_name() {
    let folder = folder();
    for (command, expected) in [
        ("kb build --out new.sqlite --source jsonl:/dev/zero", "found a device"),
        ("kb build --out new.sqlite --config /dev/zero", "found a device"),
        ("kb build --out new.sqlite --source tsv:words.txt --roles /dev/zero", "found a device"),
        ("kb stats /dev/zero", "found a device"),
        ("kb stats .", "found a folder"),
        ("kb verbalize kb.sqlite --patterns /dev/zero", "found a device"),
        ("kb lint kb.sqlite --common-words /dev/zero", "found a device"),
        ("link --kb kb.sqlite --output o.jsonl --input /dev/zero", "found a device"),
        ("link --kb kb.sqlite --output o.jsonl --input .", "found a folder"),
        ("run /dev/zero", "found a device"),
        ("run .", "found a folder"),
        ("import --from /dev/zero --out m", "/dev/zero"),
        ("vocab extend --checkpoint . --words /dev/zero --out m", "expected"),
    ] {
        folder.refuses(command, &["error: ", expected]);
    }
}
