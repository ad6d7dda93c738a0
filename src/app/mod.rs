//! The use cases: each checks access, validates its input and runs in one transaction.

mod billing;
pub mod environment;
mod event;
mod identity;
mod platform;
pub mod profile;
pub mod unit_of_work;
mod work;

pub use self::billing::{
    checkout, client, credit_note, credit_note_file, deposit, exchange_rate, held_payment, invoice,
    invoice_bulk, invoice_defaults, invoice_figures, invoice_file, invoice_link, invoice_price,
    invoice_send, payment, payment_method, provider, provider_test, receipt, reminder,
    reminder_preview, reminder_run, statement, tax,
};
use self::identity::secret_try;
pub use self::identity::{
    account, admin, code, held, known_browser, passkey, password, proof, registration,
    relying_party, removal, session, token, two_factor,
};
pub use self::platform::{
    activity, asker, backup, dashboard, export, home, image, jobs, limit, load, mail_settings,
    notice, outbox, page_context, quota, resend, search, secret, security_log, share,
};
use self::platform::{public_link, work_queue};
pub use self::profile::{message, portfolio};
use self::work::proposal_price;
pub use self::work::{milestone, project, project_board, proposal, proposal_file, proposal_link};

use std::{
    num::NonZero,
    ops::Deref,
    sync::{Arc, atomic::AtomicBool},
    thread::available_parallelism,
    time::Duration,
};

use jiff::{SignedDuration, ToSpan};
use tokio::time::timeout;

use self::{
    environment::{Clock, Environment, Random},
    image::Images,
    invoice_file::Printer,
    jobs::Jobs,
    limit::Limits,
    password::Passwords,
    relying_party::RelyingParty,
    secret::SecretKey,
    token::Tokens,
    work_queue::WorkQueue,
};
use crate::{
    domain::{
        error::{Error, Kind, Result},
        id::IdSequence,
    },
    mail::courier::Courier,
    pdf::Fonts,
    provider::Providers,
    store::{self, Store},
};

/// The maximum number of rows that one round of [`App::sweep`] deletes, so that writers do not
/// wait.
const SWEEP_ROWS: i64 = 1000;

/// How long the database may take to answer a readiness check.
const READY_WITHIN: Duration = Duration::from_secs(5);
/// The maximum number of small tasks waiting for a core; more are refused.
const WORK_QUEUE: usize = 256;

/// The settings that the use cases need.
#[derive(Clone)]
pub struct Settings {
    pub jwt_secret: String,
    /// The root of the sealing and hashing keys; commands that neither seal nor hash need none.
    pub secret_key: Option<SecretKey>,
    /// Life of FreelanceHub Auth's access tokens.
    pub access_life: SignedDuration,
    /// Life of refresh tokens.
    pub refresh_life: SignedDuration,
    /// Life of FreelanceHub Auth's one-time passwords.
    pub otp_life: SignedDuration,
    /// The public address of the program, without a trailing slash.
    pub public_url: String,
    /// Origins from which browsers may call the APIs, as browsers write them.
    pub origins: Vec<String>,
    pub rate_limit: bool,
    /// Whether anyone may register; None leaves it to the owner.
    pub open_registration: Option<bool>,
    /// Whether the APIs also refuse common passwords.
    pub refuse_common_passwords: bool,
    /// The base of payment links, without a trailing slash. `None` without a payment service: links
    /// are then created as the document says, but not shown to clients.
    pub payment_link_base: Option<String>,
    /// The payment providers.
    pub providers: Arc<Providers>,
    /// The fonts of rendered documents.
    pub fonts: Arc<Fonts>,
    /// Delivers mail; None disables it.
    pub courier: Option<Arc<Courier>>,
}

impl Default for Settings {
    /// Settings for a command that neither signs nor seals.
    fn default() -> Self {
        Self {
            jwt_secret: String::new(),
            secret_key: None,
            access_life: SignedDuration::from_mins(30),
            refresh_life: SignedDuration::from_hours(7 * 24),
            otp_life: SignedDuration::from_mins(10),
            public_url: String::new(),
            origins: Vec::new(),
            rate_limit: false,
            open_registration: None,
            refuse_common_passwords: false,
            payment_link_base: None,
            providers: Arc::default(),
            fonts: Arc::default(),
            courier: None,
        }
    }
}

/// Everything a use case needs.
pub struct App {
    store: Store,
    /// Also used on database threads. Its methods are available on the app.
    environment: Arc<Environment>,
    tokens: Tokens,
    passwords: Passwords,
    images: Images,
    jobs: Jobs,
    printer: Printer,
    /// For other CPU-bound work.
    work: WorkQueue,
    /// Whether deleted accounts may have left data in the database files.
    is_to_erase: AtomicBool,
    /// None if passkeys cannot work.
    relying_party: Option<Arc<RelyingParty>>,
}

impl Deref for App {
    type Target = Environment;

    fn deref(&self) -> &Environment {
        &self.environment
    }
}

impl App {
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        settings: Settings,
    ) -> Result<Self> {
        let relying_party = RelyingParty::new(&settings.public_url, &settings.origins);
        Ok(Self {
            store,
            tokens: Tokens::new(settings.jwt_secret.as_bytes())?,
            passwords: Passwords::new()?,
            images: Images::default(),
            jobs: Jobs::default(),
            printer: Printer::new(Arc::clone(&settings.fonts)),
            work: WorkQueue::new(
                available_parallelism().map_or(2, NonZero::get),
                WORK_QUEUE,
                "error-busy-work",
            ),
            is_to_erase: AtomicBool::new(false),
            relying_party: relying_party.map(Arc::new),
            environment: Arc::new(Environment {
                clock,
                random,
                ids: IdSequence::default(),
                keys: settings.secret_key.as_ref().map(SecretKey::keys).transpose()?,
                limits: Limits::new(settings.rate_limit),
                settings,
            }),
        })
    }

    /// Finishes queued writes and stops the database threads.
    pub fn close(self) {
        self.store.close();
    }

    /// Frees memory that sign-ins used.
    pub fn rest(&self) {
        self.passwords.rest();
    }

    /// Deletes expired data in small batches: sessions, codes, challenges, rate windows, old
    /// answers, visitors and emails, accounts that were never verified or were deleted, unused
    /// pictures, old copies of the database. Returns whether more is left.
    pub async fn sweep(&self) -> Result<bool> {
        let now = self.now();
        // By then the day has ended in every timezone.
        let visits_end = self.today().checked_sub(2.days()).map_err(Error::internal)?;
        let old_mail = outbox::forgotten_before(now)?;
        let proven_until = now - PENDING_KEPT;
        let deleted = self
            .store
            .write(move |tx| {
                let deleted = [
                    store::removal::delete_expired(tx, now, SWEEP_ROWS)?,
                    store::profile::delete_visitors(tx, visits_end, SWEEP_ROWS)?,
                    store::outbox::delete_old(tx, old_mail, SWEEP_ROWS)?,
                    store::account::delete_pending(tx, proven_until, now, SWEEP_ROWS)?,
                ];
                Ok(deleted.into_iter().max().unwrap_or(0))
            })
            .await?;
        if deleted >= SWEEP_ROWS.unsigned_abs() {
            return Ok(true);
        }
        self.remove_unused_images().await?;
        self.remove_deleted_accounts().await?;
        self.store.remove_old_copies(now).await?;
        Ok(false)
    }

    /// Makes new ids follow those in the database: lists are ordered by id, and the clock may have
    /// been ahead when those were created.
    pub async fn continue_ids(&self) -> Result<()> {
        let newest = self.store.read(store::doctor::newest_id).await?;
        newest.into_iter().for_each(|id| self.ids.continue_from(id));
        Ok(())
    }

    /// Checks that requests can be served: the database responds in time.
    pub async fn ready(&self) -> Result<()> {
        let unanswered = || Error::unavailable(5, "error-database-silent");
        timeout(READY_WITHIN, self.store.reach()).await.unwrap_or_else(|_| Err(unanswered()))
    }
}

/// Ignores that a note could not be saved: this must not fail a read while the disk is full.
fn if_writable(noted: Result<()>) -> Result<()> {
    match noted {
        Err(error) if *error.kind() == Kind::Unwritable => Ok(()),
        noted => noted,
    }
}

/// How long an account waits for its email to be verified.
const PENDING_KEPT: SignedDuration = SignedDuration::from_hours(24);
