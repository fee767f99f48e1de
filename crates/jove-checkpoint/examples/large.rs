//! Speed and memory of a large safetensors file: written, opened, read, copied. One JSON object a line on standard output.
//!
//!     cargo run --release -p jove-checkpoint --example large -- FOLDER [MEGABYTES] [TENSOR_MEGABYTES]
//!
//! Each step is set beside writing the same bytes to the same disk with nothing else. `anonymous` is the most memory that
//! was the process's own at any time, in units of the largest tensor; `resident` counts the program's own pages too.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jove_checkpoint::{NamedTensor, Result, TensorFile, TensorSource, TensorSpec, write_tensor_file};
use jove_core::Silent;

const MEGA: usize = 1 << 20;

/// Tensors that are made when asked for.
struct Made {
    count: usize,
    values: usize,
}

impl TensorSource for Made {
    fn specs(&self) -> Vec<TensorSpec> {
        (0..self.count).map(|number| TensorSpec::f32(format!("tensor.{number:04}"), [self.values])).collect()
    }

    fn get(&self, name: &str) -> Result<NamedTensor<'_>> {
        let first: f32 = name["tensor.".len()..].parse().unwrap();
        let data: Vec<f32> = (0..self.values).map(|at| first + at as f32 * 1e-7).collect();
        NamedTensor::new(name, [self.values], data)
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: usize| arguments.get(at).map_or(default, |text| text.parse().unwrap());
    let folder = tempfile::tempdir_in(arguments.first().map_or(".", String::as_str)).unwrap();
    let (megabytes, tensor) = (number(1, 1024), number(2, 128));
    let made = Made { count: megabytes / tensor, values: tensor * MEGA / 4 };
    let (path, copy) = (folder.path().join("a.safetensors"), folder.path().join("b.safetensors"));
    let step = |what: &str, work: &dyn Fn()| step(what, megabytes, tensor, work);
    step("plain write", &|| plain(&folder.path().join("plain"), megabytes));
    step("write", &|| write_tensor_file(&path, &made, &BTreeMap::new(), &Silent).unwrap());
    step("open", &|| drop(TensorFile::open(&path).unwrap()));
    step("read and check every tensor", &|| {
        let file = TensorFile::open(&path).unwrap();
        for spec in file.specs() {
            assert_eq!(file.get(&spec.name).unwrap().data.len(), tensor * MEGA / 4);
        }
    });
    step("copy", &|| {
        write_tensor_file(&copy, &TensorFile::open(&path).unwrap(), &BTreeMap::new(), &Silent).unwrap();
    });
    assert_eq!(std::fs::metadata(&path).unwrap().len(), std::fs::metadata(&copy).unwrap().len());
}

fn plain(path: &Path, megabytes: usize) {
    let mut file = File::create(path).unwrap();
    let bytes = vec![7; MEGA];
    (0..megabytes).for_each(|_| file.write_all(&bytes).unwrap());
    file.sync_all().unwrap();
    std::fs::remove_file(path).unwrap();
}

fn step(what: &str, megabytes: usize, tensor: usize, work: &dyn Fn()) {
    let (done, anonymous, resident) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let begun = Instant::now();
    let seconds = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let (own, all) = memory();
                anonymous.fetch_max(own, Ordering::Relaxed);
                resident.fetch_max(all, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        work();
        done.store(true, Ordering::Relaxed);
        begun.elapsed().as_secs_f64()
    });
    let in_tensors = |kilobytes: &AtomicU64| kilobytes.load(Ordering::Relaxed) as f64 / (tensor * 1024) as f64;
    println!(
        r#"{{"step": "{what}", "seconds": {seconds:.4}, "MB/s": {:.0}, "anonymous": {:.2}, "resident": {:.2}}}"#,
        megabytes as f64 / seconds,
        in_tensors(&anonymous),
        in_tensors(&resident)
    );
}

/// Kilobytes of memory: the process's own, and all.
fn memory() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|text| text.parse().ok()).unwrap_or(0)
    };
    (field("RssAnon:"), field("VmRSS:"))
}
