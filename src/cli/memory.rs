//! Gives unused memory back to the system.

use std::{sync::Arc, time::Duration};

use tokio::{select, sync::watch, task::spawn_blocking, time::sleep};

use crate::app::App;

/// How often memory is given back, such as that of sign-ins.
const REST_EVERY: Duration = Duration::from_secs(30);

/// Gives unused memory back, now and then, until `stop` changes.
pub async fn run(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    loop {
        select! {
            () = sleep(REST_EVERY) => {}
            _ = stop.changed() => return,
        }
        app.rest();
        // It locks the heap in parts, which must not hold up requests.
        let _ = spawn_blocking(give_back).await;
    }
}

/// Gives free memory back to the system. glibc keeps what lies below memory that is still used, so
/// that a server would stay as large as its largest minute.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "no crate wraps this one call, which takes no pointer")]
fn give_back() {
    // SAFETY: it may be called at any time, from any thread.
    unsafe { libc::malloc_trim(0) };
}

/// Other C libraries give memory back by themselves, or have no such call.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_back() {}
