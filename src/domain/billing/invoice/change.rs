//! The changes that an invoice allows in each state.

use jiff::civil::Date;

use super::{Invoice, InvoiceChange, InvoiceStatus, Priced, check_amount, price, price::is_amount};
use crate::domain::{
    error::{Error, Result},
    rule::Rule,
};

/// The effect of a change's `status`, after the other fields are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The status stays the same.
    Stay,
    /// The draft is marked as sent, without an email.
    Send,
    /// The sent invoice was paid.
    Pay,
    /// The draft is cancelled.
    Cancel,
}

impl Step {
    /// Returns the step from the current status (stored and shown) to the wanted one.
    fn new(stored: InvoiceStatus, shown: InvoiceStatus, wanted: InvoiceStatus) -> Result<Self> {
        use InvoiceStatus::{Cancelled, Draft, Overdue, Paid, Sent};
        Err(Error::conflict(match (stored, wanted) {
            _ if wanted == stored || wanted == shown => return Ok(Self::Stay),
            (Draft, Sent) => return Ok(Self::Send),
            (Sent, Paid) => return Ok(Self::Pay),
            (Draft, Cancelled) => return Ok(Self::Cancel),
            (Cancelled, _) => "error-invoice-cancelled",
            (Paid, _) => "error-invoice-paid",
            (Draft, Paid) => "error-invoice-draft-pay",
            (_, Overdue) => "error-invoice-overdue-by-itself",
            (_, Cancelled) => "error-invoice-sent-cancel",
            (_, Draft) => "error-invoice-sent-draft",
            (_, Sent | Paid) => "error-invoice-status",
        }))
    }
}

impl InvoiceChange {
    /// Returns the invoice after the field changes, and the status step. The invoice has no lines;
    /// the priced lines are returned separately if they or their amounts changed. The caller must
    /// check that ids exist.
    pub fn apply(self, current: &Invoice, today: Date) -> Result<(Invoice, Option<Priced>, Step)> {
        // Report invalid input before a forbidden state.
        let step = || match self.status {
            Some(wanted) => Step::new(current.status, current.shown_status(today), wanted),
            None => Ok(Step::Stay),
        };
        let mut next = current.clone();
        next.client_id = self.client_id.unwrap_or(current.client_id);
        next.project_id = self.project_id.apply(current.project_id);
        next.currency = self.currency.unwrap_or(current.currency);
        next.tax_rate = self.tax_rate.unwrap_or(current.tax_rate);
        next.issue_date = self.issue_date.unwrap_or(current.issue_date);
        next.due_date = self.due_date.unwrap_or(current.due_date);
        next.notes = self.notes.apply(current.notes.clone());

        // Pricing the one line of an amount-only invoice may not give the same totals again, so
        // keep them unless something they depend on has changed.
        let money_moves = next.currency != current.currency
            || next.tax_rate != current.tax_rate
            || self.lines.as_ref().is_some_and(|lines| !current.has_lines(lines));
        let dates_move = (next.issue_date, next.due_date) != (current.issue_date, current.due_date);
        // Setting it to cancelled again changes nothing.
        let is_cancelled = current.status == InvoiceStatus::Cancelled;
        if is_cancelled && (self.status.is_none() || money_moves || next != *current) {
            return Err(Error::conflict("error-invoice-cancelled"));
        }
        if current.status != InvoiceStatus::Draft {
            let amount_moves = self.amount.is_some_and(|amount| {
                !is_amount(amount, current.amount().decimal(), current.currency)
            });
            if money_moves || dates_move || amount_moves || next.client_id != current.client_id {
                return Err(Error::conflict("error-invoice-sent"));
            }
            return Ok((next, None, step()?));
        }
        if !current.number_period.contains(next.issue_date) {
            let period = current.number_period.as_str().to_owned();
            let rule = Rule::OtherPeriod { period };
            return Err(Error::field("issueDate", rule));
        }
        if dates_move && self.issue_date.is_some() && next.due_date < next.issue_date {
            return Err(Error::field("dueDate", Rule::BeforeField("issueDate")));
        }
        let priced = if money_moves {
            let stored = || current.items.iter().map(|item| item.line.clone()).collect();
            let lines = self.lines.unwrap_or_else(stored);
            let priced = price(lines, next.tax_rate, next.currency)?;
            next.totals = priced.totals;
            Some(priced)
        } else {
            None
        };
        if let Some(amount) = self.amount {
            check_amount(amount, next.totals.amount, next.currency)?;
        }
        Ok((next, priced, step()?))
    }
}
