//! The resource use of the process, from `/proc`.

use std::fs;

use prometheus_client::{
    metrics::{counter::ConstCounter, gauge::ConstGauge},
    registry::Registry,
};
use rustix::{
    param,
    process::{Resource, getrlimit},
};

/// Fields of `/proc/self/stat` after the program's name, starting with the third.
const USER_TIME: usize = 14 - 3;
const SYSTEM_TIME: usize = 15 - 3;
const THREADS: usize = 20 - 3;
const VIRTUAL_BYTES: usize = 23 - 3;
const RESIDENT_PAGES: usize = 24 - 3;

/// Adds what can be read; without `/proc`, nothing.
pub(super) fn register(page: &mut Registry) {
    if let Ok(stat) = fs::read_to_string("/proc/self/stat")
        // The name may contain anything, even brackets.
        && let Some((_, fields)) = stat.rsplit_once(") ")
    {
        let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
        let field = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok());
        if let (Some(user), Some(system)) = (field(USER_TIME), field(SYSTEM_TIME)) {
            let seconds = (user + system) as f64 / param::clock_ticks_per_second() as f64;
            page.register("process_cpu_seconds", "Processor time", ConstCounter::new(seconds));
        }
        let resident = field(RESIDENT_PAGES).map(|pages| pages * param::page_size() as u64);
        for (name, help, value) in [
            ("process_threads", "Threads", field(THREADS)),
            ("process_virtual_memory_bytes", "Address space", field(VIRTUAL_BYTES)),
            ("process_resident_memory_bytes", "Memory in use", resident),
        ] {
            if let Some(value) = value {
                page.register(name, help, ConstGauge::new(value));
            }
        }
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        // The folder that is being read is one of them.
        let open = ConstGauge::new(open.count().saturating_sub(1));
        page.register("process_open_fds", "Open file descriptors", open);
    }
    if let Some(most) = getrlimit(Resource::Nofile).current {
        page.register("process_max_fds", "File descriptors it may open", ConstGauge::new(most));
    }
}
