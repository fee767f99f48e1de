//! How much memory the process may take, and whether what is planned fits into it.

use std::path::Path;

/// A bound on the memory of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    /// Bytes.
    pub(crate) bytes: u64,
    /// What sets it.
    pub(crate) what: &'static str,
}

/// The most that the process may ever hold: the machine's memory with its swap, a control group's limit, `ulimit -v`. `None`
/// where the system does not tell.
pub(crate) fn total() -> Option<Bound> {
    let meminfo = read("/proc/meminfo");
    let machine = sum(&meminfo, &["MemTotal:", "SwapTotal:"]).map(|bytes| Bound { bytes, what: MACHINE });
    let group = control_group(|limit, _| limit);
    [machine, group, address_space()].into_iter().flatten().min_by_key(|bound| bound.bytes)
}

/// The most that the process may take beyond what it holds now.
pub(crate) fn available() -> Option<Bound> {
    let (meminfo, status) = (read("/proc/meminfo"), read("/proc/self/status"));
    let machine = sum(&meminfo, &["MemAvailable:", "SwapFree:"]).map(|bytes| Bound { bytes, what: MACHINE });
    let group = control_group(u64::saturating_sub);
    let held = sum(&status, &["VmSize:"]).unwrap_or(0);
    let space = address_space().map(|bound| Bound { bytes: bound.bytes.saturating_sub(held), ..bound });
    [machine, group, space].into_iter().flatten().min_by_key(|bound| bound.bytes)
}

const MACHINE: &str = "the memory of this machine";
const GROUP: &str = "the memory limit of the control group (container) that this process is in";
#[cfg(unix)]
const SPACE: &str = "the limit on the address space (`ulimit -v`)";

/// An empty text where there is no such file, as on systems other than Linux.
fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// The sum of some lines such as `MemTotal: 16 kB`, in bytes; `None` where there is none of them.
fn sum(text: &str, names: &[&str]) -> Option<u64> {
    let value = |name: &&str| {
        let line = text.lines().find_map(|line| line.strip_prefix(*name))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
    };
    names.iter().filter_map(value).reduce(u64::saturating_add)
}

/// The least of what `bound` makes of the limit and the use of this control group and those around it.
fn control_group(bound: impl Fn(u64, u64) -> u64) -> Option<Bound> {
    let groups = read("/proc/self/cgroup");
    let own = group_path(&groups)?;
    let folders =
        Path::new(own).ancestors().map(|part| Path::new("/sys/fs/cgroup").join(part.strip_prefix("/").unwrap_or(part)));
    let number = |folder: &Path, name: &str| read(folder.join(name)).trim().parse::<u64>().ok();
    let bounds = folders.filter_map(|folder| {
        let limit = number(&folder, "memory.max")?;
        Some(bound(limit, number(&folder, "memory.current").unwrap_or(0)))
    });
    bounds.min().map(|bytes| Bound { bytes, what: GROUP })
}

/// The path of the second version's group, of the lines of `/proc/self/cgroup`.
fn group_path(groups: &str) -> Option<&str> {
    groups.lines().find_map(|line| line.strip_prefix("0::"))
}

#[cfg(unix)]
fn address_space() -> Option<Bound> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::As).current?;
    Some(Bound { bytes: limit, what: SPACE })
}

#[cfg(not(unix))]
fn address_space() -> Option<Bound> {
    None
}

/// Bytes in a unit that a person reads at a glance.
pub(crate) fn in_words(bytes: u64) -> String {
    let units = ["MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut value = bytes as f64 / f64::from(1 << 20);
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < units.len() {
        (value, unit) = (value / 1024.0, unit + 1);
    }
    format!("{value:.1} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_system_are_read_and_others_are_passed_over() {
        let text = "MemTotal:       16 kB\nMemFree: 3 kB\nSwapTotal:  2 kB\nHuge: x kB\nBroken 7\nVast: 99999999999999999999 kB\n";
        for (names, expected) in [
            (&["MemTotal:"][..], Some(16 * 1024)),
            (&["MemTotal:", "SwapTotal:"], Some(18 * 1024)),
            (&["MemTotal:", "None:"], Some(16 * 1024)),
            (&["Huge:"], None),
            (&["Vast:"], None),
            (&["None:"], None),
        ] {
            assert_eq!(sum(text, names), expected, "{names:?}");
        }
        assert_eq!(group_path("12:memory:/a\n0::/user.slice/x\n"), Some("/user.slice/x"));
        assert_eq!(group_path("12:memory:/a\n"), None);
    }

    #[test]
    fn what_is_available_is_no_more_than_there_is() {
        let (available, total) = (available(), total());
        assert_eq!(available.is_some(), total.is_some());
        assert!(available.zip(total).is_none_or(|(available, total)| (1..=total.bytes).contains(&available.bytes)));
    }

    #[test]
    fn sizes_are_said_in_their_unit() {
        for (bytes, expected) in [(0, "0.0 MiB"), (1 << 20, "1.0 MiB"), (3 << 29, "1.5 GiB"), (u64::MAX, "16.0 EiB")] {
            assert_eq!(in_words(bytes), expected);
        }
    }
}
