//! Reads and updates payment methods.

use crate::{
    app::{checkout::offers, invoice_file::sample_sheet_in, unit_of_work::Work},
    domain::{
        error::{Error, Result},
        how_to_pay::HowToPay,
        money::Currency,
        payment_method::{PAYMENT_METHODS_MAX, PaymentMethod},
        provider::ProviderKind,
    },
    store,
};

/// How clients can pay invoices in one currency.
pub struct PaymentPreview {
    pub currency: Currency,
    pub how: HowToPay,
    /// The providers whose buttons replace the link.
    pub providers: Vec<ProviderKind>,
}

/// Returns the payment methods of the caller, in the order in which clients see them.
pub fn list_payment_methods(work: &mut Work) -> Result<Vec<PaymentMethod>> {
    Ok(store::invoice_defaults::find(work.tx, work.account)?.payment_methods)
}

/// Returns the payment method with this key.
///
/// # Errors
///
/// Not found if the caller has no such payment method.
pub fn find_payment_method(work: &mut Work, key: &str) -> Result<PaymentMethod> {
    let methods = list_payment_methods(work)?;
    methods.into_iter().find(|method| method.key() == key).ok_or_else(unknown)
}

/// Adds a payment method after the others.
///
/// # Errors
///
/// A conflict if the account has the maximum number of payment methods.
pub fn add_payment_method(work: &mut Work, method: &PaymentMethod) -> Result<()> {
    change(work, |methods| {
        if methods.len() >= PAYMENT_METHODS_MAX {
            return Err(
                Error::conflict("error-payment-methods-max").with("max", PAYMENT_METHODS_MAX)
            );
        }
        methods.push(method.clone());
        Ok(())
    })
}

/// Replaces a payment method. Sent invoices keep it as it was.
///
/// # Errors
///
/// Not found if the caller has no such payment method.
pub fn replace_payment_method(work: &mut Work, key: &str, method: &PaymentMethod) -> Result<()> {
    change(work, |methods| {
        let at = position(methods, key)?;
        methods[at] = method.clone();
        Ok(())
    })
}

/// Moves a payment method up by one.
///
/// # Errors
///
/// Not found if the caller has no such payment method.
pub fn move_payment_method_up(work: &mut Work, key: &str) -> Result<()> {
    change(work, |methods| {
        let at = position(methods, key)?;
        methods.swap(at, at.saturating_sub(1));
        Ok(())
    })
}

/// Deletes a payment method. Sent invoices keep it.
///
/// # Errors
///
/// Not found if the caller has no such payment method.
pub fn delete_payment_method(work: &mut Work, key: &str) -> Result<()> {
    change(work, |methods| {
        let at = position(methods, key)?;
        methods.remove(at);
        Ok(())
    })
}

/// Returns what clients see on a sample invoice, in the account's currency and in each currency
/// that a payment method names.
pub fn preview_payment_methods(work: &mut Work) -> Result<Vec<PaymentPreview>> {
    let mut currencies = vec![work.actor.currency];
    for method in list_payment_methods(work)? {
        currencies.extend(method.currency.filter(|own| !currencies.contains(own)));
    }
    let preview = |currency| {
        let sheet = sample_sheet_in(work, currency)?;
        let link = work.env.shown_payment_link(&sheet.invoice);
        let providers = offers(work.tx, work.account, &sheet.invoice)?;
        Ok(PaymentPreview {
            how: HowToPay::of(&sheet.invoice, &sheet.seller, link),
            currency,
            providers,
        })
    };
    currencies.into_iter().map(preview).collect()
}

fn change(work: &mut Work, change: impl Fn(&mut Vec<PaymentMethod>) -> Result<()>) -> Result<()> {
    let mut defaults = store::invoice_defaults::find(work.tx, work.account)?;
    change(&mut defaults.payment_methods)?;
    store::invoice_defaults::set(work.tx, work.account, &defaults, work.now)
}

fn position(methods: &[PaymentMethod], key: &str) -> Result<usize> {
    methods.iter().position(|method| method.key() == key).ok_or_else(unknown)
}

fn unknown() -> Error {
    Error::not_found("error-payment-method-not-found")
}
