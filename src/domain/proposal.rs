//! Proposals: what the freelancer offers, and what the client answers.

use std::fmt;

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;

use super::{
    account::Account,
    client::Client,
    date,
    error::{Error, Result},
    form::{Form, Object, Read},
    id::{AccountId, ClientId, ProjectId, ProposalId},
    invoice::Party,
    money::{self, Currency, Money},
    page::Page,
    patch::Patch,
    text,
    word::{self, words},
};

words! {
    /// Where a proposal stands.
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

    /// Whether a change may set `next`: a draft is sent, an open proposal answered.
    pub fn change_to(self, next: Self) -> Result<Self> {
        match (self, next) {
            _ if self == next => Ok(self),
            (Self::Draft, Self::Sent)
            | (Self::Draft | Self::Sent, Self::Accepted | Self::Rejected) => Ok(next),
            (Self::Sent, _) => Err(Error::conflict("A sent proposal cannot become a draft again")),
            _ => Err(Error::conflict("This proposal has been answered already")),
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
    pub amount: Money,
    pub valid_until: Option<Date>,
    /// Once it was sent.
    pub link: Option<ProposalLink>,
    /// The project that was made of it, and its name.
    pub project: Option<(ProjectId, String)>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Where the client can read a proposal and answer it.
#[derive(Clone, PartialEq, Eq)]
pub enum ProposalLink {
    /// As it is stored.
    Sealed(Vec<u8>),
    /// A whole address.
    Open(String),
}

impl fmt::Debug for ProposalLink {
    /// Whoever knows the address may answer, so it is not told.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProposalLink(…)")
    }
}

/// A proposal as its owner sees it.
#[derive(Debug, Clone)]
pub struct ProposalRecord {
    pub proposal: Proposal,
    pub sent_at: Option<Timestamp>,
    pub answered_at: Option<Timestamp>,
    /// The name that the client signed with, where the link was used.
    pub answered_by: Option<String>,
    /// The address that the answer came from.
    pub answered_from: Option<String>,
    /// The characters of one that can still change that no font has.
    pub unprintable: Vec<char>,
}

/// A proposal as PDF.
#[derive(Debug, Clone)]
pub struct ProposalFile {
    /// `proposal-website-redesign.pdf`
    pub name: String,
    pub bytes: Vec<u8>,
}

impl ProposalFile {
    /// Named after the title, in letters that every system takes in a file's name.
    pub fn new(title: &str, bytes: Vec<u8>) -> Self {
        let words = title.split(|c: char| !c.is_ascii_alphanumeric());
        let words = words.filter(|word| !word.is_empty()).map(str::to_ascii_lowercase);
        let name = ["proposal".to_owned()].into_iter().chain(words).collect::<Vec<_>>().join("-");
        Self { name: format!("{name}.pdf"), bytes }
    }
}

/// A sent proposal as its client sees it.
#[derive(Debug, Clone)]
pub struct PublicProposal {
    pub proposal: Proposal,
    pub freelancer: Account,
    /// What the freelancer does.
    pub freelancer_title: Option<String>,
    /// Both sides, as the proposal is laid out.
    pub seller: Party,
    pub buyer: Party,
    pub sent_at: Option<Timestamp>,
    pub answered_at: Option<Timestamp>,
    /// Changes with whatever the client agrees to.
    pub version: String,
}

impl PublicProposal {
    /// Refuses an answer to another version than the one that is there now.
    pub fn check_version(&self, read: Option<&str>) -> Result<()> {
        if read.is_none_or(|read| read == self.version) {
            return Ok(());
        }
        Err(Error::conflict("This proposal has changed meanwhile; please read it again"))
    }

    /// Refuses an answer to a proposal that waits for none.
    pub fn check_open(&self, today: Date) -> Result<()> {
        if self.proposal.status.is_answered() {
            return Err(Error::conflict("This proposal has been answered already"));
        }
        match self.proposal.valid_until {
            Some(last) if last < today => {
                Err(Error::conflict(format!("This proposal was valid until {last}")))
            }
            _ => Ok(()),
        }
    }
}

/// What a client answers.
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

/// Who answers a proposal.
#[derive(Debug, Clone)]
pub struct Signature {
    pub name: String,
    /// Of what was read, where the answer says it.
    pub version: Option<String>,
}

impl Signature {
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| {
            let name = form.required("name", text::line(text::NAME_MAX));
            let version = form.optional("version", text::any);
            Ok(Self { name: name?, version: version? })
        })
    }
}

/// A new proposal: `clientId` and `title` at least.
#[derive(Debug, Clone)]
pub struct NewProposal {
    pub client_id: ClientId,
    pub title: String,
    pub content: String,
    pub amount: Decimal,
    /// The account's where none is given.
    pub currency: Option<Currency>,
    pub valid_until: Option<Date>,
}

impl NewProposal {
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| {
            let client_id = form.required("clientId", ClientId::read);
            let title = form.required("title", text::line(text::NAME_MAX));
            let content = form.optional("content", text::free(text::FREE_MAX));
            let status = form.optional("status", word::only(&["draft"]));
            let amount = form.optional("amount", money::amount);
            let currency = form.optional("currency", Currency::read);
            let valid_until = form.optional("validUntil", date::read);
            status?;
            Ok(Self {
                client_id: client_id?,
                title: title?,
                content: content?.unwrap_or_default(),
                amount: amount?.unwrap_or_default(),
                currency: currency?,
                valid_until: valid_until?,
            })
        })
    }
}

/// A change of a proposal.
#[derive(Debug, Clone)]
pub struct ProposalChange {
    pub client_id: Option<ClientId>,
    pub title: Option<String>,
    pub content: Option<String>,
    pub status: Option<ProposalStatus>,
    pub amount: Option<Decimal>,
    pub currency: Option<Currency>,
    pub valid_until: Patch<Date>,
}

impl ProposalChange {
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| {
            let client_id = form.change("clientId", ClientId::read);
            let title = form.change("title", text::line(text::NAME_MAX));
            let content =
                form.change_or("content", Some(String::new()), text::free(text::FREE_MAX));
            let status = form.change_or("status", None, ProposalStatus::read);
            let amount = form.change_or("amount", Some(Decimal::ZERO), money::amount);
            let currency = form.change_or("currency", None, Currency::read);
            let valid_until = form.patch("validUntil", date::read);
            Ok(Self {
                client_id: client_id?,
                title: title?,
                content: content?,
                status: status?,
                amount: amount?,
                currency: currency?,
                valid_until: valid_until?,
            })
        })
    }
}

/// Which proposals a list shows.
#[derive(Debug, Clone)]
pub struct ProposalFilter {
    pub status: Option<ProposalStatus>,
    pub client_id: Option<ClientId>,
    /// Looked for in the title and in the client, without regard to case. Only pages search.
    pub search: Option<String>,
    pub page: Page,
}

impl ProposalFilter {
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| Self::read_fields(form, |_| Ok(None)))
    }

    /// What a page asks for: `search` too.
    pub fn read_web(object: &Object) -> Result<Self> {
        Form::read(object, |form| Self::read_fields(form, text::search))
    }

    fn read_fields(
        form: &mut Form,
        search: impl FnOnce(&mut Form) -> Read<Option<String>>,
    ) -> Read<Self> {
        let status = form.optional("status", ProposalStatus::read);
        let client_id = form.optional("clientId", ClientId::read);
        let search = search(form);
        let page = Page::read(form);
        Ok(Self { status: status?, client_id: client_id?, search: search?, page: page? })
    }
}
