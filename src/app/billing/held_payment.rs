//! Held payments: providers received them, but they were not booked. The owner decides.

use crate::{
    app::{
        payment::{book_received, find_payable},
        unit_of_work::Work,
    },
    domain::{
        checkout::{Checkout, CheckoutState, HeldPaymentFilter, Received},
        error::{Error, Result},
        id::CheckoutId,
        page::{Listing, Page},
        payment::Payment,
    },
    store,
};

/// How many held payments pages show at once.
const SHOWN: u32 = 5;

/// Returns a page of the caller's held payments, newest first.
pub fn list_held_payments(
    work: &mut Work,
    filter: &HeldPaymentFilter,
) -> Result<Listing<Checkout>> {
    store::checkout::list_held(work.tx, work.account, filter.page)
}

/// Returns the newest held payments of the caller.
pub fn newest_held_payments(work: &mut Work) -> Result<Vec<Checkout>> {
    let page = Page::first(SHOWN);
    Ok(store::checkout::list_held(work.tx, work.account, page)?.entries)
}

/// Returns one of the caller's payments through a provider, whether or not it is still held.
pub fn find_held_payment(work: &mut Work, id: CheckoutId) -> Result<Checkout> {
    let checkout = store::checkout::find(work.tx, work.account, id)?;
    if checkout.received.is_none() {
        return Err(Error::not_found("error-payment-not-found"));
    }
    Ok(checkout)
}

/// Books a held payment as it was received, even if more was paid than is due.
///
/// # Errors
///
/// Not found if the caller has no such payment; a conflict if it is no longer held, is in another
/// currency, or its invoice was voided.
pub fn book_held_payment(work: &mut Work, id: CheckoutId) -> Result<Payment> {
    let (checkout, received) = decide(work, id, CheckoutState::Paid)?;
    if received.amount.currency != checkout.amount.currency {
        return Err(Error::conflict("error-held-currency").with("amount", received.amount));
    }
    let invoice = find_payable(work, checkout.invoice)?;
    book_received(work, &invoice, &checkout, &received)
}

/// Dismisses a held payment without booking it.
///
/// # Errors
///
/// Not found if the caller has no such payment; a conflict if it is no longer held.
pub fn dismiss_held_payment(work: &mut Work, id: CheckoutId) -> Result<Checkout> {
    Ok(decide(work, id, CheckoutState::Dismissed)?.0)
}

/// Resolves a held payment.
fn decide(work: &mut Work, id: CheckoutId, state: CheckoutState) -> Result<(Checkout, Received)> {
    let before = find_held_payment(work, id)?;
    let decided = || Error::conflict("error-held-decided");
    let Some(received) = before.received.clone() else { return Err(decided()) };
    let checkout = Checkout { state, ..before };
    if !store::checkout::claim(work.tx, &checkout, [CheckoutState::Held; 2])? {
        return Err(decided());
    }
    Ok((checkout, received))
}
