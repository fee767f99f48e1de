//! Module circles: files of one crate that cannot be read one after the other.
//!
//! A module depends on another where it names something that the other defines; a path is followed through re-exports
//! to the definition, so `crate::Error` counts for `error`. A module that declares and re-exports its children does not
//! depend on them by that; it does where its own code names what they define. A child that names what its parent's file
//! defines depends on the parent. Inline modules count for the file that they are written in. Naming a module alone,
//! methods called on values, and code for tests count for nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::modules::{Modules, Target};
use super::names::Named;
use super::workspace::{Package, Workspace};

/// Circles that are printed of one knot.
const CIRCLES_MAX: usize = 8;

/// From a module, to a module: where and by which path.
type Edges = BTreeMap<usize, BTreeMap<usize, Named>>;

/// Every circle of every crate.
pub(crate) fn check(workspace: &Workspace, broken: &mut Vec<String>) {
    for package in &workspace.packages {
        for root in ["src/lib.rs", "src/main.rs"] {
            if let Some(modules) = Modules::of(package, root) {
                broken.extend(knots(package, &modules));
            }
        }
    }
}

fn knots(package: &Package, modules: &Modules) -> Vec<String> {
    let edges = edges(modules);
    let reached: BTreeMap<usize, BTreeSet<usize>> = edges.keys().map(|&from| (from, reachable(&edges, from))).collect();
    let together = |a: &usize, b: &usize| reached[a].contains(b) && reached.get(b).is_some_and(|back| back.contains(a));
    let mut seen = BTreeSet::new();
    let mut broken = Vec::new();
    for &module in edges.keys() {
        if reached[&module].contains(&module) && !seen.contains(&module) {
            let knot: Vec<usize> = edges.keys().copied().filter(|other| together(&module, other)).collect();
            seen.extend(knot.iter().copied());
            broken.push(describe(package, modules, &edges, &knot));
        }
    }
    broken
}

/// Which module names what of which.
fn edges(modules: &Modules) -> Edges {
    let mut edges = Edges::new();
    for module in 0..modules.all.len() {
        for (target, named) in dependencies(modules, module) {
            let (from, to) = (modules.all[module].file, modules.all[target].file);
            if from != to {
                edges.entry(from).or_default().entry(to).or_insert(named);
            }
        }
    }
    edges
}

/// The modules that define what a module names.
fn dependencies(modules: &Modules, module: usize) -> Vec<(usize, Named)> {
    let names = &modules.all[module].names;
    let mut found = Vec::new();
    for import in &names.imports {
        if let Some(Target::Item(target)) = modules.resolve(module, &import.path.segments)
            && (!import.public || !modules.is_below(target, module))
        {
            found.push((target, import.path.clone()));
        }
    }
    for path in &names.paths {
        let target = match path.segments.as_slice() {
            [name] => modules.lookup(module, name),
            segments => modules.resolve(module, segments),
        };
        if let Some(Target::Item(target)) = target {
            found.push((target, path.clone()));
        }
    }
    found
}

fn reachable(edges: &Edges, from: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(module) = open.pop() {
        for &next in edges.get(&module).into_iter().flat_map(BTreeMap::keys) {
            if found.insert(next) {
                open.push(next);
            }
        }
    }
    found
}

/// The shortest way from a module back to it.
fn shortest(edges: &Edges, module: usize) -> Vec<usize> {
    let mut ways = VecDeque::from([vec![module]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for &next in edges.get(&way[way.len() - 1]).into_iter().flat_map(BTreeMap::keys) {
            if next == module {
                return way;
            }
            if seen.insert(next) {
                ways.push_back(way.iter().copied().chain([next]).collect());
            }
        }
    }
    Vec::new()
}

fn describe(package: &Package, modules: &Modules, edges: &Edges, knot: &[usize]) -> String {
    let mut circles: BTreeMap<(usize, BTreeSet<usize>), Vec<usize>> = BTreeMap::new();
    for &module in knot {
        let way = shortest(edges, module);
        circles.entry((way.len(), way.iter().copied().collect())).or_insert(way);
    }
    let mut text = format!("{}: a circle of {} modules", package.folder, knot.len());
    for way in circles.values().take(CIRCLES_MAX) {
        let names: Vec<&str> = way.iter().chain(&way[..1]).map(|&module| modules.all[module].path.as_str()).collect();
        text += &format!("\n    {}", names.join(" → "));
        for (&from, &to) in way.iter().zip(way.iter().cycle().skip(1)) {
            let named = &edges[&from][&to];
            let path = &package.sources[modules.all[from].source].path;
            text += &format!("\n        {path}:{} names `{}`", named.line, named.segments.join("::"));
        }
    }
    text
}
