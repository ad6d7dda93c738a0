//! Registration: who may create an account, and its initial state.

use crate::{
    app::{App, code::CodeMail, security_log::note, session::SignIn},
    domain::{
        account::{Account, AccountChange},
        date::{DateFormat, Zone},
        error::{Error, Result},
        invoice_defaults::{InvoiceDefaults, InvoiceDefaultsChange},
        money::Currency,
        registration::Registration,
        session::{Claims, Device},
    },
    store::{self, engine::Tx},
};

/// The key that stores whether anyone but the owner may register.
const OPEN: &str = "open_registration";
/// The key that stores that this server has had an owner.
const SET_UP: &str = "set_up";

impl App {
    /// Returns whether the settings open registration; None leaves it to the owner.
    pub fn registration_setting(&self) -> Option<bool> {
        self.settings.open_registration
    }

    /// Returns whether anyone may create an account.
    pub async fn registration_is_open(&self) -> Result<bool> {
        let setting = self.settings.open_registration;
        self.store.read(move |tx| is_open(tx, setting)).await
    }

    /// Returns the business of the owner, to whom a server belongs on which nobody else can
    /// register; None where anyone can, or where it has no name.
    pub async fn office(&self) -> Result<Option<InvoiceDefaults>> {
        let setting = self.settings.open_registration;
        let find = move |tx: &mut Tx| {
            if is_open(tx, setting)? {
                return Ok(None);
            }
            let Some(owner) = store::account::find_owner(tx)? else { return Ok(None) };
            let defaults = store::invoice_defaults::find(tx, owner)?;
            Ok(Some(defaults).filter(|defaults| defaults.business.name.is_some()))
        };
        self.store.read(find).await
    }

    /// Returns whether there is any account, verified or not.
    pub async fn has_accounts(&self) -> Result<bool> {
        self.store.read(store::account::any).await
    }

    /// Returns whether this server has or had an owner: if so, only a command can change it.
    pub async fn is_set_up(&self) -> Result<bool> {
        self.store.read(is_set_up).await
    }

    /// Opens or closes registration. Only the server's owner may do this.
    pub async fn set_open_registration(&self, claims: Claims, open: bool) -> Result<()> {
        let setting = self.settings.open_registration;
        self.run_always(claims, move |work| {
            if store::account::find_owner(work.tx)? != Some(work.account) {
                return Err(Error::forbidden("error-owner-only"));
            }
            if setting.is_some() {
                return Err(Error::conflict("error-registration-is-set"));
            }
            set_open(work.tx, open)
        })
        .await
    }

    /// Returns the `input` of a registration, unless registration is closed: then the caller learns
    /// nothing else.
    pub async fn admit_registrant<T>(&self, input: Result<T>) -> Result<T> {
        let setting = self.settings.open_registration;
        self.store.read(move |tx| check_open(tx, setting)).await?;
        input
    }

    /// Creates an account that is usable at once, and signs it in.
    pub async fn register(&self, registration: Registration, device: Device) -> Result<SignIn> {
        let setting = self.settings.open_registration;
        let (mut account, password_hash) = self.new_account(registration).await?;
        account.activated_at = Some(account.created_at);
        let opening = self.open_session(account.id, device)?;
        let (new, session) = (account.clone(), opening.clone());
        self.store
            .write(move |tx| {
                check_open(tx, setting)?;
                store::account::create(tx, &new, &password_hash)?;
                session.write(tx)
            })
            .await?;
        note("account created and signed in", account.id);
        Ok(opening.signed_in(account))
    }

    /// Creates the owner's account with the choices of the first visit, and signs it in. Accounts
    /// registered earlier do not prevent this.
    ///
    /// # Errors
    ///
    /// A conflict if this server already has an owner.
    pub async fn register_owner(
        &self,
        registration: Registration,
        choice: AccountChange,
        business: InvoiceDefaultsChange,
        close_registration: bool,
        device: Device,
    ) -> Result<SignIn> {
        let taken = || Error::conflict("error-owner-exists-sign-in");
        // Refuse a late request before hashing a password.
        if self.is_set_up().await? {
            return Err(taken());
        }
        let (mut account, password_hash) = self.new_account(registration).await?;
        account.activated_at = Some(account.created_at);
        account.is_owner = true;
        choice.apply(&mut account);
        let opening = self.open_session(account.id, device)?;
        let (new, session) = (account.clone(), opening.clone());
        self.store
            .write(move |tx| {
                if is_set_up(tx)? {
                    return Err(taken());
                }
                store::account::create(tx, &new, &password_hash)?;
                mark_set_up(tx)?;
                let mut defaults = InvoiceDefaults::default();
                business.clone().apply(&mut defaults);
                store::invoice_defaults::set(tx, new.id, &defaults, new.created_at)?;
                set_open(tx, !close_registration)?;
                session.write(tx)
            })
            .await?;
        note("owner's account created and signed in", account.id);
        Ok(opening.signed_in(account))
    }

    /// Creates a pending account and mails the code that verifies its address. If the setting says
    /// so, its password must not be easy to guess.
    pub async fn register_pending(&self, registration: Registration, mail: CodeMail) -> Result<()> {
        let registration = self.guard(registration, Registration::guarded).await?;
        let setting = self.settings.open_registration;
        let (account, password_hash) = self.new_account(registration).await?;
        let (mailing, id) = (self.new_code(&account, mail)?, account.id);
        self.store
            .write(move |tx| {
                check_open(tx, setting)?;
                store::account::create(tx, &account, &password_hash)?;
                mailing.write(tx)
            })
            .await?;
        note("account created, waiting for its email address to be verified", id);
        self.wake_mail();
        Ok(())
    }

    /// Returns a pending account that is not stored yet, and its password hash.
    pub(in crate::app) async fn new_account(
        &self,
        registration: Registration,
    ) -> Result<(Account, String)> {
        let password = registration.password.clone();
        let hash = self.passwords.hash(self.stranger(), password, self.random.as_ref()).await?;
        Ok((self.blank_account(registration), hash))
    }

    /// Returns an account in its initial state.
    pub(in crate::app) fn blank_account(&self, registration: Registration) -> Account {
        let now = self.now();
        Account {
            id: self.new_id(),
            email: registration.email,
            first_name: registration.first_name,
            last_name: registration.last_name,
            currency: Currency::USD,
            zone: Zone::default(),
            date_format: DateFormat::default(),
            avatar: None,
            role: registration.role,
            username: registration.username,
            phone: registration.phone,
            location: registration.location,
            date_of_birth: registration.date_of_birth,
            activated_at: None,
            email_verified_at: None,
            disabled_at: None,
            is_owner: false,
            made_by: registration.origin,
            last_login_at: None,
            created_at: now,
            updated_at: now,
        }
    }
}

/// Returns whether anyone but the owner may register.
pub fn is_open(tx: &mut Tx, setting: Option<bool>) -> Result<bool> {
    match setting {
        Some(open) => Ok(open),
        None => Ok(store::program_state::find(tx, OPEN)?.is_none_or(|kept| kept != "off")),
    }
}

fn set_open(tx: &mut Tx, open: bool) -> Result<()> {
    store::program_state::set(tx, OPEN, if open { "on" } else { "off" })
}

/// Returns whether this server has or had an owner.
pub fn is_set_up(tx: &mut Tx) -> Result<bool> {
    Ok(store::program_state::find(tx, SET_UP)?.is_some())
}

/// Records that this server has an owner.
pub(in crate::app) fn mark_set_up(tx: &mut Tx) -> Result<()> {
    store::program_state::set(tx, SET_UP, "yes")
}

/// Refuses a registration if it is closed.
fn check_open(tx: &mut Tx, setting: Option<bool>) -> Result<()> {
    if is_open(tx, setting)? {
        return Ok(());
    }
    Err(Error::forbidden("error-registration-closed"))
}
