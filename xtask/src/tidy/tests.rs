//! The rules against small trees, each with one rule broken.

use std::fs;
use std::path::Path;

use super::*;

/// A crate of a tree: its name, what its manifest adds, its files.
type Crate<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// The rules that a tree of these crates breaks.
fn broken(crates: &[Crate<'_>]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(&root.join("Cargo.toml"), "[workspace.dependencies]\n");
    write(&root.join("xtask/Cargo.toml"), "[package]\nname = \"xtask\"\n");
    write(&root.join("experiments/README.md"), "");
    let mut map = "`xtask`".to_owned();
    for (name, manifest, files) in crates {
        map += &format!("`{name}`");
        write(&root.join(format!("crates/{name}/Cargo.toml")), &format!("[package]\nname = \"{name}\"\n{manifest}"));
        files.iter().for_each(|(path, text)| write(&root.join(format!("crates/{name}/{path}")), text));
    }
    write(&root.join("docs/architecture.md"), &map);
    check(root).unwrap().broken
}

/// Whether a crate of these modules is refused, and with which words.
fn check_modules(files: &[(&str, &str)], expected: &[&str]) {
    let found: Vec<String> =
        broken(&[("jove-core", "", files)]).into_iter().filter(|problem| problem.contains("a circle")).collect();
    assert_eq!(found.is_empty(), expected.is_empty(), "{files:?}: {found:?}");
    for part in expected {
        assert!(found.iter().any(|problem| problem.contains(part)), "{part} in {found:?}");
    }
}

#[test]
fn the_tree_is_tidy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    assert_eq!(check(root).unwrap().broken, Vec::<String>::new());
}

#[test]
fn a_circle_is_refused_however_it_is_written() {
    let lib = "mod a;\nmod b;\nmod c;\nuse c::Z;\npub use a::X;\npub use b::*;\npub use c::Other as Renamed;";
    let c = ("src/c.rs", "pub struct Z; pub struct Other;");
    let b = ("src/b.rs", "pub struct Y(crate::a::X);");
    for a in [
        "use crate::b::Y; pub struct X;",
        "use crate::Y; pub struct X;",
        "use super::{b::{self, Y}, c}; pub struct X;",
        "use super::b; pub struct X; fn f() { b::Y; }",
        "use crate as root; pub struct X; fn f(y: root::Y) {}",
        "pub struct X; fn f() { g!(x, crate::b::Y) }",
        "pub struct X; impl X { fn f(&self) -> super::Y { todo() } }",
        "use crate::*; pub struct X; fn f() -> Y { g() }",
        "pub struct X; mod inner { use super::super::b::Y; }",
        "pub use crate::b::Y; pub struct X;",
        "pub struct X; fn f() { use crate::Y; }",
    ] {
        let files = [("src/lib.rs", lib), ("src/a.rs", a), b, c];
        check_modules(
            &files,
            &["crates/jove-core: a circle of 2 modules", "a → b → a", "src/b.rs:1 names `crate::a::X`"],
        );
    }
}

#[test]
fn what_only_seems_a_circle_is_not_refused() {
    let lib = "mod a;\nmod b;\npub use a::X;\npub use b::Y;\npub type Alias = u8;";
    let b = ("src/b.rs", "use crate::Alias; pub struct Y(crate::a::X);");
    for a in [
        "pub struct X;",
        "use crate::b; pub struct X;",
        "pub struct X; #[cfg(test)] mod tests { use crate::Y; }",
        "pub struct X; #[cfg(test)] use crate::Y;",
        "pub struct X; impl X { #[cfg(test)] fn f() -> crate::Y { g() } }",
        "pub struct X; // crate::Y\n/// crate::b::Y\nfn f() -> &'static str { \"crate::Y\" }",
        "use other::b::Y; pub struct X;",
        "use serde::{self, Y}; pub struct X(serde::Y);",
    ] {
        check_modules(&[("src/lib.rs", lib), ("src/a.rs", a), b], &[]);
    }
}

#[test]
fn a_parent_depends_on_children_that_its_code_names() {
    let lib = ("src/lib.rs", "mod parent;");
    let child = ("src/parent/child.rs", "use super::Shared; pub struct Part(Shared);");
    let parent = |text| [lib, ("src/parent/mod.rs", text), child];
    check_modules(&parent("mod child; pub use child::Part; pub struct Shared;"), &[]);
    let circle = ["parent → parent::child → parent"];
    check_modules(&parent("mod child; pub use child::Part; pub struct Shared; fn f() -> Part { g() }"), &circle);
    check_modules(&parent("mod child; use child::Part; pub struct Shared;"), &circle);
    check_modules(&parent("mod child; pub struct Shared; fn f() { child::part() }"), &circle);
}

#[test]
fn a_long_circle_is_shown_as_a_path() {
    let names = ["a", "b", "c", "d"];
    let mut files = vec![("src/main.rs".to_owned(), "mod a; mod b; mod c; mod d;".to_owned())];
    for (name, next) in names.iter().zip(names.iter().cycle().skip(1)) {
        files.push((format!("src/{name}.rs"), format!("use crate::{next}::X; pub struct X;")));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    check_modules(&files, &["a circle of 4 modules\n    a → b → c → d → a"]);
}

/// A tree breaks exactly one rule, whose report holds the words.
fn check_one(crates: &[Crate<'_>], expected: &str) {
    let found = broken(crates);
    assert!(found.len() == 1 && found[0].contains(expected), "{expected}: {found:?}");
}

#[test]
fn crates_depend_downward_and_on_what_they_name() {
    let lib = |text| [("src/lib.rs", text)];
    let upward = "[dependencies]\njove-kb.workspace = true";
    check_one(
        &[("jove-core", upward, &lib("use jove_kb::A;"))],
        "crates/jove-core/Cargo.toml: may not depend on jove-kb",
    );
    let unknown = "[dev-dependencies]\njove-new.workspace = true";
    check_one(&[("jove-core", unknown, &lib(""))], "may not depend on jove-new");
    let unused = "[dependencies]\nserde-x = \"1\"";
    for text in ["", "// serde_x::A", "my_serde_x::a();", "const A: &str = \"serde_x\";"] {
        check_one(
            &[("jove-core", unused, &[("src/lib.rs", &format!("fn f() {{ {text}\n }}"))])],
            "no line names serde-x of [dependencies]",
        );
    }
    assert_eq!(broken(&[("jove-core", unused, &lib("#[derive(serde_x::Serialize)] struct A;"))]), Vec::<String>::new());
    let shared = [
        ("src/lib.rs", ""),
        ("src/digest.rs", "fn f() { b::c() }"),
        ("build.rs", "#[path = \"src/digest.rs\"] mod digest;"),
    ];
    assert_eq!(broken(&[("jove-core", "[build-dependencies]\nb = \"1\"", &shared)]), Vec::<String>::new());
    let for_tests = "[dev-dependencies]\nserde-x = \"1\"\n[target.'cfg(unix)'.build-dependencies]\nb = \"1\"";
    let files = [("src/lib.rs", "//! ```\n//! serde_x::a();\n//! ```"), ("build.rs", "fn main() { b::c() }")];
    assert_eq!(broken(&[("jove-core", for_tests, &files)]), Vec::<String>::new());
}

#[test]
fn a_feature_is_explained() {
    let features = |above: &str| format!("[features]\ndefault = []\n{above}`quick` = []").replace('`', "");
    let found = broken(&[("jove-core", &features(""), &[("src/lib.rs", "")])]);
    assert_eq!(found.len(), 2, "{found:?}");
    check_one(
        &[("jove-core", &features("# faster\n"), &[("src/lib.rs", "")])],
        "no page in docs/ names the feature quick",
    );
}

#[test]
fn public_items_are_named_outside_their_crate() {
    let core = "pub fn f() -> Report { g() } pub struct Report; pub struct Idle; impl Report { pub fn unread(&self) {} fn own(&self) {} }";
    let core = ("jove-core", "", &[("src/lib.rs", core)][..]);
    let user = ("jove-kb", "[dependencies]\njove-core = \"1\"", &[("src/lib.rs", "fn a() { jove_core::f(); }")][..]);
    let found = broken(&[core, user]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].contains("src/lib.rs:1: `Idle` is public") && found[1].contains("`unread` is public"),
        "{found:?}"
    );
    let test = "use jove_core::Idle; fn f(x: Report) { x.unread() }";
    let more = ("jove-masking", "[dev-dependencies]\njove-core = \"1\"", &[("tests/it.rs", test)][..]);
    assert_eq!(broken(&[core, user, more]), Vec::<String>::new());
}

#[test]
fn long_files_and_functions_are_refused() {
    let long = "fn f() {}\n".repeat(501);
    check_one(&[("jove-core", "", &[("src/lib.rs", &long)])], "src/lib.rs: 501 lines, more than 500");
    assert_eq!(
        broken(&[("jove-core", "", &[("src/lib.rs", &format!("// tidy: table\n{long}"))])]),
        Vec::<String>::new()
    );
    let function = |lines: usize| format!("fn f() {{\n{}}}\n", "g();\n".repeat(lines - 2));
    let of = |long: usize, short: usize| function(26).repeat(long) + &function(25).repeat(short);
    assert_eq!(broken(&[("jove-core", "", &[("src/lib.rs", &of(1, 9))])]), Vec::<String>::new());
    let found = broken(&[("jove-core", "", &[("src/lib.rs", &of(2, 8))])]);
    assert_eq!(found.len(), 2, "the crate and the workspace: {found:?}");
    assert!(found[0].contains("jove-core: a tenth of the functions has 26 lines or more"), "{found:?}");
}

#[test]
fn test_lines_are_those_of_tests() {
    let lib = "//! Doc\n\nfn f() {}\n// comment\n/* block\n x */\n#[cfg(test)]\nmod checks;\n#[cfg(test)]\nmod tests {\n    fn g() {}\n\n}\n";
    let files = [
        ("src/lib.rs", lib),
        ("src/checks.rs", "fn h() {}\n"),
        ("tests/it.rs", "fn i() {}\n// j\n"),
        ("benches/k.rs", "fn l() {}\n"),
    ];
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("xtask/Cargo.toml"), "[package]\nname = \"xtask\"\n");
    write(&folder.path().join("Cargo.toml"), "");
    write(&folder.path().join("crates/jove-core/Cargo.toml"), "[package]\nname = \"jove-core\"\n");
    for (path, text) in files {
        write(&folder.path().join("crates/jove-core").join(path), text);
    }
    let table = check(folder.path()).unwrap().table;
    let row: Vec<&str> = table.lines().find(|line| line.starts_with("jove-core")).unwrap().split_whitespace().collect();
    assert_eq!(row, ["jove-core", "1", "1", "8", "8.00", "1", "13", "crates/jove-core/src/lib.rs"]);
}

#[test]
fn odd_trees_are_read_to_their_end() {
    for files in [
        vec![("src/lib.rs", "")],
        vec![("src/lib.rs", "mod gone;\nuse gone::X;")],
        vec![
            ("src/lib.rs", "mod a; mod b;"),
            ("src/a.rs", "pub use super::b::*;"),
            ("src/b.rs", "pub use super::a::*;"),
        ],
        vec![("src/lib.rs", "pub use crate::X as Y; pub use crate::Y as X;\nfn f() -> X {}")],
        vec![("src/lib.rs", "pub use self::*; fn f() -> Gone {}")],
        vec![("src/lib.rs", "mod r#type;\npub use r#type::X;"), ("src/type.rs", "pub struct X;")],
        vec![("src/lib.rs", "mod 猫;\npub use 猫::X;"), ("src/猫.rs", "use crate::Y; pub struct X;")],
        vec![
            ("src/lib.rs", "macro_rules! m { ($($x:tt)*) => { $crate::a::X } }\npub(crate) use m;\nmod a;"),
            ("src/a.rs", "pub struct X;"),
        ],
        vec![("src/lib.rs", "mod a { mod b { mod c { use super::super::super::X; } } }\nstruct X;")],
    ] {
        check_modules(&files, &[]);
    }
}

#[test]
fn circles_through_deep_modules_and_macros_are_refused() {
    for (a, b) in [
        ("use crate::deep::b::Y; pub struct X;", "use crate::a::X; pub struct Y;"),
        ("pub struct X; fn f() { vec![crate::deep::b::Y] }", "use super::super::a::X; pub struct Y;"),
        (
            "pub struct X; fn f() { matches!(x, { crate::deep::Y { .. } }) }",
            "pub struct Y; impl From<crate::X> for Y {}",
        ),
        ("use crate::deep; pub struct X; impl X { const C: u8 = deep::Y::C; }", "pub struct Y; type Z = crate::a::X;"),
        ("use crate::deep::{self as d}; pub struct X; fn f(x: &dyn d::Y) {}", "pub trait Y { fn f() -> crate::a::X; }"),
        ("use crate::deep::*; pub struct X; fn f<T: Y>() {}", "pub trait Y: From<crate::a::X> {}"),
    ] {
        let lib = "mod a; mod deep; pub use a::X;";
        let files = [
            ("src/lib.rs", lib),
            ("src/a.rs", a),
            ("src/deep/mod.rs", "pub mod b; pub use b::Y;"),
            ("src/deep/b.rs", b),
        ];
        check_modules(&files, &["a → deep::b → a"]);
    }
}

#[test]
fn both_roots_of_a_package_are_checked() {
    let files = [
        ("src/lib.rs", "mod a; mod b;"),
        ("src/a.rs", "use crate::b::X; pub struct X;"),
        ("src/b.rs", "use crate::a::X; pub struct X;"),
        ("src/main.rs", "mod c;\nstruct S;\nfn main() { c::f() }"),
        ("src/c.rs", "use crate::S;\npub fn f() {}"),
    ];
    check_modules(&files, &["a → b → a", "crate → c → crate"]);
}

#[test]
fn one_knot_is_reported_once() {
    let files = [
        ("src/lib.rs", "mod a; mod b; mod c; mod d; mod e;"),
        ("src/a.rs", "use crate::b::X; use crate::d::X as D; pub struct X;"),
        ("src/b.rs", "use crate::a::X; use crate::c::X as C; pub struct X;"),
        ("src/c.rs", "use crate::a::X; pub struct X;"),
        ("src/d.rs", "use crate::e::X; pub struct X;"),
        ("src/e.rs", "pub struct X;"),
    ];
    let found: Vec<String> =
        broken(&[("jove-core", "", &files)]).into_iter().filter(|problem| problem.contains("a circle")).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("a circle of 3 modules\n    a → b → a"), "{found:?}");
    assert!(!found[0].contains('d') || !found[0].contains("d →"), "{found:?}");
}

#[test]
fn a_manifest_or_source_that_does_not_parse_is_an_error_that_names_it() {
    for (manifest, source, expected) in
        [("[dependencies", "", "crates/jove-core"), ("", "fn f( {", "crates/jove-core/src/lib.rs")]
    {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join("Cargo.toml"), "");
        write(&folder.path().join("xtask/Cargo.toml"), "[package]\nname = \"xtask\"\n");
        write(
            &folder.path().join("crates/jove-core/Cargo.toml"),
            &format!("[package]\nname = \"jove-core\"\n{manifest}"),
        );
        write(&folder.path().join("crates/jove-core/src/lib.rs"), source);
        let error = check(folder.path()).err().map(|error| format!("{error:#}"));
        assert!(error.as_ref().is_some_and(|error| error.starts_with(expected)), "{error:?}");
    }
}

#[test]
fn pages_name_every_crate_and_run_file() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(&root.join("Cargo.toml"), "");
    write(&root.join("xtask/Cargo.toml"), "[package]\nname = \"xtask\"\n");
    write(&root.join("crates/jove-core/Cargo.toml"), "[package]\nname = \"jove-core\"\n");
    write(&root.join("docs/architecture.md"), "`xtask`, jove-core");
    write(&root.join("experiments/README.md"), "`one.toml`");
    write(&root.join("experiments/one.toml"), "");
    write(&root.join("experiments/two.toml"), "");
    let broken = check(root).unwrap().broken;
    let expected = [
        "docs/architecture.md: `jove-core` is missing from the code map",
        "experiments/README.md: two.toml is not explained",
    ];
    assert_eq!(broken, expected);
}
