//! Payments: the ledger behind "paid".

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use rust_decimal::Decimal;

use crate::domain::{
    date::{self, Day},
    error::{Error, Result},
    id::{AccountId, CheckoutId, ClientId, InvoiceId, PaymentId},
    input::{Flag, Inherited, Optional, OrDefault, Required, input},
    money::{Amount, Currency, Money},
    page::Page,
    rule::Rule,
    text::{Free, Line},
    word::words,
};
use crate::locale::{Text, t};

/// The maximum length of a payment's reference.
const REFERENCE_MAX: usize = 200;
/// The maximum length of a payment's note.
const NOTE_MAX: usize = 2000;

words! {
    /// The kind of a ledger entry.
    LedgerKind {
        Payment "payment",
        /// Undoes a payment or a refund; its amount is the opposite.
        Reversal "reversal",
        /// Money given back; its amount is negative.
        Refund "refund",
    }
}

words! {
    /// How money was paid.
    Method {
        BankTransfer "bank_transfer",
        Card "card",
        Cash "cash",
        MobileMoney "mobile_money",
        Paypal "paypal",
        Cheque "cheque",
        Other "other",
    }
}

impl Method {
    /// Returns the label on pages and receipts.
    pub fn label(self) -> Text {
        match self {
            Self::BankTransfer => t("method-bank-transfer"),
            Self::Card => t("method-card"),
            Self::Cash => t("method-cash"),
            Self::MobileMoney => t("method-mobile-money"),
            Self::Paypal => t("method-paypal"),
            Self::Cheque => t("method-cheque"),
            Self::Other => t("method-other"),
        }
    }
}

/// When money was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaidAt {
    /// The instant, used to sort lists. For a given day, an instant of that day in the account's
    /// timezone.
    pub at: Timestamp,
    /// The day, if one was given. No timezone shifts it.
    pub on: Option<Date>,
}

impl PaidAt {
    /// Without a day, it is now. For a given day it is noon, or now if the day is today.
    ///
    /// # Errors
    ///
    /// The day lies in the future.
    pub fn new(given: Option<Date>, now: Timestamp, zone: &TimeZone) -> Result<Self> {
        let today = date::day_in(now, zone);
        let at = match given {
            Some(day) if day > today => return Err(Error::field("paidAt", Rule::FutureDate)),
            Some(day) if day < today => {
                let noon = day.at(12, 0, 0, 0).to_zoned(zone.clone()).map_err(Error::internal)?;
                noon.timestamp()
            }
            _ => now,
        };
        Ok(Self { at, on: given })
    }

    /// Returns the instant to show: for a given day, its start in UTC.
    pub fn told(self) -> Timestamp {
        let start = self.on.and_then(|day| date::day_start(day, &TimeZone::UTC).ok());
        start.unwrap_or(self.at)
    }

    /// Returns the calendar day.
    pub fn day(self, zone: &TimeZone) -> Date {
        self.on.unwrap_or_else(|| date::day_in(self.at, zone))
    }
}

/// An entry of the ledger of an invoice. Never changed once stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    pub id: PaymentId,
    pub account: AccountId,
    pub invoice: InvoiceId,
    pub invoice_number: String,
    pub client: ClientId,
    pub client_name: String,
    pub kind: LedgerKind,
    /// The amount that counts as received: money and withheld tax. Negative for refunds and
    /// reversed payments.
    pub amount: Money,
    /// The part of `amount` that the client withheld as tax, in minor units.
    pub withheld: i64,
    /// The account's currency, the rate into it and the converted amount on the day of the payment;
    /// `None` if no rate was known.
    pub base: Option<Conversion>,
    pub paid_at: PaidAt,
    pub method: Option<Method>,
    pub reference: Option<String>,
    pub note: Option<String>,
    /// The checkout that it came from.
    pub checkout: Option<CheckoutId>,
    /// The provider's fee, possibly in another currency.
    pub fee: Option<Money>,
    /// The entry that a reversal undoes.
    pub reverses: Option<PaymentId>,
    /// The reversal that undoes this entry.
    pub reversed_by: Option<PaymentId>,
    pub created_at: Timestamp,
}

impl Payment {
    /// Returns the money received, without withheld tax.
    pub fn cash(&self) -> Money {
        Money::new(self.amount.minor - self.withheld, self.amount.currency)
    }

    /// Whether it is neither reversed nor a reversal.
    pub fn is_standing(&self) -> bool {
        self.reverses.is_none() && self.reversed_by.is_none()
    }
}

/// A converted amount with its rate, both frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conversion {
    pub amount: Money,
    /// Units of the base currency for one unit of the payment's.
    pub rate: Decimal,
}

/// The sum of payments with the same currency and base currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentSum {
    pub currency: Currency,
    /// In minor units of `currency`.
    pub minor: i64,
    /// The sum in minor units of the base currency at the time.
    pub base: Option<Money>,
}

/// How and when money moved.
#[derive(Debug, Clone, Default)]
pub struct Moved {
    /// Now, if no day is given.
    pub on: Option<Date>,
    pub method: Option<Method>,
    pub reference: Option<String>,
    pub note: Option<String>,
    /// The checkout that it came from.
    pub checkout: Option<CheckoutId>,
    /// The provider's fee.
    pub fee: Option<Money>,
}

input! {
    /// A payment.
    #[derive(Debug, Clone)]
    pub new NewPayment;

    amount "amount": Required<Amount> = "The money received, without what was withheld.",
    withheld "withheld": Optional<Amount> = "Tax that the client withheld. It counts as paid.",
    paid_at "paidAt": Inherited<Day> = "The day of the payment, not in the future." => " Now by \
        default.",
    method "method": Optional<Method>,
    reference "reference": Optional<Line<REFERENCE_MAX>> = "Such as the number of the transfer.",
    note "note": Optional<Free<NOTE_MAX>>,
    allow_overpayment "allowOverpayment": OrDefault<Flag> = "Whether it may exceed the amount due.",
}

input! {
    /// How the amount due was paid.
    #[derive(Debug, Clone, Default)]
    pub new Settlement;

    withheld "withheld": Optional<Amount> = "The part that the client withheld as tax." => " None \
        by default.",
    paid_at "paidAt": Inherited<Day> = "The day of the payment, not in the future." => " Now by \
        default.",
    method "method": Optional<Method>,
    reference "reference": Optional<Line<REFERENCE_MAX>>,
}

input! {
    /// A refund.
    #[derive(Debug, Clone)]
    pub new NewRefund;

    amount "amount": Required<Amount>,
    paid_at "paidAt": Inherited<Day> = "The day of the refund, not in the future." => " Now by \
        default.",
    method "method": Optional<Method>,
    reference "reference": Optional<Line<REFERENCE_MAX>>,
    note "note": Optional<Free<NOTE_MAX>>,
}

input! {
    /// The filter of a list of payments.
    #[derive(Debug, Clone, Default)]
    pub new PaymentFilter;

    client_id "clientId": Optional<ClientId> = "Only payments of this client.",
    from "from": Optional<Day> = "Only payments of this day or later.",
    to "to": Optional<Day> = "Only payments of this day or earlier.",
    method "method": Optional<Method> = "Only payments made this way.",
    page "page": Page = "Payments per page; 10 by default.",
}

input! {
    /// The page of a list of the payments of an invoice.
    #[derive(Debug, Clone, Copy)]
    pub new PaymentPage;

    page "page": Page = "Payments per page; 10 by default.",
}

/// Returns an amount in minor units.
///
/// # Errors
///
/// The field with this name, if it does not fit the currency.
pub fn exact(field: &'static str, amount: Decimal, currency: Currency) -> Result<i64> {
    let money = Money::exact(amount, currency).map_err(|rule| Error::field(field, rule))?;
    Ok(money.minor)
}

impl NewPayment {
    /// Returns the money and the withheld tax, in minor units.
    ///
    /// # Errors
    ///
    /// They do not fit the currency, or both are 0.
    pub fn sums(&self, currency: Currency) -> Result<(i64, i64)> {
        let withheld = self.withheld.unwrap_or_default();
        let sums = Error::both(
            exact("amount", self.amount, currency),
            exact("withheld", withheld, currency),
        )?;
        if sums == (0, 0) { Err(Error::field("amount", Rule::Positive)) } else { Ok(sums) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_day_is_never_shifted_by_a_timezone() {
        let now: Timestamp = "2026-03-18T23:30:00Z".parse().unwrap();
        for (zone, today) in [("Pacific/Kiritimati", 19), ("UTC", 18), ("Pacific/Pago_Pago", 18)] {
            let zone = TimeZone::get(zone).unwrap();
            let day = |day| jiff::civil::date(2026, 3, day);
            for given in [1, 17, today] {
                let paid = PaidAt::new(Some(day(given)), now, &zone).unwrap();
                assert_eq!(paid.told().to_string(), format!("2026-03-{given:02}T00:00:00Z"));
                assert_eq!(
                    (paid.day(&zone), date::day_in(paid.at, &zone)),
                    (day(given), day(given))
                );
            }
            assert!(PaidAt::new(Some(day(today + 1)), now, &zone).is_err());
            let paid = PaidAt::new(None, now, &zone).unwrap();
            assert_eq!((paid.told(), paid.day(&zone)), (now, day(today)));
        }
    }
}
