//! What a proposal offers: only an amount, or items priced like those of an invoice.

use rust_decimal::Decimal;

use crate::{
    app::{invoice_price, tax::resolve_taxes, unit_of_work::Work},
    domain::{
        error::{Error, Result},
        invoice::{Item, NewInvoice, Priced, Terms, check_amount, price},
        money::{Currency, Money},
        patch::Patch,
        proposal::{NewProposal, Proposal, ProposalChange},
        rule::Rule,
    },
};

/// What a proposal offers.
pub(in crate::app) struct Offered {
    pub amount: Money,
    pub items: Vec<Item>,
    pub terms: Terms,
}

/// Prices a new proposal. Items without taxes get the account's default taxes.
pub(in crate::app) fn price_new(
    work: &mut Work,
    new: &NewProposal,
    currency: Currency,
) -> Result<Offered> {
    if new.lines.is_empty() {
        return only_amount(new.amount, new.discount.is_some(), currency);
    }
    let as_invoice = NewInvoice {
        amount: given(new.amount),
        tax_rate: new.tax_rate,
        discount: new.discount.clone(),
        prices_include_tax: new.prices_include_tax,
        ..NewInvoice::new(new.client_id, work.today()?, new.lines.clone())
    };
    let priced = invoice_price::price_new(work, &as_invoice, None, currency)?;
    Ok(of_items(work, priced, currency))
}

/// Prices a changed proposal. Unchanged items keep their ids.
pub(in crate::app) fn price_change(
    work: &mut Work,
    before: &Proposal,
    change: &mut ProposalChange,
) -> Result<Offered> {
    let currency = change.currency.unwrap_or(before.amount.currency);
    let amount = change.amount.unwrap_or_else(|| before.amount.decimal());
    let stored = before.lines();
    let mut lines = change.lines.take().unwrap_or_else(|| stored.clone());
    if lines.is_empty() {
        let is_discounted = matches!(change.discount, Patch::Set(_));
        return only_amount(amount, is_discounted, currency);
    }
    lines.retain(|line| line.deposit.is_none());
    resolve_taxes(work, &mut lines)?;
    let terms = Terms {
        tax_rate: change.tax_rate.unwrap_or(before.terms.tax_rate),
        discount: change.discount.clone().apply(before.terms.discount.clone()),
        prices_include_tax: change.prices_include_tax.unwrap_or(before.terms.prices_include_tax),
        withholding: None,
    };
    let priced = price(lines, &terms, currency)?;
    if let Some(amount) = change.amount.and_then(given) {
        check_amount(amount, priced.totals.amount, currency)?;
    }
    let is_same = priced.lines.iter().map(|(line, _)| line).eq(&stored);
    let mut offered = of_items(work, priced, currency);
    if is_same {
        let kept = offered.items.iter_mut().zip(&before.items);
        kept.for_each(|(item, before)| item.id = before.id);
    }
    Ok(offered)
}

/// 0 stands for a missing amount.
fn given(amount: Decimal) -> Option<Decimal> {
    (!amount.is_zero()).then_some(amount)
}

fn only_amount(amount: Decimal, is_discounted: bool, currency: Currency) -> Result<Offered> {
    if is_discounted {
        return Err(Error::field("discount", Rule::NeedsItems));
    }
    let amount = Money::exact(amount, currency).map_err(|rule| Error::field("amount", rule))?;
    Ok(Offered { amount, items: Vec::new(), terms: Terms::default() })
}

fn of_items(work: &Work, priced: Priced, currency: Currency) -> Offered {
    Offered {
        amount: Money::new(priced.totals.amount, currency),
        items: invoice_price::new_items(work, priced.lines),
        terms: priced.terms,
    }
}
