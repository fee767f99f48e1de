//! The learned temperature.

use jove_core::Seed;
use jove_model::ops::tape;
use jove_model::{Cpu, Parameters as _};
use jove_objectives::{Contrast, InfoNce, LinkHead, Temperature};

use crate::helpers::{Traced, check_parameter_gradients, matrix, value};

fn temperature(value: f32) -> Temperature<Cpu> {
    Temperature::new(&Cpu::default(), "jove.test.log_scale", value).unwrap()
}

fn loss(temperature: Option<&Temperature<Cpu>>, margin: f32, fixed: f32) -> Traced {
    let numbers = |shift: usize| (0..12).map(|i| ((i * 7 + shift) % 11) as f32 - 5.0).collect::<Vec<_>>();
    let matrix = |shift| matrix(4, &numbers(shift));
    let form = InfoNce { contrast: Contrast { temperature: fixed, margin }, queue: None, temperature };
    form.loss(tape::start(&matrix(0)), matrix(4).retaped(), &[0, 1, 2, 3], |i, j| i + j != 4).unwrap()
}

#[test]
fn a_learned_temperature_divides_as_a_fixed_one_does() {
    for temperature in [0.02, 0.3, 1.0] {
        let learned = value(&loss(Some(&self::temperature(temperature)), 0.2, 9.0));
        let fixed = value(&loss(None, 0.2, temperature));
        assert!((learned - fixed).abs() < 1e-4 * (1.0 + fixed));
    }
}

#[test]
fn its_gradient_equals_finite_differences() {
    for value in [0.1, 0.5] {
        check_parameter_gradients(&temperature(value), |parameter| loss(Some(parameter), 0.1, 1.0));
    }
}

#[test]
fn it_stays_within_its_bounds() {
    for (set, expected) in [(9.0, 0.01), (-3.0, 1.0), (1.0, (-1.0f32).exp())] {
        let mut temperature = temperature(0.5);
        temperature.visit_mut(&mut |mut parameter| parameter.copy_from(&[set]).unwrap());
        temperature.clamp();
        assert!((temperature.value() - expected).abs() < 1e-5);
    }
    for (start, expected) in [(1e-9, 0.01), (0.07, 0.07), (30.0, 1.0)] {
        assert!((temperature(start).value() - expected).abs() < 1e-5, "{start}");
    }
}

#[test]
fn a_head_clamps_the_temperature_that_it_has() {
    let device = Cpu::default();
    let mut head = LinkHead::new(&device, 4, 3, Seed(1)).unwrap().with_temperature(&device, 0.07).unwrap();
    head.visit_mut(&mut |mut parameter| {
        if parameter.name == "jove.link.log_scale" {
            parameter.copy_from(&[50.0]).unwrap();
        }
    });
    head.clamp();
    assert!((head.temperature().unwrap().value() - 0.01).abs() < 1e-6);
    let mut fixed = LinkHead::new(&device, 4, 3, Seed(1)).unwrap();
    fixed.clamp();
    assert!(fixed.temperature().is_none());
}
