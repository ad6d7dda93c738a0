//! `freelanceos serve`.

use std::{path::Path, sync::Arc, thread, time::Duration};

use tokio::{
    net::TcpListener,
    runtime,
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinSet,
};

use super::{
    Failure, Outcome, backup::schedule, cannot_open, logging, memory, migrate::cannot_migrate,
    notify, now, tls,
};
use crate::{
    app::{
        App, Settings as AppSettings,
        environment::{Random, SystemClock, SystemRandom},
    },
    config::{Config, Settings, mail::unreachable_links, tls::TlsConfig},
    domain::error::Kind,
    http::{
        body_budget::BodyBudget,
        figures::Process,
        middleware::{Middleware, request_id::RequestIds},
    },
    metrics,
    net::{
        self, Limits, Served,
        descriptors::{self, Room},
        redirect,
        tls::CertificateFiles,
    },
    pdf::Fonts,
    server,
    store::{
        Database, Store, migrate,
        sqlite::{Checkpoints, ServeLock},
    },
};

/// Maximum number of simultaneous connections from one address.
const CONNECTIONS_OF_ONE: usize = 256;
/// How long a database server may take to start.
const DATABASE_START: Duration = Duration::from_secs(30);

pub fn run(settings: Settings) -> Outcome {
    let _last_lines = logging::start(&settings.logging)?;
    let checked = settings.checked()?;
    let certificate = tls::open_files(&settings)?;
    let database = settings.location.database()?;
    // Report this before the address, which the other server uses.
    let held = database.file().map(ServeLock::is_held).transpose();
    if held.map_err(cannot_open(&database))? == Some(true) {
        return Err(is_served(&database));
    }
    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    // Report an unusable address before creating anything. It is released again: clients should not
    // connect and wait until the database is ready.
    drop(runtime.block_on(Sockets::bind(&checked))?);
    settings.prepare()?;
    // Before the secrets: two servers starting at once would each generate some.
    let mut lock = take_lock(&database)?;
    let config = settings.load(&SystemRandom)?;
    migrate_patiently(&config.database)?;
    // The lock also covers the database file, which may be new.
    if let (Some(lock), Some(file)) = (&mut lock, database.file())
        && !lock.cover(file).map_err(cannot_open(&database))?
    {
        return Err(is_served(&database));
    }
    runtime.block_on(serve(config, certificate))
}

/// Locks the database file for this server.
fn take_lock(database: &Database) -> Result<Option<ServeLock>, Failure> {
    let Some(file) = database.file() else { return Ok(None) };
    let lock = ServeLock::take(file).map_err(cannot_open(database))?;
    lock.map(Some).ok_or_else(|| is_served(database))
}

fn is_served(database: &Database) -> Failure {
    Failure::Failed(format!("another freelanceos is already serving {database}"))
}

/// Migrates the database to this version's schema. Waits while the database server starts.
fn migrate_patiently(database: &Database) -> Outcome {
    let mut seconds_left = DATABASE_START.as_secs();
    let migration = loop {
        match migrate::run(database, now()) {
            Err(error) if matches!(error.kind(), Kind::Unavailable { .. }) && seconds_left > 0 => {
                if seconds_left == DATABASE_START.as_secs() {
                    tracing::warn!(cause = error.cause(), "waiting for the database");
                }
                seconds_left -= 1;
                thread::sleep(Duration::from_secs(1));
            }
            migrated => break migrated.map_err(cannot_migrate(database))?,
        }
    };
    if migration.from != migration.to {
        tracing::info!(from = migration.from, to = migration.to, "database migrated");
    }
    if let Some(copy) = migration.copy {
        tracing::info!(copy = %copy.display(), "kept a copy of the previous database");
    }
    Ok(())
}

/// Loads the built-in fonts and those the operator has added.
fn fonts(data_dir: &Path) -> Result<Fonts, Failure> {
    let folder = data_dir.join("fonts");
    let mut fonts = Fonts::default();
    let unusable = fonts
        .add_folder(&folder)
        .map_err(|error| format!("{} cannot be read: {}", folder.display(), error.cause()))?;
    for file in unusable {
        tracing::warn!(file = %file.display(), "this file is not a usable font");
    }
    Ok(fonts)
}

async fn serve(config: Config, certificate: Option<Arc<CertificateFiles>>) -> Outcome {
    let app = open_app(&config).await?;
    let sockets = Sockets::bind(&config).await?;
    let watched = watched(sockets.watched, &app);
    log_mail(&config);
    let (stopper, stop) = watch::channel(false);
    let mut background = start_background(&app, &config, &stop);
    // Before announcing that the server is ready: from then on, anyone may stop it.
    let stopped = stop_signal()?;
    let limits = limits(&config);
    let doors = doors(sockets.listening, sockets.redirecting, &app, &config, certificate, &stop)?;
    let server = tokio::spawn(net::serve(doors, limits, stop.clone()));
    let watched = tokio::spawn(net::serve(watched, Limits::default(), stop));
    notify::ready();
    stopped.await;
    tracing::info!("stopping");
    notify::stopping();
    // The server may have ended by itself.
    let _ = stopper.send(true);
    server.await.map_err(|error| error.to_string())?;
    // Its result does not matter.
    let _ = watched.await;
    while background.join_next().await.is_some() {}
    if let Some(app) = Arc::into_inner(app) {
        app.close();
    }
    tracing::info!("stopped");
    Ok(())
}

/// Opens the database and checks that it belongs to these secrets.
async fn open_app(config: &Config) -> Result<Arc<App>, Failure> {
    let settings = AppSettings {
        fonts: Arc::new(fonts(&config.location.data_dir)?),
        courier: Some(Arc::new(config.mail.clone().courier(config.location.mail_folder()))),
        ..config.app.clone()
    };
    // No other server uses a database file.
    let is_beside_others = match &config.database {
        Database::Sqlite(_) => false,
        server => server.is_served().map_err(cannot_open(server))?,
    };
    let store = Store::open_with(&config.database, checkpoints(config));
    let store = store.map_err(cannot_open(&config.database))?;
    let app = App::new(store, Arc::new(SystemClock), Arc::new(SystemRandom), settings)?;
    if let Some(key) = &config.app.secret_key {
        app.check_fingerprint(key.fingerprint()?).await?;
    }
    app.check_jwt_secret(&config.app.jwt_secret, is_beside_others).await?;
    if let Err(error) = app.continue_ids().await {
        // A wrong order in one list is no reason not to start.
        tracing::warn!(cause = error.cause(), "the newest entries may not be listed first");
    }
    Ok(Arc::new(app))
}

/// Returns what checkpoints the -wal file.
fn checkpoints(config: &Config) -> Checkpoints {
    if config.backup.litestream {
        return Checkpoints::Litestream;
    }
    if config.database.file().map(Checkpoints::of) == Some(Checkpoints::Litestream) {
        tracing::warn!(
            "found Litestream's files next to the database: set LITESTREAM=on, or its copy may be \
             damaged; if you no longer use Litestream, remove .freelanceos.db-litestream"
        );
    }
    Checkpoints::Ours
}

fn middleware(app: &Arc<App>, config: &Config) -> Middleware {
    let mut process = [0; 6];
    SystemRandom.fill(&mut process);
    let process = process.iter().map(|byte| format!("{byte:02x}")).collect();
    Middleware {
        app: Arc::clone(app),
        request_ids: Arc::new(RequestIds::new(process, config.trust_proxy)),
        bodies: Arc::new(BodyBudget::new(config.app.rate_limit)),
        origins: config.app.origins.clone().into(),
        is_secure: is_secure(config),
    }
}

/// Starts the background tasks. When `stop` changes, each one finishes its work and ends.
fn start_background(app: &Arc<App>, config: &Config, stop: &watch::Receiver<bool>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(memory::run(Arc::clone(app), stop.clone()));
    let (working, until) = (Arc::clone(app), stop.clone());
    tasks.spawn(async move { working.run_jobs(until).await });
    if let Some(file) = config.database.file() {
        let (file, plan) = (file.to_owned(), config.backup.clone());
        tasks.spawn(schedule::run(Arc::clone(app), file, plan, stop.clone()));
    }
    tasks
}

/// The listeners: for requests, for redirects, and for metrics.
struct Sockets {
    listening: Vec<TcpListener>,
    redirecting: Vec<TcpListener>,
    watched: Vec<TcpListener>,
}

impl Sockets {
    async fn bind(config: &Config) -> Result<Self, Failure> {
        Ok(Self {
            listening: bind("LISTEN", &config.listen).await?,
            redirecting: bind("REDIRECT_LISTEN", &config.net.redirect_listen).await?,
            watched: bind("METRICS_LISTEN", config.metrics_listen.as_slice()).await?,
        })
    }
}

/// Builds the public listeners with their routes.
fn doors(
    listening: Vec<TcpListener>,
    redirecting: Vec<TcpListener>,
    app: &Arc<App>,
    config: &Config,
    certificate: Option<Arc<CertificateFiles>>,
    stop: &watch::Receiver<bool>,
) -> Result<Vec<(TcpListener, Served)>, Failure> {
    let routes = server::routes(app, &middleware(app, config));
    let redirect = Arc::new(redirect::to(&config.app.public_url));
    let (served, scheme) = tls::start(certificate, routes, &redirect, config, stop)?;
    for address in listening.iter().flat_map(TcpListener::local_addr) {
        tracing::info!("listening on {scheme}://{address}, API documentation at /api/v1/docs");
    }
    for address in redirecting.iter().flat_map(TcpListener::local_addr) {
        tracing::info!("redirecting http://{address} to {}", config.app.public_url);
    }
    let redirect = Served { routes: redirect, tls: None };
    let listening = listening.into_iter().map(|socket| (socket, served.clone()));
    let redirecting = redirecting.into_iter().map(|socket| (socket, redirect.clone()));
    Ok(listening.chain(redirecting).collect())
}

/// Builds the metrics listeners, on their own address.
fn watched(sockets: Vec<TcpListener>, app: &Arc<App>) -> Vec<(TcpListener, Served)> {
    if sockets.is_empty() {
        return Vec::new();
    }
    metrics::switch_on();
    for address in sockets.iter().flat_map(TcpListener::local_addr) {
        tracing::info!("metrics are at http://{address}/metrics");
    }
    let process = Process { started_at: now().as_second(), lost_lines: logging::lost_lines };
    let served = Served { routes: Arc::new(server::metrics_routes(app, process)), tls: None };
    sockets.into_iter().map(|socket| (socket, served.clone())).collect()
}

/// Logs what prevents mail delivery, as far as the settings show.
fn log_mail(config: &Config) {
    let Some(server) = &config.mail.server else {
        let folder = config.location.mail_folder();
        tracing::info!("emails are saved to {}; set SMTP_URL to send them", folder.display());
        return;
    };
    if let Some(text) = unreachable_links(&config.app.public_url) {
        tracing::warn!("{text}: set PUBLIC_URL to an address that clients can open");
    }
    let sender = &config.mail.sender;
    if sender.is_local() && !server.is_loopback() {
        let from = sender.email();
        tracing::warn!(
            "emails are sent from {from}, which many mail servers reject: set MAIL_FROM to your \
             own address"
        );
    }
}

async fn bind(setting: &str, addresses: &[String]) -> Result<Vec<TcpListener>, Failure> {
    let mut listeners = Vec::with_capacity(addresses.len());
    for address in addresses {
        let listener = TcpListener::bind(address).await.map_err(|error| {
            Failure::Usage(format!(
                "{setting} has {address:?}, which the server cannot listen on: {error}"
            ))
        })?;
        listeners.push(listener);
    }
    Ok(listeners)
}

/// Whether browsers reach this server only over HTTPS: its own, or a proxy's.
fn is_secure(config: &Config) -> bool {
    let by_proxy = config.trust_proxy && config.app.public_url.starts_with("https://");
    config.net.tls != TlsConfig::Off || by_proxy
}

/// As many connections as configured and possible on this machine.
fn limits(config: &Config) -> Limits {
    let wanted = config.net.max_connections;
    let Room { connections, refusals } = descriptors::make_room(wanted);
    if connections < wanted {
        tracing::warn!(
            "MAX_CONNECTIONS is {wanted}, but this process cannot open that many files and accepts \
             {connections} connections at a time; raise its limit (LimitNOFILE= in systemd, \
             ulimit -Hn) or lower MAX_CONNECTIONS"
        );
    }
    // Behind a proxy, or without limits, all connections may come from one address.
    let is_shared = config.trust_proxy || !config.app.rate_limit;
    let connections_of_one =
        if is_shared { connections } else { CONNECTIONS_OF_ONE.min(connections.div_ceil(2)) };
    Limits { connections, connections_of_one, refusals, ..Limits::default() }
}

/// Starts listening for signals; the future ends with the first signal to stop.
pub fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
