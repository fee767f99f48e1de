//! What each arm answered, with a filter: the part of the page that shows what a model knows.

use std::collections::BTreeSet;

use maud::{Markup, PreEscaped, html};

use crate::report::answered::{Answered, Answers};
use crate::report::axis::label;
use crate::report::content::Report;

const SCRIPT: &str = include_str!("answers.js");

/// The questions with everyone's answers; nothing where none are kept.
pub(crate) fn section(report: &Report, answered: &[Answered]) -> Markup {
    if answered.is_empty() {
        return html! {};
    }
    let probes: BTreeSet<&str> = answered.iter().map(|one| one.probe.as_str()).collect();
    let names = names(report, answered);
    html! {
        h2 { "What each arm answered" }
        p { "Questions drawn evenly from each probe; " code { "items.parquet" } " beside this page has all of them. Of each arm the best answers under its first seed, "
            "the rank of the right one, and under how many seeds it came first." }
        div.answers { div.bar.screen {
            input type="search" id="answers-words" placeholder="a word, a name" aria-label="Find questions";
            label { "probe " select id="answers-probe" { option value="" { "all" } @for probe in &probes { option { (probe) } } } }
            label { "right: " (choice("answers-right", &names)) }
            label { "wrong: " (choice("answers-wrong", &names)) }
        }
        p.soft id="answers-count" role="status" {}
        div.scroll.card role="region" aria-label="Questions and answers" tabindex="0" { table {
            thead { tr { th.words scope="col" { "question and right answer" } @for name in &names { th.words scope="col" { (name) } } } }
            tbody id="answers-rows" { @for one in answered { (row(one, &names)) } }
        } } }
        script { (PreEscaped(SCRIPT)) }
    }
}

fn choice(id: &str, names: &[&str]) -> Markup {
    html! { select id=(id) { option value="" { "any" } @for name in names { option { (name) } } } }
}

/// Arms in the order of the run file, then who answers without training.
fn names<'a>(report: &'a Report, answered: &'a [Answered]) -> Vec<&'a str> {
    let known: BTreeSet<&str> = answered.iter().flat_map(|one| one.by.keys()).map(String::as_str).collect();
    let arms: Vec<&str> = report.variants.iter().map(|variant| variant.name.as_str()).collect();
    let own = arms.iter().copied().filter(|name| known.contains(name));
    own.chain(known.iter().copied().filter(|name| !arms.contains(name))).collect()
}

fn row(one: &Answered, names: &[&str]) -> Markup {
    let is_right = |name: &&&str| one.by.get(**name).is_some_and(Answers::is_right);
    let answers = |name: &&&str| one.by.contains_key(**name);
    let list = |chosen: Vec<&&str>| chosen.into_iter().copied().collect::<Vec<_>>().join("\t");
    let right = list(names.iter().filter(is_right).collect());
    let wrong = list(names.iter().filter(answers).filter(|name| !is_right(name)).collect());
    html! {
        tr data-probe=(one.probe) data-right=(right) data-wrong=(wrong) {
            th.words scope="row" dir="auto" { (one.question) small { b { (one.gold) } " · " (one.probe) @if !one.part.is_empty() { ", " (one.part) } } }
            @for name in names { @match one.by.get(*name) {
                Some(answers) => (cell(answers, &one.gold)),
                None => td.words.soft { "–" },
            } }
        }
    }
}

fn cell(answers: &Answers, gold: &str) -> Markup {
    let class = if answers.is_right() { "words good" } else { "words" };
    html! {
        td class=(class) dir="auto" {
            @for (index, name) in answers.top.iter().enumerate() {
                @if index > 0 { ", " } @if name == gold { b { (name) } } @else { (name) }
            }
            small { "rank " (label(answers.rank)) @if answers.seeds > 1 { ", first under " (answers.right) " of " (answers.seeds) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::report::tests::sample;

    fn answered(question: &str, right: [usize; 2]) -> Answered {
        let answers = |right: usize| Answers {
            top: vec!["巴黎".into(), "<b>".into()],
            rank: if right > 0 { 1.0 } else { 7.5 },
            seeds: 3,
            right,
            ..Answers::default()
        };
        let by = [("kg", right[1]), ("pd", right[0]), ("commonest answer", 0)];
        Answered {
            probe: "relation cloze".into(),
            question: question.into(),
            gold: "巴黎".into(),
            by: by.map(|(name, right)| (name.to_owned(), answers(right))).into(),
            ..Answered::default()
        }
    }

    #[test]
    fn arms_stand_in_their_order_and_all_is_escaped() {
        let html = section(&sample(), &[answered("[MASK] <i>", [0, 3])]).into_string();
        let places = ["pd</th>", "kg</th>", "commonest answer</th>"].map(|part| html.find(part).unwrap());
        assert!(places.is_sorted(), "{html}");
        assert!(html.contains("[MASK] &lt;i&gt;") && html.contains("&lt;b&gt;") && html.contains("rank 7.5"), "{html}");
        assert!(html.contains("data-right=\"kg\" data-wrong=\"pd\tcommonest answer\""), "{html}");
        let none = Answered { by: BTreeMap::new(), ..answered("x", [0, 0]) };
        assert!(
            section(&sample(), &[]).into_string().is_empty()
                && section(&sample(), &[none]).into_string().contains("question")
        );
    }

    #[test]
    fn a_browser_filters_questions_by_who_is_right() {
        let answered: Vec<Answered> = [("one", [3, 0]), ("two", [0, 3]), ("three", [0, 2])]
            .map(|(question, right)| answered(question, right))
            .into();
        let choose = "<script>byId('answers-right').value = 'kg'; byId('answers-wrong').value = 'pd'; show();</script>";
        let page = format!(
            "<!doctype html><meta charset=\"utf-8\"><body>{}{choose}",
            section(&sample(), &answered).into_string()
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("page.html");
        std::fs::write(&path, page).unwrap();
        let Some(dom) = jove_browser::dom(&path, "") else { return };
        assert!(dom.contains("2 of 3 questions; kg right and pd wrong: 2, the other way round: 1"), "{dom}");
        assert_eq!(dom.matches("<tr data-probe").count() - dom.matches("hidden=\"\"").count(), 2);
    }
}
