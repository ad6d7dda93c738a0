//! What an account may do before its address is proven: anybody can register any address. Its own
//! mailbox may be written to, and a little may be kept.

use crate::{
    app::{environment::Environment, unit_of_work::Work},
    domain::{
        account::Account,
        error::{Error, Result},
        text,
    },
    store,
};

/// What an account may hold: clients, projects, invoices, their lines, and so on.
pub const ROWS_MAX: i64 = 500;
/// Bytes that an account may write altogether, changes and kept answers with them.
pub const BYTES_MAX: i64 = 32 << 20;
/// Messages of visitors that an account may have.
pub(in crate::app) const MESSAGES_MAX: u64 = 500;

impl Environment {
    /// Whether an account has only the rights of one that nobody has proven.
    pub fn is_limited(&self, account: &Account) -> bool {
        self.limits.are_on() && !account.is_proven()
    }

    /// Refuses mail to anybody else than the account's own user.
    pub(in crate::app) fn check_mail_to(&self, account: &Account, to: &str) -> Result<()> {
        if self.is_limited(account) && text::email_key(to) != text::email_key(&account.email) {
            return Err(Error::forbidden(
                "Please verify your email address first: until then invoices can be mailed to \
                 your own address only",
            ));
        }
        Ok(())
    }
}

/// Does a use case of an account whose address is unproven, and refuses it where the account would
/// hold or have written too much. What is not more than before is never too much.
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
        return Err(Error::forbidden(
            "Please verify your email address first: until then an account can hold 500 entries",
        ));
    }
    if bytes > 0 && store::quota::add_bytes(tx, account, bytes)? > BYTES_MAX {
        return Err(Error::forbidden(
            "Please verify your email address first: until then an account can write 32 MiB",
        ));
    }
    Ok(value)
}
