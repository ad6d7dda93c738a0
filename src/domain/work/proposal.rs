//! Proposals: the freelancer's offers and the clients' answers.

use std::fmt;

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;

use crate::domain::{
    account::Account,
    client::Client,
    date::Day,
    deposit::Deposit,
    discount::Discount,
    error::{Error, Result},
    id::{AccountId, ClientId, InvoiceId, ProjectId, ProposalId},
    input::{Drafted, Flag, Inherited, List, OfPages, One, Optional, OrDefault, Required, input},
    invoice::{
        Invoice, Item, LINES_MAX, Line, Party, PlainRate, Seller, ShownInvoice, Terms, price,
    },
    money::{Amount, Currency, Money},
    outbox::OutboxMail,
    page::Page,
    text::{AnyText, Email, FreeText, Name, Search},
    word::words,
};

words! {
    /// The status of a proposal.
    ProposalStatus {
        Draft "draft",
        Sent "sent",
        Accepted "accepted",
        Rejected "rejected",
    }
}

impl ProposalStatus {
    /// Whether the client has answered.
    pub fn is_answered(self) -> bool {
        matches!(self, Self::Accepted | Self::Rejected)
    }

    /// Checks that a change may set `next`: a draft can be sent, an open proposal answered.
    pub fn change_to(self, next: Self) -> Result<Self> {
        match (self, next) {
            _ if self == next => Ok(self),
            (Self::Draft, Self::Sent)
            | (Self::Draft | Self::Sent, Self::Accepted | Self::Rejected) => Ok(next),
            (Self::Sent, _) => Err(Error::conflict("error-proposal-sent-draft")),
            _ => Err(Error::conflict("error-proposal-answered")),
        }
    }
}

/// A proposal of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    pub id: ProposalId,
    pub account: AccountId,
    pub client_id: ClientId,
    pub client: Option<Client>,
    pub title: String,
    pub content: String,
    pub status: ProposalStatus,
    /// The total of the items, if there are any.
    pub amount: Money,
    /// Empty if it has only an amount.
    pub items: Vec<Item>,
    /// What applies to all items, without withholding.
    pub terms: Terms,
    /// The deposit due on acceptance.
    pub deposit: Option<Deposit>,
    pub valid_until: Option<Date>,
    /// None until it is sent.
    pub link: Option<ProposalLink>,
    /// The id and name of its project.
    pub project: Option<(ProjectId, String)>,
    /// The newest invoice for its work, unless that is cancelled.
    pub invoice: Option<InvoiceId>,
    /// Its newest deposit, unless that is cancelled.
    pub deposit_invoice: Option<InvoiceId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Proposal {
    /// Returns the lines without their amounts.
    pub fn lines(&self) -> Vec<Line> {
        self.items.iter().map(|item| item.line.clone()).collect()
    }

    /// Returns the deposit that it asks for.
    ///
    /// # Errors
    ///
    /// Invalid if it is 0, more than the amount, or has too many decimals for the currency.
    pub fn deposit_amount(&self) -> Result<Option<Money>> {
        let of = |deposit: &Deposit| deposit.of(self.amount, self.amount, "deposit.");
        self.deposit.as_ref().map(of).transpose()
    }

    /// Returns the items and their sums as an invoice that is not stored; None if it has only an
    /// amount.
    pub fn offer(&self) -> Option<Invoice> {
        if self.items.is_empty() {
            return None;
        }
        let currency = self.amount.currency;
        // Stored items were priced before.
        let priced = price(self.lines(), &self.terms, currency).ok()?;
        let days = (Date::ZERO, Date::ZERO);
        let offer = Invoice::for_show(String::new(), days, (priced, currency), self.created_at);
        Some(Invoice { items: self.items.clone(), ..offer })
    }
}

/// Where the client can read and answer a proposal.
#[derive(Clone, PartialEq, Eq)]
pub enum ProposalLink {
    /// The stored form.
    Sealed(Vec<u8>),
    /// A complete URL.
    Open(String),
}

impl fmt::Debug for ProposalLink {
    /// Anyone who knows the address can answer, so it is not printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProposalLink(…)")
    }
}

/// A proposal as shown to its owner.
#[derive(Debug, Clone)]
pub struct ProposalRecord {
    pub proposal: Proposal,
    pub sent_at: Option<Timestamp>,
    pub answered_at: Option<Timestamp>,
    /// The name that the client signed with, if the link was used.
    pub answered_by: Option<String>,
    /// The IP address of the answer.
    pub answered_from: Option<String>,
    /// The newest invoices created from it.
    pub invoices: Vec<ShownInvoice>,
    /// The emails about it, newest first. Finished ones are deleted after a month.
    pub mails: Vec<OutboxMail>,
    /// If the proposal can still change, its characters that no font has.
    pub unprintable: Vec<char>,
}

/// A sent proposal as shown to its client.
#[derive(Debug, Clone)]
pub struct PublicProposal {
    pub proposal: Proposal,
    pub freelancer: Account,
    /// The freelancer's profession.
    pub freelancer_title: Option<String>,
    /// Both parties as printed on the proposal.
    pub seller: Seller,
    pub buyer: Party,
    pub sent_at: Option<Timestamp>,
    pub answered_at: Option<Timestamp>,
    /// The name that the client signed with, if the link was used.
    pub answered_by: Option<String>,
    /// Where the client can read the deposit invoice, once it is sent.
    pub deposit_link: Option<String>,
    /// Changes whenever anything that the client agrees to changes.
    pub version: String,
}

impl PublicProposal {
    /// Refuses an answer to a version other than the current one.
    pub fn check_version(&self, read: Option<&str>) -> Result<()> {
        if read.is_none_or(|read| read == self.version) {
            return Ok(());
        }
        Err(Error::conflict("error-proposal-changed"))
    }

    /// Refuses an answer to a proposal that is not open.
    pub fn check_open(&self, today: Date) -> Result<()> {
        if self.proposal.status.is_answered() {
            return Err(Error::conflict("error-proposal-answered"));
        }
        match self.proposal.valid_until {
            Some(last) if last < today => {
                let last = self.freelancer.date_format.show(last);
                Err(Error::conflict("error-proposal-expired").with("date", last))
            }
            _ => Ok(()),
        }
    }
}

/// A client's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Accept,
    Decline,
}

impl Answer {
    pub fn status(self) -> ProposalStatus {
        match self {
            Self::Accept => ProposalStatus::Accepted,
            Self::Decline => ProposalStatus::Rejected,
        }
    }
}

input! {
    /// The person who answers a proposal.
    #[derive(Debug, Clone)]
    pub new Signature;

    name "name": Required<Name>,
    /// The version that the client has read, if the answer names it.
    version "version": Optional<AnyText> = "The version that was read: the answer is refused where \
        the proposal has changed since.",
}

input! {
    /// A new proposal.
    #[derive(Debug, Clone)]
    pub new NewProposal;

    /// A change of a proposal.
    #[derive(Debug, Clone, Default)]
    pub change ProposalChange;

    client_id "clientId": Required<ClientId>,
    title "title": Required<Name>,
    content "content": OrDefault<FreeText>,
    status "status": Drafted<ProposalStatus>,
    /// 0 if it is not given.
    amount "amount": OrDefault<Amount> = "Including tax; the total of the items, if there are any."
        => " 0 by default.",
    currency "currency": Inherited<Currency> => "The user's currency by default.",
    valid_until "validUntil": Optional<Day>,
    lines "items": OrDefault<List<One<Line>, LINES_MAX>> = "At most 500. Empty if the proposal has \
        only an amount.",
    tax_rate "taxRate": PlainRate = "In percent: one tax named \"Tax\" on each item without taxes \
        of its own." => " Defaults to the account's default taxes, or 0.",
    discount "discount": Optional<One<Discount>> = "Taken off the sum of the items.",
    prices_include_tax "pricesIncludeTax": OrDefault<Flag> = "Whether the rates of the items \
        include their taxes." => " False by default.",
    deposit "deposit": Optional<One<Deposit>> = "The deposit invoice is created and sent when the \
        proposal is accepted.",
}

input! {
    /// How a proposal is sent.
    #[derive(Debug, Clone, Default)]
    pub new ProposalDelivery;

    mail "mail": OrDefault<Flag> = "Whether the client gets an email with the link and the PDF."
        => " False by default, unless there is an `email`.",
    email "email": Optional<Email> = "Where the email goes." => " The client's address by default.",
}

impl ProposalDelivery {
    /// Whether to email it.
    pub fn is_mailed(&self) -> bool {
        self.mail || self.email.is_some()
    }
}

impl NewProposal {
    /// A proposal with only a title.
    pub fn new(client_id: ClientId, title: String) -> Self {
        Self {
            client_id,
            title,
            content: String::new(),
            status: (),
            amount: Decimal::ZERO,
            currency: None,
            valid_until: None,
            lines: Vec::new(),
            tax_rate: None,
            discount: None,
            prices_include_tax: false,
            deposit: None,
        }
    }
}

input! {
    /// The filter of a list of proposals.
    #[derive(Debug, Clone, Default)]
    pub new ProposalFilter;

    status "status": Optional<ProposalStatus> = "Only proposals with this status.",
    client_id "clientId": Optional<ClientId> = "Only proposals for this client.",
    /// Text to find in the title and the client, case-insensitive.
    search "search": OfPages<OrDefault<Search>>,
    page "page": Page = "Proposals per page; 10 by default.",
}
