//! Precision and recall of links on silver-standard and hand-labelled sentences; prints JSON lines.
//!
//! `cargo bench -p jove-linker --bench link_quality -- DATA_ROOT LABELS [--fit] [--show]`
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may panic and print")]

mod agri;
mod duie;
mod score;

use jove_linker::{Feature, LinkClassifier, Tagger, TaggerOptions};

const THRESHOLDS: [f32; 7] = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

fn main() {
    // Cargo adds `--bench` of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [data, labels, flags @ ..] = arguments.as_slice() else {
        println!("usage: link_quality DATA_ROOT LABELS [--fit] [--show]");
        return;
    };
    let flag = |name: &str| flags.iter().any(|argument| argument == name);
    let tagger = Tagger::new(&TaggerOptions::default(), []).unwrap();
    let rows = duie::read(data);
    let agri = agri::Agri::read(data, labels, &tagger);
    let classifier = if flag("--fit") { fit(&rows, &agri, &tagger) } else { LinkClassifier::default() };
    let thresholds = if flag("--show") { &THRESHOLDS[3..4] } else { &THRESHOLDS };
    for score_min in thresholds.iter().copied() {
        agri.score(&tagger, classifier, score_min, Some(1), flag("--show"));
        agri.score(&tagger, classifier, score_min, None, false);
    }
    duie::run(&rows, &tagger, classifier, thresholds, if flag("--show") { 30 } else { 0 });
}

/// Weights fitted to half of both sets, each counting alike.
fn fit(rows: &[duie::Row], agri: &agri::Agri, tagger: &Tagger) -> LinkClassifier {
    let silver = duie::examples(rows, tagger);
    let hand = agri.examples(tagger);
    let times = (silver.len() / hand.len().max(1)).max(1);
    let mut examples = silver;
    for _ in 0..times {
        examples.extend_from_slice(&hand);
    }
    let fitted = LinkClassifier::fit(&examples, 1.0);
    for feature in Feature::ALL {
        println!("{}", serde_json::json!({"feature": feature.as_str(), "weight": fitted.weights[feature]}));
    }
    fitted
}
