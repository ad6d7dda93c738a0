//! The caller, as limits and queues see it. All work for a request can access it, so that use cases
//! need not pass it on.

use std::net::IpAddr;

use tokio::task_local;

use crate::app::share::Owner;

task_local! {
    static ASKER: Asker;
}

/// The origin of the current request.
#[derive(Debug, Clone, Default)]
pub struct Asker {
    /// The client address that counts; None for a command.
    pub address: Option<IpAddr>,
    /// A bearer token or session cookie, not verified yet.
    pub token: Option<String>,
    /// Marks from [`crate::app::App::browser_mark`], issued at earlier sign-ins and not verified
    /// yet.
    pub marks: Vec<String>,
}

impl Asker {
    /// Runs `work` on behalf of this caller.
    pub async fn ask<T>(self, work: impl Future<Output = T>) -> T {
        ASKER.scope(self, work).await
    }

    /// Returns the current caller; an empty one if the program works by itself.
    pub fn current() -> Self {
        ASKER.try_with(Clone::clone).unwrap_or_default()
    }

    /// Returns the owner of the queue in which this caller's work waits.
    pub fn owner() -> Option<Owner> {
        ASKER.try_with(|asker| asker.address).ok().flatten().map(Owner::of_address)
    }
}
