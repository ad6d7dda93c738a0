//! The changes that an invoice allows in each state.

use jiff::civil::Date;

use super::{
    Invoice, InvoiceChange, InvoiceStatus, Item, Line, Priced, Terms, check_amount, price,
    price::{explicit, is_amount},
};
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

/// Gives lines without `taxes` those of the stored line with the same description, else of the line
/// in the same place, else of the last line. A client program that does not know about taxes must
/// not remove them by sending back the lines and the rate that it read.
fn keep_taxes(lines: &mut [Line], stored: &[Item]) {
    for (place, line) in lines.iter_mut().enumerate().filter(|(_, line)| line.taxes.is_none()) {
        let same = stored.iter().find(|item| item.line.description == line.description);
        let kept = same.or_else(|| stored.get(place)).or(stored.last());
        line.taxes = kept.and_then(|item| item.line.taxes.clone());
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
        next.terms = Terms {
            tax_rate: self.tax_rate.unwrap_or(current.terms.tax_rate),
            discount: self.discount.apply(current.terms.discount.clone()),
            prices_include_tax: self.prices_include_tax.unwrap_or(current.terms.prices_include_tax),
            withholding: self.withholding.apply(current.terms.withholding.clone()),
        };
        next.issue_date = self.issue_date.unwrap_or(current.issue_date);
        next.due_date = self.due_date.unwrap_or(current.due_date);
        next.service =
            (self.service_from.apply(current.service.0), self.service_to.apply(current.service.1));
        next.reference = self.reference.apply(current.reference.clone());
        next.notes = self.notes.apply(current.notes.clone());
        next.reminders_off = self.reminders.map_or(current.reminders_off, |reminds| !reminds);
        next.deduct_deposits = self.deduct_deposits.unwrap_or(current.deduct_deposits);

        let is_same_rate = next.terms.tax_rate == current.terms.tax_rate;
        let mut lines = self.lines.map(|mut lines| {
            if is_same_rate {
                keep_taxes(&mut lines, &current.items);
            }
            explicit(lines, next.terms.tax_rate)
        });
        if let Some(lines) = &mut lines {
            lines.retain(|line| line.deposit.is_none());
            if lines.is_empty() {
                return Err(Error::field("items", Rule::Empty));
            }
        }
        // Pricing the one line of an amount-only invoice may not give the same totals again, so
        // keep them unless something they depend on has changed.
        let money_moves = next.currency != current.currency
            || next.terms != current.terms
            || lines.as_ref().is_some_and(|lines| !current.has_lines(lines));
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
            let frozen = |of: &Invoice| (of.client_id, of.service, of.deduct_deposits);
            let is_frozen_kept =
                frozen(&next) == frozen(current) && next.reference == current.reference;
            if money_moves || dates_move || amount_moves || !is_frozen_kept {
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
        if let (Some(from), Some(to)) = next.service
            && next.service != current.service
            && to < from
        {
            return Err(Error::field("serviceTo", Rule::BeforeField("serviceFrom")));
        }
        let priced = if money_moves {
            let stored = || current.own_lines().cloned().collect();
            let lines = lines.unwrap_or_else(stored);
            let priced = price(lines, &next.terms, next.currency)?;
            next.terms = priced.terms.clone();
            next.totals = priced.totals;
            next.taxes.clone_from(&priced.taxes);
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
