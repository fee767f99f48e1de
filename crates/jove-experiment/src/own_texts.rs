//! Texts of the user's own to look at: at random, in turns over sources and languages, and none that was made from facts.

use std::collections::BTreeMap;

use jove_core::{AnnotatedText, Lang, Purpose, Seed};
use rand::seq::SliceRandom as _;

use crate::stage::text::Source;

/// The draw of texts to look at belongs to all seeds of a run.
const SEED: Seed = Seed(0);
/// The stream of [`Purpose::Sampling`] that is for texts to look at; training counts its own from 0.
const STREAM: u64 = u64::MAX;

/// Numbers of texts in the order in which they are shown. Within a source and language those with links come first, since a text
/// without links shows little of a graph.
pub(crate) fn own_texts(texts: impl Iterator<Item = (Option<Source>, AnnotatedText)>, chars_min: usize) -> Vec<usize> {
    let mut groups: BTreeMap<(bool, Lang), Vec<(bool, usize)>> = BTreeMap::new();
    for (number, (source, text)) in texts.enumerate() {
        let source = source.unwrap_or(Source::File);
        if source != Source::Fact && text.text.chars().count() >= chars_min {
            let group = groups.entry((source == Source::Pair, text.lang)).or_default();
            group.push((text.mentions.is_empty(), number));
        }
    }
    let mut rng = SEED.rng(Purpose::Sampling, STREAM, 0);
    for group in groups.values_mut() {
        group.shuffle(&mut rng);
        group.sort_by_key(|(is_without_links, _)| *is_without_links);
    }
    let longest = groups.values().map(Vec::len).max().unwrap_or(0);
    let turn = |turn: usize| groups.values().filter_map(move |group| group.get(turn)).map(|(_, number)| *number);
    (0..longest).flat_map(turn).collect()
}

#[cfg(test)]
mod tests {
    use jove_core::{ByteSpan, EntityId, Mention};

    use super::*;

    fn text(lang: Lang, linked: bool) -> AnnotatedText {
        let mention = Mention { span: ByteSpan::new(0, 6), entity: EntityId(1), score: 1.0 };
        let mentions = if linked { vec![mention] } else { Vec::new() };
        AnnotatedText { text: "北京是首都".into(), lang, words: Vec::new(), mentions }
    }

    #[test]
    fn texts_come_in_turns_with_links_first_and_none_is_made_from_facts() {
        let mut texts: Vec<(Option<Source>, AnnotatedText)> = Vec::new();
        texts.extend((0..50).map(|_| (Some(Source::Fact), text(Lang::ZH, true))));
        texts.extend((0..20).map(|index| (Some(Source::File), text(Lang::ZH, index % 4 == 0))));
        texts.extend((0..3).map(|_| (None, text(Lang::EN, false))));
        texts.extend((0..2).map(|_| (Some(Source::Pair), text(Lang::EN, true))));
        let order = own_texts(texts.iter().cloned(), 3);
        assert_eq!(order.len(), 25);
        assert!(order.iter().all(|number| *number >= 50));
        let first: Vec<(Lang, bool)> =
            order[..3].iter().map(|n| (texts[*n].1.lang, texts[*n].0 == Some(Source::Pair))).collect();
        assert_eq!(first.iter().collect::<std::collections::BTreeSet<_>>().len(), 3, "{first:?}");
        let chinese: Vec<bool> =
            order.iter().filter(|n| texts[**n].1.lang == Lang::ZH).map(|n| texts[*n].1.mentions.is_empty()).collect();
        assert_eq!(chinese.iter().filter(|without| !**without).count(), 5);
        assert!(chinese.is_sorted(), "links first");
        assert_eq!(order, own_texts(texts.iter().cloned(), 3));
        assert!(own_texts(texts.into_iter(), 99).is_empty() && own_texts(std::iter::empty(), 0).is_empty());
    }
}
