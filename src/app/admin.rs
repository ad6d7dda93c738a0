//! What an admin does from the command line, by e-mail.

use std::collections::HashSet;

use super::{App, code::mark_verified, two_factor};
use crate::{
    domain::{
        account::{Account, Password},
        error::{Error, Result},
        id::AccountId,
        registration::Registration,
    },
    store::{self, engine::Tx},
};

/// An account as an admin sees it.
#[derive(Debug, Clone)]
pub struct User {
    pub account: Account,
    /// Whether it asks for a second factor.
    pub two_factor: bool,
}

impl App {
    /// Makes an account.
    pub async fn create_user(&self, registration: Registration) -> Result<Account> {
        let (mut account, hash) = self.new_account(registration).await?;
        account.activated_at = Some(account.created_at);
        self.store
            .write(move |tx| {
                store::account::create(tx, &account, &hash)?;
                Ok(account.clone())
            })
            .await
    }

    /// Every account, oldest first.
    pub async fn list_users(&self) -> Result<Vec<User>> {
        self.store
            .read(|tx| {
                let guarded: HashSet<AccountId> =
                    store::two_factor::list_accounts(tx)?.into_iter().collect();
                let user = |account: Account| {
                    let two_factor = guarded.contains(&account.id);
                    User { account, two_factor }
                };
                Ok(store::account::list(tx)?.into_iter().map(user).collect())
            })
            .await
    }

    /// Sets another password and ends every session.
    pub async fn set_password(&self, email: String, password: Password) -> Result<()> {
        let hash = self.passwords.hash(self.stranger(), password, self.random.as_ref()).await?;
        let now = self.now();
        self.store
            .write(move |tx| {
                let id = by_email(tx, &email)?.id;
                store::account::set_password(tx, id, &hash, now)?;
                store::session::revoke_all(tx, id, now)?;
                Ok(())
            })
            .await
    }

    /// Locks an account, which ends its sessions at once, or unlocks it.
    pub async fn set_disabled(&self, email: String, disabled: bool) -> Result<()> {
        let now = self.now();
        self.store
            .write(move |tx| {
                let mut account = by_email(tx, &email)?;
                account.disabled_at = disabled.then_some(account.disabled_at.unwrap_or(now));
                account.updated_at = now;
                store::account::update(tx, &account)?;
                if disabled {
                    store::session::revoke_all(tx, account.id, now)?;
                }
                Ok(())
            })
            .await
    }

    /// Takes the e-mail of an account as proven, which activates an account that waits for it.
    /// Answers the account as it is now.
    pub async fn mark_email_verified(&self, email: String) -> Result<Account> {
        let now = self.now();
        self.store
            .write(move |tx| {
                let mut account = by_email(tx, &email)?;
                mark_verified(tx, &mut account, now)?;
                Ok(account)
            })
            .await
    }

    /// Turns the second factor of an account off, whose owner has lost app and backup codes.
    pub async fn reset_two_factor(&self, email: String) -> Result<()> {
        self.store
            .write(move |tx| {
                let id = by_email(tx, &email)?.id;
                match store::two_factor::delete(tx, id)? {
                    true => Ok(()),
                    false => Err(two_factor::is_off()),
                }
            })
            .await
    }

    /// Ends every session of an account and answers how many stood.
    pub async fn revoke_sessions(&self, email: String) -> Result<u64> {
        let now = self.now();
        self.store
            .write(move |tx| {
                let id = by_email(tx, &email)?.id;
                store::session::revoke_all(tx, id, now)
            })
            .await
    }

    /// The account of that e-mail.
    pub async fn account_by_email(&self, email: String) -> Result<AccountId> {
        self.store.read(move |tx| by_email(tx, &email).map(|account| account.id)).await
    }
}

pub(super) fn by_email(tx: &mut Tx, email: &str) -> Result<Account> {
    match store::account::find_by_email(tx, email)? {
        Some((account, _)) => Ok(account),
        None => Err(Error::not_found("User")),
    }
}
