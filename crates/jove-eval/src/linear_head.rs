//! Deterministic multinomial logistic regression.

use rayon::prelude::*;

/// Weight of the L2 penalty: the loss is the mean cross-entropy plus half of this times the squared weights, which keeps the
/// optimum finite on separable data.
const PENALTY: f64 = 1e-3;
/// Steps of accelerated gradient descent; more change no score by a tenth of a point.
const STEPS: usize = 150;

/// A linear classifier over standardised features.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LinearHead {
    width: usize,
    mean: Vec<f64>,
    /// 1 / standard deviation; 0 for a constant feature.
    scale: Vec<f64>,
    /// [classes, width + 1], the bias last.
    weights: Vec<f64>,
}

impl LinearHead {
    /// Fits a head to `values` `[items, width]` by Nesterov's accelerated gradient ("A method for solving the convex
    /// programming problem with convergence rate O(1/k²)", 1983) from zero, with a step that the loss's curvature bounds:
    /// no randomness and nothing to tune. Sums run in the order of items, so threads change nothing.
    pub(crate) fn fit(values: &[f32], width: usize, classes: &[usize], count: usize) -> Self {
        let items = classes.len();
        let (mean, scale) = moments(values, width);
        let mut head = Self { width, mean, scale, weights: vec![0.0; count * (width + 1)] };
        let rows: Vec<f64> = head.features(values);
        let mut ahead = head.weights.clone();
        // The Hessian of the softmax's cross-entropy is at most 1/2.
        let largest = largest_eigenvalue(&rows, width + 1);
        let rate = 1.0 / (0.5 * largest + PENALTY);
        for step in 0..STEPS {
            let errors = head.errors(&rows, &ahead, classes);
            let gradient = gradient(&rows, &errors, width + 1, count, items);
            let momentum = step as f64 / (step as f64 + 3.0);
            for (((weight, ahead), gradient), index) in head.weights.iter_mut().zip(&mut ahead).zip(gradient).zip(0..) {
                let is_bias = index % (width + 1) == width;
                let next = *ahead - rate * (gradient + if is_bias { 0.0 } else { PENALTY * *ahead });
                *ahead = next + momentum * (next - *weight);
                *weight = next;
            }
        }
        head
    }

    /// The logits of all classes for each row of `values` `[items, width]`.
    pub(crate) fn scores(&self, values: &[f32]) -> Vec<Vec<f32>> {
        let rows = self.features(values);
        let scores = |row: &[f64]| logits(row, &self.weights).into_iter().map(|logit| logit as f32).collect();
        rows.par_chunks_exact(self.width + 1).map(scores).collect()
    }

    /// Standardised features with a one for the bias, `[items, width + 1]`.
    fn features(&self, values: &[f32]) -> Vec<f64> {
        let row = |row: &[f32]| -> Vec<f64> {
            let scaled = row.iter().zip(&self.mean).zip(&self.scale).map(|((x, mean), s)| (f64::from(*x) - mean) * s);
            scaled.chain([1.0]).collect()
        };
        values.chunks_exact(self.width.max(1)).flat_map(row).collect()
    }

    /// Probabilities minus the one-hot targets, `[items, classes]`.
    fn errors(&self, rows: &[f64], weights: &[f64], classes: &[usize]) -> Vec<f64> {
        let error = |(row, &class): (&[f64], &usize)| -> Vec<f64> {
            let mut values = logits(row, weights);
            let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            for value in &mut values {
                *value = (*value - most).exp();
            }
            let sum: f64 = values.iter().sum();
            for value in &mut values {
                *value /= sum;
            }
            values[class] -= 1.0;
            values
        };
        rows.par_chunks_exact(self.width + 1).zip(classes).flat_map_iter(error).collect()
    }
}

fn logits(row: &[f64], weights: &[f64]) -> Vec<f64> {
    weights.chunks_exact(row.len()).map(|own| dot(own, row)).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The gradient of the mean cross-entropy, `[classes, width]`.
fn gradient(rows: &[f64], errors: &[f64], width: usize, classes: usize, items: usize) -> Vec<f64> {
    let of = |class: usize| {
        let mut sum = vec![0.0; width];
        for (row, errors) in rows.chunks_exact(width).zip(errors.chunks_exact(classes)) {
            let error = errors[class] / items as f64;
            sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += error * x);
        }
        sum
    };
    (0..classes).into_par_iter().flat_map_iter(of).collect()
}

/// Mean and 1 / standard deviation of each feature.
fn moments(values: &[f32], width: usize) -> (Vec<f64>, Vec<f64>) {
    let rows = || values.chunks_exact(width.max(1));
    let items = rows().len().max(1) as f64;
    let (mut mean, mut square) = (vec![0.0; width], vec![0.0; width]);
    for row in rows() {
        mean.iter_mut().zip(row).for_each(|(mean, &x)| *mean += f64::from(x) / items);
    }
    for row in rows() {
        square
            .iter_mut()
            .zip(row)
            .zip(&mean)
            .for_each(|((square, &x), m)| *square += (f64::from(x) - m).powi(2) / items);
    }
    let scale = square.into_iter().map(|square: f64| if square > 1e-12 { square.sqrt().recip() } else { 0.0 });
    (mean, scale.collect())
}

/// An upper estimate of the largest eigenvalue of the features' second-moment matrix: power iteration plus 10%.
fn largest_eigenvalue(rows: &[f64], width: usize) -> f64 {
    let items = (rows.len() / width).max(1) as f64;
    let mut vector = vec![1.0 / (width as f64).sqrt(); width];
    let mut value = 1.0;
    for _ in 0..30 {
        let mut next = vec![0.0; width];
        for row in rows.chunks_exact(width) {
            let along = dot(row, &vector) / items;
            next.iter_mut().zip(row).for_each(|(next, x)| *next += along * x);
        }
        value = dot(&next, &next).sqrt();
        if value <= f64::EPSILON {
            return 1.0;
        }
        vector = next.into_iter().map(|x| x / value).collect();
    }
    1.1 * value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_between_classes_is_found() {
        // Three classes around three corners; the third feature never changes, and the fourth is noise.
        let corners = [[4.0, 0.0], [-4.0, 1.0], [0.0, -5.0]];
        let item = |index: usize| {
            let wobble = |step: usize| ((index * step) % 17) as f32 / 17.0 - 0.5;
            let [x, y] = corners[index % 3];
            [x + wobble(5), y + wobble(7), 2.0, wobble(11)]
        };
        let values: Vec<f32> = (0..60).flat_map(item).collect();
        let classes: Vec<usize> = (0..60).map(|index| index % 3).collect();
        let head = LinearHead::fit(&values, 4, &classes, 3);
        assert_eq!(head, LinearHead::fit(&values, 4, &classes, 3));
        let unseen: Vec<f32> = (60..120).flat_map(item).collect();
        for (index, scores) in (60..120).zip(head.scores(&unseen)) {
            assert!((0..3).all(|class| scores[class] <= scores[index % 3]), "{index}: {scores:?}");
        }
    }

    #[test]
    fn at_the_optimum_the_gradient_is_the_penalty() {
        // Classes that overlap, so that the optimum is inside.
        let values: Vec<f32> = (0..40).flat_map(|n| [(n % 7) as f32, ((n * n) % 5) as f32]).collect();
        let classes: Vec<usize> = (0..40).map(|n| usize::from((n * 3) % 8 > 3)).collect();
        let head = LinearHead::fit(&values, 2, &classes, 2);
        let rows = head.features(&values);
        let gradient = gradient(&rows, &head.errors(&rows, &head.weights, &classes), 3, 2, 40);
        for (index, (gradient, weight)) in gradient.iter().zip(&head.weights).enumerate() {
            let penalty = if index % 3 == 2 { 0.0 } else { PENALTY * weight };
            assert!((gradient + penalty).abs() < 1e-4, "{index}: {gradient} {penalty}");
        }
    }

    #[test]
    fn constant_features_are_ignored() {
        let head = LinearHead::fit(&[1.0, 1.0, 1.0, 1.0], 2, &[0, 1], 2);
        let scores = head.scores(&[5.0, -3.0]).remove(0);
        assert!(scores.len() == 2 && (scores[0] - scores[1]).abs() < 1e-9, "{scores:?}");
        assert!(head.scores(&[]).is_empty());
    }
}
