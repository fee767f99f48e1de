//! A tiny model with a vocabulary, and toy tasks.

use std::path::{Path, PathBuf};

use jove_checkpoint::ExtraFile;
use jove_core::{ModelConfig, Seed};
use jove_corpus::{Tokenizer, TrainerKind};
use jove_finetune::FineTuneFile;
use jove_model::Cpu;
use jove_objectives::Model;
use tempfile::TempDir;

pub(crate) const NAMES: [&str; 4] = ["王明", "李力", "赵天", "孙云"];

/// A folder with a model in `model`, tasks and results.
pub(crate) struct World {
    pub(crate) folder: TempDir,
}

impl World {
    /// A folder with a BERT of two layers, 32 wide, that knows nothing, and reads 24 tokens.
    pub(crate) fn new() -> Self {
        let world = Self { folder: tempfile::tempdir().unwrap() };
        let texts: Vec<String> = (0..60).map(sentence).chain([(0..10).map(|at| at.to_string()).collect()]).collect();
        let tokenizer = Tokenizer::train(TrainerKind::WordPiece, texts.iter(), 80).unwrap();
        let vocabulary = tokenizer.specials().vocab_size as usize;
        let config = ModelConfig { max_position_embeddings: 24, ..ModelConfig::bert(vocabulary, 32, 2, 2, 64) };
        let files = tokenizer.files().unwrap();
        let files: Vec<ExtraFile> =
            files.into_iter().map(|(name, bytes)| ExtraFile::new(&name, bytes).unwrap()).collect();
        let model = Model::new(&config, &Cpu::default(), Seed(3)).unwrap();
        std::fs::create_dir(world.path("model")).unwrap();
        model.save(&world.path("model"), &files).unwrap();
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    /// A run file of `format` with files that end in `ending`.
    pub(crate) fn run_file(&self, format: &str, ending: &str, train: &str) -> PathBuf {
        let text = format!(
            "output = \"out\"\nseeds = [1]\n[task]\nformat = \"{format}\"\ntrain = \"train.{ending}\"\ndev = \"dev.{ending}\"\n\
             [[models]]\nname = \"tiny\"\ncheckpoint = \"model\"\n\
             [train]\nbatch-size = 8\nlearning-rate = 5e-3\nmax-length = 20\nlog-every = 2\n{train}"
        );
        self.write("run.toml", &text)
    }

    pub(crate) fn load(&self, overrides: &[&str]) -> FineTuneFile {
        let overrides: Vec<String> = overrides.iter().map(|&one| one.to_owned()).collect();
        FineTuneFile::load(&self.path("run.toml"), &overrides).unwrap()
    }

    /// Sentences that are of class `good` where they name the first of the names, a third of them.
    pub(crate) fn sentiment(&self) {
        let row = |at: u32| format!("{}\t{}\n", sentence(at), if at.is_multiple_of(4) { "good" } else { "bad" });
        let rows = |from: u32, to: u32| "text\tlabel\n".to_owned() + &(from..to).map(row).collect::<String>();
        self.write("train.tsv", &rows(0, 64));
        self.write("dev.tsv", &rows(64, 88));
    }

    /// The same sentences with the name as an entity.
    pub(crate) fn names(&self) {
        let row = |at: u32| {
            let text = sentence(at);
            let start =
                text.chars().position(|character| character == NAMES[(at % 4) as usize].chars().next().unwrap());
            let start = start.unwrap();
            format!("{{\"id\": {at}, \"text\": \"{text}\", \"label\": [[{start}, {}, \"name\"]]}}\n", start + 2)
        };
        self.write("train.jsonl", &(0..64).map(row).collect::<String>());
        self.write("dev.jsonl", &(64..88).map(row).collect::<String>());
    }
}

/// A sentence with one of the names.
pub(crate) fn sentence(at: u32) -> String {
    let name = NAMES[(at % 4) as usize];
    let place = ["山上", "水边", "城里"][(at % 3) as usize];
    if at.is_multiple_of(2) { format!("{name}在{place}写书") } else { format!("昨天{place}有{name}读书") }
}

/// All files below a folder by their path, with their bytes.
pub(crate) fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                found.push((path.strip_prefix(folder).unwrap().to_owned(), std::fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}
