//! Restrictions of an account until its address is verified, since anyone can register any address.
//! It may only send mail to itself and store a little data.

use crate::{
    app::{environment::Environment, unit_of_work::Work},
    domain::{
        account::Account,
        error::{Error, Result},
        text,
    },
    store,
};

/// The maximum number of rows an account may hold: clients, projects, invoices, their lines, and so
/// on.
pub const ROWS_MAX: i64 = 500;
/// The maximum number of bytes an account may write in total, including changes and stored answers.
pub const BYTES_MAX: i64 = 32 << 20;
/// The maximum number of visitor messages of an account.
pub(in crate::app) const MESSAGES_MAX: u64 = 500;

impl Environment {
    /// Returns whether an account is restricted because its address is unverified.
    pub fn is_limited(&self, account: &Account) -> bool {
        self.limits.are_on() && !account.is_proven()
    }

    /// Refuses mail to anyone but the account's own user.
    pub(in crate::app) fn check_mail_to(&self, account: &Account, to: &str) -> Result<()> {
        if self.is_limited(account) && text::email_key(to) != text::email_key(&account.email) {
            return Err(Error::forbidden("error-unverified-mail"));
        }
        Ok(())
    }
}

/// Runs a use case of an account with an unverified address, and refuses it if the account would
/// exceed its quota. A change that adds nothing is always allowed.
pub(in crate::app) fn within<T>(
    work: &mut Work,
    use_case: impl FnOnce(&mut Work) -> Result<T>,
) -> Result<T> {
    let account = work.account;
    let mut before = store::quota::count_rows(work.tx, account, ROWS_MAX)?;
    if before >= ROWS_MAX {
        before = store::quota::count_rows(work.tx, account, i64::MAX)?;
    }
    let written = work.tx.bytes_written();
    let value = use_case(work)?;
    let tx = &mut work.tx;
    let bytes = i64::try_from(tx.bytes_written() - written).map_err(Error::internal)?;
    let most = before.max(ROWS_MAX);
    if store::quota::count_rows(tx, account, most + 1)? > most {
        return Err(Error::forbidden("error-unverified-rows").with("max", ROWS_MAX));
    }
    if bytes > 0 && store::quota::add_bytes(tx, account, bytes)? > BYTES_MAX {
        return Err(Error::forbidden("error-unverified-bytes").with("max", BYTES_MAX >> 20));
    }
    Ok(value)
}
