//! Sizes: lines of files and functions, and how much of a crate is tests.
//!
//! A line counts unless it is blank or a comment. Test lines are those of files under `tests/`, of modules and items
//! kept for tests by `#[cfg(test)]`, and of files that such a module declares. Code lines are the others of `src/`.
//! Benches, examples, fuzz targets and build scripts are neither. A function's length is from its signature to its
//! closing brace; those of tests are left out.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{ImplItemFn, Item, ItemFn, TraitItemFn};

use super::names::attributes;
use super::workspace::{Package, Place, Source, Workspace, for_tests};

/// A file longer than this is more than one concept.
const FILE_LINES_MAX: usize = 500;

/// Nine functions of ten are no longer than this.
const FUNCTION_LINES_P90_MAX: usize = 25;

/// Lines of tests per line of code, over the workspace.
const TEST_RATIO_MIN: f64 = 0.4;

/// Lines of code below which that share says nothing.
const SMALL: usize = 1000;

/// What is counted in a crate.
#[derive(Clone, Default)]
pub(crate) struct Sizes {
    code: usize,
    tests: usize,
    functions: Vec<usize>,
    files: usize,
    longest: (usize, String),
}

/// Counts all crates; returns the table.
pub(crate) fn check(workspace: &Workspace, broken: &mut Vec<String>) -> String {
    let mut all = Sizes::default();
    let mut table = format!(
        "{:<16} {:>5} {:>6} {:>6} {:>5} {:>8}  longest file\n",
        "crate", "files", "code", "tests", "ratio", "fn p90"
    );
    for package in &workspace.packages {
        for source in &package.sources {
            long_file(source, broken);
        }
        let sizes = Sizes::of(package);
        sizes.check(&package.name, broken);
        table += &sizes.row(&package.name);
        all.add(sizes);
    }
    all.check("the workspace", broken);
    if all.code >= SMALL && all.ratio() < TEST_RATIO_MIN {
        broken.push(format!("the workspace: {:.2} test lines per code line, fewer than {TEST_RATIO_MIN}", all.ratio()));
    }
    table + &all.row("all")
}

fn long_file(source: &Source, broken: &mut Vec<String>) {
    let lines = source.text.lines().count();
    if lines > FILE_LINES_MAX && !source.text.contains("tidy: table") {
        broken.push(format!("{}: {lines} lines, more than {FILE_LINES_MAX}: more than one concept?", source.path));
    }
}

impl Sizes {
    fn of(package: &Package) -> Self {
        let mut sizes = Self::default();
        let test_files = test_files(package);
        for source in &package.sources {
            let lines = counted(&source.text);
            let is_test = source.place == Place::Tests || test_files.contains(source.path.as_str());
            match source.place {
                _ if is_test => sizes.tests += lines.len(),
                Place::Src => sizes.add_source(source, &lines),
                Place::Tests | Place::Other | Place::Build => (),
            }
        }
        sizes
    }

    fn add_source(&mut self, source: &Source, lines: &BTreeSet<usize>) {
        let mut spans = Spans::default();
        spans.visit_file(&source.syntax);
        let tests = lines.iter().filter(|line| spans.tests.iter().any(|span| span.contains(line))).count();
        self.tests += tests;
        self.code += lines.len() - tests;
        self.functions.extend(spans.functions);
        self.files += 1;
        let total = source.text.lines().count();
        if total > self.longest.0 {
            self.longest = (total, source.path.clone());
        }
    }

    fn add(&mut self, other: Self) {
        self.code += other.code;
        self.tests += other.tests;
        self.files += other.files;
        self.functions.extend(other.functions);
        self.longest = std::cmp::max(std::mem::take(&mut self.longest), other.longest);
    }

    fn check(&self, name: &str, broken: &mut Vec<String>) {
        let p90 = self.p90();
        if p90 > FUNCTION_LINES_P90_MAX {
            broken.push(format!(
                "{name}: a tenth of the functions has {p90} lines or more, the limit is {FUNCTION_LINES_P90_MAX}"
            ));
        }
    }

    /// The length that nine functions of ten do not pass.
    fn p90(&self) -> usize {
        let mut lengths = self.functions.clone();
        lengths.sort_unstable();
        lengths.get((lengths.len() * 9).div_ceil(10).saturating_sub(1)).copied().unwrap_or(0)
    }

    fn ratio(&self) -> f64 {
        self.tests as f64 / self.code.max(1) as f64
    }

    fn row(&self, name: &str) -> String {
        let (lines, file) = &self.longest;
        let (files, code, tests) = (self.files, self.code, self.tests);
        format!("{name:<16} {files:>5} {code:>6} {tests:>6} {:>5.2} {:>8}  {lines} {file}\n", self.ratio(), self.p90())
    }
}

/// The numbers of the lines that count.
fn counted(text: &str) -> BTreeSet<usize> {
    let mut in_comment = false;
    let mut counted = BTreeSet::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        in_comment |= line.starts_with("/*");
        if !in_comment && !line.is_empty() && !line.starts_with("//") {
            counted.insert(number + 1);
        }
        in_comment &= !line.contains("*/");
    }
    counted
}

/// Files that `#[cfg(test)] mod NAME;` declares, and those below them.
pub(super) fn test_files(package: &Package) -> BTreeSet<&str> {
    let mut stems = Vec::new();
    for source in package.sources.iter().filter(|source| source.place == Place::Src) {
        let folder = source.path.trim_end_matches(".rs");
        let folder = ["/mod", "/lib", "/main"].iter().find_map(|end| folder.strip_suffix(end)).unwrap_or(folder);
        for item in &source.syntax.items {
            if let Item::Mod(module) = item
                && module.content.is_none()
                && for_tests(&module.attrs)
            {
                stems.push(format!("{folder}/{}", module.ident));
            }
        }
    }
    let below =
        |path: &str| stems.iter().any(|stem| path == format!("{stem}.rs") || path.starts_with(&format!("{stem}/")));
    package.sources.iter().map(|source| source.path.as_str()).filter(|path| below(path)).collect()
}

/// Line ranges of tests, and lengths of the other functions.
#[derive(Default)]
struct Spans {
    tests: Vec<RangeInclusive<usize>>,
    functions: Vec<usize>,
}

impl Spans {
    fn function(&mut self, signature: &syn::Signature, block: &syn::Block) {
        self.functions.push(block.span().end().line - signature.span().start().line + 1);
    }
}

impl<'a> Visit<'a> for Spans {
    fn visit_item(&mut self, item: &'a Item) {
        if for_tests(attributes(item)) {
            self.tests.push(item.span().start().line..=item.span().end().line);
        } else {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'a ItemFn) {
        self.function(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'a ImplItemFn) {
        if for_tests(&item.attrs) {
            self.tests.push(item.span().start().line..=item.span().end().line);
            return;
        }
        self.function(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'a TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }
}
