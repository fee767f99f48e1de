//! Every operator and its composed form, forwards and backwards: `cargo bench -p jove-model`.
//!
//! Items are floating-point operations and bytes those of memory that forward and backward cannot do without, so both are
//! less than what the composed forms really do. `jove bench ops` compares the same operators with the machine's limits, at
//! any size.

#![allow(clippy::unwrap_used, reason = "a bench that fails should stop")]

use std::fmt;
use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use jove_model::Cpu;
use jove_model::bench::{Form, Op, OpSizes, Operators, difference};

/// Small enough that the slowest composed form takes a tenth of a second.
const SIZES: OpSizes = OpSizes { batch: 4, seq: 128, hidden: 256, heads: 4, ff: 1024, vocab: 8000 };

/// What the forms may differ by, relative to the largest number.
const DIFFERENCE_MAX: f64 = 1e-4;

static OPERATORS: LazyLock<Operators<Cpu>> = LazyLock::new(|| Operators::new(SIZES, &Cpu::default()).unwrap());

fn main() {
    divan::main();
}

/// One line of the table.
#[derive(Clone, Copy)]
struct Case {
    op: Op,
    form: Form,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = if self.form == Form::Composed || !self.op.is_fused() { "composed" } else { "fused" };
        write!(f, "{}, {form}", self.op)
    }
}

/// Operators without a fused form have one line.
fn cases() -> impl Iterator<Item = Case> {
    Op::ALL.into_iter().flat_map(|op| {
        let fused = op.is_fused().then_some(Case { op, form: Form::Own });
        fused.into_iter().chain([Case { op, form: Form::Composed }])
    })
}

/// An operator that is wrong is not timed.
fn assert_agreement(op: Op) {
    let [own, composed] = [Form::Own, Form::Composed].map(|form| OPERATORS.numbers(op, form).unwrap());
    let difference = difference(&own, &composed);
    assert!(difference < DIFFERENCE_MAX, "{op}: both forms differ by {difference}");
}

#[divan::bench(args = cases(), max_time = 1.5, sample_size = 1)]
fn ops(bencher: Bencher<'_, '_>, case: Case) {
    if case.op.is_fused() {
        assert_agreement(case.op);
    }
    let (flops, bytes) = case.op.work(&SIZES);
    let mut run = OPERATORS.prepare(case.op, case.form).unwrap();
    run().unwrap();
    if flops > 0.0 {
        bencher.counter(ItemsCount::new(flops as u64)).bench_local(|| run().unwrap());
    } else {
        bencher.counter(BytesCount::new(bytes as u64)).bench_local(|| run().unwrap());
    }
}
