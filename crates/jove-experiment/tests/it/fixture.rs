//! A small graph of islands with text about it, in a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};

use jove_core::Silent;
use jove_experiment::{Error, Outcome, Run};

/// Islands: key, Chinese name, English name.
const ISLANDS: [(&str, &str, &str); 12] = [
    ("lora", "洛拉岛", "Lora"),
    ("minta", "明塔岛", "Minta"),
    ("keso", "克索岛", "Keso"),
    ("varu", "瓦鲁岛", "Varu"),
    ("oleni", "奥莱尼岛", "Oleni"),
    ("tasma", "塔斯马岛", "Tasma"),
    ("juno", "朱诺岛", "Juno"),
    ("pelia", "佩利亚岛", "Pelia"),
    ("ramo", "拉莫岛", "Ramo"),
    ("sivo", "西沃岛", "Sivo"),
    ("duna", "杜纳岛", "Duna"),
    ("hesti", "赫斯蒂岛", "Hesti"),
];

/// A folder with everything that a run needs.
pub(crate) struct Fixture {
    folder: tempfile::TempDir,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let fixture = Self { folder };
        fixture.write("kb.jsonl", graph());
        fixture.write("patterns.toml", PATTERNS);
        fixture.write("text/zh.txt", sentences(|zh, _, n| format!("第{n}天，渔民从{zh}出发，傍晚才回到家里。")));
        fixture
            .write("text/en.txt", sentences(|_, en, n| format!("On day {n} the fishermen left {en} before sunrise.")));
        fixture.write("pairs.tsv", sentences(|zh, en, n| format!("{zh}有{n}座灯塔。\t{en} has {n} lighthouses.")));
        fixture.write("dev.tsv", sentences(|zh, en, n| format!("{n}条船停在{zh}。\t{n} boats lie at {en}.")));
        fixture.write("tatoeba/tatoeba.cmn-eng.cmn", sentences(|zh, _, n| format!("{zh}的第{n}号房子是空的。")));
        fixture.write("tatoeba/tatoeba.cmn-eng.eng", sentences(|_, en, n| format!("House {n} on {en} is empty.")));
        fixture.write("run.toml", RUN);
        fixture
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Replaces a piece of the run file, which must be there.
    pub(crate) fn edit(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.path("run.toml")).unwrap();
        assert!(text.contains(from), "{from}");
        self.write("run.toml", text.replace(from, to));
    }

    pub(crate) fn load(&self) -> Result<Run, Error> {
        Run::load(&self.path("run.toml"), &[])
    }

    pub(crate) fn run(&self) -> Result<Outcome, Error> {
        self.load()?.execute(&Silent)
    }

    /// The finished stages, by folder name.
    pub(crate) fn stages(&self) -> Vec<String> {
        names(&self.path("runs/cache")).into_iter().filter(|name| !name.contains('.')).collect()
    }
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn sentences(write: impl Fn(&str, &str, usize) -> String) -> String {
    let lines = (0..48).map(|n| {
        let (_, zh, en) = ISLANDS[n % ISLANDS.len()];
        write(zh, en, n + 2) + "\n"
    });
    lines.collect()
}

fn graph() -> String {
    let mut lines = String::new();
    for (index, (key, zh, en)) in ISLANDS.iter().enumerate() {
        let neighbour = ISLANDS[(index + 1) % ISLANDS.len()].0;
        let twin = ISLANDS[(index + 5) % ISLANDS.len()].0;
        lines.push_str(&format!(
            "{{\"id\":\"{key}\",\"labels\":{{\"zh\":\"{zh}\",\"en\":\"{en}\"}},\"types\":[\"island\"],\
             \"descriptions\":{{\"zh\":\"第{index}号岛\",\"en\":\"island number {index}\"}},\
             \"facts\":{{\"ferry\":[\"{neighbour}\"],\"twin\":[\"{twin}\"]}}}}\n"
        ));
    }
    lines
}

const PATTERNS: &str = r#"
[relations.ferry.sentences]
zh = ["{subject}有渡轮开往{object}。", "从{subject}坐船可以到{object}。"]
en = ["A ferry runs from {subject} to {object}.", "From {subject} one sails to {object}."]

[relations.twin.sentences]
zh = ["{subject}与{object}结为姐妹岛。"]
en = ["{subject} is twinned with {object}."]
"#;

const RUN: &str = r#"
name = "islands"
output = "runs"
seeds = [1]

[data]
root = "."

[kb]
sources = [{ format = "jsonl", path = "kb.jsonl" }]

[verbalize]
patterns = "patterns.toml"
sentences = { held-out-fraction = 0.3 }

[text]
sources = [{ path = "text/zh.txt", lang = "zh" }, { path = "text/en.txt", lang = "en" }]

[pairs]
train = [{ path = "pairs.tsv", langs = ["zh", "en"] }]
probe = [{ path = "dev.tsv", langs = ["zh", "en"] }]

[tokenizers.bert]
size = 400

[tokenizers.xlm-roberta]
size = 400

[model]
hidden-size = 32
layers = 1
heads = 2
intermediate-size = 64

[train]
steps = 4
batch-tokens = 512
max-length = 32

[probes]
items-min = 1
tatoeba = { folder = "tatoeba", languages = ["cmn"] }

[[variants]]
name = "pd"
recipe = "pd"

[[variants]]
name = "kg"
recipe = "kg"

[[variants]]
name = "ml"
recipe = "ml"
"#;
