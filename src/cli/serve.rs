//! `freelanceos serve`.

use std::{path::Path, sync::Arc, thread, time::Duration};

use tokio::{
    net::TcpListener,
    runtime,
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinHandle,
};

use super::{
    Failure, Outcome, backup::schedule, cannot_open, logging, migrate::cannot_migrate, notify, now,
    sweep, tls::Tls,
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
        self, Face, Limits,
        descriptors::{self, Room},
        redirect,
    },
    pdf::Fonts,
    server,
    store::{
        Database, Store,
        migrate::{self, Migration},
        sqlite::{Checkpoints, ServeLock},
    },
};

/// Connections that one address may have at the same time.
const CONNECTIONS_OF_ONE: usize = 256;
/// How long a database server may take to begin to answer.
const DATABASE_START: Duration = Duration::from_secs(30);

pub fn run(settings: Settings) -> Outcome {
    let _last_lines = logging::start(&settings.logging)?;
    settings.check()?;
    let tls = Tls::open(&settings)?;
    let database = settings.location.database()?;
    let served = || Failure::Failed(format!("another freelanceos is serving {database} already"));
    // Told before its address is found taken, which it is by the other.
    if let Some(file) = database.file()
        && ServeLock::is_held(file).map_err(cannot_open(&database))?
    {
        return Err(served());
    }
    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(try_addresses(&settings.checked()?))?;
    settings.prepare()?;
    // Before anything is made: two servers started at once would each make secrets.
    let mut lock = match database.file().map(ServeLock::take).transpose() {
        Ok(Some(None)) => return Err(served()),
        taken => taken.map_err(cannot_open(&database))?.flatten(),
    };
    let config = settings.load(&SystemRandom)?;
    let migration = migrate_patiently(&config.database)?;
    // It may have been made only now.
    if let (Some(lock), Some(file)) = (&mut lock, database.file())
        && !lock.cover(file).map_err(cannot_open(&database))?
    {
        return Err(served());
    }
    if migration.from != migration.to {
        tracing::info!(from = migration.from, to = migration.to, "database migrated");
    }
    if let Some(copy) = migration.copy {
        tracing::info!(copy = %copy.display(), "the database as it was before is kept");
    }
    runtime.block_on(serve(config, tls))
}

/// Brings the database to this version's schema. A database server that was started together
/// with this one may need some time.
fn migrate_patiently(database: &Database) -> Result<Migration, Failure> {
    let mut seconds_left = DATABASE_START.as_secs();
    loop {
        match migrate::run(database, now()) {
            Err(error) if matches!(error.kind(), Kind::Unavailable { .. }) && seconds_left > 0 => {
                if seconds_left == DATABASE_START.as_secs() {
                    tracing::warn!(cause = error.cause(), "waiting for the database");
                }
                seconds_left -= 1;
                thread::sleep(Duration::from_secs(1));
            }
            migrated => return migrated.map_err(cannot_migrate(database)),
        }
    }
}

/// The fonts of the program and those that the operator has added.
fn fonts(data_dir: &Path) -> Result<Fonts, Failure> {
    let folder = data_dir.join("fonts");
    let mut fonts = Fonts::default();
    let unusable = fonts.add_folder(&folder).map_err(|error| {
        Failure::Failed(format!("{} cannot be read: {}", folder.display(), error.cause()))
    })?;
    for file in unusable {
        tracing::warn!(file = %file.display(), "this file is no font that can be printed with");
    }
    Ok(fonts)
}

async fn serve(config: Config, tls: Tls) -> Outcome {
    let settings = AppSettings {
        jwt_secret: config.jwt_secret.clone(),
        secret_key: Some(config.secret_key.clone()),
        access_life: config.jwt_expires_in,
        refresh_life: config.refresh_token_expires_in,
        otp_life: config.otp_expiry,
        public_url: config.public_url.clone(),
        origins: config.cors_origins.clone(),
        rate_limit: config.rate_limit,
        open_registration: config.open_registration,
        refuse_common_passwords: config.refuse_common_passwords,
        payment_link_base: config.payment_link_base.clone(),
        fonts: Arc::new(fonts(&config.location.data_dir)?),
        courier: Some(Arc::new(config.mail.clone().courier(config.location.mail_folder()))),
    };
    let checkpoints =
        if config.backup.litestream { Checkpoints::Litestream } else { Checkpoints::Ours };
    let followed = config.database.file().map(Checkpoints::of);
    if !config.backup.litestream && followed == Some(Checkpoints::Litestream) {
        tracing::warn!(
            "Litestream's files lie beside the database: set LITESTREAM=on, or its copy may be \
             damaged; where it is not used any more, remove .freelanceos.db-litestream"
        );
    }
    // A file is served by nobody else.
    let is_beside_others = match &config.database {
        Database::Sqlite(_) => false,
        server => server.is_served().map_err(cannot_open(server))?,
    };
    let store = Store::open_with(&config.database, checkpoints);
    let store = store.map_err(cannot_open(&config.database))?;
    let app = App::new(store, Arc::new(SystemClock), Arc::new(SystemRandom), settings)?;
    app.check_fingerprint(config.secret_key.fingerprint()?).await?;
    app.check_jwt_secret(&config.jwt_secret, is_beside_others).await?;
    if let Err(error) = app.continue_ids().await {
        // A page that nobody can read is no reason not to serve the others.
        tracing::warn!(cause = error.cause(), "the newest entries may not be shown first");
    }
    let app = Arc::new(app);

    if config.metrics_listen.is_some() {
        metrics::switch_on();
    }
    let listeners = bind("LISTEN", &config.listen).await?;
    let redirecting = bind("REDIRECT_LISTEN", &config.net.redirect_listen).await?;
    let mut boot = [0; 6];
    SystemRandom.fill(&mut boot);
    tell_of_mail(&config);
    let process = boot.iter().map(|byte| format!("{byte:02x}")).collect();
    let middleware = Middleware {
        app: Arc::clone(&app),
        request_ids: Arc::new(RequestIds::new(process, config.trust_proxy)),
        bodies: Arc::new(BodyBudget::new(config.rate_limit)),
        origins: config.cors_origins.clone().into(),
        is_secure: is_secure(&config),
    };
    let routes = server::routes(&app, &middleware);
    let (stopper, stop) = watch::channel(false);
    let sweeper = tokio::spawn(sweep::run(Arc::clone(&app)));
    let mailer = tokio::spawn(mail(Arc::clone(&app), stop.clone()));
    let backups = config.database.file().map(|file| {
        let (file, plan) = (file.to_owned(), config.backup.clone());
        tokio::spawn(schedule::run(Arc::clone(&app), file, plan, stop.clone()))
    });
    // Before anybody is told that the server is there, and may want it to stop.
    let stopped = stop_signal()?;
    let mut doors = Vec::with_capacity(listeners.len() + redirecting.len());
    let redirect = Arc::new(redirect::to(&config.public_url));
    let (face, scheme) = tls.start(routes, &redirect, &config, &stop)?;
    let limits = limits(&config);
    for listener in listeners {
        if let Ok(address) = listener.local_addr() {
            tracing::info!("listening on {scheme}://{address}, API documentation at /api/v1/docs");
        }
        doors.push((listener, face.clone()));
    }
    for listener in redirecting {
        if let Ok(address) = listener.local_addr() {
            tracing::info!("leading from http://{address} to {}", config.public_url);
        }
        doors.push((listener, Face { routes: Arc::clone(&redirect), tls: None }));
    }
    let watchers = match &config.metrics_listen {
        Some(address) => Some(listen_for_metrics(address, &app, stop.clone()).await?),
        None => None,
    };
    // Whoever holds the routes holds the database, which is closed at the end.
    drop(face);
    let server = tokio::spawn(net::serve(doors, limits, stop));
    notify::ready();
    stopped.await;
    tracing::info!("stopping");
    notify::stopping();
    // The server may have ended by itself, and then there is nobody left to tell.
    let _ = stopper.send(true);
    server.await.map_err(|error| Failure::Failed(error.to_string()))??;
    if let Some(watchers) = watchers {
        // Nothing is lost with it.
        let _ = watchers.await;
    }
    // It ends by itself, with what it is delivering.
    let _ = mailer.await;
    if let Some(backups) = backups {
        let _ = backups.await;
    }
    sweeper.abort();
    let _ = sweeper.await;
    drop(middleware);
    if let Some(app) = Arc::into_inner(app) {
        app.close();
    }
    tracing::info!("stopped");
    Ok(())
}

/// Listens on every address for a moment, so that one that cannot be had is told before anything
/// is made. They are not kept: nobody should wait at an open door until the database is ready.
async fn try_addresses(config: &Config) -> Outcome {
    let _listen = bind("LISTEN", &config.listen).await?;
    let _redirect = bind("REDIRECT_LISTEN", &config.net.redirect_listen).await?;
    let _metrics = bind("METRICS_LISTEN", config.metrics_listen.as_slice()).await?;
    Ok(())
}

/// What about mail keeps it from its readers, as far as the settings tell.
fn tell_of_mail(config: &Config) {
    let Some(server) = &config.mail.server else {
        let folder = config.location.mail_folder();
        tracing::info!(
            "mail is saved as files in {}; set SMTP_URL to have it sent",
            folder.display()
        );
        return;
    };
    if let Some(text) = unreachable_links(&config.public_url) {
        tracing::warn!("{text}: set PUBLIC_URL to an address that clients can open");
    }
    let sender = &config.mail.sender;
    if sender.is_local() && !server.is_loopback() {
        let from = sender.email();
        tracing::warn!(
            "mail comes from {from}, which many mail servers refuse: set MAIL_FROM to an address \
             of yours"
        );
    }
}

async fn bind(setting: &str, addresses: &[String]) -> Result<Vec<TcpListener>, Failure> {
    let mut listeners = Vec::with_capacity(addresses.len());
    for address in addresses {
        let listener = TcpListener::bind(address).await.map_err(|error| {
            Failure::Usage(format!(
                "{setting} has {address:?}, which cannot be listened on: {error}"
            ))
        })?;
        listeners.push(listener);
    }
    Ok(listeners)
}

/// Whether browsers reach this server by HTTPS alone: its own, or that of a proxy.
fn is_secure(config: &Config) -> bool {
    let by_proxy = config.trust_proxy && config.public_url.starts_with("https://");
    config.net.tls != TlsConfig::Off || by_proxy
}

/// As many connections as are wanted and the machine has room for.
fn limits(config: &Config) -> Limits {
    let wanted = config.net.max_connections;
    let Room { connections, refusals } = descriptors::make_room(wanted);
    if connections < wanted {
        tracing::warn!(
            "MAX_CONNECTIONS is {wanted}, but this process may not open so many files: {connections} \
             are taken at the same time; raise its limit (LimitNOFILE= of systemd, ulimit -Hn), \
             or set MAX_CONNECTIONS to less"
        );
    }
    // All come from one address behind a proxy, and where limits are off.
    let is_shared = config.trust_proxy || !config.rate_limit;
    let connections_of_one =
        if is_shared { connections } else { CONNECTIONS_OF_ONE.min(connections.div_ceil(2)) };
    Limits { connections, connections_of_one, refusals, ..Limits::default() }
}

/// Serves the figures on an address of their own.
async fn listen_for_metrics(
    address: &str,
    app: &Arc<App>,
    stop: watch::Receiver<bool>,
) -> Result<JoinHandle<std::io::Result<()>>, Failure> {
    let doors = bind("METRICS_LISTEN", &[address.to_owned()]).await?;
    let process = Process { started_at: now().as_second(), lost_lines: logging::lost_lines };
    let face = Face { routes: Arc::new(server::metrics_routes(app, process)), tls: None };
    for listener in &doors {
        if let Ok(address) = listener.local_addr() {
            tracing::info!("metrics are at http://{address}/metrics");
        }
    }
    let doors = doors.into_iter().map(|listener| (listener, face.clone())).collect();
    Ok(tokio::spawn(net::serve(doors, Limits::default(), stop)))
}

/// Begins to listen for signals at once; what it answers waits for the first to stop.
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

async fn mail(app: Arc<App>, stop: watch::Receiver<bool>) {
    app.run_mail(stop).await;
}
