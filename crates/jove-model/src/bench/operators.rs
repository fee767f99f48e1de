//! Every operator with inputs of its own, in its two forms, to be timed or compared.

use std::fmt;

use dfdx::prelude::{Axes2, HasShape, SumTo, Tensor, TryMul};
use jove_core::{ModelConfig, Seed};

use crate::dropout::DropMask;
use crate::error::{Error, device};
use crate::init;
use crate::ops::adamw_update::{AdamW, Moments, Rates};
use crate::ops::attention::AttentionArgs;
use crate::ops::backend::Backend;
use crate::ops::embedding::Tables;
use crate::ops::layer_norm::NormWeights;
use crate::ops::sublayer::{AttentionWeights, FeedForwardWeights, SublayerPass};
use crate::ops::{composed, tape};
use crate::packed_batch::PackedBatch;
use crate::tensors::{Gradients, Matrix, OwnedTape, Scalar, Vector};

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

impl OpSizes {
    fn tokens(&self) -> usize {
        self.batch * self.seq
    }

    /// 15 in a hundred tokens.
    fn masked(&self) -> usize {
        (self.tokens() * 3 / 20).max(1)
    }
}

/// An operator of [`Backend`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "their names say all")]
pub enum Op {
    Embedding,
    Rows,
    Linear,
    Gelu,
    Dropout,
    AddNorm,
    Attention,
    AttentionSublayer,
    FeedForwardSublayer,
    VocabularyCrossEntropy,
    AdamW,
    GradientNorm,
    SpanMean,
    Similarity,
    L2Normalize,
    CrossEntropy,
}

impl Op {
    /// All of them; first those that have a fused form on the processor.
    pub const ALL: [Self; 16] = [
        Self::Embedding,
        Self::Rows,
        Self::Linear,
        Self::Gelu,
        Self::Dropout,
        Self::AddNorm,
        Self::Attention,
        Self::AttentionSublayer,
        Self::FeedForwardSublayer,
        Self::VocabularyCrossEntropy,
        Self::AdamW,
        Self::GradientNorm,
        Self::SpanMean,
        Self::Similarity,
        Self::L2Normalize,
        Self::CrossEntropy,
    ];

    /// Those that have a fused form on the processor.
    pub fn fused() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|op| op.is_fused())
    }

    /// Whether the processor has a fused form of it; everywhere else all are composed.
    pub fn is_fused(self) -> bool {
        !matches!(self, Self::SpanMean | Self::Similarity | Self::L2Normalize | Self::CrossEntropy)
    }

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Embedding => "embedding",
            Self::Rows => "rows",
            Self::Linear => "linear",
            Self::Gelu => "gelu",
            Self::Dropout => "dropout",
            Self::AddNorm => "dropout+residual+layer_norm",
            Self::Attention => "attention",
            Self::AttentionSublayer => "attention_sublayer",
            Self::FeedForwardSublayer => "feed_forward_sublayer",
            Self::VocabularyCrossEntropy => "vocabulary_cross_entropy",
            Self::AdamW => "adamw",
            Self::GradientNorm => "gradient_norm",
            Self::SpanMean => "span_mean",
            Self::Similarity => "similarity",
            Self::L2Normalize => "l2_normalize",
            Self::CrossEntropy => "cross_entropy",
        }
    }

    /// What forward and backward cannot do without: arithmetic in flops, or bytes read and written; the other is 0.
    pub fn work(self, sizes: &OpSizes) -> (f64, f64) {
        let [t, h, f, v] = [sizes.tokens(), sizes.hidden, sizes.ff, sizes.vocab].map(|size| size as f64);
        let (masked, seq) = (sizes.masked() as f64, sizes.seq as f64);
        let flops = |flops: f64| (flops, 0.0);
        let passes = |passes: f64, numbers: f64| (0.0, 4.0 * passes * numbers);
        match self {
            Self::Embedding | Self::Gelu | Self::L2Normalize => passes(5.0, t * h),
            Self::Rows => passes(5.0, masked * h),
            Self::Linear => flops(6.0 * t * h * f),
            Self::Dropout | Self::CrossEntropy => passes(4.0, t * h),
            Self::AddNorm => passes(8.0, t * h),
            Self::Attention => flops(12.0 * t * seq * h),
            Self::AttentionSublayer => flops(t * (24.0 * h * h + 12.0 * seq * h)),
            Self::FeedForwardSublayer => flops(12.0 * t * h * f),
            Self::VocabularyCrossEntropy => flops(6.0 * masked * h * v),
            Self::AdamW => passes(8.0, v * h),
            Self::GradientNorm => passes(1.0, v * h),
            Self::SpanMean => passes(2.0, t * h),
            Self::Similarity => flops(6.0 * t * t * h),
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How an operator is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As its device does in training: fused on the processor.
    Own,
    /// Composed of dfdx's operators.
    Composed,
}

/// Calls the device's own form or the composed one.
macro_rules! either {
    ($form:expr, $operator:ident($($argument:expr),*)) => {
        match $form {
            Form::Own => D::$operator($($argument),*),
            Form::Composed => composed::$operator($($argument),*),
        }
    };
}

type Traced<D> = Matrix<D, OwnedTape<D>>;
type Loss<D> = Scalar<D, OwnedTape<D>>;

/// What an operator gives.
enum Output<D: Backend> {
    Rows(Traced<D>),
    Sum(Loss<D>),
}

/// Random inputs that all operators share, the same on every device.
pub struct Operators<D: Backend> {
    sizes: OpSizes,
    x: [Matrix<D>; 3],
    square: [Matrix<D>; 4],
    wide: Matrix<D>,
    narrow: Matrix<D>,
    vocabulary: Matrix<D>,
    positions: Matrix<D>,
    segments: Matrix<D>,
    norm: Vector<D>,
    bias: Vector<D>,
    wide_bias: Vector<D>,
    vocabulary_bias: Vector<D>,
    sequences: PackedBatch,
}

impl<D: Backend> fmt::Debug for Operators<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Operators({:?})", self.sizes)
    }
}

/// Runs an operator once, forwards and backwards.
pub type Run<'a> = Box<dyn FnMut() -> Result<(), Error> + 'a>;

impl<D: Backend> Operators<D> {
    /// Draws the inputs.
    ///
    /// # Errors
    /// If the sizes do not fit, or the device fails.
    pub fn new(sizes: OpSizes, dev: &D) -> Result<Self, Error> {
        let OpSizes { batch, seq, hidden, heads, ff, vocab } = sizes;
        let draw = |rows, columns, scale, name: &str| init::normal(dev, (rows, columns), scale, Seed(1), name);
        let x = |name: &str| draw(sizes.tokens(), hidden, 1.0, name);
        let square = |name: &str| draw(hidden, hidden, 0.02, name);
        let config = ModelConfig { max_position_embeddings: seq, ..ModelConfig::bert(vocab, hidden, 1, heads, ff) };
        let mut builder = PackedBatch::builder(&config);
        for b in 0..batch {
            let tokens: Vec<u32> = (0..seq).map(|i| ((i * 7919 + b) % vocab) as u32).collect();
            builder.push(&tokens)?;
        }
        Ok(Self {
            sizes,
            x: [x("x0")?, x("x1")?, x("x2")?],
            square: [square("q")?, square("k")?, square("v")?, square("o")?],
            wide: draw(ff, hidden, 0.02, "wide")?,
            narrow: draw(hidden, ff, 0.02, "narrow")?,
            vocabulary: draw(vocab, hidden, 0.02, "vocabulary")?,
            positions: draw(seq, hidden, 0.02, "positions")?,
            segments: draw(2, hidden, 0.02, "segments")?,
            norm: init::constant(dev, hidden, 0.9)?,
            bias: init::constant(dev, hidden, 0.1)?,
            wide_bias: init::constant(dev, ff, 0.1)?,
            vocabulary_bias: init::constant(dev, vocab, 0.0)?,
            sequences: builder.build(),
        })
    }

    /// An operator with all that it needs, to be run as often as one likes.
    ///
    /// # Errors
    /// If the device fails.
    pub fn prepare(&self, op: Op, form: Form) -> Result<Run<'_>, Error> {
        Ok(match op {
            Op::AdamW => {
                let mut update = Update::new(&self.vocabulary, Gradients::leaky())?;
                Box::new(move || update.step(form))
            }
            Op::GradientNorm => {
                let mut gradients = self.vocabulary_gradients()?;
                Box::new(move || self.gradient_norm(form, &mut gradients).map(drop))
            }
            _ => Box::new(move || {
                let loss = match self.forward(op, form)? {
                    Output::Rows(y) => total(y)?,
                    Output::Sum(loss) => loss,
                };
                tape::backward(loss).map(drop)
            }),
        })
    }

    /// All numbers that an operator gives: its value, and the gradients of all inputs in a sum that weighs every number
    /// of the value differently; what AdamW changes; the norm.
    ///
    /// # Errors
    /// If the device fails.
    pub fn numbers(&self, op: Op, form: Form) -> Result<Vec<Vec<f32>>, Error> {
        match op {
            Op::AdamW => {
                let mut update = Update::new(&self.vocabulary, self.vocabulary_gradients()?)?;
                update.step(form)?;
                Ok(vec![update.parameter.as_vec(), update.moments.first.as_vec(), update.moments.second.as_vec()])
            }
            Op::GradientNorm => {
                let square_sum = self.gradient_norm(form, &mut self.vocabulary_gradients()?)?;
                Ok(vec![vec![square_sum.sqrt() as f32]])
            }
            _ => {
                let (value, loss) = match self.forward(op, form)? {
                    Output::Rows(y) => (y.as_vec(), weigh(y)?),
                    Output::Sum(loss) => (vec![tape::value(&loss)], loss),
                };
                self.collect(value, &mut tape::backward(loss)?)
            }
        }
    }

    fn forward(&self, op: Op, form: Form) -> Result<Output<D>, Error> {
        let [x, key, value] = [0, 1, 2].map(|n| tape::start(&self.x[n]));
        let tokens = self.sizes.tokens() as u32;
        let masked: Vec<u32> = (0..self.sizes.masked() as u32).collect();
        let target = |row: u32, columns: usize| (row as usize * 7919 % columns) as u32;
        let spans: Vec<(u32, u32)> = (0..tokens).step_by(4).map(|start| (start, tokens.min(start + 4))).collect();
        let args = AttentionArgs { cu_seqlens: self.sequences.cu_seqlens(), heads: self.sizes.heads, mask: mask(1) };
        let pass = SublayerPass { mask: mask(2), recompute: false, rows: None };
        let norm = NormWeights { weight: &self.norm, bias: &self.bias, epsilon: 1e-5 };
        let rows = match op {
            Op::Embedding => {
                let tables = Tables { words: &self.vocabulary, positions: &self.positions, segments: &self.segments };
                either!(form, embed(&tables, &self.sequences, OwnedTape::default()))
            }
            Op::Rows => either!(form, rows(x, &masked)),
            Op::Linear => either!(form, linear(x, &self.wide, Some(&self.wide_bias))),
            Op::Gelu => either!(form, gelu(x)),
            Op::Dropout => either!(form, dropout(x, mask(3))),
            Op::AddNorm => either!(form, add_norm(x, Some(key), &norm, mask(3))),
            Op::Attention => either!(form, attention(x, key, value, &args)),
            Op::AttentionSublayer => {
                let pair = |n: usize| (&self.square[n], &self.bias);
                let weights = AttentionWeights { qkv: [pair(0), pair(1), pair(2)], output: pair(3), norm };
                either!(form, attention_sublayer(x, &weights, &args, &pass))
            }
            Op::FeedForwardSublayer => {
                let (intermediate, output) = ((&self.wide, &self.wide_bias), (&self.narrow, &self.bias));
                let weights = FeedForwardWeights { intermediate, output, norm };
                either!(form, feed_forward_sublayer(x, &weights, &pass))
            }
            Op::SpanMean => either!(form, span_mean(x, &spans)),
            Op::Similarity => either!(form, similarity(x, key)),
            Op::L2Normalize => either!(form, l2_normalize(x)),
            Op::VocabularyCrossEntropy => {
                let targets: Vec<u32> = masked.iter().map(|&row| target(row, self.sizes.vocab)).collect();
                let x = D::rows(x, &masked)?;
                let (weight, bias) = (&self.vocabulary, &self.vocabulary_bias);
                return either!(form, vocabulary_cross_entropy(x, weight, bias, &targets)).map(Output::Sum);
            }
            Op::CrossEntropy => {
                let targets: Vec<u32> = (0..tokens).map(|row| target(row, self.sizes.hidden)).collect();
                return either!(form, cross_entropy(x, &targets)).map(Output::Sum);
            }
            Op::AdamW | Op::GradientNorm => unreachable!("they have no forward pass"),
        };
        rows.map(Output::Rows)
    }

    /// Gradients of the vocabulary's embeddings alone, all different.
    fn vocabulary_gradients(&self) -> Result<Gradients<D>, Error> {
        tape::backward(weigh(tape::start(&self.vocabulary))?)
    }

    fn gradient_norm(&self, form: Form, gradients: &mut Gradients<D>) -> Result<f64, Error> {
        match form {
            Form::Own => D::gradient_square_sum(&self.vocabulary, gradients),
            Form::Composed => composed::gradient_square_sum(&self.vocabulary, gradients),
        }
    }

    fn collect(&self, value: Vec<f32>, gradients: &mut Gradients<D>) -> Result<Vec<Vec<f32>>, Error> {
        let mut all = vec![value];
        let tables = [&self.wide, &self.narrow, &self.vocabulary, &self.positions, &self.segments];
        for x in self.x.iter().chain(&self.square).chain(tables) {
            all.push(tape::gradient(x, gradients)?);
        }
        for x in [&self.norm, &self.bias, &self.wide_bias, &self.vocabulary_bias] {
            all.push(tape::gradient(x, gradients)?);
        }
        Ok(all)
    }
}

/// The largest difference between two forms' numbers, relative to the largest number of the same tensor, or to 0.1 where all are
/// smaller; infinite where one is no number, or there are not as many.
pub fn difference(found: &[Vec<f32>], expected: &[Vec<f32>]) -> f64 {
    if !found.iter().map(Vec::len).eq(expected.iter().map(Vec::len)) {
        return f64::INFINITY;
    }
    let gap = |(found, expected): (&Vec<f32>, &Vec<f32>)| {
        let largest = expected.iter().fold(0.1f32, |most, x| most.max(x.abs()));
        let gaps = found.iter().zip(expected).map(|(a, b)| f64::from((a - b).abs() / largest));
        gaps.fold(0.0, |most, next| if next.is_nan() { f64::INFINITY } else { f64::max(most, next) })
    };
    found.iter().zip(expected).map(gap).fold(0.0, f64::max)
}

/// One parameter under AdamW.
struct Update<D: Backend> {
    parameter: Matrix<D>,
    gradients: Gradients<D>,
    moments: Moments<D>,
}

impl<D: Backend> Update<D> {
    fn new(parameter: &Matrix<D>, gradients: Gradients<D>) -> Result<Self, Error> {
        let (dev, count) = (parameter.device(), parameter.shape().0 * parameter.shape().1);
        let moments = Moments { first: init::constant(dev, count, 0.0)?, second: init::constant(dev, count, 0.0)? };
        Ok(Self { parameter: parameter.clone(), gradients, moments })
    }

    fn step(&mut self, form: Form) -> Result<(), Error> {
        let rates = Rates { learning_rate: 1e-4, scale: 1.0, step: 1, constants: AdamW::default() };
        let Self { parameter, gradients, moments } = self;
        match form {
            Form::Own => D::adamw_update(parameter, gradients, moments, &rates),
            Form::Composed => composed::adamw_update(parameter, gradients, moments, &rates),
        }
    }
}

#[allow(clippy::unnecessary_wraps, reason = "operators take masks as options")]
fn mask(op: u32) -> Option<DropMask> {
    Some(DropMask::new(Seed(1), 0, op, 0.1))
}

/// The sum of all elements.
fn total<D: Backend>(y: Traced<D>) -> Result<Loss<D>, Error> {
    y.try_sum::<(), Axes2<0, 1>>().map_err(device)
}

/// The sum of all elements, each with a weight of its own.
fn weigh<D: Backend>(y: Traced<D>) -> Result<Loss<D>, Error> {
    let weights: Tensor<_, f32, D> = init::normal(y.device(), *y.shape(), 1.0, Seed(1), "weights")?;
    total(y.try_mul(weights).map_err(device)?)
}
