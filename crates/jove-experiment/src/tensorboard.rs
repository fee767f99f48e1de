//! Training metrics as TensorBoard event files, so that existing habits work.
//!
//! An event file is a list of records (length, checksum, bytes, checksum), each a protocol-buffer message `Event`. The few
//! fields of it that scalars need are written with `prost`; TensorBoard's own reader takes them, see `experiments/LOG.md`.

use std::path::Path;
use std::time::UNIX_EPOCH;

use jove_trainer::{MetricsLine, read_metrics};
use prost::Message;

use crate::error::{Error, Result};
use crate::files::write_bytes;

/// TensorFlow's `Event`, without the parts that scalars do not use.
#[derive(Clone, PartialEq, Message)]
struct Event {
    /// Seconds since 1970.
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    /// On the first event of a file alone.
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
}

#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Scalar>,
}

#[derive(Clone, PartialEq, Message)]
struct Scalar {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(float, tag = "2")]
    simple_value: f32,
}

/// Writes the metrics of one arm as the event file `folder/ARM/events.out.tfevents.0.jove`.
pub(crate) fn write(folder: &Path, arm: &str, metrics: &Path) -> Result<()> {
    let folder = folder.join(arm);
    std::fs::create_dir_all(&folder).map_err(|source| Error::io("create", &folder, source))?;
    let modified = std::fs::metadata(metrics).and_then(|meta| meta.modified());
    let end = modified.map_err(|source| Error::io("read", metrics, source))?;
    let end = end.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
    write_bytes(&folder.join("events.out.tfevents.0.jove"), &events(&read_metrics(metrics)?, end))
}

/// The file's bytes; `end` is when the last line was written, in seconds since 1970.
fn events(lines: &[MetricsLine], end: f64) -> Vec<u8> {
    let mut previous = 0;
    let mut clock = 0.0;
    let mut times = Vec::with_capacity(lines.len());
    for line in lines {
        clock += line.tokens.saturating_sub(previous) as f64 / line.tokens_per_second.max(1e-9);
        previous = line.tokens;
        times.push(clock);
    }
    let start = end - clock;
    let version = Some("brain.Event:2".to_owned());
    let mut bytes = record(&Event { wall_time: start, file_version: version, ..Event::default() });
    for (line, time) in lines.iter().zip(times) {
        let value = scalars(line).into_iter().map(|(tag, value)| Scalar { tag, simple_value: value as f32 }).collect();
        let (wall_time, step, summary) = (start + time, line.step as i64, Some(Summary { value }));
        bytes.extend(record(&Event { wall_time, step, summary, file_version: None }));
    }
    bytes
}

fn scalars(line: &MetricsLine) -> Vec<(String, f64)> {
    let losses = line.losses.iter().map(|(name, loss)| (format!("loss/{name}"), loss.mean()));
    let others = [
        ("train/learning-rate", line.learning_rate),
        ("train/gradient-norm", line.gradient_norm),
        ("train/tokens", line.tokens as f64),
        ("train/tokens-per-second", line.tokens_per_second),
    ];
    let shares = line.gradient_shares.iter().map(|(name, &share)| (format!("gradient-share/{name}"), share));
    losses.chain(shares).chain(others.map(|(name, value)| (name.to_owned(), value))).collect()
}

/// A record: length, checksum of it, bytes, checksum of them, all little-endian.
fn record(event: &Event) -> Vec<u8> {
    let data = event.encode_to_vec();
    let length = (data.len() as u64).to_le_bytes();
    [&length[..], &masked(&length).to_le_bytes(), &data, &masked(&data).to_le_bytes()].concat()
}

/// The checksum as TensorFlow stores it, so that records that hold checksums do not weaken it.
fn masked(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use jove_trainer::{Loss, Losses};

    use super::*;

    fn line(step: u64) -> MetricsLine {
        MetricsLine {
            step,
            tokens: 1000 * step,
            losses: Losses::from([("mlm".to_owned(), Loss { sum: 9.0, count: 3 })]),
            diagnostics: jove_trainer::Diagnostics::new(),
            learning_rate: 0.5,
            gradient_norm: 2.0,
            gradient_shares: std::collections::BTreeMap::new(),
            tokens_per_second: 500.0,
        }
    }

    /// The events of a file, with every checksum checked.
    fn parse(mut bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        while !bytes.is_empty() {
            let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
            assert_eq!(bytes[8..12], masked(&bytes[..8]).to_le_bytes());
            let data = &bytes[12..12 + length];
            assert_eq!(bytes[12 + length..16 + length], masked(data).to_le_bytes());
            events.push(Event::decode(data).unwrap());
            bytes = &bytes[16 + length..];
        }
        events
    }

    #[test]
    fn every_line_becomes_an_event_at_its_time() {
        let events = parse(&events(&[line(1), line(2)], 100.0));
        assert_eq!(events[0].file_version.as_deref(), Some("brain.Event:2"));
        let times: Vec<(i64, f64)> = events[1..].iter().map(|event| (event.step, event.wall_time)).collect();
        assert_eq!(times, [(1, 98.0), (2, 100.0)]);
        let values = &events[1].summary.as_ref().unwrap().value;
        assert_eq!((values[0].tag.as_str(), values[0].simple_value), ("loss/mlm", 3.0));
        assert_eq!(values.len(), 5);
    }

    /// CRC-32C of 32 zero bytes is given in RFC 3720, B.4; the mask is that of LevelDB's log format.
    #[test]
    fn checksums_are_those_of_the_format() {
        assert_eq!(crc32c::crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(masked(&[0; 32]), 0x8a91_36aau32.rotate_right(15).wrapping_add(0xa282_ead8));
    }

    #[test]
    fn no_metrics_are_an_empty_file_with_its_version() {
        assert_eq!(parse(&events(&[], 5.0)).len(), 1);
    }
}
