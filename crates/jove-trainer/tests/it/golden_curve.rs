//! The loss curve and the weights of two tiny runs stay what they were.
//!
//! A change that is no change of the method leaves the bits alone on one machine. Vector units of other widths sum in other
//! orders, so the committed numbers are compared to 1e-5, relative, over few enough steps that this does not add up.

use jove_core::Silent;
use jove_model::Parameters as _;
use jove_trainer::{TrainConfig, TranslationForm, read_metrics};

use crate::world::{output, remembering, trainer};

/// Loss per item of link, mlm, relation, tlm, translation and word-alignment, then the gradient norm; a row a step.
const ALL_OBJECTIVES: [[f64; 7]; 12] = [
    [6.477_721_895, 4.192_579_321, 3.807_743_073, 4.241_359_711, 1.876_205_853, 1.485_262_871, 55.694_256_657],
    [5.985_872_269, 4.227_825_589, 3.826_535_416, 4.229_862_758, 3.224_629_266, 1.755_243_101, 48.475_343_712],
    [5.811_845_779, 4.144_676_6, 2.701_344_776, 4.232_068_016, 3.102_325_031, 1.918_356_054, 30.144_139_105],
    [6.651_312_147, 4.149_660_412, 2.667_602_902, 4.212_240_468, 3.065_984_453, 1.655_542_173, 39.437_854_435],
    [5.467_801_775, 4.138_135_77, 2.575_224_209, 4.201_478_767, 3.140_610_559, 1.832_877_661, 31.568_287_449],
    [4.559_118_543, 4.134_389_516, 2.490_386_677, 4.192_725_976, 2.959_328_651, 1.776_773_089, 25.013_109_532],
    [4.623_922_484, 4.113_834_805, 2.582_262_23, 4.134_414_472, 2.902_273_178, 1.343_625_307, 25.786_912_305],
    [4.339_557_511, 4.114_497_34, 2.384_375_095, 4.225_426_356, 3.023_625_238, 1.561_066_31, 24.839_553_159],
    [4.064_825_058, 4.118_198_997, 2.341_561_545, 4.114_394_138, 3.005_072_457, 1.597_758_91, 21.794_179_286],
    [3.104_433_468, 4.092_254_857, 2.391_604_173, 4.139_928_727, 2.957_019_533, 1.371_663_991, 14.817_115_085],
    [3.798_144_749, 4.145_872_116, 2.480_280_831, 4.116_305_987, 2.841_505_187, 1.377_166_748, 18.763_864_652],
    [3.817_696_299, 4.039_085_743, 2.050_088_882, 4.165_797_393, 2.898_026_33, 1.351_829_433, 22.016_374_774],
];

/// The same of the run with an inner layer.
const INNER_LAYER: [[f64; 7]; 4] = [
    [6.477_721_895, 4.192_579_321, 3.807_743_073, 4.241_359_711, 3.767_366_137, 1.485_262_871, 56.403_228_704],
    [5.788_494_11, 4.214_115_355, 3.374_013_519, 4.225_296_202, 3.948_515_892, 1.754_779_916, 41.574_606_997],
    [5.753_858_021, 4.138_193_571, 2.616_112_041, 4.230_711_256, 3.798_689_025, 1.905_629_337, 29.589_433_967],
    [6.865_408_216, 4.154_446_05, 2.666_262_127, 4.220_575_913, 3.760_354_723, 1.688_148_047, 40.794_015_272],
];

/// All six objectives, dropout, two forward passes a step, queues, hard negatives, a learned temperature.
fn all_objectives(steps: u64) -> TrainConfig {
    let mut config =
        TrainConfig { batch_tokens: 512, accumulation: 2, log_every: 1, learning_rate: 1e-3, ..remembering(steps) };
    let objectives = &mut config.objectives;
    objectives.link.learned_temperature = true;
    objectives.link.hard_negatives = 2;
    objectives.relation.weight = 0.5;
    objectives.relation.description_length = 8;
    objectives.relation.projection = 16;
    objectives.translation.form = TranslationForm::Xlco;
    objectives.translation.queue = 16;
    (objectives.link.share, objectives.relation.share) = (0.2, 0.2);
    (objectives.tlm.share, objectives.word_alignment.share, objectives.translation.share) = (0.2, 0.2, 0.2);
    config
}

/// The mean loss of every objective, in the order of their names, and the gradient norm, step by step; and for every
/// parameter the sum of its numbers' absolute values.
fn curve(config: &TrainConfig) -> (Vec<Vec<f64>>, Vec<f64>) {
    let dir = tempfile::tempdir().unwrap();
    let mut trainer = trainer(config, dir.path());
    trainer.run(&Silent).unwrap();
    let lines = read_metrics(&output(dir.path()).metrics()).unwrap();
    let losses = lines.iter().map(|line| {
        let means = line.losses.values().map(jove_trainer::Loss::mean);
        means.chain([line.gradient_norm]).collect()
    });
    let mut weights = Vec::new();
    trainer.model().visit(&mut |parameter| {
        weights.push(parameter.to_vec().iter().map(|value| f64::from(value.abs())).sum::<f64>());
    });
    (losses.collect(), weights)
}

/// The sum of the weights' digests, each with another factor.
fn digest(weights: &[f64]) -> f64 {
    weights.iter().enumerate().map(|(index, weight)| weight * (1.0 + index as f64 / 64.0)).sum()
}

fn check(config: &TrainConfig, expected: &[[f64; 7]], expected_digest: f64) {
    let (losses, weights) = curve(config);
    let found = digest(&weights);
    let shown = format!("{losses:?}\n{found:?}");
    assert_eq!(losses.len(), expected.len(), "{shown}");
    let near = |found: f64, expected: f64| (found - expected).abs() <= 1e-5 * expected.abs();
    for (losses, expected) in losses.iter().zip(expected) {
        assert_eq!(losses.len(), expected.len(), "{shown}");
        assert!(losses.iter().zip(expected).all(|(&found, &expected)| near(found, expected)), "{shown}");
    }
    assert!(near(found, expected_digest), "{shown}");
}

#[test]
fn the_curve_of_all_objectives_is_the_committed_one() {
    check(&all_objectives(12), &ALL_OBJECTIVES, 1_711.785_811_857);
}

#[test]
fn the_curve_with_an_inner_layer_and_negatives_of_the_batch_is_the_committed_one() {
    let mut config = all_objectives(4);
    config.objectives.translation.form = TranslationForm::InBatch;
    config.objectives.translation.layer = Some(1);
    config.objectives.word_alignment.layer = Some(1);
    config.objectives.tlm.weight = 0.3;
    config.objectives.translation.margin = 0.1;
    check(&config, &INNER_LAYER, 1_704.014_460_297);
}
