//! The payment providers of accounts, with their sealed keys.

use jiff::Timestamp;

use crate::{
    domain::{
        error::Result,
        id::AccountId,
        provider::{ProviderKind, SealedProvider, TestPayment},
    },
    store::{
        engine::{Tx, values},
        row::record,
    },
};

record! {
    payment_providers, sealed: &SealedProvider {
        account_id = &sealed.account,
        provider = sealed.kind.as_str(),
        secret_key = &sealed.secret_key[..],
        webhook_secret = sealed.webhook_secret.as_deref(),
        last4 = &sealed.last4,
        hook_hash = &sealed.hook_hash[..],
        hook = &sealed.hook[..],
        test_reference = sealed.test.as_ref().map(|test| &test.reference),
        test_handle = sealed.test.as_ref().and_then(|test| test.handle.as_ref()),
        test_reported_at = sealed.test.as_ref().and_then(|test| test.reported_at),
        created_at = sealed.created_at,
        updated_at = sealed.updated_at,
    } => SealedProvider {
        account: account_id,
        kind: provider,
        test: Option::map(test_reference, |reference| TestPayment {
            reference,
            handle: test_handle,
            reported_at: test_reported_at,
        }),
        secret_key, webhook_secret, last4, hook_hash, hook, created_at, updated_at,
    }
}

/// Returns the providers of an account.
pub fn list(tx: &mut Tx, account: AccountId) -> Result<Vec<SealedProvider>> {
    tx.list(select("WHERE account_id = ?1 ORDER BY provider"), values![&account], read)
}

/// Returns a provider of an account, if it is connected.
pub fn find(tx: &mut Tx, account: AccountId, kind: ProviderKind) -> Result<Option<SealedProvider>> {
    let sql = select("WHERE account_id = ?1 AND provider = ?2");
    tx.find(sql, values![&account, kind.as_str()], read)
}

/// Returns the provider whose webhook address has this hash.
pub fn find_hook(tx: &mut Tx, hash: &[u8]) -> Result<Option<SealedProvider>> {
    tx.find(select("WHERE hook_hash = ?1"), values![hash], read)
}

/// Saves a provider of an account, replacing an earlier one.
pub fn set(tx: &mut Tx, provider: &SealedProvider) -> Result<()> {
    delete(tx, provider.account, provider.kind)?;
    tx.insert(row(provider))
}

/// Begins a test payment, which replaces an earlier one.
pub fn begin_test(
    tx: &mut Tx,
    account: AccountId,
    kind: ProviderKind,
    reference: &str,
) -> Result<()> {
    tx.change(
        "UPDATE payment_providers SET test_reference = ?3, test_handle = NULL, \
         test_reported_at = NULL WHERE account_id = ?1 AND provider = ?2",
        values![&account, kind.as_str(), reference],
    )
}

/// Records the provider's ID for the test payment with this reference, if it is still the newest.
pub fn set_test_handle(
    tx: &mut Tx,
    account: AccountId,
    kind: ProviderKind,
    reference: &str,
    handle: &str,
) -> Result<()> {
    tx.change(
        "UPDATE payment_providers SET test_handle = ?4 \
         WHERE account_id = ?1 AND provider = ?2 AND test_reference = ?3",
        values![&account, kind.as_str(), reference, handle],
    )
}

/// Records that the webhook of the test payment with this reference arrived, the first time.
pub fn mark_test_reported(
    tx: &mut Tx,
    account: AccountId,
    kind: ProviderKind,
    reference: &str,
    now: Timestamp,
) -> Result<()> {
    tx.change(
        "UPDATE payment_providers SET test_reported_at = ?4 WHERE account_id = ?1 \
         AND provider = ?2 AND test_reference = ?3 AND test_reported_at IS NULL",
        values![&account, kind.as_str(), reference, now],
    )
}

/// Removes all providers of an account.
pub fn delete_all(tx: &mut Tx, account: AccountId) -> Result<()> {
    tx.change("DELETE FROM payment_providers WHERE account_id = ?1", values![&account])
}

/// Removes a provider of an account.
pub fn delete(tx: &mut Tx, account: AccountId, kind: ProviderKind) -> Result<()> {
    tx.change(
        "DELETE FROM payment_providers WHERE account_id = ?1 AND provider = ?2",
        values![&account, kind.as_str()],
    )
}
