//! Tags of one language.

/// The primary subtag under which the names of a language are found: members of a macrolanguage that share their names
/// with it, and deprecated or three-letter codes of languages that have a newer or shorter one (CLDR, `languageAlias`).
pub(crate) fn canonical(primary: &str) -> &str {
    match primary {
        "cmn" | "yue" | "wuu" | "gan" | "hak" | "nan" | "lzh" => "zh",
        "nb" | "nn" => "no",
        "fil" | "tgl" => "tl",
        "iw" | "heb" => "he",
        "in" | "ind" => "id",
        "ji" | "ydd" => "yi",
        "mo" => "ro",
        "pes" | "prs" => "fa",
        "lvs" => "lv",
        "ekk" => "et",
        "als" => "sq",
        "arb" | "arz" | "ary" | "arq" | "apc" | "acm" | "afb" => "ar",
        "swh" => "sw",
        "uzn" => "uz",
        "khk" => "mn",
        "pbu" | "pbt" => "ps",
        "zsm" => "ms",
        "npi" => "ne",
        "ory" => "or",
        "sh" => "sr",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_one_language_are_the_same() {
        for (tag, expected) in [("yue", "zh"), ("nn", "no"), ("fil", "tl"), ("iw", "he"), ("en", "en"), ("", "")] {
            assert_eq!(canonical(tag), expected, "{tag}");
        }
    }
}
