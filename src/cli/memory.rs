//! Memory that the program no longer uses.

/// Gives free memory back to the system. glibc keeps what lies below memory that is still used, so
/// that a server would stay as large as its largest minute.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "no crate wraps this one call, which takes no pointer")]
pub fn give_back() {
    // SAFETY: it may be called at any time, from any thread.
    unsafe { libc::malloc_trim(0) };
}

/// Other C libraries give memory back by themselves, or have no such call.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn give_back() {}
