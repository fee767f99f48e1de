//! Normalised text with a way back to the original bytes.

mod cluster;
mod traditional;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What counts as the same text when names are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Normalization {
    /// Whether compatible characters are the same (Unicode NFKC): `Ａ` and `A`, `①` and `1`.
    pub compatible: bool,
    /// Whether upper and lower case are the same.
    pub case: bool,
    /// Whether a traditional Chinese character and its simplified form are the same.
    pub traditional: bool,
}

impl Default for Normalization {
    fn default() -> Self {
        Self { compatible: true, case: true, traditional: false }
    }
}

/// A text in its normal form.
#[derive(Clone, Debug, Default)]
pub(crate) struct Normalized {
    text: String,
    stretches: Vec<Stretch>,
    original_len: u32,
}

/// A piece of normalised text, up to the next one.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    normal: u32,
    original: u32,
    /// Every character is as long as the one it came from, so each boundary maps; otherwise only the ends do.
    linear: bool,
}

impl Normalization {
    /// The normal form of `text`, which must be shorter than 2^32 bytes.
    pub(crate) fn apply(self, text: &str) -> Normalized {
        let mut normalized = Normalized { text: String::with_capacity(text.len() + 16), ..Normalized::default() };
        let mut rest = text;
        while !rest.is_empty() {
            let plain = cluster::plain_run(rest);
            let taken = if plain > 0 {
                normalized.mark(true);
                self.push_plain(&rest[..plain], &mut normalized.text);
                plain
            } else {
                let length = if self.compatible { cluster::length(rest) } else { cluster::char_length(rest) };
                let linear = self.is_linear(&rest[..length]);
                normalized.mark(linear);
                normalized.text.extend(self.forms(&rest[..length]));
                length
            };
            normalized.original_len += taken as u32;
            rest = &rest[taken..];
        }
        normalized
    }

    /// The normal form alone.
    pub(crate) fn form(self, text: &str) -> String {
        self.apply(text).text
    }

    /// Appends characters that stand alone under NFKC: ASCII and common Han.
    fn push_plain(self, plain: &str, into: &mut String) {
        if self.traditional {
            let fold = |c: char| if self.case { c.to_ascii_lowercase() } else { c };
            into.extend(plain.chars().map(|c| traditional::simplified(fold(c))));
            return;
        }
        let start = into.len();
        into.push_str(plain);
        if self.case {
            into[start..].make_ascii_lowercase();
        }
    }

    /// The characters that a cluster becomes.
    fn forms(self, cluster: &str) -> impl Iterator<Item = char> {
        let composed = cluster::compose(cluster, self.compatible);
        let folded = composed.flat_map(move |c| cluster::fold_case(c, self.case));
        folded.map(move |c| if self.traditional { traditional::simplified(c) } else { c })
    }

    /// Whether a cluster is one character that becomes one character of the same length.
    fn is_linear(self, cluster: &str) -> bool {
        let mut forms = self.forms(cluster);
        let single = cluster::char_length(cluster) == cluster.len();
        single && forms.next().is_some_and(|c| c.len_utf8() == cluster.len()) && forms.next().is_none()
    }
}

impl Normalized {
    /// The normal form.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The byte of the original text where this byte of the normal form begins; `None` inside a cluster.
    pub(crate) fn original(&self, normal: usize) -> Option<u32> {
        if normal == self.text.len() {
            return Some(self.original_len);
        }
        let after = self.stretches.partition_point(|stretch| stretch.normal as usize <= normal);
        let stretch = self.stretches[after.checked_sub(1)?];
        let offset = normal as u32 - stretch.normal;
        (stretch.linear || offset == 0).then_some(stretch.original + offset)
    }

    /// Begins a stretch at the current end; a linear one goes on where one is already open.
    fn mark(&mut self, linear: bool) {
        if linear && self.stretches.last().is_some_and(|last| last.linear) {
            return;
        }
        self.stretches.push(Stretch { normal: self.text.len() as u32, original: self.original_len, linear });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    use super::*;

    const ALL: Normalization = Normalization { compatible: true, case: true, traditional: true };
    const ONLY_NFKC: Normalization = Normalization { compatible: true, case: false, traditional: false };

    #[test]
    fn what_differs_only_in_form_becomes_the_same() {
        for (left, right) in [
            ("ＡＢＣ，１", "abc,1"),
            ("Straße", "STRASSE"),
            ("e\u{301}", "É"),
            ("ｶﾞ", "ガ"),
            ("臺灣大學", "台湾大学"),
            ("㎏", "kg"),
            ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
            ("각", "\u{1100}\u{1161}\u{11a8}"),
            ("👩‍🔬", "👩‍🔬"),
            ("", ""),
        ] {
            assert_eq!(ALL.form(left), ALL.form(right));
        }
        assert_ne!(ONLY_NFKC.form("臺"), ONLY_NFKC.form("台"));
        assert_eq!(
            Normalization { compatible: false, case: false, traditional: false }.form("Ａe\u{301}"),
            "Ａe\u{301}"
        );
    }

    #[test]
    fn boundaries_lead_back_to_the_original() {
        let normalized = ALL.apply("ﬁn，臺e\u{301}");
        assert_eq!(normalized.text(), "fin,台é");
        let back: Vec<Option<u32>> = (0..=normalized.text().len()).map(|byte| normalized.original(byte)).collect();
        let expected = [Some(0), None, Some(3), Some(4), Some(7), Some(8), Some(9), Some(10), None, Some(13)];
        assert_eq!(back, expected, "the second and third byte of 台 are no boundaries, but nobody asks for them");
    }

    fn any_text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<char>().prop_map(String::from),
            prop::sample::select(vec![
                "a", "E\u{301}", "ﬁ", "，", "臺", "ｶ", "ﾞ", "각", "\u{11a8}", "中", "İ", "\u{3099}"
            ])
            .prop_map(str::to_owned),
        ];
        prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn clusters_compose_to_the_nfkc_of_the_whole(text in any_text()) {
            prop_assert_eq!(ONLY_NFKC.form(&text), text.nfkc().collect::<String>());
        }

        #[test]
        fn a_slice_between_boundaries_has_the_slice_s_form(text in any_text(), compatible: bool, case: bool, traditional: bool) {
            let normalization = Normalization { compatible, case, traditional };
            let normalized = normalization.apply(&text);
            let bounds: Vec<(usize, u32)> = (0..=normalized.text().len())
                .filter(|byte| normalized.text().is_char_boundary(*byte))
                .filter_map(|byte| Some((byte, normalized.original(byte)?)))
                .collect();
            prop_assert_eq!(bounds.first().copied(), Some((0, 0)));
            prop_assert_eq!(bounds.last().copied(), Some((normalized.text().len(), text.len() as u32)));
            for pair in bounds.windows(2) {
                let original = &text[pair[0].1 as usize..pair[1].1 as usize];
                prop_assert_eq!(normalization.form(original), &normalized.text()[pair[0].0..pair[1].0]);
            }
        }
    }
}
