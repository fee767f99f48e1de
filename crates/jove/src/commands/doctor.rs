//! `jove doctor`: the devices of this machine, and whether they compute correctly.

use jove_model::bench::{self, OpReport, OpSizes};
use jove_model::doctor::{self, DeviceReport};
use serde_json::json;

use crate::context::{Context, Outcome};

/// Losses and operators of two devices may differ by this much.
const DIFFERENCE_MAX: f64 = 1e-3;

/// Arguments of `jove doctor`.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Tests each device and prints the results; a wrong number fails the check.
pub(crate) fn execute(_: &Args, context: &Context) -> anyhow::Result<Outcome> {
    let devices = doctor::devices()?;
    let missing =
        if cfg!(feature = "cuda") { "no NVIDIA card found" } else { "this program was built without --features cuda" };
    let sizes = OpSizes { batch: 4, seq: 128, hidden: 256, heads: 4, ff: 1024, vocab: 8000 };
    let mut operators = Vec::new();
    bench::ops(&sizes, 3, &mut |report| operators.push(report.clone()))?;
    let (peak, memory) = (bench::matrix_peak_gflops(), bench::memory_gb_per_s());
    if context.json() {
        context.print_json(&json!({
            "devices": devices.iter().map(facts).collect::<Vec<_>>(),
            "operators": operators.iter().map(operator).collect::<Vec<_>>(),
            "matrix_peak_gflops": peak,
            "memory_gb_per_s": memory,
        }))?;
    } else {
        devices.iter().try_for_each(|device| context.print(paragraph(device)))?;
        if devices.len() == 1 {
            context.print(format!("cuda\n  {missing}; see docs/cuda.md"))?;
        }
        agreement(&devices).into_iter().try_for_each(|line| context.print(line))?;
        context.print(format!("matrix products reach {peak:.0} GF/s, copies {memory:.1} GB/s on the processor"))?;
        context.print("operator                        fused ms  composed ms  limit ms  difference")?;
        operators.iter().try_for_each(|report| context.print(line(report)))?;
    }
    let on_devices = devices.iter().flat_map(|device| &device.operators).map(|(_, difference)| *difference);
    let differences = devices.iter().map(|device| device.difference).chain(on_devices);
    let most = differences.chain(operators.iter().map(|report| report.difference)).fold(0.0, f64::max);
    Ok(if most < DIFFERENCE_MAX { Outcome::Done } else { Outcome::CheckFailed })
}

fn facts(device: &DeviceReport) -> serde_json::Value {
    let operators = device.operators.iter().map(|(op, difference)| json!({"op": op.name(), "difference": difference}));
    json!({
        "device": device.device,
        "facts": device.facts.iter().map(|(name, value)| json!([name, value])).collect::<Vec<_>>(),
        "difference": device.difference,
        "step_ms": device.step_ms,
        "operators": operators.collect::<Vec<_>>(),
        "composed": device.composed.iter().map(|op| op.name()).collect::<Vec<_>>(),
    })
}

fn operator(report: &OpReport) -> serde_json::Value {
    json!({
        "op": report.op, "fused_ms": report.fused_ms, "composed_ms": report.composed_ms,
        "limit_ms": report.limit_ms, "difference": report.difference,
    })
}

fn paragraph(device: &DeviceReport) -> String {
    let mut lines = vec![device.device.to_owned()];
    lines.extend(device.facts.iter().map(|(name, value)| format!("  {name:<20} {value}")));
    lines
        .push(format!("  {:<20} {:.1} ms; losses differ by {:.1e}", "a small step", device.step_ms, device.difference));
    if !device.composed.is_empty() {
        let names: Vec<&str> = device.composed.iter().map(|op| op.name()).collect();
        lines.push(format!("  {:<20} {}", "not fused here", names.join(", ")));
    }
    lines.join("\n")
}

/// Every operator in a line, with a column for each device.
fn agreement(devices: &[DeviceReport]) -> Vec<String> {
    let cell = |text: String| format!(" {text:>9}");
    let names: String = devices.iter().map(|device| cell(device.device.to_owned())).collect();
    let mut lines = vec![format!("{:<30}{names}  difference from the composed form on the processor", "operator")];
    let row = |index: usize| {
        let gap = |device: &DeviceReport| cell(format!("{:.1e}", device.operators[index].1));
        devices.iter().map(gap).collect::<String>()
    };
    let first = devices.iter().take(1).flat_map(|device| &device.operators).enumerate();
    lines.extend(first.map(|(index, (op, _))| format!("{:<30}{}", op.name(), row(index))));
    lines
}

fn line(report: &OpReport) -> String {
    format!(
        "{:<30} {:>9.2} {:>12.2} {:>9.2} {:>11.1e}",
        report.op, report.fused_ms, report.composed_ms, report.limit_ms, report.difference
    )
}
