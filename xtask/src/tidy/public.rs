//! Public items of libraries that nothing outside their crate names.
//!
//! Names are compared as words: an item counts as used where another crate, a test, bench, example or doctest holds
//! its name, and a type also where a public signature or field of its own crate does.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Field, Fields, Ident, ImplItem, Item, ItemImpl, ItemMod, Signature, Visibility};

use super::names::attributes;
use super::workspace::{Package, Place, Source, Workspace, for_tests};

/// Items that are public for users of the library, with the reason.
const FOR_USERS: &[(&str, &str, &str)] = &[];

/// A public item.
struct Public {
    name: String,
    line: usize,
    is_type: bool,
}

/// What a file offers and what its public signatures name.
#[derive(Default)]
struct Face {
    offered: Vec<Public>,
    signatures: BTreeSet<String>,
}

/// Reports each public item that could be private or go.
pub(crate) fn check(workspace: &Workspace, broken: &mut Vec<String>) {
    let words: Vec<BTreeSet<String>> = workspace.packages.iter().map(|package| words_of(package, |_| true)).collect();
    for (number, package) in workspace.packages.iter().enumerate().filter(|(_, package)| package.is_library()) {
        let mut outside = words_of(package, |source| source.place != Place::Src);
        outside.extend(
            words.iter().enumerate().filter(|(other, _)| *other != number).flat_map(|(_, words)| words.iter().cloned()),
        );
        outside.extend(package.sources.iter().flat_map(|source| doctest_words(&source.text)));
        report(package, &outside, broken);
    }
}

fn report(package: &Package, outside: &BTreeSet<String>, broken: &mut Vec<String>) {
    let sources = || package.sources.iter().filter(|source| source.place == Place::Src);
    let faces: Vec<(&Source, Face)> = sources().map(|source| (source, Face::of(source))).collect();
    let signatures: BTreeSet<&String> = faces.iter().flat_map(|(_, face)| &face.signatures).collect();
    let renamed: BTreeMap<String, String> = sources().flat_map(renames).collect();
    for (source, face) in &faces {
        for item in &face.offered {
            let alias = renamed.get(&item.name);
            let used = outside.contains(&item.name) || alias.is_some_and(|alias| outside.contains(alias));
            let for_users = FOR_USERS.iter().any(|(owner, name, _)| *owner == package.name && *name == item.name);
            if !(used || for_users || item.is_type && signatures.contains(&item.name)) {
                broken.push(format!(
                    "{}:{}: `{}` is public, and nothing outside the crate names it",
                    source.path, item.line, item.name
                ));
            }
        }
    }
}

/// All words in code of the chosen files.
fn words_of(package: &Package, chosen: impl Fn(&Source) -> bool) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for source in package.sources.iter().filter(|source| chosen(source)) {
        if let Ok(tokens) = source.text.parse() {
            collect(tokens, &mut words);
        }
        words.extend(doctest_words(&source.text));
    }
    words
}

fn collect(tokens: TokenStream, words: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => drop(words.insert(ident.to_string())),
            TokenTree::Group(group) => collect(group.stream(), words),
            _ => (),
        }
    }
}

/// Words of the code blocks in doc comments.
fn doctest_words(text: &str) -> Vec<String> {
    let mut inside = false;
    let mut words = Vec::new();
    for line in text.lines().map(str::trim_start).filter(|line| line.starts_with("///") || line.starts_with("//!")) {
        if line[3..].trim_start().starts_with("```") {
            inside = !inside;
        } else if inside {
            words.extend(line.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned));
        }
    }
    words
}

/// Names under which a crate offers something that it calls otherwise.
fn renames(source: &Source) -> Vec<(String, String)> {
    let mut names = super::names::Names::default();
    source.syntax.items.iter().filter(|item| matches!(item, Item::Use(_))).for_each(|item| names.add(item));
    let renamed = names.imports.into_iter().filter(|import| import.public);
    renamed.filter_map(|import| Some((import.path.segments.last()?.clone(), import.name?))).collect()
}

impl Face {
    fn of(source: &Source) -> Self {
        let mut face = Self::default();
        face.visit_file(&source.syntax);
        face
    }

    fn offer(&mut self, visibility: &Visibility, ident: &Ident, is_type: bool) {
        if matches!(visibility, Visibility::Public(_)) {
            self.offered.push(Public { name: ident.to_string(), line: ident.span().start().line, is_type });
        }
    }

    fn fields(&mut self, fields: &Fields) {
        fields.iter().for_each(|field: &Field| self.visit_type(&field.ty));
    }
}

impl<'a> Visit<'a> for Face {
    fn visit_item(&mut self, item: &'a Item) {
        if for_tests(attributes(item)) {
            return;
        }
        match item {
            Item::Const(item) => self.offer(&item.vis, &item.ident, false),
            Item::Static(item) => self.offer(&item.vis, &item.ident, false),
            Item::Enum(item) => {
                self.offer(&item.vis, &item.ident, true);
                item.variants.iter().for_each(|variant| self.fields(&variant.fields));
            }
            Item::Struct(item) => {
                self.offer(&item.vis, &item.ident, true);
                let public = item.fields.iter().filter(|field| matches!(field.vis, Visibility::Public(_)));
                public.for_each(|field| self.visit_type(&field.ty));
            }
            Item::Trait(item) => self.offer(&item.vis, &item.ident, true),
            Item::Type(item) => self.offer(&item.vis, &item.ident, true),
            Item::Fn(item) if matches!(item.vis, Visibility::Public(_)) => {
                self.offer(&item.vis, &item.sig.ident, false);
                self.visit_signature(&item.sig);
            }
            _ => (),
        }
        if matches!(item, Item::Impl(_) | Item::Mod(_) | Item::Trait(_) | Item::Type(_) | Item::Const(_)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'a ItemMod) {
        module.content.iter().flat_map(|(_, items)| items).for_each(|item| self.visit_item(item));
    }

    fn visit_item_impl(&mut self, item: &'a ItemImpl) {
        if let Some((_, path, _)) = &item.trait_ {
            self.visit_path(path);
        }
        for member in &item.items {
            let (visibility, ident) = match member {
                ImplItem::Fn(function) if !for_tests(&function.attrs) => (&function.vis, &function.sig.ident),
                ImplItem::Const(constant) => (&constant.vis, &constant.ident),
                ImplItem::Type(kind) => {
                    self.visit_type(&kind.ty);
                    continue;
                }
                _ => continue,
            };
            self.offer(visibility, ident, false);
            if let ImplItem::Fn(function) = member {
                self.visit_public_signature(&function.vis, &function.sig, item.trait_.is_some());
            }
        }
    }

    fn visit_block(&mut self, _: &'a syn::Block) {}

    fn visit_ident(&mut self, ident: &'a Ident) {
        self.signatures.insert(ident.to_string());
    }
}

impl Face {
    fn visit_public_signature(&mut self, visibility: &Visibility, signature: &Signature, of_trait: bool) {
        if of_trait || matches!(visibility, Visibility::Public(_)) {
            self.visit_signature(signature);
        }
    }
}
