//! An HTML page of linked texts: coloured spans with a card each for the entity, its score and the losing candidates.

use std::fmt::Write;

use jove_core::{EntityId, Mention};

use crate::linker::ScoredMention;

/// The text of an entity's card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    /// Its name.
    pub label: String,
    /// Its key in the knowledge base.
    pub key: String,
    /// One line about it; may be empty.
    pub description: String,
    /// Its types; may be empty.
    pub types: Vec<String>,
}

/// One text with its links.
pub struct Linked<'a> {
    /// The text.
    pub text: &'a str,
    /// Its mentions, sorted, without overlaps.
    pub mentions: &'a [Mention],
    /// Every mention that was scored in it, linked or not, by start.
    pub scored: &'a [ScoredMention],
}

const STYLE: &str = include_str!("html.css");
const SCRIPT: &str = include_str!("html.js");

/// A self-contained HTML page in UTF-8. `card` gives an entity's card. All text is escaped.
pub fn page<'a>(title: &str, texts: impl IntoIterator<Item = Linked<'a>>, card: impl Fn(EntityId) -> Card) -> String {
    let mut page = String::new();
    let title = escape(title);
    let _ = write!(
        page,
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style>\
         <h1>{title}</h1><p class=\"key\"><span class=\"m strong\">score of 0.9 and more</span> \
         <span class=\"m\">linked</span> <span class=\"n\">a name, not linked</span> — point at a span for its card</p>"
    );
    for text in texts {
        row(&mut page, &text, &card);
    }
    let _ = writeln!(page, "<script>{SCRIPT}</script></html>");
    page
}

fn row(page: &mut String, text: &Linked, card: &impl Fn(EntityId) -> Card) {
    page.push_str("<p class=\"text\" dir=\"auto\">");
    let mut next = 0;
    for shown in shown(text) {
        let span = shown.mention.span;
        page.push_str(&escape(&text.text[next..span.start as usize]));
        let class = match (shown.linked, shown.mention.score >= 0.9) {
            (true, true) => "m strong",
            (true, false) => "m",
            (false, _) => "n",
        };
        let name = escape(&text.text[span.range()]);
        let _ = write!(page, "<span class=\"{class}\" tabindex=\"0\">{name}");
        show_card(page, &shown, card);
        page.push_str("</span>");
        next = span.end as usize;
    }
    page.push_str(&escape(&text.text[next..]));
    page.push_str("</p>");
}

/// A span to colour.
struct Shown<'a> {
    mention: Mention,
    linked: bool,
    scored: Option<&'a ScoredMention>,
}

/// The links, and between them the longest names that were not linked.
fn shown<'a>(text: &Linked<'a>) -> Vec<Shown<'a>> {
    let scored_at = |span| text.scored.iter().find(|scored| scored.mention.span == span);
    let mut all: Vec<Shown> = text
        .mentions
        .iter()
        .map(|mention| Shown { mention: *mention, linked: true, scored: scored_at(mention.span) })
        .collect();
    for scored in text.scored {
        if all.iter().all(|other| !other.mention.span.overlaps(scored.mention.span)) {
            all.push(Shown { mention: scored.mention, linked: false, scored: Some(scored) });
        }
    }
    all.sort_by_key(|shown| shown.mention.span);
    all
}

fn show_card(page: &mut String, shown: &Shown, card: &impl Fn(EntityId) -> Card) {
    let best = card(shown.mention.entity);
    let status = if shown.linked { "linked" } else { "not linked" };
    let _ = write!(page, "<span class=\"card\"><b>{}</b> <i>{}</i>", escape(&best.label), escape(&best.key));
    if !best.description.is_empty() {
        let _ = write!(page, "<br>{}", escape(&best.description));
    }
    if !best.types.is_empty() {
        let _ = write!(page, "<br><small>{}</small>", escape(&best.types.join(", ")));
    }
    let _ = write!(page, "<br>score {:.2}, {status}", shown.mention.score);
    for (entity, share) in shown.scored.iter().flat_map(|scored| &scored.candidates).skip(1) {
        let other = card(*entity);
        let _ = write!(page, "<br><small>{share:.2} {} <i>{}</i></small>", escape(&other.label), escape(&other.key));
    }
    page.push_str("</span>");
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use jove_core::ByteSpan;

    use super::*;
    use crate::feature::Features;

    #[test]
    fn spans_are_coloured_and_text_is_escaped() {
        let mention = Mention { span: ByteSpan::new(3, 9), entity: EntityId(1), score: 0.95 };
        let other = Mention { span: ByteSpan::new(9, 12), entity: EntityId(2), score: 0.1 };
        let scored = [
            ScoredMention {
                mention,
                candidates: vec![(EntityId(1), 0.8), (EntityId(2), 0.2)],
                features: Features::default(),
            },
            ScoredMention { mention: other, candidates: vec![(EntityId(2), 1.0)], features: Features::default() },
        ];
        let card = |entity: EntityId| Card { label: format!("<{}>", entity.0), ..Card::default() };
        let page = page("a & b", [Linked { text: "<b>北京市", mentions: &[mention], scored: &scored }], card);
        for expected in [
            "<title>a &amp; b</title>",
            "&lt;b&gt;<span class=\"m strong\" tabindex=\"0\">北京<span",
            "<b>&lt;1&gt;</b> <i></i><br>score 0.95, linked<br>",
            "0.20 &lt;2&gt;",
            "<span class=\"n\" tabindex=\"0\">市<span",
        ] {
            assert!(page.contains(expected), "{expected} in {page}");
        }
        assert!(page.ends_with("</html>\n"));
    }

    #[test]
    fn a_browser_shows_every_card_inside_its_window() {
        let text = "北京和上海在东边。".repeat(30);
        let mention = |start: usize| Mention {
            span: ByteSpan::new(start as u32, start as u32 + 6),
            entity: EntityId(1),
            score: 0.9,
        };
        let mentions: Vec<Mention> = text.match_indices("北京").map(|(start, _)| mention(start)).collect();
        let scored: Vec<ScoredMention> = text
            .match_indices("上海")
            .map(|(start, _)| ScoredMention {
                mention: mention(start),
                candidates: Vec::new(),
                features: Features::default(),
            })
            .collect();
        let card = |_| Card {
            label: "城市".to_owned(), description: "一个很大的城市，".repeat(9), ..Card::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("links.html");
        std::fs::write(&path, page("links", [Linked { text: &text, mentions: &mentions, scored: &scored }], card))
            .unwrap();
        for width in [1200, 600] {
            let Some(faults) = jove_browser::faults(&path, width) else { return };
            assert!(faults.is_empty(), "{width}: {faults:?}");
        }
    }

    #[test]
    fn a_page_without_texts_is_complete() {
        assert!(super::page("", [], |_| Card::default()).contains("<h1></h1>"));
    }
}
