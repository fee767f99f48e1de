//! An HTML page of linked texts: what was linked, which names make most of it and which are doubtful; then the texts with a
//! card for each name, its score and the losing candidates.

use std::collections::BTreeMap;
use std::fmt::Write;

use jove_core::{EntityId, Mention, PAGE_STYLE};

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

/// Names in a list at the top.
const LISTED: usize = 12;
/// Links with a score from here on are sure.
const SURE: f32 = 0.9;

/// A self-contained HTML page in UTF-8, texts with links first. `title` says which files it is about, `card` gives an entity's
/// card. All text is escaped.
pub fn page<'a>(title: &str, texts: impl IntoIterator<Item = Linked<'a>>, card: impl Fn(EntityId) -> Card) -> String {
    let mut texts: Vec<Linked> = texts.into_iter().collect();
    texts.sort_by_key(|text| text.mentions.is_empty());
    let title = escape(title);
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><style>{PAGE_STYLE}{STYLE}</style></head><body><header class=\"page\"><h1>{title}</h1></header><main>"
    );
    summary(&mut page, &texts, &card);
    page.push_str(
        "<div class=\"filter screen\"><input type=\"search\" id=\"query\" placeholder=\"a name, an entity, a type\" aria-label=\"Find texts\">\
         <label>a score of at most <select id=\"most\"><option value=\"1\">1</option><option>0.9</option><option>0.7</option>\
         <option>0.5</option></select></label><span class=\"soft\" id=\"shown\" role=\"status\"></span></div>\
         <p class=\"key soft\"><span class=\"m strong\">score of 0.9 and more</span> <span class=\"m\">linked</span> \
         <span class=\"n\">a name, not linked</span> — point at a name, or reach it by the tab key, for its card</p>",
    );
    for text in &texts {
        row(&mut page, text, &card);
    }
    let _ = writeln!(page, "</main><script>{SCRIPT}</script></body></html>");
    page
}

/// Counts, the names that make most links, and the links that are least sure.
fn summary(page: &mut String, texts: &[Linked], card: &impl Fn(EntityId) -> Card) {
    let links: usize = texts.iter().map(|text| text.mentions.len()).sum();
    let with = texts.iter().filter(|text| !text.mentions.is_empty()).count();
    let mut names: BTreeMap<(&str, EntityId), (usize, f32)> = BTreeMap::new();
    for text in texts {
        for mention in text.mentions {
            let (count, least) = names.entry((&text.text[mention.span.range()], mention.entity)).or_insert((0, 1.0));
            (*count, *least) = (*count + 1, least.min(mention.score));
        }
    }
    let per_text = links as f64 / texts.len().max(1) as f64;
    let _ = write!(
        page,
        "<ul class=\"counts\"><li><b>{per_text:.2}</b>links a text</li><li><b>{links}</b>links in {with} of {} texts</li>\
         <li><b>{}</b>names linked</li></ul><div class=\"lists\">",
        texts.len(),
        names.len()
    );
    let mut often: Vec<_> = names.iter().map(|(&(name, entity), &(count, _))| (count, name, entity)).collect();
    often.sort_by_key(|(count, ..)| std::cmp::Reverse(*count));
    let often = often.into_iter().take(LISTED).map(|(count, name, entity)| (name, entity, count.to_string()));
    list(page, "Names that make most links", "links", often, card);
    let least = names.iter().map(|(&(name, entity), &(_, least))| (least, name, entity));
    let mut doubtful: Vec<_> = least.filter(|(least, ..)| *least < SURE).collect();
    doubtful.sort_by(|(a, ..), (b, ..)| a.total_cmp(b));
    let doubtful = doubtful.into_iter().take(LISTED).map(|(least, name, entity)| (name, entity, format!("{least:.2}")));
    list(page, "Doubtful links", "lowest score", doubtful, card);
    page.push_str("</div>");
}

/// A list of names, each with a button that finds its texts; nothing where it is empty.
fn list<'a>(
    page: &mut String,
    heading: &str,
    unit: &str,
    rows: impl Iterator<Item = (&'a str, EntityId, String)>,
    card: &impl Fn(EntityId) -> Card,
) {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return;
    }
    let _ = write!(
        page,
        "<section><h2>{heading}</h2><table><thead><tr><th scope=\"col\">name</th><th scope=\"col\">entity</th><th scope=\"col\">{unit}</th></tr></thead><tbody>"
    );
    for (name, entity, number) in rows {
        let (name, card) = (escape(name), card(entity));
        let _ = write!(
            page,
            "<tr><td><button data-find=\"{name}\">{name}</button></td><td>{} <i>{}</i></td><td>{number}</td></tr>",
            escape(&card.label),
            escape(&card.key)
        );
    }
    page.push_str("</tbody></table></section>");
}

fn row(page: &mut String, text: &Linked, card: &impl Fn(EntityId) -> Card) {
    let scores: Vec<String> = text.mentions.iter().map(|mention| format!("{:.3}", mention.score)).collect();
    let _ = write!(page, "<p class=\"text\" dir=\"auto\" data-scores=\"{}\">", scores.join(" "));
    let mut next = 0;
    for shown in shown(text) {
        let span = shown.mention.span;
        page.push_str(&escape(&text.text[next..span.start as usize]));
        let class = match (shown.linked, shown.mention.score >= SURE) {
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
        for width in [1280, 500] {
            let Some(faults) = jove_browser::faults(&path, width) else { return };
            assert!(faults.is_empty(), "{width}: {faults:?}");
        }
    }

    #[test]
    fn the_page_opens_with_what_was_linked_and_texts_with_links_come_first() {
        let mention = |start, score| Mention { span: ByteSpan::new(start, start + 6), entity: EntityId(7), score };
        let (sure, doubtful) = ([mention(0, 0.97), mention(6, 0.95)], [mention(0, 0.41)]);
        let text = |text, mentions| Linked { text, mentions, scored: &[] };
        let texts = [text("没有名字", &[][..]), text("北京北京", &sure), text("上海", &doubtful)];
        let page = page("links of a.txt", texts, |_| Card { label: "<城>".into(), ..Card::default() });
        let place = |part: &str| page.find(part).unwrap_or_else(|| panic!("{part} is not in {page}"));
        for part in
            ["<b>1.00</b>links a text", "<b>3</b>links in 2 of 3 texts", "<td>2</td>", "<td>0.41</td>", "&lt;城&gt;"]
        {
            place(part);
        }
        assert!(place("Names that make most links") < place("Doubtful links"));
        assert!(place("data-scores=\"0.970 0.950\"") < place("没有名字"));
        assert!(!page.contains("<td>0.95</td>"), "a sure link is not doubtful");
    }

    #[test]
    fn a_browser_filters_texts_by_words_and_scores() {
        let mention = |score| [Mention { span: ByteSpan::new(0, 6), entity: EntityId(7), score }];
        let (sure, doubtful) = (mention(0.97), mention(0.41));
        let texts = [("北京很大", &sure), ("上海很大", &doubtful), ("北京不大", &doubtful)];
        let texts = texts.map(|(text, mentions)| Linked { text, mentions, scored: &[] });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("links.html");
        let type_in =
            "<script>query.value = '北京'; most.value = '0.5'; most.dispatchEvent(new Event('input'));</script>";
        std::fs::write(
            &path,
            page("links", texts, |_| Card::default()).replace("</html>", &format!("{type_in}</html>")),
        )
        .unwrap();
        let Some(dom) = jove_browser::dom(&path, "") else { return };
        assert!(dom.contains("1 of 3 texts") && dom.matches("hidden=\"\"").count() == 2, "{dom}");
    }

    #[test]
    fn a_page_without_texts_is_complete() {
        let page = super::page("", [], |_| Card::default());
        assert!(page.contains("<h1></h1>") && page.contains("<b>0.00</b>links a text") && !page.contains("<section>"));
    }
}
