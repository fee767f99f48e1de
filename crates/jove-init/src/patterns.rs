//! Plain sentences for facts, in the languages that have been written down here.

use jove_core::Lang;

/// By language: a relation's name between a subject and an object, in words that fit any relation.
const FALLBACK: [(&str, [&str; 2]); 12] = [
    ("de", ["{subject}: {predicate} ist {object}.", "Zu {subject}: {predicate} – {object}."]),
    ("en", ["{subject}: {predicate} is {object}.", "As for {subject}, its {predicate} is {object}."]),
    ("es", ["{subject}: {predicate} es {object}.", "En cuanto a {subject}, {predicate}: {object}."]),
    ("fr", ["{subject} : {predicate} est {object}.", "Quant à {subject}, {predicate} : {object}."]),
    ("it", ["{subject}: {predicate} è {object}.", "Quanto a {subject}, {predicate}: {object}."]),
    ("ja", ["{subject}の{predicate}は{object}である。", "{subject}について、{predicate}は{object}。"]),
    ("ko", ["{subject}의 {predicate}: {object}.", "{subject}에 관하여, {predicate}: {object}."]),
    ("nl", ["{subject}: {predicate} is {object}.", "Wat {subject} betreft, {predicate}: {object}."]),
    ("pt", ["{subject}: {predicate} é {object}.", "Quanto a {subject}, {predicate}: {object}."]),
    ("ru", ["{subject}: {predicate} — {object}.", "Что касается {subject}: {predicate} — {object}."]),
    ("vi", ["{subject}: {predicate} là {object}.", "Về {subject}, {predicate}: {object}."]),
    ("zh", ["{subject}的“{predicate}”是{object}。", "说到{subject}，{predicate}是{object}。"]),
];

/// For all others: a list of three, without a word of any language.
const PLAIN: [&str; 1] = ["{subject}: {predicate}: {object}."];

/// The sentences for relations that have none of their own.
pub(crate) fn fallback(lang: Lang) -> &'static [&'static str] {
    let primary = lang.as_str().split('-').next().unwrap_or_default();
    FALLBACK.iter().find(|(tag, _)| *tag == primary).map_or(&PLAIN, |(_, sentences)| sentences)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_has_all_three_places() {
        for tag in FALLBACK.iter().map(|(tag, _)| *tag).chain(["pt-BR", "zh-Hant", "sw", "und"]) {
            for sentence in fallback(Lang::new(tag).unwrap()) {
                for place in ["{subject}", "{predicate}", "{object}"] {
                    assert_eq!(sentence.matches(place).count(), 1, "{tag}: {sentence}");
                }
            }
        }
        assert_eq!(fallback(Lang::new("zh-Hant").unwrap()).len(), 2);
        assert_eq!(fallback(Lang::new("sw").unwrap()), PLAIN);
    }
}
