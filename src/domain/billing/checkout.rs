//! Checkouts: a client's attempts to pay an invoice through a provider.

use jiff::{SignedDuration, Timestamp};

use crate::domain::{
    id::{AccountId, CheckoutId, ClientId, InvoiceId},
    input::input,
    invoice::{Invoice, InvoiceStatus},
    money::Money,
    page::Page,
    payment::Method,
    provider::ProviderKind,
    word::words,
};

/// How long a provider is asked about a checkout by itself.
pub const ASKED_FOR: SignedDuration = SignedDuration::from_hours(24);

words! {
    /// What has become of a checkout.
    CheckoutState {
        /// The client may be paying.
        Open "open",
        /// Nothing was paid for a day. A payment that is reported later still counts.
        Expired "expired",
        /// Paid and booked.
        Paid "paid",
        /// Paid, but not as agreed: its owner decides.
        Held "held",
        /// Paid, but dismissed by its owner.
        Dismissed "dismissed",
    }
}

words! {
    /// Why a payment was not booked.
    HeldReason {
        /// Another amount was paid than the checkout was for.
        Amount "amount",
        /// It was paid in another currency.
        Currency "currency",
        /// Less than that is due by now.
        ExceedsDue "exceeds_due",
        /// The invoice was voided.
        NotPayable "not_payable",
    }
}

/// A checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    pub id: CheckoutId,
    pub account: AccountId,
    pub invoice: InvoiceId,
    pub invoice_number: String,
    pub client: ClientId,
    pub client_name: String,
    pub provider: ProviderKind,
    /// Our reference at the provider.
    pub reference: String,
    /// What the provider calls it, if it is found by that.
    pub handle: Option<String>,
    /// What was due.
    pub amount: Money,
    pub state: CheckoutState,
    /// Why it was held.
    pub reason: Option<HeldReason>,
    /// What was paid.
    pub received: Option<Received>,
    pub created_at: Timestamp,
    /// Until when the provider is asked.
    pub expires_at: Timestamp,
    pub settled_at: Option<Timestamp>,
}

impl Checkout {
    /// Whether a payment that is reported now counts.
    pub fn is_awaited(&self) -> bool {
        matches!(self.state, CheckoutState::Open | CheckoutState::Expired)
    }

    /// Returns why this payment cannot be booked on its invoice, if anything forbids it.
    pub fn objection(&self, received: &Received, invoice: &Invoice) -> Option<HeldReason> {
        let is_sent = !matches!(invoice.status, InvoiceStatus::Draft | InvoiceStatus::Cancelled);
        if received.amount.currency != self.amount.currency
            || received.amount.currency != invoice.currency
        {
            Some(HeldReason::Currency)
        } else if received.amount != self.amount {
            Some(HeldReason::Amount)
        } else if !is_sent {
            Some(HeldReason::NotPayable)
        } else if received.amount.minor > invoice.amount_due().minor {
            Some(HeldReason::ExceedsDue)
        } else {
            None
        }
    }
}

/// What a provider received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub amount: Money,
    /// What the provider keeps, perhaps in another currency.
    pub fee: Option<Money>,
    pub method: Method,
    /// The payment's reference on the provider's own pages.
    pub receipt: String,
}

words! {
    /// The state of a transaction at a provider.
    TransactionStatus {
        /// Not paid yet.
        Open "open",
        Paid "paid",
        Failed "failed",
    }
}

/// A transaction as the provider reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    pub reference: String,
    pub status: TransactionStatus,
    pub received: Received,
}

input! {
    /// The page of a list of held payments.
    #[derive(Debug, Clone, Copy)]
    pub new HeldPaymentFilter;

    page "page": Page = "Held payments per page; 10 by default.",
}
