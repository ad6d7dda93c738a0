//! Returns unused memory to the system.

use std::{sync::Arc, time::Duration};

use tokio::{select, sync::watch, task::spawn_blocking, time::sleep};

use crate::app::App;

/// How often memory is returned, for example after sign-ins.
const REST_EVERY: Duration = Duration::from_secs(30);

/// Returns unused memory periodically until `stop` changes.
pub async fn run(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    loop {
        select! {
            () = sleep(REST_EVERY) => {}
            _ = stop.changed() => return,
        }
        app.rest();
        // It locks the heap in parts, which must not block requests.
        let _ = spawn_blocking(give_back).await;
    }
}

/// Returns free memory to the system. glibc keeps free memory below memory in use, so the server
/// would stay at its peak size.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "no crate wraps this one call, which takes no pointer")]
fn give_back() {
    // SAFETY: it may be called at any time from any thread.
    unsafe { libc::malloc_trim(0) };
}

/// Other C libraries return memory on their own, or have no such call.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_back() {}
