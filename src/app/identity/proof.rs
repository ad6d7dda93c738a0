//! Verification of an email address. However it happens, the account then belongs only to the
//! person who did it: someone else may have created and used the account with that address.

use jiff::Timestamp;

use crate::{
    domain::{account::Account, code::Purpose, error::Result, session::Claims},
    store::{self, engine::Tx},
};

/// A hash that no password has.
const NO_PASSWORD: &str = "";

/// The effect of a verification on the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressProof {
    /// Nothing changes: nobody could use the account yet, or its own user verified the address.
    Kept,
    /// The account was in use, and someone else verified the address: every earlier way to sign in
    /// is revoked, including the password.
    TakenOver,
}

impl AddressProof {
    /// Appends to a message what the reader should know about the password.
    pub fn told(self, message: &str) -> String {
        match self {
            Self::Kept => message.to_owned(),
            Self::TakenOver => format!(
                "{message}. You were not signed in to this account, so every device was signed \
                 out and the old password no longer works: set a new one by the password reset."
            ),
        }
    }
}

/// Marks the address of an account as verified. `by` is the session of the person who does it, if
/// any. Every way of verifying an address calls this.
pub(in crate::app) fn prove_address(
    tx: &mut Tx,
    account: &mut Account,
    by: Option<Claims>,
    now: Timestamp,
) -> Result<AddressProof> {
    let proof = proof_by(tx, account, by, now)?;
    let id = account.id;
    account.activated_at.get_or_insert(now);
    account.email_verified_at.get_or_insert(now);
    account.updated_at = now;
    store::account::update(tx, account)?;
    for void in [Purpose::Verification, Purpose::VerificationLink, Purpose::Removal] {
        store::code::delete(tx, id, void)?;
    }
    if proof == AddressProof::TakenOver {
        store::session::revoke_all(tx, id, now)?;
        store::passkey::delete_all(tx, id)?;
        store::two_factor::delete_all(tx, id)?;
        // Otherwise, clients might pay someone else.
        store::provider::delete_all(tx, id)?;
        store::request_answer::delete_all(tx, id)?;
        // This invalidates the codes that would reset it.
        store::account::set_password(tx, id, NO_PASSWORD, now)?;
    }
    Ok(proof)
}

/// Returns the effect that a verification of the address would have on the account.
pub(in crate::app) fn proof_by(
    tx: &mut Tx,
    account: &Account,
    by: Option<Claims>,
    now: Timestamp,
) -> Result<AddressProof> {
    // The server's owner needs no verification, and nobody else has used a pending account.
    if account.is_proven() || account.activated_at.is_none() || is_of(tx, account, by, now)? {
        return Ok(AddressProof::Kept);
    }
    Ok(AddressProof::TakenOver)
}

/// Returns whether a session is active and belongs to the account.
pub(in crate::app) fn is_of(
    tx: &mut Tx,
    account: &Account,
    by: Option<Claims>,
    now: Timestamp,
) -> Result<bool> {
    match by.filter(|claims| claims.account == account.id) {
        Some(claims) => Ok(store::session::find_actor(tx, claims, now)?.is_some()),
        None => Ok(false),
    }
}
