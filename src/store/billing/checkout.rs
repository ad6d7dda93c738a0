//! Checkouts of invoices at payment providers.

use jiff::Timestamp;

use crate::{
    domain::{
        checkout::{Checkout, CheckoutState, HeldReason, Received},
        error::Result,
        id::{AccountId, CheckoutId, InvoiceId},
        money::{Currency, Money},
        page::{Listing, Page},
        payment::Method,
        provider::ProviderKind,
    },
    store::{
        engine::{Tx, values},
        lister::Lister,
        row::record,
    },
};

const LIST: Lister = Lister::new("checkouts", COLUMNS);

record! {
    checkouts, checkout: &Checkout {
        id = &checkout.id,
        handle = checkout.handle.as_ref(),
        state = checkout.state.as_str(),
        reason = checkout.reason.map(HeldReason::as_str),
        received_currency = checkout.received.as_ref().map(|received| received.amount.currency),
        received_amount = checkout.received.as_ref().map(|received| received.amount.minor),
        fee_currency = fee(checkout).map(|fee| fee.currency),
        fee = fee(checkout).map(|fee| fee.minor),
        method = checkout.received.as_ref().map(|received| received.method.as_str()),
        receipt = checkout.received.as_ref().map(|received| &received.receipt),
        expires_at = checkout.expires_at,
        settled_at = checkout.settled_at,
        @once {
            account_id = &checkout.account,
            invoice_id = &checkout.invoice,
            provider = checkout.provider.as_str(),
            reference = &checkout.reference,
            currency = checkout.amount.currency,
            amount = checkout.amount.minor,
            created_at = checkout.created_at,
        }
        @read {
            number = "(SELECT number FROM invoices WHERE invoices.id = checkouts.invoice_id)",
            client = "(SELECT client_id FROM invoices WHERE invoices.id = checkouts.invoice_id)",
            name = "(SELECT name FROM clients JOIN invoices ON invoices.client_id = clients.id \
                    WHERE invoices.id = checkouts.invoice_id)",
        }
    } => {
        let money = |minor: Option<i64>, currency: Option<Currency>| {
            Option::zip(minor, currency).map(|(minor, currency)| Money::new(minor, currency))
        };
        let (paid, fee) = (money(received_amount, received_currency), money(fee, fee_currency));
        let details: Option<(Method, String)> = Option::zip(method, receipt);
        Checkout {
            account: account_id,
            invoice: invoice_id,
            invoice_number: number,
            client_name: name,
            amount: Money::new(amount, currency),
            received: Option::zip(paid, details)
                .map(|(amount, (method, receipt))| Received { amount, fee, method, receipt }),
            id, client, provider, reference, handle, state, reason, created_at, expires_at,
            settled_at,
        }
    }
}

fn fee(checkout: &Checkout) -> Option<Money> {
    checkout.received.as_ref()?.fee
}

/// Adds a checkout.
pub fn create(tx: &mut Tx, checkout: &Checkout) -> Result<()> {
    tx.insert(row(checkout))
}

/// Finds a checkout.
pub fn find(tx: &mut Tx, account: AccountId, id: CheckoutId) -> Result<Checkout> {
    LIST.of(&account).find(tx, "error-payment-not-found", &id, read)
}

/// Returns the checkout of an account that has this reference at a provider.
pub fn find_by_reference(
    tx: &mut Tx,
    account: AccountId,
    provider: ProviderKind,
    reference: &str,
) -> Result<Option<Checkout>> {
    tx.find(
        select("WHERE reference = ?1 AND account_id = ?2 AND provider = ?3"),
        values![reference, &account, provider.as_str()],
        read,
    )
}

/// Returns the checkout of an invoice that has this reference.
pub fn find_of_invoice(
    tx: &mut Tx,
    invoice: InvoiceId,
    reference: &str,
) -> Result<Option<Checkout>> {
    let sql = select("WHERE reference = ?1 AND invoice_id = ?2");
    tx.find(sql, values![reference, &invoice], read)
}

/// Lists a page of the held payments of an account, newest first.
pub fn list_held(tx: &mut Tx, account: AccountId, page: Page) -> Result<Listing<Checkout>> {
    let held = tx.one(
        "SELECT count(*) FROM checkouts WHERE account_id = ?1 AND state = 'held'",
        values![&account],
        |row| row.get::<i64>(0),
    )?;
    LIST.of(&account).only("state = 'held'").known(held.unsigned_abs()).page(tx, page, read)
}

/// Returns the held payments of an invoice, in the order of their checkouts.
pub fn list_held_of_invoice(
    tx: &mut Tx,
    account: AccountId,
    invoice: InvoiceId,
) -> Result<Vec<Checkout>> {
    let all = LIST.of(&account).only("state = 'held'").which("invoice_id = ?", Some(&invoice));
    let mut held = all.all(tx, read)?;
    held.sort_by_key(|checkout| checkout.id);
    Ok(held)
}

/// Records the provider's ID for a checkout, unless it is already known.
pub fn set_handle(tx: &mut Tx, id: CheckoutId, handle: &str) -> Result<()> {
    tx.change(
        "UPDATE checkouts SET handle = ?2 WHERE id = ?1 AND handle IS NULL",
        values![&id, handle],
    )
}

/// Extends the time for which a checkout is looked up, until this instant.
pub fn extend(tx: &mut Tx, id: CheckoutId, until: Timestamp) -> Result<()> {
    tx.change(
        "UPDATE checkouts SET expires_at = ?2 WHERE id = ?1 AND expires_at < ?2",
        values![&id, until],
    )
}

/// Returns when lookups of a checkout end.
pub fn find_end(tx: &mut Tx, id: CheckoutId) -> Result<Option<Timestamp>> {
    tx.find("SELECT expires_at FROM checkouts WHERE id = ?1", values![&id], |row| row.get(0))
}

/// Records that the client returned; returns whether it is the first time.
pub fn mark_returned(tx: &mut Tx, id: CheckoutId, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE checkouts SET returned_at = ?2 WHERE id = ?1 AND returned_at IS NULL";
    Ok(tx.execute(sql, values![&id, now])? > 0)
}

/// Marks an open checkout as no longer being checked.
pub fn expire(tx: &mut Tx, id: CheckoutId) -> Result<()> {
    tx.change(
        "UPDATE checkouts SET state = 'expired' WHERE id = ?1 AND state = 'open'",
        values![&id],
    )
}

/// Moves a checkout from one of two states to the state of `checkout`; returns false if a
/// concurrent change has already moved it.
pub fn claim(tx: &mut Tx, checkout: &Checkout, from: [CheckoutState; 2]) -> Result<bool> {
    let [first, second] = from.map(CheckoutState::as_str);
    let claimed = tx.execute(
        "UPDATE checkouts SET state = ?2 WHERE id = ?1 AND (state = ?3 OR state = ?4)",
        values![&checkout.id, checkout.state.as_str(), first, second],
    )?;
    if claimed > 0 {
        tx.update(row(checkout))?;
    }
    Ok(claimed > 0)
}

/// Removes a checkout that never opened.
pub fn delete(tx: &mut Tx, id: CheckoutId) -> Result<()> {
    tx.change("DELETE FROM checkouts WHERE id = ?1 AND state = 'open'", values![&id])
}
