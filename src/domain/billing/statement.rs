//! Statements: what a client was billed and has paid.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};

use crate::domain::{
    client::Client,
    date::Day,
    error::{Error, Result},
    id::{Id, InvoiceId},
    input::{Inherited, input},
    invoice::Party,
    money::Currency,
    payment::LedgerKind,
    rule::Rule,
    word::words,
};
use crate::locale::{Text, t};

words! {
    /// The kind of a statement entry.
    EntryKind {
        Invoice "invoice",
        CreditNote "credit_note",
        Payment "payment",
        /// Undoes a payment or a refund.
        Reversal "reversal",
        Refund "refund",
    }
}

impl EntryKind {
    /// Returns the name of an entry, with its `number`.
    pub fn label(self) -> Text {
        match self {
            Self::Invoice => t("invoice-number"),
            Self::CreditNote => t("credit-note-number"),
            Self::Payment => t("entry-payment"),
            Self::Reversal => t("entry-reversal"),
            Self::Refund => t("entry-refund"),
        }
    }
}

impl From<LedgerKind> for EntryKind {
    fn from(kind: LedgerKind) -> Self {
        match kind {
            LedgerKind::Payment => Self::Payment,
            LedgerKind::Reversal => Self::Reversal,
            LedgerKind::Refund => Self::Refund,
        }
    }
}

/// Something that changed what a client owes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    pub day: Date,
    pub kind: EntryKind,
    pub id: Id<()>,
    pub invoice: InvoiceId,
    /// The number of the invoice or the credit note.
    pub number: String,
    pub currency: Currency,
    /// The change in what the client owes, in minor units; negative for payments and credit notes.
    pub amount: i64,
}

/// A posting, and what the client owes after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub posting: Posting,
    pub balance: i64,
}

/// The entries in one currency, in minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrencyStatement {
    pub currency: Currency,
    /// What the client owed before the first day; negative if too much was paid.
    pub opening: i64,
    pub entries: Vec<Entry>,
    /// What the client owes after the last day.
    pub closing: i64,
}

/// A statement of a client.
#[derive(Debug, Clone)]
pub struct Statement {
    pub client: Client,
    pub from: Date,
    pub to: Date,
    pub currencies: Vec<CurrencyStatement>,
}

impl Statement {
    /// Returns the client as a party.
    pub fn buyer(&self) -> Party {
        Party::of_client(&self.client)
    }
}

input! {
    /// The days of a statement.
    #[derive(Debug, Clone, Copy, Default)]
    pub new StatementFilter;

    from "from": Inherited<Day> = "The first day." => " By default the first day of this year.",
    to "to": Inherited<Day> = "The last day." => " By default the last day of this year.",
}

impl StatementFilter {
    /// Returns the first and the last day.
    ///
    /// # Errors
    ///
    /// The last day is before the first.
    pub fn days(self, today: Date) -> Result<(Date, Date)> {
        let from = self.from.unwrap_or(date(today.year(), 1, 1));
        let to = self.to.unwrap_or(date(today.year(), 12, 31));
        if to < from { Err(Error::field("to", Rule::BeforeField("from"))) } else { Ok((from, to)) }
    }
}

/// Returns the entries of these days in order, by currency. Currencies in which nothing happened and
/// nothing was owed are left out.
pub fn balance(mut postings: Vec<Posting>, from: Date, to: Date) -> Vec<CurrencyStatement> {
    postings.retain(|posting| posting.day <= to);
    postings.sort_by_key(|posting| (posting.day, posting.kind as usize, posting.id.uuid()));
    let mut currencies: BTreeMap<Currency, CurrencyStatement> = BTreeMap::new();
    for posting in postings {
        let currency = posting.currency;
        let own = currencies.entry(currency).or_insert(CurrencyStatement {
            currency,
            opening: 0,
            entries: Vec::new(),
            closing: 0,
        });
        own.closing += posting.amount;
        match posting.day < from {
            true => own.opening += posting.amount,
            false => own.entries.push(Entry { posting, balance: own.closing }),
        }
    }
    let all = currencies.into_values();
    all.filter(|own| !own.entries.is_empty() || own.opening != 0).collect()
}
