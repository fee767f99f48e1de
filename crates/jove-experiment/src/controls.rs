//! The controls that an ablation adds to a variant, and the questions that they answer.

use toml::Table;

use crate::error::{Error, Result};
use crate::run_file::{Graph, GraphText, RunFile, VariantSettings};
use crate::settings::merge;
use crate::variant::{GraphUse, Variant, uses_graph};

/// A way to take something of the graph out of a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Control {
    /// The whole graph is wrong: links and sentences.
    GraphShuffled,
    /// No graph at all.
    TextOnly,
    /// The graph as text only.
    Sentences,
    /// A wrong graph as text only.
    ShuffledSentences,
}

use Control::{GraphShuffled, Sentences, ShuffledSentences, TextOnly};

impl Control {
    /// What its name ends in.
    fn suffix(self) -> &'static str {
        match self {
            GraphShuffled => "-graph-shuffled",
            TextOnly => "-text-only",
            Sentences => "-sentences",
            ShuffledSentences => "-shuffled-sentences",
        }
    }

    fn graph(self, has_sentences: bool) -> GraphUse {
        let (links, sentences) = match self {
            GraphShuffled => (Graph::Shuffled, GraphText::Shuffled),
            TextOnly => (Graph::Off, GraphText::Off),
            Sentences => (Graph::Off, GraphText::Graph),
            ShuffledSentences => (Graph::Off, GraphText::Shuffled),
        };
        GraphUse { links, sentences: if has_sentences { sentences } else { GraphText::Off } }
    }

    fn summary(self, has_sentences: bool) -> &'static str {
        match self {
            GraphShuffled if has_sentences => "names linked to wrong entities, and sentences of wrong facts",
            GraphShuffled => "names linked to wrong entities",
            TextOnly => "nothing of the graph",
            Sentences => "sentences made from the graph and no links",
            ShuffledSentences => "sentences of wrong facts and no links",
        }
    }

    fn of(self, treated: &VariantSettings, has_sentences: bool, reads_facts: bool) -> VariantSettings {
        let graph = self.graph(has_sentences);
        let mut control = VariantSettings {
            name: format!("{}{}", treated.name, self.suffix()),
            summary: Some(format!("{} with {}", treated.name, self.summary(has_sentences))),
            graph: Some(graph.links),
            verbalize: Some(graph.sentences),
            ..treated.clone()
        };
        if graph.links == Graph::Off && reads_facts {
            // Facts are the graph; what they took of each batch is text now.
            let none: Table = "objectives.relation.weight = 0.0".parse().expect("a constant");
            merge(&mut control.train, &none);
        }
        control
    }
}

/// The variants that the run file's `[ablation]` adds: one variant with less of its graph, or a wrong one.
pub(crate) fn controls(file: &RunFile, variants: &[Variant]) -> Result<Vec<VariantSettings>> {
    let Some(settings) = file.ablation.as_ref().filter(|settings| settings.controls) else { return Ok(Vec::new()) };
    let chosen = match &settings.controls_for {
        Some(name) => Some(variants.iter().position(|variant| &variant.name == name).ok_or_else(|| {
            let known: Vec<&str> = variants.iter().map(|variant| variant.name.as_str()).collect();
            let expected = format!("one of {}", known.join(", "));
            Error::Setting { key: "ablation.controls-for".to_owned(), expected, found: format!("`{name}`") }
        })?),
        None => variants.iter().rposition(uses_graph),
    };
    let Some(chosen) = chosen else { return Ok(Vec::new()) };
    let (treated, variant) = (&file.variants[chosen], &variants[chosen]);
    let has_sentences = file.verbalize.is_some() && variant.graph.sentences == GraphText::Graph;
    let mut added = vec![GraphShuffled, TextOnly];
    if has_sentences && settings.sentence_controls {
        added.extend([Sentences, ShuffledSentences]);
    }
    let reads_facts = variant.train.objectives.relation.weight > 0.0;
    Ok(added.into_iter().map(|control| control.of(treated, has_sentences, reads_facts)).collect())
}

/// Two variants, and what their difference is made by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Contrast {
    /// The variant with more, and the one with less.
    pub(crate) pair: [String; 2],
    /// What it has more, in a few words.
    pub(crate) part: &'static str,
    /// The same, explained.
    pub(crate) meaning: &'static str,
    /// Whether it is one of the steps that lead from the first variant to the whole one and add up to its gain.
    pub(crate) is_step: bool,
}

type Side = Option<Control>;

/// The questions of a variant with sentences, in the order in which they are shown; `None` is the variant itself.
const WITH_SENTENCES: [(Side, Side, &str, &str, bool); 7] = [
    (
        Some(ShuffledSentences),
        Some(TextOnly),
        "names and sentence forms",
        "sentences of wrong facts beside none: names, and how sentences are built",
        true,
    ),
    (
        Some(GraphShuffled),
        Some(ShuffledSentences),
        "names in place",
        "links to wrong entities beside none: knowing where names are",
        true,
    ),
    (None, Some(GraphShuffled), "meaning", "the graph beside a wrong one: what it says, as links and as text", true),
    (
        Some(Sentences),
        Some(ShuffledSentences),
        "meaning of the text",
        "sentences of true facts beside wrong ones",
        false,
    ),
    (Some(Sentences), Some(TextOnly), "graph as text", "sentences made from the graph beside none", false),
    (None, Some(Sentences), "graph as links", "links beside none, with the same sentences", false),
    (None, Some(TextOnly), "the whole graph", "links and sentences beside neither", false),
];

/// The same for a variant without.
const WITHOUT: [(Side, Side, &str, &str, bool); 3] = [
    (
        Some(GraphShuffled),
        Some(TextOnly),
        "names in place",
        "links to wrong entities beside none: knowing where names are",
        true,
    ),
    (None, Some(GraphShuffled), "meaning", "the graph beside a wrong one: what its links say", true),
    (None, Some(TextOnly), "the whole graph", "links beside none", false),
];

/// The contrasts between variants and their controls. The steps begin with what the recipe does without any graph.
pub(crate) fn contrasts_of(variants: &[String]) -> Vec<Contrast> {
    let has = |name: &String| variants.contains(name);
    let mut found = Vec::new();
    for treated in variants {
        let name =
            |side: Side| side.map_or_else(|| treated.clone(), |control| format!("{treated}{}", control.suffix()));
        if ![GraphShuffled, TextOnly].into_iter().all(|control| has(&name(Some(control)))) {
            continue;
        }
        if let Some(first) = variants.first().filter(|first| *first != treated) {
            found.push(Contrast {
                pair: [name(Some(TextOnly)), first.clone()],
                part: "masks and objectives",
                meaning: "the recipe without any graph beside the first variant",
                is_step: true,
            });
        }
        let all = [Sentences, ShuffledSentences].into_iter().all(|control| has(&name(Some(control))));
        let questions = if all { &WITH_SENTENCES[..] } else { &WITHOUT[..] };
        found.extend(questions.iter().map(|&(more, less, part, meaning, is_step)| Contrast {
            pair: [name(more), name(less)],
            part,
            meaning,
            is_step,
        }));
    }
    found
}

/// The pairs of [`contrasts_of`].
pub(crate) fn contrasted(variants: &[String]) -> Vec<[String; 2]> {
    contrasts_of(variants).into_iter().map(|contrast| contrast.pair).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const SENTENCES: &str = "[verbalize]\npatterns = \"patterns\"\n";
    const PD: &str = "[[variants]]\nname = \"pd\"\nrecipe = \"pd\"\n";
    const KG: &str = "[[variants]]\nname = \"kg\"\nrecipe = \"kg\"\n";

    fn resolved(settings: &VariantSettings) -> Variant {
        Variant::resolve(Path::new("run.toml"), settings, &Table::new()).unwrap()
    }

    /// A run file of these variants with an `[ablation]`, and its variants.
    fn file(ablation: &str, sections: &str) -> (RunFile, Vec<Variant>) {
        let text = format!("name = \"test\"\n[ablation]\n{ablation}\n{sections}");
        let file: RunFile = toml::from_str(&text).unwrap();
        let variants = file.variants.iter().map(resolved).collect();
        (file, variants)
    }

    fn check(ablation: &str, sections: &str, expected: &[&str]) {
        let (file, variants) = file(ablation, sections);
        let controls = controls(&file, &variants).unwrap();
        let names: Vec<&str> = controls.iter().map(|control| control.name.as_str()).collect();
        assert_eq!(names, expected, "{ablation} {sections}");
    }

    #[test]
    fn controls_are_of_the_last_variant_that_uses_the_graph() {
        let other = KG.replace("\"kg\"\nrecipe", "\"kg2\"\nrecipe");
        check("", &format!("{PD}{KG}"), &["kg-graph-shuffled", "kg-text-only"]);
        check("", &format!("{KG}{other}{PD}"), &["kg2-graph-shuffled", "kg2-text-only"]);
        check("controls-for = \"kg\"", &format!("{KG}{other}"), &["kg-graph-shuffled", "kg-text-only"]);
        check("controls = false", &format!("{PD}{KG}"), &[]);
        check("", PD, &[]);
        check("", &format!("{PD}{KG}graph = \"off\"\n"), &[]);
        let (file, variants) = file("controls-for = \"none\"", PD);
        let error = controls(&file, &variants).unwrap_err().to_string();
        assert!(error.contains("ablation.controls-for") && error.contains("one of pd"), "{error}");
    }

    #[test]
    fn sentences_have_controls_of_their_own_where_the_variant_reads_them() {
        let all = ["kg-graph-shuffled", "kg-text-only", "kg-sentences", "kg-shuffled-sentences"];
        check("", &format!("{SENTENCES}{PD}{KG}"), &all);
        check("sentence-controls = false", &format!("{SENTENCES}{PD}{KG}"), &all[..2]);
        check("", &format!("{SENTENCES}{PD}{KG}verbalize = \"off\"\n"), &all[..2]);
    }

    #[test]
    fn a_control_without_links_reads_no_facts_and_all_read_equally_much() {
        let kg = format!("{SENTENCES}{KG}train = {{ objectives = {{ relation = {{ weight = 0.3 }} }} }}\n");
        let (file, variants) = file("", &kg);
        for control in controls(&file, &variants).unwrap().iter().map(resolved) {
            let relation = control.train.objectives.relation.weight;
            assert_eq!(relation > 0.0, control.name == "kg-graph-shuffled");
            assert!(!uses_graph(&control) && control.budget() == variants[0].budget());
            assert!(control.graph != GraphUse::TRUE);
        }
    }

    #[test]
    fn the_steps_lead_from_the_first_variant_to_the_whole_one() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let all = ["pd", "kg", "kg-graph-shuffled", "kg-text-only", "kg-sentences", "kg-shuffled-sentences"];
        for known in [&all[..], &all[..4]] {
            let contrasts = contrasts_of(&names(known));
            let mut at = "pd".to_owned();
            for step in contrasts.iter().filter(|contrast| contrast.is_step) {
                assert_eq!(step.pair[1], at);
                at.clone_from(&step.pair[0]);
            }
            assert_eq!(at, "kg");
            assert!(contrasts.iter().flat_map(|contrast| &contrast.pair).all(|name| known.contains(&name.as_str())));
        }
        assert!(contrasts_of(&names(&["pd", "kg", "kg-text-only"])).is_empty());
        assert!(contrasts_of(&[]).is_empty());
    }
}
