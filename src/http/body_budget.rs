//! Memory for request bodies. All bodies share one budget, and each address gets at most a fixed
//! share of it, however many connections it opens.

use std::{
    io,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::{Stream, StreamExt, stream};
use hyper::body::Bytes;
use poem::{
    Body, Request, Response, Result,
    http::header,
    web::headers::{ContentLength, HeaderMapExt},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

use super::{
    middleware::{Layer, Next},
    visitor::Address,
};
use crate::app::share::{Owner, Shares};

/// Bytes for all bodies together.
const BUDGET: usize = 16 << 20;
/// Bytes for one address: the largest upload plus some headroom.
const SHARE: usize = 10 << 20;
/// Bytes reserved for small bodies, so that large ones cannot keep them out.
const SMALL_BUDGET: usize = 4 << 20;
/// A body whose announced length is no larger than this is small.
const SMALL: u64 = 16 << 10;
/// How long a body may wait for room in total.
const PATIENCE: Duration = Duration::from_secs(5);

/// The budget for the bodies of all requests.
pub struct BodyBudget {
    large: Arc<Semaphore>,
    small: Arc<Semaphore>,
    /// `None` if limits are off: all requests may come from one address.
    shares: Option<Shares<Semaphore>>,
}

impl Layer for BodyBudget {
    async fn call(&self, mut request: Request, next: &impl Next) -> Result<Response> {
        let address = request.data::<Address>().map(|address| address.0);
        // Held until the response is ready, since the handler may still hold the body.
        let _room = self.meter(&mut request, address);
        next.call(request).await
    }
}

impl BodyBudget {
    /// With `has_shares`, each address is limited to its share.
    pub fn new(has_shares: bool) -> Self {
        Self {
            large: Arc::new(Semaphore::new(BUDGET)),
            small: Arc::new(Semaphore::new(SMALL_BUDGET)),
            shares: has_shares.then(|| Shares::new(|| Semaphore::new(SHARE))),
        }
    }

    /// Makes the body reserve room as it is read. Dropping the result releases the room; it is
    /// `None` if there is no body.
    fn meter(&self, request: &mut Request, address: Option<IpAddr>) -> Option<Held> {
        let length = request.headers().typed_get::<ContentLength>().map(|length| length.0);
        if length.unwrap_or(0) == 0 && !request.headers().contains_key(header::TRANSFER_ENCODING) {
            return None;
        }
        let budget = match length {
            Some(length) if length <= SMALL => &self.small,
            _ => &self.large,
        };
        let share = self.shares.as_ref().zip(address);
        let share = share.map(|(shares, address)| shares.of(Owner::of_address(address)));
        let held = Held { budget: Arc::clone(budget), share, taken: Arc::default() };
        let chunks = request.take_body().into_bytes_stream().boxed();
        request.set_body(Body::from_bytes_stream(held.clone().take_for(chunks)));
        Some(held)
    }
}

/// Room reserved for a request's body.
#[derive(Clone)]
struct Held {
    budget: Arc<Semaphore>,
    share: Option<Arc<Semaphore>>,
    taken: Arc<Mutex<Vec<OwnedSemaphorePermit>>>,
}

impl Held {
    fn take_for(
        self,
        chunks: impl Stream<Item = io::Result<Bytes>> + Send + Unpin,
    ) -> impl Stream<Item = io::Result<Bytes>> + Send {
        stream::unfold((self, chunks, PATIENCE), |(held, mut chunks, patience)| async move {
            let mut chunk = chunks.next().await?;
            let begun = Instant::now();
            if let Ok(bytes) = &chunk
                && !held.take(bytes.len(), begun + patience).await
            {
                chunk = Err(io::ErrorKind::ResourceBusy.into());
            }
            let patience = patience.saturating_sub(begun.elapsed());
            Some((chunk, (held, chunks, patience)))
        })
    }

    /// Reserves room, and returns whether it was available in time.
    async fn take(&self, bytes: usize, until: Instant) -> bool {
        let Ok(count) = u32::try_from(bytes) else { return false };
        let take = async {
            // The share first: an address over its share must not block others in the queue.
            let share = match &self.share {
                Some(share) => Some(Arc::clone(share).acquire_many_owned(count).await.ok()?),
                None => None,
            };
            let room = Arc::clone(&self.budget).acquire_many_owned(count).await.ok()?;
            Some((share, room))
        };
        let Ok(Some((share, room))) = timeout_at(until, take).await else { return false };
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        for permit in share.into_iter().chain([room]) {
            match taken.iter_mut().find(|known| Arc::ptr_eq(known.semaphore(), permit.semaphore()))
            {
                Some(known) => known.merge(permit),
                None => taken.push(permit),
            }
        }
        true
    }
}
