//! Deletion of an account: immediate for its users, in small steps for its rows.

use std::sync::atomic::Ordering;

use crate::{
    app::{
        App,
        secret_try::{Refused, Tried},
        security_log::note,
        two_factor,
        unit_of_work::Work,
    },
    domain::{
        account::{Account, Password},
        code::SecondCode,
        error::{Error, Result},
        id::AccountId,
        rule::Rule,
        session::Claims,
    },
    store::{self, engine::Tx},
};

impl App {
    /// Deletes the caller's account with everything that belongs to it. From now on it cannot be
    /// used, and its email and username are free; the sweep removes its rows.
    pub async fn delete_account(
        &self,
        claims: Claims,
        password: Password,
        totp: Option<SecondCode>,
    ) -> Result<()> {
        let has_code = totp.is_some();
        let mark = move |work: &mut Work, _: &Account| mark_deleted(work, totp.as_ref());
        let outcome = self.confirm(claims, password, has_code, mark).await?;
        note(
            if outcome.is_ok() { "account deleted" } else { "account deletion rejected" },
            claims.account,
        );
        outcome.map_err(|refused| match refused {
            Refused::Password => Error::field("password", Rule::WrongPassword),
            Refused::NoCode => Error::field("totpCode", Rule::Required),
            Refused::WrongCode | Refused::OtherTime(_) => Error::field("totpCode", Rule::WrongCode),
        })
    }

    /// Removes the remains of deleted accounts. Each step is a short transaction, so that others
    /// need not wait; after an interruption, the next run continues. Then their data is erased from
    /// the database files.
    pub async fn remove_deleted_accounts(&self) -> Result<()> {
        while let Some(account) = self.store.read(store::removal::next).await? {
            self.is_to_erase.store(true, Ordering::Relaxed);
            self.forget_mail_files(account).await?;
            while self.store.write(move |tx| store::removal::step(tx, account)).await? {}
        }
        // If a reader blocks it, the next round does it.
        if self.is_to_erase.load(Ordering::Relaxed) && self.store.erase_deleted().await? {
            self.is_to_erase.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Removes the mail files of an account.
    async fn forget_mail_files(&self, account: AccountId) -> Result<()> {
        let Some(courier) = &self.settings.courier else { return Ok(()) };
        let of_account = move |tx: &mut Tx| store::outbox::list_of_account(tx, account);
        for (id, made_at) in self.store.read(of_account).await? {
            if let Err(error) = courier.forget(id, made_at).await {
                tracing::warn!(%error, %id, "could not remove a mail file");
            }
        }
        Ok(())
    }
}

/// Marks an account as deleted, so that nobody can use it.
fn mark_deleted(work: &mut Work, totp: Option<&SecondCode>) -> Result<Tried<()>> {
    let (tx, account, now) = (&mut *work.tx, work.account, work.now);
    let proven = two_factor::prove(tx, work.env.keys()?, account, totp, now)?;
    if proven.is_ok() {
        store::session::revoke_all(tx, account, now)?;
        store::removal::mark(tx, account, now)?;
    }
    Ok(proven)
}
