//! One module per command; each turns its arguments into calls of a library and prints the result.

mod ablate;
mod bench;
mod cache;
mod card;
mod convert;
mod corpus;
mod corpus_build;
mod doctor;
mod embed;
mod eval;
mod export;
mod fill_mask;
mod finetune;
mod import;
mod init;
mod kb;
mod lines;
mod link;
mod mask;
mod predict;
mod report;
mod run;
mod tokenize;
mod train;
mod vocab;

use clap::Subcommand;

use crate::context::{Context, Outcome};

/// The commands, in the order in which data flows.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Propose a run file for your own graph and text.
    #[command(after_long_help = "\
Examples:
  jove init mine --graph triples.csv --text texts/
  jove init mine --graph graph.ttl --graph names.tsv --text news.jsonl --pairs en-de.tsv --minutes 60
  jove init mine --graph facts.nt.gz --text texts/ --from xlm-roberta-base")]
    Init(init::Args),
    /// Run an experiment: every stage from raw data to the report; finished stages are skipped.
    #[command(after_long_help = "\
Examples:
  jove run experiments/quickstart.toml
  jove run experiments/quickstart.toml --set train.steps=200 --set output=/tmp/runs
  jove run experiments/quickstart.toml --resolve")]
    Run(run::Args),
    /// Run an ablation: every variant under every seed, with controls, effects and confidence intervals.
    #[command(after_long_help = "\
Examples:
  jove ablate experiments/ablation-kg.toml
  jove ablate experiments/ablation-kg.toml --set ablation.jobs=2")]
    Ablate(ablate::Args),
    /// Write the report of a finished run again.
    Report(report::Args),
    /// Build a knowledge base from any knowledge graph, query it, check it, export it.
    Kb(kb::Args),
    /// Link the entities of a knowledge base in text.
    #[command(after_long_help = "\
Examples:
  jove link --kb kb.sqlite --input text.txt --output linked.jsonl
  jove link --kb kb.sqlite --input text.txt --output linked.parquet --html links.html --lang en")]
    Link(link::Args),
    /// Build a corpus from raw text; check and count the text and the sentence pairs of a run file.
    Corpus(corpus::Args),
    /// Print how a tokenizer cuts text, or where two tokenizers differ.
    #[command(after_long_help = "\
Examples:
  jove tokenize --tokenizer model text.txt
  echo '北京是首都' | jove tokenize --tokenizer vocab.txt --json
  jove tokenize --tokenizer model --compare other-model text.txt")]
    Tokenize(tokenize::Args),
    /// Preview and count the masks of a run file before training.
    Mask(mask::Args),
    /// Train the variants of a run file, without evaluation and report.
    #[command(after_long_help = "\
Examples:
  jove train experiments/quickstart.toml --variant kg
  jove train experiments/quickstart.toml --dry-run")]
    Train(train::Args),
    /// Fine-tune models on a labelled task, and score them beside trivial baselines.
    #[command(after_long_help = "\
Examples:
  jove finetune experiments/finetune/afqmc.toml --set root=CLUE --model pd=model
  jove finetune task.toml --set seeds=[1] --set train.learning-rate=3e-5")]
    Finetune(finetune::Args),
    /// Check a task's data or a submission, or print published scores beside one's own.
    #[command(after_long_help = "\
Examples:
  jove eval doctor experiments/finetune/afqmc.toml --set root=CLUE
  jove eval --suite clue --results runs/finetune/afqmc/results.json --format html --output clue.html
  jove eval --check cluener_predict.json --task cluener --test test.json")]
    Eval(eval::Args),
    /// Answer texts by a fine-tuned checkpoint: a text or an object of JSON a line in, an object of JSON a line out.
    #[command(after_long_help = "\
Examples:
  jove predict --checkpoint runs/finetune/afqmc/pd/seed-1/best pairs.tsv
  echo '浙商银行叶老桂' | jove predict --checkpoint cluener/best")]
    Predict(predict::Args),
    /// Print the likeliest pieces in place of each mask of a text.
    #[command(after_long_help = "\
Examples:
  echo '北京是中国的首[MASK]。' | jove fill-mask --checkpoint model")]
    FillMask(fill_mask::Args),
    /// Write one vector for each text.
    #[command(after_long_help = "\
Examples:
  jove embed --checkpoint model --output vectors.npy sentences.txt
  jove embed --checkpoint e5 --prefix 'query: ' --normalize --output - sentences.txt")]
    Embed(embed::Args),
    /// Import a checkpoint of another tool as a Hugging Face folder.
    #[command(after_long_help = "\
Examples:
  jove import --format tf --checkpoint chinese_L-12_H-768_A-12/bert_model.ckpt --out bert
  jove import --checkpoint hub:OWNER/NAME --out model")]
    Import(import::Args),
    /// Export a checkpoint to another tool: Hugging Face, UER-Py or TensorFlow.
    #[command(after_long_help = "\
Examples:
  jove export --format uer --checkpoint model --out model-uer
  jove export --format tf --checkpoint model --out model-tf")]
    Export(export::Args),
    /// Convert a checkpoint from one format to another, and verify the result.
    #[command(after_long_help = "\
Examples:
  jove convert --checkpoint model --to-format tf --out model-tf --verify
  jove convert --checkpoint model-uer --from-format uer --to-format hf --out model")]
    Convert(convert::Args),
    /// Trim or extend a checkpoint's vocabulary, with its tokenizer and weights.
    Vocab(vocab::Args),
    /// List, verify and prune the finished stages that runs share.
    Cache(cache::Args),
    /// Measure the speed of training and of each operator on this machine.
    #[command(subcommand)]
    Bench(bench::Args),
    /// List the devices of this machine, and check that they compute correctly.
    Doctor(doctor::Args),
}

impl Command {
    /// Runs the command.
    pub(crate) fn execute(self, context: &Context) -> anyhow::Result<Outcome> {
        match self {
            Self::Init(args) => init::execute(&args, context),
            Self::Run(args) => run::execute(&args, context),
            Self::Ablate(args) => ablate::execute(&args, context),
            Self::Report(args) => report::execute(&args, context),
            Self::Kb(args) => kb::execute(args, context),
            Self::Link(args) => link::execute(&args, context),
            Self::Corpus(args) => corpus::execute(&args, context),
            Self::Tokenize(args) => tokenize::execute(&args, context),
            Self::Mask(args) => mask::execute(&args, context),
            Self::Train(args) => train::execute(&args, context),
            Self::Finetune(args) => finetune::execute(&args, context),
            Self::Eval(args) => eval::execute(&args, context),
            Self::Predict(args) => predict::execute(&args, context),
            Self::FillMask(args) => fill_mask::execute(&args, context),
            Self::Embed(args) => embed::execute(&args, context),
            Self::Import(args) => import::execute(&args, context),
            Self::Export(args) => export::execute(&args, context),
            Self::Convert(args) => convert::execute(&args, context),
            Self::Vocab(args) => vocab::execute(&args, context),
            Self::Cache(args) => cache::execute(&args, context),
            Self::Bench(args) => bench::execute(&args, context),
            Self::Doctor(args) => doctor::execute(&args, context),
        }
    }
}
