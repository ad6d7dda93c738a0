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

/// How long a provider is asked about a checkout if no webhook arrives.
pub const ASKED_FOR: SignedDuration = SignedDuration::from_hours(24);

words! {
    /// The state of a checkout.
    CheckoutState {
        /// The client may be paying.
        Open "open",
        /// Nothing was paid within a day. A payment that is reported later still counts.
        Expired "expired",
        /// Paid and booked.
        Paid "paid",
        /// Paid, but not as agreed: the owner decides.
        Held "held",
        /// Paid, but dismissed by the owner.
        Dismissed "dismissed",
    }
}

words! {
    /// Why a payment was not booked.
    HeldReason {
        /// The amount paid differs from the checkout.
        Amount "amount",
        /// It was paid in another currency.
        Currency "currency",
        /// Less was due when the payment arrived.
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
    /// The provider's own ID, if lookups use it.
    pub handle: Option<String>,
    /// The amount due when it was opened.
    pub amount: Money,
    pub state: CheckoutState,
    /// Why it was held.
    pub reason: Option<HeldReason>,
    /// The payment.
    pub received: Option<Received>,
    pub created_at: Timestamp,
    /// When to stop asking the provider.
    pub expires_at: Timestamp,
    pub settled_at: Option<Timestamp>,
}

impl Checkout {
    /// Whether a payment that is reported now still counts.
    pub fn is_awaited(&self) -> bool {
        matches!(self.state, CheckoutState::Open | CheckoutState::Expired)
    }

    /// Returns why this payment cannot be booked on its invoice, if there is a reason.
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
    /// The provider's fee, possibly in another currency.
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
