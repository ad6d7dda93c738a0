//! Admin actions from the command line; accounts are named by email.

use std::collections::HashSet;

use crate::{
    app::{
        App,
        proof::{AddressProof, prove_address},
        registration, two_factor,
    },
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
    /// Whether two-factor sign-in is on.
    pub two_factor: bool,
}

impl App {
    /// Creates an account. The first one created by a command belongs to the owner, unless the
    /// server was already set up on its page.
    pub async fn create_user(&self, registration: Registration) -> Result<Account> {
        let (mut account, hash) = self.new_account(registration).await?;
        account.activated_at = Some(account.created_at);
        self.store
            .write(move |tx| {
                let is_owner = !registration::is_set_up(tx)?;
                let account = Account { is_owner, ..account.clone() };
                store::account::create(tx, &account, &hash)?;
                if is_owner {
                    registration::mark_set_up(tx)?;
                }
                Ok(account)
            })
            .await
    }

    /// Returns every account, oldest first.
    pub async fn list_users(&self) -> Result<Vec<User>> {
        self.store
            .read(|tx| {
                let guarded: HashSet<AccountId> =
                    store::two_factor::list_accounts(tx)?.into_iter().collect();
                let user =
                    |account: Account| User { two_factor: guarded.contains(&account.id), account };
                Ok(store::account::list(tx)?.into_iter().map(user).collect())
            })
            .await
    }

    /// Sets a new password and ends every session.
    pub async fn set_password(&self, email: String, password: Password) -> Result<()> {
        let hash = self.passwords.hash(self.stranger(), password, self.random.as_ref()).await?;
        let now = self.now();
        self.change_user(email, move |tx, account| {
            store::account::set_password(tx, account.id, &hash, now)?;
            store::session::revoke_all(tx, account.id, now).map(drop)
        })
        .await
    }

    /// Makes this account the owner of the server, in place of the previous owner.
    ///
    /// # Errors
    ///
    /// Not found if there is no such account; a conflict if it cannot be used.
    pub async fn make_owner(&self, email: String) -> Result<()> {
        self.change_user(email, |tx, account| {
            if !account.is_active() {
                return Err(Error::conflict("error-owner-unusable"));
            }
            store::account::set_owner(tx, account.id)?;
            registration::mark_set_up(tx)
        })
        .await
    }

    /// Locks an account, which ends its sessions at once, or unlocks it.
    pub async fn set_disabled(&self, email: String, disabled: bool) -> Result<()> {
        let now = self.now();
        self.change_user(email, move |tx, mut account| {
            account.disabled_at = disabled.then_some(account.disabled_at.unwrap_or(now));
            account.updated_at = now;
            store::account::update(tx, &account)?;
            if disabled {
                store::session::revoke_all(tx, account.id, now)?;
                store::code::delete_all(tx, account.id)?;
            }
            Ok(())
        })
        .await
    }

    /// Marks the email of an account as verified, as if someone other than its current user had
    /// done so, and activates a pending account. Returns the updated account.
    pub async fn mark_email_verified(&self, email: String) -> Result<(Account, AddressProof)> {
        let now = self.now();
        self.change_user(email, move |tx, mut account| {
            let proof = prove_address(tx, &mut account, None, now)?;
            Ok((account, proof))
        })
        .await
    }

    /// Turns off two-factor sign-in for an account whose owner has lost the app and the backup
    /// codes.
    ///
    /// # Errors
    ///
    /// Not found if there is no such account; a conflict if two-factor sign-in is off.
    pub async fn reset_two_factor(&self, email: String) -> Result<()> {
        self.change_user(email, |tx, account| match store::two_factor::delete(tx, account.id)? {
            true => Ok(()),
            false => Err(two_factor::is_off()),
        })
        .await
    }

    /// Ends every session of an account and returns how many were active.
    pub async fn revoke_sessions(&self, email: String) -> Result<u64> {
        let now = self.now();
        self.change_user(email, move |tx, account| store::session::revoke_all(tx, account.id, now))
            .await
    }

    /// Changes the account with this email.
    async fn change_user<T: Send + 'static>(
        &self,
        email: String,
        change: impl Fn(&mut Tx, Account) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let change = move |tx: &mut Tx| {
            let account = by_email(tx, &email)?;
            change(tx, account)
        };
        self.store.write(change).await
    }

    /// Returns the account with this email.
    pub async fn account_by_email(&self, email: String) -> Result<AccountId> {
        self.store.read(move |tx| by_email(tx, &email).map(|account| account.id)).await
    }
}

pub(in crate::app) fn by_email(tx: &mut Tx, email: &str) -> Result<Account> {
    match store::account::find_by_email(tx, email)? {
        Some((account, _)) => Ok(account),
        None => Err(Error::not_found("error-user-not-found")),
    }
}
