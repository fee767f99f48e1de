//! Nothing that a probe asks about is learnt from, and a run that would do so is refused.

use std::fs;
use std::path::PathBuf;

use jove_core::Advise;
use jove_corpus::AnnotatedReader;
use jove_kb::Sentence;
use serde_json::Value;

use crate::fixture::Fixture;

fn stage(fixture: &Fixture, prefix: &str) -> PathBuf {
    let name = fixture.stages().into_iter().find(|name| name.starts_with(prefix)).unwrap();
    fixture.path("runs/cache").join(name)
}

fn lines(path: PathBuf) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Letters alone, so that no sign or case hides a sentence.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Every island of the graph in Chinese, in its order.
fn islands(fixture: &Fixture) -> Vec<String> {
    let graph = lines(fixture.path("kb.jsonl"));
    graph.iter().map(|entity| entity["labels"]["zh"].as_str().unwrap().to_owned()).collect()
}

/// Plants every held-out item where it could be learnt from.
fn planted() -> Fixture {
    let fixture = Fixture::new();
    let dev = fs::read_to_string(fixture.path("dev.tsv")).unwrap();
    let tatoeba = fs::read_to_string(fixture.path("tatoeba/tatoeba.cmn-eng.eng")).unwrap();
    let mut zh = fs::read_to_string(fixture.path("text/zh.txt")).unwrap();
    let mut en = fs::read_to_string(fixture.path("text/en.txt")).unwrap();
    let mut pairs = fs::read_to_string(fixture.path("pairs.tsv")).unwrap();
    for line in dev.lines().take(9) {
        let (left, right) = line.split_once('\t').unwrap();
        zh.push_str(&format!("老人说：“我们到了。”{left}天黑了。\n"));
        en.push_str(&format!("{}\n", right.to_uppercase()));
        pairs.push_str(&format!("{left}！\t{right}\n"));
    }
    for line in tatoeba.lines().take(9) {
        en.push_str(&format!("Nobody answered. {line} We went home.\n"));
    }
    let names = islands(&fixture);
    for (index, name) in names.iter().enumerate() {
        // The ends of every fact, in nobody's pattern, on either side of pairs and in plain text.
        let other = &names[(index + 1) % names.len()];
        pairs.push_str(&format!("从{name}到{other}的船票涨价了。\tThe fare number {index} went up again last week.\n"));
        zh.push_str(&format!("第{index}封信说，{other}和{name}的人都爱唱歌。\n"));
    }
    // Descriptions tell a fact each, one of the two ways round.
    let graph: Vec<String> = lines(fixture.path("kb.jsonl"))
        .into_iter()
        .enumerate()
        .map(|(index, mut entity)| {
            let other = &names[(index + if index % 2 == 0 { 1 } else { names.len() - 1 }) % names.len()];
            entity["descriptions"]["zh"] = format!("第{index}号岛，和{other}通船，盛产椰子。").into();
            entity.to_string() + "\n"
        })
        .collect();
    fixture.write("kb.jsonl", graph.concat());
    fixture.write("text/zh.txt", zh);
    fixture.write("text/en.txt", en);
    fixture.write("pairs.tsv", pairs);
    fixture
}

#[test]
fn nothing_that_probes_ask_about_is_learnt_from() {
    let fixture = planted();
    fixture.run().unwrap();
    let (text, annotated) = (stage(&fixture, "text-"), stage(&fixture, "annotate-"));
    let mut asked: Vec<String> = Vec::new();
    let sides =
        |value: &Value| value["texts"].as_array().unwrap().iter().map(|t| letters(t.as_str().unwrap())).collect();
    for name in ["probe-pairs.jsonl", "tatoeba.jsonl"] {
        asked.extend(lines(text.join(name)).iter().flat_map(|value| -> Vec<String> { sides(value) }));
    }
    for name in ["facts.jsonl", "dev.jsonl"] {
        asked.extend(lines(text.join(name)).iter().map(|value| letters(value["text"].as_str().unwrap())));
    }
    assert!(asked.len() > 200, "{}", asked.len());
    let facts: Vec<Sentence> =
        lines(text.join("facts.jsonl")).into_iter().map(|value| serde_json::from_value(value).unwrap()).collect();
    assert!(!facts.is_empty());

    let train: Vec<_> =
        AnnotatedReader::open(&annotated.join("train.parquet")).unwrap().map(|text| text.unwrap()).collect();
    let pairs = lines(annotated.join("pairs.jsonl"));
    let mut learnt: Vec<String> = train.iter().map(|text| letters(&text.text)).collect();
    let texts_in_training = learnt.len();
    learnt.extend(pairs.iter().flat_map(|value| -> Vec<String> { sides(value) }));
    assert!(texts_in_training > 50 && learnt.len() > texts_in_training + 20, "{texts_in_training} {}", learnt.len());
    for sentence in &asked {
        assert!(learnt.iter().all(|text| !text.contains(sentence.as_str())), "{sentence}");
    }
    let names = islands(&fixture);
    let name = |entity: jove_core::EntityId| {
        // The graph's order is that of its file.
        names[entity.0 as usize].as_str()
    };
    for Sentence { fact, .. } in &facts {
        let ends = [name(fact.subject), name(fact.object)];
        assert!(learnt.iter().all(|text| !ends.iter().all(|end| text.contains(end))), "{ends:?}");
    }
    let summary = &lines(annotated.join("summary.json"))[0];
    assert!(summary["withheld_pairs"].as_u64().unwrap() > 0 && summary["withheld"].as_u64().unwrap() > 0, "{summary}");
    assert!(lines(text.join("summary.json"))[0]["excluded"].as_u64().unwrap() >= 27);
    let checked = &lines(stage(&fixture, "leaks-").join("summary.json"))[0];
    let sides = 2 * texts_in_training as u64;
    let checked_texts = checked["texts"].as_u64().unwrap();
    assert!(
        sides < checked_texts && checked_texts < 3 * sides / 2,
        "in two vocabularies, and without sentences for pd"
    );
    assert_eq!(checked["pairs"].as_u64().unwrap(), 3 * pairs.len() as u64);
    assert!(checked["descriptions"].as_u64().unwrap() >= 24 && checked["facts"].as_u64().unwrap() > 0, "{checked}");
}

/// The refusal and its hint, as the command line shows them.
fn refused(fixture: &Fixture) -> String {
    let error = fixture.run().unwrap_err();
    assert!(matches!(error, jove_experiment::Error::Leak { .. }), "{error}");
    assert!(fixture.stages().iter().all(|stage| !stage.starts_with("train-")));
    format!("{error}\nhint: {}", error.hint().unwrap())
}

#[test]
fn a_probe_that_leaks_is_refused() {
    let fixture = Fixture::new();
    // The same pairs under another name.
    fs::copy(fixture.path("pairs.tsv"), fixture.path("other.tsv")).unwrap();
    fixture.edit("probe = [{ path = \"dev.tsv\"", "probe = [{ path = \"other.tsv\"");
    let text = refused(&fixture);
    assert!(text.contains("other.tsv") && text.contains("pairs.tsv") && text.contains("hint: name another"), "{text}");

    let fixture = planted();
    fixture.edit("[probes]\n", "[probes]\nleaks = \"refuse\"\n");
    let text = refused(&fixture);
    assert!(text.contains("zh.txt:") && text.contains("an item of the bitext probe"), "{text}");
    assert!(text.contains("条船停在") && text.contains("probes.leaks = \"exclude\""), "{text}");

    let fixture = Fixture::new();
    let tatoeba = fs::read_to_string(fixture.path("tatoeba/tatoeba.cmn-eng.cmn")).unwrap();
    let pairs = fs::read_to_string(fixture.path("pairs.tsv")).unwrap();
    fixture.write(
        "pairs.tsv",
        format!("{pairs}{}\tIt is another house that is empty.\n", tatoeba.lines().next().unwrap()),
    );
    fixture.edit("[probes]\n", "[probes]\nleaks = \"refuse\"\n");
    let text = refused(&fixture);
    assert!(text.contains("pairs.tsv:49") && text.contains("an item of the Tatoeba probe"), "{text}");
}

/// Sentences about nothing in the graph, each in a script of its own: one that a probe asks about, and one that stays.
const SCRIPTS: [(&str, &str, &str); 20] = [
    ("en", "Three goats crossed the bridge.", "The bridge is made of wood."),
    ("vi", "Ba con dê qua cầu.", "Cây cầu làm bằng gỗ."),
    ("el", "Τρεις κατσίκες πέρασαν τη γέφυρα.", "Η γέφυρα είναι ξύλινη."),
    ("ru", "Три козы перешли мост.", "Мост сделан из дерева."),
    ("hy", "Երեք այծ անցան կամուրջը։", "Կամուրջը փայտից է։"),
    ("ka", "სამმა თხამ ხიდი გადაიარა.", "ხიდი ხისაა."),
    ("he", "שלוש עיזים חצו את הגשר.", "הגשר עשוי מעץ."),
    ("ar", "عبرت ثلاث عنزات الجسر.", "الجسر من خشب."),
    ("ur", "تین بکریاں پل پار کر گئیں۔", "پل لکڑی کا ہے۔"),
    ("hi", "तीन बकरियाँ पुल पार कर गईं।", "पुल लकड़ी का है।"),
    ("bn", "তিনটি ছাগল সেতু পার হল।", "সেতুটি কাঠের।"),
    ("ta", "மூன்று ஆடுகள் பாலத்தைக் கடந்தன.", "பாலம் மரத்தால் ஆனது."),
    ("th", "แพะสามตัวข้ามสะพาน", "สะพานทำด้วยไม้"),
    ("lo", "ແບ້ສາມໂຕຂ້າມຂົວ", "ຂົວເຮັດດ້ວຍໄມ້"),
    ("my", "ဆိတ်သုံးကောင်တံတားဖြတ်သည်။", "တံတားကသစ်သားဖြစ်သည်။"),
    ("km", "ពពែបីក្បាលឆ្លងស្ពាន។", "ស្ពានធ្វើពីឈើ។"),
    ("bo", "ར་གསུམ་ཟམ་པ་བརྒལ་སོང་།", "ཟམ་པ་ཤིང་གིས་བཟོས་པ་རེད།"),
    ("am", "ሦስት ፍየሎች ድልድዩን ተሻገሩ።", "ድልድዩ ከእንጨት ነው።"),
    ("ja", "三匹の山羊が橋を渡った。", "橋は木でできている。"),
    ("ko", "염소 세 마리가 다리를 건넜다.", "다리는 나무로 되어 있다."),
];

#[test]
fn planted_sentences_of_every_script_are_left_out() {
    let fixture = Fixture::new();
    let mut sources = String::new();
    let mut probes = String::new();
    for (lang, asked, kept) in SCRIPTS {
        // With another ending, in the middle of a text, and where the script allows it without a space.
        let bare = asked.trim_end_matches(|c: char| !c.is_alphabetic());
        let planted = [format!("{kept} {asked} {kept}\n"), format!("{bare}!\n"), format!("{asked}{kept}{kept}\n")];
        fixture.write(&format!("text/{lang}.many.txt"), planted.concat() + kept + "\n");
        sources.push_str(&format!(", {{ path = \"text/{lang}.many.txt\", lang = \"{lang}\" }}"));
        fixture.write(&format!("asked/{lang}.tsv"), format!("{asked}\t{asked}\n"));
        probes.push_str(&format!(", {{ path = \"asked/{lang}.tsv\", langs = [\"{lang}\", \"{lang}\"] }}"));
    }
    fixture.edit("\"text/en.txt\", lang = \"en\" }", &format!("\"text/en.txt\", lang = \"en\" }}{sources}"));
    fixture.edit("langs = [\"zh\", \"en\"] }]\n\n[tok", &format!("langs = [\"zh\", \"en\"] }}{probes}]\n\n[tok"));
    fixture.edit("[text]\n", "[text]\nheld-out = 0.0\n");
    fixture.run().unwrap();
    let (text, checked) = (stage(&fixture, "text-"), stage(&fixture, "leaks-"));
    let train: Vec<String> =
        lines(text.join("train.jsonl")).iter().map(|value| value["text"].as_str().unwrap().to_owned()).collect();
    for (lang, asked, kept) in SCRIPTS {
        assert!(train.iter().any(|text| text == kept), "{lang}: {kept} is gone");
        let asked = letters(asked);
        assert!(train.iter().all(|text| !letters(text).contains(&asked)), "{lang}: {asked} is there");
    }
    assert!(lines(checked.join("summary.json"))[0]["sentences"].as_u64().unwrap() >= 20);
}
