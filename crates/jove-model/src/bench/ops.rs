//! Every operator, forwards and backwards, beside its composed form and the machine's limits.

use dfdx::prelude::{Axes2, Cpu, SumTo};
use jove_core::Seed;

use super::{matrix_peak_gflops, memory_gb_per_s, seconds, spread};
use crate::ops::{Attend, AttentionWeights, FeedForwardWeights, NormWeights, SublayerPass, adamw, composed, tape};
use crate::{AdamW, Backend, DropMask, Error, Gradients, Matrix, Moments, OwnedTape, Scalar, Vector, init};

/// How one operator did.
#[derive(Clone, Debug)]
pub struct OpReport {
    /// The operator.
    pub op: &'static str,
    /// Median of forward and backward together, fused.
    pub fused_ms: f64,
    /// The same, composed of dfdx's operators.
    pub composed_ms: f64,
    /// The least time that the machine could take: its arithmetic at the measured matrix peak, or its reads and
    /// writes at the measured speed of memory, whichever is longer.
    pub limit_ms: f64,
    /// The largest difference between both forms' values, relative to the largest value.
    pub difference: f64,
}

/// Sizes of the operators' inputs.
#[derive(Clone, Copy, Debug)]
pub struct OpSizes {
    /// Sequences.
    pub batch: usize,
    /// Tokens in each.
    pub seq: usize,
    /// Hidden size.
    pub hidden: usize,
    /// Attention heads.
    pub heads: usize,
    /// Feed-forward size.
    pub ff: usize,
    /// Vocabulary.
    pub vocab: usize,
}

type Traced = Matrix<Cpu, OwnedTape<Cpu>>;
type Loss = Scalar<Cpu, OwnedTape<Cpu>>;

/// Random inputs that all operators share.
struct Inputs {
    sizes: OpSizes,
    x: [Matrix<Cpu>; 3],
    square: [Matrix<Cpu>; 4],
    wide: Matrix<Cpu>,
    narrow: Matrix<Cpu>,
    vocabulary: Matrix<Cpu>,
    bias: Vector<Cpu>,
    wide_bias: Vector<Cpu>,
    vocabulary_bias: Vector<Cpu>,
    bounds: Vec<usize>,
    /// Of the machine: GF/s and GB/s.
    limits: (f64, f64),
}

/// Measures every operator `repeats` times.
///
/// # Errors
/// If the sizes do not fit, or the device fails.
pub fn ops(sizes: &OpSizes, repeats: usize, each: &mut dyn FnMut(&OpReport)) -> Result<(), Error> {
    let inputs = Inputs::new(*sizes)?;
    for report in [
        inputs.linear(repeats)?,
        inputs.gelu(repeats)?,
        inputs.add_norm(repeats)?,
        inputs.attention(repeats)?,
        inputs.attention_sublayer(repeats)?,
        inputs.feed_forward_sublayer(repeats)?,
        inputs.vocabulary_cross_entropy(repeats)?,
        inputs.adamw(repeats)?,
    ] {
        each(&report);
    }
    Ok(())
}

impl Inputs {
    fn new(sizes: OpSizes) -> Result<Self, Error> {
        let dev = Cpu::default();
        let OpSizes { batch, seq, hidden, ff, vocab, .. } = sizes;
        let draw = |rows, columns, scale, name: &str| init::normal(&dev, (rows, columns), scale, Seed(1), name);
        let x = |name: &str| draw(batch * seq, hidden, 1.0, name);
        let square = |name: &str| draw(hidden, hidden, 0.02, name);
        Ok(Self {
            sizes,
            x: [x("x0")?, x("x1")?, x("x2")?],
            square: [square("q")?, square("k")?, square("v")?, square("o")?],
            wide: draw(ff, hidden, 0.02, "wide")?,
            narrow: draw(hidden, ff, 0.02, "narrow")?,
            vocabulary: draw(vocab, hidden, 0.02, "vocabulary")?,
            bias: init::constant(&dev, hidden, 0.1)?,
            wide_bias: init::constant(&dev, ff, 0.1)?,
            vocabulary_bias: init::constant(&dev, vocab, 0.0)?,
            bounds: (0..=batch).map(|b| b * seq).collect(),
            limits: (matrix_peak_gflops(), memory_gb_per_s()),
        })
    }

    fn tokens(&self) -> f64 {
        (self.sizes.batch * self.sizes.seq) as f64
    }

    #[allow(clippy::unnecessary_wraps, reason = "operators take masks as options")]
    fn mask(op: u32) -> Option<DropMask> {
        Some(DropMask::new(Seed(1), 0, op, 0.1))
    }

    fn norm(&self) -> NormWeights<'_, Cpu> {
        NormWeights { gain: &self.bias, bias: &self.bias, epsilon: 1e-5 }
    }

    /// Runs both forms; `flops` and `bytes` are what forward and backward cannot do without.
    fn compare(
        &self,
        op: &'static str,
        repeats: usize,
        (flops, bytes): (f64, f64),
        run: impl Fn(bool) -> Result<Loss, Error>,
    ) -> Result<OpReport, Error> {
        let mut times = [Vec::new(), Vec::new()];
        let mut values = [0.0f64; 2];
        for repeat in 0..=repeats {
            for (form, times) in times.iter_mut().enumerate() {
                let mut result = Ok(());
                let taken = seconds(|| {
                    result = run(form == 0).and_then(|loss| {
                        values[form] = f64::from(tape::value(&loss));
                        tape::backward(loss).map(drop)
                    });
                });
                result?;
                if repeat > 0 {
                    times.push(taken * 1e3);
                }
            }
        }
        let [fused, slow] = times.map(|times| spread(times)[0]);
        let limit_ms = (flops / self.limits.0 / 1e6).max(bytes / self.limits.1 / 1e6);
        let difference = (values[0] - values[1]).abs() / values[1].abs().max(1.0);
        Ok(OpReport { op, fused_ms: fused, composed_ms: slow, limit_ms, difference })
    }

    fn linear(&self, repeats: usize) -> Result<OpReport, Error> {
        let (h, f) = (self.sizes.hidden as f64, self.sizes.ff as f64);
        self.compare("linear", repeats, (6.0 * self.tokens() * h * f, 0.0), |fused| {
            let (x, bias) = (tape::start(&self.x[0]), Some(&self.wide_bias));
            let y = if fused { Cpu::linear(x, &self.wide, bias) } else { composed::linear(x, &self.wide, bias) };
            total(y?)
        })
    }

    fn gelu(&self, repeats: usize) -> Result<OpReport, Error> {
        let bytes = 4.0 * self.tokens() * self.sizes.hidden as f64;
        self.compare("gelu", repeats, (0.0, 5.0 * bytes), |fused| {
            let x = tape::start(&self.x[0]);
            total(if fused { Cpu::gelu(x) } else { composed::gelu(x) }?)
        })
    }

    fn add_norm(&self, repeats: usize) -> Result<OpReport, Error> {
        let bytes = 4.0 * self.tokens() * self.sizes.hidden as f64;
        self.compare("dropout+residual+layer_norm", repeats, (0.0, 8.0 * bytes), |fused| {
            let (x, residual) = (tape::start(&self.x[0]), Some(tape::start(&self.x[1])));
            let (norm, mask) = (self.norm(), Self::mask(1));
            let y = if fused {
                Cpu::add_norm(x, residual, &norm, mask)
            } else {
                composed::layer_norm(x, residual, &norm, mask)
            };
            total(y?)
        })
    }

    fn attention(&self, repeats: usize) -> Result<OpReport, Error> {
        let flops = 12.0 * self.tokens() * (self.sizes.seq * self.sizes.hidden) as f64;
        self.compare("attention", repeats, (flops, 0.0), |fused| {
            let [query, key, value] = [0, 1, 2].map(|n| tape::start(&self.x[n]));
            let how = self.attend();
            let y = if fused {
                Cpu::attention(query, key, value, &how)
            } else {
                composed::attention(query, key, value, &how)
            };
            total(y?)
        })
    }

    fn attend(&self) -> Attend<'_> {
        Attend { bounds: &self.bounds, heads: self.sizes.heads, mask: Self::mask(2) }
    }

    fn attention_sublayer(&self, repeats: usize) -> Result<OpReport, Error> {
        let (h, seq) = (self.sizes.hidden as f64, self.sizes.seq as f64);
        let flops = self.tokens() * (24.0 * h * h + 12.0 * seq * h);
        self.compare("attention_sublayer", repeats, (flops, 0.0), |fused| {
            let pair = |n: usize| (&self.square[n], &self.bias);
            let weights = AttentionWeights { inputs: [pair(0), pair(1), pair(2)], output: pair(3), norm: self.norm() };
            let pass = SublayerPass { mask: Self::mask(3), recompute: false, rows: None };
            let x = tape::start(&self.x[0]);
            let y = if fused {
                Cpu::attention_sublayer(x, &weights, &self.attend(), &pass)
            } else {
                composed::attention_sublayer(x, &weights, &self.attend(), &pass)
            };
            total(y?)
        })
    }

    fn feed_forward_sublayer(&self, repeats: usize) -> Result<OpReport, Error> {
        let (h, f) = (self.sizes.hidden as f64, self.sizes.ff as f64);
        self.compare("feed_forward_sublayer", repeats, (12.0 * self.tokens() * h * f, 0.0), |fused| {
            let weights = FeedForwardWeights {
                inner: (&self.wide, &self.wide_bias),
                outer: (&self.narrow, &self.bias),
                norm: self.norm(),
            };
            let pass = SublayerPass { mask: Self::mask(4), recompute: false, rows: None };
            let x = tape::start(&self.x[0]);
            let y = if fused {
                Cpu::feed_forward_sublayer(x, &weights, &pass)
            } else {
                composed::feed_forward_sublayer(x, &weights, &pass)
            };
            total(y?)
        })
    }

    /// At 15 in a hundred tokens.
    fn vocabulary_cross_entropy(&self, repeats: usize) -> Result<OpReport, Error> {
        let masked = (self.sizes.batch * self.sizes.seq * 3 / 20).max(1);
        let positions: Vec<u32> = (0..masked as u32).collect();
        let targets: Vec<u32> = (0..masked).map(|i| (i * 7919 % self.sizes.vocab) as u32).collect();
        let flops = 6.0 * (masked * self.sizes.hidden * self.sizes.vocab) as f64;
        self.compare("vocabulary_cross_entropy", repeats, (flops, 0.0), |fused| {
            let x = Cpu::rows(tape::start(&self.x[0]), &positions)?;
            let (weight, bias) = (&self.vocabulary, &self.vocabulary_bias);
            if fused {
                Cpu::vocabulary_cross_entropy(x, weight, bias, &targets)
            } else {
                composed::vocabulary_cross_entropy(x, weight, bias, &targets)
            }
        })
    }

    /// Of the whole vocabulary's embeddings.
    fn adamw(&self, repeats: usize) -> Result<OpReport, Error> {
        let dev = Cpu::default();
        let count = self.sizes.vocab * self.sizes.hidden;
        let rates = adamw::Rates {
            learning_rate: 1e-4,
            scale: 1.0,
            step: 1,
            constants: AdamW::default(),
            rows: adamw::Rows::All,
        };
        let mut times = [Vec::new(), Vec::new()];
        for (form, times) in times.iter_mut().enumerate() {
            let mut parameter = self.vocabulary.clone();
            let mut moments =
                Moments { first: init::constant(&dev, count, 0.0)?, second: init::constant(&dev, count, 0.0)? };
            let mut gradients = Gradients::leaky();
            for repeat in 0..=repeats {
                let mut result = Ok(());
                let taken = seconds(|| {
                    result = if form == 0 {
                        Cpu::adamw_update(&mut parameter, &mut gradients, &mut moments, &rates)
                    } else {
                        composed::adamw(&mut parameter, &mut gradients, &mut moments, &rates)
                    };
                });
                result?;
                if repeat > 0 {
                    times.push(taken * 1e3);
                }
            }
        }
        let [fused_ms, composed_ms] = times.map(|times| spread(times)[0]);
        let limit_ms = 4.0 * 8.0 * count as f64 / self.limits.1 / 1e6;
        Ok(OpReport { op: "adamw", fused_ms, composed_ms, limit_ms, difference: 0.0 })
    }
}

/// The sum of all elements.
fn total(y: Traced) -> Result<Loss, Error> {
    y.try_sum::<(), Axes2<0, 1>>().map_err(crate::error::device)
}
