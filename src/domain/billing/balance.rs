//! The amounts paid, credited and still due on an invoice.

use super::payment::{LedgerKind, PaidAt, Payment};
use crate::domain::{id::CreditNoteId, word::words};

words! {
    /// How far an invoice is paid.
    PaymentStatus {
        Unpaid "unpaid",
        PartiallyPaid "partially_paid",
        Paid "paid",
        Overpaid "overpaid",
    }
}

/// The amounts booked on an invoice, in minor units of its currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Booked {
    /// Includes withheld tax; refunds and reversals are subtracted.
    pub paid: i64,
    /// The part of `paid` that the client withheld as tax.
    pub withheld: i64,
    /// By credit notes.
    pub credited: i64,
}

impl Booked {
    /// Adds up all payments of an invoice.
    pub fn new(payments: &[Payment], credited: i64) -> Self {
        Self {
            paid: payments.iter().map(|payment| payment.amount.minor).sum(),
            withheld: payments.iter().map(|payment| payment.withheld).sum(),
            credited,
        }
    }
}

/// The balance of an invoice, in minor units of its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// The total of the invoice.
    amount: i64,
    booked: Booked,
}

impl Balance {
    pub fn new(amount: i64, booked: Booked) -> Self {
        Self { amount, booked }
    }

    /// Returns the total that the client owes, after credit notes.
    pub fn owed(self) -> i64 {
        self.amount - self.booked.credited
    }

    /// Returns what the client still has to pay; 0 if the invoice is overpaid.
    pub fn due(self) -> i64 {
        (self.owed() - self.booked.paid).max(0)
    }

    /// Returns the amount paid beyond the amount owed.
    pub fn excess(self) -> i64 {
        (self.booked.paid - self.owed()).max(0)
    }

    /// Returns the amount paid without withheld tax.
    pub fn cash(self) -> i64 {
        self.booked.paid - self.booked.withheld
    }

    /// Returns the amount that can be refunded: money paid beyond the amount owed.
    pub fn refundable(self) -> i64 {
        self.excess().min(self.cash().max(0))
    }

    /// Returns how far it is paid. An invoice without an amount is paid once it is `settled`.
    pub fn status(self, is_settled: bool) -> PaymentStatus {
        match self.booked.paid {
            paid if paid > self.owed() => PaymentStatus::Overpaid,
            paid if paid > 0 && paid < self.owed() => PaymentStatus::PartiallyPaid,
            paid if paid > 0 || is_settled => PaymentStatus::Paid,
            _ => PaymentStatus::Unpaid,
        }
    }
}

/// Returns when `amount` was paid in full: the time of the last payment booked while something was
/// due. Reversed payments do not count. Ids show which payments a credit note preceded.
pub fn settled_at(
    payments: &[Payment],
    amount: i64,
    credits: &[(CreditNoteId, i64)],
) -> Option<PaidAt> {
    let standing = payments.iter().filter(|payment| payment.is_standing());
    let mut paid = 0;
    let mut last = None;
    for payment in standing.filter(|payment| payment.kind == LedgerKind::Payment) {
        let before = credits.iter().filter(|(id, _)| id.uuid() < payment.id.uuid());
        let owed = amount - before.map(|(_, credited)| credited).sum::<i64>();
        if paid < owed || last.is_none() {
            last = Some(payment.paid_at);
        }
        paid += payment.amount.minor;
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn balance(amount: i64, paid: i64, withheld: i64, credited: i64) -> Balance {
        Balance::new(amount, Booked { paid, withheld, credited })
    }

    #[test]
    fn what_is_due_is_the_amount_without_what_was_paid_and_credited() {
        for (booked, due, refundable, status) in [
            ((100, 0, 0, 0), 100, 0, PaymentStatus::Unpaid),
            ((100, 40, 0, 0), 60, 0, PaymentStatus::PartiallyPaid),
            ((100, 100, 10, 0), 0, 0, PaymentStatus::Paid),
            ((100, 130, 0, 0), 0, 30, PaymentStatus::Overpaid),
            ((100, 40, 0, 60), 0, 0, PaymentStatus::Paid),
            ((100, 100, 0, 60), 0, 60, PaymentStatus::Overpaid),
            // Tax that the client withheld was never received, so it cannot be refunded.
            ((100, 130, 110, 0), 0, 20, PaymentStatus::Overpaid),
            // Credited in full.
            ((100, 0, 0, 100), 0, 0, PaymentStatus::Unpaid),
        ] {
            let (amount, paid, withheld, credited) = booked;
            let balance = balance(amount, paid, withheld, credited);
            let is = (balance.due(), balance.refundable(), balance.status(false));
            assert_eq!(is, (due, refundable, status), "{booked:?}");
        }
        assert_eq!(balance(0, 0, 0, 0).status(true), PaymentStatus::Paid);
    }
}
