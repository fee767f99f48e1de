//! An HTML page of mask plans: each piece as in the text, and below each target what the model sees.

use std::fmt::Write;

use jove_core::PAGE_STYLE;

use crate::plan::MaskPlan;
use crate::unit::{MaskAction, MaskedUnit, Target};

/// One text with its plan.
pub struct Masked<'a> {
    /// The pieces as in the text, one a token.
    pub pieces: &'a [&'a str],
    /// The plan over them.
    pub plan: &'a MaskPlan,
    /// What the model sees at each target, as text, in the plan's order.
    pub inputs: &'a [String],
    /// The text of each unit's card, in the plan's order, line by line; an empty text shows no card.
    pub cards: &'a [String],
}

const STYLE: &str = include_str!("html.css");
const SCRIPT: &str = include_str!("html.js");

/// A self-contained HTML page in UTF-8. All text is escaped.
pub fn page<'a>(title: &str, texts: impl IntoIterator<Item = Masked<'a>>) -> String {
    let mut page = String::new();
    let title = escape(title);
    let _ = write!(
        page,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><style>{PAGE_STYLE}{STYLE}</style></head><body><header class=\"page\"><h1>{title}</h1></header><main><p class=\"key\"><span class=\"entity\">entity</span> <span class=\"pos\">part of speech</span> \
         <span class=\"word\">word</span> <span class=\"span\">span</span> <span class=\"token\">token</span> — \
         below each target what the model sees: ▇ the mask, = the piece itself, ? another piece, ⇄ another entity — \
         point at a unit for its card</p>"
    );
    for text in texts {
        row(&mut page, &text);
    }
    let _ = writeln!(page, "</main><script>{SCRIPT}</script></body></html>");
    page
}

fn row(page: &mut String, text: &Masked) {
    page.push_str("<p class=\"text\" dir=\"auto\">");
    let mut targets = text.plan.targets.iter().zip(text.inputs).peekable();
    let mut next = 0;
    for (index, unit) in text.plan.units.iter().enumerate() {
        push_pieces(page, text.pieces.get(next..unit.span.start as usize).unwrap_or_default());
        next = unit.span.end as usize;
        let mut own = Vec::new();
        while let Some(target) = targets.next_if(|(target, _)| (target.position as usize) < next) {
            own.push(target);
        }
        push_unit(page, unit, text.pieces, &own, text.cards.get(index).map_or("", String::as_str));
    }
    push_pieces(page, text.pieces.get(next..).unwrap_or_default());
    page.push_str("</p>");
}

fn push_unit(page: &mut String, unit: &MaskedUnit, pieces: &[&str], targets: &[(&Target, &String)], card: &str) {
    let _ = write!(page, "<span class=\"unit {}\" tabindex=\"0\">", unit.kind.as_str());
    for position in unit.span.range() {
        let piece = escape(pieces.get(position).unwrap_or(&""));
        match targets.iter().find(|(target, _)| target.position as usize == position) {
            Some((target, input)) => {
                let _ = write!(page, "<ruby>{piece}<rt>{}</rt></ruby>", seen(target.action, input));
            }
            None => page.push_str(&piece),
        }
    }
    if !card.is_empty() {
        let lines: Vec<String> = card.lines().map(escape).collect();
        let _ = write!(page, "<span class=\"card\">{}</span>", lines.join("<br>"));
    }
    page.push_str("</span>");
}

fn seen(action: MaskAction, input: &str) -> String {
    match action {
        MaskAction::Mask => "▇".to_owned(),
        MaskAction::Keep => "=".to_owned(),
        MaskAction::Random => format!("?{}", escape(input)),
        MaskAction::Swap => format!("⇄{}", escape(input)),
    }
}

fn push_pieces(page: &mut String, pieces: &[&str]) {
    for piece in pieces {
        let _ = write!(page, "<span>{}</span>", escape(piece));
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use jove_core::{TokenId, TokenSpan};

    use super::*;
    use crate::unit::UnitKind;

    #[test]
    fn units_are_coloured_and_text_is_escaped() {
        let target = |position, action| Target {
            position,
            original: TokenId(7),
            input: TokenId(8),
            kind: UnitKind::Entity,
            action,
        };
        let unit = MaskedUnit { span: TokenSpan::new(1, 3), kind: UnitKind::Entity, entity: None };
        let plan =
            MaskPlan { targets: vec![target(1, MaskAction::Mask), target(2, MaskAction::Random)], units: vec![unit] };
        let inputs = ["[MASK]", "&"].map(str::to_owned);
        let (pieces, cards) = (["<s>", "北", "京", "e\u{301}"], ["a & b\n0.9".to_owned()]);
        let page = page("x", [Masked { pieces: &pieces, plan: &plan, inputs: &inputs, cards: &cards }]);
        for expected in [
            "<span>&lt;s&gt;</span><span class=\"unit entity\" tabindex=\"0\"><ruby>北<rt>▇</rt></ruby>",
            "京<rt>?&amp;</rt></ruby><span class=\"card\">a &amp; b<br>0.9</span></span><span>e\u{301}</span></p>",
        ] {
            assert!(page.contains(expected), "{expected} in {page}");
        }
    }

    #[test]
    fn a_browser_shows_every_card_inside_its_window() {
        let pieces = ["我", "在", "北", "京", "工", "作"].repeat(40);
        let unit = |at: usize| MaskedUnit {
            span: TokenSpan::new(at as u32, at as u32 + 2),
            kind: UnitKind::Entity,
            entity: None,
        };
        let plan = MaskPlan { targets: Vec::new(), units: (2..pieces.len()).step_by(6).map(unit).collect() };
        let cards =
            vec!["北京\n中国的首都，也是它的第二大城市\nscore 0.93".to_owned(); plan.units.len()];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("masks.html");
        std::fs::write(&path, page("masks", [Masked { pieces: &pieces, plan: &plan, inputs: &[], cards: &cards }]))
            .unwrap();
        for width in [1280, 500] {
            let Some(faults) = jove_browser::faults(&path, width) else { return };
            assert!(faults.is_empty(), "{width}: {faults:?}");
        }
    }

    #[test]
    fn pieces_that_are_missing_do_no_harm() {
        let unit = MaskedUnit { span: TokenSpan::new(1, 3), kind: UnitKind::Word, entity: None };
        let plan = MaskPlan { targets: Vec::new(), units: vec![unit] };
        for plan in [&MaskPlan::default(), &plan] {
            let page = page("", [Masked { pieces: &[], plan, inputs: &[], cards: &[] }]);
            assert!(page.contains("<h1></h1>") && page.contains("</p></main><script>"));
        }
    }
}
