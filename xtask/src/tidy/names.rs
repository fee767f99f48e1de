//! What a module declares, imports and names.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, ItemUse, Macro, TraitItem, UseTree, Visibility};

use super::workspace::for_tests;

/// A path as written, such as `crate::config::Shares`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
}

/// One name that a `use` brings in.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    pub(crate) path: Named,
    /// The name in this module; none for `*`.
    pub(crate) name: Option<String>,
    /// Visible to other modules: a re-export.
    pub(crate) public: bool,
}

/// All of one module but its child modules and tests.
#[derive(Default)]
pub(crate) struct Names {
    pub(crate) declared: Vec<String>,
    pub(crate) imports: Vec<Import>,
    pub(crate) paths: Vec<Named>,
}

impl Names {
    /// Adds an item of the module.
    pub(crate) fn add(&mut self, item: &Item) {
        if let Some(name) = declared(item) {
            self.declared.push(name);
        }
        self.visit_item(item);
    }

    fn scan(&mut self, tokens: TokenStream) {
        let mut path: Option<Named> = None;
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    let (segment, line) = (ident.to_string(), ident.span().start().line);
                    match &mut path {
                        Some(path) if colons == 2 => path.segments.push(segment),
                        _ => self.paths.extend(path.replace(Named { segments: vec![segment], line })),
                    }
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.paths.extend(path.take());
                    self.scan(group.stream());
                }
                _ => self.paths.extend(path.take()),
            }
        }
        self.paths.extend(path);
    }
}

impl<'a> Visit<'a> for Names {
    fn visit_item(&mut self, item: &'a Item) {
        if !for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'a ImplItem) {
        if !matches!(item, ImplItem::Fn(function) if for_tests(&function.attrs)) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'a TraitItem) {
        if !matches!(item, TraitItem::Fn(function) if for_tests(&function.attrs)) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_attribute(&mut self, _: &'a Attribute) {}

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        let public = !matches!(item.vis, Visibility::Inherited);
        flatten(&item.tree, &mut Vec::new(), public, &mut self.imports);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let (Some(first), None) = (path.segments.first(), &path.leading_colon) {
            self.paths.push(Named { segments, line: first.ident.span().start().line });
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'a Macro) {
        visit::visit_macro(self, call);
        self.scan(call.tokens.clone());
    }
}

/// The single names of a tree of imports.
fn flatten(tree: &UseTree, prefix: &mut Vec<String>, public: bool, imports: &mut Vec<Import>) {
    let mut add = |last: Option<&syn::Ident>, name: Option<String>, line: usize| {
        let last = last.map(ToString::to_string).filter(|last| last != "self");
        let segments: Vec<String> = prefix.iter().cloned().chain(last).collect();
        let name = name.map(|name| if name == "self" { segments.last().cloned().unwrap_or_default() } else { name });
        imports.push(Import { path: Named { segments, line }, name, public });
    };
    match tree {
        UseTree::Name(name) => add(Some(&name.ident), Some(name.ident.to_string()), name.ident.span().start().line),
        UseTree::Rename(name) => add(Some(&name.ident), Some(name.rename.to_string()), name.ident.span().start().line),
        UseTree::Glob(glob) => add(None, None, glob.star_token.spans[0].start().line),
        UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            flatten(&path.tree, prefix, public, imports);
            prefix.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, prefix, public, imports)),
    }
}

fn declared(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}

/// The attributes of an item.
pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
