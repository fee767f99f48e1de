//! What a pretrained model answers as it is.

use jove_finetune::Asked;
use jove_objectives::{Device, Pooling};

use crate::world::{World, sentence};

#[test]
fn vectors_do_not_depend_on_their_neighbours() {
    let world = World::new();
    let model = Asked::open(&world.path("model"), Device::Cpu, false).unwrap();
    let mut texts: Vec<String> = (0..9).map(sentence).collect();
    texts.extend(["", "e\u{301}😀שלום", &"山".repeat(500)].map(str::to_owned));
    for pooling in [Pooling::First, Pooling::Mean] {
        let together = model.vectors(&texts, pooling, true).unwrap();
        for (text, vector) in texts.iter().zip(&together) {
            let alone = &model.vectors(std::slice::from_ref(text), pooling, true).unwrap()[0];
            let difference = vector.iter().zip(alone).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            let length: f32 = vector.iter().map(|value| value * value).sum();
            assert!(difference < 1e-5 && (length - 1.0).abs() < 1e-5, "{text}: {difference} {length}");
        }
    }
    assert_eq!(model.vectors(&[], Pooling::Mean, true).unwrap(), Vec::<Vec<f32>>::new());
}

#[test]
fn every_mask_has_its_pieces_with_falling_probabilities() {
    let world = World::new();
    let model = Asked::open(&world.path("model"), Device::Cpu, true).unwrap();
    assert_eq!(model.mask(), "[MASK]");
    let masks = model.fill("[MASK]在山[MASK]写书", 3).unwrap();
    assert_eq!(masks.len(), 2);
    for pieces in &masks {
        assert!(pieces.len() == 3 && pieces.windows(2).all(|pair| pair[0].probability >= pair[1].probability));
        assert!(pieces.iter().all(|piece| !piece.piece.is_empty() && piece.probability > 0.0), "{pieces:?}");
    }
    let all: f64 = model.fill("[MASK]", usize::MAX).unwrap()[0].iter().map(|piece| piece.probability).sum();
    assert!((all - 1.0).abs() < 1e-6, "{all}");
    let error = model.fill("no mask", 3).unwrap_err().to_string();
    assert_eq!(error, "text: expected a text with [MASK], found none");
    assert!(model.fill(&"山[MASK]".repeat(50), 1).unwrap_err().to_string().contains("expected 1 to 24 tokens"));
}
