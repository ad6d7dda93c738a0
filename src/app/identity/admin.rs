//! What an admin does from the command line, by e-mail.

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
    /// Whether it asks for a second factor.
    pub two_factor: bool,
}

impl App {
    /// Makes an account. The first one that is made by a command is the owner's, unless the server
    /// has been set up on its page before.
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

    /// Every account, oldest first.
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

    /// Sets another password and ends every session.
    pub async fn set_password(&self, email: String, password: Password) -> Result<()> {
        let hash = self.passwords.hash(self.stranger(), password, self.random.as_ref()).await?;
        let now = self.now();
        self.change_user(email, move |tx, account| {
            store::account::set_password(tx, account.id, &hash, now)?;
            store::session::revoke_all(tx, account.id, now).map(drop)
        })
        .await
    }

    /// Makes an account that of whoever runs this server, in place of the one before.
    pub async fn make_owner(&self, email: String) -> Result<()> {
        self.change_user(email, |tx, account| {
            if !account.is_active() {
                return Err(Error::conflict(
                    "This account cannot be used: verify its e-mail or unlock it first",
                ));
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

    /// Takes the e-mail of an account as proven by somebody else than its user so far, which
    /// activates an account that waits for it. Answers the account as it is now.
    pub async fn mark_email_verified(&self, email: String) -> Result<(Account, AddressProof)> {
        let now = self.now();
        self.change_user(email, move |tx, mut account| {
            let proof = prove_address(tx, &mut account, None, now)?;
            Ok((account, proof))
        })
        .await
    }

    /// Turns the second factor of an account off, whose owner has lost app and backup codes.
    pub async fn reset_two_factor(&self, email: String) -> Result<()> {
        self.change_user(email, |tx, account| match store::two_factor::delete(tx, account.id)? {
            true => Ok(()),
            false => Err(two_factor::is_off()),
        })
        .await
    }

    /// Ends every session of an account and answers how many stood.
    pub async fn revoke_sessions(&self, email: String) -> Result<u64> {
        let now = self.now();
        self.change_user(email, move |tx, account| store::session::revoke_all(tx, account.id, now))
            .await
    }

    /// Changes the account of that e-mail.
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

    /// The account of that e-mail.
    pub async fn account_by_email(&self, email: String) -> Result<AccountId> {
        self.store.read(move |tx| by_email(tx, &email).map(|account| account.id)).await
    }
}

pub(in crate::app) fn by_email(tx: &mut Tx, email: &str) -> Result<Account> {
    match store::account::find_by_email(tx, email)? {
        Some((account, _)) => Ok(account),
        None => Err(Error::not_found("User")),
    }
}
