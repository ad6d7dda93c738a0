//! The number of invoices of each status, and their sums.

use std::collections::BTreeSet;

use crate::{
    app::unit_of_work::Work,
    domain::{
        error::Result,
        exchange_rate::Total,
        invoice::InvoiceStatus,
        money::{Currency, Money},
    },
    store::{self, dashboard, engine::Tx},
};

/// The maximum number of drafts that are added up.
const DRAFTS_SUMMED: i64 = 1000;

/// The invoices of an account by status.
#[derive(Debug, Clone)]
pub struct InvoiceFigures {
    /// The account's currency, in which the sums are.
    pub currency: Currency,
    /// The first entry is for all invoices except cancelled ones.
    pub of: Vec<StatusFigure>,
    /// The currencies of the invoices that are added up.
    pub currencies: BTreeSet<Currency>,
    /// Those without a known exchange rate; they are left out of the sums.
    pub unconverted: BTreeSet<Currency>,
}

/// The invoices of one status.
#[derive(Debug, Clone, Copy)]
pub struct StatusFigure {
    /// None for the entry of all.
    pub status: Option<InvoiceStatus>,
    pub invoices: u64,
    /// In minor units, at the latest known rates; None if they are not added up.
    pub sum: Option<i128>,
}

/// Returns the figures of the caller's invoices. All but those of drafts are read from rollups.
pub fn invoice_figures(work: &mut Work) -> Result<InvoiceFigures> {
    let (rates, today, account) = (work.rates()?, work.today()?, work.account);
    let tx = &mut *work.tx;
    let count = |tx: &mut Tx, status| store::invoice::count(tx, account, status);
    let drafts = count(tx, Some(InvoiceStatus::Draft))?;
    let is_summed = drafts <= DRAFTS_SUMMED.unsigned_abs();
    let mut all = Total::default();
    let (mut currencies, mut unconverted) = (BTreeSet::new(), BTreeSet::new());
    let mut sum = |amounts: &[Money]| {
        let mut total = Total::default();
        for amount in amounts {
            total.add(*amount);
            all.add(*amount);
            currencies.insert(amount.currency);
        }
        let converted = total.convert(&rates);
        unconverted.extend(converted.unconverted.into_keys());
        Some(converted.minor)
    };
    let amounts = store::invoice::draft_amounts(tx, account, DRAFTS_SUMMED)?;
    let draft = sum(&amounts).filter(|_| is_summed);
    let open = dashboard::open(tx, account, today)?;
    let mut of_open = |status: InvoiceStatus| {
        let is_overdue = status == InvoiceStatus::Overdue;
        let sums: Vec<_> = open.iter().filter(|sum| sum.overdue == is_overdue).collect();
        let invoices = sums.iter().map(|sum| sum.entries.unsigned_abs()).sum();
        let amounts: Vec<_> = sums.iter().map(|sum| sum.amount).collect();
        StatusFigure { status: Some(status), invoices, sum: sum(&amounts) }
    };
    let (sent, overdue) = (of_open(InvoiceStatus::Sent), of_open(InvoiceStatus::Overdue));
    let payments = dashboard::earned_in_all(tx, account)?;
    let payments: Vec<_> = payments.iter().map(|sum| Money::new(sum.minor, sum.currency)).collect();
    let paid = sum(&payments);
    let figure = |status, invoices, sum| StatusFigure { status, invoices, sum };
    Ok(InvoiceFigures {
        currency: rates.base(),
        of: vec![
            figure(None, count(tx, None)?, is_summed.then(|| all.convert(&rates).minor)),
            figure(Some(InvoiceStatus::Draft), drafts, draft),
            sent,
            overdue,
            figure(Some(InvoiceStatus::Paid), count(tx, Some(InvoiceStatus::Paid))?, paid),
            figure(
                Some(InvoiceStatus::Cancelled),
                count(tx, Some(InvoiceStatus::Cancelled))?,
                None,
            ),
        ],
        currencies,
        unconverted,
    })
}
