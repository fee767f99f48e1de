//! A picture on the page, and as a file of its own.

use maud::{Markup, PreEscaped, html};

use crate::report::content::Report;

/// Number of colours of variants in the style sheet.
const COLOURS: usize = 10;

/// A picture of vector graphics.
pub(crate) struct Figure {
    /// The name of its file, without an ending.
    pub(crate) name: String,
    /// What it shows, in a few words.
    pub(crate) title: String,
    /// What it shows, for those who don't see it.
    pub(crate) label: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// What is drawn.
    pub(crate) drawing: Markup,
}

/// What a picture looks like, on the page and in its file; colours are variables of the page's palette.
pub(crate) const STYLE: &str = "svg.figure text { fill: var(--ink); font-size: 13px; font-family: system-ui, sans-serif; }
svg.figure .grid { stroke: var(--line); } svg.figure .interval { stroke: var(--c); stroke-width: 3; opacity: 0.55; }
svg.figure .seed { fill: none; stroke: var(--c); } svg.figure .mean { fill: var(--c); } svg.figure .trivial { --c: var(--soft); }
svg.figure .curve { fill: none; stroke: var(--c); stroke-width: 2; } svg.figure .curve.one { stroke-width: 1.2; opacity: 0.8; } svg.figure .band { fill: var(--c); opacity: 0.16; }
svg.figure .c0 { --c: var(--v0); } svg.figure .c1 { --c: var(--v1); } svg.figure .c2 { --c: var(--v2); } svg.figure .c3 { --c: var(--v3); } svg.figure .c4 { --c: var(--v4); }
svg.figure .c5 { --c: var(--v5); } svg.figure .c6 { --c: var(--v6); } svg.figure .c7 { --c: var(--v7); } svg.figure .c8 { --c: var(--v8); } svg.figure .c9 { --c: var(--v9); }
";

/// The class of a variant's colour.
pub(crate) fn colour_class(index: usize) -> String {
    format!("c{}", index % COLOURS)
}

/// The class of the colour of the variant with this name.
pub(crate) fn colour_of(report: &Report, name: &str) -> String {
    colour_class(report.variants.iter().position(|variant| variant.name == name).unwrap_or_default())
}

/// A name for a file: letters and digits of the Latin alphabet, joined by dashes.
pub(crate) fn file_name(title: &str) -> String {
    let words = title.to_lowercase().replace('→', "to");
    let words = words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

impl Figure {
    /// The picture in the page.
    pub(crate) fn inline(&self) -> Markup {
        html! {
            svg.figure viewBox=(format!("0 0 {} {}", self.width, self.height)) role="img" aria-label=(self.label) { (self.drawing) }
        }
    }

    /// The picture as a file, in light colours.
    pub(crate) fn file(&self) -> String {
        // The rules of a page that are not about its palette do nothing here.
        let style = format!("{}{STYLE}", palette());
        let size = (self.width, self.height);
        let svg = html! {
            svg.figure xmlns="http://www.w3.org/2000/svg" width=(size.0) height=(size.1) viewBox=(format!("0 0 {} {}", size.0, size.1)) {
                title { (self.title) } style { (PreEscaped(style)) } (self.drawing)
            }
        };
        svg.into_string()
    }
}

/// The light palette of all pages, for a picture on its own.
fn palette() -> &'static str {
    let style = jove_core::PAGE_STYLE;
    style.split_once("@media").map_or(style, |(light, _)| light)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_by_words() {
        for (title, expected) in [
            ("entity cloze, R@1", "entity-cloze-r-1"),
            ("mention → entity, MRR", "mention-to-entity-mrr"),
            ("../../etc", "etc"),
            ("法国", ""),
        ] {
            assert_eq!(file_name(title), expected);
        }
    }

    #[test]
    fn a_file_holds_its_colours_and_escapes_its_title() {
        let figure = Figure {
            name: "x".into(),
            title: "a < b".into(),
            label: "\"".into(),
            width: 20,
            height: 10,
            drawing: html! { circle.mean cx="5" cy="5" r="2" {} },
        };
        let file = figure.file();
        assert!(file.starts_with("<svg ") && file.contains("a &lt; b") && file.contains("--v1: #0d8578"), "{file}");
        assert!(!file.contains("prefers-color-scheme"));
        assert!(figure.inline().into_string().contains("aria-label=\"&quot;\""));
    }
}
