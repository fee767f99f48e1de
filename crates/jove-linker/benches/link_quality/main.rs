//! How good the links are, on silver and on hand-labelled sentences; prints JSON lines.
//!
//! `cargo run --release -p jove-linker --example link_quality -- DATA_ROOT LABELS [--fit] [--show]`
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a tool for the bench may stop where it stands")]

mod agri;
mod duie;
mod score;

use jove_linker::{FEATURE_NAMES, LinkClassifier, Tagger, TaggerOptions};

const THRESHOLDS: [f32; 7] = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, labels, flags @ ..] = arguments.as_slice() else {
        println!("usage: link_quality DATA_ROOT LABELS [--fit] [--show]");
        return;
    };
    let flag = |name: &str| flags.iter().any(|argument| argument == name);
    let tagger = Tagger::new(&TaggerOptions::default(), []).unwrap();
    let rows = duie::read(data);
    let agri = agri::Agri::read(data, labels, &tagger);
    let calibration = if flag("--fit") { fit(&rows, &agri, &tagger) } else { LinkClassifier::default() };
    let thresholds = if flag("--show") { &THRESHOLDS[3..4] } else { &THRESHOLDS };
    for score_min in thresholds.iter().copied() {
        agri.score(&tagger, calibration, score_min, Some(1), flag("--show"));
        agri.score(&tagger, calibration, score_min, None, false);
    }
    duie::run(&rows, &tagger, calibration, thresholds, if flag("--show") { 30 } else { 0 });
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
    for (name, weight) in FEATURE_NAMES.iter().zip(fitted.weights) {
        println!("{}", serde_json::json!({"feature": name, "weight": weight}));
    }
    fitted
}
