//! Who asks, as far as limits and queues need to know: known to all that is done for a request,
//! so that no use case has to hand it on.

use std::net::IpAddr;

use tokio::task_local;

use crate::app::share::Owner;

task_local! {
    static ASKER: Asker;
}

/// Whose request is being worked on.
#[derive(Debug, Clone, Default)]
pub struct Asker {
    /// The address that counts; none where a command asks.
    pub address: Option<IpAddr>,
    /// A bearer token or session cookie, not checked yet.
    pub token: Option<String>,
    /// What [`crate::app::App::browser_mark`] gave the browser at earlier sign-ins, not checked yet.
    pub marks: Vec<String>,
}

impl Asker {
    /// Does `work` on behalf of this asker.
    pub async fn ask<T>(self, work: impl Future<Output = T>) -> T {
        ASKER.scope(self, work).await
    }

    /// Who asks just now; nobody in particular where the program works by itself.
    pub fn current() -> Self {
        ASKER.try_with(Clone::clone).unwrap_or_default()
    }

    /// In whose line work for this asker waits.
    pub fn owner() -> Option<Owner> {
        ASKER.try_with(|asker| asker.address).ok().flatten().map(Owner::of_address)
    }
}
