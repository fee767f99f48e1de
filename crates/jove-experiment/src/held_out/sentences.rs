//! Sentences that are held out of training, and whether a text contains one of them.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use jove_core::script::is_space_pausing;
use unicode_normalization::UnicodeNormalization as _;

use crate::held_out::letters::Letters;

/// Texts of one or a few sentences that may not be trained on, each with the probe that it is held out for.
#[derive(Debug, Default)]
pub(crate) struct HeldOutSentences {
    items: Vec<Item>,
    /// The place of each item by its letters; by the whole text where it has none.
    known: BTreeMap<String, usize>,
    /// Made when it is first needed.
    search: OnceLock<Search>,
}

#[derive(Debug)]
struct Item {
    probe: &'static str,
    text: String,
    letters: String,
    /// Where it is looked for inside a text.
    reach: Reach,
}

/// Where an item counts as contained in a text: the longer it is, the less there has to be around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// As one or more whole sentences.
    Sentences,
    /// As one or more whole clauses: `It rains` in `It rains, but not here`.
    Clauses,
    /// Wherever it stands between words.
    Words,
}

/// Finds where the letters of items may begin.
#[derive(Debug)]
struct Search {
    heads: AhoCorasick,
    /// The items that begin with each head.
    items: Vec<Vec<usize>>,
}

/// Bytes of an item's letters, accents and all, from which on it is looked for as clauses: ten Chinese characters or thirty
/// Latin letters. In scripts that write no marks between sentences it is then found wherever it stands.
const CLAUSES_FROM: usize = 30;

/// Bytes from which on it is found wherever it stands between words. A shorter one may be how another sentence begins:
/// `They speak Norwegian` and `They speak Norwegian Bokmål`.
const WORDS_FROM: usize = 60;

/// The most bytes of an item that are searched for at once; what follows is compared. Bounds the memory of the search.
const HEAD: usize = 24;

impl HeldOutSentences {
    /// Adds a text; `probe` names the probe that it is held out for.
    pub(crate) fn insert(&mut self, probe: &'static str, text: &str) {
        let letters = Letters::of_words(text).as_str().to_owned();
        let key = if letters.is_empty() { text.to_owned() } else { letters.clone() };
        let number = self.items.len();
        if *self.known.entry(key).or_insert(number) == number {
            let reach = Reach::of(text);
            self.items.push(Item { probe, text: text.to_owned(), letters, reach });
            self.search.take();
        }
    }

    /// The first held-out item that a text is or contains, with its probe; case, punctuation, accents and white space are
    /// ignored. See `Reach` for what counts as contained.
    pub(crate) fn found_in(&self, text: &str) -> Option<(&'static str, &str)> {
        self.all_in(text).into_iter().next()
    }

    /// All held-out items that a text is or contains, in the order of their ends, with their probes.
    pub(crate) fn all_in(&self, text: &str) -> Vec<(&'static str, &str)> {
        let words = Letters::of_words(text);
        let letters = words.as_str();
        if letters.is_empty() {
            let item = self.known.get(text).map(|&number| &self.items[number]);
            return item.map(Item::named).into_iter().collect();
        }
        let sentences = OnceLock::new();
        let contained = |item: &Item, start: usize| {
            let end = start + item.letters.len();
            let sentences = || sentences.get_or_init(|| Letters::of_sentences(text)).are_sentences(start, end);
            letters[start..].starts_with(&item.letters)
                && words.are_words(start, end)
                && (item.reach == Reach::Words
                    || (item.reach == Reach::Clauses && words.are_clauses(start, end))
                    || sentences())
        };
        let search = self.search.get_or_init(|| Search::of(&self.items));
        let mut found = Vec::new();
        for head in search.heads.find_overlapping_iter(letters) {
            let items = search.items[head.pattern().as_usize()].iter().map(|&number| &self.items[number]);
            found.extend(items.filter(|item| contained(item, head.start())).map(Item::named));
        }
        found
    }
}

impl Reach {
    fn of(text: &str) -> Self {
        let letters = || text.nfkc().filter(|character| character.is_alphanumeric());
        let bytes: usize = letters().map(char::len_utf8).sum();
        let unmarked = letters().any(is_space_pausing);
        match bytes {
            _ if bytes >= WORDS_FROM || (unmarked && bytes >= CLAUSES_FROM) => Self::Words,
            _ if bytes >= CLAUSES_FROM => Self::Clauses,
            _ => Self::Sentences,
        }
    }
}

impl Item {
    fn named(&self) -> (&'static str, &str) {
        (self.probe, &self.text)
    }

    /// Where the search for it begins.
    fn head(&self) -> &str {
        &self.letters[..self.letters.floor_char_boundary(HEAD)]
    }
}

impl Search {
    fn of(items: &[Item]) -> Self {
        let mut by_head: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (number, item) in items.iter().enumerate().filter(|(_, item)| !item.letters.is_empty()) {
            by_head.entry(item.head()).or_default().push(number);
        }
        let (heads, items): (Vec<&str>, Vec<Vec<usize>>) = by_head.into_iter().unzip();
        let heads = AhoCorasick::new(heads).expect("heads are short, and memory ends before their numbers do");
        Self { heads, items }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(items: &[&str]) -> HeldOutSentences {
        let mut held_out = HeldOutSentences::default();
        for item in items {
            held_out.insert("bitext", item);
        }
        held_out
    }

    #[test]
    fn a_held_out_sentence_is_found_inside_any_text() {
        let mut held_out = HeldOutSentences::default();
        held_out.insert("bitext", "It rains. We stay at home!");
        held_out.insert("Tatoeba", "我爱你。");
        held_out.insert("bitext", "…");
        let cases = [
            ("it rains, we stay at home", Some("bitext")),
            ("Look: it’s dark. It rains. We stay at home! Good night.", Some("bitext")),
            ("It rains.", None),
            ("他说了一句话。我爱你！", Some("Tatoeba")),
            ("她说：“我爱你”", Some("Tatoeba")),
            ("我爱你们。", None),
            ("不知道我爱你", None),
            ("…", Some("bitext")),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(held_out.found_in(text).map(|(probe, _)| probe), expected, "{text}");
        }
        assert_eq!(HeldOutSentences::default().found_in("It rains."), None);
    }

    #[test]
    fn a_long_sentence_is_found_without_any_mark_but_only_between_words() {
        let english = "nobody on the northern island had seen the ferry leave the harbour that morning";
        let held_out = holding(&[english, "没有人看见那天早上渡轮离开北岛的码头往南边的海上去"]);
        for (text, found) in [
            (format!("she wrote that {english} and then stopped writing"), true),
            (format!("she wrote that {english}s and then stopped writing"), false),
            (english.to_uppercase().replace(' ', "  "), true),
            ("她写道没有人看见那天早上渡轮离开北岛的码头往南边的海上去然后停笔了".to_owned(), true),
            ("她写道没有人看见那天早上渡轮离开北岛的码头往南边".to_owned(), false),
        ] {
            assert_eq!(held_out.found_in(&text).is_some(), found, "{text}");
        }
    }

    #[test]
    fn a_sentence_is_found_as_a_clause_but_not_as_the_beginning_or_end_of_another() {
        let held_out = holding(&["The ferry to the northern island is slow.", "岛上的渡轮每天早上都开往南边。"]);
        for (text, found) in [
            ("The ferry to the northern island is slow, and nobody minds.", true),
            ("They say – the ferry to the northern island is slow – that it rains.", true),
            ("The ferry to the northern island is slow today.", false),
            ("岛上的渡轮每天早上都开往南边，下午回来。", true),
            ("小岛上的渡轮每天早上都开往南边。", false),
            ("岛上的渡轮每天早上都开往南边的港口。", false),
        ] {
            assert_eq!(held_out.found_in(text).is_some(), found, "{text}");
        }
    }

    #[test]
    fn all_items_of_a_text_are_found_and_those_that_begin_alike_are_told_apart() {
        let held_out = holding(&[
            "The harbour of the northern island is closed.",
            "The harbour of the northern island is open.",
            "Wait.",
        ]);
        let text = "Wait. The harbour of the northern island is open. The harbour of the northern island is closed!";
        let found: Vec<&str> = held_out.all_in(text).into_iter().map(|(_, item)| item).collect();
        assert_eq!(found.len(), 3, "{found:?}");
        let open: Vec<&str> = held_out
            .all_in("The harbour of the northern island is open, now?")
            .into_iter()
            .map(|(_, item)| item)
            .collect();
        assert_eq!(open, ["The harbour of the northern island is open."]);
    }

    /// In each script: a sentence, one before it and one after it, as a writer sets them beside one another.
    const SCRIPTS: [(&str, &str, &str, &str); 26] = [
        ("Latin", "The boat came late. ", "We ate bread.", " Then it was dark."),
        ("Latin of Vietnam", "Trời đã tối. ", "Chúng tôi ăn bánh mì.", " Thuyền đến muộn."),
        ("Greek", "Το πλοίο άργησε. ", "Φάγαμε ψωμί.", " Μετά νύχτωσε."),
        ("Cyrillic", "Лодка опоздала. ", "Мы ели хлеб.", " Потом стемнело."),
        ("Armenian", "Նավակը ուշացավ։ ", "Մենք հաց կերանք։", " Հետո մթնեց։"),
        ("Georgian", "ნავი დაგვიანდა. ", "პური ვჭამეთ.", " მერე დაბნელდა."),
        ("Hebrew", "הסירה איחרה. ", "אכלנו לחם.", " אחר כך החשיך."),
        ("Arabic", "تأخر القارب. ", "هل أكلنا الخبز؟", " ثم حل الظلام."),
        ("Urdu", "کشتی دیر سے آئی۔ ", "ہم نے روٹی کھائی۔", " پھر اندھیرا ہوا۔"),
        ("Devanagari", "नाव देर से आई। ", "हमने रोटी खाई।", " फिर अँधेरा हुआ।"),
        ("Bengali", "নৌকা দেরিতে এল। ", "আমরা রুটি খেলাম।", " তারপর অন্ধকার হল।"),
        ("Gurmukhi", "ਕਿਸ਼ਤੀ ਦੇਰ ਨਾਲ ਆਈ। ", "ਅਸੀਂ ਰੋਟੀ ਖਾਧੀ।", " ਫਿਰ ਹਨੇਰਾ ਹੋਇਆ।"),
        ("Gujarati", "હોડી મોડી આવી. ", "અમે રોટલી ખાધી.", " પછી અંધારું થયું."),
        ("Tamil", "படகு தாமதமாக வந்தது. ", "நாங்கள் ரொட்டி சாப்பிட்டோம்.", " பிறகு இருட்டியது."),
        ("Telugu", "పడవ ఆలస్యంగా వచ్చింది. ", "మేము రొట్టె తిన్నాము.", " తర్వాత చీకటి పడింది."),
        ("Kannada", "ದೋಣಿ ತಡವಾಗಿ ಬಂತು. ", "ನಾವು ರೊಟ್ಟಿ ತಿಂದೆವು.", " ನಂತರ ಕತ್ತಲಾಯಿತು."),
        ("Malayalam", "വള്ളം വൈകി വന്നു. ", "ഞങ്ങൾ അപ്പം തിന്നു.", " പിന്നെ ഇരുട്ടായി."),
        ("Sinhala", "බෝට්ටුව පරක්කු විය. ", "අපි පාන් කෑවා.", " පසුව අඳුරු විය."),
        ("Thai", "เรือมาสาย ", "พวกเรากินขนมปัง", " แล้วก็มืด"),
        ("Lao", "ເຮືອມາຊ້າ ", "ພວກເຮົາກິນເຂົ້າຈີ່", " ແລ້ວກໍມືດ"),
        ("Tibetan", "གྲུ་ཕྱིས་པོ་སླེབས་སོང་།", "ང་ཚོས་བག་ལེབ་བཟས་པ་ཡིན།", "དེ་ནས་མུན་པ་ཆགས་སོང་།"),
        ("Burmese", "လှေနောက်ကျသည်။", "ငါတို့မုန့်စားသည်။", "ထို့နောက်မှောင်သည်။"),
        ("Khmer", "ទូកមកយឺត។ ", "យើងញ៉ាំនំប៉័ង។", " បន្ទាប់មកងងឹត។"),
        ("Ethiopic", "ጀልባው ዘገየ። ", "ዳቦ በላን።", " ከዚያ ጨለመ።"),
        ("Kana", "船が遅れた。", "パンを食べた。", "それから暗くなった。"),
        ("Hangul", "배가 늦게 왔다. ", "우리는 빵을 먹었다.", " 그러고는 어두워졌다."),
    ];

    #[test]
    fn planted_sentences_are_found_in_every_script() {
        for (script, before, sentence, after) in SCRIPTS {
            let held_out = holding(&[sentence]);
            let bare = sentence.trim_end_matches(|c: char| !c.is_alphabetic());
            for text in [
                format!("{before}{sentence}{after}"),
                format!("{before}{sentence}"),
                format!("{sentence}{after}"),
                format!("«{sentence}»"),
                format!("{before}\u{feff}{bare}"),
                format!("{} {bare} !", before.to_uppercase()),
                bare.to_uppercase(),
            ] {
                assert!(held_out.found_in(&text).is_some(), "{script}: {text}");
            }
            for text in [format!("{before}{after}"), before.to_owned(), String::new()] {
                assert_eq!(held_out.found_in(&text), None, "{script}: {text}");
            }
        }
    }

    #[test]
    fn what_shares_words_with_a_sentence_is_kept() {
        for (script, before, sentence, after) in SCRIPTS {
            let held_out = holding(&[&format!("{before}{sentence}")]);
            for text in [format!("{sentence}{after}"), format!("{sentence}{before}")] {
                assert_eq!(held_out.found_in(&text), None, "{script}: {text}");
            }
        }
    }
}
