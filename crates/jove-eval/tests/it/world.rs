//! A tiny world: a knowledge base of countries and capitals, its sentences in two languages, and models of them.

use std::collections::BTreeMap;

use jove_core::{AnnotatedText, EntityId, Lang, Mention, ModelConfig, Seed, Silent, TokenId, TokenizedText};
use jove_corpus::{Tokenizer, TrainerKind};
use jove_eval::{ClozeItem, ClozeOptions, Description, MentionItem, relation_questions};
use jove_kb::{BuildOptions, Format, Kb, Patterns, Sentence, Source, VerbalizeOptions, build, verbalize};
use jove_masking::MaskConfig;
use jove_model::Cpu;
use jove_objectives::{Descriptions, Model};
use jove_trainer::{Output, Pretraining, TrainConfig, Trainer, TrainingData};

const PATTERNS: &str = r#"
[relations.capital.sentences]
zh = ["{subject}的首都是{object}。", "{object}是{subject}的首都。"]
en = ["{subject} has {object} as its capital.", "The capital of {subject} is {object}."]
[relations.borders.sentences]
zh = ["{subject}与{object}接壤。"]
en = ["{subject} borders {object}."]
"#;

const COUNTRIES: [(&str, &str, &str, &str); 8] = [
    ("法国", "France", "巴黎", "Paris"),
    ("德国", "Germany", "柏林", "Berlin"),
    ("日本", "Japan", "东京", "Tokyo"),
    ("埃及", "Egypt", "开罗", "Cairo"),
    ("秘鲁", "Peru", "利马", "Lima"),
    ("古巴", "Cuba", "哈瓦那", "Havana"),
    ("挪威", "Norway", "奥斯陆", "Oslo"),
    ("加纳", "Ghana", "阿克拉", "Accra"),
];

pub(crate) struct World {
    _dir: tempfile::TempDir,
    pub(crate) kb: Kb,
    pub(crate) sentences: Vec<Sentence>,
    pub(crate) tokenizer: Tokenizer,
}

pub(crate) fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let mut rows = String::new();
    for (index, (zh, en, capital_zh, capital_en)) in COUNTRIES.iter().enumerate() {
        let (next, last) = ((index + 1) % COUNTRIES.len(), (index + COUNTRIES.len() - 1) % COUNTRIES.len());
        let country = format!(
            r#"{{"id":"l{index}","labels":{{"zh":"{zh}","en":"{en}"}},"types":["country"],"descriptions":{{"zh":"{zh}是一个国家，首都{capital_zh}","en":"{en}, a country"}},"facts":{{"capital":"c{index}","borders":["l{next}","l{last}"]}}}}"#
        );
        let city = format!(
            r#"{{"id":"c{index}","labels":{{"zh":"{capital_zh}","en":"{capital_en}"}},"types":["city"],"descriptions":{{"en":"{capital_en}, a city in {en}"}}}}"#
        );
        rows.extend([country, city].map(|row| row + "\n"));
    }
    of_rows(dir, &rows, PATTERNS)
}

/// A world of any rows and patterns, with all facts in sentences.
pub(crate) fn of_rows(dir: tempfile::TempDir, rows: &str, patterns: &str) -> World {
    let source = dir.path().join("world.jsonl");
    std::fs::write(&source, rows).unwrap();
    let report =
        build(&BuildOptions::new(dir.path().join("kb.sqlite"), vec![Source::new(Format::Jsonl, &source)]), &Silent)
            .unwrap();
    let kb = Kb::open(&report.out).unwrap();
    let options = VerbalizeOptions { held_out_fraction: 0.0, ..VerbalizeOptions::default() };
    let sentences = verbalize(&kb, &Patterns::parse(patterns).unwrap(), &options).unwrap().train;
    let tokenizer = Tokenizer::train(TrainerKind::WordPiece, sentences.iter().map(|s| s.text.as_str()), 400).unwrap();
    World { _dir: dir, kb, sentences, tokenizer }
}

impl World {
    /// A tokenized sentence, with subject and object as mentions.
    pub(crate) fn tokens(&self, sentence: &Sentence) -> TokenizedText {
        let mention = |span, entity| Mention { span, entity, score: 1.0 };
        let mut mentions =
            vec![mention(sentence.subject, sentence.fact.subject), mention(sentence.object, sentence.fact.object)];
        mentions.sort_by_key(|mention| mention.span);
        let text = AnnotatedText { text: sentence.text.clone(), lang: sentence.lang, words: vec![], mentions };
        self.tokenizer.encode(&text).unwrap()
    }

    pub(crate) fn texts(&self) -> Vec<TokenizedText> {
        self.sentences.iter().map(|sentence| self.tokens(sentence)).collect()
    }

    /// Sentences of the same fact in both languages.
    pub(crate) fn pairs(&self) -> Vec<(TokenizedText, TokenizedText)> {
        let mut sides: BTreeMap<_, [Option<TokenizedText>; 2]> = BTreeMap::new();
        for sentence in &self.sentences {
            let side = usize::from(sentence.lang.as_str() == "en");
            let fact = (sentence.fact.subject, sentence.fact.predicate, sentence.fact.object);
            sides.entry(fact).or_default()[side] = Some(self.tokens(sentence));
        }
        sides.into_values().filter_map(|[zh, en]| Some((zh?, en?))).collect()
    }

    pub(crate) fn descriptions(&self) -> Descriptions {
        let mut descriptions = Descriptions::new();
        for (entity, _, tokens) in self.described() {
            descriptions.entry(entity).or_default().push(tokens);
        }
        descriptions
    }

    /// The descriptions that the graph has, in words.
    pub(crate) fn texts_of_entities(&self) -> Vec<Description> {
        let of = |lang| {
            let all = self.kb.descriptions(lang).unwrap().into_iter();
            all.map(move |(entity, text)| Description { entity, lang, text })
        };
        [Lang::ZH, Lang::EN].into_iter().flat_map(of).collect()
    }

    /// And in tokens.
    pub(crate) fn described(&self) -> Vec<(EntityId, Lang, Vec<TokenId>)> {
        let tokens = |one: Description| (one.entity, one.lang, self.tokenizer.encode_text(&one.text).unwrap().tokens);
        self.texts_of_entities().into_iter().map(tokens).collect()
    }

    /// The relation cloze in tokens.
    pub(crate) fn clozes(&self) -> Vec<ClozeItem> {
        let questions = relation_questions(&self.kb, &self.sentences, &ClozeOptions::default()).unwrap();
        questions.iter().map(|question| question.item(&self.tokenizer).unwrap()).collect()
    }

    /// Every mention of the sentences in tokens.
    pub(crate) fn mentions(&self) -> Vec<MentionItem> {
        let of = |text: TokenizedText| {
            let item = |(span, entity)| MentionItem { tokens: text.tokens.clone(), span, entity };
            text.mentions.clone().into_iter().map(item).collect::<Vec<_>>()
        };
        self.texts().into_iter().flat_map(of).collect()
    }

    pub(crate) fn untrained(&self) -> Model<Cpu> {
        let size = self.tokenizer.specials().vocab_size as usize;
        let config = ModelConfig { max_position_embeddings: 64, ..ModelConfig::bert(size, 32, 2, 2, 64) };
        Model::new(&config, &Cpu::default(), Seed(3)).unwrap()
    }

    /// A model trained on all there is, by all objectives.
    pub(crate) fn trained(&self, steps: u64) -> Model<Cpu> {
        let mut config = TrainConfig {
            steps: Some(steps),
            batch_tokens: 1024,
            max_length: 32,
            learning_rate: 4e-3,
            dropout: false,
            save_every: 0,
            log_every: 50,
            ..TrainConfig::default()
        };
        config.objectives.link.weight = 0.3;
        config.objectives.link.description_length = 24;
        config.objectives.link.projection = 16;
        config.objectives.translation.weight = 0.3;
        let data = TrainingData {
            text: Box::new(self.texts()),
            pairs: Box::new(self.pairs()),
            descriptions: self.descriptions(),
            mask: MaskConfig::kg(),
            ..TrainingData::default()
        };
        let dir = tempfile::tempdir().unwrap();
        let output = Output { dir: dir.path().to_owned(), files: Vec::new() };
        let task = Pretraining::new(&config, self.untrained(), data, self.tokenizer.specials()).unwrap();
        let mut trainer = Trainer::new(config.loop_options(), task, output).unwrap();
        trainer.run(&Silent).unwrap();
        let saved = Model::open(&dir.path().join("checkpoint"), &Cpu::default()).unwrap();
        assert!(saved.link.is_some(), "a checkpoint brings its link head");
        saved
    }
}
