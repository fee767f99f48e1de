//! Memory of the process.

/// Makes [`peak_rss_mib`] count from now on; without effect on systems other than Linux.
pub fn forget_peak_rss() {
    // Linux takes a 5 for it (`man 5 proc`); elsewhere there is no such file, and nothing to do about it.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The largest amount of memory that the process has held, in MiB; only Linux tells.
pub fn peak_rss_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}
