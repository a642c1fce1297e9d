//! What the bench ran on.

use std::fs;

/// Processor, cores, memory and kernel; no name of the machine.
pub(super) fn describe() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let model =
        cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':').map(|(_, name)| name.trim()));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let meminfo = read("/proc/meminfo");
    let kilobytes: u64 =
        meminfo.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse().ok()).unwrap_or_default();
    let kernel = read("/proc/sys/kernel/osrelease");
    format!(
        "{}, {cores} cores, {} GB, Linux {}",
        model.unwrap_or("unknown processor"),
        kilobytes.div_ceil(1 << 20),
        kernel.split('-').next().unwrap_or_default().trim()
    )
}
