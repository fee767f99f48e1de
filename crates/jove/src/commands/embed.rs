//! `jove embed`: one vector for each text.

use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use jove_files::{Kind, Output};
use jove_finetune::Asked;
use jove_objectives::{Device, Pooling};
use serde_json::json;

use super::lines::{Lines, device_from_name};
use crate::context::{Context, Outcome};

/// Lines that are read at once.
const CHUNK: usize = 256;
/// Bytes of the header of an array of NumPy.
const HEADER: usize = 128;

const NUMPY: Kind = Kind::new("an array of NumPy", |head| head.starts_with(b"\x93NUMPY"));
const VECTORS: Kind = Kind::new("vectors as JSON lines", |head| Kind::has_json_fields(head, &["line", "vector"]));

/// Arguments of `jove embed`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A Hugging Face folder; an encoder alone will do.
    #[arg(long, value_name = "FOLDER")]
    checkpoint: PathBuf,
    /// Where the vectors go: `.npy` for an array of NumPy, [texts, width] of 32-bit floats, else JSON lines; `-` for standard output.
    #[arg(long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// How one vector is made of a text: first (the first, special token) or mean (over its own tokens).
    #[arg(long, value_parser = pooling_from_name, default_value = "mean")]
    pooling: Pooling,
    /// Scale every vector to length 1.
    #[arg(long)]
    normalize: bool,
    /// What is put before every text, such as `query: ` for E5.
    #[arg(long, default_value = "")]
    prefix: String,
    /// Where the arithmetic is done: cpu or cuda.
    #[arg(long, value_parser = device_from_name, default_value = "cpu")]
    device: Device,
    /// A file with one text a line; `-` for standard input.
    #[arg(default_value = "-")]
    file: PathBuf,
}

fn pooling_from_name(name: &str) -> anyhow::Result<Pooling> {
    match name {
        "first" => Ok(Pooling::First),
        "mean" => Ok(Pooling::Mean),
        other => bail!("expected first or mean, found {other}"),
    }
}

/// Writes the vectors in the order of the texts.
pub(crate) fn execute(args: &Args, context: &Context) -> anyhow::Result<Outcome> {
    let model = Asked::open(&args.checkpoint, args.device, false)?;
    let mut writer = Writer::create(&args.output)?;
    Lines::open(&args.file)?.chunks(context, CHUNK, |lines| {
        let texts: Vec<String> = lines.iter().map(|(_, text)| format!("{}{text}", args.prefix)).collect();
        let vectors = model.vectors(&texts, args.pooling, args.normalize)?;
        let numbers = lines.iter().map(|(number, _)| *number);
        writer.write(numbers.zip(&vectors)).with_context(|| format!("cannot write {}", args.output.display()))
    })?;
    let (count, width) = writer.finish().with_context(|| format!("cannot write {}", args.output.display()))?;
    if args.output != Path::new("-") {
        context.print(format!("{count} vectors of {width} numbers"))?;
    }
    Ok(Outcome::Done)
}

/// Writes vectors in one of the two formats.
struct Writer {
    output: Output,
    numpy: bool,
    count: usize,
    width: usize,
}

impl Writer {
    fn create(path: &Path) -> anyhow::Result<Self> {
        let numpy = path.extension().is_some_and(|ending| ending == "npy");
        let kind = if numpy { NUMPY } else { VECTORS };
        let mut output = Output::create(path, kind).with_context(|| format!("cannot write {}", path.display()))?;
        if numpy {
            output.write_all(&header(0, 0))?;
        }
        Ok(Self { output, numpy, count: 0, width: 0 })
    }

    fn write<'a>(&mut self, vectors: impl Iterator<Item = (u64, &'a Vec<f32>)>) -> std::io::Result<()> {
        let mut bytes = Vec::new();
        for (number, vector) in vectors {
            (self.count, self.width) = (self.count + 1, vector.len());
            if self.numpy {
                bytes.extend(vector.iter().flat_map(|value| value.to_le_bytes()));
            } else {
                bytes.extend(format!("{}\n", json!({"line": number, "vector": vector})).into_bytes());
            }
        }
        self.output.write_all(&bytes)
    }

    fn finish(mut self) -> std::io::Result<(usize, usize)> {
        if self.numpy {
            self.output.seek(SeekFrom::Start(0))?;
            self.output.write_all(&header(self.count, self.width))?;
        }
        self.output.finish()?;
        Ok((self.count, self.width))
    }
}

/// The header of an array of 32-bit floats, version 1.0 of NumPy's format, of a fixed length.
fn header(rows: usize, columns: usize) -> Vec<u8> {
    let fields = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(((HEADER - 10) as u16).to_le_bytes());
    bytes.extend(format!("{fields:<width$}\n", width = HEADER - 11).into_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_equally_long_for_any_shape() {
        for (rows, columns) in [(0, 0), (3, 256), (usize::MAX, usize::MAX)] {
            let header = header(rows, columns);
            assert_eq!((header.len(), header[HEADER - 1]), (HEADER, b'\n'));
        }
    }
}
