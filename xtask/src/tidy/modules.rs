//! The modules of a crate, and where a path leads once re-exports are resolved.

use std::collections::BTreeMap;

use syn::Item;

use super::names::{Import, Names, attributes};
use super::workspace::{Package, for_tests};

/// A chain of re-exports longer than this is taken for an endless one.
const DEPTH_MAX: usize = 16;

/// A module that is not for tests.
pub(crate) struct Module {
    pub(crate) names: Names,
    /// The module whose file this one is written in; itself unless it is inline.
    pub(crate) file: usize,
    /// Such as `trainer::step`; `crate` for the root.
    pub(crate) path: String,
    /// The place in the package's sources.
    pub(crate) source: usize,
    parent: usize,
    children: BTreeMap<String, usize>,
}

/// Where a path leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// To something that this module defines.
    Item(usize),
    /// To a module itself.
    Module(usize),
}

/// The modules below one crate root, the root first.
pub(crate) struct Modules {
    pub(crate) all: Vec<Module>,
}

impl Modules {
    /// Those below `src/lib.rs` or `src/main.rs`.
    pub(crate) fn of(package: &Package, root: &str) -> Option<Self> {
        let source = package.source(root)?;
        let mut modules = Self { all: Vec::new() };
        modules.add_file(package, source, "crate", 0);
        Some(modules)
    }

    fn add_file(&mut self, package: &Package, source: usize, path: &str, parent: usize) -> usize {
        let index = self.all.len();
        self.add(package, &package.sources[source].syntax.items, (source, index, path, parent))
    }

    fn add(&mut self, package: &Package, items: &[Item], place: (usize, usize, &str, usize)) -> usize {
        let (source, file, path, parent) = place;
        let index = self.all.len();
        let (names, children) = (Names::default(), BTreeMap::new());
        self.all.push(Module { names, file, path: path.to_owned(), source, parent, children });
        for item in items.iter().filter(|item| !for_tests(attributes(item))) {
            let Item::Mod(module) = item else {
                self.all[index].names.add(item);
                continue;
            };
            let name = module.ident.to_string();
            let child_path = if path == "crate" { name.clone() } else { format!("{path}::{name}") };
            let child = match &module.content {
                Some((_, items)) => Some(self.add(package, items, (source, file, &child_path, index))),
                None => file_of(package, &child_path).map(|source| self.add_file(package, source, &child_path, index)),
            };
            if let Some(child) = child {
                self.all[index].children.insert(name, child);
            }
        }
        index
    }

    /// Where a path leads that is written in `module`; none where it leaves the crate.
    pub(crate) fn resolve(&self, module: usize, segments: &[String]) -> Option<Target> {
        self.resolve_to(module, segments, DEPTH_MAX)
    }

    /// What `name` stands for in `module`, declared, imported or brought in by `*`.
    pub(crate) fn lookup(&self, module: usize, name: &str) -> Option<Target> {
        self.step(module, name, false, DEPTH_MAX)
    }

    /// Whether `module` is `ancestor` or below it.
    pub(crate) fn is_below(&self, module: usize, ancestor: usize) -> bool {
        module == ancestor || (module != 0 && self.is_below(self.all[module].parent, ancestor))
    }

    fn resolve_to(&self, module: usize, segments: &[String], depth: usize) -> Option<Target> {
        let depth = depth.checked_sub(1)?;
        let (first, rest) = segments.split_first()?;
        let mut target = match first.as_str() {
            "crate" => Target::Module(0),
            "self" => Target::Module(module),
            "super" => Target::Module(self.all[module].parent),
            name => self.step(module, name, !rest.is_empty(), depth)?,
        };
        for (number, segment) in rest.iter().enumerate() {
            let Target::Module(current) = target else { break };
            target = match segment.as_str() {
                "super" => Target::Module(self.all[current].parent),
                // A name that nothing declares in plain sight comes from a macro in that module.
                name => self.step(current, name, number + 1 < rest.len(), depth).unwrap_or(Target::Item(current)),
            };
        }
        Some(target)
    }

    fn step(&self, module: usize, name: &str, as_module: bool, depth: usize) -> Option<Target> {
        let depth = depth.checked_sub(1)?;
        let Module { names, children, .. } = &self.all[module];
        let child = children.get(name).map(|&child| Target::Module(child));
        if as_module && child.is_some() {
            return child;
        }
        if names.declared.iter().any(|declared| declared == name) {
            return Some(Target::Item(module));
        }
        let imported = |import: &&Import| import.name.as_deref() == Some(name);
        let found = names.imports.iter().find(imported).and_then(|import| self.import(module, import, depth));
        found.or(child).or_else(|| {
            let globs = names.imports.iter().filter(|import| import.name.is_none());
            globs.filter_map(|glob| self.import(module, glob, depth)).find_map(|target| match target {
                Target::Module(other) if other != module => self.step(other, name, as_module, depth),
                _ => None,
            })
        })
    }

    fn import(&self, module: usize, import: &Import, depth: usize) -> Option<Target> {
        let segments = &import.path.segments;
        let own = segments.first().zip(import.name.as_ref()).is_some_and(|(first, name)| first == name);
        let child = segments.first().is_some_and(|first| self.all[module].children.contains_key(first));
        // `use serde::{self}` and the re-export of a macro name themselves.
        if own && !child { None } else { self.resolve_to(module, segments, depth) }
    }
}

/// The file of the module at a path below the crate's root.
fn file_of(package: &Package, path: &str) -> Option<usize> {
    let path = path.replace("::", "/");
    package.source(&format!("src/{path}.rs")).or_else(|| package.source(&format!("src/{path}/mod.rs")))
}
