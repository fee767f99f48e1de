//! The policy against packages and advisories of our own.

use std::path::PathBuf;

use super::*;

fn package(name: &str, version: &str, license: Option<&str>, source: &str) -> Package {
    Package {
        id: format!("{name} {version}"),
        name: name.to_owned(),
        version: version.parse().unwrap(),
        license: license.map(str::to_owned),
        manifest_path: PathBuf::new(),
        source: (!source.is_empty()).then(|| source.to_owned()),
    }
}

const POLICY: &str = "
[advisories]
ignore = [{ id = \"RUSTSEC-2099-0002\", reason = \"a reason\" }]
[licenses]
allow = [\"MIT\", \"Apache-2.0\", \"Apache-2.0 WITH LLVM-exception\"]
exceptions = [{ crate = \"odd\", allow = [\"CC0-1.0\"] }]
";

const DATABASE: &str = "# as of a day\nid\tpackage\tkind\tpatched\tunaffected
RUSTSEC-2099-0001\tleaky\tvulnerability\t>= 1.2.3;^0.9.4\t< 0.5.0
RUSTSEC-2099-0002\told\tunmaintained\t\t
";

/// Checks one package beside one that is ignored; `expected` are parts of the refusals.
fn check(name: &str, version: &str, license: Option<&str>, source: &str, expected: &[&str]) {
    let packages = [package(name, version, license, source), package("old", "1.0.0", Some("MIT"), "registry+r")];
    let policy: Policy = toml::from_str(POLICY).unwrap();
    let refused = refused(&packages, &policy, DATABASE).unwrap();
    assert_eq!(refused.len(), expected.len(), "{refused:?}");
    for (refusal, part) in refused.iter().zip(expected) {
        assert!(refusal.contains(part), "{refusal}");
    }
}

#[test]
fn advisories_concern_the_versions_that_they_name() {
    for (version, concerned) in
        [("1.2.2", true), ("1.2.3", false), ("2.0.0", false), ("0.9.4", false), ("0.9.3", true), ("0.4.9", false)]
    {
        let expected: &[&str] = if concerned { &["RUSTSEC-2099-0001 (vulnerability)"] } else { &[] };
        check("leaky", version, Some("MIT"), "registry+r", expected);
    }
}

#[test]
fn licences_are_those_of_the_policy() {
    let check = |license, expected: &[&str]| check("a", "1.0.0", license, "registry+r", expected);
    check(Some("MIT OR GPL-3.0-only"), &[]);
    check(Some("MIT/Apache-2.0"), &[]);
    check(Some("Apache-2.0 WITH LLVM-exception"), &[]);
    check(Some("MIT AND GPL-3.0-only"), &["a 1.0.0: MIT AND GPL-3.0-only is not allowed"]);
    check(Some("CC0-1.0"), &["CC0-1.0 is not allowed"]);
    check(Some("as you like"), &["is no SPDX expression"]);
    check(None, &["found none"]);
}

#[test]
fn an_exception_is_for_its_package_alone() {
    check("odd", "1.0.0", Some("CC0-1.0"), "registry+r", &[]);
}

#[test]
fn sources_other_than_the_registry_are_refused() {
    check("a", "1.0.0", Some("MIT"), "", &[]);
    check("a", "1.0.0", Some("MIT"), "git+somewhere", &["expected the registry as its source"]);
}

#[test]
fn an_ignored_advisory_that_concerns_nothing_is_named() {
    let policy: Policy = toml::from_str(POLICY).unwrap();
    let refused = refused(&[package("a", "1.0.0", Some("MIT"), "")], &policy, DATABASE).unwrap();
    assert_eq!(refused, ["deny.toml: RUSTSEC-2099-0002 concerns no package any more"]);
}

#[test]
fn a_checkout_of_the_database_becomes_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, rest: &str, versions: &str| {
        let path = folder.path().join("crates").join(name);
        std::fs::create_dir_all(&path).unwrap();
        let text = format!(
            "```toml\n[advisory]\nid = \"RUSTSEC-2099-{name}\"\npackage = \"p\"\n{rest}\n[versions]\n{versions}\n```\n# Title\n"
        );
        std::fs::write(path.join("a.md"), text).unwrap();
    };
    write("0002", "informational = \"unsound\"", "patched = []\nunaffected = [\"< 2.0\"]");
    write("0001", "cvss = \"x\"", "patched = [\">= 1\", \"^0.3\"]");
    write("0003", "withdrawn = \"2099-01-01\"", "patched = []");
    let table = renew(folder.path(), "2099-02-03").unwrap();
    assert!(table.starts_with("# The RustSec advisory database, facts only, as of 2099-02-03.\n"), "{table}");
    assert!(
        table.ends_with("RUSTSEC-2099-0001\tp\tvulnerability\t>= 1;^0.3\t\nRUSTSEC-2099-0002\tp\tunsound\t\t< 2.0\n"),
        "{table}"
    );
    assert!(renew(&folder.path().join("crates"), "2099-02-03").is_err());
}
