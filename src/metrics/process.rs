//! What the process uses, as the kernel tells it.

use std::fs;

use rustix::param;

use super::Text;

/// Fields of `/proc/self/stat` behind the program's name, which begin with the third.
const USER_TIME: usize = 14 - 3;
const SYSTEM_TIME: usize = 15 - 3;
const THREADS: usize = 20 - 3;
const VIRTUAL_BYTES: usize = 23 - 3;
const RESIDENT_PAGES: usize = 24 - 3;

/// Writes what can be read; where there is no `/proc`, that is nothing.
pub(super) fn write(text: &mut Text) {
    if let Ok(stat) = fs::read_to_string("/proc/self/stat")
        // The name may hold anything, brackets too.
        && let Some((_, fields)) = stat.rsplit_once(") ")
    {
        let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
        let field = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok());
        if let (Some(user), Some(system)) = (field(USER_TIME), field(SYSTEM_TIME)) {
            text.counter("process_cpu_seconds_total", "Processor time");
            text.sample("", (user + system) as f64 / param::clock_ticks_per_second() as f64);
        }
        for (name, help, value) in [
            ("process_threads", "Threads", field(THREADS)),
            ("process_virtual_memory_bytes", "Address space", field(VIRTUAL_BYTES)),
            (
                "process_resident_memory_bytes",
                "Memory in use",
                field(RESIDENT_PAGES).map(|pages| pages * param::page_size() as u64),
            ),
        ] {
            if let Some(value) = value {
                text.gauge(name, help);
                text.sample("", value);
            }
        }
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        text.gauge("process_open_fds", "Open file descriptors");
        // The folder that is being read is one of them.
        text.sample("", open.count().saturating_sub(1));
    }
    if let Some(most) = rustix::process::getrlimit(rustix::process::Resource::Nofile).current {
        text.gauge("process_max_fds", "File descriptors it may open");
        text.sample("", most);
    }
}
