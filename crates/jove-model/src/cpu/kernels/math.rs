//! `exp` and `erf` as polynomials, so that loops over them become vector code.

/// `2^x` is `e^(x ln 2)`: ln 2 in two parts, the first exact in a few bits.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;
/// Adding it rounds to a whole number, which is then in the lowest bits.
const ROUND: f32 = 12_582_912.0;

/// `e^x` to within two units in the last place; 0 below -87, and no more than `e^88`.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let clamped = x.clamp(-87.3, 88.3);
    let rounded = clamped.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = rounded - ROUND;
    let r = n.mul_add(-LN_2_LOW, n.mul_add(-LN_2_HIGH, clamped));
    let mut p = 1.987_569_1e-4;
    p = r.mul_add(p, 1.398_199_9e-3);
    p = r.mul_add(p, 8.333_452e-3);
    p = r.mul_add(p, 4.166_579_6e-2);
    p = r.mul_add(p, 1.666_666_5e-1);
    p = r.mul_add(p, 0.5);
    let value = (r * r).mul_add(p, r) + 1.0;
    let power = f32::from_bits((rounded.to_bits() << 23).wrapping_add(1.0f32.to_bits()));
    if x < -87.3 { 0.0 } else { value * power }
}

/// The error function to within 1e-6, as a quotient of polynomials.
#[inline(always)]
pub(crate) fn erf(x: f32) -> f32 {
    let x = x.clamp(-4.0, 4.0);
    let s = x * x;
    let mut p = -2.726_142_3e-10;
    p = s.mul_add(p, 2.770_681_4e-8);
    p = s.mul_add(p, -2.101_024e-6);
    p = s.mul_add(p, -5.692_506_3e-5);
    p = s.mul_add(p, -7.349_906_3e-4);
    p = s.mul_add(p, -2.954_6e-3);
    p = s.mul_add(p, -1.609_603_3e-2);
    let mut q = -1.456_607_2e-5;
    q = s.mul_add(q, -2.133_740_6e-4);
    q = s.mul_add(q, -1.682_827e-3);
    q = s.mul_add(q, -7.373_329e-3);
    q = s.mul_add(q, -1.426_473_9e-2);
    x * p / q
}

/// `x Φ(x)`.
#[inline(always)]
pub(crate) fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2))
}

/// The derivative of [`gelu`], `Φ(x) + x φ(x)`, and its value.
#[inline(always)]
pub(crate) fn gelu_slope(x: f32) -> (f32, f32) {
    const INVERSE_ROOT_TAU: f32 = 0.398_942_3;
    let share = 0.5 * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2));
    (x.mul_add(INVERSE_ROOT_TAU * exp(-0.5 * x * x), share), x * share)
}

/// The sum, in 16 lanes so that it becomes vector code; the same order everywhere.
#[inline(always)]
pub(crate) fn sum(x: &[f32]) -> f32 {
    reduce(x, |lane, value| lane + value)
}

/// The dot product, in 16 lanes.
#[inline(always)]
pub(crate) fn dot(x: &[f32], y: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 16];
    let (x_chunks, y_chunks) = (x.chunks_exact(16), y.chunks_exact(16));
    for ((lane, &a), &b) in lanes.iter_mut().zip(x_chunks.remainder()).zip(y_chunks.remainder()) {
        *lane = a * b;
    }
    for (a, b) in x_chunks.zip(y_chunks) {
        for i in 0..16 {
            lanes[i] = a[i].mul_add(b[i], lanes[i]);
        }
    }
    fold(lanes, |a, b| a + b)
}

/// The sum of squared distances to `center`, in 16 lanes.
#[inline(always)]
pub(crate) fn square_sum(x: &[f32], center: f32) -> f32 {
    reduce(x, |lane, value| (value - center).mul_add(value - center, lane))
}

/// The largest number; minus infinity if there is none.
#[inline(always)]
pub(crate) fn max(x: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; 16];
    let chunks = x.chunks_exact(16);
    for (lane, &value) in lanes.iter_mut().zip(chunks.remainder()) {
        *lane = value;
    }
    for chunk in chunks {
        for i in 0..16 {
            lanes[i] = if chunk[i] > lanes[i] { chunk[i] } else { lanes[i] };
        }
    }
    fold(lanes, f32::max)
}

#[inline(always)]
fn reduce(x: &[f32], add: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0.0f32; 16];
    let chunks = x.chunks_exact(16);
    for (lane, &value) in lanes.iter_mut().zip(chunks.remainder()) {
        *lane = add(*lane, value);
    }
    for chunk in chunks {
        for i in 0..16 {
            lanes[i] = add(lanes[i], chunk[i]);
        }
    }
    fold(lanes, |a, b| a + b)
}

#[inline(always)]
fn fold(mut lanes: [f32; 16], join: impl Fn(f32, f32) -> f32) -> f32 {
    let mut width = 8;
    while width > 0 {
        for i in 0..width {
            lanes[i] = join(lanes[i], lanes[i + width]);
        }
        width /= 2;
    }
    lanes[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points() -> impl Iterator<Item = f32> {
        (-88_000..88_000).map(|i| i as f32 * 1e-3)
    }

    #[test]
    fn exp_is_close_everywhere() {
        for x in points().filter(|x| *x > -87.0) {
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) / exact - 1.0).abs() < 3e-7, "{x}");
        }
        assert_eq!(exp(-1e30).to_bits(), 0);
        assert_eq!(exp(f32::NEG_INFINITY).to_bits(), 0);
        assert!(exp(1e30).is_finite() && exp(f32::NAN).is_nan());
    }

    #[test]
    fn gelu_and_its_slope_are_close_everywhere() {
        // The exact ones by summing the normal density in small steps, in double precision.
        let step = 1e-4;
        let density = |x: f64| (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt();
        let mut share = 0.5;
        for i in 0..60_000 {
            let x = f64::from(i) * step;
            for (x, share) in [(x, share), (-x, 1.0 - share)] {
                let (slope, value) = gelu_slope(x as f32);
                assert!((f64::from(value) - x * share).abs() < 1e-6 * x.abs().max(1.0), "{x}: {value}");
                assert!((f64::from(gelu(x as f32)) - x * share).abs() < 1e-6 * x.abs().max(1.0), "{x}");
                assert!((f64::from(slope) - (share + x * density(x))).abs() < 2e-6, "{x}: {slope}");
            }
            share += step / 6.0 * (density(x) + 4.0 * density(x + step / 2.0) + density(x + step));
        }
    }

    #[test]
    fn reductions_take_every_element() {
        for length in [0, 1, 15, 16, 17, 40] {
            let x: Vec<f32> = (0..length).map(|i| i as f32 - 3.0).collect();
            assert!((sum(&x) - x.iter().sum::<f32>()).abs() < 1e-3);
            assert!((dot(&x, &x) - x.iter().map(|v| v * v).sum::<f32>()).abs() < 1e-2);
            assert!((square_sum(&x, 1.0) - x.iter().map(|v| (v - 1.0) * (v - 1.0)).sum::<f32>()).abs() < 1e-2);
            let largest = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            assert_eq!(max(&x).to_bits(), largest.to_bits());
        }
    }
}
