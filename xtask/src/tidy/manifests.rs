//! Which crate depends on which, dependencies that nothing names, features that nothing explains.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use toml::{Table, Value};

use super::workspace::{Package, Place, Source, Workspace};

/// The crates in their order, each with those of ours that it may depend on: only ones above it.
const MAY_DEPEND_ON: &[(&str, &[&str])] = &[
    ("jove-core", &[]),
    ("jove-browser", &[]),
    ("jove-files", &["jove-core"]),
    ("jove-kb", &["jove-core", "jove-files"]),
    ("jove-linker", &["jove-core"]),
    ("jove-tasks", &["jove-core", "jove-files"]),
    ("jove-corpus", &["jove-core", "jove-files"]),
    ("jove-init", &["jove-core", "jove-files", "jove-kb", "jove-corpus"]),
    ("jove-factory", &["jove-core", "jove-files", "jove-corpus"]),
    ("jove-masking", &["jove-core"]),
    ("jove-model", &["jove-core"]),
    ("jove-checkpoint", &["jove-core", "jove-files"]),
    ("jove-objectives", &["jove-core", "jove-model", "jove-checkpoint"]),
    ("jove-trainer", &["jove-core", "jove-corpus", "jove-masking", "jove-model", "jove-checkpoint", "jove-objectives"]),
    (
        "jove-finetune",
        &[
            "jove-core",
            "jove-files",
            "jove-corpus",
            "jove-tasks",
            "jove-model",
            "jove-checkpoint",
            "jove-objectives",
            "jove-trainer",
        ],
    ),
    (
        "jove-eval",
        &["jove-core", "jove-kb", "jove-corpus", "jove-masking", "jove-model", "jove-checkpoint", "jove-objectives"],
    ),
    (
        "jove-experiment",
        &[
            "jove-core",
            "jove-files",
            "jove-kb",
            "jove-linker",
            "jove-corpus",
            "jove-masking",
            "jove-model",
            "jove-checkpoint",
            "jove-objectives",
            "jove-trainer",
            "jove-eval",
        ],
    ),
    (
        "jove",
        &[
            "jove-core",
            "jove-files",
            "jove-kb",
            "jove-linker",
            "jove-corpus",
            "jove-factory",
            "jove-init",
            "jove-masking",
            "jove-model",
            "jove-checkpoint",
            "jove-objectives",
            "jove-trainer",
            "jove-tasks",
            "jove-finetune",
            "jove-eval",
            "jove-experiment",
        ],
    ),
    ("xtask", &[]),
];

/// What tests may depend on beyond that.
const TESTS_MAY_DEPEND_ON: &[(&str, &[&str])] = &[
    ("jove-kb", &["jove-browser"]),
    ("jove-linker", &["jove-browser"]),
    ("jove-masking", &["jove-browser", "jove-corpus"]),
    ("jove-eval", &["jove-trainer"]),
    ("jove-experiment", &["jove-browser"]),
    ("jove", &["jove-browser"]),
];

/// One declared dependency.
struct Dependency<'a> {
    table: &'static str,
    name: &'a str,
    value: &'a Value,
}

/// Checks all manifests.
pub(crate) fn check(workspace: &Workspace, broken: &mut Vec<String>) {
    for package in &workspace.packages {
        for dependency in dependencies(&package.manifest) {
            if let Some(problem) = upward(package, &dependency).or_else(|| unused(package, &dependency)) {
                broken.push(format!("{}/Cargo.toml: {problem}", package.folder));
            }
        }
        undocumented_features(package, &workspace.pages, broken);
    }
    let named: BTreeSet<&str> = workspace
        .packages
        .iter()
        .flat_map(|package| dependencies(&package.manifest))
        .map(|dependency| dependency.name)
        .collect();
    let shared = workspace.manifest.get("workspace").and_then(|workspace| workspace["dependencies"].as_table());
    let left = shared.into_iter().flat_map(Table::keys).filter(|name| !named.contains(name.as_str()));
    broken.extend(left.filter(|name| !is_ours(name)).map(|name| format!("Cargo.toml: no crate depends on {name}")));
}

fn dependencies(manifest: &Table) -> Vec<Dependency<'_>> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let tables = targets.into_iter().flat_map(Table::values).filter_map(Value::as_table).chain([manifest]);
    tables
        .flat_map(|owner| {
            ["dependencies", "dev-dependencies", "build-dependencies"].into_iter().flat_map(|table| {
                let entries = owner.get(table).and_then(Value::as_table);
                entries.into_iter().flatten().map(move |(name, value)| Dependency { table, name, value })
            })
        })
        .collect()
}

fn is_ours(name: &str) -> bool {
    MAY_DEPEND_ON.iter().any(|(known, _)| *known == name)
}

fn upward(package: &Package, dependency: &Dependency<'_>) -> Option<String> {
    let name = dependency.name;
    if !is_ours(name) && !name.starts_with("jove") {
        return None;
    }
    let of = |map: &[(&str, &'static [&'static str])]| {
        map.iter().find(|(known, _)| *known == package.name).map_or(&[][..], |(_, allowed)| *allowed)
    };
    let allowed = of(MAY_DEPEND_ON).contains(&name);
    let for_tests = dependency.table == "dev-dependencies" && of(TESTS_MAY_DEPEND_ON).contains(&name);
    (!allowed && !for_tests).then(|| format!("may not depend on {name}"))
}

fn unused(package: &Package, dependency: &Dependency<'_>) -> Option<String> {
    let name = dependency.name.replace('-', "_");
    let in_place = |places: &[Place]| {
        package.sources.iter().filter(|source| places.contains(&source.place)).any(|source| named(source, &name))
    };
    let used = match dependency.table {
        "dependencies" => in_place(&[Place::Src]),
        "build-dependencies" => {
            in_place(&[Place::Build]) || shared_with_build(package).any(|source| named(source, &name))
        }
        _ => {
            in_place(&[Place::Src, Place::Tests, Place::Other])
                || package.sources.iter().any(|source| in_doctest(source, &name))
        }
    };
    let renamed = dependency.value.get("package").is_some();
    (!used && !renamed).then(|| format!("no line names {} of [{}]", dependency.name, dependency.table))
}

/// Files of the crate that its build script takes in by `#[path = "…"]`.
fn shared_with_build(package: &Package) -> impl Iterator<Item = &Source> {
    let script = package.source("build.rs").map_or("", |build| &package.sources[build].text);
    let paths = script.split("#[path = \"").skip(1).filter_map(|rest| rest.split('"').next());
    paths.filter_map(|path| Some(&package.sources[package.source(path)?]))
}

/// Whether code, not comments, holds the name.
fn named(source: &Source, name: &str) -> bool {
    fn holds(tokens: TokenStream, name: &str) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => ident == name,
            TokenTree::Group(group) => holds(group.stream(), name),
            _ => false,
        })
    }
    source.text.contains(name) && source.text.parse().is_ok_and(|tokens| holds(tokens, name))
}

fn in_doctest(source: &Source, name: &str) -> bool {
    source
        .text
        .lines()
        .map(str::trim_start)
        .filter(|line| line.starts_with("//"))
        .any(|line| line.contains(&format!("{name}::")))
}

/// A feature has a comment above it in the manifest and stands on a page.
fn undocumented_features(package: &Package, pages: &str, broken: &mut Vec<String>) {
    let features = package.manifest.get("features").and_then(Value::as_table);
    for feature in features.into_iter().flat_map(Table::keys).filter(|feature| *feature != "default") {
        let lines: Vec<&str> = package.manifest_text.lines().collect();
        let at = lines.iter().position(|line| line.starts_with(&format!("{feature} =")));
        if !at.is_some_and(|at| at > 0 && lines[at - 1].starts_with('#')) {
            broken.push(format!("{}/Cargo.toml: no comment above the feature {feature}", package.folder));
        }
        if !pages.contains(feature.as_str()) {
            broken.push(format!("{}/Cargo.toml: no page in docs/ names the feature {feature}", package.folder));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_depend_on_crates_above_them() {
        for (number, (name, allowed)) in MAY_DEPEND_ON.iter().enumerate() {
            for other in *allowed {
                assert!(MAY_DEPEND_ON[..number].iter().any(|(above, _)| above == other), "{name}: {other}");
            }
        }
    }
}
