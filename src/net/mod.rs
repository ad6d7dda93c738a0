//! Sockets: connections and their limits, TLS, certificates.

pub mod acme;
pub mod certificate;
mod connection;
pub mod descriptors;
mod guard;
mod head;
mod pace;
pub mod redirect;
pub mod tls;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use hyper_util::server::graceful::GracefulShutdown;
use poem::endpoint::BoxEndpoint;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use self::connection::Connection;
pub use self::{guard::Patience, pace::Pace};
use crate::{
    app::share::{Owner, Shares},
    metrics::{self, Present},
};

/// How long a refusal may take.
const REFUSAL_TIME: Duration = Duration::from_secs(2);

/// The time and memory that clients may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub handshake: Duration,
    pub patience: Patience,
    /// For a request body.
    pub body: Pace,
    /// How long running requests may take to finish at shutdown.
    pub shutdown: Duration,
    /// Connections at the same time.
    pub connections: usize,
    /// Connections per address at the same time; an IPv6 address counts by its /64.
    pub connections_of_one: usize,
    /// Further connections that get a refusal; any beyond these are closed at once.
    pub refusals: usize,
    /// How long the last quarter of the connections may be idle, so that silent clients do not lock
    /// out others.
    pub crowded_idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            patience: Patience {
                head: Duration::from_secs(15),
                // Longer than the 60 seconds after which proxies commonly close a connection: a
                // proxy must not send a request on one that is being closed here.
                idle: Duration::from_secs(75),
                write: Duration::from_secs(30),
            },
            // The largest upload may take 13 minutes at 64 kbit/s.
            body: Pace { grace: Duration::from_secs(20), rate: 8 * 1024 },
            shutdown: Duration::from_secs(10),
            connections: 10_000,
            connections_of_one: 10_000,
            refusals: 64,
            crowded_idle: Duration::from_secs(5),
        }
    }
}

/// What a listener serves.
#[derive(Clone)]
pub struct Served {
    pub routes: Arc<BoxEndpoint<'static>>,
    /// If set, the listener speaks TLS and answers plain HTTP only with `in_plain`.
    pub tls: Option<Tls>,
}

/// TLS configuration.
#[derive(Clone)]
pub struct Tls {
    pub acceptor: TlsAcceptor,
    pub in_plain: Arc<BoxEndpoint<'static>>,
}

/// Serves all listeners until `stop` changes, then lets running requests finish.
pub async fn serve(doors: Vec<(TcpListener, Served)>, limits: Limits, stop: watch::Receiver<bool>) {
    let shared = Arc::new(Shared {
        limits,
        places: Arc::new(Semaphore::new(limits.connections)),
        by_address: Shares::new(move || Semaphore::new(limits.connections_of_one)),
        refusals: Arc::new(Semaphore::new(limits.refusals)),
        is_full: AtomicBool::new(false),
        busy: Arc::new(redirect::busy()),
        graceful: GracefulShutdown::new(),
    });
    let mut accepting = JoinSet::new();
    for (listener, served) in doors {
        accepting.spawn(accept(listener, served, Arc::clone(&shared), stop.clone()));
    }
    while accepting.join_next().await.is_some() {}
    if let Some(shared) = Arc::into_inner(shared)
        && timeout(limits.shutdown, shared.graceful.shutdown()).await.is_err()
    {
        tracing::warn!("some requests were still running and were cut off");
    }
}

/// What all listeners share.
struct Shared {
    limits: Limits,
    /// One for each connection.
    places: Arc<Semaphore>,
    by_address: Shares<Semaphore>,
    refusals: Arc<Semaphore>,
    /// Whether it was logged that the server is full.
    is_full: AtomicBool,
    busy: Arc<BoxEndpoint<'static>>,
    graceful: GracefulShutdown,
}

async fn accept(
    listener: TcpListener,
    served: Served,
    shared: Arc<Shared>,
    mut stop: watch::Receiver<bool>,
) {
    let Ok(local) = listener.local_addr() else { return };
    let busy = Served { routes: Arc::clone(&shared.busy), ..served.clone() };
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => return,
        };
        match accepted {
            Ok((stream, peer)) => shared.admit(stream, local, peer, &served, &busy, &stop),
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                // Out of file descriptors: give running requests time to release some.
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// The permits of a connection until it ends: one for its address, and one for the total.
type Place = (OwnedSemaphorePermit, OwnedSemaphorePermit);

impl Shared {
    /// Reserves a place for a connection of that peer, if there is one.
    fn place(&self, peer: SocketAddr) -> Option<Place> {
        let share = self.by_address.of(Owner::of_address(peer.ip()));
        let Ok(own) = share.try_acquire_owned() else {
            tracing::debug!(%peer, "connection refused: too many from this address");
            return None;
        };
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            if !self.is_full.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    "all {} connections are in use, refusing new ones; see MAX_CONNECTIONS",
                    self.limits.connections
                );
            }
            return None;
        };
        Some((own, place))
    }

    fn admit(
        &self,
        stream: TcpStream,
        local: SocketAddr,
        peer: SocketAddr,
        served: &Served,
        busy: &Served,
        stop: &watch::Receiver<bool>,
    ) {
        let place = self.place(peer);
        let refusal = match &place {
            Some(_) => None,
            None => match Arc::clone(&self.refusals).try_acquire_owned() {
                Ok(refusal) => Some(refusal),
                Err(_) => return,
            },
        };
        let mut limits = self.limits;
        if self.places.available_permits().saturating_mul(4) < limits.connections {
            limits.patience.idle = limits.patience.idle.min(limits.crowded_idle);
        } else {
            // Log again the next time it is full.
            self.is_full.store(false, Ordering::Relaxed);
        }
        let served = if place.is_some() { served } else { busy };
        let connection = Connection {
            local,
            peer,
            served: served.clone(),
            limits,
            watcher: self.graceful.watcher(),
            stop: stop.clone(),
        };
        tokio::spawn(async move {
            let _open = metrics::on().map(|metrics| {
                metrics.accepted.inc();
                Present::new(&metrics.connections)
            });
            let serving = connection.serve(stream);
            match &refusal {
                Some(_) => drop(timeout(REFUSAL_TIME, serving).await),
                None => serving.await,
            }
            drop((place, refusal));
        });
    }
}
