//! Normalised text with a way back to the original bytes.

mod cluster;
mod traditional;
mod variants;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use variants::is_invisible;

/// What counts as the same text when names are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct Normalization {
    /// Whether compatible characters are the same (Unicode NFKC): `Ａ` and `A`, `①` and `1`.
    pub compatible: bool,
    /// Whether upper and lower case are the same; with it Turkish `İ`, `I`, `ı` and `i`.
    pub case: bool,
    /// Whether a traditional Chinese character and its simplified form are the same.
    pub traditional: bool,
    /// Whether invisible signs are left out: soft hyphens, zero-width spaces, marks of direction.
    pub invisible: bool,
    /// Whether any white space is the same as one space, and as one hyphen.
    pub spaces: bool,
    /// Whether all apostrophes are the same, and all middle dots.
    pub punctuation: bool,
    /// Whether the vowel points of Arabic and Hebrew and the Arabic tatweel are left out.
    pub points: bool,
    /// Whether a Greek letter with accents is the same as without.
    pub accents: bool,
    /// Whether letters that a language writes in several ways are the same: Arabic alef with and without hamza, Arabic and
    /// Persian yeh and kaf, Russian `ё` and `е`, Romanian `ş` and `ș`.
    pub letters: bool,
}

impl Default for Normalization {
    fn default() -> Self {
        Self {
            compatible: true,
            case: true,
            traditional: true,
            invisible: true,
            spaces: true,
            punctuation: true,
            points: true,
            accents: true,
            letters: true,
        }
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
            let plain = cluster::plain_run(rest, self.spaces);
            let blank = if self.spaces { cluster::blank_run(rest) } else { 0 };
            let taken = if plain > 0 {
                normalized.mark(true);
                self.push_plain(&rest[..plain], &mut normalized.text);
                plain
            } else if blank > 0 {
                normalized.mark(false);
                normalized.text.push(blank_form(&rest[..blank]));
                blank
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

    /// Appends characters that stand alone under NFKC, ASCII and common Han, copying what stays as it is at once.
    fn push_plain(self, plain: &str, into: &mut String) {
        let mut copied = 0;
        for (at, c) in plain.char_indices() {
            let form = self.plain_form(c);
            if form != c {
                into.push_str(&plain[copied..at]);
                into.push(form);
                copied = at + c.len_utf8();
            }
        }
        into.push_str(&plain[copied..]);
    }

    /// The form of a character of ASCII or common Han.
    fn plain_form(self, c: char) -> char {
        match c {
            'A'..='Z' if self.case => c.to_ascii_lowercase(),
            '-' | '\t'..='\r' if self.spaces => ' ',
            '`' if self.punctuation => '\'',
            '\0'..='\x7f' => c,
            _ if self.traditional => traditional::simplified(c),
            _ => c,
        }
    }

    /// The characters that a cluster becomes.
    fn forms(self, cluster: &str) -> impl Iterator<Item = char> {
        let composed = cluster::compose(cluster, self.compatible);
        let kept = composed.filter(move |c| {
            let dropped = (self.invisible && variants::is_invisible(*c)) || (self.points && variants::is_point(*c));
            !dropped
        });
        kept.flat_map(move |c| cluster::fold_case(c, self.case)).map(move |c| self.usual(c))
    }

    /// The usual form of a character among those that are written for it.
    fn usual(self, c: char) -> char {
        let c = if self.traditional { traditional::simplified(c) } else { c };
        let c = if self.punctuation { variants::punctuation(c) } else { c };
        let c = if self.accents { variants::without_accent(c) } else { c };
        if self.letters { variants::letter(c) } else { c }
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

    /// The byte of the original text where what begins at this byte of the normal form begins, after invisible signs before
    /// it; `None` inside a cluster.
    pub(crate) fn original_start(&self, normal: usize) -> Option<u32> {
        let after = self.stretches.partition_point(|stretch| stretch.normal as usize <= normal);
        let stretch = self.stretches[after.checked_sub(1)?];
        let offset = normal as u32 - stretch.normal;
        (stretch.linear || offset == 0).then_some(stretch.original + offset)
    }

    /// The byte of the original text where what ends at this byte of the normal form ends, before invisible signs after it;
    /// `None` inside a cluster.
    pub(crate) fn original_end(&self, normal: usize) -> Option<u32> {
        let at = self.stretches.partition_point(|stretch| (stretch.normal as usize) < normal);
        match (self.stretches.get(at), at.checked_sub(1).map(|before| self.stretches[before])) {
            (Some(next), _) if next.normal as usize == normal => Some(next.original),
            (_, Some(before)) if before.linear => Some(before.original + (normal as u32 - before.normal)),
            (None, _) if normal == self.text.len() => Some(self.original_len),
            _ => None,
        }
    }

    /// Begins a stretch at the current end; a linear one goes on where one is already open.
    fn mark(&mut self, linear: bool) {
        if linear && self.stretches.last().is_some_and(|last| last.linear) {
            return;
        }
        self.stretches.push(Stretch { normal: self.text.len() as u32, original: self.original_len, linear });
    }
}

/// The form of several blanks: a space for white space alone or for one hyphen, else a hyphen.
fn blank_form(blanks: &str) -> char {
    let hyphens = blanks.chars().filter(|c| variants::is_hyphen(*c)).count();
    let single = blanks.chars().nth(1).is_none();
    if hyphens == 0 || single { ' ' } else { '-' }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    use super::*;

    const ALL: Normalization = Normalization {
        compatible: true,
        case: true,
        traditional: true,
        invisible: true,
        spaces: true,
        punctuation: true,
        points: true,
        accents: true,
        letters: true,
    };
    const NONE: Normalization = Normalization {
        compatible: false,
        case: false,
        traditional: false,
        invisible: false,
        spaces: false,
        punctuation: false,
        points: false,
        accents: false,
        letters: false,
    };
    const ONLY_NFKC: Normalization = Normalization { compatible: true, ..NONE };

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
        assert_eq!(NONE.form("Ａe\u{301}"), "Ａe\u{301}");
    }

    /// Each pair is the same with one switch and different without it.
    #[test]
    fn every_switch_folds_its_own_variants() {
        let on = [
            (Normalization { case: true, ..NONE }, "DİYARBAKIR", "Diyarbakır"),
            (Normalization { invisible: true, ..NONE }, "Lake\u{200b}town\u{ad}", "Laketown"),
            (Normalization { invisible: true, ..NONE }, "\u{feff}مصر\u{200f}", "مصر"),
            (Normalization { spaces: true, ..NONE }, "New \t Lake", "New Lake"),
            (Normalization { spaces: true, ..NONE }, "New\u{2011}Lake", "New\u{a0}Lake"),
            (Normalization { spaces: true, ..NONE }, "תל־אביב", "תל אביב"),
            (Normalization { punctuation: true, ..NONE }, "O’Lake ʻa", "O'Lake `a"),
            (Normalization { punctuation: true, ..NONE }, "甲•乙", "甲・乙"),
            (Normalization { points: true, ..NONE }, "القَاهِـرَة", "القاهرة"),
            (Normalization { points: true, ..NONE }, "יְרוּשָׁלַיִם", "ירושלים"),
            (Normalization { accents: true, ..NONE }, "Αθήνα", "Αθηνα"),
            (Normalization { letters: true, ..NONE }, "إيران ک", "ايران ك"),
            (Normalization { letters: true, ..NONE }, "Орёл Brăileşti", "Орел Brăilești"),
        ];
        for (switch, left, right) in on {
            assert_eq!(switch.form(left), switch.form(right), "{switch:?}");
            assert_ne!(NONE.form(left), NONE.form(right));
        }
    }

    #[test]
    fn a_dash_between_spaces_is_no_space() {
        assert_eq!(ALL.form("New - Lake -- x"), "new-lake-x");
    }

    #[test]
    fn boundaries_lead_back_to_the_original() {
        let normalized = ALL.apply("ﬁn，臺e\u{301}");
        assert_eq!(normalized.text(), "fin,台é");
        let back: Vec<Option<u32>> = (0..normalized.text().len()).map(|byte| normalized.original_start(byte)).collect();
        let expected = [Some(0), None, Some(3), Some(4), Some(7), Some(8), Some(9), Some(10), None];
        assert_eq!(back, expected, "the second and third byte of 台 are no boundaries, but nobody asks for them");
        assert_eq!(normalized.original_end(normalized.text().len()), Some(13));
    }

    #[test]
    fn invisible_signs_are_outside_of_what_they_surround() {
        let normalized = ALL.apply("\u{feff}Lake\u{200b}town\u{200e}, x");
        assert_eq!(normalized.text(), "laketown, x");
        assert_eq!((normalized.original_start(0), normalized.original_end(8)), (Some(3), Some(14)));
    }

    fn any_text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<char>().prop_map(String::from),
            prop::sample::select(vec![
                "a", "E\u{301}", "ﬁ", "，", "臺", "ｶ", "ﾞ", "각", "\u{11a8}", "中", "İ", "\u{3099}", " ", "-", "\u{a0}",
                "\u{200b}", "\u{feff}", "ά", "ё", "\u{64e}", "’"
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
        fn a_slice_between_boundaries_has_the_slice_s_form(text in any_text(), switches: [bool; 9]) {
            let [compatible, case, traditional, invisible, spaces, punctuation, points, accents, letters] = switches;
            let normalization =
                Normalization { compatible, case, traditional, invisible, spaces, punctuation, points, accents, letters };
            let normalized = normalization.apply(&text);
            let normal = normalized.text();
            let bounds: Vec<usize> = (0..=normal.len())
                .filter(|byte| normal.is_char_boundary(*byte) && normalized.original_end(*byte).is_some())
                .collect();
            prop_assert_eq!(bounds.last().copied(), Some(normal.len()));
            for pair in bounds.windows(2) {
                let Some(start) = normalized.original_start(pair[0]) else { continue };
                let end = normalized.original_end(pair[1]).unwrap();
                let original = &text[start as usize..end as usize];
                prop_assert_eq!(normalization.form(original), &normal[pair[0]..pair[1]]);
            }
        }
    }
}
