//! Values of operators, in both forms, against the formulas in double precision, row by row.

use dfdx::prelude::{Cpu, NoneTape};
use jove_core::ModelConfig;
use jove_model::ops::{AttentionArgs, NormWeights, Tables, composed, tape};
use jove_model::{Backend, Matrix, PackedBatch, Vector};
use proptest::prelude::*;

use crate::support::{cumulative, lengths, mask, matrix, vector};

/// A matrix as rows of doubles.
fn rows(x: &Matrix<Cpu>) -> Vec<Vec<f64>> {
    let width = dfdx::prelude::HasShape::shape(x).1;
    x.as_vec().chunks(width.max(1)).map(|row| row.iter().map(|x| f64::from(*x)).collect()).collect()
}

fn numbers(x: &Vector<Cpu>) -> Vec<f64> {
    x.as_vec().into_iter().map(f64::from).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn softmax(scores: &[f64]) -> Vec<f64> {
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = scores.iter().map(|x| (x - largest).exp()).sum();
    scores.iter().map(|x| (x - largest).exp() / sum).collect()
}

/// Both forms are close to the formula.
fn check(name: &str, forms: [Vec<f32>; 2], expected: &[f64]) {
    for (form, found) in ["own", "composed"].into_iter().zip(forms) {
        assert_eq!(found.len(), expected.len(), "{name}, {form}");
        let largest = expected.iter().fold(1.0f64, |most, x| most.max(x.abs()));
        for (i, (a, b)) in found.iter().zip(expected).enumerate() {
            assert!((f64::from(*a) - b).abs() < 1e-5 * largest, "{name}, {form}: number {i} is {a}, not {b}");
        }
    }
}

fn check_linear((n, k, out): (usize, usize, usize)) {
    let (x, w, b) = (matrix(n, k, 1), matrix(out, k, 2), vector(out, 3));
    let forms = [
        Cpu::linear(x.clone(), &w, Some(&b)).unwrap().as_vec(),
        composed::linear(x.clone(), &w, Some(&b)).unwrap().as_vec(),
    ];
    let (w, b) = (rows(&w), numbers(&b));
    let of_row = |x: Vec<f64>| w.iter().zip(&b).map(|(w, b)| dot(w, &x) + b).collect::<Vec<_>>();
    check("linear", forms, &rows(&x).into_iter().flat_map(of_row).collect::<Vec<_>>());
}

fn check_add_norm(n: usize, width: usize) {
    let (x, residual) = (matrix(n, width, 1), matrix(n, width, 2));
    let (weight, bias, mask) = (vector(width, 3), vector(width, 4), mask(0.3, 1));
    let norm = NormWeights { weight: &weight, bias: &bias, epsilon: 1e-3 };
    let forms = [
        Cpu::add_norm(x.clone(), Some(residual.clone()), &norm, mask).unwrap().as_vec(),
        composed::add_norm(x.clone(), Some(residual.clone()), &norm, mask).unwrap().as_vec(),
    ];
    let factors = mask.unwrap().factors(n, width);
    let (weight, bias, mut expected) = (numbers(&weight), numbers(&bias), Vec::new());
    for (r, (x, residual)) in rows(&x).iter().zip(rows(&residual)).enumerate() {
        let factor = |c: usize| f64::from(factors[r * width + c]);
        let sum: Vec<f64> = (0..width).map(|c| x[c] * factor(c) + residual[c]).collect();
        let mean = sum.iter().sum::<f64>() / width as f64;
        let variance = sum.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / width as f64;
        expected.extend((0..width).map(|c| (sum[c] - mean) / (variance + 1e-3).sqrt() * weight[c] + bias[c]));
    }
    check("add_norm", forms, &expected);
}

fn check_attention(lengths: &[usize], heads: usize, size: usize) {
    let cu_seqlens = cumulative(lengths);
    let (tokens, width) = (lengths.iter().sum(), heads * size);
    let [q, k, v] = [1, 2, 3].map(|salt| matrix(tokens, width, salt));
    let args = AttentionArgs { cu_seqlens: &cu_seqlens, heads, mask: None };
    let forms = [
        Cpu::attention(q.clone(), k.clone(), v.clone(), &args).unwrap().as_vec(),
        composed::attention(q.clone(), k.clone(), v.clone(), &args).unwrap().as_vec(),
    ];
    let (q, k, v) = (rows(&q), rows(&k), rows(&v));
    let mut expected = vec![0.0; tokens * width];
    for (sequence, head) in cu_seqlens.windows(2).flat_map(|s| (0..heads).map(move |head| (s[0]..s[1], head))) {
        let columns = head * size..(head + 1) * size;
        for query in sequence.clone() {
            let score = |key: usize| dot(&q[query][columns.clone()], &k[key][columns.clone()]) / (size as f64).sqrt();
            let shares = softmax(&sequence.clone().map(score).collect::<Vec<_>>());
            for (key, share) in sequence.clone().zip(shares) {
                columns.clone().for_each(|c| expected[query * width + c] += share * v[key][c]);
            }
        }
    }
    check("attention", forms, &expected);
}

fn check_losses((n, h, v): (usize, usize, usize)) {
    let (x, w, b) = (matrix(n, h, 1), matrix(v, h, 2), vector(v, 3));
    let targets: Vec<u32> = (0..n).map(|i| (i * 31 % v) as u32).collect();
    let own = Cpu::vocabulary_cross_entropy(x.clone(), &w, &b, &targets).unwrap();
    let other = composed::vocabulary_cross_entropy(x.clone(), &w, &b, &targets).unwrap();
    let (wide, bias) = (rows(&w), numbers(&b));
    let loss = |(x, target): (&Vec<f64>, &u32)| {
        let logits: Vec<f64> = wide.iter().zip(&bias).map(|(w, b)| dot(w, x) + b).collect();
        -softmax(&logits)[*target as usize].ln()
    };
    let expected: f64 = rows(&x).iter().zip(&targets).map(loss).sum();
    check("vocabulary_cross_entropy", [vec![tape::value(&own)], vec![tape::value(&other)]], &[expected]);
    let logits = Cpu::linear(x, &w, Some(&b)).unwrap();
    let own = Cpu::cross_entropy(logits.clone(), &targets).unwrap();
    let other = composed::cross_entropy(logits, &targets).unwrap();
    check("cross_entropy", [vec![tape::value(&own)], vec![tape::value(&other)]], &[expected]);
}

fn check_contrast(n: usize, m: usize, h: usize) {
    let (a, b) = (matrix(n, h, 1), matrix(m, h, 2));
    let length = |row: &Vec<f64>| (dot(row, row) + 1e-12).sqrt();
    let forms = [Cpu::l2_normalize(a.clone()).unwrap().as_vec(), composed::l2_normalize(a.clone()).unwrap().as_vec()];
    let unit = |row: Vec<f64>| row.iter().map(|x| x / length(&row)).collect::<Vec<_>>();
    check("l2_normalize", forms, &rows(&a).into_iter().flat_map(unit).collect::<Vec<_>>());
    let forms = [
        Cpu::similarity(a.clone(), b.clone()).unwrap().as_vec(),
        composed::similarity(a.clone(), b.clone()).unwrap().as_vec(),
    ];
    let b = rows(&b);
    let products = |a: Vec<f64>| b.iter().map(|b| dot(&a, b)).collect::<Vec<_>>();
    check("similarity", forms, &rows(&a).into_iter().flat_map(products).collect::<Vec<_>>());
}

fn check_span_mean(n: usize, h: usize, spans: &[(u32, u32)]) {
    let x = matrix(n, h, 1);
    let forms =
        [Cpu::span_mean(x.clone(), spans).unwrap().as_vec(), composed::span_mean(x.clone(), spans).unwrap().as_vec()];
    let x = rows(&x);
    let mean = |&(start, end): &(u32, u32)| {
        let rows = &x[start as usize..end as usize];
        (0..h).map(|c| rows.iter().map(|row| row[c]).sum::<f64>() / rows.len() as f64).collect::<Vec<_>>()
    };
    check("span_mean", forms, &spans.iter().flat_map(mean).collect::<Vec<_>>());
}

fn check_embed(lengths: &[usize]) {
    let config = ModelConfig::xlm_roberta(50, 12, 1, 2, 8);
    let mut batch = PackedBatch::builder(&config);
    for (n, &length) in lengths.iter().enumerate() {
        batch.push(&(0..length).map(|i| ((i * 7 + n) % 50) as u32).collect::<Vec<_>>()).unwrap();
    }
    let batch = batch.build();
    let [words, positions, segments] = [(50, 1), (514, 2), (1, 3)].map(|(rows, salt)| matrix(rows, 12, salt));
    let tables = Tables { words: &words, positions: &positions, segments: &segments };
    let forms = [
        Cpu::embed(&tables, &batch, NoneTape).unwrap().as_vec(),
        composed::embed(&tables, &batch, NoneTape).unwrap().as_vec(),
    ];
    let [words, positions, segments] = [words, positions, segments].map(|table| rows(&table));
    let ids = batch.tokens().iter().zip(batch.positions());
    let sum = |(&token, &position): (&u32, &u32)| {
        let (word, position) = (words[token as usize].clone(), &positions[position as usize]);
        word.into_iter().zip(position).zip(&segments[0]).map(|((a, b), c)| a + b + c).collect::<Vec<_>>()
    };
    check("embed", forms, &ids.flat_map(sum).collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn linear_is_its_formula(n in 1..40usize, k in 1..40usize, out in 1..40usize) {
        check_linear((n, k, out));
    }

    #[test]
    fn add_norm_is_its_formula(n in 1..20usize, width in 2..70usize) {
        check_add_norm(n, width);
    }

    #[test]
    fn attention_is_its_formula(lengths in lengths(), heads in 1..4usize, size in 1..9usize) {
        check_attention(&lengths, heads, size);
    }

    #[test]
    fn losses_are_their_formulas(n in 1..20usize, h in 1..20usize, v in 2..600usize) {
        check_losses((n, h, v));
    }

    #[test]
    fn contrast_operators_are_their_formulas(n in 1..20usize, m in 1..20usize, h in 1..40usize) {
        check_contrast(n, m, h);
    }

    #[test]
    fn span_means_are_their_formula(h in 1..20usize, spans in prop::collection::vec((0..30u32, 1..10u32), 1..9)) {
        let spans: Vec<_> = spans.into_iter().map(|(start, length)| (start, start + length)).collect();
        check_span_mean(40, h, &spans);
    }

    #[test]
    fn embeddings_are_their_formula(lengths in lengths()) {
        check_embed(&lengths);
    }
}

#[test]
fn a_row_of_zeros_has_no_direction() {
    let zeros = dfdx::prelude::TensorFromVec::tensor_from_vec(&Cpu::default(), vec![0.0f32; 6], (2, 3));
    assert!(Cpu::l2_normalize(zeros).unwrap().as_vec().iter().all(|x| x.to_bits() == 0));
}

/// The exponentials of such logits overflow unless the largest is subtracted first.
#[test]
fn losses_of_large_logits_are_finite() {
    let dev = Cpu::default();
    let logits = dfdx::prelude::TensorFromVec::tensor_from_vec(&dev, vec![1000.0f32, 0.0, -1000.0, 1000.0], (2, 2));
    let loss = Cpu::cross_entropy(logits, &[0, 0]).unwrap();
    assert!((tape::value(&loss) - 2000.0).abs() < 1e-2);
}
